// A profile's measured points beside what both worlds make of them, and whether they agree.
// It exists so that what is promised of a profile is judged in one place, by a benchmark and by a test.
import { disturbedFrom } from '../../plan/costFit.js'
import type { CostProfile, MeasuredPoint } from '../../scenario/costs/profile.js'
import type { BarRow } from '../barRow.js'
import type { Loop } from './closedLoop.js'

/** Median and throughput within so much of the measurement. */
export const bar = 0.15

/** One measured point, and what was predicted for it. */
export interface Replayed {
  readonly profile: CostProfile
  readonly point: MeasuredPoint
  readonly simulated: Loop
  /** Null: not played there. */
  readonly local: Loop | null
}

/** Whether a point is judged: points of one client show the times themselves, disturbed ones what other programs did. */
export const isJudged = ({ concurrency, otherLoad }: MeasuredPoint): boolean =>
  concurrency > 1 && otherLoad <= disturbedFrom

/** `queens uuid validate, cache none, 8 clients`. */
export const nameOf = ({ name }: CostProfile, point: MeasuredPoint): string => {
  const { provider, op, cache, concurrency, passwordHash } = point
  const hash = passwordHash === null ? '' : ` ${passwordHash.scheme}-${passwordHash.rounds}`
  return `${name} ${provider} ${op}${hash}, cache ${cache}, ${concurrency} client${concurrency === 1 ? '' : 's'}`
}

const within = (ratio: number): boolean => Math.abs(ratio - 1) <= bar

export const holds = ({ perSec, p50Ms }: MeasuredPoint, predicted: Loop): boolean =>
  within(predicted.perSec / perSec) && within(predicted.p50Ms / p50Ms)

/** The rows of a point in the form of all benchmarks: the floor is the measurement. */
export const barRows = ({
  profile,
  point,
  simulated,
  local,
}: Replayed): readonly (BarRow & {
  readonly judged: boolean
  readonly otherLoad: number
})[] => {
  const worlds = [{ world: 'simulated', loop: simulated }]
  if (local !== null) worlds.push({ world: 'local', loop: local })
  return worlds.flatMap(({ world, loop }) => {
    const { perSec, p50Ms } = loop
    const row = (what: string, unit: string, value: number, floor: number) => ({
      name: `${nameOf(profile, point)}: ${what}, ${world}`,
      value,
      unit,
      floor,
      ratio: value / floor,
      rule: '±' as const,
      bar,
      holds: within(value / floor),
      judged: isJudged(point),
      otherLoad: point.otherLoad,
    })
    return [row('throughput', 'requests/s', perSec, point.perSec), row('p50', 'ms', p50Ms, point.p50Ms)]
  })
}

/** The mean of loops with different seeds. */
export const meanLoop = (loops: readonly Loop[]): Loop => {
  const mean = (of: (loop: Loop) => number): number =>
    loops.reduce((sum, loop) => sum + of(loop), 0) / loops.length
  return {
    count: mean(({ count }) => count),
    perSec: mean(({ perSec }) => perSec),
    p50Ms: mean(({ p50Ms }) => p50Ms),
    p95Ms: mean(({ p95Ms }) => p95Ms),
  }
}
