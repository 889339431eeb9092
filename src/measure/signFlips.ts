// One rank test over many figures of the same pairs of runs, with the chance of any false alarm held for all of them together.
// It exists because p50 and p95 of one run rise together: to pay for each as if it were independent would cost most of the power.
import { Random } from '../base/random.js'
import { doubledRanks } from './rankTest.js'

/** Up to so many pairs every way to give signs is tried; beyond, so many drawn by chance. */
const enumeratedPairs = 13
const drawnFlips = 8192

/** Signed ranks of one figure, scaled so that figures are comparable: mean 0 and variance 1 without a difference. */
const signedScores = (differences: readonly number[]): readonly number[] => {
  const ranks = doubledRanks(differences.map(Math.abs))
  const scores = differences.map((difference, i) => Math.sign(difference) * (ranks[i] ?? 0))
  const norm = Math.sqrt(scores.reduce((sum, score) => sum + score * score, 0))
  return norm === 0 ? scores : scores.map((score) => score / norm)
}

/** The signs of each way: of all 2ⁿ, or of so many that are drawn; the first is as it was observed. */
function* waysOfSigns(pairs: number, seed: number): Generator<readonly number[]> {
  const all = pairs <= enumeratedPairs
  const random = new Random(seed, 'sign flips', pairs)
  const ways = all ? 2 ** pairs : drawnFlips
  for (let way = 0; way < ways; way++) {
    yield Array.from({ length: pairs }, (_, i) => {
      if (way === 0) return 1
      return (all ? (way >> i) & 1 : random.int(2)) === 1 ? -1 : 1
    })
  }
}

/**
 * For each figure the chance that, without any difference in any of them, one of the figures shows at least so large a rise:
 * Wilcoxon's signed ranks, and the step-down maximum of Westfall and Young over all ways to swap the two runs of a pair. With one
 * figure it is the signed-rank test itself.
 *
 * Source: P. H. Westfall, S. S. Young, Resampling-Based Multiple Testing (1993), algorithm 2.8.
 * @param figures for each figure the differences of the pairs, all of one length
 * @param seed of the draws, where there are too many ways to try all
 */
export const riseChances = (figures: readonly (readonly number[])[], seed: number): readonly number[] => {
  const pairs = figures[0]?.length ?? 0
  const scores = figures.map(signedScores)
  const observed = scores.map((list) => list.reduce((sum, score) => sum + score, 0))
  const order = observed.map((_, i) => i).sort((a, b) => (observed[b] ?? 0) - (observed[a] ?? 0))
  const atLeast = order.map(() => 0)
  let ways = 0
  for (const signs of waysOfSigns(pairs, seed)) {
    ways++
    let most = -Infinity
    // From the smallest figure up: each is compared with the largest of itself and those below it.
    for (let rank = order.length - 1; rank >= 0; rank--) {
      const figure = order[rank] ?? 0
      const own = (scores[figure] ?? []).reduce((sum, score, i) => sum + score * (signs[i] ?? 1), 0)
      most = Math.max(most, own)
      if (most >= (observed[figure] ?? 0) - 1e-9) atLeast[rank] = (atLeast[rank] ?? 0) + 1
    }
  }
  const chances = new Array<number>(figures.length).fill(1)
  let least = 0
  order.forEach((figure, rank) => {
    least = Math.max(least, (atLeast[rank] ?? 0) / ways)
    chances[figure] = least
  })
  return chances
}
