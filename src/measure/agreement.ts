// What two worlds say of one plan: refusals of each class where both had all of the traffic, side by side.
// It exists because a simulation is believed for as far as real processes say the same.
import type { RunRecord } from './record.js'
import type { Cause } from './sample.js'
import { classesSeen, sumBy, sumCounts } from './series.js'

/** One class in both worlds. */
export interface ClassAgreement {
  readonly class: string
  readonly simulated: number
  readonly local: number
}

/** One class and one cause in both worlds. */
export interface CauseAgreement extends ClassAgreement {
  readonly cause: string
  /** How many standard errors of a count lie between them. */
  readonly standardErrors: number
  readonly agrees: boolean
}

export interface Agreement {
  /** The parts of the run that are compared, scenario seconds: those in which the local world had all members active. */
  readonly spans: readonly { readonly fromSec: number; readonly toSec: number }[]
  /** Refused requests, the largest first; classes without any in either world are left out. */
  readonly refusals: readonly ClassAgreement[]
}

/** The parts of a run in which the local world had all members active. */
const fullSpans = (local: RunRecord): Agreement['spans'] => {
  const spans: { fromSec: number; toSec: number }[] = []
  let fromSec = 0
  for (const { untilSec, traffic } of local.header.clock) {
    if (traffic === 1) spans.push({ fromSec, toSec: untilSec })
    fromSec = untilSec
  }
  return spans
}

/**
 * Two counts of one thing agree if they differ by no more than a tenth of the simulated one, or by three standard errors: √n of a
 * count of n, taken of the larger.
 */
export const countsAgree = ({
  simulated,
  local,
}: {
  readonly simulated: number
  readonly local: number
}): Pick<CauseAgreement, 'standardErrors' | 'agrees'> => {
  const apart = Math.abs(simulated - local)
  const standardErrors = apart === 0 ? 0 : apart / Math.sqrt(Math.max(simulated, local))
  return { standardErrors, agrees: apart <= 0.1 * simulated || standardErrors <= 3 }
}

/** Refused requests of each class for each cause, in both worlds; those without any in either are left out. */
export const agreementByCause = (simulated: RunRecord, local: RunRecord): readonly CauseAgreement[] => {
  const spans = fullSpans(local)
  const causes = [
    ...new Set(
      [simulated, local].flatMap((record) =>
        Object.keys(sumBy(record, { outcome: 'rejected' }, ({ cause }) => cause ?? '')),
      ),
    ),
  ]
  return agreementOf(simulated, local).refusals.flatMap(({ class: clientClass }) =>
    causes.flatMap((cause) => {
      const refused = (record: RunRecord): number =>
        spans.reduce(
          (sum, span) =>
            sum + sumCounts(record, { clientClass, outcome: 'rejected', cause: cause as Cause }, span),
          0,
        )
      const both = { class: clientClass, cause, simulated: refused(simulated), local: refused(local) }
      return both.simulated + both.local === 0 ? [] : [{ ...both, ...countsAgree(both) }]
    }),
  )
}

/** Compares the refusals of a plan in both worlds. The records must be of the same scenario but for its clock. */
export const agreementOf = (simulated: RunRecord, local: RunRecord): Agreement => {
  const spans = fullSpans(local)
  const refused = (record: RunRecord, clientClass: string): number =>
    spans.reduce((sum, span) => sum + sumCounts(record, { clientClass, outcome: 'rejected' }, span), 0)
  const names = [...new Set([...classesSeen(simulated), ...classesSeen(local)])]
  const refusals = names
    .map((name) => ({ class: name, simulated: refused(simulated, name), local: refused(local, name) }))
    .filter((each) => each.simulated + each.local > 0)
    .sort((a, b) => b.simulated - a.simulated || (a.class < b.class ? -1 : 1))
  return { spans, refusals }
}
