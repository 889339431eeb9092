// The three charts of the terminal: refusals by class, rows of the token table, response times.
// Each names its window and unit, and marks what happened and what predicts nothing.
import type { Colors } from 'picocolors/types.js'
import {
  drawBrackets,
  drawMarks,
  drawPanel,
  drawTimeAxis,
  highestPerColumn,
  lastPerColumn,
  type ChartLine,
  type Frame,
  type Mark,
  type Paint,
} from './charts.js'
import { classColour } from './palette.js'
import { byImportance, markedEvents, markLetters, type EventMark } from './marks.js'
import { change, describeFocus, describeStretch, latencyDoubt, outsideFocus, paceNote } from './story.js'
import { clockTime, count, duration, listed, plain, wrap } from './text.js'
import type { CountSeries, ReportView, Span } from './view.js'

export interface ChartStyle {
  readonly width: number
  readonly colours: Colors
}

const gutter = 12
/** Classes that get a panel of their own; what is left shares one. */
const panelsMost = 6

const frameOf = (span: Span, style: ChartStyle): Frame => ({
  fromSec: span.fromSec,
  toSec: span.toSec,
  gutter,
  columns: style.width - gutter - 1,
})

/** A panel for each class, as a small class would be invisible on the scale of a large one. */
export function refusalChart(view: ReportView, style: ChartStyle): string[] {
  const refused = view.refusals.byClass.filter((each) => each.total > 0)
  const calm = view.refusals.byClass.filter((each) => each.total === 0).map((each) => plain(each.name))
  if (view.summary.requests.total === 0) return ['No request was made.']
  if (refused.length === 0)
    return [`No request was refused (${calm.length === 0 ? 'all classes' : listed(calm)}).`]
  const frame = frameOf(view.focus, style)
  const paints = seriesPaints(style)
  const lines = wrap(
    `By class, each on its own scale; ${describeFocus(view)}. Highest value of each column; an interval is ${duration(view.intervalSec)}, all times are scenario time.`,
    style.width,
  ).map((line) => style.colours.dim(line))
  panels(refused).forEach((series) => {
    const perSec = series.perInterval.map((n) => n / view.intervalSec)
    const fromSec = perSec.map((_, at) => at * view.intervalSec)
    const values = highestPerColumn({ fromSec, values: perSec }, view.intervalSec, frame)
    const paint = paints[classColour(view, series.name) % paints.length] ?? String
    const title = `${paint(plain(series.name))}: ${count(series.total)} refused in the whole run`
    const marks = peakMarks(view, series.name)
    lines.push(
      ...drawPanel(
        { lines: [{ values, style: 'solid', paint }], height: 5, unit: 'per s', title, marks },
        frame,
      ),
    )
  })
  lines.push(...axisLines(view, frame, { all: false, style }))
  const outside = outsideFocus(view)
  if (outside !== null) lines.push(...wrap(outside, style.width))
  if (calm.length > 0) lines.push(...wrap(`Never refused: ${listed(calm)}.`, style.width))
  return lines
}

function panels(refused: readonly CountSeries[]): CountSeries[] {
  if (refused.length <= panelsMost) return [...refused]
  const rest = refused.slice(panelsMost - 1)
  return [
    ...refused.slice(0, panelsMost - 1),
    {
      name: `${rest.length} other classes`,
      perInterval: (rest[0]?.perInterval ?? []).map((_, i) =>
        rest.reduce((sum, each) => sum + (each.perInterval[i] ?? 0), 0),
      ),
      total: rest.reduce((sum, each) => sum + each.total, 0),
    },
  ]
}

/** The numbers of the peaks in the list below, above the highest point of each. */
function peakMarks(view: ReportView, className: string): Mark[] {
  return view.summary.rejections.peaks.flatMap((peak, i) =>
    peak.class === className ? [{ atSec: peak.peakAtSec, letter: `${i + 1}` }] : [],
  )
}

/** Rows over the whole run: the table drains long after the switch. */
export function rowsChart(view: ReportView, style: ChartStyle): string[] {
  const { atSec, rows } = view.rows
  if (atSec.length === 0) return ['The store was never asked for the size of its table.']
  const toSec = Math.max(view.coveredSec, atSec.at(-1) ?? 0)
  if (!(toSec > 0))
    return [`${count(rows[0] ?? NaN)} rows when the run started; nothing was seen after that.`]
  const frame = frameOf({ fromSec: 0, toSec }, style)
  const paint = seriesPaints(style)[0] ?? String
  const values = lastPerColumn({ atSec, values: rows }, frame)
  return [
    ...wrap(`The whole run, 0:00:00 to ${clockTime(toSec)}. Last value of each column.`, style.width).map(
      (line) => style.colours.dim(line),
    ),
    ...drawPanel({ lines: [{ values, style: 'solid', paint }], height: 8, unit: 'rows', title: '' }, frame),
    ...axisLines(view, frame, { all: true, style }),
  ]
}

/** p50 and p99 of both operations; time-lapse stretches stay empty, as they predict nothing. */
export function latencyChart(view: ReportView, style: ChartStyle): string[] {
  const frame = frameOf(view.focus, style)
  const paints = seriesPaints(style)
  const dim = style.colours.dim
  const drawn: string[] = []
  view.latency.forEach((series, i) => {
    const paint = paints[i] ?? String
    const line = (
      values: readonly (number | null)[],
      lineStyle: ChartLine['style'],
      painted: Paint,
    ): ChartLine => ({
      values: columnsOutsideTimeLapse(view, values, frame),
      style: lineStyle,
      paint: painted,
    })
    const lines = [line(series.p50Ms, 'dotted', dim), line(series.p99Ms, 'solid', paint)]
    if (lines.every(({ values }) => values.every((value) => value === null))) return
    // On a narrow terminal the table below must do.
    const changed = (quantile: 'p50Ms' | 'p99Ms'): string =>
      style.width < 72 ? '' : changeOf(view, series.op, quantile)
    const title = `${paint(series.op)}: ${paint('─')} p99${changed('p99Ms')}, ${dim('·')} p50${changed('p50Ms')}`
    drawn.push(...drawPanel({ lines, height: 5, unit: 'ms', title }, frame))
  })
  const lapses = view.stretches.some((stretch) => stretch.timeLapse)
  if (drawn.length === 0) {
    return wrap(
      lapses
        ? 'Nothing to show: outside the time-lapse no response time was measured.'
        : 'No response time was measured.',
      style.width,
    )
  }
  const left = lapses ? ' The time-lapse is left out: its response times predict nothing.' : ''
  const pace = paceNote(view)
  const doubt = latencyDoubt(view)
  return [
    ...wrap(
      `Milliseconds; ${describeFocus(view)}. Highest value of each column.${left}${pace === null ? '' : ` ${pace}`}`,
      style.width,
    ).map((line) => dim(line)),
    ...(doubt === null ? [] : wrap(doubt, style.width).map((line) => style.colours.yellow(line))),
    ...drawn,
    ...axisLines(view, frame, { all: false, style }),
  ]
}

/** ` 12.7 → 8.06 ms`, the whole windows before and after, as a chart's rows are coarse. */
function changeOf(view: ReportView, op: string, quantile: 'p50Ms' | 'p99Ms'): string {
  const row = view.latencyRows.find((each) => each.op === op)
  if (row === undefined || row.before.count === 0 || row.after.count === 0) return ''
  return ` ${change(row.before[quantile], row.after[quantile])}`
}

function columnsOutsideTimeLapse(
  view: ReportView,
  values: readonly (number | null)[],
  frame: Frame,
): (number | null)[] {
  const fromSec = values.map((_, i) => i * view.intervalSec)
  const calm = values.map((value, i) => {
    const at = i * view.intervalSec
    return view.stretches.some((each) => each.timeLapse && at >= each.fromSec && at < each.toSec)
      ? null
      : value
  })
  return highestPerColumn({ fromSec, values: calm }, view.intervalSec, frame)
}

/** Time axis, letters of events, brackets of stretches, and the legend of the letters that occur. */
function axisLines(view: ReportView, frame: Frame, options: { all: boolean; style: ChartStyle }): string[] {
  const inside = (mark: EventMark): boolean => mark.fromSec >= frame.fromSec && mark.fromSec <= frame.toSec
  const marks = byImportance(
    markedEvents(view).filter((mark) => (options.all || mark.everywhere) && inside(mark)),
  )
  const letters = drawMarks(
    marks.map((mark) => ({ atSec: mark.fromSec, letter: mark.letter })),
    frame,
  )
  const brackets = view.stretches.some((each) => each.timeLapse)
    ? drawBrackets(
        view.stretches.map((each) => ({
          fromSec: each.fromSec,
          toSec: each.toSec,
          label: describeStretch(each, options.all ? 'table' : 'requests'),
          short: each.timeLapse ? 'time-lapse' : 'full',
        })),
        frame,
      )
    : ''
  return [
    ...drawTimeAxis(frame),
    ...(letters.trim() === '' ? [] : [letters]),
    ...(brackets.trim() === '' ? [] : [brackets]),
    ...markLegend(marks, options.style),
  ]
}

/** `C switch to fernet · R restart heat · F token_flush ×26`. */
function markLegend(marks: readonly EventMark[], style: ChartStyle): string[] {
  const times = new Map<string, { mark: EventMark; n: number }>()
  for (const mark of marks) {
    const key = `${mark.letter} ${mark.label}`
    const known = times.get(key)
    times.set(key, { mark: known?.mark ?? mark, n: (known?.n ?? 0) + 1 })
  }
  const words = [...times.values()].map(({ mark, n }) =>
    n > 1 ? `${mark.letter} ${mark.label} ×${n}` : `${mark.letter} ${mark.label} ${clockTime(mark.fromSec)}`,
  )
  // Many different events: the letters' own meaning is enough, the timeline below names each.
  const kinds = [...new Set(marks.map((mark) => mark.kind))]
  const short = kinds.map((kind) => `${markLetters[kind].letter} ${markLetters[kind].word}`)
  const text = (words.length <= 8 ? words : short).join(', ')
  return text === '' ? [] : wrap(text, style.width, ' '.repeat(gutter))
}

/** Colours that hold on light and dark terminals, in the order of the report's. */
export function seriesPaints(style: ChartStyle): Paint[] {
  const { cyan, yellow, green, magenta, blue, red } = style.colours
  return [cyan, yellow, green, magenta, blue, red]
}
