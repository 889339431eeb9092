// The report's script as text: the functions of this folder, one after another, and the call that starts them.
// It takes the place of a bundler: a plain build gives a report that needs no file beside it.
import { clockTime, count, figure } from '../text.js'
import { scriptJson } from '../safeHtml.js'
import { baseOptions, hatched, seriesColour } from './chartOptions.js'
import { drawBands, drawEvents, drawFoot, fillSpan, labelSpan, labelBands, pageColour } from './decoration.js'
import { keyZoom } from './keyboard.js'
import { areaSwatch, drawnLegend, keyedLegend } from './legend.js'
import {
  axisValues,
  closed,
  latencyChart,
  refusalChart,
  refusalSeries,
  reportHooks,
  rowsChart,
  stacked,
  startReport,
} from './reportPage.js'
import { onPress, setPressed, stageCharts } from './stage.js'
import { unpackNumbers } from './unpack.js'
import type { PageData } from './pageData.js'

/** Each function that `startReport` reaches; a test runs them all in a browser's stead. */
const parts = [
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
  closed,
  axisValues,
  seriesColour,
  hatched,
  baseOptions,
  reportHooks,
  refusalSeries,
  stacked,
  refusalChart,
  rowsChart,
  latencyChart,
  keyZoom,
  keyedLegend,
  drawnLegend,
  areaSwatch,
  onPress,
  setPressed,
  stageCharts,
  startReport,
]

/** The script that draws one run; the chart library, as `uPlot`, must stand before it. */
export function pageScript(data: PageData): string {
  const source = parts.map((each) => each.toString()).join('\n')
  return `'use strict';\n(() => {\n${source}\nstartReport(uPlot, ${scriptJson(data)});\n})();`
}
