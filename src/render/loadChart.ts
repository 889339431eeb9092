// A chart over something that doubles or grows tenfold from point to point: connections, rows of a table.
// It exists because its axis is logarithmic, where that of a run is time.
import type { Colors } from 'picocolors/types.js'
import { drawPanel, type ChartLine, type LineStyle } from './charts.js'

export interface LoadLine {
  readonly name: string
  /** In rising order of x, which is above zero. */
  readonly points: readonly { readonly x: number; readonly y: number }[]
}

export interface LoadChart {
  readonly title: string
  readonly unit: string
  readonly lines: readonly LoadLine[]
  /** What the axis counts, and its labels. */
  readonly axis: string
  readonly label: (x: number) => string
}

export interface LoadChartStyle {
  readonly width: number
  readonly colours: Colors
}

const gutter = 12
const styles: readonly { readonly style: LineStyle; readonly sign: string }[] = [
  { style: 'solid', sign: '─' },
  { style: 'double', sign: '═' },
  { style: 'dotted', sign: '·' },
]

/** More lines could not be told apart. */
export const loadLinesMost = styles.length

/** The value at each column, between points along a straight line of the drawing; null outside of them. */
const columnsOf = ({ points }: LoadLine, at: readonly number[]): (number | null)[] =>
  at.map((x) => {
    const next = points.findIndex((point) => point.x >= x * (1 - 1e-9))
    const after = points[next]
    if (after === undefined) return null
    const before = points[next - 1]
    if (before === undefined) return after.x <= x * (1 + 1e-9) ? after.y : null
    const share = Math.log(x / before.x) / Math.log(after.x / before.x)
    return before.y + share * (after.y - before.y)
  })

/** The chart as lines of text; none where nothing was measured. */
export const drawLoadChart = (
  { title, unit, lines, axis, label }: LoadChart,
  { width, colours }: LoadChartStyle,
): string[] => {
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b)
  const [first] = xs
  const last = xs.at(-1)
  if (first === undefined || last === undefined || first === last) return []
  const columns = Math.min(72, width - gutter - 1)
  const at = Array.from({ length: columns }, (_, i) => first * (last / first) ** (i / (columns - 1)))
  const paints = [colours.cyan, colours.yellow, colours.green]
  const drawn = lines.slice(0, loadLinesMost).map((line, i): ChartLine => {
    return {
      values: columnsOf(line, at),
      style: styles[i]?.style ?? 'solid',
      paint: paints[i] ?? String,
    }
  })
  const legend = lines
    .slice(0, loadLinesMost)
    .map(({ name }, i) => `${(paints[i] ?? String)(styles[i]?.sign ?? '')} ${name}`)
    .join('  ')
  const rule = new Array<string>(columns).fill('─')
  const labels = new Array<string>(columns + 8).fill(' ')
  let free = 0
  for (const x of xs) {
    const column = Math.round((Math.log(x / first) / Math.log(last / first)) * (columns - 1))
    rule[column] = '┬'
    const text = label(x)
    const start = Math.max(0, column - Math.floor(text.length / 2))
    if (start < free) continue
    Array.from(text).forEach((glyph, i) => (labels[start + i] = glyph))
    free = start + text.length + 1
  }
  const margin = ' '.repeat(gutter - 1)
  return [
    ...drawPanel(
      { lines: drawn, height: 7, unit, title: `${title}: ${legend}` },
      { fromSec: 0, toSec: 1, gutter, columns },
    ),
    `${margin}└${rule.join('')}`,
    `${margin} ${labels.join('').trimEnd()}  ${colours.dim(axis)}`,
  ]
}
