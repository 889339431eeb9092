// What is known of all that was refused: on which node, how old the tokens were, which key had sealed them; and whether
// the servers' words for it are those that the holders would have said.
import type { RefusalCount, RunRecord } from './record.js'
import type { Span } from './windows.js'

export interface ForensicsSummary {
  /** Refusals of clients; each of the parts adds up to `rejections.total`. */
  readonly byNode: Readonly<Record<string, number>>
  readonly byFormat: Readonly<Record<string, number>>
  readonly byAge: Readonly<Record<string, number>>
  readonly byKey: Readonly<Record<string, number>>
  /** Refusals of Keystone whose cause was told by the server and inferred by the holder. */
  readonly compared: number
  readonly disagreements: number
  /** Keys are `what the server said/what the holder inferred`. */
  readonly byDisagreement: Readonly<Record<string, number>>
  /** Refusals of Keystone of which the holder cannot tell the cause: a deletion, or a step just being applied. */
  readonly undecided: number
}

function* refusalsIn({ intervals }: RunRecord, window?: Span): Generator<RefusalCount> {
  for (const { fromSec, refusals } of intervals) {
    if (window !== undefined && (fromSec < window.fromSec || fromSec >= window.toSec)) continue
    yield* refusals ?? []
  }
}

/** Refusals of Keystone in a window by what the comparison of both words gave. */
const verdictsIn = (record: RunRecord, window?: Span) => {
  const sums = { agrees: 0, disagrees: 0, undecided: 0 }
  for (const { leg, verdict, n } of refusalsIn(record, window)) if (leg === 'keystone') sums[verdict] += n
  return sums
}

/** Disagreements in a window; null if nothing was compared in it. */
export const disagreementsIn = (record: RunRecord, window?: Span): number | null => {
  const { agrees, disagrees } = verdictsIn(record, window)
  return agrees + disagrees === 0 ? null : disagrees
}

export const forensicsOf = (record: RunRecord): ForensicsSummary => {
  const { agrees, disagrees, undecided } = verdictsIn(record)
  const sumBy = (
    leg: RefusalCount['leg'],
    nameOf: (count: RefusalCount) => string | null,
  ): Readonly<Record<string, number>> => {
    const sums = new Map<string, number>()
    for (const count of refusalsIn(record)) {
      const name = count.leg === leg ? nameOf(count) : null
      if (name !== null) sums.set(name, (sums.get(name) ?? 0) + count.n)
    }
    return Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
  return {
    byNode: sumBy('client', ({ node }) => (node === 0 ? 'none' : `node ${node}`)),
    byFormat: sumBy('client', ({ format }) => format ?? 'none'),
    byAge: sumBy('client', ({ age }) => age ?? 'unknown'),
    byKey: sumBy('client', ({ key }) => key ?? 'none'),
    compared: agrees + disagrees,
    disagreements: disagrees,
    byDisagreement: sumBy('keystone', ({ verdict, cause, inferred }) =>
      verdict === 'disagrees' ? `${cause ?? 'none'}/${inferred ?? 'none'}` : null,
    ),
    undecided,
  }
}
