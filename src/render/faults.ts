// Faults in words and figures, and the bands that they make in the charts.
// Terminal and page say the same of a fault, so what is said is settled here.
import type { Figure } from '../measure/spread.js'
import type { FaultEffect } from '../measure/faultEffects.js'
import { clockTime, count, counted, duration, milliseconds, plain } from './text.js'
import type { ReportView, Span } from './view.js'

/** From its beginning to the recovery, or as far as it was watched. */
export interface FaultBand extends Span {
  readonly label: string
}

export const faultBands = (view: ReportView): readonly FaultBand[] =>
  view.summary.faultEffects.map(({ kind, atSec, repairedSec, recoverySec, recovered, watchedUntilSec }) => ({
    label: kind,
    fromSec: atSec,
    toSec:
      recovered === true
        ? Math.max(repairedSec ?? atSec, atSec + (recoverySec?.value ?? 0))
        : Math.max(repairedSec ?? atSec, watchedUntilSec),
  }))

/** Half the width of an interval: `± 3`. */
const give = ({ value, high }: Figure): number => high - value

/** Both with as many decimals as the interval bears: `48.0 ± 3.7`, `1,204 ± 12`. */
export const withGive = (of: Figure): string => {
  const decimals = give(of) >= 10 ? 0 : give(of) >= 0.1 ? 1 : 2
  const told = (value: number): string => (decimals === 0 ? count(value) : value.toFixed(decimals))
  return `${told(of.value)} ± ${told(give(of))}`
}

const seconds = (of: Figure | null): string =>
  of === null ? 'unknown' : of.high === 0 ? 'none' : `${withGive(of)} s`

const recoveryOf = (effect: FaultEffect): string =>
  effect.recovered === false ? 'not seen' : seconds(effect.recoverySec)

const degradationOf = ({ baseline, degradation }: FaultEffect): string =>
  baseline === null
    ? 'unknown'
    : degradation.length === 0
      ? 'none'
      : degradation
          .map(
            ({ op, ratio, baselineMs, meanMs }) =>
              `${op} × ${withGive(ratio)} (${milliseconds(baselineMs)} → ${milliseconds(meanMs)})`,
          )
          .join('; ')

const causesOf = ({ effect }: FaultEffect): string =>
  Object.entries(effect.byCause)
    .sort(([, a], [, b]) => b - a)
    .map(([cause, n]) => `${cause} ${count(n)}`)
    .join(', ')

export const faultHeads = [
  'at',
  'fault',
  'lasted',
  'refused',
  'failed',
  'timed out',
  'downtime',
  'recovery',
  'degradation',
] as const

/** One row for each fault, in the order of `faultHeads`. */
export const faultRows = (view: ReportView): readonly (readonly string[])[] =>
  view.summary.faultEffects.map((each) => [
    clockTime(each.atSec),
    plain(each.label),
    each.repairedSec === null ? 'to the end' : duration(each.repairedSec - each.atSec),
    count(each.effect.refused),
    count(each.effect.failed),
    count(each.effect.timeout),
    seconds(each.downtimeSec),
    recoveryOf(each),
    degradationOf(each),
  ])

/** One sentence for each fault: what went wrong from it on, and until when. */
export const faultStories = (view: ReportView): readonly string[] =>
  view.summary.faultEffects.slice(0, storiesMost).map((each) => {
    const { refused, failed, timeout } = each.effect
    const wrong = refused + failed + timeout
    const lasted = each.repairedSec === null ? '' : ` for ${duration(each.repairedSec - each.atSec)}`
    const again =
      wrong === 0 || each.recovered === null
        ? ''
        : each.recovered && each.recoverySec !== null && each.recoverySec.value > 0
          ? `, and all went well again ${duration(Math.round(each.recoverySec.value))} after it began`
          : each.recovered
            ? ''
            : ', and was not seen to end'
    return `${plain(each.label)} at ${clockTime(each.atSec)}${lasted}: ${wrong === 0 ? 'no request went wrong' : `${counted(wrong, 'request')} went wrong`}${again}.`
  })

/** So many faults are told of on the first screen; the rest is in the table. */
const storiesMost = 4

/** What the figures do not say: why requests were refused, which steps failed, why a figure is not known; degradation if asked for. */
export const faultNotes = (view: ReportView, told: { readonly degradation: boolean }): readonly string[] =>
  view.summary.faultEffects.flatMap((each) => {
    const slower = told.degradation && each.degradation.length > 0
    const said = [
      ...(slower ? [`slower by ${degradationOf(each)}`] : []),
      ...(each.effect.refused === 0 ? [] : [`refused for ${causesOf(each)}`]),
      ...(each.effect.failedSteps === 0
        ? []
        : [`${counted(each.effect.failedSteps, 'step')} of the timeline failed`]),
      ...(each.baseline === null ? ['no calm before it to compare with'] : []),
    ]
    return said.length === 0 ? [] : [`${plain(each.label)} at ${clockTime(each.atSec)}: ${said.join('; ')}.`]
  })
