// What the page of a comparison is given: its figures, and of each run only the curves that are overlaid.
// A run's record may be many megabytes, so it is made into this where it was read, and let go.
import type { Agreement } from '../measure/agreement.js'
import type { Comparison } from '../measure/comparison.js'
import type { Cost } from '../measure/pareto.js'
import type { DrawnOp, Span, ViewEvent } from './view.js'

/** The curves of one run, on its own axis: interval i is [i × intervalSec, (i + 1) × intervalSec). */
export interface RunCurves {
  readonly scenario: string
  readonly description: string
  readonly version: string
  /** The command that runs it alone. */
  readonly command: string
  readonly intervalSec: number
  /** How far the record reaches, scenario seconds. */
  readonly coveredSec: number
  /** When the first backend switched, scenario seconds; null if none did. */
  readonly switchSec: number | null
  /** The window around its switch that a report of this run opens with; null where that shows the whole run. */
  readonly focus: Span | null
  /** Classes of the scenario, and how many members each has: runs of one cloud have the same. */
  readonly classes: readonly { readonly name: string; readonly members: number }[]
  readonly refused: {
    readonly total: readonly number[]
    /** Classes of the scenario with refusals, and `services` for the workers of all services. */
    readonly byClass: Readonly<Record<string, readonly number[]>>
  }
  readonly rows: { readonly atSec: readonly number[]; readonly rows: readonly number[] }
  /** Null where nothing was measured, or in a time-lapse, where it would predict nothing. */
  readonly p99Ms: Readonly<Record<DrawnOp, readonly (number | null)[]>>
  readonly lapses: readonly Span[]
  /** Steps that somebody wrote, and faults. */
  readonly steps: readonly ViewEvent[]
}

export interface ShownRun {
  readonly name: string
  readonly curves: RunCurves
  /** The address of its own report, relative to the page; null if there is none. */
  readonly report: string | null
}

/** A plan as it is shown. */
export interface ShownPlan {
  readonly name: string
  readonly settings: Readonly<Record<string, string>>
  readonly cost: Cost
}

export interface ShownSearch {
  readonly tried: readonly ShownPlan[]
  /** Names of those that none beats. */
  readonly front: readonly string[]
  /** The share of the cloud that they were tried in. */
  readonly share: number
}

/** What both worlds say of a plan. */
export interface ShownConfirmation extends Agreement {
  readonly name: string
  readonly verdict: string
  readonly reasons: readonly string[]
}

export interface ComparisonView {
  /** What people call it: the cloud’s name, or that these are runs. */
  readonly title: string
  readonly comparison: Comparison
  /** In the order of the comparison’s runs. */
  readonly runs: readonly ShownRun[]
  /** The command that makes the comparison again. */
  readonly command: string
  /** Null where nothing was searched for. */
  readonly search: ShownSearch | null
  readonly confirmed: readonly ShownConfirmation[]
}
