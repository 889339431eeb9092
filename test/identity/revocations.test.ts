// Revocation events: what each kind hits, the second in which everything dies, and how old ones go away.
// Fernet has no row to mark, so these events are all that revokes its tokens.
import { describe, expect, test } from '@jest/globals'
import { isoInstant } from '../../src/identity/instants.js'
import { RevocationIndex } from '../../src/identity/revocations.js'
import type { RevocationSubject } from '../../src/identity/revocations.js'
import { revokeUser } from '../../src/identity/revoke.js'
import type { Document } from '../../src/identity/store.js'
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
    if (mode === 'uuid') expect(keystone.store.findToken(token)?.valid).toBe(false)
  })

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
