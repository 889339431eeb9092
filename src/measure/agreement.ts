// What two worlds say of one plan: refusals of each class where both had all of the traffic, side by side.
// It exists because a simulation is believed for as far as real processes say the same.
import type { RunRecord } from './record.js'
import { classesSeen, sumCounts } from './series.js'

/** One class in both worlds. */
export interface ClassAgreement {
  readonly class: string
  readonly simulated: number
  readonly local: number
}

export interface Agreement {
  /** The parts of the run that are compared, scenario seconds: those in which the local world had all members active. */
  readonly spans: readonly { readonly fromSec: number; readonly toSec: number }[]
  /** Refused requests, the largest first; classes without any in either world are left out. */
  readonly refusals: readonly ClassAgreement[]
}

/** Compares the refusals of a plan in both worlds. The records must be of the same scenario but for its clock. */
export const agreementOf = (simulated: RunRecord, local: RunRecord): Agreement => {
  const spans: { fromSec: number; toSec: number }[] = []
  let fromSec = 0
  for (const { untilSec, traffic } of local.header.clock) {
    if (traffic === 1) spans.push({ fromSec, toSec: untilSec })
    fromSec = untilSec
  }
  const refused = (record: RunRecord, clientClass: string): number =>
    spans.reduce((sum, span) => sum + sumCounts(record, { clientClass, outcome: 'rejected' }, span), 0)
  const names = [...new Set([...classesSeen(simulated), ...classesSeen(local)])]
  const refusals = names
    .map((name) => ({ class: name, simulated: refused(simulated, name), local: refused(local, name) }))
    .filter((each) => each.simulated + each.local > 0)
    .sort((a, b) => b.simulated - a.simulated || (a.class < b.class ? -1 : 1))
  return { spans, refusals }
}
