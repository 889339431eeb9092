// What a comparison asks of its processes, as types for both ends.
// Everything is plain data: it crosses a process boundary as JSON.
import type { StoreChoice } from '../../io/store/open.js'
import type { Summary } from '../../measure/summary.js'
import type { RunCurves } from '../../render/comparisonView.js'
import type { Scenario } from '../../scenario/scenario.js'
import type { WorldName } from '../world.js'

/** One run: what is rehearsed, where, and the folder that it leaves. */
export interface JobOrder {
  readonly scenario: Scenario
  readonly scenarioText: string
  readonly world: WorldName
  readonly store: StoreChoice
  readonly command: string
  readonly out: string
}

export interface JobResult {
  readonly summary: Summary
  /** What of it is drawn beside other runs. */
  readonly curves: RunCurves
  readonly folder: string
}

/** The calls that such a process answers. */
export interface JobCalls {
  /** Null if it was stopped before its first request. */
  rehearse(order: JobOrder): Promise<JobResult | null>
  stop(reason: string): void
}

/** What it tells while it works: how far the run is, or that its folder is not complete. */
export type JobNotice = { readonly share: number } | { readonly warning: string }
