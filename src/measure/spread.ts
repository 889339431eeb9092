// Means with their spread: put together from parts, compared, and given as intervals of 95 %.
// It exists so that a difference is told with how sure it is.

/** A mean of so many values, and their variance. */
export interface Spread {
  readonly n: number
  readonly mean: number
  readonly variance: number
}

/** A value with the interval in which it lies with 95 % confidence. */
export interface Figure {
  readonly value: number
  readonly low: number
  readonly high: number
}

/**
 * The spread of all values of several parts: the mean of means, weighted, and the variance within the parts plus that
 * between them (the law of total variance). Null without a value.
 */
export const poolSpreads = (parts: readonly Spread[]): Spread | null => {
  const n = parts.reduce((sum, part) => sum + part.n, 0)
  if (n === 0) return null
  const mean = parts.reduce((sum, part) => sum + part.n * part.mean, 0) / n
  const variance =
    parts.reduce((sum, part) => sum + part.n * (part.variance + (part.mean - mean) ** 2), 0) / n
  return { n, mean, variance }
}

const normal975 = 1.959_963_985

/**
 * The 97.5 % quantile of Student's t distribution, by the expansion in 1/ν of Abramowitz and Stegun, 26.7.5; within
 * 0.2 % from 5 degrees of freedom on.
 */
export const studentT975 = (degrees: number): number => {
  const z = normal975
  const v = Math.max(1, degrees)
  return (
    z +
    (z ** 3 + z) / (4 * v) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * v ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * v ** 3)
  )
}

/** A mean against a baseline: their difference, and their ratio. */
export interface Comparison {
  readonly difference: Figure
  readonly ratio: Figure
}

/**
 * Compares the means of two samples:
 *
 *     difference = m₁ − m₀ ± t · √(s₁²/n₁ + s₀²/n₀),   t = t₀.₉₇₅(n₁ + n₀ − 2)
 *     ratio      = m₁ / m₀, with the half width of the difference divided by m₀
 *
 * Source: OpenStack's rally-runners, `reliability/analytics.py`, `calculate_degradation_area`.
 */
export const compareMeans = (sample: Spread, baseline: Spread): Comparison => {
  const half =
    studentT975(sample.n + baseline.n - 2) *
    Math.sqrt(sample.variance / sample.n + baseline.variance / baseline.n)
  const difference = sample.mean - baseline.mean
  const ratio = sample.mean / baseline.mean
  return {
    difference: { value: difference, low: difference - half, high: difference + half },
    ratio: { value: ratio, low: ratio - half / baseline.mean, high: ratio + half / baseline.mean },
  }
}
