// What the report's script is given: the view's series, packed, and the words that stand on its charts.
// It is the one contract between the renderer here and the script that runs in a reader's browser.
import { chartBands, type Band } from '../bands.js'
import { packAlphabet, packNumbers } from '../pack.js'
import { classColour, hatches } from '../palette.js'
import { markedEvents } from '../marks.js'
import type { CountSeries, EventKind, ReportView, Span } from '../view.js'

export interface PackedSeries {
  readonly name: string
  readonly packed: string
  /** Position of its colour, from 0. */
  readonly colour: number
}

export interface PageEvent extends Span {
  readonly kind: EventKind
  readonly label: string
  readonly ok: boolean
  /** A mark of every chart, not only of the chart of the table. */
  readonly everywhere: boolean
}

export interface PageData {
  readonly alphabet: string
  readonly intervals: number
  readonly intervalSec: number
  readonly coveredSec: number
  /** Drawn over the colours of areas, by the position of the colour. */
  readonly hatches: readonly string[]
  readonly byClass: readonly PackedSeries[]
  readonly byCause: readonly PackedSeries[]
  readonly requests: PackedSeries
  /** `atSec` in tenths of a second. */
  readonly rows: { readonly atSec: string; readonly rows: string }
  /** Hundredths of a millisecond. */
  readonly latency: readonly { readonly name: string; readonly p50: string; readonly p99: string }[]
  readonly events: readonly PageEvent[]
  /** In the order in which they are drawn. */
  readonly bands: readonly Band[]
  readonly focus: Span
}

/** Response times are packed in this part of a millisecond. */
export const latencyScale = 100

/** The view as the page's script needs it. */
export function pageData(view: ReportView): PageData {
  return {
    alphabet: packAlphabet,
    intervals: view.intervals,
    intervalSec: view.intervalSec,
    coveredSec: view.coveredSec,
    hatches,
    byClass: view.refusals.byClass.map((each) => packed(each, classColour(view, each.name))),
    byCause: view.refusals.byCause.map((each, i) => packed(each, i)),
    requests: packed(view.requests, 0),
    rows: { atSec: packNumbers(view.rows.atSec, 10), rows: packNumbers(view.rows.rows, 1) },
    latency: view.latency.map(({ op, p50Ms, p99Ms }) => ({
      name: op,
      p50: packNumbers(p50Ms, latencyScale),
      p99: packNumbers(p99Ms, latencyScale),
    })),
    events: markedEvents(view).map((mark) => ({
      kind: mark.kind,
      label: mark.label,
      ok: mark.ok,
      everywhere: mark.everywhere,
      fromSec: mark.fromSec,
      toSec: mark.toSec,
    })),
    bands: chartBands(view),
    focus: { fromSec: view.focus.fromSec, toSec: view.focus.toSec },
  }
}

const packed = (series: CountSeries, colour: number): PackedSeries => ({
  name: series.name,
  packed: packNumbers(series.perInterval, 1),
  colour,
})
