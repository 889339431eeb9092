// A comparison in sentences: which way hurts least, by what measure, and what each costs.
// It exists so that the first screen says what an operator would tell a colleague, before any chart.
import type { ComparedRun, Comparison } from '../measure/comparison.js'
import type { ComparisonView, RunCurves } from './comparisonView.js'
import { zeroOf } from './alignment.js'
import { count, counted, duration, listed, plain } from './text.js'
import type { KeyFigure } from './keyFigures.js'

/** So many classes are named; the rest are summed up. */
const classesNamed = 4

const byName = ({ comparison }: ComparisonView, name: string | null): ComparedRun | null =>
  comparison.runs.find((run) => run.name === name) ?? null

/** What a run is ranked by. */
const harmOf = ({ ranking }: Comparison, run: ComparedRun): number =>
  ranking.by === 'more-than-unchanged' ? (run.extra?.refusals ?? 0) : run.refusals.total

/** Refusals of each class, beyond those of the base where there is one; those without are left out, the most first. */
const harmByClass = (run: ComparedRun, base: ComparedRun | null): readonly [string, number][] =>
  Object.entries(run.refusals.byClass)
    .map(([name, n]): [string, number] => [name, n - (base?.refusals.byClass[name] ?? 0)])
    .filter(([, n]) => n > 0)
    .sort((a, b) => b[1] - a[1])

const wholeDuration = (sec: number): string => (sec > 0 && sec < 1 ? 'under a second' : duration(sec))

/** `nobody is refused who would not be anyway`, `51,474 requests are refused because of it: …`. */
export function harmWords(view: ComparisonView, run: ComparedRun): string {
  const { comparison } = view
  const extra = comparison.ranking.by === 'more-than-unchanged' && run.extra !== null
  const base = extra ? byName(view, comparison.unchanged) : null
  const harm = extra ? (run.extra?.refusals ?? 0) : run.refusals.total
  if (harm <= 0) {
    if (harm < 0) return `${counted(-harm, 'request')} fewer are refused than if nothing is done`
    return extra && run.refusals.total > 0 ? 'nobody is refused who would not be anyway' : 'nobody is refused'
  }
  const parts = harmByClass(run, base)
  const named = parts.slice(0, classesNamed).map(([name, n]) => `${plain(name)} ${count(n)}`)
  const rest = parts.slice(classesNamed).reduce((sum, [, n]) => sum + n, 0)
  if (rest > 0) named.push(`others ${count(rest)}`)
  const because = extra ? ' because of it' : ''
  return `${counted(harm, 'request')} ${harm === 1 ? 'is' : 'are'} refused${because}: ${listed(named)}`
}

/** The member that waits longest, of a class whose members wait longer than they would without the change. */
function waitWords(view: ComparisonView, run: ComparedRun): string | null {
  const base = byName(view, view.comparison.unchanged)
  const waitOf = (of: ComparedRun | null, name: string): number =>
    of?.impact.byClass[name]?.memberWithoutSec ?? 0
  const worst = Object.keys(run.impact.byClass)
    .map((name) => ({ name, sec: waitOf(run, name), baseSec: waitOf(base, name) }))
    .filter(({ sec, baseSec }) => sec >= 1 && sec > baseSec)
    .sort((a, b) => b.sec - a.sec)
    .at(0)
  if (worst === undefined) return null
  return `the unluckiest, of ${plain(worst.name)}, has no good call for ${wholeDuration(worst.sec)}`
}

/** `restarted: heat 15 min and magnum 20 min after the switch`. */
function restartWords(run: ComparedRun, curves: RunCurves): string {
  const restarts = run.impact.change?.restarts ?? []
  if (restarts.length === 0) return 'nothing is restarted'
  const zero = zeroOf(curves)
  const from = zero.at === 'switch' ? 'the switch' : 'the start'
  const words = (which: typeof restarts, side: string): string[] =>
    which.length === 0
      ? []
      : [
          `${listed(which.map(({ target, atSec }) => `${plain(target)} ${wholeDuration(Math.abs(Math.round(atSec - zero.atSec)))}`))} ${side} ${from}`,
        ]
  const before = restarts.filter(({ atSec }) => atSec < zero.atSec)
  const after = restarts.filter(({ atSec }) => atSec >= zero.atSec)
  return `restarted: ${[...words(before, 'before'), ...words(after, 'after')].join(', ')}`
}

/** What one run did, in a sentence without its name. */
export function costWords(view: ComparisonView, run: ComparedRun): string {
  const curves = view.runs.find(({ name }) => name === run.name)?.curves
  const { change, drainSec } = run.impact
  if (change === null || curves === undefined) return `nothing is changed; ${harmWords(view, run)}.`
  return `${[
    harmWords(view, run),
    waitWords(view, run),
    `the change takes ${wholeDuration(change.durationSec)}`,
    restartWords(run, curves),
    change.endsIn === 'uuid' ? 'it ends with UUID tokens, so it is not ranked' : null,
    drainSec === null
      ? 'the token table was not empty at the end'
      : `the token table is empty ${wholeDuration(drainSec)} after the switch`,
  ]
    .filter((part) => part !== null)
    .join('; ')}.`
}

/** The answer in one sentence: the one that hurts least, and what it costs in time. */
export function comparisonHeadline(view: ComparisonView): string {
  const { comparison } = view
  const ranked = comparison.ranking.names.flatMap((name) => byName(view, name) ?? [])
  const [best, second] = ranked
  if (best === undefined)
    return `${counted(comparison.runs.length, 'run')} side by side; none of them changed anything and decides something.`
  if (second !== undefined && cloudNote(view).length > 0)
    return `These runs are of different clouds, so they do not tell which way hurts least; ${plain(best.name)} has the fewest refusals, ${count(best.refusals.total)}.`
  const takes = `the change takes ${wholeDuration(best.impact.change?.durationSec ?? 0)}`
  const restarts = new Set(best.impact.change?.restarts.map(({ target }) => plain(target)) ?? [])
  const needs =
    restarts.size === 0
      ? 'nothing is restarted'
      : `${listed([...restarts])} ${restarts.size === 1 ? 'is' : 'are'} restarted`
  const least = second === undefined ? '' : ' hurts least'
  return `${plain(best.name)}${least}: ${harmWords(view, best)}; ${takes}, and ${needs}.`
}

/** By what the runs are ranked, and from which instant they are drawn. */
export function measureWords(view: ComparisonView): readonly string[] {
  const { ranking, unchanged } = view.comparison
  const by =
    ranking.by === 'more-than-unchanged'
      ? `by requests refused beyond those of ${plain(unchanged ?? '')}, the same cloud with the same arrivals in which nothing is done`
      : 'by refused requests'
  const ranked = ranking.names.length < 2 ? [] : [`Ranked ${by}; then by members hit, then by duration.`]
  const aligned = view.runs.filter(({ curves }) => zeroOf(curves).at === 'switch').map(({ name }) => name)
  const others = view.runs
    .filter(({ curves }) => zeroOf(curves).at === 'start')
    .map(({ name }) => plain(name))
  const zero =
    aligned.length === 0
      ? 'No backend switched in any of these runs, so they are laid over one another from their start.'
      : `In the charts 0:00 is the instant at which the first backend of each run switched${others.length === 0 ? '' : `; of ${listed(others)}, in which none did, the start of the run`}.`
  return [...ranked, zero, ...cloudNote(view)]
}

/** Runs of different clouds differ by more than the strategy. */
function cloudNote({ runs }: ComparisonView): readonly string[] {
  const clouds = new Set(runs.map(({ curves }) => JSON.stringify(curves.classes)))
  return clouds.size < 2
    ? []
    : [
        'These runs are of different clouds: their classes of clients differ, so not every difference is the strategy’s.',
      ]
}

/** A run's figures of the first screen. */
export function comparisonFigure(view: ComparisonView, run: ComparedRun): KeyFigure {
  const { change, membersHit } = run.impact
  const members = `${counted(membersHit, 'member')} hit`
  const restarts = change?.restarts.length ?? 0
  const harm = harmOf(view.comparison, run)
  const isBase = run.name === view.comparison.unchanged || change === null
  const extra = view.comparison.ranking.by === 'more-than-unchanged' && !isBase && run.extra !== null
  const sign = harm > 0 ? '+' : harm < 0 ? '−' : ''
  return {
    label: plain(run.name),
    value: extra ? `${sign}${count(Math.abs(harm))}` : count(run.refusals.total),
    note: [
      extra ? 'refused beyond unchanged' : 'refused',
      members,
      ...(isBase
        ? ['nothing is changed']
        : [
            `change ${wholeDuration(change.durationSec)}`,
            restarts === 0 ? 'no restart' : counted(restarts, 'restart'),
          ]),
    ].join('; '),
  }
}
