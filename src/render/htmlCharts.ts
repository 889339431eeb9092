// The three charts of the report: a place for the live chart, and the drawing that stands in where no script runs.
// Both say in their captions which window they show and what in it predicts nothing.
import { highestPerColumn, lastPerColumn, type Frame } from './charts.js'
import { bandWords, chartBands, type BandKind } from './bands.js'
import { classColour, hatchOf } from './palette.js'
import { chartFigure } from './htmlFigure.js'
import { markedEvents } from './marks.js'
import { html, trusted, type SafeHtml } from './safeHtml.js'
import { describeFocus, outsideFocus, paceNote } from './story.js'
import { svgColumns, type SvgChart, type SvgSeries } from './svg.js'
import { count, counted, duration, plain } from './text.js'
import type { ReportView, Span } from './view.js'

/** Buttons and charts; the buttons show once the script has drawn. A run without an interval has nothing to draw. */
export function chartSection(view: ReportView): SafeHtml {
  if (view.intervals === 0) {
    const first = view.rows.rows[0]
    const known = first === undefined ? '' : ` The token table held ${counted(first, 'row')} when it began.`
    return html`<section aria-labelledby="charts">
      <h2 id="charts">What happened</h2>
      <p>
        Nothing to draw: the run ended within its first interval of ${duration(view.intervalSec)}.${known}
      </p>
    </section>`
  }
  const focusName = view.focus.reason === 'switch' ? 'The switch' : 'Full traffic'
  // There from the start, as a run that goes on may come to its switch while somebody looks.
  const hidden = view.focus.reason === 'whole-run' ? trusted(' hidden') : null
  const focusButton = html`<button type="button" id="zoom-switch" aria-pressed="true" ${hidden}>
    ${focusName}
  </button>`
  return html`<section aria-labelledby="charts">
    <h2 id="charts">What happened</h2>
    <div class="controls" role="group" aria-label="What the charts show">
      <span
        >Show ${focusButton}<button type="button" id="zoom-run" aria-pressed="false">Whole run</button></span
      >
      <span
        >Split refusals <button type="button" id="split-class" aria-pressed="true">by class</button
        ><button type="button" id="split-cause" aria-pressed="false">by cause</button
        ><button type="button" id="split-requests" aria-pressed="false">within all requests</button></span
      >
      <small
        >Drag to zoom, double-click for the whole run, click a name to hide it. By keyboard, in a chart:
        arrows, + and -, 0.</small
      >
    </div>
    ${bandKey(view)}${refusals(view)}${rows(view)}${latency(view)}
  </section>`
}

const frameOf = (span: Span): Frame => ({ ...span, gutter: 0, columns: svgColumns })

const bandsOf = (view: ReportView, of: 'requests' | 'table'): SvgChart['bands'] =>
  chartBands(view).map((band) => ({ ...band, label: of === 'table' ? band.tableLabel : band.label }))

/** What the colours behind the lines mean, once for all charts. */
function bandKey(view: ReportView): SafeHtml | null {
  const bands = chartBands(view)
  const kinds = (Object.keys(bandWords) as BandKind[]).filter((kind) =>
    bands.some((band) => band.kind === kind),
  )
  if (kinds.length === 0) return null
  return html`<p class="bands">
    Behind the lines:
    ${kinds.map((kind) => html`<span><span class="key" style="background:var(--${kind})"></span>${bandWords[kind]}</span> `)}
  </p>`
}

function refusals(view: ReportView): SafeHtml {
  const title = 'Refused requests per second'
  const outside = outsideFocus(view)
  const still = `Drawn below: ${describeFocus(view)}.${outside === null ? '' : ` ${outside}`}`
  const frame = frameOf(view.focus)
  const sums = new Array<number>(view.intervals).fill(0)
  const fromSec = sums.map((_, i) => i * view.intervalSec)
  const refused = view.refusals.byClass.filter((each) => each.total > 0)
  const series: SvgSeries[] = refused
    .map((each) => ({ each, colour: classColour(view, each.name) }))
    .reverse()
    .map(({ each, colour }) => {
      each.perInterval.forEach((n, i) => (sums[i] = (sums[i] ?? 0) + n / view.intervalSec))
      const values = highestPerColumn({ fromSec, values: [...sums] }, view.intervalSec, frame)
      return { name: plain(each.name), values, colour: colour + 1, filled: true, hatch: hatchOf(colour) }
    })
    .reverse()
  const none = view.refusals.byClass.every((each) => each.total === 0)
  return chartFigure({
    id: 'refusals',
    title: `1. ${title}`,
    note: html`${none ? `${view.summary.requests.total === 0 ? 'No request was made' : 'No request was refused'}. ` : 'One class stacked on another; the top edge is the sum. '}Each
    point is an interval of ${duration(view.intervalSec)} of scenario time.`,
    still,
    chart: {
      id: 'svg-refusals',
      title,
      description: `${view.summary.rejections.total} of ${view.summary.requests.total} requests refused; ${describeFocus(view)}. The table of classes below has the figures.`,
      unit: 'per second',
      span: view.focus,
      series,
      marks: markedEvents(view).filter((mark) => mark.everywhere),
      bands: bandsOf(view, 'requests'),
    },
  })
}

function rows(view: ReportView): SafeHtml {
  const whole: Span = { fromSec: 0, toSec: Math.max(view.coveredSec, view.rows.atSec.at(-1) ?? 0, 1) }
  const [first, last] = [view.rows.rows[0], view.rows.rows.at(-1)]
  const fell =
    first === undefined || last === undefined
      ? 'The store was never asked for the size of its table.'
      : `${count(first)} rows at the start, ${count(last)} at the end.`
  const over = (span: Span, id: string, words: string): SvgChart => {
    const values = lastPerColumn({ atSec: view.rows.atSec, values: view.rows.rows }, frameOf(span))
    return {
      id,
      title: `Rows in the table token, ${words}`,
      description: fell,
      unit: 'rows',
      span,
      series: [
        { name: '', values, colour: 1, filled: true, pale: true },
        { name: `rows, ${words}`, values, colour: 1 },
      ],
      marks: markedEvents(view),
      bands: bandsOf(view, 'table'),
    }
  }
  const inFocus = over(view.focus, 'svg-rows', describeFocus(view))
  return chartFigure({
    id: 'rows',
    title: '2. Rows in the table token',
    note: html`${fell} Short ticks at the foot are what the clock did: token_flush, rotation of keys.`,
    still: `Drawn below: ${describeFocus(view)}${view.focus.reason === 'whole-run' ? '.' : '; then the whole run.'}`,
    chart: inFocus,
    ...(view.focus.reason === 'whole-run' ? {} : { second: over(whole, 'svg-rows-run', 'the whole run') }),
  })
}

function latency(view: ReportView): SafeHtml {
  const frame = frameOf(view.focus)
  const series = view.latency.flatMap((each, i): SvgSeries[] => {
    const fromSec = each.p99Ms.map((_, at) => at * view.intervalSec)
    const line = (values: readonly (number | null)[], name: string, dashed: boolean): SvgSeries => ({
      name: `${each.op} ${name}`,
      values: highestPerColumn({ fromSec, values }, view.intervalSec, frame),
      colour: i + 1,
      dashed,
    })
    return [line(each.p99Ms, 'p99', false), line(each.p50Ms, 'p50', true)]
  })
  const pace = paceNote(view)
  const lapse = view.stretches.some((stretch) => stretch.timeLapse)
    ? ' Greyed out: the time-lapse, in which requests come so much faster than in life that response times predict nothing.'
    : ''
  return chartFigure({
    id: 'latency',
    title: '3. Response time of Keystone',
    note: html`Milliseconds from when a request was due to its answer; 99 of 100 were faster than p99, half of
    them than p50.${pace === null ? '' : ` ${pace}`}${lapse}`,
    still: `Drawn below: ${describeFocus(view)}.`,
    chart: {
      id: 'svg-latency',
      title: 'Response time of Keystone',
      description: `p50 and p99 of validate and issue in milliseconds; ${describeFocus(view)}. The table of response times below has the figures.`,
      unit: 'ms',
      span: view.focus,
      series,
      marks: markedEvents(view).filter((mark) => mark.everywhere),
      bands: bandsOf(view, 'requests'),
    },
  })
}
