// A measurement of capacity from its options to its result: the sweep, the growth of the table, and what follows of them.
// Whatever ends it early, what was measured until then is its result.
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir, totalmem } from 'node:os'
import path from 'node:path'
import { version } from '../../base/version.js'
import type { StoreChoice } from '../../io/store/open.js'
import { answersOf, costsOf, curvesOf, type Need } from '../../plan/capacity.js'
import type { JudgedPoint } from '../../plan/capacityPoint.js'
import type { MeasuredCapacity } from '../../plan/measuredCapacity.js'
import type { GrowthFigures } from '../../plan/tableCost.js'
import type { IdentitySettings } from '../../scenario/scenario.js'
import { Endings } from '../local/endings.js'
import { growthSec, measureGrowth } from './growth.js'
import { openStage } from './stage.js'
import { Steps, type CapacityProgress } from './steps.js'
import { sweep, sweepSec, type SweepSettings } from './sweep.js'

export interface CapacityOptions extends SweepSettings {
  readonly store: StoreChoice
  readonly identity: IdentitySettings
  /** Rows of the table during the sweep. */
  readonly rows: number
  /** Sizes of the table whose costs are measured; none: that is left out. */
  readonly sizes: readonly number[]
  readonly need: Need
  readonly seed: number
  readonly onProgress: (progress: CapacityProgress) => void
  readonly signal: AbortSignal
}

/** Time to fill the table for the sweep and to start what is needed; only for the time that is left. */
const openingSecOf = (rows: number): number => 5 + rows / 15_000
/** Over how long the tokens of the sweep were issued: none of them ends while it runs. */
const issuedWithinSec = 12 * 3600

/** @throws WorldError if servers do not start */
export const measureCapacity = async (options: CapacityOptions): Promise<MeasuredCapacity> => {
  const { store, identity, rows, sizes, seconds, seed, need, signal } = options
  const startedAt = new Date().toISOString()
  const points: JudgedPoint[] = []
  const growth: GrowthFigures[] = []
  let rowBytes: number | null = null
  const steps = new Steps(
    openingSecOf(rows) + sweepSec(options) + growthSec({ sizes, seconds }),
    options.onProgress,
  )
  const endings = new Endings()
  const folder = await mkdtemp(path.join(tmpdir(), 'cutover-capacity-'))
  const atEnd = (): Promise<void> => rm(folder, { recursive: true, force: true })
  try {
    steps.tell('starting the store')
    const stage = await openStage(
      {
        ...options,
        folder,
        issuedWithinSec,
        onRows: (written) => steps.tell(`${written.toLocaleString('en-US')} tokens issued`),
      },
      endings,
    )
    steps.done(openingSecOf(rows))
    rowBytes = (await stage.bytes()) / Math.max(1, await stage.rows())
    await sweep({ ...options, stage, steps, onPoint: (point) => points.push(point) })
    // The stores of the growth want the machine for themselves.
    await endings.run()
    await measureGrowth({ ...options, folder, steps, onSize: (figures) => growth.push(figures) })
  } catch (error) {
    // What was under way when the user stopped it has failed, as it must.
    if (!signal.aborted) throw error
  } finally {
    await endings.run()
    await atEnd()
  }
  const costs = costsOf(points)
  return {
    format: 'cutover/capacity@1',
    version,
    startedAt,
    machine: {
      cpus: cpus().length,
      memoryBytes: totalmem(),
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
    },
    stopped: signal.aborted,
    settings: {
      store: store.kind,
      release: identity.release,
      passwordHash: identity.passwordHash,
      rows,
      seconds,
      seed,
    },
    rowBytes,
    points,
    curves: curvesOf(points),
    costs,
    need,
    answers: answersOf(costs, need),
    growth,
  }
}
