// Rank tests for few repetitions: Wilcoxon's signed ranks for pairs, Mann and Whitney's rank sum for two groups.
// They exist because the time of a run on a shared machine follows no known distribution; their tables are computed exactly.

/** Ranks from 1, equal values share the mean of theirs; doubled, so that they are whole numbers. */
export const doubledRanks = (values: readonly number[]): readonly number[] => {
  const order = values.map((value, i) => ({ value, i })).sort((a, b) => a.value - b.value)
  const ranks = new Array<number>(values.length).fill(0)
  for (let from = 0; from < order.length;) {
    let to = from
    while (order[to + 1]?.value === order[from]?.value) to++
    // Ranks from+1 … to+1 have the mean (from + to + 2) / 2.
    for (let k = from; k <= to; k++) ranks[order[k]?.i ?? 0] = from + to + 2
    from = to + 1
  }
  return ranks
}

/** What a rank test found. */
export interface RankTest {
  /** V of the signed ranks: the sum of the ranks of positive differences. U of the rank sum: pairs in which x is larger. */
  readonly statistic: number
  /** The chance of at least such a value where there is no difference. */
  readonly pGreater: number
  /** The chance of at most such a value. */
  readonly pLess: number
}

/** Ways of each sum of some of the doubled ranks; with `size`, of exactly so many of them. */
const waysOfSums = (ranks: readonly number[], size: number | null): readonly number[] => {
  const most = ranks.reduce((sum, rank) => sum + rank, 0)
  const levels = size === null ? 1 : size + 1
  const ways = Array.from({ length: levels }, () => new Array<number>(most + 1).fill(0))
  const first = ways[0] as number[]
  first[0] = 1
  for (const rank of ranks) {
    for (let level = levels - 1; level >= (size === null ? 0 : 1); level--) {
      const into = ways[level] as number[]
      const from = ways[size === null ? level : level - 1] as number[]
      for (let sum = most; sum >= rank; sum--) into[sum] = (into[sum] ?? 0) + (from[sum - rank] ?? 0)
    }
  }
  return ways[levels - 1] ?? []
}

const tailsOf = (
  ways: readonly number[],
  at: number,
): { readonly pGreater: number; readonly pLess: number } => {
  let all = 0
  let greater = 0
  let less = 0
  ways.forEach((n, sum) => {
    all += n
    if (sum >= at) greater += n
    if (sum <= at) less += n
  })
  return { pGreater: greater / all, pLess: less / all }
}

/**
 * Wilcoxon's signed-rank test of paired differences, exact also with ties: each of the 2ⁿ ways to give the ranks a sign is as
 * likely as any other where there is no difference. Differences of 0 are left out. Source: F. Wilcoxon, Individual comparisons by
 * ranking methods, Biometrics Bulletin 1 (1945). Without any difference both chances are 1.
 */
export const signedRankTest = (differences: readonly number[]): RankTest => {
  const left = differences.filter((difference) => difference !== 0)
  const ranks = doubledRanks(left.map(Math.abs))
  const positive = ranks.reduce((sum, rank, i) => sum + ((left[i] ?? 0) > 0 ? rank : 0), 0)
  return { statistic: positive / 2, ...tailsOf(waysOfSums(ranks, null), positive) }
}

/**
 * The rank-sum test of Mann and Whitney, exact also with ties: each choice of the ranks for x is as likely as any other where
 * there is no difference. Source: H. B. Mann, D. R. Whitney, Annals of Mathematical Statistics 18 (1947).
 */
export const rankSumTest = (x: readonly number[], y: readonly number[]): RankTest => {
  const ranks = doubledRanks([...x, ...y])
  const own = ranks.slice(0, x.length).reduce((sum, rank) => sum + rank, 0)
  const statistic = own / 2 - (x.length * (x.length + 1)) / 2
  return { statistic, ...tailsOf(waysOfSums(ranks, x.length), own) }
}

/**
 * Holm's step-down adjustment: the chance, for each of several tests, that they together would call at least one difference
 * where there is none. Source: S. Holm, Scandinavian Journal of Statistics 6 (1979).
 */
export const holm = (chances: readonly number[]): readonly number[] => {
  const order = chances.map((p, i) => ({ p, i })).sort((a, b) => a.p - b.p)
  const adjusted = new Array<number>(chances.length).fill(1)
  let most = 0
  order.forEach(({ p, i }, rank) => {
    most = Math.min(1, Math.max(most, p * (order.length - rank)))
    adjusted[i] = most
  })
  return adjusted
}
