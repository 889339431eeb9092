// A line of a benchmark whose bar is for the value itself, not for its ratio to the floor.
// It exists so that absolute promises (a rate, a lateness) are printed beside what bounds them on the machine at hand.
import { drawTable } from '../render/columns.js'

export interface BarRow {
  readonly name: string
  /** Ours, in `unit`. */
  readonly value: number
  readonly unit: string
  /** What it is measured against in the same run, or what it must be by mathematics, in the same unit. */
  readonly floor: number
  /** value / floor. */
  readonly ratio: number
  /** How the value is held against the bar; `±`: the ratio must lie so near to 1. */
  readonly rule: '≤' | '≥' | '±'
  readonly bar: number
  readonly holds: boolean
}

const figure = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 3 })

/** The rows as lines of a table. */
export const drawBars = (rows: readonly BarRow[]): string[] =>
  drawTable(
    ['value', 'floor', 'ratio', 'bar', 'holds', 'unit', 'name'],
    rows.map(({ name, value, floor, unit, ratio, rule, bar, holds }) =>
      [
        figure(value),
        figure(floor),
        ratio.toFixed(3),
        `${rule} ${figure(bar)}`,
        holds ? 'yes' : 'NO',
        unit,
        name,
      ].map((text) => ({ text })),
    ),
    { width: 140, left: [3, 4, 5, 6], paintHead: (text) => text },
  )
