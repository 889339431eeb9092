// How many workers a mix of operations needs, of which each takes its own time, and how workers get in each other's way.
// Sources: F. Pollaczek (1930) for one worker; A. Lee, P. Longton, Operational Research Quarterly 10 (1959) for several.
import { chanceToWait, serversMax, utilisation, type Pool } from './queueing.js'
import { stretchOf, type Scaling } from './scalability.js'

/** One kind of request, as it was measured. */
export interface MeasuredLoad {
  readonly op: string
  readonly perSec: number
  /** Time that one request keeps a worker busy, seconds. */
  readonly busySec: number
  /** Response time of a request that meets no other, at the share that is asked for, seconds. */
  readonly aloneSec: number
  /** How the time grows with the number of workers; null: not seen, so it does not. */
  readonly scaling: Omit<Scaling, 'lambda'> | null
}

export interface WorkerTarget {
  /** This share of the requests of each operation … */
  readonly share: number
  /** … is answered within so many seconds … */
  readonly withinSec: number
  /** … and no worker is busier than this. */
  readonly busyMost: number
}

export interface WorkersNeeded {
  readonly workers: number
  readonly busyShare: number
  readonly response: readonly { readonly op: string; readonly sec: number }[]
}

/**
 * Squared coefficient of variation of the time of a request taken at random, where each takes its operation's time:
 * E[S²] / E[S]² − 1. None for a single operation, large where a few long ones are among many short ones.
 */
export const spreadOf = (loads: readonly Pick<MeasuredLoad, 'perSec' | 'busySec'>[]): number => {
  const mean = (power: number): number =>
    loads.reduce((sum, { perSec, busySec }) => sum + perSec * busySec ** power, 0) /
    loads.reduce((sum, { perSec }) => sum + perSec, 0)
  return mean(2) / mean(1) ** 2 - 1
}

/**
 * Mean time in the queue, seconds: that of M/M/c (C · s / (c(1 − ρ)), C by Erlang) times (1 + spread) / 2. Exact for one
 * server (Pollaczek and Khinchine) and for exponential times (spread 1).
 */
export const meanWaitSec = (pool: Pool, spread: number): number => {
  const rho = utilisation(pool)
  if (rho >= 1) return Infinity
  return ((chanceToWait(pool) * pool.serviceSec) / (pool.servers * (1 - rho))) * ((1 + spread) / 2)
}

/**
 * A quantile of the time in the queue, seconds. Who has to wait (chance C) is taken to wait exponentially with the mean
 * that follows from `meanWaitSec`, which is exact for M/M/c: P(W > t) = C · e^(−t·C/W).
 */
export const waitQuantileSec = (pool: Pool, spread: number, share: number): number => {
  const waits = chanceToWait(pool)
  if (utilisation(pool) >= 1) return Infinity
  if (waits <= 1 - share) return 0
  return (meanWaitSec(pool, spread) / waits) * Math.log(waits / (1 - share))
}

const tryWorkers = (servers: number, loads: readonly MeasuredLoad[], target: WorkerTarget): WorkersNeeded => {
  const stretched = loads.map((load) => ({
    ...load,
    busySec: load.busySec * (load.scaling === null ? 1 : stretchOf(load.scaling, servers)),
  }))
  const arrivalsPerSec = stretched.reduce((sum, { perSec }) => sum + perSec, 0)
  const busy = stretched.reduce((sum, { perSec, busySec }) => sum + perSec * busySec, 0)
  const pool = { servers, arrivalsPerSec, serviceSec: busy / arrivalsPerSec }
  const waitSec = waitQuantileSec(pool, spreadOf(stretched), target.share)
  return {
    workers: servers,
    busyShare: utilisation(pool),
    response: loads.map(({ op, aloneSec }) => ({ op, sec: aloneSec + waitSec })),
  }
}

/**
 * The fewest workers that keep a target for every operation. A response is what it takes alone and the wait of the same
 * share, which is on the safe side: both are seldom long at once.
 * @returns null if no number of workers does
 */
export const workersFor = (loads: readonly MeasuredLoad[], target: WorkerTarget): WorkersNeeded | null => {
  if (loads.some(({ aloneSec }) => aloneSec > target.withinSec)) return null
  for (let servers = 1; servers <= serversMax; servers++) {
    const tried = tryWorkers(servers, loads, target)
    if (tried.busyShare <= target.busyMost && tried.response.every(({ sec }) => sec <= target.withinSec))
      return tried
  }
  return null
}
