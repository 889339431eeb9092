// Scenario time as a server process sees it: a date that stands still until the run starts, then passes at the
// scenario's speeds. Every process computes it alone, from one origin and the machine's common clock.
import { TimeMap } from '../../base/time.js'
import type { TimeOrigin } from './calls.js'

export class ScenarioTime {
  private readonly origin: TimeOrigin
  private readonly map: TimeMap
  private originMs: number | null = null
  /** How far this process's clock is ahead of the scenario's; negative: behind. */
  aheadSec = 0

  constructor(origin: TimeOrigin) {
    this.origin = origin
    this.map = new TimeMap(origin.stretches)
  }

  /** @param originMs epoch milliseconds at which scenario second 0 was, or will be */
  start(originMs: number): void {
    this.originMs = originMs
  }

  /** Seconds since 1970 of the scenario's own calendar. */
  epochSec(): number {
    return this.origin.startsAtEpochSec + this.aheadSec + this.scenarioSec()
  }

  /** Scenario seconds in a real second, now. */
  speed(): number {
    return this.map.stretchAt(this.scenarioSec()).speed
  }

  private scenarioSec(): number {
    if (this.originMs === null) return 0
    const realSec = (performance.timeOrigin + performance.now() - this.originMs) / 1000
    return this.map.scenarioSec(Math.max(0, realSec))
  }
}
