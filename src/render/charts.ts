// Charts in a terminal: asciichart behind a wrapper that never hands it a gap, an empty series or NaN.
// A panel is a list of lines of text; the time axis and the marks of events are drawn to fit beneath it.
import { plot } from 'asciichart'
import type { PlotConfig } from 'asciichart'
import { figure, fit, shortTime } from './text.js'
import type { Span } from './view.js'

export type Paint = (text: string) => string

/** How a line is drawn, so that lines differ where there is no colour. */
export type LineStyle = 'solid' | 'double' | 'dotted'

/** One value for each column; null where nothing was measured. */
export interface ChartLine {
  readonly values: readonly (number | null)[]
  readonly style: LineStyle
  readonly paint: Paint
}

export interface Panel {
  readonly lines: readonly ChartLine[]
  /** Rows of text above the zero line. */
  readonly height: number
  readonly unit: string
  /** Words beside the unit; may be painted. */
  readonly title: string
  /** Letters above the drawing, at their instants. */
  readonly marks?: readonly Mark[]
}

/** Where in the text a chart stands: labels of the axis take `gutter` characters, the drawing `columns`. */
export interface Frame extends Span {
  readonly gutter: number
  readonly columns: number
}

type Symbols = NonNullable<PlotConfig['symbols']>

/** asciichart's order: zero tick, tick, open right, open left, level, up from below, to the right and down, … */
const glyphs: Readonly<Record<LineStyle, Symbols>> = {
  solid: ['┼', '┤', '╶', '╴', '─', '╰', '╭', '╮', '╯', '│'],
  double: ['┼', '┤', '╶', '╴', '═', '╚', '╔', '╗', '╝', '║'],
  dotted: ['┼', '┤', '╶', '╴', '·', '·', '·', '·', '·', ':'],
}

/** The upper end of an axis: the least round number that holds the value, so that the ticks are round too. */
export function axisTop(value: number): number {
  // Below a billionth nothing can be told from zero, and asciichart's own arithmetic ends.
  if (!(value > 1e-9) || !Number.isFinite(value)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  for (const step of [1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10])
    if (value <= step * power * 1.000001) return step * power
  return 10 * power
}

/** Columns of a resampled series: for each column the intervals that touch it, reduced to the highest. */
export function highestPerColumn(
  series: { readonly fromSec: readonly number[]; readonly values: readonly (number | null)[] },
  widthSec: number,
  frame: Frame,
): (number | null)[] {
  const out: (number | null)[] = new Array<number | null>(frame.columns).fill(null)
  const perColumn = (frame.toSec - frame.fromSec) / frame.columns
  if (!(perColumn > 0)) return out
  series.fromSec.forEach((fromSec, i) => {
    const value = series.values[i] ?? null
    if (value === null || !Number.isFinite(value)) return
    const first = Math.max(0, Math.floor((fromSec - frame.fromSec) / perColumn + 1e-9))
    const last = Math.min(
      frame.columns - 1,
      Math.ceil((fromSec + widthSec - frame.fromSec) / perColumn - 1e-9) - 1,
    )
    for (let column = first; column <= last; column++) {
      const before = out[column] ?? null
      out[column] = before === null ? value : Math.max(before, value)
    }
  })
  return out
}

/** For each column the last value known when it ends; null before the first one. */
export function lastPerColumn(
  series: { readonly atSec: readonly number[]; readonly values: readonly number[] },
  frame: Frame,
): (number | null)[] {
  const out: (number | null)[] = []
  const perColumn = (frame.toSec - frame.fromSec) / frame.columns
  const endSec = series.atSec.at(-1) ?? -Infinity
  let next = 0
  let known: number | null = null
  for (let column = 0; column < frame.columns; column++) {
    const untilSec = frame.fromSec + (column + 1) * perColumn
    while (next < series.atSec.length && (series.atSec[next] ?? Infinity) < untilSec + 1e-9) {
      known = series.values[next] ?? known
      next++
    }
    out.push(frame.fromSec + column * perColumn > endSec ? null : known)
  }
  return out
}

interface Cell {
  text: string
  paint: Paint | null
}

/** The panel as lines of text: its unit and title, then the drawing. Later lines are drawn over earlier ones. */
export function drawPanel(panel: Panel, frame: Frame): string[] {
  const known = panel.lines.flatMap((line) =>
    line.values.filter((value) => value !== null && Number.isFinite(value)),
  )
  const top = axisTop(Math.max(0, ...(known as number[])))
  const rows: Cell[][] = Array.from({ length: panel.height + 1 }, () =>
    Array.from({ length: frame.columns }, () => ({ text: ' ', paint: null })),
  )
  for (const line of panel.lines) drawLine(line, { top, height: panel.height }, rows)
  const head = `${panel.unit.padStart(frame.gutter - 2)}  ${panel.title}`.trimEnd()
  const drawn = rows.map((cells, row) => {
    const value = (top * (panel.height - row)) / panel.height
    const tick = row === panel.height ? '┼' : '┤'
    return `${fit(figure(value), frame.gutter - 2).padStart(frame.gutter - 2)} ${tick}${paintRow(cells)}`
  })
  const above = drawMarks(panel.marks ?? [], frame)
  return above === '' ? [head, ...drawn] : [head, above, ...drawn]
}

function drawLine(line: ChartLine, axis: { top: number; height: number }, rows: readonly Cell[][]): void {
  const usable = (value: number | null | undefined): value is number =>
    value !== null && value !== undefined && Number.isFinite(value)
  const first = line.values.find(usable)
  if (first === undefined) return
  // The line runs on at its last value through a gap; the gap's columns are then left blank.
  let held = first
  const filled = line.values.map((value) => (held = usable(value) ? value : held))
  filled.push(held)
  const drawn = plot([filled], {
    min: 0,
    max: axis.top,
    height: axis.height,
    offset: 1,
    format: () => ' ',
    symbols: glyphs[line.style],
  }).split('\n')
  drawn.forEach((text, row) => {
    const cells = rows[row]
    if (cells === undefined) return
    Array.from(text)
      .slice(1)
      .forEach((glyph, column) => {
        const cell = cells[column]
        if (cell === undefined || glyph === ' ' || !usable(line.values[column])) return
        cell.text = glyph
        cell.paint = line.paint
      })
  })
}

function paintRow(cells: readonly Cell[]): string {
  let out = ''
  let run = ''
  let paint: Paint | null = null
  const flush = (): void => {
    if (run !== '') out += paint === null ? run : paint(run)
    run = ''
  }
  for (const cell of cells) {
    if (cell.paint !== paint) flush()
    paint = cell.paint
    run += cell.text
  }
  if (paint === null) run = run.trimEnd()
  flush()
  return out
}

/** Steps between labels that people can count in: seconds, minutes, hours, days. */
const timeSteps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200, 86_400,
  172_800, 604_800,
]

/** The instants that a time axis names: round ones, at most `most` of them. */
export function timeTicks(span: Span, most: number): number[] {
  const length = span.toSec - span.fromSec
  const step =
    timeSteps.find((each) => length / each <= Math.max(1, most)) ??
    Math.ceil(length / Math.max(1, most) / 604_800) * 604_800
  const ticks: number[] = []
  if (!(length > 0)) return ticks
  for (let at = Math.ceil(span.fromSec / step) * step; at <= span.toSec; at += step) ticks.push(at)
  return ticks
}

/** The column of an instant, or null when it lies outside. */
export function columnOf(atSec: number, frame: Frame): number | null {
  if (atSec < frame.fromSec || atSec > frame.toSec || !(frame.toSec > frame.fromSec)) return null
  const share = (atSec - frame.fromSec) / (frame.toSec - frame.fromSec)
  return Math.min(frame.columns - 1, Math.floor(share * frame.columns))
}

/** The axis of scenario time, two lines: ticks, and the instants under them. */
export function drawTimeAxis(frame: Frame): string[] {
  const rule = new Array<string>(frame.columns).fill('─')
  const labels = new Array<string>(frame.columns + 8).fill(' ')
  let free = -frame.gutter
  for (const tick of timeTicks(frame, Math.max(2, Math.floor(frame.columns / 11)))) {
    const column = columnOf(tick, frame)
    if (column === null) continue
    rule[column] = '┬'
    const text = shortTime(tick)
    const start = Math.max(0, Math.min(column - Math.floor(text.length / 2), frame.columns - text.length))
    if (start < free) continue
    Array.from(text).forEach((glyph, i) => (labels[start + i] = glyph))
    free = start + text.length + 1
  }
  const margin = ' '.repeat(frame.gutter - 1)
  return [`${margin}└${rule.join('')}`, `${margin} ${labels.join('')}`.trimEnd()]
}

export interface Mark {
  readonly atSec: number
  readonly letter: string
}

/** A line with a letter for each mark, at its instant; where two would stand in one place, the first is shown. */
export function drawMarks(marks: readonly Mark[], frame: Frame): string {
  const cells = new Array<string>(frame.columns).fill(' ')
  for (const mark of marks) {
    const column = columnOf(mark.atSec, frame)
    if (column === null) continue
    const letters = Array.from(mark.letter)
    const start = Math.min(column, frame.columns - letters.length)
    if (letters.every((_, i) => cells[start + i] === ' '))
      letters.forEach((each, i) => (cells[start + i] = each))
  }
  return `${' '.repeat(frame.gutter)}${cells.join('')}`.trimEnd()
}

export interface Bracket extends Span {
  readonly label: string
  /** Said where the label does not fit. */
  readonly short: string
}

/** A line of brackets that names stretches of the axis above it. */
export function drawBrackets(brackets: readonly Bracket[], frame: Frame): string {
  const cells = new Array<string>(frame.columns).fill(' ')
  let free = 0
  for (const bracket of brackets) {
    const begin = columnOf(Math.max(bracket.fromSec, frame.fromSec), frame)
    const from = begin === null ? null : Math.max(begin, free)
    const to = columnOf(Math.min(bracket.toSec, frame.toSec), frame)
    if (from === null || to === null || bracket.toSec <= frame.fromSec || bracket.fromSec >= frame.toSec)
      continue
    const room = to - from + 1
    free = Math.max(free, to + 1)
    if (room < 2) continue
    const label = [bracket.label, bracket.short].find((text) => text.length + 4 <= room)
    const text = label === undefined ? '' : ` ${label} `
    const left = Math.floor((room - 2 - text.length) / 2)
    const drawn = `├${'─'.repeat(left)}${text}${'─'.repeat(room - 2 - text.length - left)}┤`
    Array.from(drawn).forEach((glyph, i) => (cells[from + i] = glyph))
  }
  return `${' '.repeat(frame.gutter)}${cells.join('')}`.trimEnd()
}
