// The test of Kolmogorov and Smirnov against its published table, and on gaps whose distance is known on paper.
// It exists because "open loop" is claimed by this figure.
import { describe, expect, test } from '@jest/globals'
import { Random } from '../../src/base/random.js'
import {
  chanceOfDistance,
  criticalDistance,
  exponentialDistance,
  gapsOf,
} from '../../src/measure/arrivalFit.js'

describe('the limit distribution', () => {
  // N. Smirnov, Table for estimating the goodness of fit of empirical distributions (1948): 1.22, 1.36, 1.63.
  test.each([
    [0.1, 1.22385],
    [0.05, 1.3581],
    [0.01, 1.62762],
  ])('is exceeded with chance %d at √n·D = %d', (chance, x) => {
    expect(chanceOfDistance(x, 1)).toBeCloseTo(chance, 5)
    expect(chanceOfDistance(x / 20, 400)).toBeCloseTo(chance, 5)
    expect(criticalDistance(chance, 1)).toBeCloseTo(x, 4)
    expect(criticalDistance(chance, 10_000)).toBeCloseTo(x / 100, 6)
  })

  test('no distance at all is always reached, a large one hardly ever', () => {
    expect(chanceOfDistance(0, 100)).toBe(1)
    expect(chanceOfDistance(0.5, 1000)).toBeLessThan(1e-100)
  })
})

describe('the distance from the exponential', () => {
  test('one gap at the median is half away', () => {
    expect(exponentialDistance([7 * Math.LN2], 7)).toBeCloseTo(0.5, 12)
  })

  test('gaps that are all the mean, as a metronome has them, are 1 − 1/e away', () => {
    expect(
      exponentialDistance(
        Array.from({ length: 1000 }, () => 3),
        3,
      ),
    ).toBeCloseTo(1 - 1 / Math.E, 12)
  })

  test('gaps in one burst are all the way off', () => {
    expect(exponentialDistance([0, 0, 0, 0], 1)).toBe(1)
  })

  test('gaps at the middles of n equal shares are half a share away, in any order', () => {
    const n = 50
    const gaps = Array.from({ length: n }, (_, i) => -4 * Math.log(1 - (((i * 7) % n) + 0.5) / n))
    expect(exponentialDistance(gaps, 4)).toBeCloseTo(0.5 / n, 12)
  })

  test('drawn gaps are near, and those of another mean are told apart', () => {
    const random = new Random(1, 'gaps')
    const gaps = Array.from({ length: 20_000 }, () => random.exponential(0.01))
    const critical = criticalDistance(0.01, gaps.length)
    expect(exponentialDistance(gaps, 0.01)).toBeLessThan(critical)
    expect(exponentialDistance(gaps, 0.0105)).toBeGreaterThan(critical)
  })
})

test('gaps are between neighbours, in whatever order the instants come', () => {
  expect(gapsOf([5, 1, 2, 10])).toEqual([1, 3, 5])
  expect(gapsOf([5])).toEqual([])
})
