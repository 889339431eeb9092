// Dual mode in a run: from when to when, and until when UUID tokens were still used.
// What an operator asks of it is when it may end, and a record can say so from what Keystone accepted.
import type { RunRecord } from './record.js'
import { recordedUntilSec, switchSteps, type Span } from './windows.js'

/** The time in which backends validated both kinds of token. Seconds are scenario seconds. */
export interface DualMode extends Span {
  /** When the last backend had stopped to issue UUID tokens; null if it never did. */
  readonly issuedUntilSec: number | null
  /** End of the last interval since then in which Keystone accepted a UUID token; null if in none. */
  readonly uuidUntilSec: number | null
  /** When the first backend left dual mode; null if none did. */
  readonly leftSec: number | null
  /** Requests refused since then because they came with a UUID token. */
  readonly refusedSince: number
}

/** Dual mode as the record shows it; null where no backend was switched to it. */
export function dualModeOf(record: RunRecord): DualMode | null {
  const steps = switchSteps(record.events)
  const first = steps.findIndex(({ to }) => to?.startsWith('dual-') === true)
  const begun = steps[first]
  if (begun === undefined) return null
  const left = steps.slice(first + 1).find(({ to }) => to?.startsWith('dual-') === false) ?? null
  const toSec = left?.toSec ?? recordedUntilSec(record)
  const issuedUntilSec =
    steps.find(({ to, fromSec }) => to === 'dual-fernet' && fromSec < toSec)?.toSec ?? null
  const leftSec = left?.fromSec ?? null
  let uuidUntilSec: number | null = null
  let refusedSince = 0
  for (const { fromSec, counts, uuidTokensSeen } of record.intervals) {
    const endSec = fromSec + record.header.intervalSec
    if (issuedUntilSec !== null && endSec > issuedUntilSec && (uuidTokensSeen ?? 0) > 0) uuidUntilSec = endSec
    if (leftSec === null || endSec <= leftSec) continue
    for (const { leg, cause, n } of counts)
      if (leg === 'client' && cause === 'uuid-on-fernet-node') refusedSince += n
  }
  return { fromSec: begun.fromSec, toSec, issuedUntilSec, uuidUntilSec, leftSec, refusedSince }
}
