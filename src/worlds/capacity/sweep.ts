// The sweep: every mode, operation, number of backends and number of connections, one point after the other.
// Validations come before issues, so that all of them meet the same table.
import { judgePoint, type CapacityOp, type JudgedPoint } from '../../plan/capacityPoint.js'
import type { ProviderMode } from '../../token/mode.js'
import { playLoad, playPoint } from './point.js'
import type { BackendPool, Stage } from './stage.js'
import type { Steps } from './steps.js'

export interface SweepSettings {
  readonly modes: readonly ProviderMode[]
  readonly backends: readonly number[]
  readonly connections: readonly number[]
  /** Of each point. */
  readonly seconds: number
}

const ops: readonly CapacityOp[] = ['validate', 'issue']

/** Different requests of a point. */
const requestsOfPoint = 4000

/** Whether each backend gets a connection. */
const isPlayed = (backends: number, connections: number): boolean => connections >= backends

/** Before anything is counted, for each operation. */
export const warmUpSecOf = (seconds: number): number => Math.min(1, 2 * seconds)
const warmUpConnections = 8
const poolSecOf = (seconds: number): number => 3 + ops.length * warmUpSecOf(seconds)
const besidePointSec = 0.5

/** How long a sweep takes, roughly. */
export const sweepSec = ({ modes, backends, connections, seconds }: SweepSettings): number => {
  const points = backends.flatMap((n) => connections.filter((c) => isPlayed(n, c))).length * ops.length
  return modes.length * (poolSecOf(seconds) + points * (seconds + besidePointSec))
}

export interface SweepOptions extends SweepSettings {
  readonly stage: Stage
  readonly steps: Steps
  readonly signal: AbortSignal
  readonly onPoint: (point: JudgedPoint) => void
}

/** Lets every backend compile what it will need; nobody counts it. */
const warmUp = async (pool: BackendPool, { stage, seconds, signal }: SweepOptions): Promise<void> => {
  for (const op of ops) {
    const backends = pool.backends.length
    await playLoad({
      pool,
      backends,
      connections: Math.max(backends, warmUpConnections),
      seconds: warmUpSecOf(seconds),
      requests: stage.requests(pool.mode, op, requestsOfPoint),
      databasePid: null,
      signal,
    })
  }
}

/** Plays one mode. */
const sweepMode = async (mode: ProviderMode, options: SweepOptions): Promise<void> => {
  const { stage, steps, signal, seconds, backends, connections, onPoint } = options
  steps.tell(`${mode}: starting backends`)
  const pool = await stage.openPool(mode, Math.max(...backends))
  await warmUp(pool, options)
  steps.done(poolSecOf(seconds))
  for (const op of ops) {
    const requests = stage.requests(mode, op, requestsOfPoint)
    for (const some of backends) {
      for (const open of connections.filter((count) => isPlayed(some, count))) {
        if (signal.aborted) break
        steps.tell(
          `${mode}, ${op}: ${some} ${some === 1 ? 'backend' : 'backends'}, ${open} ${open === 1 ? 'connection' : 'connections'}`,
        )
        const point = await playPoint({
          stage,
          pool,
          op,
          backends: some,
          connections: open,
          seconds,
          requests,
          signal,
        })
        steps.done(seconds + besidePointSec)
        // One that was cut short is no point.
        if (!signal.aborted) onPoint(judgePoint(point))
      }
    }
  }
  await pool.end()
}

export const sweep = async (options: SweepOptions): Promise<void> => {
  for (const mode of options.modes) if (!options.signal.aborted) await sweepMode(mode, options)
}
