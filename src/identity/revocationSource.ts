// Where Mitaka and Newton have the list of revocation events from: the database each time, or a cache of their own.
// It exists because a list that each process keeps for itself lets tokens live on that another process revoked.
import type { MaybePromise, Store } from './store.js'
import { isPromise } from './maybePromise.js'
import { ReadRevocations, revocationCacheSec } from './revocations.js'
import type { RevocationList } from './revocations.js'

/** Where a node gets the list of all revocation events, and how long it goes on with the one that it has. */
export interface RevocationSource {
  list(nowSec: number): MaybePromise<RevocationList>
  /** This node has written an event. */
  changed(): MaybePromise<void>
}

const readEvents = (store: Store): MaybePromise<RevocationList> => {
  const events = store.readAll('revocation_event')
  return isPromise(events) ? events.then((all) => new ReadRevocations(all)) : new ReadRevocations(events)
}

/** Reads all events at each request: a Keystone without a cache. */
export const readingEachTime = (store: Store): RevocationSource => ({
  list: () => readEvents(store),
  changed: () => {},
})

/**
 * Keeps the list in this process, and reads it again after `[revoke] cache_time` or when this very process has written an
 * event. What others write meanwhile is not seen.
 */
export class KeptInProcess implements RevocationSource {
  private readonly store: Store
  private kept: { readonly atSec: number; readonly list: RevocationList } | null = null

  constructor(store: Store) {
    this.store = store
  }

  list(nowSec: number): MaybePromise<RevocationList> {
    if (this.kept !== null && nowSec - this.kept.atSec <= revocationCacheSec) return this.kept.list
    const list = readEvents(this.store)
    return isPromise(list) ? list.then((read) => this.keep(nowSec, read)) : this.keep(nowSec, list)
  }

  changed(): void {
    this.kept = null
  }

  private keep(atSec: number, list: RevocationList): RevocationList {
    this.kept = { atSec, list }
    return list
  }
}
