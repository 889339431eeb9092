// The report's script as text: the functions of this folder, one after another, and the call that starts them.
// It takes the place of a bundler: a plain build gives a report that needs no file beside it.
import { clockTime, count, figure, relativeTime } from '../text.js'
import { scriptJson } from '../safeHtml.js'
import { baseOptions, hatched, seriesColour } from './chartOptions.js'
import type { ComparisonData } from './comparisonData.js'
import { overlayChart, startComparison } from './comparisonPage.js'
import { drawBands, drawEvents, drawFoot, fillSpan, labelSpan, labelBands, pageColour } from './decoration.js'
import { keyZoom } from './keyboard.js'
import { areaSwatch, drawnLegend, keyedLegend, lineSwatch } from './legend.js'
import { keyOf, merge, startLive, type LiveSettings } from './livePage.js'
import {
  axisValues,
  chartOf,
  closed,
  latencyChart,
  refusalChart,
  refusalSeries,
  reportHooks,
  rowsChart,
  stacked,
  startReport,
  windowsOf,
} from './reportPage.js'
import { onPress, setPressed, stageCharts } from './stage.js'
import { unpackNumbers } from './unpack.js'
import type { PageData } from './pageData.js'

/** What every page's script is made of. */
const common = [
  count,
  figure,
  clockTime,
  unpackNumbers,
  pageColour,
  fillSpan,
  labelSpan,
  labelBands,
  drawBands,
  drawFoot,
  drawEvents,
  seriesColour,
  baseOptions,
  keyZoom,
  keyedLegend,
  drawnLegend,
  lineSwatch,
  onPress,
  setPressed,
  stageCharts,
]

/** Each function that `startReport` reaches beside those; a test runs them all in a browser's stead. */
const ofReport = [
  closed,
  axisValues,
  hatched,
  areaSwatch,
  reportHooks,
  refusalSeries,
  stacked,
  refusalChart,
  chartOf,
  rowsChart,
  latencyChart,
  windowsOf,
  startReport,
]

/** The same for `startComparison`. */
const ofComparison = [relativeTime, overlayChart, startComparison]

/** The functions as text, with a statement that calls some of them; nothing of it is seen from outside. */
export const scriptOf = (functions: readonly ((...given: never[]) => unknown)[], start: string): string =>
  `'use strict';\n(() => {\n${functions.map((each) => each.toString()).join('\n')}\n${start}\n})();`

/** The script that draws one run; the chart library, as `uPlot`, must stand before it. */
export const pageScript = (data: PageData): string =>
  scriptOf([...common, ...ofReport], `startReport(uPlot, ${scriptJson(data)});`)

/** The script of a page of a run that goes on: the same charts, kept up to date. Without data there are none yet. */
export const livePageScript = (data: PageData | null, settings: LiveSettings): string => {
  const update = data === null ? 'null' : `startReport(uPlot, ${scriptJson(data)})`
  const functions = [...common, ...ofReport, keyOf, merge, startLive]
  return scriptOf(functions, `startLive(${scriptJson(settings)}, ${update});`)
}

/** The script that overlays runs; the chart library, as `uPlot`, must stand before it. */
export const comparisonScript = (data: ComparisonData): string =>
  scriptOf([...common, ...ofComparison], `startComparison(uPlot, ${scriptJson(data)});`)
