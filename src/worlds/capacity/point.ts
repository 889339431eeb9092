// One point of a saturation sweep: autocannon in a closed loop over some backends for some seconds.
// It reads what generator, backends and database had of the machine meanwhile, and what the backends say that they answered.
import { cpus } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import autocannon from 'autocannon'
import { build } from 'hdr-histogram-js'
import { WorldError } from '../../base/errors.js'
import type { AnswerCounts } from '../../io/answerTally.js'
import { processTime, type ProcessTime } from '../../io/processTime.js'
import type { CapacityOp, CoreUse, PointFigures } from '../../plan/capacityPoint.js'
import { servedBy, type BackendPool, type LoadRequest, type Stage } from './stage.js'

export interface LoadOptions {
  readonly pool: BackendPool
  /** So many of the pool's backends. */
  readonly backends: number
  readonly connections: number
  readonly seconds: number
  /** Shared out among the connections, so that no two ask the same. */
  readonly requests: readonly LoadRequest[]
  readonly databasePid: number | null
  /** Ends the load before its time. */
  readonly signal: AbortSignal
}

/** What a load came to. */
export interface LoadFigures {
  readonly seconds: number
  readonly latency: PointFigures['latency']
  readonly seen: PointFigures['seen']
  readonly cores: PointFigures['cores']
}

/** How often autocannon looks whether its time is over, milliseconds. */
const sampleMs = 50
/** An answer that takes longer is an error, seconds. */
const timeoutSec = 20
const slowestUs = timeoutSec * 1e6

const timeOf = (pid: number): ProcessTime => {
  const found = processTime(pid)
  if (found === null)
    throw new WorldError(`the processor time of process ${pid} cannot be read: /proc is needed`)
  return found
}

/** Processor time of the whole machine, seconds. */
const machineSec = (): number =>
  cpus().reduce((total, { times }) => total + times.user + times.nice + times.sys + times.irq, 0) / 1000

/** Processor time of all that takes part, at an instant. */
const readClocks = ({ pool, backends, databasePid }: LoadOptions) => ({
  atMs: performance.now(),
  generator: [timeOf(process.pid)],
  backends: pool.backends.slice(0, backends).map(({ pid }) => timeOf(pid)),
  database: databasePid === null ? null : timeOf(databasePid),
  machineSec: machineSec(),
})

const sum = (times: readonly ProcessTime[], of: (time: ProcessTime) => number): number =>
  times.reduce((total, time) => total + of(time), 0)

const usedSince = (
  before: readonly ProcessTime[],
  after: readonly ProcessTime[],
  seconds: number,
): CoreUse => ({
  used: (sum(after, ({ cpuSec }) => cpuSec) - sum(before, ({ cpuSec }) => cpuSec)) / seconds,
  waited: (sum(after, ({ waitedSec }) => waitedSec) - sum(before, ({ waitedSec }) => waitedSec)) / seconds,
})

/** What everybody had of the machine between two instants. */
const coresBetween = (
  before: ReturnType<typeof readClocks>,
  after: ReturnType<typeof readClocks>,
): Pick<LoadFigures, 'seconds' | 'cores'> => {
  const seconds = Math.max(1e-3, (after.atMs - before.atMs) / 1000)
  const generator = usedSince(before.generator, after.generator, seconds)
  const backends = usedSince(before.backends, after.backends, seconds)
  const database =
    before.database === null || after.database === null
      ? null
      : usedSince([before.database], [after.database], seconds).used
  const ours = generator.used + backends.used + (database ?? 0)
  const others = Math.max(0, (after.machineSec - before.machineSec) / seconds - ours)
  return { seconds, cores: { generator, backends, database, others } }
}

/** Lets autocannon saturate the backends. */
export const playLoad = (options: LoadOptions): Promise<LoadFigures> =>
  new Promise((resolve, reject) => {
    const { pool, backends, connections, seconds, requests, signal } = options
    // In microseconds and from the events: autocannon's own figures are whole milliseconds.
    const latencies = build({
      bitBucketSize: 64,
      autoResize: false,
      lowestDiscernibleValue: 1,
      highestTrackableValue: slowestUs,
      numberOfSignificantValueDigits: 3,
    })
    const seen = { good: 0, not2xx: 0, errors: 0 }
    let before: ReturnType<typeof readClocks> | null = null
    let client = 0
    const instance = autocannon(
      {
        // It takes several and gives each connection one, in turn; its types know of one.
        url: pool.backends
          .slice(0, backends)
          .map(({ port }) => `http://127.0.0.1:${port}`) as unknown as string,
        connections,
        duration: seconds,
        timeout: timeoutSec,
        sampleInt: sampleMs,
        setupClient: (each) => {
          const own = client++
          each.setRequests(
            requests.filter((_, i) => i % connections === own).map((request) => ({ ...request })),
          )
        },
      },
      (error: Error | null, result) => {
        signal.removeEventListener('abort', stop)
        if (error !== null) {
          reject(new WorldError(`autocannon: ${error.message}`))
          return
        }
        const after = readClocks(options)
        seen.errors = result.errors
        resolve({
          ...coresBetween(before ?? after, after),
          latency: {
            p50Ms: latencies.getValueAtPercentile(50) / 1000,
            p99Ms: latencies.getValueAtPercentile(99) / 1000,
            maxMs: latencies.maxValue / 1000,
          },
          seen,
        })
      },
    )
    const stop = (): void => {
      ;(instance as unknown as { stop(): void }).stop()
    }
    // The requests have been built by now, and none has been sent.
    instance.on('start', () => {
      before = readClocks(options)
    })
    instance.on('response', (_client, status, _bytes, responseMs) => {
      if (status >= 200 && status < 300) seen.good++
      else seen.not2xx++
      latencies.recordValue(Math.min(slowestUs, Math.max(1, Math.round(responseMs * 1000))))
    })
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
  })

const total = (counts: AnswerCounts): number => Object.values(counts).reduce((all, each) => all + each, 0)

/** Longer than the slowest answer. */
const settleMs = 2 * 1000 * timeoutSec

/**
 * What the backends have answered when all is answered that was under way as the load ended. A backend that is asked has
 * read its sockets by then: what it answers twice alike, with nothing under way, is all.
 */
const settled = async (pool: BackendPool): Promise<AnswerCounts> => {
  let last = await servedBy(pool)
  for (const giveUpMs = performance.now() + settleMs; performance.now() < giveUpMs;) {
    await wait(5)
    const now = await servedBy(pool)
    if (now.underWay === 0 && total(now.counts) === total(last.counts)) return now.counts
    last = now
  }
  throw new WorldError('the backends do not come to rest after a load')
}

const since = (before: AnswerCounts, after: AnswerCounts): AnswerCounts =>
  Object.fromEntries(
    Object.entries(after)
      .map(([key, count]) => [key, count - (before[key] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  )

export interface PointOptions extends Omit<LoadOptions, 'requests' | 'databasePid'> {
  readonly stage: Stage
  readonly op: CapacityOp
  readonly requests: readonly LoadRequest[]
}

/** Plays a point and asks everybody what they saw of it. */
export const playPoint = async (options: PointOptions): Promise<PointFigures> => {
  const { stage, pool, op, backends, connections } = options
  const servedBefore = await settled(pool)
  const rowsBefore = await stage.rows()
  const load = await playLoad({ ...options, databasePid: stage.databasePid })
  const served = since(servedBefore, await settled(pool))
  return {
    mode: pool.mode,
    op,
    backends,
    connections,
    ...load,
    perSec: load.seen.good / load.seconds,
    served,
    rowsBefore,
    rowsAdded: (await stage.rows()) - rowsBefore,
  }
}
