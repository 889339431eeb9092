// The load generator's promises: a rate from one core with little lateness, and a stall measured as mathematics has it.
// The cases are those of `cutover calibrate`; here they are held against bars.
import { quantileOf } from '../measure/script.js'
import type { OwnFigures } from '../measure/calibration.js'
import { calibrationCases, type CalibrationCase } from '../worlds/calibrate/cases.js'
import { playOwn } from '../worlds/calibrate/ownRun.js'
import type { BarRow } from './barRow.js'

const latenessMostMs = 5
const stallShareOff = 0.02

export interface GeneratorBenchOptions {
  /** A little above the bar: a Poisson plan holds its rate on average only. */
  readonly perSec: number
  /** The bar of the rate. */
  readonly leastPerSec: number
  readonly seconds: number
}

/** How late bare timers of this process are, milliseconds at p99: the floor of a lateness. */
const timerLatenessMs = async (timers: number): Promise<number> => {
  const late: number[] = []
  for (let i = 0; i < timers; i++) {
    const dueMs = performance.now() + 5
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 5)
    })
    late.push(Math.max(0, performance.now() - dueMs))
  }
  return quantileOf(late, 0.99)
}

const pick = (
  cases: readonly CalibrationCase[],
  accept: (one: CalibrationCase) => boolean,
): CalibrationCase => {
  const found = cases.find(accept)
  if (found === undefined) throw new RangeError('the calibration lacks a case of the benchmark')
  return found
}

const play = (one: CalibrationCase): Promise<OwnFigures> =>
  playOwn({ case: one, seed: 1, onProgress: () => {}, signal: new AbortController().signal })

/** Open loop at a steady rate, then a stall. Throws WorldError if the stub does not start. */
export const benchGenerator = async (options: GeneratorBenchOptions): Promise<BarRow[]> => {
  const { perSec, leastPerSec, seconds } = options
  const cases = calibrationCases(perSec, seconds)
  const floorMs = await timerLatenessMs(Math.min(200, seconds * 20))
  const fast = await play(pick(cases, ({ script, perSec: rate }) => rate === perSec && script.stall === null))
  const stalled = await play(pick(cases, ({ script }) => script.stall !== null))
  const sentPerSec = (fast.answered + fast.failed) / seconds
  const { p99Ms } = fast.lateness
  return [
    {
      name: 'open loop, requests sent from one core; floor: the plan',
      value: sentPerSec,
      unit: 'requests/s',
      floor: fast.planned / seconds,
      ratio: (sentPerSec * seconds) / fast.planned,
      rule: '≥',
      bar: leastPerSec,
      holds: fast.answered + fast.failed === fast.planned && sentPerSec >= leastPerSec,
    },
    {
      name: `lateness at ${perSec.toLocaleString('en')} requests/s, p99; floor: a bare timer's`,
      value: p99Ms,
      unit: 'ms',
      floor: floorMs,
      ratio: p99Ms / floorMs,
      rule: '≤',
      bar: latenessMostMs,
      holds: p99Ms <= latenessMostMs,
    },
    ...stalled.quantiles.map(({ share, expectedMs, measuredMs }): BarRow => {
      const ratio = measuredMs / expectedMs
      return {
        name: `response after ${stalled.name}, p${share * 100}; floor: the analytic value`,
        value: measuredMs,
        unit: 'ms',
        floor: expectedMs,
        ratio,
        rule: '±',
        bar: stallShareOff,
        holds: Math.abs(ratio - 1) <= stallShareOff,
      }
    }),
  ]
}
