// Keystone's cache of tokens in a memcached that all backends share, as `[cache] backend = …memcache…` sets it up.
// It exists so that a rehearsal's cache outlives a backend's switch, and is paid for with real round trips.
import { createHash, randomBytes } from 'node:crypto'
import { Client } from 'memjs'
import { extraFromText } from '../../identity/extra.js'
import type { RoleSet } from '../../identity/derived.js'
import type { RevocationSource } from '../../identity/revocationSource.js'
import { ReadRevocations, revocationCacheSec } from '../../identity/revocations.js'
import type { Document, Store } from '../../identity/store.js'
import type { CachedToken, CacheKey, TokenCache } from '../../identity/tokenCache.js'

/** As long as anything may take on a machine that is busy; the library's half a second would look like a miss. */
const timeoutSec = 30

/** What stands in memcached, as JSON. `region` is that of the tokens when it was put there; rows have none. */
interface Stored {
  readonly region: string
  readonly atSec: number
  readonly expiresAtSec: number
  readonly userId: string | null
  readonly trustId: string | null
  readonly extra: string
  readonly roles: RoleSet | null
}

interface StoredEvents {
  readonly atSec: number
  readonly events: readonly Document[]
}

/** Keys of a fixed length that say nothing of a token, as dogpile.cache mangles them. */
const mangled = (text: string): string => createHash('sha1').update(text).digest('hex')

const regionKey = mangled('region tokens')
const eventsKey = mangled('revocation events')
const keyOf = ({ kind, id }: CacheKey): string => mangled(`${kind} ${id}`)

/**
 * Nothing is given a lifetime there: as in Keystone a value says when it was put, and the asker judges its age. Whatever
 * goes wrong between here and memcached is a miss, as it is for Keystone.
 */
export class MemcachedTokenCache implements TokenCache {
  private readonly client: Client

  constructor(address: string) {
    this.client = Client.create(address, {
      timeout: timeoutSec,
      keepAlive: true,
      logger: { log: () => {} },
    })
  }

  async get(key: CacheKey): Promise<CachedToken | null> {
    const [text, region] = await Promise.all([
      this.read(keyOf(key)),
      key.kind === 'row' ? '' : this.read(regionKey),
    ])
    if (text === null) return null
    const stored = JSON.parse(text) as Stored
    if (stored.region !== region) return null
    const { atSec, expiresAtSec, userId, trustId, roles } = stored
    const extra = extraFromText(stored.extra)
    return { atSec, roles, row: { id: key.id, expiresAtSec, valid: true, userId, trustId, extra } }
  }

  async set(key: CacheKey, { atSec, row, roles }: CachedToken): Promise<void> {
    const { expiresAtSec, userId, trustId, extra } = row
    const region = key.kind === 'row' ? '' : ((await this.read(regionKey)) ?? (await this.newRegion()))
    const stored: Stored = { region, atSec, expiresAtSec, userId, trustId, extra: extra.text, roles }
    await this.write(keyOf(key), JSON.stringify(stored))
  }

  async delete(keys: readonly CacheKey[]): Promise<void> {
    await Promise.all(keys.map((key) => this.client.delete(keyOf(key)).catch(() => false)))
  }

  async invalidate(): Promise<void> {
    await this.newRegion()
  }

  /** The list of revocation events in the same memcached, which every backend finds changed at once. */
  revocations(store: Store): RevocationSource {
    return {
      list: async (nowSec) => {
        const text = await this.read(eventsKey)
        const kept = text === null ? null : (JSON.parse(text) as StoredEvents)
        if (kept !== null && nowSec - kept.atSec <= revocationCacheSec)
          return new ReadRevocations(kept.events)
        const events = await store.readAll('revocation_event')
        await this.write(eventsKey, JSON.stringify({ atSec: nowSec, events } satisfies StoredEvents))
        return new ReadRevocations(events)
      },
      changed: async () => {
        await this.client.delete(eventsKey).catch(() => false)
      },
    }
  }

  /** Empties it, as `flush_all`. */
  async clear(): Promise<void> {
    await this.client.flush()
  }

  close(): void {
    this.client.close()
  }

  private async newRegion(): Promise<string> {
    const region = randomBytes(10).toString('hex')
    await this.write(regionKey, region)
    return region
  }

  private async read(key: string): Promise<string | null> {
    const { value } = await this.client.get(key).catch(() => ({ value: null }))
    return value === null ? null : value.toString('utf8')
  }

  /** A value too large for memcached is not kept, and nobody is told: as with Keystone. */
  private async write(key: string, text: string): Promise<void> {
    await this.client.set(key, text, {}).catch(() => false)
  }
}
