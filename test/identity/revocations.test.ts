// Revocation events: what each kind hits, the second in which everything dies, and how old ones go away.
// Fernet has no row to mark, so these events are all that revokes its tokens.
import { describe, expect, test } from '@jest/globals'
import { isoInstant } from '../../src/identity/instants.js'
import { ask } from '../../src/identity/questions.js'
import { ReadRevocations, RevocationIndex } from '../../src/identity/revocations.js'
import type { RevocationSubject } from '../../src/identity/revocations.js'
import { revokeChain, revokeUser } from '../../src/identity/revoke.js'
import type { Document } from '../../src/identity/store.js'
import { MemoryTokenCache } from '../../src/identity/tokenCache.js'
import { checkToken } from '../../src/identity/tokenCheck.js'
import { createKeystone, ids, onProject } from './support/keystone.js'

const issuedAtSec = 1_500_000_000

const subject: RevocationSubject = {
  claims: {
    userId: 'user',
    methods: ['password'],
    auditIds: ['own', 'chain'],
    issuedAtSec,
    expiresAtSec: issuedAtSec + 3600,
    scope: { kind: 'trust', projectId: 'project', trustId: 'trust' },
  },
  format: 'fernet',
  trustorId: 'trustor',
  trusteeId: 'trustee',
  userDomainId: 'domain',
  roleIds: ['role'],
}

let events = 0
const event = (fields: Record<string, string>, issuedBeforeSec = issuedAtSec): Document => ({
  id: `event-${++events}`,
  issued_before: isoInstant(issuedBeforeSec),
  revoked_at: isoInstant(issuedBeforeSec),
  ...fields,
})

const revokes = (...list: readonly Document[]): boolean => {
  const index = new RevocationIndex()
  index.update(list)
  return index.revokes(subject)
}

describe('an event', () => {
  test.each([
    [{ audit_id: 'own' }],
    [{ audit_chain_id: 'chain' }],
    [{ trust_id: 'trust' }],
    [{ user_id: 'user' }],
    [{ user_id: 'trustor' }],
    [{ user_id: 'trustee' }],
    [{ project_id: 'project' }],
    [{ domain_id: 'domain' }],
    [{ role_id: 'role' }],
    [{ user_id: 'user', project_id: 'project', role_id: 'role' }],
  ])('hits what it names: %j', (fields: Record<string, string>) => {
    expect(revokes(event(fields))).toBe(true)
  })

  test.each([
    [{ audit_id: 'chain' }],
    [{ audit_chain_id: 'own' }],
    [{ user_id: 'other' }],
    [{ user_id: 'user', project_id: 'other' }],
    [{ user_id: 'user', role_id: 'other' }],
    [{ user_id: 'user', only_format: 'uuid' }],
    [{ domain_id: 'other' }],
  ])('spares what it does not name: %j', (fields: Record<string, string>) => {
    expect(revokes(event(fields))).toBe(false)
  })

  test('hits tokens of its own second and of those before, by whole seconds', () => {
    expect(revokes(event({ user_id: 'user' }, issuedAtSec - 1))).toBe(false)
    expect(revokes(event({ user_id: 'user' }, issuedAtSec))).toBe(true)
    expect(revokes(event({ user_id: 'user' }, issuedAtSec + 1))).toBe(true)
  })
})

test('an index that grows by one event knows it, and forgets those that are gone', () => {
  const index = new RevocationIndex()
  const others = Array.from({ length: 5 }, (_, i) => event({ audit_id: `other-${i}` }))
  index.update(others)
  expect(index.revokes(subject)).toBe(false)
  const hit = event({ audit_id: 'own' })
  index.update([...others, hit])
  expect(index.revokes(subject)).toBe(true)
  index.update(others.slice(1))
  expect(index.revokes(subject)).toBe(false)
  index.update([...others.slice(2), hit])
  expect(index.revokes(subject)).toBe(true)
})

test('knows how many events a release reads that has no filter; marks on rows are none', () => {
  const list = [
    event({ audit_id: 'own' }),
    event({ user_id: 'other' }),
    event({ trust_id: 'a' }, issuedAtSec - 1),
    event({ user_id: 'user', only_format: 'uuid' }),
  ]
  const index = new RevocationIndex()
  for (let i = 1; i <= list.length; i++) index.update(list.slice(0, i))
  expect(index.size).toBe(3)
  index.update([])
  expect(index.size).toBe(0)
})

test('says the same as reading one event after the other', () => {
  const fields = ['audit_id', 'audit_chain_id', 'trust_id', 'user_id', 'project_id', 'domain_id', 'role_id']
  const values = ['own', 'user', 'trustor', 'project', 'other']
  for (const field of fields) {
    for (const value of values) {
      const list = [event({ user_id: 'nobody' }), event({ [field]: value })]
      expect([field, value, RevocationIndex.of(list).revokes(subject)]).toEqual([
        field,
        value,
        new ReadRevocations(list).revokes(subject),
      ])
    }
  }
})

test('a domain’s event hits tokens for its projects, for itself, and of its users', () => {
  const domainHit = (change: Partial<RevocationSubject>): boolean => {
    const index = new RevocationIndex()
    index.update([event({ domain_id: 'acme' })])
    return index.revokes({ ...subject, ...change })
  }
  expect(domainHit({})).toBe(false)
  expect(domainHit({ projectDomainId: 'acme' })).toBe(true)
  expect(domainHit({ userDomainId: 'acme' })).toBe(true)
  const scope = { kind: 'domain', domainId: 'acme' } as const
  expect(domainHit({ claims: { ...subject.claims, scope } })).toBe(true)
})

test('a chain is revoked across formats: all tokens made from one another, and no others', () => {
  const keystone = createKeystone('queens', 'dual-uuid')
  const uuid = keystone.login('alice', 'unscoped')
  keystone.mode = 'dual-fernet'
  const fernet = keystone.rescope(uuid).issued?.id ?? ''
  const grandchild = keystone.rescope(fernet).issued?.id ?? ''
  const stranger = keystone.login('alice')
  const checked = keystone.run(checkToken(keystone.context(), fernet))
  if (!checked.good) throw new Error(checked.message)
  keystone.run(revokeChain(keystone.context(), checked))
  expect([uuid, fernet, grandchild, stranger].map((token) => keystone.validate(token).status)).toEqual([
    404, 404, 404, 200,
  ])
})

test('a row that is marked invalid is dead by that alone, whatever events say', () => {
  // `if not token_ref or not token_ref.valid: raise TokenNotFound` (`keystone/token/persistence/backends/sql.py`).
  for (const release of ['mitaka', 'queens'] as const) {
    const keystone = createKeystone(release, 'uuid')
    const [marked, other] = [keystone.login('alice'), keystone.login('alice')]
    keystone.run(ask.invalidateTokens({ id: marked }))
    expect(keystone.store.list('revocation_event')).toEqual([])
    expect(keystone.validate(marked)).toMatchObject({ status: 404, cause: 'revoked' })
    expect(keystone.validate(other).status).toBe(200)
    // Another backend, whose cache has neither row.
    const cache = { timeSec: 600, onIssue: false }
    const beside = createKeystone(release, 'uuid', {
      beside: keystone,
      cache,
      tokenCache: new MemoryTokenCache(cache),
    })
    expect(beside.validate(marked)).toMatchObject({ status: 404, cause: 'revoked' })
    expect(beside.validate(other).status).toBe(200)
  }
})

describe.each(['uuid', 'fernet'] as const)('with the %s provider', (mode) => {
  test('a token that is issued again within the second of the revocation is dead, one second later it lives', () => {
    const keystone = createKeystone('queens', mode)
    const second = keystone.nowSec
    keystone.nowSec = second + 0.1
    keystone.run(revokeUser(keystone.context(), ids.alice))
    keystone.nowSec = second + 0.9
    const sameSecond = keystone.login('alice')
    expect(keystone.validate(sameSecond)).toMatchObject({ status: 404, cause: 'revoked' })
    keystone.nowSec = second + 1
    expect(keystone.validate(keystone.login('alice')).status).toBe(200)
    expect(keystone.validate(sameSecond).status).toBe(404)
  })

  test('a token is taken back by its user and by an admin, but not by a service, which may only look at it', () => {
    // `identity:revoke_token`: rule:admin_required or rule:token_subject (`keystone/common/policies/token.py`).
    const keystone = createKeystone('queens', mode)
    const token = keystone.login('alice')
    const statusFor = (auth: string): number =>
      keystone.send('DELETE', '/v3/auth/tokens', { auth, subject: token }).status
    const service = keystone.login('nova', onProject(ids.serviceProject))
    expect(keystone.validate(token, service).status).toBe(200)
    expect([statusFor(service), statusFor(keystone.login('bob', 'unscoped'))]).toEqual([403, 403])
    expect(statusFor(keystone.login('admin', onProject(ids.serviceProject)))).toBe(204)
    expect(keystone.validate(token).status).toBe(404)
  })

  test('a deleted token writes one event, which an admin may read', () => {
    const keystone = createKeystone('queens', mode)
    const token = keystone.login('alice')
    const audit = keystone.validate(token).json.token?.audit_ids[0]
    keystone.send('DELETE', '/v3/auth/tokens', { auth: token, subject: token })
    const now = isoInstant(keystone.nowSec)
    const admin = keystone.login('admin', onProject(ids.serviceProject))
    const { json } = keystone.send('GET', '/v3/OS-REVOKE/events', { auth: admin })
    expect(json.events).toEqual([{ audit_id: audit, issued_before: now, revoked_at: now }])
    const bob = keystone.login('bob', 'unscoped')
    expect(keystone.send('GET', '/v3/OS-REVOKE/events', { auth: bob }).status).toBe(403)
    expect(keystone.store.findToken(token)?.valid).toBe(mode === 'uuid' ? false : undefined)
  })

  test.each(['newton', 'queens'] as const)(
    'events are kept for the life of a token and half an hour: %s',
    (release) => {
      // `CONF.token.expiration + CONF.revoke.expiration_buffer` (`keystone/revoke/backends/base.py`), with a window or without.
      const keystone = createKeystone(release, mode)
      const startSec = keystone.nowSec
      const eventsAt = (sec: number): number => {
        keystone.nowSec = startSec + sec
        keystone.run(revokeUser(keystone.context(), ids.bob))
        return keystone.store.list('revocation_event').length
      }
      expect([0, 5400, 5401].map(eventsAt)).toEqual([1, 2, 2])
    },
  )

  test('events that can hit nothing any more are cleared away, a few at a time', () => {
    const keystone = createKeystone('newton', mode)
    for (let i = 0; i < 10; i++) keystone.run(revokeUser(keystone.context(), ids.bob))
    keystone.nowSec += 3600 + 1801
    keystone.run(revokeUser(keystone.context(), ids.bob))
    expect(keystone.store.list('revocation_event')).toHaveLength(3)
    keystone.run(revokeUser(keystone.context(), ids.bob))
    expect(keystone.store.list('revocation_event')).toHaveLength(2)
  })
})
