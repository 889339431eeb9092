// Units of time, one branded type for instants, and the map between scenario time and real time.
// It exists so that no layer mixes seconds, milliseconds and microseconds, nor the two kinds of time.

/** Microseconds since the start of the run. */
export type Micros = number & { readonly __unit: 'us' }

/** Seconds to microseconds. */
export const micros = (seconds: number): Micros => (seconds * 1e6) as Micros

/** Microseconds to seconds. */
export const toSec = (us: number): number => us / 1e6

export const minuteSec = 60
export const hourSec = 3600
export const daySec = 86_400

/**
 * One stretch of a run: until `untilSec` (scenario seconds) scenario time passes `speed` times as fast as
 * real time, and the share `traffic` (0 < traffic ≤ 1) of every class's members is active.
 */
export interface Stretch {
  readonly untilSec: number
  readonly speed: number
  readonly traffic: number
}

/** Stretches a run above this speed are called a time-lapse: response times measured in them predict nothing. */
export const timeLapseSpeed = 120

/** The piecewise linear map between scenario seconds and real seconds, both from the start of the run. */
export class TimeMap {
  private readonly scenarioAt: number[] = [0]
  private readonly realAt: number[] = [0]
  readonly stretches: readonly Stretch[]

  constructor(stretches: readonly Stretch[]) {
    this.stretches = stretches
    for (const stretch of stretches) {
      const from = this.scenarioAt.at(-1) ?? 0
      this.scenarioAt.push(stretch.untilSec)
      this.realAt.push((this.realAt.at(-1) ?? 0) + (stretch.untilSec - from) / stretch.speed)
    }
  }

  /** The stretch in force at a scenario second; the last one holds for ever. */
  stretchAt(scenarioSec: number): Stretch {
    for (const stretch of this.stretches) if (scenarioSec < stretch.untilSec) return stretch
    return this.stretches.at(-1) ?? { untilSec: Infinity, speed: 1, traffic: 1 }
  }

  /** Real seconds from the start of the run at which a scenario second is reached. */
  realSec(scenarioSec: number): number {
    const i = this.segment(this.scenarioAt, scenarioSec)
    return (this.realAt[i] ?? 0) + (scenarioSec - (this.scenarioAt[i] ?? 0)) / this.speedOf(i)
  }

  /** The scenario second that is reached after so many real seconds. */
  scenarioSec(realSec: number): number {
    const i = this.segment(this.realAt, realSec)
    return (this.scenarioAt[i] ?? 0) + (realSec - (this.realAt[i] ?? 0)) * this.speedOf(i)
  }

  private speedOf(segment: number): number {
    return this.stretches[Math.min(segment, this.stretches.length - 1)]?.speed ?? 1
  }

  private segment(starts: readonly number[], value: number): number {
    let i = 0
    while (i + 1 < starts.length && (starts[i + 1] ?? Infinity) <= value) i++
    return i
  }
}
