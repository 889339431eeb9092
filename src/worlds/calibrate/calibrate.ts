// A calibration from its cases to its verdict: one after the other, since each wants the machine for itself.
// Beside some of them stands autocannon's rate mode, so that a reader sees why timelines are not played with it.
import { cpus, totalmem } from 'node:os'
import { StoppedError } from '../../base/errors.js'
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
import { playOwn, warmUpRun } from './ownRun.js'

/** `cutover calibrate --json`. */
export interface Calibration {
  readonly format: 'cutover/calibration@1'
  readonly version: string
  readonly startedAt: string
  readonly machine: RunHeader['machine']
  /** Inconclusive where somebody stopped it: what was not measured proves nothing. */
  readonly verdict: Verdict
  /** Whether somebody stopped it; the cases are those that had ended by then. */
  readonly stopped: boolean
  readonly limits: typeof calibrationLimits
  readonly cases: readonly (OwnFigures & CaseVerdict)[]
  /** autocannon's rate mode over the same stub. It is not judged. */
  readonly autocannon: readonly CaseFigures[]
}

export interface CalibrateOptions {
  readonly cases: readonly CalibrationCase[]
  readonly seed: number
  readonly onProgress: (text: string) => void
  /** Ends it early: the case that is being played is given up. */
  readonly signal: AbortSignal
}

interface Played {
  readonly own: (OwnFigures & CaseVerdict)[]
  readonly others: CaseFigures[]
}

/** Plays one case after the other. Throws WorldError if a stub does not start, StoppedError when it is stopped. */
const playCases = async ({ cases, seed, onProgress, signal }: CalibrateOptions, { own, others }: Played) => {
  // Each case lasts as long as it says after a run that warms up, and as long again where autocannon plays it too.
  const ownSec = ({ seconds }: CalibrationCase): number => warmUpRun.seconds + seconds
  let leftSec = cases.reduce((sum, one) => sum + ownSec(one) + (one.compared ? one.seconds : 0), 0)
  const tell = (what: string, passedSec: number): void =>
    onProgress(`${what}, about ${Math.max(1, Math.ceil(leftSec - passedSec))} s left`)
  for (const one of cases) {
    tell(`${one.name}: warming up`, 0)
    const figures = await playOwn({
      case: one,
      seed,
      signal,
      onProgress: (nowSec) =>
        tell(`${one.name}: ${Math.floor(nowSec)} s of ${one.seconds} s`, warmUpRun.seconds + nowSec),
    })
    leftSec -= ownSec(one)
    own.push({ ...figures, ...judgeCase(figures) })
    if (!one.compared) continue
    tell(`${one.name}: autocannon`, 0)
    others.push(await playAutocannon(one, signal))
    leftSec -= one.seconds
  }
}

/**
 * Plays the cases and judges them. Throws WorldError if a stub does not start, StoppedError if it was stopped before there
 * was anything to report.
 */
export const calibrate = async (options: CalibrateOptions): Promise<Calibration> => {
  const startedAt = new Date().toISOString()
  const played: Played = { own: [], others: [] }
  const { own, others } = played
  await playCases(options, played).catch((error: unknown) => {
    if (!(error instanceof StoppedError)) throw error
    if (own.length === 0)
      throw new StoppedError('Stopped before the first case had ended: nothing to report.')
  })
  const stopped = options.signal.aborted
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
    verdict: stopped ? 'inconclusive' : judgeCalibration(own),
    stopped,
    limits: calibrationLimits,
    cases: own,
    autocannon: others,
  }
}
