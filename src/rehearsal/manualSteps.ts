// Steps of the timeline that wait for a person: which they are, and what asking for one does.
// Asking comes from outside of scenario time, so it goes through the clock's agenda like everything else.
import { micros } from '../base/time.js'
import { formatDuration } from '../scenario/units.js'
import type { Clock } from './ports.js'

/** A step that somebody may ask for, until `latestSec`, when it is done in any case. Numbers count from 1. */
export interface ManualStep {
  readonly number: number
  readonly label: string
  readonly latestSec: number
}

interface Waiting {
  readonly label: string
  readonly latestSec: number
  /** Called once, with the reason in words. */
  readonly met: (reason: string) => void
}

export class ManualSteps {
  private readonly clock: Clock
  private readonly steps = new Map<number, Waiting>()
  private added = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  add(step: Waiting): void {
    const number = ++this.added
    this.steps.set(number, step)
    const latest = formatDuration(Math.round(step.latestSec))
    this.clock.at(micros(step.latestSec), () => {
      if (this.steps.delete(number)) step.met(`nobody asked for it by ${latest}, so done at the latest time`)
    })
  }

  waiting(): readonly ManualStep[] {
    return [...this.steps].map(([number, { label, latestSec }]) => ({ number, label, latestSec }))
  }

  /** False if no such step waits: somebody was quicker, or its time had come. */
  trigger(number: number): boolean {
    const step = this.steps.get(number)
    if (step === undefined) return false
    this.steps.delete(number)
    this.clock.at(this.clock.now(), () => step.met('asked for by the operator'))
    return true
  }
}
