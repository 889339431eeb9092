// How the rows of a cost profile follow from closed loops that were measured.
// It exists so that shipped profiles and those of `cutover profile` are fitted by the same formulas.
import type { BusyTime, CostRow, MeasuredPoint } from '../scenario/costs/profile.js'

/** A measured point, and what a check of the password took of each request, milliseconds. */
export interface FitPoint extends Pick<
  MeasuredPoint,
  'concurrency' | 'perSec' | 'p50Ms' | 'p95Ms' | 'otherLoad'
> {
  readonly hashMs: number
}

/** From so much on, other programs' load makes a point a bad witness. */
export const disturbedFrom = 0.05
const weightOfDisturbed = 0.1

const isCalm = ({ otherLoad }: Pick<FitPoint, 'otherLoad'>): boolean => otherLoad <= disturbedFrom

/** The 95 % point of the standard normal distribution. */
const z95 = 1.6448536269514722

/**
 * Median and spread of a lognormal distribution by two quantiles: σ = ln(p95 / p50) / z, with z = 1.6449 the 95 % point of the standard
 * normal distribution (Aitchison & Brown, The Lognormal Distribution, 1957, §2.3 and §4.4: the method of quantiles).
 */
export const lognormalBy = ({
  p50Ms,
  p95Ms,
}: Pick<FitPoint, 'p50Ms' | 'p95Ms'>): { readonly p50Ms: number; readonly spread: number } => ({
  p50Ms,
  spread: Math.max(0, Math.log(p95Ms / p50Ms) / z95),
})

/**
 * The time of a request in a worker, by Little's law: of n clients that are all served or waiting, min(n, workers) are in a
 * worker, so X · S = min(n, workers). Other programs' share of the processors is given back: S · (1 − share).
 */
const workerMs = (point: FitPoint, workers: number): number =>
  (Math.min(point.concurrency, workers) * 1000 * (1 - point.otherLoad)) / point.perSec

/** Minimum of a function with one valley, by the golden section. */
const minimum = (cost: (x: number) => number, from: number, to: number): number => {
  const golden = (Math.sqrt(5) - 1) / 2
  let [low, high] = [from, to]
  for (let i = 0; i < 80; i++) {
    const left = high - golden * (high - low)
    const right = low + golden * (high - low)
    if (cost(left) < cost(right)) high = right
    else low = left
  }
  return (low + high) / 2
}

/**
 * The time without the hash that fits points of one concurrency best: least squares of the logarithms, so that a tenth too much counts as a
 * tenth too little. Disturbed points count for a tenth.
 */
const baseMs = (points: readonly FitPoint[], totalMs: (point: FitPoint) => number): number => {
  const totals = points.map(totalMs)
  const cost = (base: number): number =>
    points.reduce((sum, point, i) => {
      const miss = Math.log((base + point.hashMs) / (totals[i] as number))
      return sum + (isCalm(point) ? 1 : weightOfDisturbed) * miss * miss
    }, 0)
  return minimum(cost, Math.min(...totals) / 1000, Math.max(...totals))
}

const steadiness = ({ p50Ms, p95Ms }: FitPoint): number => p95Ms / p50Ms

/**
 * The times of one operation, fitted to its closed loops. Alone: the median fits the medians of the loops of one client, the spread is that
 * of the steadiest of them, since a loop that holds a cold start is not steady. Busy: a time for each concurrency; one with nothing but
 * disturbed points is left out if another has calm ones. `alone` is null where no loop of one client was measured.
 */
export const fitTimes = (
  points: readonly FitPoint[],
  workers: number,
): { readonly alone: CostRow['alone'] | null; readonly busy: readonly BusyTime[] } => {
  const single = points.filter(({ concurrency }) => concurrency === 1)
  const [steadiest] = single.toSorted((a, b) => steadiness(a) - steadiness(b))
  const loaded = points.filter(({ concurrency }) => concurrency > 1)
  const levels = [...new Set(loaded.map(({ concurrency }) => concurrency))].toSorted((a, b) => a - b)
  const groups = levels.map((level) => loaded.filter(({ concurrency }) => concurrency === level))
  const calm = groups.filter((group) => group.some(isCalm))
  return {
    alone:
      steadiest === undefined
        ? null
        : { p50Ms: baseMs(single, ({ p50Ms }) => p50Ms), spread: lognormalBy(steadiest).spread },
    busy: (calm.length > 0 ? calm : groups).map((group) => ({
      inSystem: group[0]?.concurrency ?? 0,
      meanMs: baseMs(group, (point) => workerMs(point, workers)),
    })),
  }
}
