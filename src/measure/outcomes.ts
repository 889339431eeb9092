// What became of the requests of two builds in one scenario: the same, or what differs, by name.
// It exists because a build that answers wrongly is no faster or slower build, so this is looked at before any time.
import { median } from './bootstrap.js'
import { holm, rankSumTest } from './rankTest.js'
import type { Count, RunRecord } from './record.js'
import { causeName, rowsAt, tableAtSwitch, totalsOf } from './series.js'

/** Something that was counted, with what it was in each run of both sides. */
export interface OutcomeDifference {
  /** `users: call rejected, uuid-on-fernet-node` or `rows of the token table at the end`. */
  readonly name: string
  /** In the middle of the runs of each side. */
  readonly baseline: number
  readonly candidate: number
}

export interface OutcomeCheck {
  /** Whether both must be equal to the last one (simulated time), or as alike as runs in real time are. */
  readonly exact: boolean
  /** How many counts were compared. */
  readonly compared: number
  readonly differences: readonly OutcomeDifference[]
}

/** From so many runs of each side on, their ranks decide; with fewer, how far counts scatter by themselves. */
const ranksFromRuns = 5
const significance = 0.01

const nameOf = (count: Count): string => {
  const { clientClass, leg, op, outcome, cause } = count
  const who = leg === 'client' ? clientClass : `${clientClass} at Keystone`
  const why = outcome === 'rejected' ? `, ${causeName(count)}` : ''
  return `${who}: ${op} ${outcome}${why === '' && cause !== null ? `, ${cause}` : why}`
}

const countsOf = (record: RunRecord): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const count of totalsOf(record)) {
    const name = nameOf(count)
    counts.set(name, (counts.get(name) ?? 0) + count.n)
  }
  const atSwitch = tableAtSwitch(record)?.rows
  if (atSwitch !== undefined) counts.set('rows of the token table at the switch', atSwitch)
  const atEnd = rowsAt(record, Infinity)
  if (atEnd !== null) counts.set('rows of the token table at the end', atEnd)
  return counts
}

/** Counts of one name in the runs of each side. */
interface BothCounts {
  readonly name: string
  readonly baseline: readonly number[]
  readonly candidate: readonly number[]
}

/**
 * Compares what became of the requests of runs of one scenario. In simulated time all must be equal. In real time counts
 * scatter, as which backend a request meets is a matter of instants. There a count differs if it lies further apart than counts of
 * independent requests do (twice their standard deviation, √n, of one run), and if the ranks of the runs say so at 1 % for all counts
 * together; with fewer than five runs of a side: if it is four times the standard deviation of the difference, √(n₁ + n₂).
 */
export const compareOutcomes = (
  baseline: readonly RunRecord[],
  candidate: readonly RunRecord[],
): OutcomeCheck => {
  const [first] = baseline
  const exact = first?.header.world === 'simulated'
  const sides = [baseline.map(countsOf), candidate.map(countsOf)] as const
  const names = [...new Set([...sides[0], ...sides[1]].flatMap((counts) => [...counts.keys()]))].sort()
  const both = names.map((name): BothCounts => {
    const [baselineCounts, candidateCounts] = sides.map((side) => side.map((counts) => counts.get(name) ?? 0))
    return { name, baseline: baselineCounts ?? [], candidate: candidateCounts ?? [] }
  })
  const differ = exact ? both.map(differsExactly) : differInRealTime(both)
  const differences = both
    .filter((_, i) => differ[i])
    .map(({ name, ...counts }) => ({
      name,
      baseline: median(counts.baseline),
      candidate: median(counts.candidate),
    }))
  return { exact, compared: both.length, differences }
}

const differsExactly = ({ baseline, candidate }: BothCounts): boolean =>
  new Set([...baseline, ...candidate]).size > 1

const differInRealTime = (both: readonly BothCounts[]): readonly boolean[] => {
  const few = both.some(
    ({ baseline, candidate }) => Math.min(baseline.length, candidate.length) < ranksFromRuns,
  )
  const chances = few
    ? []
    : holm(
        both.map(({ baseline, candidate }) => {
          const { pGreater, pLess } = rankSumTest(candidate, baseline)
          return Math.min(1, 2 * Math.min(pGreater, pLess))
        }),
      )
  return both.map(({ baseline, candidate }, i) => {
    const [from, to] = [median(baseline), median(candidate)]
    const apart = Math.abs(to - from)
    return few
      ? apart > 4 * Math.sqrt(from + to)
      : apart > 2 * Math.sqrt((from + to) / 2) && (chances[i] ?? 1) <= significance
  })
}
