// How many workers a Keystone needs: c servers with one queue (M/M/c), the usual first model of a pool of processes.
// Sources: A. K. Erlang (1917); L. Kleinrock, Queueing Systems I (1975), §3.5.

/** Requests that wait for one of `servers`. */
export interface Pool {
  readonly servers: number
  /** Requests a second. */
  readonly arrivalsPerSec: number
  /** Mean time of one request in a server, seconds. */
  readonly serviceSec: number
}

/** How busy each server is, 0 … 1; from 1 on the queue grows without end. */
export const utilisation = ({ servers, arrivalsPerSec, serviceSec }: Pool): number =>
  (arrivalsPerSec * serviceSec) / servers

/**
 * Erlang's C: the chance that a request has to wait. By the recursion of his B, which stays exact for large pools:
 * B(0) = 1, B(n) = a·B(n−1) / (n + a·B(n−1)), C = B / (1 − ρ·(1 − B)), with a = λ·s and ρ = a / c.
 */
export const chanceToWait = (pool: Pool): number => {
  const rho = utilisation(pool)
  if (rho >= 1) return 1
  const offered = pool.arrivalsPerSec * pool.serviceSec
  let blocked = 1
  for (let n = 1; n <= pool.servers; n++) blocked = (offered * blocked) / (n + offered * blocked)
  return blocked / (1 - rho * (1 - blocked))
}

/** Mean time in the queue and in a server, seconds; Infinity where the pool is too small. */
export const meanResponseSec = (pool: Pool): number => {
  const rho = utilisation(pool)
  if (rho >= 1) return Infinity
  return pool.serviceSec + (chanceToWait(pool) * pool.serviceSec) / (pool.servers * (1 - rho))
}

/**
 * The chance that a request takes longer than t, wait and service together. With μ = 1/s, δ = cμ − λ and C as above
 * (Kleinrock, exercise 3.10): P(T > t) = e^(−μt) + C·μ·(e^(−μt) − e^(−δt)) / (δ − μ); for δ = μ the limit e^(−μt)·(1 + C·μ·t).
 */
export const chanceLonger = (pool: Pool, sec: number): number => {
  if (utilisation(pool) >= 1) return 1
  const mu = 1 / pool.serviceSec
  const delta = pool.servers * mu - pool.arrivalsPerSec
  const waits = chanceToWait(pool)
  const served = Math.exp(-mu * sec)
  if (Math.abs(delta - mu) < 1e-9 * mu) return served * (1 + waits * mu * sec)
  return served + (waits * mu * (served - Math.exp(-delta * sec))) / (delta - mu)
}

/** A quantile of the response time, seconds, to a thousandth of the service time; Infinity where the pool is too small. */
export const responseQuantileSec = (pool: Pool, share: number): number => {
  if (utilisation(pool) >= 1) return Infinity
  let high = pool.serviceSec
  while (chanceLonger(pool, high) > 1 - share) high *= 2
  let low = 0
  while (high - low > pool.serviceSec / 1000) {
    const middle = (low + high) / 2
    if (chanceLonger(pool, middle) > 1 - share) low = middle
    else high = middle
  }
  return high
}

/** More workers than any cloud runs: a target that they do not reach cannot be reached. */
export const serversMax = 10_000

/**
 * The fewest servers whose response time keeps within a target, and which are busy no more than `busyMost`.
 * @returns null if no number of servers does: the service alone takes too long
 */
export const serversFor = (
  load: Omit<Pool, 'servers'>,
  target: { readonly share: number; readonly withinSec: number; readonly busyMost: number },
): number | null => {
  if (Math.exp(-target.withinSec / load.serviceSec) > 1 - target.share) return null
  const offered = load.arrivalsPerSec * load.serviceSec
  const least = Math.max(1, Math.ceil(offered / target.busyMost))
  for (let servers = least; servers <= serversMax; servers++) {
    if (chanceLonger({ ...load, servers }, target.withinSec) <= 1 - target.share) return servers
  }
  return null
}
