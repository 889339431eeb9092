// What faults are made of: single things that can be done to keys, backends and the database of a world.
// Each world does them in its own way; which of them make up a fault is said once, beside this file.
import type { MaybePromise } from '../../identity/store.js'

/** Backends by number, from 1. */
export type Nodes = readonly number[]

/** On the key repositories. Done when the call returns; throws if it cannot be done. */
export interface KeyHands {
  /** Rotates the repository of origin. `stopAfter`: only so many of the file steps are done. Returns what there is to say. */
  rotate(stopAfter?: number): string
  /** Copies the repository of origin to backends. */
  copyTo(nodes: Nodes): void
  /** Makes the key files of backends unreadable for Keystone, as a copy by the wrong user would leave them. */
  spoil(nodes: Nodes, how: 'mode' | 'owner'): void
  /** Makes them readable again. */
  mend(nodes: Nodes): void
  /** Removes key 0: of backends, or of the repository of origin. */
  loseStaged(nodes: Nodes | null): void
  /** Stages a key where there is none, in the repository of origin. */
  stage(): void
}

/** On the backends' processes. */
export interface BackendHands {
  kill(nodes: Nodes): MaybePromise<void>
  /** Ends them in good order. */
  end(nodes: Nodes): MaybePromise<void>
  /** Starts them again, with the mode, the clock and the port that they had. */
  start(nodes: Nodes): MaybePromise<void>
  hang(nodes: Nodes): MaybePromise<void>
  resume(nodes: Nodes): MaybePromise<void>
  /** Sets how far their clocks are ahead, in seconds; 0: they are right. */
  skew(nodes: Nodes, aheadSec: number): MaybePromise<void>
}

/** On the database. */
export interface DatabaseHands {
  /** What each answer takes longer, seconds of the time in which responses are measured; 0: nothing. */
  slow(latencySec: number): MaybePromise<void>
  stop(): MaybePromise<void>
  start(): MaybePromise<void>
  hang(): MaybePromise<void>
  resume(): MaybePromise<void>
  readOnly(on: boolean): MaybePromise<void>
  full(on: boolean): MaybePromise<void>
}

/** On the memcached that the backends share. */
export interface CacheHands {
  flush(): MaybePromise<void>
  stop(): MaybePromise<void>
  /** It is there again, and empty. */
  start(): MaybePromise<void>
}

export interface Hands {
  /** How many backends there are. */
  readonly nodes: number
  readonly keys: KeyHands
  readonly backends: BackendHands
  readonly database: DatabaseHands
  readonly cache: CacheHands
}
