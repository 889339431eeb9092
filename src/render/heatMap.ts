// Response times as a heat map over time, and as curves by percentile before, during and after the switch.
// Both are drawings without a script; shade and dash tell what colour alone would not.
import { timeTicks } from './charts.js'
import { html, type SafeHtml } from './safeHtml.js'
import { change, describeFocus, windowName } from './story.js'
import { milliseconds, shortTime } from './text.js'
import type { LatencyGrid } from '../measure/latencyGrid.js'
import type { LatencyRow, ReportView } from './view.js'

const width = 960
const plot = { left: 64, right: width - 12, top: 10 }
const rangeHeight = 9

/** Shares from which on a shade is used, the darkest first. */
const shades = [0.2, 0.05, 0.01, 0.001, 0] as const

const round = (value: number): number => Math.round(value * 10) / 10

/** The heat map of one operation. */
export function heatMap(view: ReportView, grid: LatencyGrid): SafeHtml {
  const ranges = grid.edgesMs.length - 1
  const bottom = plot.top + ranges * rangeHeight
  const columnWidth = (plot.right - plot.left) / Math.max(1, grid.columns.length)
  const row = view.latencyRows.find(({ op }) => op === grid.op)
  const description = `Shares of response times of ${grid.op} over time; ${describeFocus(view)}.${row === undefined || row.after.count === 0 ? '' : ` The median before and after the switch: ${change(row.before.p50Ms, row.after.p50Ms)}; p99: ${change(row.before.p99Ms, row.after.p99Ms)}.`}`
  return html`<svg class="drawn" viewBox="0 0 ${width} ${bottom + 26}" role="img" aria-label="${description}">
    ${shades.map((_, shade) => html`<path class="heat shade-${shade}" d="${cellsOf(grid, shade, columnWidth)}" />`)}
    ${msTicks(grid.edgesMs[0] ?? 1, grid.edgesMs.at(-1) ?? 1).map((ms) => {
      const y = round(bottom - (Math.log(ms / (grid.edgesMs[0] ?? 1)) / stepLog(grid)) * rangeHeight)
      return html`<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${y}" y2="${y}" /><text
          x="${plot.left - 8}"
          y="${y + 4}"
          text-anchor="end"
          >${milliseconds(ms)}</text
        >`
    })}
    ${timeTicks(grid.span, 9).map((tick) => {
      const x = round(
        plot.left +
          ((plot.right - plot.left) * (tick - grid.span.fromSec)) / (grid.span.toSec - grid.span.fromSec),
      )
      return html`<text x="${x}" y="${bottom + 16}" text-anchor="middle">${shortTime(tick)}</text>`
    })}
    ${view.events
      .filter(
        ({ origin, startedSec, event }) =>
          origin !== 'clock' &&
          !event.includes(' node ') &&
          startedSec > grid.span.fromSec &&
          startedSec < grid.span.toSec,
      )
      .map(({ startedSec, kind }) => {
        const x = round(
          plot.left +
            ((plot.right - plot.left) * (startedSec - grid.span.fromSec)) /
              (grid.span.toSec - grid.span.fromSec),
        )
        return html`<line class="mark mark-${kind}" x1="${x}" x2="${x}" y1="${plot.top}" y2="${bottom}" />`
      })}
  </svg>`
}

const stepLog = ({ edgesMs }: LatencyGrid): number => Math.log((edgesMs[1] ?? 1) / (edgesMs[0] ?? 1))

/** 1, 10, 100 ms, …; also 2 and 5 where that gives few. */
function msTicks(low: number, high: number, digits = high / low < 200 ? [1, 2, 5] : [1]): number[] {
  const ticks: number[] = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
    for (const digit of digits) {
      const ms = digit * 10 ** power
      if (ms >= low && ms <= high) ticks.push(ms)
    }
  return ticks
}

/** All cells of one shade as one path; neighbours in time are one stroke. */
function cellsOf(grid: LatencyGrid, shade: number, columnWidth: number): string {
  const ranges = grid.edgesMs.length - 1
  const upper = shade === 0 ? Infinity : (shades[shade - 1] ?? Infinity)
  const has = (column: number, range: number): boolean => {
    const share = grid.columns[column]?.[range] ?? 0
    return share > 0 && share >= (shades[shade] ?? 0) && share < upper
  }
  let path = ''
  for (let range = 0; range < ranges; range++) {
    const y = plot.top + (ranges - 1 - range) * rangeHeight
    for (let column = 0; column < grid.columns.length; column++) {
      if (!has(column, range)) continue
      const from = column
      while (has(column + 1, range)) column++
      const x = round(plot.left + from * columnWidth)
      path += `M${x} ${y}H${round(plot.left + (column + 1) * columnWidth)}v${rangeHeight}H${x}z`
    }
  }
  return path
}

/** The key of the shades. */
export const shadeKey = (): SafeHtml =>
  html`${['a fifth and more', '5 % and more', '1 %', '0.1 %', 'less'].map(
    (words, shade) =>
      html`<span
        ><svg class="swatch" viewBox="0 0 14 10" aria-hidden="true">
          <rect class="heat shade-${shade}" width="14" height="10" /></svg
        >${words}</span
      > `,
  )}`

const curve = { left: 64, right: 420, top: 12, bottom: 180 }
const percentiles = [
  { name: 'p50', of: (each: LatencyRow['before']) => each.p50Ms },
  { name: 'p95', of: (each: LatencyRow['before']) => each.p95Ms },
  { name: 'p99', of: (each: LatencyRow['before']) => each.p99Ms },
  { name: 'highest', of: (each: LatencyRow['before']) => each.maxMs },
] as const

/** Curves by percentile of one operation; null if there is nothing to compare. */
export function percentileCurves(
  view: ReportView,
  { op, before, during, after }: LatencyRow,
): SafeHtml | null {
  const windows = [
    { name: windowName(view, 'before'), window: before, style: 'colour-1' },
    { name: windowName(view, 'during'), window: during, style: 'colour-6 dotted' },
    { name: windowName(view, 'after'), window: after, style: 'colour-3 dashed' },
  ].filter(({ window }) => window.count > 0)
  if (windows.length === 0) return null
  const values = windows
    .flatMap(({ window }) => percentiles.map(({ of }) => of(window)))
    .filter((ms) => ms > 0)
  const low = Math.min(...values) / 1.3
  const high = Math.max(...values) * 1.3
  const yOf = (ms: number): number =>
    round(
      curve.bottom - ((curve.bottom - curve.top) * Math.log(Math.max(ms, low) / low)) / Math.log(high / low),
    )
  const xOf = (i: number): number =>
    round(curve.left + 20 + (i * (curve.right - curve.left - 40)) / (percentiles.length - 1))
  const said = windows.map(
    ({ name, window }) =>
      `${name}: ${percentiles.map((each) => `${each.name} ${milliseconds(each.of(window))}`).join(', ')}`,
  )
  return html`<svg
    class="drawn curve"
    viewBox="0 0 430 220"
    role="img"
    aria-label="${op}, ${said.join('; ')}"
  >
    <text class="strong" x="${curve.left + 4}" y="10">${op}</text>
    ${msTicks(low, high, high / low < 8 ? [1, 1.5, 2, 3, 4, 5, 6, 8] : undefined).map(
      (ms) =>
        html`<line class="grid" x1="${curve.left}" x2="${curve.right}" y1="${yOf(ms)}" y2="${yOf(ms)}" /><text
            x="${curve.left - 8}"
            y="${yOf(ms) + 4}"
            text-anchor="end"
            >${milliseconds(ms)}</text
          >`,
    )}
    ${percentiles.map(({ name }, i) => html`<text x="${xOf(i)}" y="${curve.bottom + 16}" text-anchor="middle">${name}</text>`)}
    ${windows.map(({ name, window, style }, at) => {
      const points = percentiles.map(({ of }, i) => `${xOf(i)} ${yOf(of(window))}`).join('L')
      const x = curve.left + 20 + at * 110
      return html`<path class="line ${style}" d="M${points}" /><line
          class="line ${style}"
          x1="${x}"
          x2="${x + 22}"
          y1="${curve.bottom + 32}"
          y2="${curve.bottom + 32}"
        /><text x="${x + 27}" y="${curve.bottom + 36}">${name}</text>`
    })}
  </svg>`
}
