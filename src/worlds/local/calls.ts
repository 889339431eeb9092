// What the parent asks of its child processes, as types for both ends.
// Everything is plain data, since it crosses a process boundary as JSON; a listening socket goes beside it.
import type { Server } from 'node:net'
import type { Stretch } from '../../base/time.js'
import type { FlushOrder } from '../../identity/store.js'
import type { AnswerCounts } from '../../io/answerTally.js'
import type { StoreAddress } from '../../io/store/open.js'
import type { StoreRestriction } from '../../io/store/sqliteStore.js'
import type { Scenario } from '../../scenario/scenario.js'
import type { ProviderMode } from '../../token/mode.js'

/** The date of scenario second 0, and how time passes from there. */
export interface TimeOrigin {
  readonly startsAtEpochSec: number
  readonly stretches: readonly Stretch[]
}

export interface BackendSetup {
  readonly node: number
  /** 0: any free one. */
  readonly port: number
  readonly store: StoreAddress
  readonly keysFolder: string
  readonly identity: Scenario['identity']
  readonly publicUrl: string
  /** `host:port` of the memcached that the backends share; null: none. */
  readonly memcached: string | null
  /** Null: the machine's own date. */
  readonly time: TimeOrigin | null
  /** Whether refusals carry their cause in a header. */
  readonly explain: boolean
  /** Instead of the release's own. */
  readonly allowExpiredWindowSec?: number
  /** For what is drawn by chance: the times of a cost profile. */
  readonly seed: number
}

/** The calls that a backend answers. */
export interface BackendCalls {
  /** @param shared a socket that listens already, for all backends; without one the backend takes a free port */
  open(setup: BackendSetup, shared?: Server): Promise<{ readonly port: number }>
  start(originMs: number): void
  setMode(mode: ProviderMode): void
  /** How far its clock is ahead from now on, seconds. */
  setSkew(aheadSec: number): void
  setExpiration(expirationSec: number): void
  /** What it has answered since it was started. */
  answers(): AnswersSoFar
  /** Of an SQLite file: see `SqliteStore.restrict`. */
  restrict(restriction: StoreRestriction): void
  /** As if its processes were stopped and started with another provider. Answered when the new ones are loaded. */
  restartInto(restart: Restart): Promise<void>
}

/** A restart into another provider: how long each of its phases lasts, in real milliseconds. */
export interface Restart {
  readonly mode: ProviderMode
  readonly resetsMs: number
  readonly refusedMs: number
  readonly hangsMs: number
}

export interface AnswersSoFar {
  readonly counts: AnswerCounts
  /** Requests that it has read and not answered yet. */
  readonly underWay: number
}

export interface KeeperSetup {
  readonly store: StoreAddress
  readonly scenario: Scenario
}

/** The calls that the keeper of the store answers. */
export interface KeeperCalls {
  /** Opens the store and fills it. */
  seed(setup: KeeperSetup): Promise<{ readonly rows: number }>
  flush(order: FlushOrder): Promise<number>
  restrict(restriction: StoreRestriction): void
  /** Seconds since 1970; null for an empty table. */
  lastExpiry(): Promise<number | null>
  table(withBytes: boolean): Promise<{ readonly rows: number; readonly bytes: number | null }>
}

/** What the keeper tells while it fills the store, and while it flushes: rows so far. */
export type KeeperNotice = { readonly seeded: number } | { readonly flushed: number }
