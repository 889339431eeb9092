// The size of the table and its flushes, against CERN's figures and against a table that is stepped through row by row.
import { describe, expect, test } from '@jest/globals'
import { flushRateNear } from '../../src/plan/tableCost.js'
import {
  emptyAfterSec,
  flushWork,
  issuesPerSecOf,
  rowsAfter,
  tableSize,
  type TableInput,
} from '../../src/plan/tableGrowth.js'

const hour = 3600
const cern: TableInput = {
  issuesPerSec: issuesPerSecOf(300_000, 24 * hour),
  validitySec: 24 * hour,
  windowSec: 0,
  flushEverySec: hour,
  rowBytes: 5000,
}

describe('the table in its steady state', () => {
  test('of 300,000 live tokens that are good for a day stands for 3.47 issues a second', () => {
    expect(cern.issuesPerSec).toBeCloseTo(3.472, 3)
    expect(tableSize(cern).liveRows).toBeCloseTo(300_000, 6)
    expect(tableSize(cern).mostRows).toBeCloseTo(312_500, 6)
  })

  test('is three times as large where expired rows stay for two days more (Ocata and later)', () => {
    const ocata = tableSize({ ...cern, windowSec: 172_800 })
    expect(ocata.leastRows / tableSize(cern).leastRows).toBeCloseTo(3, 9)
  })

  test('is what a table comes to in which rows are added and flushed one by one', () => {
    const input: TableInput = {
      issuesPerSec: 2,
      validitySec: 600,
      windowSec: 120,
      flushEverySec: 90,
      rowBytes: 1,
    }
    let rows: number[] = []
    let most = 0
    let least = Infinity
    for (let halfSec = 1; halfSec <= 9000; halfSec++) {
      rows.push(halfSec / 2 + input.validitySec + input.windowSec)
      if ((halfSec / 2) % input.flushEverySec !== 0) continue
      if (halfSec > 4000) most = Math.max(most, rows.length)
      rows = rows.filter((end) => end > halfSec / 2)
      if (halfSec > 4000) least = Math.min(least, rows.length)
    }
    expect(most).toBe(tableSize(input).mostRows)
    expect(least).toBe(tableSize(input).leastRows)
  })
})

test('a flush deletes what a period issues, in batches of 1,000: one transaction in Mitaka, one a batch later', () => {
  const release = { batchRows: 1000, rowsPerSec: 5000 }
  expect(flushWork(cern, { ...release, transaction: 'one' })).toMatchObject({
    batches: 13,
    transactions: 1,
    seconds: 2.5,
  })
  expect(flushWork(cern, { ...release, transaction: 'each' })).toMatchObject({ transactions: 13 })
})

test('after the last UUID token the table falls evenly and is empty a validity and a flush later', () => {
  expect(rowsAfter(cern, 12 * hour)).toBeCloseTo(150_000, 6)
  expect(rowsAfter(cern, 25 * hour)).toBe(0)
  expect(emptyAfterSec(cern)).toBe(25 * hour)
})

test('a flush is taken to be as fast as with the measured table that is nearest in proportion', () => {
  const measured = [
    { rows: 10_000, flush: { alone: { rows: 1000, seconds: 0.1 } } },
    { rows: 1_000_000, flush: { alone: { rows: 1000, seconds: 1 } } },
  ]
  // 200,000 rows are twenty times the small table, and a fifth of the large one.
  expect(flushRateNear(measured, 200_000)).toBe(1000)
  expect(flushRateNear(measured, 50_000)).toBe(10_000)
  expect(flushRateNear([], 50_000)).toBeNull()
})
