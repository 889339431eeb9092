// A short run of the codec's benchmark, so that it cannot rot.
// Its bars are for a quiet machine and are not checked here; its shape is.

import { expect, test } from '@jest/globals'
import { benchFernetCodec } from '../../src/bench/fernetCodec.js'

test('the benchmark of the codec gives four rows whose ratio is value by floor', async () => {
  const rows = await benchFernetCodec({ seconds: 0.1 })
  expect(rows.map((row) => [row.unit, row.bar])).toEqual([
    ['ops per CPU second', 0.8],
    ['ops per CPU second', 0.8],
    ['ops per CPU second', 8],
    ['ops per CPU second', 8],
  ])
  expect(new Set(rows.map((row) => row.name)).size).toBe(4)
  for (const row of rows) {
    expect(row.value).toBeGreaterThan(0)
    expect(row.ratio).toBeCloseTo(row.value / row.floor)
    expect(row.holds).toBe(row.ratio >= row.bar)
  }
})
