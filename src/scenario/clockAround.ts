// The clock of a plan for the local world: near real speed around its steps, a time-lapse between them.
// It exists so that a day can be confirmed with real processes in minutes, whatever the plan does when.
import type { Stretch } from '../base/time.js'

/** How fast scenario time passes around steps, and what else is needed there. */
const near = { speed: 45, traffic: 1 } as const
const far = { speed: 2400, traffic: 0.01 } as const
/** Before a step caches must be as they are in a running cloud; after it most of its peak must be over. */
const beforeSec = 600
const afterSec = 1200

/** @param stepsSec when steps begin or end, scenario seconds */
export const clockAround = (stepsSec: readonly number[], durationSec: number): readonly Stretch[] => {
  const stretches: Stretch[] = []
  let reachedSec = 0
  const add = (untilSec: number, how: typeof near | typeof far): void => {
    if (untilSec <= reachedSec) return
    const last = stretches.at(-1)
    if (last?.speed === how.speed) stretches.pop()
    stretches.push({ untilSec, ...how })
    reachedSec = untilSec
  }
  for (const sec of stepsSec.toSorted((a, b) => a - b)) {
    add(Math.min(durationSec, Math.floor(sec - beforeSec)), far)
    add(Math.min(durationSec, Math.ceil(sec + afterSec)), near)
  }
  add(durationSec, far)
  return stretches
}
