// How a stub answers by a script, and the response times that an open-loop client must then measure.
// It exists so that the load generator is held against values that follow from mathematics, not from another measurement.

/** A script; seconds from the start of the run. Parts that are null do not happen. */
export interface Script {
  /** From when a request has come in to when its answer leaves. */
  readonly serviceSec: number
  /** Each `nth` request takes this long instead. */
  readonly slow: { readonly nth: number; readonly serviceSec: number } | null
  /** Nothing is answered from `fromSec` for `forSec`; what would have been is answered at the end. Requests are taken all the same. */
  readonly stall: Outage | null
  /** All connections are cut at `fromSec`, and none is taken for `forSec`. */
  readonly restart: Outage | null
}

export interface Outage {
  readonly fromSec: number
  readonly forSec: number
}

/**
 * When a request that comes in at `atSec` as the `ordinal`-th (from 1) is answered; null if a restart takes it.
 *
 * An answer that falls into the stall [a, a+S) waits for its end. So with a constant service d, a request that comes in at t
 * with a−d ≤ t < a+S−d has the response a + S − t: it falls linearly, from S + d down to d. All others have d.
 */
export const answerSec = (script: Script, atSec: number, ordinal: number): number | null => {
  const { slow, stall, restart } = script
  const serviceSec = slow !== null && ordinal % slow.nth === 0 ? slow.serviceSec : script.serviceSec
  let endSec = atSec + serviceSec
  if (stall !== null && endSec >= stall.fromSec) endSec = Math.max(endSec, stall.fromSec + stall.forSec)
  if (restart !== null && endSec >= restart.fromSec && atSec < restart.fromSec + restart.forSec) return null
  return endSec
}

/** Response times of a plan under a script, seconds: the n-th due is the n-th to come in. Null: no answer. */
export const scriptedResponses = (script: Script, dueSec: readonly number[]): (number | null)[] =>
  dueSec.map((due, i) => {
    const end = answerSec(script, due, i + 1)
    return end === null ? null : end - due
  })

/** The value at rank ⌈share·n⌉ of values in any order, as an HdrHistogram defines a percentile; 0 of none. */
export const quantileOf = (values: readonly number[], share: number): number => {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.max(0, Math.ceil(share * sorted.length - 1e-9) - 1)] ?? 0
}

/**
 * A quantile of the response time in open loop, in closed form: constant service d, one stall of S seconds, arrivals evenly over
 * T seconds. The share S/T of arrivals falls into the stretch of length S whose responses are uniform on (d, d + S], by the
 * line above; all others have d. Hence P(R > x) = (S/T)·(d + S − x)/S for d ≤ x ≤ d + S, and with P(R > x) = 1 − p
 *
 *   Q(p) = d + max(0, S − T·(1 − p)).
 *
 * The rate does not occur in it. In closed loop with c connections only c requests would meet the stall, and Q would hide it.
 */
export const stallQuantileSec = (
  {
    serviceSec,
    stallSec,
    runSec,
  }: { readonly serviceSec: number; readonly stallSec: number; readonly runSec: number },
  share: number,
): number => serviceSec + Math.max(0, stallSec - runSec * (1 - share))
