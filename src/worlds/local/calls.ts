// What the parent asks of its child processes, as types for both ends.
// Everything is plain data: it crosses a process boundary as JSON.
import type { Stretch } from '../../base/time.js'
import type { FlushOrder } from '../../identity/store.js'
import type { StoreAddress } from '../../io/store/open.js'
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
  readonly time: TimeOrigin
}

/** The calls that a backend answers. */
export interface BackendCalls {
  open(setup: BackendSetup): Promise<{ readonly port: number }>
  start(originMs: number): void
  setMode(mode: ProviderMode): void
  /** How far its clock is ahead from now on, seconds. */
  setSkew(aheadSec: number): void
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
  table(withBytes: boolean): Promise<{ readonly rows: number; readonly bytes: number | null }>
}

/** What the keeper tells while it fills the store. */
export interface SeedNotice {
  readonly rows: number
}
