// The charts of a terminal as pictures small enough to be read in a test, and what must hold for any series.
// asciichart breaks on gaps, on NaN and on nothing at all; here it is seen that it never gets them.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  axisTop,
  columnOf,
  drawBrackets,
  drawMarks,
  drawPanel,
  drawTimeAxis,
  highestPerColumn,
  lastPerColumn,
  timeTicks,
  type Frame,
  type Panel,
} from '../../src/render/charts.js'

const frame: Frame = { fromSec: 0, toSec: 60, gutter: 8, columns: 24 }
const unpainted = (text: string): string => text
const panel = (values: readonly (number | null)[], more: Partial<Panel> = {}): Panel => ({
  lines: [{ values, style: 'solid', paint: unpainted }],
  height: 4,
  unit: '/s',
  title: '',
  ...more,
})

describe('a panel', () => {
  test('shows unit, round ticks and the line', () => {
    const values = Array.from({ length: 24 }, (_, i) => (i < 8 ? 0 : i < 16 ? 8 : 3))
    expect(drawPanel(panel(values, { title: 'users' }), frame).join('\n')).toBe(
      [
        '    /s  users',
        '    10 ┤',
        '   7.5 ┤       ╭───────╮',
        '     5 ┤       │       │',
        '   2.5 ┤       │       ╰────────',
        '     0 ┼───────╯',
      ].join('\n'),
    )
  })

  test('leaves the columns of a gap blank instead of joining its ends', () => {
    const values = Array.from({ length: 24 }, (_, i) => (i > 5 && i < 18 ? null : 10))
    const top = drawPanel(panel(values), frame)[1]
    expect(top).toBe(`    10 ┤${'─'.repeat(6)}${' '.repeat(12)}${'─'.repeat(6)}`)
  })

  test('is empty, with an axis, for a series without a single value', () => {
    const lines = drawPanel(panel(new Array<null>(24).fill(null)), frame)
    expect(lines).toHaveLength(6)
    expect(lines.join('')).not.toMatch(/[─╭╮╰╯]|NaN|undefined/)
    expect(drawPanel(panel([]), frame)).toEqual(lines)
  })

  test('paints each line with its own colour, and nothing else', () => {
    const lines = [
      {
        values: new Array<number>(24).fill(5),
        style: 'dotted' as const,
        paint: (text: string) => `<${text}>`,
      },
      {
        values: new Array<number>(24).fill(10),
        style: 'double' as const,
        paint: (text: string) => `{${text}}`,
      },
    ]
    const drawn = drawPanel(panel([], { lines }), frame)
    expect(drawn[1]).toBe(`    10 ┤{${'═'.repeat(24)}}`)
    expect(drawn[3]).toBe(`     5 ┤<${'·'.repeat(24)}>`)
  })

  test('stays inside its frame and free of NaN whatever the values are', () => {
    const value = fc.oneof(
      fc.double({ max: 1e12, min: -1e12 }),
      fc.constant(null),
      fc.integer({ min: 0, max: 1_000_000 }),
    )
    fc.assert(
      fc.property(fc.array(value, { maxLength: 24 }), (values) => {
        const positive = values.map((each) => (each !== null && each < 0 ? -each : each))
        const lines = drawPanel(panel(positive), frame)
        expect(lines).toHaveLength(6)
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(8 + 24)
        expect(lines.join('')).not.toMatch(/NaN|undefined|Infinity/)
      }),
    )
  })
})

describe('a series fitted to columns', () => {
  const columns = (count: number): Frame => ({ fromSec: 0, toSec: 40, gutter: 8, columns: count })
  const fromSec = [0, 10, 20, 30]

  test('keeps the highest refusals, so that no short peak is lost', () => {
    expect(highestPerColumn({ fromSec, values: [1, 9, 2, 3] }, 10, columns(2))).toEqual([9, 3])
  })

  test('fills all columns of an interval that is wider than one', () => {
    expect(highestPerColumn({ fromSec, values: [1, 9, null, 3] }, 10, columns(8))).toEqual([
      1,
      1,
      9,
      9,
      null,
      null,
      3,
      3,
    ])
  })

  test('leaves out what lies outside the window', () => {
    const window: Frame = { fromSec: 10, toSec: 30, gutter: 8, columns: 2 }
    expect(highestPerColumn({ fromSec, values: [100, 1, 2, 100] }, 10, window)).toEqual([1, 2])
  })

  test('holds the last size of the table until the next one, but not past the end of the record', () => {
    const atSec = [5, 12, 25]
    expect(lastPerColumn({ atSec, values: [300, 200, 100] }, columns(8))).toEqual([
      300,
      300,
      200,
      200,
      100,
      100,
      null,
      null,
    ])
  })

  test('never has a value above the highest, and reaches it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1000), { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 1, max: 90 }),
        (values, count) => {
          const fit: Frame = { fromSec: 0, toSec: values.length * 10, gutter: 8, columns: count }
          const starts = values.map((_, i) => i * 10)
          const drawn = highestPerColumn({ fromSec: starts, values }, 10, fit)
          expect(Math.max(...drawn.map((each) => each ?? 0))).toBe(Math.max(...values))
          expect(drawn).not.toContain(null)
        },
      ),
    )
  })
})

describe('an axis', () => {
  test('ends at a round number that holds the highest value', () => {
    expect([0, 0.09, 1, 1.1, 9.1, 301_620, NaN].map(axisTop)).toEqual([1, 0.1, 1, 1.5, 10, 400_000, 1])
  })

  test('of time names round instants, not more than there is room for', () => {
    expect(timeTicks({ fromSec: 1200, toSec: 3900 }, 5)).toEqual([1200, 1800, 2400, 3000, 3600])
    expect(timeTicks({ fromSec: 0, toSec: 0 }, 5)).toEqual([])
  })

  test('of time is as wide as the drawing above it', () => {
    expect(drawTimeAxis({ ...frame, toSec: 3600, columns: 40 })).toEqual([
      '       └┬───────────────────┬──────────────────┬',
      '        0:00              0:30              1:00',
    ])
  })
})

describe('marks', () => {
  test('stand at their instants, the first one where two would stand in one place', () => {
    const marks = [
      { atSec: 30, letter: 'C' },
      { atSec: 30, letter: 'F' },
      { atSec: 60, letter: 'R' },
    ]
    expect(drawMarks(marks, frame)).toBe(`${' '.repeat(8 + 12)}C${' '.repeat(10)}R`)
  })

  test('outside the window have no column', () => {
    expect(columnOf(-1, frame)).toBeNull()
    expect(columnOf(61, frame)).toBeNull()
    expect(columnOf(60, frame)).toBe(23)
  })

  test('of stretches name them as fully as they have room', () => {
    const brackets = [
      { fromSec: 0, toSec: 10, label: 'full traffic', short: 'full' },
      { fromSec: 10, toSec: 60, label: 'time-lapse ×1,440 at 2 %', short: 'time-lapse' },
    ]
    expect(drawBrackets(brackets, frame)).toBe(`${' '.repeat(8)}├───┤├── time-lapse ───┤`)
  })
})
