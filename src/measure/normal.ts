// The normal distribution: how much lies below a value, and which value has a share below it.
// It exists because intervals by the bootstrap and the number of repetitions that would be enough are told through it.

/**
 * Φ(z), the share of the standard normal distribution below z, from 0.5 + φ(z)·(z + z³/3 + z⁵/(3·5) + …)
 * (Abramowitz and Stegun 26.2.11); beyond 7 it is 0 or 1 to more digits than a number has.
 */
export const normalShareBelow = (z: number): number => {
  if (z < -7) return 0
  if (z > 7) return 1
  let term = z
  let sum = z
  for (let k = 3; Math.abs(term) > 1e-17; k += 2) {
    term *= (z * z) / k
    sum += term
  }
  return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI)
}

/** The z with Φ(z) = share, for a share between 0 and 1, found by halving: good to ten digits. */
export const normalQuantile = (share: number): number => {
  let low = -7
  let high = 7
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (normalShareBelow(middle) < share) low = middle
    else high = middle
  }
  return (low + high) / 2
}
