// The memcached of the simulated world: a cache in memory that may be gone for a while, and is empty when it is back.
// As with a real one, whatever goes wrong is a miss to whoever asks.
import type { CachedToken, CacheKey, TokenCache } from '../../identity/tokenCache.js'
import type { MaybePromise } from '../../identity/store.js'
import type { CacheHands } from '../faults/hands.js'

export class SharedCache implements TokenCache, CacheHands {
  private readonly memory: TokenCache & { clear(): void }
  private gone = false

  constructor(memory: TokenCache & { clear(): void }) {
    this.memory = memory
  }

  get(key: CacheKey): MaybePromise<CachedToken | null> {
    return this.gone ? null : this.memory.get(key)
  }

  set(key: CacheKey, value: CachedToken): MaybePromise<void> {
    if (!this.gone) return this.memory.set(key, value)
  }

  delete(keys: readonly CacheKey[]): MaybePromise<void> {
    if (!this.gone) return this.memory.delete(keys)
  }

  invalidate(): MaybePromise<void> {
    if (!this.gone) return this.memory.invalidate()
  }

  flush(): void {
    this.memory.clear()
  }

  stop(): void {
    this.gone = true
    this.memory.clear()
  }

  start(): void {
    this.gone = false
  }
}
