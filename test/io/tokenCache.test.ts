// One contract for the caches of tokens: the one in memory, and a real memcached; and what only the real one shows.
// It exists so that the simulated world's cache and the local world's mean the same.
import { connect } from 'node:net'
import { afterAll, beforeAll, afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { extraFromText } from '../../src/identity/extra.js'
import { createMemoryStore } from '../../src/identity/memoryStore.js'
import type { TokenRow } from '../../src/identity/store.js'
import { MemoryTokenCache } from '../../src/identity/tokenCache.js'
import type { CachedToken, CacheKind, TokenCache } from '../../src/identity/tokenCache.js'
import { MemcachedTokenCache } from '../../src/io/cache/memcachedTokenCache.js'
import { startMemcached } from '../../src/io/cache/privateMemcached.js'
import type { PrivateMemcached } from '../../src/io/cache/privateMemcached.js'
import { isRunning, until } from '../support/program.js'
import { createKeystone, ids } from '../identity/support/keystone.js'

// A process that starts, and a round trip, may take long on a busy machine.
jest.setTimeout(120_000)

/** The column of a token of alice's, as Queens writes it. */
const alicesExtra = ((): string => {
  const keystone = createKeystone('queens', 'uuid')
  return keystone.store.findToken(keystone.login('alice'))?.extra.text ?? ''
})()

const rowOf = (id: string): TokenRow => ({
  id,
  expiresAtSec: 1_795_315_300,
  valid: true,
  userId: 'u1',
  trustId: null,
  extra: extraFromText(alicesExtra),
})
const roles = { ids: ['r1'], names: ['member'], text: '[{"id": "r1", "name": "member"}]' }
const value = (id: string, atSec = 1_795_311_700): CachedToken => ({ atSec, row: rowOf(id), roles })

/** What is compared of a value: the column's text, not the object that reads it. */
const plain = (cached: CachedToken | null): unknown =>
  cached === null ? null : { ...cached, row: { ...cached.row, extra: cached.row.extra.text } }

const kinds: readonly CacheKind[] = ['row', 'token', 'subject', 'rebuilt']
const fernet = `gAAAAA${'x'.repeat(250)}`

let memcached: PrivateMemcached
beforeAll(async () => {
  memcached = await startMemcached()
})
afterAll(() => memcached.stop())

describe.each(['memory', 'memcached'] as const)('a cache in %s', (where) => {
  let cache: TokenCache
  let close = (): void => {}
  beforeEach(async () => {
    if (where === 'memory') {
      cache = new MemoryTokenCache({ timeSec: 600 })
      return
    }
    const real = new MemcachedTokenCache(memcached.address)
    await real.clear()
    close = () => real.close()
    cache = real
  })
  afterEach(() => close())

  test.each(kinds)(
    'gives back under %s what was put there, under no other, and not when it is deleted',
    async (kind) => {
      for (const id of ['a'.repeat(32), fernet]) {
        await cache.set({ kind, id }, value(id))
        for (const other of kinds) {
          const expected = other === kind ? plain(value(id)) : null
          expect(plain(await cache.get({ kind: other, id }))).toEqual(expected)
        }
        await cache.delete([{ kind, id }])
        expect(await cache.get({ kind, id })).toBeNull()
      }
    },
  )

  test('reads a body’s claims and roles as they were put', async () => {
    const key = { kind: 'token', id: 'a1' } as const
    await cache.set(key, value('a1'))
    const found = await cache.get(key)
    expect(found?.roles).toEqual(roles)
    expect(found?.row.extra.claims).toEqual(value('a1').row.extra.claims)
    expect(found?.row.extra.claims.userId).toBe(ids.alice)
  })

  test('forgets all tokens but no row when it is invalidated, and takes new ones after that', async () => {
    for (const kind of kinds) await cache.set({ kind, id: 'a1' }, value('a1'))
    await cache.invalidate()
    for (const kind of kinds) {
      expect(plain(await cache.get({ kind, id: 'a1' }))).toEqual(kind === 'row' ? plain(value('a1')) : null)
      await cache.set({ kind, id: 'a2' }, value('a2'))
      expect(plain(await cache.get({ kind, id: 'a2' }))).toEqual(plain(value('a2')))
    }
  })
})

/** What memcached says to a line of its text protocol. */
const say = (line: string): Promise<string> =>
  new Promise((done, failed) => {
    const [host, port] = memcached.address.split(':') as [string, string]
    const socket = connect(Number(port), host, () => socket.write(`${line}\r\n`))
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (text.endsWith('END\r\n')) socket.end(() => done(text))
    })
    socket.once('error', failed)
  })

describe('a memcached of our own', () => {
  test('holds keys that say nothing of tokens, for as long as it runs', async () => {
    const cache = new MemcachedTokenCache(memcached.address)
    await cache.clear()
    await cache.set({ kind: 'token', id: fernet }, value(fernet))
    const keys = await say('lru_crawler metadump all')
    expect(keys.match(/^key=[0-9a-f]{40} exp=-1 /gm)).toHaveLength(2)
    expect(keys).not.toContain('gAAAA')
    cache.close()
  })

  test('is one for all: what one client puts, revokes or changes is so for the next', async () => {
    const [one, other] = [
      new MemcachedTokenCache(memcached.address),
      new MemcachedTokenCache(memcached.address),
    ]
    await one.clear()
    const key = { kind: 'token', id: 'a1' } as const
    await one.set(key, value('a1'))
    expect(plain(await other.get(key))).toEqual(plain(value('a1')))
    await other.invalidate()
    expect(await one.get(key)).toBeNull()

    const store = createMemoryStore()
    const subject = { ...value('a1'), claims: value('a1').row.extra.claims }
    const event = {
      id: 'e1',
      audit_id: subject.claims.auditIds[0] ?? '',
      issued_before: '2030-01-01T00:00:00.000000Z',
      revoked_at: '2030-01-01T00:00:00.000000Z',
    }
    const question = {
      claims: subject.claims,
      format: 'uuid',
      trustorId: null,
      trusteeId: null,
      userDomainId: null,
      roleIds: [],
    } as const
    const [mine, theirs] = [one.revocations(store), other.revocations(store)]
    expect((await mine.list(0)).revokes(question)).toBe(false)
    store.put('revocation_event', event)
    expect((await theirs.list(10)).revokes(question)).toBe(false)
    await mine.changed()
    expect((await theirs.list(10)).revokes(question)).toBe(true)
    one.close()
    other.close()
  })

  test('is listened to on the loopback interface alone, and gone when it is stopped', async () => {
    const own = await startMemcached()
    expect(own.address).toMatch(/^127\.0\.0\.1:\d+$/)
    const cache = new MemcachedTokenCache(own.address)
    const key = { kind: 'token', id: 'a1' } as const
    await cache.set(key, value('a1'))
    await own.stop()
    await own.stop()
    await until('memcached is gone', () => !isRunning(own.pid))
    // Whoever asks now is told of no error: for Keystone, too, that is a miss.
    expect(await cache.get(key)).toBeNull()
    await cache.set(key, value('a1'))
    cache.close()
  })

  test('that dies by itself is reported, once', async () => {
    const told: unknown[] = []
    const own = await startMemcached((code, signal) => told.push([code, signal]))
    process.kill(own.pid, 'SIGKILL')
    await until('its death is told', () => told.length > 0)
    await own.stop()
    expect(told).toEqual([[null, 'SIGKILL']])
  })
})
