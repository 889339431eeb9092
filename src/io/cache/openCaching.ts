// What one backend process caches, as its configuration says: nothing, in the process itself, or in a shared memcached.
// It exists so that every server that stands for a Keystone opens, empties and gives back its caches in one way.
import { KeptInProcess, readingEachTime } from '../../identity/revocationSource.js'
import type { RevocationSource } from '../../identity/revocationSource.js'
import type { Store } from '../../identity/store.js'
import { MemoryTokenCache } from '../../identity/tokenCache.js'
import type { TokenCache } from '../../identity/tokenCache.js'
import type { CacheBackend } from '../../scenario/scenario.js'
import { MemcachedTokenCache } from './memcachedTokenCache.js'

/** The part of `answerFrom` that is about caches; `cache` is absent if there is none. */
export interface Caching {
  readonly answering: { readonly cache?: TokenCache; readonly revocations: RevocationSource }
  /** Forgets what lives in this process, as a restart of it would. */
  forget(): void
  close(): void
}

const nothing = (): void => {}

export const openCaching = (
  settings: {
    readonly backend: CacheBackend
    readonly timeSec: number
    /** `host:port`, needed where that is the backend. */
    readonly memcached: string | null
  },
  store: Store,
): Caching => {
  if (settings.memcached !== null) {
    const cache = new MemcachedTokenCache(settings.memcached)
    return {
      answering: { cache, revocations: cache.revocations(store) },
      forget: nothing,
      close: () => cache.close(),
    }
  }
  if (settings.backend === 'none') {
    return { answering: { revocations: readingEachTime(store) }, forget: nothing, close: nothing }
  }
  const cache = new MemoryTokenCache(settings)
  const revocations = new KeptInProcess(store)
  const forget = (): void => {
    cache.clear()
    revocations.changed()
  }
  return { answering: { cache, revocations }, forget, close: nothing }
}
