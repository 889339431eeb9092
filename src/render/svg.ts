// The report's charts as drawings without a script: for print, and for browsers that run none.
// They show what the terminal shows: the switch enlarged, and the table over the whole run.
import { axisTop, columnOf, timeTicks } from './charts.js'
import { figure, shortTime } from './text.js'
import { html, type SafeHtml } from './safeHtml.js'
import type { EventMark } from './marks.js'
import type { Band } from './bands.js'
import type { Span } from './view.js'

/** One line or area. `values` has one entry for each of the drawing's columns. */
export interface SvgSeries {
  /** Empty: not in the legend. */
  readonly name: string
  readonly values: readonly (number | null)[]
  /** Number of its colour in the style sheet, from 1. */
  readonly colour: number
  readonly dashed?: boolean
  readonly filled?: boolean
  /** A ground for a line: what is behind it stays visible. */
  readonly pale?: boolean
  /** Lengths of strokes and gaps of a line. */
  readonly dash?: readonly number[]
  /** Drawn over the colour of an area; see `hatches`. */
  readonly hatch?: string
}

export interface SvgChart {
  readonly id: string
  readonly title: string
  /** For those who cannot see it: what it shows, in a sentence. */
  readonly description: string
  readonly unit: string
  readonly span: Span
  /** What stands on the axis of time; the time of the run if nothing is said. */
  readonly timeText?: (sec: number) => string
  readonly series: readonly SvgSeries[]
  readonly marks: readonly EventMark[]
  readonly bands: readonly Pick<Band, 'kind' | 'label' | 'strip' | 'fromSec' | 'toSec'>[]
}

/** How many values a series of a drawing has. */
export const svgColumns = 450

const width = 960
const height = 280
const plot = { left: 64, top: 34, right: width - 12, bottom: height - 44 }
const plotWidth = plot.right - plot.left
/** A band that is a strip, with the gap below it. */
const stripHeight = 6
const plotHeight = plot.bottom - plot.top

const xOf = (atSec: number, span: Span): number =>
  plot.left + (plotWidth * (atSec - span.fromSec)) / Math.max(1e-9, span.toSec - span.fromSec)

/** One chart as an SVG element that carries its own title and description. */
export function drawSvg(chart: SvgChart): SafeHtml {
  const top = axisTop(
    chart.series.reduce(
      (most, { values }) => values.reduce<number>((max, v) => Math.max(max, v ?? 0), most),
      0,
    ),
  )
  const titleId = `${chart.id}-title`
  const descriptionId = `${chart.id}-description`
  return html`<svg
    class="still"
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-labelledby="${titleId} ${descriptionId}"
  >
    <title id="${titleId}">${chart.title}</title>
    <desc id="${descriptionId}">${chart.description}</desc>
    ${hatchTiles(chart)}${chart.bands.map((band) => drawBand(band, chart.span))}${valueAxis(top, chart.unit)}${timeAxis(chart.span, chart.timeText ?? shortTime)}
    ${chart.series.map((series, i) => drawSeries(series, top, paintOf(chart, i)))}
    ${chart.bands.map((band) => labelBand(band, chart.span))}${drawMarkLines(chart)}${legend(chart)}
  </svg>`
}

const isHatched = ({ hatch = '' }: SvgSeries): boolean => hatch !== ''
const tileId = (chart: SvgChart, index: number): string => `${chart.id}-hatch-${index}`

/** One tile for each hatched area: its colour, and lines over it. */
function hatchTiles(chart: SvgChart): SafeHtml {
  return html`${chart.series.map((series, i) =>
    isHatched(series)
      ? html`<pattern id="${tileId(chart, i)}" width="8" height="8" patternUnits="userSpaceOnUse"
          ><rect class="area colour-${series.colour}" width="8" height="8" /><path
            class="hatch"
            d="${series.hatch ?? ''}"
        /></pattern>`
      : null,
  )}`
}

/** What draws a series beside its class: the tile of an area, the dashes of a line. */
const paintOf = (chart: SvgChart, index: number): string => {
  const series = chart.series[index]
  if (series === undefined) return ''
  if (series.dash !== undefined)
    return `stroke-width:2;stroke-dasharray:${series.dash.length === 0 ? 'none' : series.dash.join(' ')}`
  return isHatched(series) ? `fill:url(#${tileId(chart, index)})` : ''
}

function drawBand(band: SvgChart['bands'][number], span: Span): SafeHtml | null {
  const [from, to] = bandEnds(band, span)
  if (!(to > from)) return null
  return html`<rect
    class="band-${band.kind}"
    x="${round(from)}"
    y="${plot.top + (band.strip ?? 0) * stripHeight}"
    width="${round(Math.max(1, to - from))}"
    height="${band.strip === null ? plotHeight : stripHeight - 1}"
  />`
}

/** Over the lines, so that it can be read; left out where the band is too narrow for it. */
function labelBand(band: SvgChart['bands'][number], span: Span): SafeHtml | null {
  const [from, to] = bandEnds(band, span)
  if (band.label === '' || to - from < 7 * band.label.length) return null
  return html`<text class="muted" x="${round(from + 6)}" y="${plot.top + 16}">${band.label}</text>`
}

const bandEnds = (band: Span, span: Span): [number, number] => [
  xOf(Math.max(span.fromSec, band.fromSec), span),
  xOf(Math.min(span.toSec, band.toSec), span),
]

function valueAxis(top: number, unit: string): SafeHtml {
  const steps = [0, 1, 2, 3, 4, 5]
  return html`${steps.map((step) => {
      const y = round(plot.bottom - (plotHeight * step) / 5)
      return html`<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${y}" y2="${y}" /><text
          x="${plot.left - 8}"
          y="${y + 4}"
          text-anchor="end"
          >${figure((top * step) / 5)}</text
        >`
    })}<text class="muted" x="4" y="${plot.top - 12}">${unit}</text>`
}

function timeAxis(span: Span, timeText: (sec: number) => string): SafeHtml {
  return html`${timeTicks(span, 9).map((tick) => {
    const x = round(xOf(tick, span))
    return html`<line class="grid" x1="${x}" x2="${x}" y1="${plot.top}" y2="${plot.bottom}" /><text
        x="${x}"
        y="${plot.bottom + 16}"
        text-anchor="middle"
        >${timeText(tick)}</text
      >`
  })}`
}

/** Steps: each value holds for its column. Equal neighbours are one stroke, gaps lift the pen. */
function drawSeries(series: SvgSeries, top: number, paint: string): SafeHtml {
  const step = plotWidth / Math.max(1, series.values.length)
  const yOf = (value: number): number => round(plot.bottom - (plotHeight * value) / top)
  let path = ''
  let pen: number | null = null
  let lifted = true
  series.values.forEach((value, column) => {
    const x = round(plot.left + column * step)
    if (value === null || !Number.isFinite(value)) {
      if (!lifted) path += series.filled === true ? `H${x}V${plot.bottom}` : `H${x}`
      lifted = true
      pen = null
      return
    }
    const y = yOf(value)
    if (lifted) path += series.filled === true ? `M${x} ${plot.bottom}V${y}` : `M${x} ${y}`
    else if (y !== pen) path += `H${x}V${y}`
    lifted = false
    pen = y
  })
  if (!lifted) path += series.filled === true ? `H${plot.right}V${plot.bottom}` : `H${plot.right}`
  const kind =
    series.filled === true
      ? `area${series.pale === true ? ' pale' : ''}`
      : series.dashed === true
        ? 'line dashed'
        : 'line'
  return html`<path class="${kind} colour-${series.colour}" style="${paint}" d="${path}" />`
}

const round = (value: number): number => Math.round(value * 10) / 10

function drawMarkLines(chart: SvgChart): SafeHtml {
  const frame = { ...chart.span, gutter: 0, columns: plotWidth }
  const ends = [-Infinity, -Infinity]
  return html`${chart.marks.map((mark) => {
    if (columnOf(mark.fromSec, frame) === null) return null
    const x = round(xOf(mark.fromSec, chart.span))
    const y1 = mark.everywhere ? plot.top - 3 : plot.bottom - 6
    const line = html`<line
      class="mark mark-${mark.kind}"
      x1="${x}"
      x2="${x}"
      y1="${y1}"
      y2="${plot.bottom}"
    />`
    const room = mark.label.length * 6.2
    const start = Math.min(x - 2, plot.right - room)
    const row = ends.findIndex((end) => start > end + 8)
    if (!mark.everywhere || row === -1) return line
    ends[row] = start + room
    return html`${line}<text class="mark-${mark.kind}" x="${round(start)}" y="${plot.top - 7 - row * 14}"
        >${mark.label}</text
      >`
  })}`
}

function legend(chart: SvgChart): SafeHtml {
  let x = plot.left
  const y = height - 12
  return html`${chart.series.map((each, i) => {
    if (each.name === '') return null
    const at = x
    x += 34 + each.name.length * 7
    const dash = each.dashed === true ? ' dashed' : ''
    const swatch =
      each.filled === true
        ? html`<rect
            class="area colour-${each.colour}"
            style="${paintOf(chart, i)}"
            x="${at}"
            y="${y - 6}"
            width="16"
            height="12"
          />`
        : html`<line
            class="line thick${dash} colour-${each.colour}"
            x1="${at}"
            x2="${at + 16}"
            y1="${y}"
            y2="${y}"
          />`
    return html`${swatch}<text x="${at + 21}" y="${y + 4}">${each.name}</text>`
  })}`
}
