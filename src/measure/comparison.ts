// Runs side by side: the figures of each by which strategies are compared, and what each adds to a cloud left alone.
// It exists so that a table, a JSON file and a search all compare by the same figures.
import type { Impact } from './impact.js'
import type { Summary } from './summary.js'
import type { Verdict } from './verdict.js'

/** One of the runs that are compared. Seconds are scenario seconds. */
export interface ComparedRun {
  readonly name: string
  readonly scenario: string
  readonly world: string
  readonly seed: number
  readonly verdict: Verdict
  readonly reasons: readonly string[]
  /** Real seconds that it took. */
  readonly wallSec: number
  readonly scenarioSec: number
  readonly requests: number
  readonly refusals: { readonly total: number; readonly byClass: Readonly<Record<string, number>> }
  /** Requests that failed otherwise, or were not answered in time. */
  readonly failures: number
  readonly impact: Impact
  /** What it has more than the run in which nothing was done; null for that run, and where there is none. */
  readonly extra: Extra | null
}

/** Differences from the run in which nothing was done. Both have the same arrivals, so what differs is the change's doing. */
export interface Extra {
  readonly refusals: number
  readonly membersHit: number
  /** Rows inserted and deleted and revocation events, less those of the other run: negative where fewer were written. */
  readonly writes: number
}

/** `compare.json`. */
export interface Comparison {
  readonly format: 'cutover/compare@1'
  /** The name of the run in which nothing was done; null if there was none. */
  readonly unchanged: string | null
  readonly runs: readonly ComparedRun[]
  readonly ranking: Ranking
}

/** Which way hurts least. */
export interface Ranking {
  /** By refusals beyond those of the run in which nothing was done, where every run can be measured against it. */
  readonly by: 'more-than-unchanged' | 'refusals'
  /**
   * The one that hurts least first. Left out are those that decide nothing, those in which nothing was changed, and those that end
   * with UUID tokens: whoever goes back has not arrived.
   */
  readonly names: readonly string[]
}

/** Ranked by refusals, then by members hit, then by how long the change takes. */
const rank = (runs: readonly ComparedRun[], unchanged: string | null): Ranking => {
  const ranked = runs.filter(
    ({ name, verdict, impact: { change } }) =>
      name !== unchanged && verdict !== 'inconclusive' && change !== null && change.endsIn !== 'uuid',
  )
  const byExtra = ranked.length > 0 && ranked.every(({ extra }) => extra !== null)
  const key = ({ refusals, impact, extra }: ComparedRun): readonly [number, number, number] => [
    byExtra ? (extra?.refusals ?? 0) : refusals.total,
    byExtra ? (extra?.membersHit ?? 0) : impact.membersHit,
    impact.change?.durationSec ?? 0,
  ]
  const names = ranked
    .map((run) => ({ name: run.name, key: key(run) }))
    .toSorted(({ key: a }, { key: b }) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2])
    .map(({ name }) => name)
  return { by: byExtra ? 'more-than-unchanged' : 'refusals', names }
}

const comparedRun = (name: string, summary: Summary): Omit<ComparedRun, 'extra'> => {
  const { scenario, world, seed, verdict, reasons, wallSec, scenarioSec, requests, rejections, impact } =
    summary
  const { total, byClass } = rejections
  const failures = requests.byOutcome.failed + requests.byOutcome.timeout
  const refusals = { total, byClass }
  const told = { name, scenario, world, seed, verdict, reasons, wallSec, scenarioSec }
  return { ...told, requests: requests.total, refusals, failures, impact }
}

/**
 * Lays runs side by side. `unchanged` names the one in which nothing was done; only runs of its world, seed and length are
 * measured against it.
 */
export const compareRuns = (
  runs: readonly { readonly name: string; readonly summary: Summary }[],
  unchanged: string | null,
): Comparison => {
  const told = runs.map(({ name, summary }) => comparedRun(name, summary))
  const base = told.find(({ name }) => name === unchanged) ?? null
  const extraOf = (run: Omit<ComparedRun, 'extra'>): Extra | null => {
    if (base === null || run === base) return null
    if (run.world !== base.world || run.seed !== base.seed || run.scenarioSec !== base.scenarioSec)
      return null
    return {
      refusals: run.refusals.total - base.refusals.total,
      membersHit: run.impact.membersHit - base.impact.membersHit,
      writes: run.impact.writes.total - base.impact.writes.total,
    }
  }
  const all = told.map((run) => ({ ...run, extra: extraOf(run) }))
  const name = base?.name ?? null
  return { format: 'cutover/compare@1', unchanged: name, runs: all, ranking: rank(all, name) }
}
