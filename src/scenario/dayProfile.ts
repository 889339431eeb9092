// The traffic of a day, hour by hour: turns evenly spread instants into ones that crowd where the day is busy.
// It exists because the hour at which a switch is made decides how many people it hits.
import { daySec, hourSec } from '../base/time.js'

/**
 * A time change. With weight w(t) of mean 1 over a day, W(t) = ∫ w from midnight on, an instant e of the even day becomes the t
 * with W(t₀ + t) − W(t₀) = e, where t₀ is the time of day at which the run starts. A Poisson process of constant rate r becomes one
 * of rate r · w (time rescaling); over whole days nobody calls more or less often.
 */
export class DayProfile {
  /** Weights with mean 1. */
  private readonly weights: readonly number[]
  /** W at the full hours, 25 of them. */
  private readonly passedSec: readonly number[]
  private readonly startOfDaySec: number
  private readonly passedAtStartSec: number

  /** @param byHour 24 numbers, the first of them from midnight to one in UTC, not all 0 */
  constructor(byHour: readonly number[], startsAtEpochSec: number) {
    const mean = byHour.reduce((sum, each) => sum + each, 0) / byHour.length
    this.weights = byHour.map((each) => each / mean)
    const passed = [0]
    for (const weight of this.weights) passed.push((passed.at(-1) ?? 0) + weight * hourSec)
    this.passedSec = passed
    this.startOfDaySec = startsAtEpochSec % daySec
    const hour = Math.floor(this.startOfDaySec / hourSec)
    const into = this.startOfDaySec - hour * hourSec
    this.passedAtStartSec = (passed[hour] ?? 0) + into * (this.weights[hour] ?? 0)
  }

  /** Where an instant of the even day lies in the run. */
  scenarioSec(evenSec: number): number {
    const all = this.passedAtStartSec + evenSec
    const day = Math.floor(all / daySec)
    const rest = all - day * daySec
    let hour = 0
    while (hour < 23 && (this.passedSec[hour + 1] ?? 0) <= rest) hour++
    const weight = this.weights[hour] ?? 0
    const into = weight === 0 ? 0 : (rest - (this.passedSec[hour] ?? 0)) / weight
    return day * daySec + hour * hourSec + into - this.startOfDaySec
  }
}
