// By how much revocation events lengthen a validation, release by release.
// It stands apart because both worlds ask it when a Keystone's costs are played.
import type { Release } from '../../scenario/scenario.js'

/**
 * What a validation takes in a Keystone with so many revocation events, milliseconds. Mitaka: the message of Keystone's
 * commit 9e8437146. Newton: measured on 10.0.3, without a cache.
 */
const revocationMs: Readonly<Partial<Record<Release, readonly (readonly [events: number, ms: number])[]>>> = {
  mitaka: [
    [10, 7.908],
    [100, 18.224],
    [1000, 110.155],
    [10_000, 1998.22],
  ],
  newton: [
    [26, 18],
    [526, 118],
    [5526, 1101],
  ],
}

/** A straight line through two points of a measurement, at `events`. */
const between = (
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
  events: number,
): number => y0 + ((y1 - y0) / (x1 - x0)) * (events - x0)

/** Whether a release's validations grow with revocation events at all. */
export const slowedByRevocations = (release: Release): boolean => release in revocationMs

/**
 * By how much revocation events lengthen a validation, microseconds: straight lines between what was measured, the first and
 * the last drawn out. Since Ocata a filter in SQL leaves few of them, and the time is the same whatever their number.
 */
export const revocationUs = (release: Release, events: number): number => {
  const points = revocationMs[release]
  if (points === undefined || events === 0) return 0
  const last = points.length - 1
  const upper = points.findIndex(([at]) => at >= events)
  const to = Math.max(1, upper < 0 ? last : upper)
  const [first, second] = points as readonly [readonly [number, number], readonly [number, number]]
  const msNow = between(points[to - 1] ?? first, points[to] ?? second, events)
  return (msNow - between(first, second, 0)) * 1000
}
