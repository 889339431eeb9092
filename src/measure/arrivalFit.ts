// How well gaps between arrivals follow the exponential distribution, by the test of Kolmogorov and Smirnov.
// It exists so that "open loop" is a figure: a generator that sends in bursts is far from its plan, however many it sends.

/**
 * Kolmogorov's distance D = sup |F_n(x) − F(x)| of gaps from the exponential distribution with mean `meanGap`, in any unit.
 * F_n steps at each gap, so the supremum lies at one of them, just before or just after the step:
 * D = max over i of max(i/n − F(x_i), F(x_i) − (i−1)/n), x_i ascending, F(x) = 1 − e^(−x/mean).
 * Source: A. N. Kolmogorov (1933); W. J. Conover, Practical Nonparametric Statistics (1971), chapter 6.
 */
export const exponentialDistance = (gaps: readonly number[], meanGap: number): number => {
  const sorted = Float64Array.from(gaps).sort()
  const n = sorted.length
  let distance = 0
  sorted.forEach((gap, i) => {
    const expected = 1 - Math.exp(-Math.max(0, gap) / meanGap)
    distance = Math.max(distance, (i + 1) / n - expected, expected - i / n)
  })
  return distance
}

/**
 * The chance that n gaps drawn from the very distribution lie at least as far from it as `distance`, for large n:
 * Q(x) = 2 Σ_{k≥1} (−1)^(k−1) e^(−2k²x²) at x = √n·D (Kolmogorov's limit). Below x = 0.2 it is 1 to 10 digits.
 */
export const chanceOfDistance = (distance: number, n: number): number => {
  const x = Math.sqrt(n) * distance
  if (x < 0.2) return 1
  let sum = 0
  for (let k = 1; k <= 100; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x)
  return Math.min(1, Math.max(0, sum))
}

/** The distance that n gaps of the very distribution exceed with the given chance, for large n. */
export const criticalDistance = (chance: number, n: number): number => {
  let low = 0.2
  let high = 5
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (chanceOfDistance(middle, 1) > chance) low = middle
    else high = middle
  }
  return high / Math.sqrt(n)
}

/** The gaps between instants, which may come in any order. */
export const gapsOf = (instants: readonly number[]): number[] => {
  const sorted = Float64Array.from(instants).sort()
  return Array.from(
    { length: Math.max(0, sorted.length - 1) },
    (_, i) => (sorted[i + 1] ?? 0) - (sorted[i] ?? 0),
  )
}
