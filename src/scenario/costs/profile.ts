// A cost profile: what issuing and validating cost one Keystone that was measured, as plain data.
// It exists because our own server's times predict nothing for an operator, and a measured Keystone's do.
import type { TokenFormat } from '../../token/uuid.js'
import type { PasswordHash, PasswordScheme } from '../scenario.js'

/** Keystone's cache at a request: there is none, all look-ups find something, or some do not. */
export type CacheState = 'none' | 'hit' | 'miss'

export type CostOp = 'issue' | 'validate'

/** Mean time of a request in a worker while so many are in the Keystone, milliseconds. */
export interface BusyTime {
  readonly inSystem: number
  readonly meanMs: number
}

/** What one operation costs. An issue's times are without the check of the password, where the profile has times of those. */
export interface CostRow {
  readonly provider: TokenFormat
  readonly cache: CacheState
  readonly op: CostOp
  /**
   * The time in a worker where no other request is there: a lognormal distribution by its median and by the standard deviation
   * of its logarithm. The latter holds at any load.
   */
  readonly alone: { readonly p50Ms: number; readonly spread: number }
  /** At rising loads, the first with every worker busy; empty: as alone. */
  readonly busy: readonly BusyTime[]
  /** Queries a request, and those of them that read and that add rows; null: not known. */
  readonly statements: number | null
  readonly selects: number | null
  readonly inserts: number | null
  /** Of a validation: how much of its time one takes that ends in 404, and in 401. */
  readonly refused?: { readonly notFound: number; readonly unauthorized: number }
  /** Where the numbers are from: `measured`, or what stands in for a measurement. */
  readonly from: string
}

/** One closed loop that was measured: so many clients, each of which sends its next request when it has its answer. */
export interface MeasuredPoint {
  readonly provider: TokenFormat
  readonly cache: CacheState
  readonly op: CostOp
  /** Of an issue; null: without one that is known. */
  readonly passwordHash: PasswordHash | null
  readonly concurrency: number
  readonly perSec: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  /** Length of the loop, from its cold start. */
  readonly seconds: number
  /** The part of the machine that other programs used meanwhile, 0 … 1. */
  readonly otherLoad: number
}

/** The time of one check of a password. */
export interface HashTime extends PasswordHash {
  readonly ms: number
}

export interface CostProfile {
  readonly format: 'cutover/costs@1'
  readonly name: string
  /** What was measured, on what, and how far to trust it. */
  readonly about: string
  /** Single-threaded processes that the times are for. */
  readonly workers: number
  /** Empty: the check of a password, as it is set up there, is in the time of an issue. */
  readonly passwordHashes: readonly HashTime[]
  readonly rows: readonly CostRow[]
  /** What the rows were fitted to. */
  readonly points: readonly MeasuredPoint[]
}

/** What stands in where a state of the cache was not measured, the nearest first. */
const instead: Readonly<Record<CacheState, readonly CacheState[]>> = {
  none: ['miss', 'hit'],
  hit: ['miss', 'none'],
  // An issue looks for no token in the cache, so it is the same with a full and an empty one.
  miss: ['hit', 'none'],
}

/** What a cost is wanted for. */
export type CostKey = Pick<CostRow, 'provider' | 'cache' | 'op'>

/** The row for a request, or the nearest to it: another state of the cache first, then the other provider; null: none. */
export const rowFor = ({ rows }: CostProfile, { provider, cache, op }: CostKey): CostRow | null => {
  const other = provider === 'uuid' ? 'fernet' : 'uuid'
  for (const ofProvider of [provider, other]) {
    for (const state of [cache, ...instead[cache]]) {
      const row = rows.find((each) => each.op === op && each.provider === ofProvider && each.cache === state)
      if (row !== undefined) return row
    }
  }
  return null
}

/** Mean of a lognormal distribution, milliseconds. */
export const aloneMeanMs = ({ alone: { p50Ms, spread } }: Pick<CostRow, 'alone'>): number =>
  p50Ms * Math.exp((spread * spread) / 2)

/**
 * Mean time in a worker while so many requests are in a Keystone of `workers` workers, milliseconds: straight lines between what was
 * measured, and from one request to all workers busy. This is a flow-equivalent server (Chandy, Herzog, Woo 1975): its rate at
 * each number of requests is the throughput that a closed loop of that many had.
 */
export const busyMeanMs = (row: CostRow, workers: number, inSystem: number): number => {
  let from = { inSystem: 1, meanMs: aloneMeanMs(row) }
  const [first] = row.busy
  if (first === undefined || inSystem <= 1) return from.meanMs
  const points = first.inSystem > workers && workers > 1 ? [{ ...first, inSystem: workers }] : []
  for (const to of [...points, ...row.busy]) {
    if (inSystem <= to.inSystem) {
      const along = (inSystem - from.inSystem) / (to.inSystem - from.inSystem)
      return from.meanMs + along * (to.meanMs - from.meanMs)
    }
    from = to
  }
  return from.meanMs
}

/** The work of a hash, in the unit in which its time grows. */
const work = (scheme: PasswordScheme, rounds: number): number =>
  scheme === 'bcrypt' || scheme === 'scrypt' ? 2 ** rounds : rounds

/**
 * Time of one check of a password, milliseconds: straight lines between what was measured, the outermost drawn out; with one
 * measurement in proportion. Null: the scheme was not measured. A profile without any has the hash in the time of its issues.
 */
export const hashMs = ({ passwordHashes }: CostProfile, { scheme, rounds }: PasswordHash): number | null => {
  if (scheme === 'plain' || passwordHashes.length === 0) return 0
  const known = passwordHashes
    .filter((each) => each.scheme === scheme)
    .map((each) => ({ at: work(scheme, each.rounds), ms: each.ms }))
    .toSorted((a, b) => a.at - b.at)
  const at = work(scheme, rounds)
  const [first, second] = known
  if (first === undefined) return null
  if (second === undefined) return (first.ms * at) / first.at
  const upper = known.findIndex((each, i) => i > 0 && (each.at >= at || i === known.length - 1))
  const [low, high] = [known[upper - 1] ?? first, known[upper] ?? second]
  return Math.max(0, low.ms + ((high.ms - low.ms) / (high.at - low.at)) * (at - low.at))
}

/**
 * The same Keystone with all workers busy while other programs use a part of its machine, 0 … 1. A single request finds a
 * processor all the same, so `alone` is as it was.
 */
export const burdened = (profile: CostProfile, share: number): CostProfile => ({
  ...profile,
  rows: profile.rows.map((row) => ({
    ...row,
    busy: row.busy.map(({ inSystem, meanMs }) => ({ inSystem, meanMs: meanMs / (1 - share) })),
  })),
  passwordHashes: profile.passwordHashes.map((hash) => ({ ...hash, ms: hash.ms / (1 - share) })),
})
