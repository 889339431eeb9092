// What stands behind and above the lines of the report's charts: bands, marks of events, their labels.
// Functions in this folder are put into the report as source text, so they name nothing but one another.
/// <reference lib="dom" />
import type UPlot from 'uplot'
import type { PageData } from './pageData.js'

/** A colour of the page's style sheet, so that light and dark are settled in one place. */
export function pageColour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
}

/** Bands behind the lines: dual mode, the fleet while it was mixed, faults, the time-lapse. */
export function drawBands(chart: UPlot, data: Pick<PageData, 'bands'>): void {
  for (const { fromSec, toSec, kind, strip } of data.bands)
    fillSpan(chart, { fromSec, toSec, strip }, pageColour(kind))
}

/** Fills the plot between two instants of the axis; a strip is only a line at its upper edge. */
export function fillSpan(
  chart: UPlot,
  { fromSec, toSec, strip }: { fromSec: number; toSec: number; strip: number | null },
  fill: string,
): void {
  const { left, top, width, height } = chart.bbox
  const from = Math.max(left, chart.valToPos(fromSec, 'x', true))
  const to = Math.min(left + width, Math.max(chart.valToPos(toSec, 'x', true), from + devicePixelRatio))
  if (!(to > from)) return
  chart.ctx.save()
  chart.ctx.fillStyle = fill
  const stripHeight = 6 * devicePixelRatio
  if (strip === null) chart.ctx.fillRect(from, top, to - from, height)
  else chart.ctx.fillRect(from, top + strip * stripHeight, to - from, stripHeight - devicePixelRatio)
  chart.ctx.restore()
}

/** Writes a label at the left end of a stretch, if it is wide enough to hold it. */
export function labelSpan(chart: UPlot, fromSec: number, toSec: number, text: string): void {
  const { ctx } = chart
  const { left, top, width } = chart.bbox
  const from = Math.max(left, chart.valToPos(fromSec, 'x', true))
  const to = Math.min(left + width, chart.valToPos(toSec, 'x', true))
  ctx.save()
  ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = pageColour('muted')
  const room = to - from - 12 * devicePixelRatio
  if (ctx.measureText(text).width <= room)
    ctx.fillText(text, from + 6 * devicePixelRatio, top + 14 * devicePixelRatio)
  ctx.restore()
}

/** Says of the long bands what they are, over the lines: dual mode begins before a time-lapse and stands above it. */
export function labelBands(chart: UPlot, data: Pick<PageData, 'bands'>, ofTable: boolean): void {
  for (const band of data.bands) {
    if (band.kind !== 'lapse') continue
    labelSpan(chart, band.fromSec, band.toSec, ofTable ? band.tableLabel : band.label)
  }
}

/** Vertical lines at events, with labels in two rows above the plot; a label that has no room is left out. */
export function drawEvents(chart: UPlot, data: Pick<PageData, 'events'>, all: boolean): void {
  const { ctx } = chart
  const { left, top, width, height } = chart.bbox
  const ratio = devicePixelRatio
  const occupied = [-Infinity, -Infinity]
  ctx.save()
  ctx.font = `${11 * ratio}px system-ui, sans-serif`
  ctx.textAlign = 'left'
  ctx.textBaseline = 'alphabetic'
  ctx.lineWidth = ratio
  for (const event of data.events) {
    if (!event.everywhere && !all) continue
    const x = Math.round(chart.valToPos(event.fromSec, 'x', true))
    if (x < left || x > left + width) continue
    const colour = pageColour(event.ok ? `event-${event.kind}` : 'event-fault')
    ctx.strokeStyle = colour
    ctx.fillStyle = colour
    ctx.setLineDash(event.everywhere ? [5 * ratio, 3 * ratio] : [])
    ctx.beginPath()
    // What the clock does by itself is only a tick at the foot.
    ctx.moveTo(x, event.everywhere ? top - 3 * ratio : top + height - 6 * ratio)
    ctx.lineTo(x, top + height)
    ctx.stroke()
    if (!event.everywhere) continue
    const labelWidth = ctx.measureText(event.label).width
    const start = Math.max(left, Math.min(x - 2 * ratio, left + width - labelWidth))
    const row = occupied.findIndex((end) => start > end + 8 * ratio)
    if (row === -1) continue
    occupied[row] = start + labelWidth
    ctx.fillText(event.label, start, top - (6 + row * 14) * ratio)
  }
  ctx.restore()
}

/** The zero line, over the outlines that empty stacks leave there. */
export function drawFoot(chart: UPlot): void {
  const { left, top, width, height } = chart.bbox
  chart.ctx.save()
  chart.ctx.fillStyle = pageColour('axis')
  chart.ctx.fillRect(left, Math.round(top + height - devicePixelRatio), width, 2 * devicePixelRatio)
  chart.ctx.restore()
}
