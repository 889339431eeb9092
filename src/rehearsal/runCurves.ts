// A run's view reduced to the curves that a comparison overlays.
// It runs where the record was read, so that only this little crosses to who compares.
import type { RunCurves } from '../render/comparisonView.js'
import type { CountSeries, ReportView, Span } from '../render/view.js'

/** What workers of services are called together, beside classes that may have that very name. */
const servicesName = (classes: ReadonlySet<string>): string =>
  classes.has('services') ? 'services (their workers)' : 'services'

const addUp = (intervals: number, series: readonly CountSeries[]): number[] => {
  const sums = new Array<number>(intervals).fill(0)
  for (const { perInterval } of series)
    perInterval.forEach((n, i) => {
      sums[i] = (sums[i] ?? 0) + n
    })
  return sums
}

const inside = (spans: readonly Span[], atSec: number): boolean =>
  spans.some(({ fromSec, toSec }) => atSec >= fromSec && atSec < toSec)

/** The curves of a run. */
export const curvesOf = (view: ReportView): RunCurves => {
  const { header, intervals, intervalSec, events } = view
  const { scenario, description, version, command } = header
  const switches = events.filter(({ kind }) => kind === 'cutover').map(({ startedSec }) => startedSec)
  const refused = view.refusals.byClass.filter(({ total }) => total > 0)
  const named = new Set(header.classes.map(({ name }) => name))
  const groups: [string, readonly CountSeries[]][] = [
    ...header.classes.map(({ name }): [string, readonly CountSeries[]] => [
      name,
      refused.filter((each) => each.name === name),
    ]),
    [servicesName(named), refused.filter(({ name }) => !named.has(name))],
  ]
  const lapses = view.stretches
    .filter(({ timeLapse }) => timeLapse)
    .map(({ fromSec, toSec }) => ({ fromSec, toSec }))
  const p99 = (op: 'validate' | 'issue'): readonly (number | null)[] =>
    (view.latency.find((each) => each.op === op)?.p99Ms ?? []).map((ms, i) =>
      inside(lapses, i * intervalSec) ? null : ms,
    )
  return {
    scenario,
    description,
    version,
    command,
    intervalSec,
    coveredSec: view.coveredSec,
    switchSec: switches.length === 0 ? null : Math.min(...switches),
    focus: view.focus.reason === 'switch' ? { fromSec: view.focus.fromSec, toSec: view.focus.toSec } : null,
    classes: header.classes.map(({ name, members }) => ({ name, members })),
    refused: {
      total: addUp(intervals, refused),
      byClass: Object.fromEntries(
        groups.flatMap(([name, series]) => (series.length === 0 ? [] : [[name, addUp(intervals, series)]])),
      ),
    },
    rows: view.rows,
    p99Ms: { validate: p99('validate'), issue: p99('issue') },
    lapses,
    steps: events.filter(({ origin, ok }) => origin !== 'clock' || !ok),
  }
}
