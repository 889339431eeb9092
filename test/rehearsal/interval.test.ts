// How finely runs of some lengths are recorded.
// The width decides the size of every record and what a reader can tell apart, so its bounds are held here.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { intervalWidthSec } from '../../src/rehearsal/interval.js'

describe('the width of an interval', () => {
  test.each([
    ['an hour', 3600, 1],
    ['five thousand seconds', 5000, 1],
    ['a second more', 5001, 2],
    ['a day', 86_400, 20],
    ['a week', 604_800, 300],
    ['half a year', 15_768_000, 3600],
  ])('of a run of %s is the smallest round one', (_name, durationSec, widthSec) => {
    expect(intervalWidthSec(durationSec)).toBe(widthSec)
  })

  test('never gives more than five thousand intervals', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000_000 }), (durationSec) => {
        expect(durationSec / intervalWidthSec(durationSec)).toBeLessThanOrEqual(5000)
      }),
    )
  })
})
