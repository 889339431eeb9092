// A calibration from its cases to its verdict: one after the other, since each wants the machine for itself.
// Beside some of them stands autocannon's rate mode, so that a reader sees why timelines are not played with it.
import { cpus, totalmem } from 'node:os'
import { version } from '../../base/version.js'
import {
  calibrationLimits,
  judgeCalibration,
  judgeCase,
  type CaseFigures,
  type CaseVerdict,
  type OwnFigures,
} from '../../measure/calibration.js'
import type { RunHeader } from '../../measure/record.js'
import type { Verdict } from '../../measure/verdict.js'
import { playAutocannon } from './autocannonRun.js'
import type { CalibrationCase } from './cases.js'
import { playOwn } from './ownRun.js'

/** `cutover calibrate --json`. */
export interface Calibration {
  readonly format: 'cutover/calibration@1'
  readonly version: string
  readonly startedAt: string
  readonly machine: RunHeader['machine']
  readonly verdict: Verdict
  readonly limits: typeof calibrationLimits
  readonly cases: readonly (OwnFigures & CaseVerdict)[]
  /** autocannon's rate mode over the same stub. It is not judged. */
  readonly autocannon: readonly CaseFigures[]
}

export interface CalibrateOptions {
  readonly cases: readonly CalibrationCase[]
  readonly seed: number
  readonly onProgress: (text: string) => void
}

/** Plays the cases and judges them. Throws WorldError if a stub does not start. */
export const calibrate = async ({ cases, seed, onProgress }: CalibrateOptions): Promise<Calibration> => {
  const startedAt = new Date().toISOString()
  const own: (OwnFigures & CaseVerdict)[] = []
  const others: CaseFigures[] = []
  // Each case lasts as long as it says, and as long again where autocannon plays it too.
  let leftSec = cases.reduce((sum, { seconds, compared }) => sum + (compared ? 2 : 1) * seconds, 0)
  const tell = (what: string, passedSec: number): void =>
    onProgress(`${what}, about ${Math.max(1, Math.ceil(leftSec - passedSec))} s left`)
  for (const one of cases) {
    const figures = await playOwn({
      case: one,
      seed,
      onProgress: (nowSec) => tell(`${one.name}: ${Math.floor(nowSec)} s of ${one.seconds} s`, nowSec),
    })
    leftSec -= one.seconds
    own.push({ ...figures, ...judgeCase(figures) })
    if (!one.compared) continue
    tell(`${one.name}: autocannon`, 0)
    others.push(await playAutocannon(one))
    leftSec -= one.seconds
  }
  return {
    format: 'cutover/calibration@1',
    version,
    startedAt,
    machine: {
      cpus: cpus().length,
      memoryBytes: totalmem(),
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
    },
    verdict: judgeCalibration(own),
    limits: calibrationLimits,
    cases: own,
    autocannon: others,
  }
}
