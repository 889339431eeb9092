// The three charts of a comparison: refusals, rows and response times of all runs over one another, second 0 the switch.
// A place for the live chart each, and the drawing that stands in where no script runs.
import {
  classesRefused,
  commonAxis,
  commonFocus,
  drawnOps,
  highestAligned,
  lapsesOf,
  refusedOf,
  rowsAligned,
} from './alignment.js'
import type { Band } from './bands.js'
import type { ComparisonView, RunCurves } from './comparisonView.js'
import { chartFigure } from './htmlFigure.js'
import type { EventMark } from './marks.js'
import { runLooks } from './palette.js'
import { html, type SafeHtml } from './safeHtml.js'
import { svgColumns, type SvgChart, type SvgSeries } from './svg.js'
import { counted, duration, figure, listed, plain, shortRelativeTime } from './text.js'
import type { Span } from './view.js'

/** Time-lapses as bands, each saying whose it is. */
export const lapseBands = ({ runs }: ComparisonView): readonly Band[] => {
  const all = runs.map(({ curves }) => curves)
  return lapsesOf(all).map((lapse) => {
    const whose =
      lapse.runs.length === runs.length ? 'all' : listed(lapse.runs.map((i) => plain(runs[i]?.name ?? '')))
    const label = `time-lapse of ${whose}`
    return {
      kind: 'lapse',
      fromSec: lapse.fromSec,
      toSec: lapse.toSec,
      label,
      tableLabel: label,
      strip: null,
    }
  })
}

/** The one mark that all runs share. */
export const switchMark: EventMark = {
  kind: 'cutover',
  letter: 'C',
  label: 'first backend switches',
  ok: true,
  everywhere: true,
  fromSec: 0,
  toSec: 0,
}

/** What of the refusals can be shown: all, and each class. */
export const refusalChoices = (view: ComparisonView): readonly (string | null)[] => [
  null,
  ...classesRefused(view.runs.map(({ curves }) => curves)),
]

/** Buttons and charts. */
export function comparisonCharts(view: ComparisonView): SafeHtml {
  const curves = view.runs.map((run) => run.curves)
  const axis = commonAxis(curves)
  const focus = commonFocus(curves, axis)
  const whole = focus.fromSec === axis.fromSec && focus.toSec === axis.toSec
  return html`<section aria-labelledby="charts">
    <h2 id="charts">Over one another</h2>
    ${runKey(view)}
    <div class="controls" role="group" aria-label="What the charts show">
      <span
        >Show
        ${whole ? null : html`<button type="button" id="zoom-switch" aria-pressed="true">The switch</button>`}<button
          type="button"
          id="zoom-run"
          aria-pressed="${String(whole)}"
        >
          Everything
        </button></span
      >
      <span
        >Refusals of
        ${refusalChoices(view).map((name, i) => html`<button type="button" id="class-${i}" aria-pressed="${String(i === 0)}">${name === null ? 'all classes' : plain(name)}</button>`)}</span
      >
      <span
        >Response times of
        ${drawnOps.map((op, i) => html`<button type="button" id="op-${i}" aria-pressed="${String(i === 0)}">${op}</button>`)}</span
      >
      <small
        >Drag to zoom, double-click for everything, click a name to hide that run. By keyboard, in a chart:
        arrows, + and -, 0.</small
      >
    </div>
    ${refusalFigure(view, focus)}${rowsFigure(view, axis)}${latencyFigure(view, focus)}
  </section>`
}

/** Which line is which run’s; pressed, where a script runs, they hide and show it. */
function runKey({ runs, comparison }: ComparisonView): SafeHtml {
  const looks = runLooks(
    runs.map(({ name }) => name),
    comparison.unchanged,
  )
  return html`<div class="runs" role="group" aria-label="The runs, and how each is drawn">
    ${runs.map(({ name }, i) => {
      const look = looks[i] ?? { colour: 0, dash: [] }
      const dash = look.dash.length === 0 ? 'none' : look.dash.join(' ')
      return html`<button type="button" id="run-${i}" aria-pressed="true">
        <svg width="36" height="10" aria-hidden="true">
          <line
            class="line colour-${look.colour + 1}"
            style="${`stroke-width:2.5;stroke-dasharray:${dash}`}"
            x1="0"
            x2="36"
            y1="5"
            y2="5"
          />
        </svg>
        ${plain(name)}
      </button>`
    })}
  </div>`
}

/** A line for each run; their names stand in the key above. */
const linesOf = (
  { runs, comparison }: ComparisonView,
  valuesOf: (run: RunCurves) => readonly (number | null)[],
): readonly SvgSeries[] => {
  const names = runs.map(({ name }) => name)
  const looks = runLooks(names, comparison.unchanged)
  return runs.map(({ curves }, i) => {
    const { colour, dash } = looks[i] ?? { colour: 0, dash: [] }
    return { name: '', values: valuesOf(curves), colour: colour + 1, dash }
  })
}

const chartOf = (
  view: ComparisonView,
  span: Span,
  parts: Pick<SvgChart, 'id' | 'title' | 'description' | 'unit' | 'series'>,
): SvgChart => ({
  ...parts,
  span,
  timeText: shortRelativeTime,
  marks: [switchMark],
  bands: lapseBands(view),
})

const spanWords = (span: Span): string =>
  `${shortRelativeTime(span.fromSec)} to ${shortRelativeTime(span.toSec)} from the switch`

/** How fine the live charts are; what is merged keeps its highest value. */
function resolution(view: ComparisonView): string {
  const curves = view.runs.map((run) => run.curves)
  const { stepSec } = commonAxis(curves)
  const intervals = [...new Set(curves.map(({ intervalSec }) => intervalSec))].sort((a, b) => a - b)
  const own = listed(intervals.map((sec) => duration(sec)))
  return intervals.length === 1 && intervals[0] === stepSec
    ? `Each point is an interval of ${own}.`
    : `Runs were counted in intervals of ${own}; each point stands for ${duration(stepSec)} and is the highest of its intervals.`
}

function refusalFigure(view: ComparisonView, focus: Span): SafeHtml {
  const title = 'Refused requests per second'
  const most = view.comparison.runs.map(({ name, refusals }) => `${plain(name)} ${refusals.total}`)
  return chartFigure({
    id: 'refusals',
    title: `1. ${title}`,
    note: html`${resolution(view)}`,
    still: `Drawn below: all classes, ${spanWords(focus)}.`,
    chart: chartOf(view, focus, {
      id: 'svg-refusals',
      title,
      description: `Refused requests in all: ${listed(most)}; ${spanWords(focus)}. The table below has the figures of each class.`,
      unit: 'per second',
      series: linesOf(view, (run) =>
        highestAligned(
          run,
          refusedOf(run, null).map((n) => n / run.intervalSec),
          focus,
          svgColumns,
        ),
      ),
    }),
  })
}

function rowsFigure(view: ComparisonView, axis: Span): SafeHtml {
  const title = 'Rows in the table token'
  const ends = view.runs.map(({ name, curves }) => {
    const [first = 0, last = 0] = [curves.rows.rows[0], curves.rows.rows.at(-1)]
    return `${plain(name)} ${figure(first)} at the start, ${figure(last)} at the end`
  })
  return chartFigure({
    id: 'rows',
    title: `2. ${title}`,
    note: html`As the table was counted; between two looks the earlier one holds.`,
    still: `Drawn below: ${spanWords(axis)}.`,
    chart: chartOf(view, axis, {
      id: 'svg-rows',
      title,
      description: `${listed(ends)}; ${spanWords(axis)}.`,
      unit: 'rows',
      series: linesOf(view, (run) => rowsAligned(run, axis, svgColumns)),
    }),
  })
}

function latencyFigure(view: ComparisonView, focus: Span): SafeHtml {
  const title = 'Response time of Keystone, p99'
  const lapsed = view.runs.filter(({ curves }) => curves.lapses.length > 0).length
  const modelled = view.comparison.runs.some(({ world }) => world === 'simulated')
    ? ' Those of the simulated world are modelled, not measured: only their change tells something.'
    : ''
  const left =
    lapsed === 0
      ? ''
      : ` The time-lapses of ${counted(lapsed, 'run')} are left out: requests come so much faster there than in life that response times predict nothing.`
  return chartFigure({
    id: 'latency',
    title: `3. ${title}`,
    note: html`Milliseconds from when a request was due to its answer; 99 of 100 were
    faster.${modelled}${left}`,
    still: `Drawn below: validate, ${spanWords(focus)}.`,
    chart: chartOf(view, focus, {
      id: 'svg-latency',
      title,
      description: `p99 of validate in milliseconds, a line for each run; ${spanWords(focus)}.`,
      unit: 'ms',
      series: linesOf(view, (run) => highestAligned(run, run.p99Ms.validate, focus, svgColumns)),
    }),
  })
}
