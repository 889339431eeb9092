// Runs laid over one another: a common axis on which second 0 is the switch of each, and their curves on it.
// It exists because runs that switch at different hours are compared by what follows the switch.
import { highestPerColumn, lastPerColumn, type Frame } from './charts.js'
import type { RunCurves } from './comparisonView.js'
import type { DrawnOp, Span } from './view.js'

/** One axis for all runs, in seconds from the switch. */
export interface CommonAxis extends Span {
  /** Width of a point of the axis; points begin at whole multiples of it, so that one begins at second 0. */
  readonly stepSec: number
  readonly points: number
}

/** Where on a run's own axis second 0 of the common one is, and why there. */
export interface Zero {
  readonly atSec: number
  readonly at: 'switch' | 'start'
}

/** Values of all runs together on a page: with more, a page of many long runs would grow beyond what a mail takes. */
const valuesMost = 63_000
/** Values of one run, however few runs there are. */
const pointsMost = 9000

/**
 * Second 0 of a run: the start of the interval in which the first backend began to switch, so that no interval lies across it;
 * the start of the run, if none did.
 */
export const zeroOf = ({ switchSec, intervalSec }: Pick<RunCurves, 'switchSec' | 'intervalSec'>): Zero =>
  switchSec === null
    ? { atSec: 0, at: 'start' }
    : { atSec: Math.floor(switchSec / intervalSec + 1e-6) * intervalSec, at: 'switch' }

/** The axis that holds all runs, in points of at least one interval of the coarsest run. */
export function commonAxis(runs: readonly RunCurves[]): CommonAxis {
  const coarsestSec = Math.max(1, ...runs.map(({ intervalSec }) => intervalSec))
  const least = Math.min(0, ...runs.map((run) => -zeroOf(run).atSec))
  const most = Math.max(coarsestSec, ...runs.map((run) => run.coveredSec - zeroOf(run).atSec))
  const points = Math.min(pointsMost, Math.floor(valuesMost / Math.max(1, runs.length)))
  const stepSec = Math.max(1, Math.ceil((most - least) / (points * coarsestSec))) * coarsestSec
  const fromSec = Math.floor(least / stepSec + 1e-6) * stepSec
  const toSec = Math.ceil(most / stepSec - 1e-6) * stepSec
  return { fromSec, toSec, stepSec, points: Math.round((toSec - fromSec) / stepSec) }
}

/** The window that a page opens with: around the switch, so wide that it holds what the reports of the runs open with. */
export function commonFocus(runs: readonly RunCurves[], axis: Span): Span {
  const around = runs.flatMap((run) => {
    const { atSec } = zeroOf(run)
    return run.focus === null ? [] : [{ fromSec: run.focus.fromSec - atSec, toSec: run.focus.toSec - atSec }]
  })
  if (around.length === 0) return { fromSec: axis.fromSec, toSec: axis.toSec }
  return {
    fromSec: Math.max(axis.fromSec, Math.min(...around.map(({ fromSec }) => fromSec))),
    toSec: Math.min(axis.toSec, Math.max(...around.map(({ toSec }) => toSec))),
  }
}

/** A part of the common axis cut into columns, as a run's own axis sees it. */
const ownFrame = (run: RunCurves, span: Span, columns: number): Frame => {
  const { atSec } = zeroOf(run)
  return { fromSec: span.fromSec + atSec, toSec: span.toSec + atSec, columns, gutter: 0 }
}

/** Values of one run's intervals on the common axis: of those that touch a column the highest, null where it has none. */
export function highestAligned(
  run: RunCurves,
  values: readonly (number | null)[],
  span: Span,
  columns: number,
): (number | null)[] {
  const fromSec = values.map((_, i) => i * run.intervalSec)
  return highestPerColumn({ fromSec, values }, run.intervalSec, ownFrame(run, span, columns))
}

/** Rows of the token table on the common axis: the last known at the end of each column. */
export const rowsAligned = (run: RunCurves, span: Span, columns: number): (number | null)[] => {
  const { atSec, rows } = run.rows
  return lastPerColumn({ atSec, values: rows }, ownFrame(run, span, columns))
}

/** The counts of refusals that a choice of classes shows; null: all. A run without that class has none. */
export const refusedOf = ({ refused }: RunCurves, className: string | null): readonly number[] =>
  className === null ? refused.total : (refused.byClass[className] ?? refused.total.map(() => 0))

/** Classes that any of the runs had refusals of, in the order of the first run that has each. */
export const classesRefused = (runs: readonly RunCurves[]): readonly string[] => [
  ...new Set(runs.flatMap(({ refused }) => Object.keys(refused.byClass))),
]

export const drawnOps: readonly DrawnOp[] = ['validate', 'issue']

/** A time-lapse of one or more runs, on the common axis. */
export interface AlignedLapse extends Span {
  /** The positions of the runs whose time-lapse it is. */
  readonly runs: readonly number[]
}

/** Time-lapses of all runs; those of the same span are one. */
export function lapsesOf(runs: readonly RunCurves[]): readonly AlignedLapse[] {
  const lapses: { fromSec: number; toSec: number; runs: number[] }[] = []
  runs.forEach((run, i) => {
    const { atSec } = zeroOf(run)
    for (const lapse of run.lapses) {
      const [fromSec, toSec] = [lapse.fromSec - atSec, lapse.toSec - atSec]
      const same = lapses.find((each) => each.fromSec === fromSec && each.toSec === toSec)
      if (same === undefined) lapses.push({ fromSec, toSec, runs: [i] })
      else same.runs.push(i)
    }
  })
  return lapses
}
