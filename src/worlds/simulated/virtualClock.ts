// The clock of the simulated world: it jumps from one entry of the agenda to the next.
// Scenario time and the time in which responses are measured are one and the same here.
import type { Micros } from '../../base/time.js'
import { Agenda } from '../../rehearsal/agenda.js'
import type { Clock } from '../../rehearsal/ports.js'

export class VirtualClock implements Clock {
  readonly jumps = true
  private readonly agenda = new Agenda()
  private time = 0 as Micros

  now(): Micros {
    return this.time
  }

  at(when: Micros, run: () => void): void {
    this.agenda.add(when > this.time ? when : this.time, run)
  }

  measured(): Micros {
    return this.time
  }

  measuredAt(when: Micros): Micros {
    return when
  }

  /** Runs up to `entries` entries; false when there was nothing left to run. */
  run(entries: number): boolean {
    for (let i = 0; i < entries; i++) {
      const next = this.agenda.nextTime()
      if (next === Infinity) return false
      this.time = next as Micros
      this.agenda.take()()
    }
    return true
  }
}
