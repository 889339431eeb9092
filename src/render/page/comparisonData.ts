// What the script of a comparison is given: the curves of all runs on their common axis, packed.
// It is the one contract between the renderer here and the script that runs in a reader's browser.
import { commonAxis, commonFocus, drawnOps, highestAligned, refusedOf, rowsAligned } from '../alignment.js'
import { lapseBands, refusalChoices, switchMark } from '../comparisonCharts.js'
import type { ComparisonView } from '../comparisonView.js'
import { packAlphabet, packNumbers } from '../pack.js'
import { runLooks } from '../palette.js'
import { plain } from '../text.js'
import type { Span } from '../view.js'
import { latencyScale, type PageData } from './pageData.js'

/** The curves of one run; its points lie on the common axis. */
export interface PageRun {
  readonly name: string
  readonly colour: number
  readonly dash: readonly number[]
  /** What a count is divided by to be a rate. */
  readonly intervalSec: number
  /** Refusals per interval, for each of the choices. */
  readonly refused: readonly string[]
  readonly rows: string
  /** Hundredths of a millisecond, for each operation. */
  readonly p99: readonly string[]
}

/** All that is drawn lies on one axis, in seconds from the switch. */
export interface ComparisonData extends Pick<PageData, 'alphabet' | 'events' | 'bands'> {
  readonly stepSec: number
  readonly points: number
  readonly whole: Span
  readonly focus: Span
  readonly runs: readonly PageRun[]
  readonly choices: number
  readonly ops: number
}

/** The comparison as the page's script needs it. */
export function comparisonData(view: ComparisonView): ComparisonData {
  const curves = view.runs.map((run) => run.curves)
  const axis = commonAxis(curves)
  const { fromSec, toSec, stepSec, points } = axis
  const looks = runLooks(
    view.runs.map(({ name }) => name),
    view.comparison.unchanged,
  )
  const choices = refusalChoices(view)
  return {
    alphabet: packAlphabet,
    stepSec,
    points,
    whole: { fromSec, toSec },
    focus: commonFocus(curves, axis),
    runs: view.runs.map(({ name, curves: run }, i) => ({
      name: plain(name),
      colour: looks[i]?.colour ?? 0,
      dash: looks[i]?.dash ?? [],
      intervalSec: run.intervalSec,
      refused: choices.map((choice) =>
        packNumbers(highestAligned(run, refusedOf(run, choice), axis, points), 1),
      ),
      rows: packNumbers(rowsAligned(run, axis, points), 1),
      p99: drawnOps.map((op) => packNumbers(highestAligned(run, run.p99Ms[op], axis, points), latencyScale)),
    })),
    choices: choices.length,
    ops: drawnOps.length,
    events: [switchMark],
    bands: lapseBands(view),
  }
}
