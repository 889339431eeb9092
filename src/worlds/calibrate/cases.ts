// The cases of a calibration: what the stub does, at which rate, and which percentiles it is asked for.
// They are few and fixed, so that figures of two machines can be held side by side.
import type { Script } from '../../measure/script.js'

export interface CalibrationCase {
  readonly name: string
  readonly script: Script
  readonly perSec: number
  readonly seconds: number
  /** Percentiles to compare, as shares. None lies where the distribution has a step. */
  readonly shares: readonly number[]
  /** Whether autocannon's rate mode is shown beside it. */
  readonly compared: boolean
}

const steady: Script = { serviceSec: 0.02, slow: null, stall: null, restart: null }
/** Where each reply is read long before the next one comes. */
const moderatePerSec = 500
/** A stall ends with a burst of answers, which the stub has to write one by one: at a low rate the burst is short. */
const stallPerSec = 50

const name = (what: string, perSec: number): string => `${what}, ${perSec.toLocaleString('en')}/s`

/**
 * @param perSec the highest rate; cases that need a lower one have theirs
 * @param seconds of each case; a stall lasts a fifth of that, a restart a tenth. The case of the stall lasts a stall and a half,
 * so that even its median lies in the stall: there a generator that waits for its replies shows what it hides
 */
export const calibrationCases = (perSec: number, seconds: number): readonly CalibrationCase[] => {
  const moderate = Math.min(perSec, moderatePerSec)
  const low = Math.min(perSec, stallPerSec)
  const shares = [0.5, 0.9, 0.99]
  const rates = [...new Set([Math.min(perSec, 50), moderate, perSec])]
  return [
    ...rates.map((rate) => ({
      name: name('constant 20 ms', rate),
      script: steady,
      perSec: rate,
      seconds,
      shares,
      compared: rate === moderate,
    })),
    {
      name: name('each 100th 50 ms', moderate),
      script: { ...steady, slow: { nth: 100, serviceSec: 0.05 } },
      perSec: moderate,
      seconds,
      shares: [0.5, 0.9, 0.995],
      compared: false,
    },
    {
      name: name(`a stall of ${seconds / 5} s`, low),
      script: { ...steady, stall: { fromSec: seconds / 20, forSec: seconds / 5 } },
      perSec: low,
      seconds: Math.round(seconds * 300) / 1000,
      shares,
      compared: true,
    },
    {
      name: name('a restart', moderate),
      script: { ...steady, restart: { fromSec: seconds * 0.4, forSec: seconds / 10 } },
      perSec: moderate,
      seconds,
      shares,
      compared: true,
    },
  ]
}
