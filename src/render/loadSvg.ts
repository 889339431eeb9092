// A chart over a logarithmic axis as a drawing without a script: lines, points, and a legend that needs no colour.
// It exists beside the report's drawings, whose axis is time.
import { axisTop } from './charts.js'
import type { LoadChart } from './loadChart.js'
import { html, type SafeHtml } from './safeHtml.js'
import { figure } from './text.js'

const width = 560
const height = 260
const plot = { left: 60, top: 30, right: width - 14, bottom: height - 62 }
const dashes = ['', ' dashed', ' dotted', '']

const round = (value: number): number => Math.round(value * 10) / 10

export const drawLoadSvg = (chart: LoadChart, id: string): SafeHtml | null => {
  const points = chart.lines.flatMap((line) => line.points)
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b)
  const [first] = xs
  const last = xs.at(-1)
  if (first === undefined || last === undefined || first === last) return null
  const top = axisTop(Math.max(...points.map(({ y }) => y)))
  const xOf = (x: number): number =>
    round(plot.left + ((plot.right - plot.left) * Math.log(x / first)) / Math.log(last / first))
  const yOf = (y: number): number => round(plot.bottom - ((plot.bottom - plot.top) * y) / top)
  const title = `${chart.title}, by ${chart.axis}`
  const description = chart.lines
    .map(
      ({ name, points: own }) =>
        `${name}: ${own.map(({ x, y }) => `${chart.label(x)} ${figure(y)}`).join(', ')}`,
    )
    .join('; ')
  return html`<svg
    class="drawn curve"
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-labelledby="${id}-title ${id}-description"
  >
    <title id="${id}-title">${title}</title>
    <desc id="${id}-description">${chart.unit}: ${description}</desc>
    <text class="strong" x="4" y="14">${title} (${chart.unit})</text>
    ${[0, 1, 2, 3, 4].map((step) => {
      const value = (top * step) / 4
      return html`<line
          class="grid"
          x1="${plot.left}"
          x2="${plot.right}"
          y1="${yOf(value)}"
          y2="${yOf(value)}"
        /><text x="${plot.left - 6}" y="${yOf(value) + 4}" text-anchor="end">${figure(value)}</text>`
    })}
    ${xs.map(
      (x) => html`<text x="${xOf(x)}" y="${plot.bottom + 16}" text-anchor="middle">${chart.label(x)}</text>`,
    )}
    ${chart.lines.map(
      (line, i) =>
        html`<path
            class="line${dashes[i % dashes.length] ?? ''} colour-${i + 1}"
            d="${line.points.map(({ x, y }, at) => `${at === 0 ? 'M' : 'L'}${xOf(x)} ${yOf(y)}`).join('')}"
          />${line.points.map(
            ({ x, y }) => html`<circle class="area colour-${i + 1}" cx="${xOf(x)}" cy="${yOf(y)}" r="3" />`,
          )}<line
            class="line thick${dashes[i % dashes.length] ?? ''} colour-${i + 1}"
            x1="${plot.left + i * 120}"
            x2="${plot.left + 18 + i * 120}"
            y1="${height - 18}"
            y2="${height - 18}"
          /><text x="${plot.left + 24 + i * 120}" y="${height - 14}">${line.name}</text>`,
    )}
  </svg>`
}
