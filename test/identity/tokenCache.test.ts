// What Keystone's own cache does to tokens over a switch of the provider, a rollback, a rotation and a revocation.
// The truths are measurements on Newton 10.0.3 and Queens 13.0.4 with a memcached kept over the switch, and their sources.
import { describe, expect, test } from '@jest/globals'
import { MemoryTokenCache } from '../../src/identity/tokenCache.js'
import type { Release } from '../../src/scenario/scenario.js'
import type { ProviderMode } from '../../src/token/mode.js'
import { createKeystone, ids, onProject } from './support/keystone.js'
import type { Keystone } from './support/keystone.js'

const timeSec = 600

/** A Keystone with a cache of 600 s, and whether it caches what it issues. */
const cachingKeystone = (release: Release, mode: ProviderMode, onIssue: boolean): Keystone =>
  createKeystone(release, mode, {
    cache: { timeSec, onIssue },
    tokenCache: new MemoryTokenCache({ timeSec }),
    expirationSec: 7200,
  })

const asCaller = (keystone: Keystone, token: string): number =>
  keystone.send('GET', '/v3/auth/catalog', { auth: token }).status
const asSubject = (keystone: Keystone, token: string): number => keystone.validate(token).status

describe('Newton, whose `validate_token` has one key for both formats', () => {
  test('goes on taking a UUID token as X-Auth-Token after the switch, but not as subject', () => {
    const keystone = cachingKeystone('newton', 'uuid', false)
    const token = keystone.login('nova', onProject(ids.serviceProject))
    expect(asCaller(keystone, token)).toBe(200)
    const issuedSec = keystone.nowSec
    keystone.mode = 'fernet'
    keystone.nowSec = issuedSec + timeSec
    expect(asCaller(keystone, token)).toBe(200)
    expect(asSubject(keystone, token)).toBe(404)
    keystone.nowSec = issuedSec + timeSec + 1
    expect(asCaller(keystone, token)).toBe(401)
  })

  test('knows a token as caller that it has only seen as subject, since the policy looks at that, too', () => {
    const keystone = cachingKeystone('newton', 'uuid', false)
    const token = keystone.login('alice')
    expect(asSubject(keystone, token)).toBe(200)
    keystone.mode = 'fernet'
    expect(asCaller(keystone, token)).toBe(200)
  })

  test('refuses at once what it has not validated before the switch', () => {
    const keystone = cachingKeystone('newton', 'uuid', false)
    const token = keystone.login('alice')
    keystone.mode = 'fernet'
    expect(asCaller(keystone, token)).toBe(401)
    expect(asSubject(keystone, token)).toBe(404)
  })

  test('does not lengthen a cached validation by using it', () => {
    const keystone = cachingKeystone('newton', 'uuid', false)
    const token = keystone.login('alice')
    const firstSec = keystone.nowSec
    for (const later of [0, 300, 599]) {
      keystone.nowSec = firstSec + later
      expect(asCaller(keystone, token)).toBe(200)
    }
    keystone.mode = 'fernet'
    keystone.nowSec = firstSec + timeSec + 1
    expect(asCaller(keystone, token)).toBe(401)
  })

  test('goes on taking a Fernet token as X-Auth-Token after a rollback, but not as subject', () => {
    const keystone = cachingKeystone('newton', 'fernet', false)
    const token = keystone.login('alice')
    expect(asCaller(keystone, token)).toBe(200)
    keystone.mode = 'uuid'
    expect(asCaller(keystone, token)).toBe(200)
    expect(asSubject(keystone, token)).toBe(404)
  })

  test('with `cache_on_issue` takes an issued UUID token in both places after the switch', () => {
    const keystone = cachingKeystone('newton', 'uuid', true)
    const token = keystone.login('alice')
    keystone.mode = 'fernet'
    expect(asCaller(keystone, token)).toBe(200)
    expect(asSubject(keystone, token)).toBe(200)
  })
})

describe.each(['ocata', 'queens'] as const)('%s, which looks for a UUID token by its row', (release) => {
  test('takes a UUID token after the switch for as long as it was cached on issue, however often it is used', () => {
    const keystone = cachingKeystone(release, 'uuid', true)
    const token = keystone.login('alice')
    const issuedSec = keystone.nowSec
    for (const later of [100, 400]) {
      keystone.nowSec = issuedSec + later
      expect(asSubject(keystone, token)).toBe(200)
    }
    keystone.mode = 'fernet'
    keystone.nowSec = issuedSec + timeSec
    expect(asSubject(keystone, token)).toBe(200)
    expect(asCaller(keystone, token)).toBe(200)
    keystone.nowSec = issuedSec + timeSec + 1
    expect(asSubject(keystone, token)).toBe(404)
    expect(asCaller(keystone, token)).toBe(401)
  })

  test('refuses at once a UUID token that was issued longer ago, though it was validated just now', () => {
    const keystone = cachingKeystone(release, 'uuid', true)
    const token = keystone.login('alice')
    keystone.nowSec += timeSec + 1
    expect(asSubject(keystone, token)).toBe(200)
    keystone.mode = 'fernet'
    expect(asSubject(keystone, token)).toBe(404)
  })

  test('without `cache_on_issue` refuses every UUID token at once', () => {
    const keystone = cachingKeystone(release, 'uuid', false)
    const token = keystone.login('alice')
    expect(asCaller(keystone, token)).toBe(200)
    keystone.mode = 'fernet'
    expect(asCaller(keystone, token)).toBe(401)
  })

  test('refuses Fernet tokens at once after a rollback, and takes the UUID tokens of before again', () => {
    const keystone = cachingKeystone(release, 'uuid', true)
    const uuid = keystone.login('alice')
    keystone.nowSec += timeSec + 1
    keystone.mode = 'fernet'
    const fernet = keystone.login('alice')
    expect(asSubject(keystone, fernet)).toBe(200)
    keystone.mode = 'uuid'
    expect(asSubject(keystone, fernet)).toBe(404)
    expect(asSubject(keystone, uuid)).toBe(200)
  })

  test('forgets all tokens when a user is disabled, so that survivors of the switch die with it', () => {
    const keystone = cachingKeystone(release, 'uuid', true)
    const token = keystone.login('alice')
    const admin = keystone.login('admin', onProject(ids.serviceProject))
    keystone.mode = 'fernet'
    expect(asSubject(keystone, token)).toBe(200)
    keystone.send('PATCH', `/v3/users/${ids.bob}`, { auth: admin, json: { user: { enabled: false } } })
    expect(asSubject(keystone, token)).toBe(404)
  })

  test('does not see a role that was given while a validation is cached', () => {
    const keystone = cachingKeystone(release, 'fernet', true)
    const token = keystone.login('alice')
    const rolesNow = (): number => keystone.validate(token).json.token?.roles?.length ?? 0
    expect(rolesNow()).toBe(1)
    const admin = keystone.login('admin', onProject(ids.serviceProject))
    const given = keystone.send(
      'PUT',
      `/v3/projects/${ids.demo}/users/${ids.alice}/roles/${ids.readerRole}`,
      {
        auth: admin,
      },
    )
    expect(given.status).toBe(204)
    expect(rolesNow()).toBe(1)
    keystone.nowSec += timeSec + 1
    expect(rolesNow()).toBe(2)
  })
})

describe.each([
  ['mitaka', false],
  ['newton', false],
  ['ocata', true],
  ['queens', true],
] as const)('%s', (release, onIssue) => {
  test('takes a cached token whose key is gone, until the cache forgets it', () => {
    const keystone = cachingKeystone(release, 'fernet', onIssue)
    const token = keystone.login('alice')
    expect(asSubject(keystone, token)).toBe(200)
    const cachedSec = keystone.nowSec
    for (let i = 0; i < 3; i++) keystone.rotate()
    expect(asSubject(keystone, token)).toBe(200)
    expect(asCaller(keystone, token)).toBe(200)
    keystone.nowSec = cachedSec + timeSec + 1
    const late = keystone.validate(token)
    expect(late.status).toBe(404)
    expect(late.cause).toBe('key-rotated-away')
  })

  test.each(['uuid', 'fernet'] as const)('refuses a cached %s token as soon as it is deleted', (mode) => {
    const keystone = cachingKeystone(release, mode, onIssue)
    const token = keystone.login('alice')
    expect(asSubject(keystone, token)).toBe(200)
    keystone.nowSec += 5
    expect(keystone.send('DELETE', '/v3/auth/tokens', { auth: token, subject: token }).status).toBe(204)
    expect(asSubject(keystone, token)).toBe(404)
    expect(asCaller(keystone, token)).toBe(401)
  })

  test.each(['uuid', 'fernet'] as const)('refuses a cached %s token when it has expired', (mode) => {
    const keystone = createKeystone(release, mode, {
      cache: { timeSec, onIssue },
      tokenCache: new MemoryTokenCache({ timeSec }),
      expirationSec: 100,
    })
    const token = keystone.login('alice')
    expect(asSubject(keystone, token)).toBe(200)
    keystone.nowSec += 100
    expect(keystone.validate(token).cause).toBe('expired')
    expect(asCaller(keystone, token)).toBe(401)
  })

  test.each(['uuid', 'fernet'] as const)('refuses a cached %s token of a user who was disabled', (mode) => {
    const keystone = cachingKeystone(release, mode, onIssue)
    const token = keystone.login('alice')
    expect(asSubject(keystone, token)).toBe(200)
    const admin = keystone.login('admin', onProject(ids.serviceProject))
    keystone.send('PATCH', `/v3/users/${ids.alice}`, { auth: admin, json: { user: { enabled: false } } })
    const refused = keystone.validate(token)
    expect(refused.status).toBe(404)
    expect(refused.cause).toBe('user-gone')
  })

  test('answers from the cache with the body that it had without', () => {
    for (const mode of ['uuid', 'fernet'] as const) {
      const keystone = cachingKeystone(release, mode, onIssue)
      const plain = createKeystone(release, mode, { expirationSec: 7200 })
      for (const user of ['alice', 'nova'] as const) {
        const scope = onProject(user === 'nova' ? ids.serviceProject : ids.demo)
        const token = keystone.login(user, scope)
        const first = keystone.validate(token).text
        expect(keystone.validate(token).text).toBe(first)
        expect(JSON.parse(first)).toMatchObject({
          token: { ...plain.validate(plain.login(user, scope)).json.token, audit_ids: expect.anything() },
        })
      }
    }
  })
})

describe('caches of several backends', () => {
  const pair = (release: Release, shared: boolean): readonly [Keystone, Keystone] => {
    const onIssue = release === 'queens'
    const settings = { cache: { timeSec, onIssue }, asksRevocations: release === 'newton' && !shared }
    const tokenCache = new MemoryTokenCache({ timeSec })
    const first = createKeystone(release, 'fernet', { ...settings, tokenCache })
    const other = shared ? tokenCache : new MemoryTokenCache({ timeSec })
    return [
      first,
      createKeystone(release, 'fernet', {
        ...settings,
        tokenCache: other,
        beside: first,
        ring: first.ring(),
      }),
    ]
  }

  test('that are shared let one backend take what only the other can issue', () => {
    const [uuid, fernet] = pair('queens', true)
    uuid.mode = 'uuid'
    expect(asSubject(fernet, uuid.login('alice'))).toBe(200)
  })

  test('that are not shared do not', () => {
    const [uuid, fernet] = pair('queens', false)
    uuid.mode = 'uuid'
    expect(asSubject(fernet, uuid.login('alice'))).toBe(404)
  })

  test('that are not shared keep a token alive on Newton that was deleted at another backend, for an hour', () => {
    const [first, second] = pair('newton', false)
    // A first event, so that there is a list to keep.
    const revoke = (token: string): number =>
      first.send('DELETE', '/v3/auth/tokens', { auth: token, subject: token }).status
    expect(revoke(first.login('bob', onProject(ids.other)))).toBe(204)
    const token = first.login('alice')
    expect(asSubject(second, token)).toBe(200)
    const listedSec = second.nowSec
    first.nowSec += 5
    expect(revoke(token)).toBe(204)
    expect(asSubject(first, token)).toBe(404)
    second.nowSec = first.nowSec
    expect(asSubject(second, token)).toBe(200)
    second.nowSec = listedSec + 3599
    expect(asSubject(second, token)).toBe(200)
  })

  test('that are not shared see a deletion at once on Queens, which asks the database', () => {
    const [first, second] = pair('queens', false)
    const token = first.login('alice')
    expect(asSubject(second, token)).toBe(200)
    first.nowSec += 5
    first.send('DELETE', '/v3/auth/tokens', { auth: token, subject: token })
    second.nowSec = first.nowSec
    expect(asSubject(second, token)).toBe(404)
  })
})
