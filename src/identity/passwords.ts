// The port behind which passwords are hashed and checked. Implementations are drivers, outside this folder.
// It exists because hashing is slow on purpose: the server does it off the main thread, a simulation only charges time.
import type { MaybePromise } from './store.js'

export interface Passwords {
  /** A hash to be stored, its scheme and salt included. */
  readonly hash: (password: string) => MaybePromise<string>
  /** Whether the password is the one that was hashed; false, too, for a hash of an unknown scheme. */
  readonly verify: (password: string, hash: string) => MaybePromise<boolean>
}
