// Where counts stand out over their background: the begin and the end of each such stretch, from counts alone.
// It exists apart from peaks because it knows nothing of tokens: only of counts, seconds and chance.
//
// Method. Refusals of a class are counts in intervals, taken to be Poisson with a rate per second of full traffic.
// - Background: the rate before anything was done (after the warm-up, before the first switch), taken at the upper end of
//   what its count allows. √count has standard deviation ½ whatever the rate (Anscombe 1948), so k refusals in E seconds
//   allow (√(k + 1) + 3/2)² / E at three standard deviations. "From zero" is thereby no special case.
// - Begin: Page's test (CUSUM, Page 1954), one for each doubling of the background. It adds up the log of the likelihood
//   ratio of the doubled rate to the background and falls back to 0 when that turns negative. The sum is the same whether
//   one interval of 10 s is added or ten of 1 s, so the width of the intervals does not matter. The ratio is a martingale
//   under the background, so that a test started in any given interval ever reaches h with probability e^−h at most (Ville);
//   with N intervals and J tests h = ln(N·J / 0.01) means one false peak in a hundred runs, at most.
// - End: the same sum, for the lowest rate that still stands out, has fallen by ln 100 from its highest point, at which
//   the peak then ends (the X-drop rule of sequence alignment). Two thresholds, so that noise at the edge ends nothing.
// - A background that comes in bursts is wider than Poisson; scores are divided by that factor (quasi-likelihood).

/** Confidence that refusals have stopped, and not only paused: the log of 100 to 1. */
export const stoppedEvidence = Math.log(100)
/** Of so many runs without a peak, one may show one. */
const falsePeaksPerRun = 0.01
/** Three standard deviations of √count, each ½. */
const backgroundMargin = 1.5
/**
 * A peak is over when less than this share of its height is left: one row of a chart that is 20 rows high. If refusals
 * die away exponentially, 95 % of them lie before that.
 */
const tailShare = 1 / 20
/**
 * A healthy cloud refuses fewer than one request in a hundred. Needed only where the look before the switch was too
 * short to say so: without it, a slow class would need hours of quiet before its peak could be told from background.
 */
const healthyShare = 0.01
/** Below so many refusals, or so many intervals, their scatter says nothing about bursts. */
const burstEvidence = 20

/** The refusals of one class on the grid of intervals. */
export interface ClassGrid {
  readonly intervalSec: number
  /** Refusals in each interval. */
  readonly counts: readonly number[]
  /** Seconds of full traffic that each interval is worth. */
  readonly exposureSec: readonly number[]
}

/** A stretch of intervals: from, and up to but without, an index. */
export interface GridStretch {
  readonly from: number
  readonly to: number
}

/** The sum of the numbers from one index up to but without another. */
export const sumOf = (numbers: readonly number[], from: number, to: number): number => {
  let total = 0
  for (let i = from; i < to; i++) total += numbers[i] ?? 0
  return total
}

/** The rate of refusals that is nothing new, per second of full traffic, and how much wider than Poisson it scatters. */
export interface Background {
  readonly perSec: number
  readonly spread: number
}

/** The background in a stretch of intervals, see the head of this file. `requestsPerSec` is that of the whole run. */
export const backgroundOf = (grid: ClassGrid, quiet: GridStretch, requestsPerSec: number): Background => {
  const { counts, exposureSec } = grid
  const seconds = sumOf(exposureSec, quiet.from, quiet.to)
  const refusals = sumOf(counts, quiet.from, quiet.to)
  const healthy = requestsPerSec * healthyShare
  if (seconds === 0) return { perSec: healthy, spread: 1 }
  const upper = (Math.sqrt(refusals + 1) + backgroundMargin) ** 2 / seconds
  const perSec = refusals === 0 ? Math.min(upper, healthy) : upper
  const intervals = quiet.to - quiet.from
  if (refusals < burstEvidence || intervals < burstEvidence) return { perSec, spread: 1 }
  let squares = 0
  for (let i = quiet.from; i < quiet.to; i++) {
    const expected = ((exposureSec[i] ?? 0) * refusals) / seconds
    if (expected > 0) squares += ((counts[i] ?? 0) - expected) ** 2 / expected
  }
  return { perSec, spread: Math.max(1, squares / (intervals - 1)) }
}

/** One test: what a refusal adds to the log of the likelihood ratio of a raised rate, and what a second takes away. */
interface Level {
  readonly perSec: number
  readonly gain: number
  readonly loss: number
}

const levelOf = (perSec: number, background: Background): Level => ({
  perSec,
  gain: Math.log(perSec / background.perSec) / background.spread,
  loss: (perSec - background.perSec) / background.spread,
})

/** The stretches of a grid that stand out over a background, in order. */
export const findStretches = (grid: ClassGrid, background: Background): readonly GridStretch[] => {
  const { counts, exposureSec } = grid
  const base = background.perSec
  const highest = counts.reduce((most, n, i) => {
    const seconds = exposureSec[i] ?? 0
    return seconds > 0 ? Math.max(most, n / seconds) : most
  }, 0)
  if (highest <= base || base <= 0) return []
  const doublings = Math.ceil(Math.log2(highest / base))
  const levels = Array.from({ length: doublings }, (_, j) => levelOf(base * 2 ** (j + 1), background))
  const threshold = Math.log((counts.length * levels.length) / falsePeaksPerRun)
  const found: GridStretch[] = []
  let at = 0
  while (at < counts.length) {
    const from = awaitBegin(grid, levels, threshold, at)
    if (from === null) break
    at = awaitEnd(grid, background, levels, threshold, from)
    found.push({ from, to: at })
  }
  return found
}

/** The index at which the next stretch begins, null if there is none. */
const awaitBegin = (
  { counts, exposureSec }: ClassGrid,
  levels: readonly Level[],
  threshold: number,
  start: number,
): number | null => {
  const sums = new Float64Array(levels.length)
  const starts = new Array<number>(levels.length).fill(start)
  for (let i = start; i < counts.length; i++) {
    const n = counts[i] ?? 0
    let best = 0
    for (let j = 0; j < levels.length; j++) {
      const { gain, loss } = levels[j] as Level
      const next = (sums[j] ?? 0) + n * gain - (exposureSec[i] ?? 0) * loss
      if (next <= 0) starts[j] = i + 1
      sums[j] = Math.max(0, next)
      if (next > (sums[best] ?? 0)) best = j
    }
    if ((sums[best] ?? 0) >= threshold) {
      // The likeliest level knows the beginning best: a lower one forgets older chance refusals too slowly.
      let from = starts[best] ?? i
      while (from < i && (counts[from] ?? 0) === 0) from++
      return from
    }
  }
  return null
}

/** The index after the last interval of the stretch. The lowest rate that counts rises with the height reached so far. */
const awaitEnd = (
  { counts, exposureSec }: ClassGrid,
  background: Background,
  levels: readonly Level[],
  threshold: number,
  from: number,
): number => {
  const sums = new Float64Array(levels.length)
  let lowest = levelOf(2 * background.perSec, background)
  let total = 0
  let most = 0
  let to = from + 1
  for (let i = from; i < counts.length; i++) {
    const n = counts[i] ?? 0
    const seconds = exposureSec[i] ?? 0
    for (let j = 0; j < levels.length; j++) {
      const level = levels[j] as Level
      sums[j] = Math.max(0, (sums[j] ?? 0) + n * level.gain - seconds * level.loss)
      const tail = level.perSec * tailShare
      if ((sums[j] ?? 0) >= threshold && tail > lowest.perSec) lowest = levelOf(tail, background)
    }
    total += n * lowest.gain - seconds * lowest.loss
    if (total >= most) {
      most = total
      to = i + 1
    } else if (most - total >= stoppedEvidence) break
  }
  return to
}

/** Whether a stretch by itself is evidence of a raised rate: the likelihood ratio of its own rate to the background. */
export const standsOut = (
  grid: ClassGrid,
  { perSec, spread }: Background,
  { from, to }: GridStretch,
): boolean => {
  const n = sumOf(grid.counts, from, to)
  const expected = perSec * sumOf(grid.exposureSec, from, to)
  return n > expected && (n * Math.log(n / expected) - (n - expected)) / spread >= stoppedEvidence
}
