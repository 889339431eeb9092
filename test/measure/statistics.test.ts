// The statistics of comparisons, each held against a table, an example or a value that others published.
// It exists because a wrong p-value looks as good as a right one.
import { describe, expect, test } from '@jest/globals'
import { bootstrap, median, pseudoMedian } from '../../src/measure/bootstrap.js'
import { normalQuantile, normalShareBelow } from '../../src/measure/normal.js'
import { holm, rankSumTest, signedRankTest } from '../../src/measure/rankTest.js'
import { riseChances } from '../../src/measure/signFlips.js'

describe('the normal distribution', () => {
  // Abramowitz and Stegun, Handbook of Mathematical Functions, table 26.1.
  test.each([
    [0, 0.5],
    [1, 0.841344746068543],
    [2, 0.977249868051821],
    [3, 0.99865010196837],
    [-1.5, 0.066807201268858],
  ])('has so much below %d as the table says', (z, share) => {
    expect(normalShareBelow(z)).toBeCloseTo(share, 12)
  })

  // The usual critical values, as in any table of the distribution.
  test.each([
    [0.9, 1.2815515655],
    [0.975, 1.9599639845],
    [0.99, 2.326347874],
    [0.05, -1.644853627],
  ])('reaches %d at the critical value', (share, z) => {
    expect(normalQuantile(share)).toBeCloseTo(z, 8)
  })
})

describe('signed ranks', () => {
  // Hollander and Wolfe, Nonparametric Statistical Methods (1973), page 29: depression before and after a therapy; R's
  // wilcox.test prints V = 40, p-value = 0.01953 for it.
  const first = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3]
  const second = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]

  test('of the published example are as published', () => {
    const { statistic, pGreater } = signedRankTest(first.map((x, i) => x - (second[i] ?? 0)))
    expect(statistic).toBe(40)
    expect(pGreater).toBeCloseTo(0.01953125, 12)
  })

  // Critical values of the smaller rank sum at a one-sided 1 %: Wilcoxon and Wilcox, Some Rapid Approximate Statistical
  // Procedures (1964), table 2.
  test.each([
    [7, 0],
    [8, 1],
    [9, 3],
    [10, 5],
    [12, 9],
    [15, 19],
    [20, 43],
  ])('of %d pairs become significant at 1 %% at the sum of the table', (n, critical) => {
    // Ranks of negative differences that add up to a sum: the largest that fits first.
    const withNegativeSum = (sum: number): readonly number[] => {
      let left = sum
      const signs = new Map<number, number>()
      for (let rank = n; rank >= 1; rank--)
        if (rank <= left) {
          signs.set(rank, -1)
          left -= rank
        }
      return Array.from({ length: n }, (_, i) => (i + 1) * (signs.get(i + 1) ?? 1))
    }
    expect(signedRankTest(withNegativeSum(critical)).pGreater).toBeLessThanOrEqual(0.01)
    expect(signedRankTest(withNegativeSum(critical + 1)).pGreater).toBeGreaterThan(0.01)
  })

  test('leave pairs without a difference out, and find nothing where all are such', () => {
    expect(signedRankTest([1, 2, 0, 3])).toEqual(signedRankTest([1, 2, 3]))
    expect(signedRankTest([0, 0])).toEqual({ statistic: 0, pGreater: 1, pLess: 1 })
  })

  test('with ties are counted over all signs: of 1, 1, 2 all positive is one way in eight', () => {
    expect(signedRankTest([1, 1, 2]).pGreater).toBe(1 / 8)
  })
})

describe('rank sums', () => {
  // Hollander and Wolfe, page 69: permeability of membranes; R's wilcox.test prints W = 35, p-value = 0.1272.
  const term = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
  const early = [1.15, 0.88, 0.9, 0.74, 1.21]

  test('of the published example are as published', () => {
    const { statistic, pGreater } = rankSumTest(term, early)
    expect(statistic).toBe(35)
    expect(pGreater).toBeCloseTo(0.1272, 4)
  })

  test('of groups that do not overlap are one choice of all', () => {
    expect(rankSumTest([4, 5, 6], [1, 2, 3]).pGreater).toBe(1 / 20)
    expect(rankSumTest([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]).pLess).toBe(1 / 252)
  })
})

test('Holm adjusts as in the worked example of his method', () => {
  // p = 0.01, 0.04, 0.03, 0.005 become 0.03, 0.06, 0.06, 0.02: Wikipedia, Holm–Bonferroni method.
  const adjusted = holm([0.01, 0.04, 0.03, 0.005])
  ;[0.03, 0.06, 0.06, 0.02].forEach((p, i) => expect(adjusted[i]).toBeCloseTo(p, 12))
})

describe('one test over several figures', () => {
  const one = [5, -1, 4, 3, -2, 8, 7, 6]

  test('is the signed-rank test where there is one', () => {
    expect(riseChances([one], 1)[0]).toBeCloseTo(signedRankTest(one).pGreater, 12)
  })

  test('costs nothing for a figure that says the same again', () => {
    expect(riseChances([one, one.map((x) => 10 * x)], 1)[1]).toBeCloseTo(signedRankTest(one).pGreater, 12)
  })

  test('is between the single test and twice its chance for two figures', () => {
    const other = [1, -3, 2, -5, 4, -6, 8, -7]
    const [chance = 0] = riseChances([one, other], 1)
    const single = signedRankTest(one).pGreater
    expect(chance).toBeGreaterThan(single)
    expect(chance).toBeLessThanOrEqual(2 * single)
  })

  test('agrees with all ways where the signs are drawn', () => {
    const many = Array.from({ length: 16 }, (_, i) => (i % 4 === 0 ? -1 : 1) * (i + 1))
    expect(Math.abs((riseChances([many], 1)[0] ?? 1) - signedRankTest(many).pGreater)).toBeLessThan(0.003)
  })
})

describe('the bootstrap', () => {
  // Efron and Tibshirani, An Introduction to the Bootstrap (1993), table 14.1: the spatial test, A; its variance is 171.5.
  const spatial = [
    48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6, 0, 33, 28, 34, 4, 32, 24, 47, 41, 24, 26, 30, 41,
  ]
  const variance = (sample: readonly number[]): number => {
    const mean = sample.reduce((sum, x) => sum + x, 0) / sample.length
    return sample.reduce((sum, x) => sum + (x - mean) ** 2, 0) / sample.length
  }

  test('gives the BCa interval that its authors print', () => {
    const options = { sample: spatial, statistic: variance, confidence: 0.9, resamples: 20_000, seed: 1 }
    const { value, low, high } = bootstrap(options)
    expect(value).toBeCloseTo(171.5, 1)
    // Table 14.2: (115.8, 259.6), from 2,000 resamples.
    expect(Math.abs(low - 115.8)).toBeLessThan(4)
    expect(Math.abs(high - 259.6)).toBeLessThan(6)
  })

  test('of a mean is as wide as the standard error says', () => {
    const sample = Array.from({ length: 200 }, (_, i) => normalQuantile((i + 0.5) / 200))
    const statistic = (x: readonly number[]): number => x.reduce((sum, each) => sum + each, 0) / x.length
    const { low, high } = bootstrap({ sample, statistic, confidence: 0.95, resamples: 10_000, seed: 2 })
    const half = 1.96 * Math.sqrt(variance(sample) / 200)
    expect(high / half).toBeCloseTo(1, 1)
    expect(low / half).toBeCloseTo(-1, 1)
  })

  test('of equal values is that value', () => {
    const options = { sample: [3, 3, 3], statistic: median, confidence: 0.95, resamples: 100, seed: 3 }
    expect(bootstrap(options)).toEqual({ value: 3, low: 3, high: 3 })
  })
})

test('the estimate of signed ranks is that of the published example', () => {
  // Hollander and Wolfe, page 34: the Hodges–Lehmann estimate of the depression example is -0.46 for second minus first.
  const first = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3]
  const second = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
  expect(pseudoMedian(second.map((y, i) => y - (first[i] ?? 0)))).toBeCloseTo(-0.46, 2)
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
})
