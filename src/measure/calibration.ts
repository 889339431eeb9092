// What a calibration found, and its verdict: did the load generator measure what was there, and was it let run.
// Judged here, on plain figures, so that a case can be made up and its verdict seen.
import { cpuWaitShareMost } from '../base/limits.js'
import type { GeneratorLoad } from './record.js'
import type { Verdict } from './verdict.js'

/** A percentile: what follows from script and plan, and what was measured. */
export interface QuantileFigure {
  readonly share: number
  readonly expectedMs: number
  readonly measuredMs: number
  /** From the plan's due instants to when the stub says that it answered: what there was to measure. Null: not known. */
  readonly servedMs: number | null
}

/** What a tool did in one case. */
export interface CaseFigures {
  readonly name: string
  readonly perSec: number
  readonly seconds: number
  readonly planned: number
  readonly answered: number
  /** Sent, and the connection refused, cut or silent. */
  readonly failed: number
  /** Those of the plan that the script lets fail. */
  readonly failedExpected: number
  readonly quantiles: readonly QuantileFigure[]
  /** Replies that were given to another request than the one whose id they carry. */
  readonly misbound: number
  /** Kolmogorov's distance of the gaps between arrivals at the stub from the exponential distribution. */
  readonly gapsAtStub: number
}

/** What is known of our own generator beyond that. */
export interface OwnFigures extends CaseFigures {
  readonly shed: number
  /** The distance of the plan's own gaps, and of those between the instants of sending. */
  readonly gapsPlanned: number
  readonly gapsSent: number
  /** What a sample of the very distribution exceeds once in a hundred times. */
  readonly gapsCritical: number
  readonly lateness: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number }
  readonly load: GeneratorLoad
}

export const calibrationLimits = {
  latenessP99Ms: 5,
  /** Of the event loop: replies are read as late. */
  loopDelayP99Ms: 5,
  cpuWaitShare: cpuWaitShareMost,
  /** A percentile may be off by so much of its value … */
  quantileShare: 0.02,
  /** … or by so much, which sockets and turns of two event loops take in any case. */
  quantileMs: 1,
  /** Lost to a restart: so many more or fewer than scripted may have been on their way. */
  failedShare: 0.02,
  failedLeast: 5,
  /** How far the gaps of sending may be from the exponential beyond the plan's own distance. */
  gapsBeyondPlan: 0.05,
} as const

export interface Check {
  readonly what: string
  readonly observed: number
  readonly limit: number
  readonly holds: boolean
}

export interface CaseVerdict {
  readonly verdict: Verdict
  /** Why the case decides nothing. */
  readonly flaws: readonly string[]
  readonly checks: readonly Check[]
}

const atMost = (what: string, observed: number, limit: number): Check => ({
  what,
  observed,
  limit,
  holds: observed <= limit,
})

/** A share as percentiles are named: 99.5. */
const percentOf = (share: number): number => Math.round(share * 1000) / 10

const ms = (value: number): string => `${value.toLocaleString('en-US', { maximumFractionDigits: 2 })} ms`

/** Why a case tells nothing of the generator: it was late, starved or shed work, or the stub left its script. */
const flawsOf = ({ lateness, load, shed, quantiles }: OwnFigures): string[] => {
  const limits = calibrationLimits
  const flaws: string[] = []
  const late = (what: string, observedMs: number, limitMs: number): void => {
    if (observedMs > limitMs)
      flaws.push(`${what} by ${ms(observedMs)} at p99, where ${ms(limitMs)} is allowed`)
  }
  late('requests were sent late', lateness.p99Ms, limits.latenessP99Ms)
  late('the event loop came round late', load.loopDelayP99Ms, limits.loopDelayP99Ms)
  if (load.cpuWaitShare !== null && load.cpuWaitShare > limits.cpuWaitShare) {
    const percent = (value: number): string => `${Math.round(value * 100)} %`
    flaws.push(
      `for ${percent(load.cpuWaitShare)} of the time the generator was ready to run and had no core, where ${percent(limits.cpuWaitShare)} is allowed`,
    )
  }
  const strayed = quantiles.flatMap(({ share, expectedMs, servedMs }) =>
    servedMs === null || Math.abs(servedMs - expectedMs) <= quantileTolerance(expectedMs)
      ? []
      : [`p${percentOf(share)} ${ms(servedMs)} where ${ms(expectedMs)} was scripted`],
  )
  if (strayed.length > 0) flaws.push(`the stub itself did not keep to its script: ${strayed.join(', ')}`)
  if (shed > 0) flaws.push(`${shed} requests were due and never sent`)
  return flaws
}

/** How far a percentile may be off, milliseconds. */
export const quantileTolerance = (expectedMs: number): number =>
  Math.max(calibrationLimits.quantileMs, calibrationLimits.quantileShare * expectedMs)

/** Judges one case of our own generator. */
export const judgeCase = (figures: OwnFigures): CaseVerdict => {
  const { planned, answered, failed, failedExpected, shed, quantiles, misbound } = figures
  const limits = calibrationLimits
  const checks = [
    atMost('planned arrivals unaccounted for', Math.abs(planned - answered - failed - shed), 0),
    atMost('replies given to another request', misbound, 0),
    atMost(
      'requests lost beyond the script',
      Math.abs(failed - failedExpected),
      failedExpected === 0 ? 0 : Math.max(limits.failedLeast, limits.failedShare * failedExpected),
    ),
    ...quantiles.map(({ share, expectedMs, measuredMs }) =>
      atMost(
        `p${percentOf(share)} off by, ms`,
        Math.abs(measuredMs - expectedMs),
        quantileTolerance(expectedMs),
      ),
    ),
    atMost('distance of the planned gaps from the exponential', figures.gapsPlanned, figures.gapsCritical),
    atMost(
      'distance of the gaps as sent from the exponential',
      figures.gapsSent,
      figures.gapsPlanned + limits.gapsBeyondPlan,
    ),
  ]
  const flaws = flawsOf(figures)
  const held = checks.every(({ holds }) => holds)
  return { verdict: flaws.length > 0 ? 'inconclusive' : held ? 'pass' : 'fail', flaws, checks }
}

/** Of all cases: one that was let run and failed is a failure; else nothing is passed while a case decides nothing. */
export const judgeCalibration = (cases: readonly CaseVerdict[]): Verdict => {
  const verdicts = new Set(cases.map(({ verdict }) => verdict))
  if (verdicts.has('fail')) return 'fail'
  return verdicts.has('inconclusive') || cases.length === 0 ? 'inconclusive' : 'pass'
}
