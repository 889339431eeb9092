// What auth_token remembers of validations: in the memory of a worker process, or in a memcached that workers share.
// Its clock has whole seconds, which decides to the second when a dead token is noticed.
import type { Cause } from '../measure/sample.js'

/** A remembered validation; `cause` null: the token was good. */
export interface Remembered {
  readonly untilSec: number
  readonly cause: Cause | null
  /** The backend that gave the answer, from 1; 0 for what was there before the run. */
  readonly node: number
}

/** Entries of the queue that may have been taken out before it is made anew without them. */
const takenMax = 1000

/** Remembered validations. All live equally long, so the oldest entry is always the first to end. */
export class ValidationCache {
  private readonly entries = new Map<string, Remembered>()
  /**
   * What ends in which order, from `taken` on. A queue of its own: to look for the oldest entry in a map means to step over
   * all that were deleted before it.
   */
  private queue: { readonly id: string; readonly entry: Remembered }[] = []
  private taken = 0

  get(id: string, nowSec: number): Remembered | null {
    const entry = this.entries.get(id)
    return entry !== undefined && entry.untilSec > nowSec ? entry : null
  }

  /**
   * Remembers for `cacheSec`, counted from the whole second that has begun: an answer is good for 59 to 60 s of 60.
   * keystonemiddleware's own cache adds the time to `utcnow_ts()` and compares with it, both in whole seconds (`_cache.py`;
   * before that oslo's `memorycache`); memcached counts in whole seconds, too.
   */
  set(id: string, cause: Cause | null, nowSec: number, cacheSec: number, node = 0): void {
    const entry = { untilSec: Math.floor(nowSec) + cacheSec, cause, node }
    this.entries.set(id, entry)
    this.queue.push({ id, entry })
    for (;;) {
      const oldest = this.queue[this.taken]
      if (oldest === undefined || oldest.entry.untilSec > nowSec) break
      if (this.entries.get(oldest.id) === oldest.entry) this.entries.delete(oldest.id)
      this.taken++
    }
    if (this.taken < takenMax) return
    this.queue = this.queue.slice(this.taken)
    this.taken = 0
  }

  /** Before the run, in any order: those of tokens that are not asked about again are kept. */
  preset(id: string, untilSec: number): void {
    this.entries.set(id, { untilSec, cause: null, node: 0 })
  }

  clear(): void {
    this.entries.clear()
    this.queue = []
    this.taken = 0
  }
}
