// Which stretches after a fault were unlike the calm before it: more requests went wrong, or answers were slower.
// The rules are those of OpenStack's rally-runners, taken from single requests to the intervals of a record.
import type { IntervalLine, RunRecord } from './record.js'
import type { Op } from './sample.js'
import { compareMeans, poolSpreads, type Comparison, type Figure, type Spread } from './spread.js'
import { ops } from './tally.js'
import type { Span } from './windows.js'

/**
 * Constants of `rally_runners/reliability/analytics.py`: how many standard deviations make a degradation, how many
 * requests the smoothing takes together, how many that are well end a stretch, and how few make one.
 */
const sigmas = 4
const smoothedOver = 21
const gapMost = 6
const widthLeast = 3

/** By how much a mean must be slower at least: modelled costs hardly scatter, and then four sigmas are next to nothing. */
const slowerLeast = 0.1

/** Requests that the calm must have had to say what is normal. */
const calmRequestsLeast = 30

/** Response times of one operation of Keystone while it was slower than before the fault. */
export interface Degradation extends Comparison {
  readonly op: string
  /** Mean response time before the fault, and while it was slow; milliseconds. The comparison is of these two. */
  readonly baselineMs: number
  readonly meanMs: number
}

/** What was unlike the calm. */
export interface Affected {
  readonly baseline: Span & { readonly badShare: number }
  readonly downtimeSec: Figure
  /** The stretches that downtime is made of, and those in which an operation was slow. */
  readonly downtime: readonly Span[]
  readonly slow: readonly Span[]
  /** Null: not within what was watched. */
  readonly recoveredSec: number | null
  readonly recoverySec: Figure | null
  readonly degradation: readonly Degradation[]
}

/** A point in time of which is known how many requests it stands for, and whether they were as they should be. */
interface Point {
  readonly fromSec: number
  readonly well: number
  readonly ill: number
}

/**
 * The stretches of ill points. One ends when more than six requests in a row went well; it must hold `least` requests.
 * Source: `find_clusters` of rally-runners.
 */
const stretchesOf = (points: readonly Point[], intervalSec: number, least: number): readonly Span[] => {
  const found: { fromSec: number; toSec: number; n: number; well: number }[] = []
  for (const { fromSec, well, ill } of points) {
    const open = found.at(-1)
    if (ill === 0) {
      if (open !== undefined) open.well += well
      continue
    }
    const toSec = fromSec + intervalSec
    if (open === undefined || open.well > gapMost) found.push({ fromSec, toSec, n: ill, well: 0 })
    else Object.assign(open, { toSec, n: open.n + ill, well: 0 })
  }
  return found.filter(({ n }) => n >= least).map(({ fromSec, toSec }) => ({ fromSec, toSec }))
}

/** Requests of clients in an interval, and how many of them went wrong. */
const tallyOf = ({ counts }: IntervalLine): { readonly n: number; readonly bad: number } => {
  let n = 0
  let bad = 0
  for (const { leg, outcome, n: some } of counts) {
    if (leg !== 'client' || outcome === 'shed') continue
    n += some
    if (outcome !== 'ok') bad += some
  }
  return { n, bad }
}

/**
 * An interval is ill if more went wrong than the share of the calm explains: bad > p₀·n + 4·√(p₀·(1 − p₀)·n). Where
 * nothing went wrong before (p₀ = 0), as rally-runners assumes, that is any error.
 */
const errorPoints = (lines: readonly IntervalLine[], badShare: number): Point[] =>
  lines.map((line) => {
    const { n, bad } = tallyOf(line)
    const explained = badShare * n + sigmas * Math.sqrt(badShare * (1 - badShare) * n)
    return bad > explained
      ? { fromSec: line.fromSec, well: 0, ill: bad }
      : { fromSec: line.fromSec, well: n - bad, ill: 0 }
  })

const spreadOf = (line: IntervalLine, op: Op): Spread | null => {
  const own = line.latency[op]
  if (own?.meanMs === undefined || own.n === 0) return null
  return { n: own.n, mean: own.meanMs, variance: (own.sdMs ?? 0) ** 2 }
}

/**
 * An interval is slow if the mean over 21 responses that end in it lies above μ₀ + 4·σ₀, where μ₀ and σ₀ are mean and
 * standard deviation of a response in the calm; and above 1.1·μ₀. Source: `calculate_smooth_data` and `process_one_run`.
 */
const slowPoints = (lines: readonly IntervalLine[], op: Op, calm: Spread): Point[] => {
  const limit = calm.mean + Math.max(sigmas * Math.sqrt(calm.variance), slowerLeast * calm.mean)
  let recent: Spread[] = []
  return lines.flatMap((line): Point[] => {
    const own = spreadOf(line, op)
    if (own === null) return []
    recent = lastOf([...recent, own], smoothedOver)
    const slow = (poolSpreads(recent)?.mean ?? 0) > limit
    return [{ fromSec: line.fromSec, well: slow ? 0 : own.n, ill: slow ? own.n : 0 }]
  })
}

/** The last parts that are needed to hold `n` values. */
const lastOf = (parts: readonly Spread[], n: number): Spread[] => {
  let held = 0
  let first = parts.length
  while (first > 0 && held < n) held += parts[--first]?.n ?? 0
  return parts.slice(first)
}

/**
 * The length of stretches known to an interval at each edge. An edge lies anywhere in its interval w, so the error of one
 * stretch is the sum of two uniform ones: it exceeds x with the probability (1 − x/w)², which is 5 % at w·(1 − √0.05).
 * That of k stretches grows with √k.
 */
const lengthOf = (stretches: readonly Span[], w: number): Figure => {
  const value = stretches.reduce((sum, { fromSec, toSec }) => sum + Math.max(w / 2, toSec - fromSec - w), 0)
  const half = w * (1 - Math.sqrt(0.05)) * Math.sqrt(stretches.length)
  return { value, low: Math.max(0, value - half), high: value + half }
}

/** How long until the end of the last stretch, an edge of which is known to an interval: ± 0.475 w. */
const recoveryAfter = (atSec: number, lastSec: number, w: number): Figure => {
  const value = Math.max(0, lastSec - w / 2 - atSec)
  const half = 0.475 * w
  return { value, low: Math.max(0, value - half), high: value + half }
}

/** Stretches of several operations as one list in which none touch. */
const joined = (spans: readonly Span[]): readonly Span[] => {
  const found: Span[] = []
  for (const span of [...spans].sort((a, b) => a.fromSec - b.fromSec)) {
    const last = found.at(-1)
    if (last === undefined || span.fromSec > last.toSec) found.push(span)
    else found[found.length - 1] = { ...last, toSec: Math.max(last.toSec, span.toSec) }
  }
  return found
}

const linesIn = ({ header, intervals }: RunRecord, span: Span, whole: boolean): readonly IntervalLine[] =>
  intervals.filter(({ fromSec }) =>
    whole
      ? fromSec >= span.fromSec && fromSec + header.intervalSec <= span.toSec
      : fromSec + header.intervalSec > span.fromSec && fromSec < span.toSec,
  )

/**
 * Compares what came after a fault with the calm before it. Null if the calm is too short to say what is normal.
 * @param options.withTimes whether response times are looked at; those of a time-lapse say nothing
 */
export const fitAffected = (
  record: RunRecord,
  calm: Span,
  watched: Span,
  options: { readonly withTimes: boolean },
): Affected | null => {
  const w = record.header.intervalSec
  const before = linesIn(record, calm, true)
  const sums = before.map(tallyOf)
  const n = sums.reduce((sum, each) => sum + each.n, 0)
  if (n < calmRequestsLeast) return null
  const badShare = sums.reduce((sum, each) => sum + each.bad, 0) / n
  const after = linesIn(record, watched, false)
  const errors = stretchesOf(errorPoints(after, badShare), w, 1)
  const slow: Span[] = []
  const degradation: Degradation[] = []
  for (const op of options.withTimes ? ops : []) {
    const baseline = poolSpreads(before.flatMap((line) => spreadOf(line, op) ?? []))
    if (baseline === null || baseline.n < calmRequestsLeast) continue
    const stretches = stretchesOf(slowPoints(after, op, baseline), w, widthLeast)
    const meanwhile = poolSpreads(
      after
        .filter(({ fromSec }) => stretches.some((span) => fromSec >= span.fromSec && fromSec < span.toSec))
        .flatMap((line) => spreadOf(line, op) ?? []),
    )
    if (meanwhile === null) continue
    slow.push(...stretches)
    const compared = compareMeans(meanwhile, baseline)
    degradation.push({ op, baselineMs: baseline.mean, meanMs: meanwhile.mean, ...compared })
  }
  const lastSec = Math.max(-Infinity, ...[...errors, ...slow].map(({ toSec }) => toSec))
  // What reaches to the last but one interval may well go on.
  const recoveredSec =
    lastSec === -Infinity ? watched.fromSec : lastSec > watched.toSec - 2 * w ? null : lastSec
  const none: Figure = { value: 0, low: 0, high: 0 }
  return {
    baseline: { ...calm, badShare },
    downtimeSec: errors.length === 0 ? none : lengthOf(errors, w),
    downtime: errors,
    slow: joined(slow),
    recoveredSec,
    recoverySec:
      recoveredSec === null
        ? null
        : lastSec === -Infinity
          ? none
          : recoveryAfter(watched.fromSec, lastSec, w),
    degradation,
  }
}
