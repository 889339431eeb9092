// Intervals by the bootstrap: how far a statistic of a few runs may lie from what it would be of very many.
// It exists because nothing is known of how the times of runs are distributed, other than these runs themselves.
import { Random } from '../base/random.js'
import { normalQuantile, normalShareBelow } from './normal.js'
import type { Figure } from './spread.js'

export interface BootstrapOptions<T> {
  /** The observations that are independent of each other. */
  readonly sample: readonly T[]
  readonly statistic: (sample: readonly T[]) => number
  /** The share of the interval, such as 0.95. */
  readonly confidence: number
  readonly resamples: number
  readonly seed: number
}

/**
 * A statistic with its BCa interval (bias-corrected and accelerated): percentiles of the statistic over resamples, moved by how
 * far its median lies off and by how its spread changes with its value.
 *
 *     α₁ = Φ(z₀ + (z₀ + z) / (1 − a·(z₀ + z)))   with z₀ = Φ⁻¹(share of resamples below the value)
 *     a  = Σ (m − mᵢ)³ / 6·(Σ (m − mᵢ)²)^1.5     with mᵢ the value without observation i, m their mean
 *
 * Source: B. Efron, R. J. Tibshirani, An Introduction to the Bootstrap (1993), equations 14.9 to 14.15.
 */
export const bootstrap = <T>(options: BootstrapOptions<T>): Figure => {
  const { sample, statistic, confidence, resamples, seed } = options
  const value = statistic(sample)
  const random = new Random(seed, 'bootstrap', sample.length)
  const drawn = Array.from({ length: resamples }, () => statistic(sample.map(() => random.pick(sample))))
  drawn.sort((a, b) => a - b)
  // Of equal values half count as below: few runs give few different resamples.
  const below = drawn.reduce((sum, each) => sum + (each < value ? 1 : each === value ? 0.5 : 0), 0)
  const z0 = normalQuantile(Math.min(Math.max(below, 0.5), resamples - 0.5) / resamples)
  const a = acceleration(sample, statistic)
  const at = (share: number): number => {
    const z = z0 + normalQuantile(share)
    const moved = normalShareBelow(z0 + z / (1 - a * z))
    const index = Math.round(moved * (resamples + 1)) - 1
    return drawn[Math.min(Math.max(index, 0), resamples - 1)] ?? value
  }
  return { value, low: at((1 - confidence) / 2), high: at((1 + confidence) / 2) }
}

const acceleration = <T>(sample: readonly T[], statistic: (sample: readonly T[]) => number): number => {
  const without = sample.map((_, i) => statistic(sample.filter((__, k) => k !== i)))
  const mean = without.reduce((sum, each) => sum + each, 0) / without.length
  let squares = 0
  let cubes = 0
  for (const each of without) {
    squares += (mean - each) ** 2
    cubes += (mean - each) ** 3
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5)
}

/** The middle value; of an even number the mean of the two in the middle. NaN of none. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return Number.isInteger(middle)
    ? ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2
    : (sorted[Math.floor(middle)] ?? NaN)
}

/**
 * The estimate that belongs to signed ranks: the median of the means of all pairs of values, each with itself as well. One wild
 * run moves it as little as a median, and it wastes less. Source: J. L. Hodges, E. L. Lehmann, Annals of Mathematical Statistics 34 (1963).
 */
export const pseudoMedian = (values: readonly number[]): number => {
  const means: number[] = []
  values.forEach((a, i) => {
    for (let k = i; k < values.length; k++) means.push((a + (values[k] ?? NaN)) / 2)
  })
  return median(means)
}
