// The clock of the local world: real time, seen through the scenario's speeds.
// Waits with a coarse timer and finishes with immediates: a timer alone is late by most of a millisecond.
import { micros, toSec, type Micros, type TimeMap } from '../../base/time.js'
import { Agenda } from '../../rehearsal/agenda.js'
import type { Clock } from '../../rehearsal/ports.js'

/** A timer is set to end this long before the entry is due; immediates cover the rest. */
const coarseMs = 2

/** After this many entries in one go the event loop gets its turn, so that replies are read in time. */
const entriesAtOnce = 64

export class ScaledClock implements Clock {
  private readonly agenda = new Agenda()
  private readonly map: TimeMap
  /** Null before the start: time stands still at 0. */
  private startMs: number | null = null
  private timer: NodeJS.Timeout | null = null
  private immediate: NodeJS.Immediate | null = null
  private running = false

  constructor(map: TimeMap) {
    this.map = map
  }

  /** Scenario second 0 is now. Returns that instant as epoch milliseconds, for the other processes. */
  start(): number {
    this.startMs = performance.now()
    this.running = true
    this.schedule()
    return performance.timeOrigin + this.startMs
  }

  stop(): void {
    this.running = false
    if (this.timer !== null) clearTimeout(this.timer)
    if (this.immediate !== null) clearImmediate(this.immediate)
    this.timer = null
    this.immediate = null
  }

  now(): Micros {
    return micros(this.map.scenarioSec(toSec(this.measured())))
  }

  at(when: Micros, run: () => void): void {
    this.agenda.add(this.measuredAt(when), run)
    if (this.running) this.schedule()
  }

  measured(): Micros {
    return (this.startMs === null ? 0 : (performance.now() - this.startMs) * 1000) as Micros
  }

  measuredAt(when: Micros): Micros {
    return micros(this.map.realSec(toSec(when)))
  }

  private schedule(): void {
    if (this.immediate !== null) return
    const waitMs = (this.agenda.nextTime() - this.measured()) / 1000
    if (this.timer !== null) {
      clearTimeout(this.timer)
      this.timer = null
    }
    if (waitMs === Infinity) return
    if (waitMs > coarseMs) this.timer = setTimeout(this.wake, waitMs - coarseMs)
    else this.immediate = setImmediate(this.turn)
  }

  private readonly wake = (): void => {
    this.timer = null
    this.schedule()
  }

  private readonly turn = (): void => {
    this.immediate = null
    if (!this.running) return
    for (let i = 0; i < entriesAtOnce && this.agenda.nextTime() <= this.measured(); i++) this.agenda.take()()
    if (this.running) this.schedule()
  }
}
