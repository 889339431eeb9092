// What the renderers are given: a finished selection of a run's record, as plain data.
// It exists so that drawing decides nothing: what is counted and which window is shown is settled before.
import type { DualMode } from '../measure/dualMode.js'
import type { KeyLives } from '../measure/keyLives.js'
import type { LatencyGrid } from '../measure/latencyGrid.js'
import type { LatencySummary, RunHeader } from '../measure/record.js'
import type { Summary } from '../measure/summary.js'

/** A stretch of scenario time, seconds from the start of the run. */
export interface Span {
  readonly fromSec: number
  readonly toSec: number
}

/** A part of the run with one speed and one share of the traffic. */
export interface ViewStretch extends Span {
  readonly speed: number
  readonly traffic: number
  /** Too fast for response times to predict anything. */
  readonly timeLapse: boolean
}

/** One number for each interval of the axis. */
export interface CountSeries {
  readonly name: string
  readonly perInterval: readonly number[]
  readonly total: number
}

/** The operations of Keystone whose response times are drawn. */
export type DrawnOp = 'validate' | 'issue'

/** Response times of one operation, for each interval of the axis; null where nothing was measured. */
export interface LatencySeries {
  readonly op: DrawnOp
  readonly p50Ms: readonly (number | null)[]
  readonly p99Ms: readonly (number | null)[]
}

/** What kind of event it was: it decides the letter and the colour of its mark. */
export type EventKind = 'cutover' | 'restart' | 'keys' | 'flush' | 'fault' | 'other'

export interface ViewEvent {
  readonly kind: EventKind
  readonly event: string
  readonly label: string
  readonly origin: 'scenario' | 'clock' | 'fault'
  readonly dueSec: number
  readonly startedSec: number
  readonly endedSec: number
  readonly ok: boolean
  readonly note: string
  readonly tookMs: number
}

/** A class of clients: what became of its requests. */
export interface ClassRow {
  readonly name: string
  readonly behaviour: string
  readonly members: number
  readonly everySec: number
  readonly requests: number
  readonly ok: number
  readonly rejected: number
  readonly failed: number
  readonly timeout: number
  readonly shed: number
  /** Causes of the refusals, the most frequent first. */
  readonly byCause: readonly { readonly cause: string; readonly total: number }[]
}

/** Response times of one operation over whole windows. */
export interface LatencyRow {
  readonly op: string
  readonly before: LatencySummary
  /** While backends switched; put together from intervals. */
  readonly during: LatencySummary
  readonly after: LatencySummary
}

/** The window that charts zoom to, and why this one. */
export interface Focus extends Span {
  readonly reason: 'switch' | 'full-traffic' | 'whole-run'
}

/** Everything that the terminal and the HTML report show. */
export interface ReportView {
  readonly header: RunHeader
  readonly summary: Summary
  /** Why the run ended early, in words; null if it ran to its end. */
  readonly interrupted: string | null
  /** How far the record reaches, scenario seconds. */
  readonly coveredSec: number
  /** The common axis: interval i is [i × intervalSec, (i + 1) × intervalSec). */
  readonly intervals: number
  readonly intervalSec: number
  readonly refusals: { readonly byClass: readonly CountSeries[]; readonly byCause: readonly CountSeries[] }
  /** Requests of clients, all outcomes. */
  readonly requests: CountSeries
  readonly rows: { readonly atSec: readonly number[]; readonly rows: readonly number[] }
  readonly latency: readonly LatencySeries[]
  readonly latencyRows: readonly LatencyRow[]
  /** Over the window that charts zoom to. */
  readonly latencyGrids: readonly LatencyGrid[]
  /** The run was killed before its distributions were written: the rows are put together from the intervals. */
  readonly latencyApproximate: boolean
  readonly classes: readonly ClassRow[]
  readonly events: readonly ViewEvent[]
  readonly stretches: readonly ViewStretch[]
  readonly focus: Focus
  /** From the first backend that switched to the last one, each time the fleet was mixed. */
  readonly mixedFleet: readonly Span[]
  /** Null where the record does not tell of keys. */
  readonly keyLives: KeyLives | null
  /** Null where no backend was in dual mode. */
  readonly dualMode: DualMode | null
}
