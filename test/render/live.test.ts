// What is seen of a run while it goes on, compared as a whole, and what must hold on every terminal that can hold the block.
// The golden files were read by a person; `UPDATE_GOLDEN=1` writes them anew after a change that is meant.
import { describe, expect, test } from '@jest/globals'
import { LiveFigures } from '../../src/measure/liveFigures.js'
import type { SeriesLine } from '../../src/measure/record.js'
import {
  renderLiveBlock,
  renderLiveLines,
  renderLiveOpening,
  renderWorkBlock,
  toldNothing,
  workText,
  type LiveView,
} from '../../src/render/live.js'
import { sumCounts } from '../../src/measure/series.js'
import { cernRecord } from '../support/cernRecord.js'
import { goldenFile } from '../support/goldenFile.js'

const record = cernRecord()
const { intervalSec, durationSec } = record.header

/** The record's lines as they were written: by the time at which each was known. */
const written: readonly (readonly [number, SeriesLine])[] = [
  ...record.intervals.map((line) => [line.fromSec + intervalSec, line] as const),
  ...record.table.map((line) => [line.atSec, line] as const),
  ...record.events.map((line) => [line.endedSec, line] as const),
].sort(([a], [b]) => a - b)

const figuresAt = (nowSec: number): LiveFigures => {
  const figures = new LiveFigures(intervalSec)
  for (const [atSec, line] of written) if (atSec <= nowSec) figures.add(line)
  return figures
}

const viewAt = (nowSec: number, more: Partial<LiveView> = {}): LiveView => ({
  scenario: 'cern-2017',
  where: 'local world on sqlite, seed 1',
  nowSec,
  durationSec,
  intervalSec,
  speed: nowSec < 5400 ? 60 : 1440,
  leftSec: nowSec < 5400 ? (5400 - nowSec) / 60 + 61 : (durationSec - nowSec) / 1440,
  figures: figuresAt(nowSec),
  next: nowSec < 3300 ? { atSec: 3300, label: 'restart heat' } : null,
  awaited: null,
  work: null,
  windingDown: false,
  ...more,
})

// oxlint-disable-next-line no-control-regex
const withoutColour = (line: string): string => line.replace(/\u001b\[[0-9;]*m/g, '')
const text = (lines: readonly string[]): string => `${lines.map((line) => line.trimEnd()).join('\n')}\n`

describe('a run on a terminal that holds its block', () => {
  test.each([
    [160, 45, false],
    [160, 45, true],
    [100, 24, false],
  ])('of %i columns and %i rows, colour %s, is the one that was looked at', (columns, rows, colour) => {
    const shown = text(renderLiveBlock(viewAt(3000), { columns, rows, colour }))
    const file = `render/golden/live-${columns}${colour ? '-colour' : ''}.golden.txt`
    expect(shown).toBe(goldenFile(file, shown))
  })

  test('is never wider or higher than the terminal, and keeps its height from the first second to the last', () => {
    const work = { text: 'flushing rows', done: 12_000, total: 54_000, leftSec: 3 }
    const views = [
      viewAt(0),
      viewAt(1830),
      viewAt(5400, { work }),
      viewAt(durationSec, { windingDown: true }),
    ]
    for (let columns = 100; columns <= 220; columns += 40) {
      for (const rows of [24, 31, 32, 43, 44, 80]) {
        const heights = views.map((view) => {
          const lines = renderLiveBlock(view, { columns, rows, colour: true }).map(withoutColour)
          for (const line of lines) expect(Array.from(line).length).toBeLessThan(columns)
          expect(lines.join('\n')).not.toMatch(/NaN|undefined|Infinity/)
          return lines.length
        })
        expect(new Set(heights).size).toBe(1)
        expect(heights[0]).toBeLessThan(rows)
      }
    }
  })

  test('adds up refusals as the record does', () => {
    const figures = figuresAt(durationSec)
    const total = sumCounts(record, { outcome: 'rejected' })
    expect(figures.outcomes.rejected).toBe(total)
    expect(figures.byCause().reduce((sum, { total: n }) => sum + n, 0)).toBe(total)
    expect(figures.refusedPerInterval.reduce((sum, n) => sum + n, 0)).toBe(total)
  })

  test('tells the phases of a switch apart', () => {
    expect([1000, 1850, 5000].map((nowSec) => figuresAt(nowSec).phase)).toEqual([
      'before the switch',
      'fleet mixed',
      'after the switch',
    ])
  })

  test('cannot be steered by the name of a scenario', () => {
    const scenario = `evil\u001b[2J\u0007${'x'.repeat(300)}`
    const lines = renderLiveBlock(viewAt(3000, { scenario }), { columns: 100, rows: 24, colour: false })
    expect(lines.join('')).not.toContain('\u001b')
    expect(lines[0]).toHaveLength(99)
  })

  test('shows work before the run with a bar and the time that is left', () => {
    const work = { text: 'seeding rows', done: 120_000, total: 300_000, leftSec: 4.2 }
    expect(renderWorkBlock('cern-2017', work, { columns: 100, rows: 24, colour: false })).toEqual([
      'cern-2017',
      'seeding ━━━━━━━━━━━━────────────────── 120,000 of 300,000 rows, about 4 s left',
    ])
    expect(workText(work)).toBe('seeding: 120,000 of 300,000 rows, about 4 s left')
  })
})

describe('a run where no block can be held', () => {
  test('is told in lines of at most 80 columns, the ones that were looked at', () => {
    const lines = [renderLiveOpening(viewAt(0))]
    let told = toldNothing
    for (const nowSec of [0, 900, 1790, 1840, 2100, 3200, 3400, 5300, 9000, 50_000, durationSec]) {
      const work =
        nowSec === 50_000 ? { text: 'flushing rows', done: 1000, total: 12_000, leftSec: 11 } : null
      const next = renderLiveLines(viewAt(nowSec, { work, windingDown: nowSec === durationSec }), told)
      lines.push(...next.lines)
      ;({ told } = next)
    }
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
    const shown = text(lines)
    expect(shown).toBe(goldenFile('render/golden/live-80.golden.txt', shown))
  })

  test('says a cause only while it has something new', () => {
    const first = renderLiveLines(viewAt(3200), toldNothing)
    const again = renderLiveLines(viewAt(3200), first.told)
    expect(first.lines.length).toBeGreaterThan(again.lines.length)
    expect(again.lines).toHaveLength(1)
  })
})
