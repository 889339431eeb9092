// Health checks of a load balancer: each backend is asked once an interval, and is in service by its last few answers.
// The rule is HAProxy's: `fall` failures in a row take a backend out, `rise` successes in a row bring it back.
import { micros, toSec } from '../base/time.js'
import type { Clock } from './ports.js'

export interface HealthCheckOptions {
  readonly nodes: number
  readonly clock: Clock
  /** Scenario seconds from one check of a backend to the next, at an instant. */
  readonly intervalSec: (nowSec: number) => number
  readonly rise: number
  readonly fall: number
  /** Asks a backend (from 1) for `/healthcheck`; a check that is not answered within an interval has failed. */
  readonly probe: (node: number, done: (well: boolean) => void) => void
  /** When no more checks are made, scenario seconds. */
  readonly untilSec: number
}

interface Health {
  inService: boolean
  /** Answers in a row that speak against what it is. */
  against: number
}

export class HealthChecks {
  private readonly options: HealthCheckOptions
  private readonly health: readonly Health[]
  private up: readonly number[]

  /** All are in service at first, as HAProxy takes them to be. */
  constructor(options: HealthCheckOptions) {
    this.options = options
    this.health = Array.from({ length: options.nodes }, () => ({ inService: true, against: 0 }))
    this.up = this.health.map((_, i) => i + 1)
  }

  /** Backends in service. */
  inService(): readonly number[] {
    return this.up
  }

  /** Begins to check; the backends one after the other within an interval, as HAProxy spreads its checks. */
  start(): void {
    const { clock, intervalSec } = this.options
    const nowSec = toSec(clock.now())
    this.health.forEach((_, i) => {
      this.checkAt(i + 1, nowSec + (intervalSec(nowSec) * (i + 1)) / this.health.length)
    })
  }

  private checkAt(node: number, atSec: number): void {
    const { clock, intervalSec, probe, untilSec } = this.options
    if (atSec > untilSec) return
    clock.at(micros(atSec), () => {
      let open = true
      const end = (well: boolean): void => {
        if (open) this.count(node, well)
        open = false
      }
      const nextSec = atSec + intervalSec(atSec)
      clock.at(micros(nextSec), () => end(false))
      probe(node, end)
      this.checkAt(node, nextSec)
    })
  }

  private count(node: number, well: boolean): void {
    const own = this.health[node - 1] as Health
    if (well === own.inService) {
      own.against = 0
      return
    }
    own.against++
    if (own.against < (well ? this.options.rise : this.options.fall)) return
    own.inService = well
    own.against = 0
    this.up = this.health.flatMap(({ inService }, i) => (inService ? [i + 1] : []))
  }
}
