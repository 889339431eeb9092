// Trusts: making, showing and deleting them, and the tokens that trustees get by them.
// Heat and Magnum live on these, so a rehearsal is only as good as they are.
import { describe, expect, test } from '@jest/globals'
import { assignmentId, assignmentOf } from '../../src/identity/documents.js'
import { isoInstant, parseInstant } from '../../src/identity/instants.js'
import type { Document } from '../../src/identity/store.js'
import { createKeystone, createTrust, ids, onProject, onTrust } from './support/keystone.js'
import type { Keystone, Received } from './support/keystone.js'

const asBob = (keystone: Keystone, trust: string): Received =>
  keystone.send('POST', '/v3/auth/tokens', {
    json: {
      auth: {
        identity: { methods: ['password'], password: { user: { id: ids.bob, password: 'bob-pw' } } },
        scope: onTrust(trust),
      },
    },
  })

describe.each(['uuid', 'fernet'] as const)('with the %s provider', (mode) => {
  test('a trust is made by the trustor and shown to both, and to nobody else', () => {
    const keystone = createKeystone('queens', mode)
    const { id, reply } = createTrust(keystone)
    expect(reply.status).toBe(201)
    expect(reply.json.trust).toMatchObject({
      trustor_user_id: ids.alice,
      trustee_user_id: ids.bob,
      project_id: ids.demo,
      impersonation: true,
      expires_at: null,
      remaining_uses: null,
      redelegation_count: 0,
      roles: [{ id: ids.memberRole, name: 'member' }],
    })
    const path = `/v3/OS-TRUST/trusts/${id}`
    const statusFor = (user: 'alice' | 'bob' | 'nova', scope: unknown): number =>
      keystone.send('GET', path, { auth: keystone.login(user, scope) }).status
    expect(statusFor('alice', 'unscoped')).toBe(200)
    expect(statusFor('bob', 'unscoped')).toBe(200)
    expect(statusFor('nova', 'unscoped')).toBe(403)
    expect(keystone.send('GET', path, {}).status).toBe(401)
  })

  test('lists are for the parties, and all of them for an admin', () => {
    const keystone = createKeystone('queens', mode)
    const { id } = createTrust(keystone)
    const list = (user: 'bob' | 'nova' | 'admin', query: string, scope: unknown = 'unscoped'): Received =>
      keystone.send('GET', '/v3/OS-TRUST/trusts', { auth: keystone.login(user, scope), query })
    expect(list('bob', `trustee_user_id=${ids.bob}`).json.trusts?.map((trust) => trust.id)).toEqual([id])
    expect(list('bob', `trustor_user_id=${ids.alice}`).status).toBe(403)
    expect(list('nova', '').status).toBe(403)
    expect(list('admin', '', onProject(ids.serviceProject)).json.trusts).toHaveLength(1)
  })

  test.each([
    [true, ids.alice],
    [false, ids.bob],
  ])('impersonation %s decides whose token it is', (impersonation, userId) => {
    const keystone = createKeystone('queens', mode)
    const { id } = createTrust(keystone, { impersonation })
    const reply = asBob(keystone, id)
    expect(reply.json.token).toMatchObject({
      user: { id: userId },
      project: { id: ids.demo },
      'OS-TRUST:trust': { id, trustor_user: { id: ids.alice }, trustee_user: { id: ids.bob }, impersonation },
      roles: [{ id: ids.memberRole, name: 'member', domain_id: null }],
    })
    const validated = keystone.validate(reply.issued?.id ?? '')
    expect(validated.json).toEqual(reply.json)
  })

  test('uses are counted after each issue, and the last one takes the last token with it', () => {
    const keystone = createKeystone('queens', mode)
    const { id } = createTrust(keystone, { remaining_uses: 2 })
    const first = asBob(keystone, id)
    expect(keystone.store.get('trust', id)).toMatchObject({ remaining_uses: 1 })
    expect(keystone.validate(first.issued?.id ?? '').status).toBe(200)
    const second = asBob(keystone, id)
    expect(second.status).toBe(201)
    const gone = keystone.validate(second.issued?.id ?? '')
    expect([gone.status, gone.cause]).toEqual([404, 'trust-gone'])
    const third = asBob(keystone, id)
    expect([third.status, third.cause]).toEqual([401, 'trust-gone'])
  })

  test('when another process took the last use meanwhile, there is no token', () => {
    const keystone = createKeystone('newton', mode)
    const { id } = createTrust(keystone, { remaining_uses: 1 })
    const consume = keystone.store.consumeTrust.bind(keystone.store)
    keystone.store.consumeTrust = (trust) => {
      consume(trust)
      return consume(trust)
    }
    const reply = asBob(keystone, id)
    expect([reply.status, reply.issued, reply.cause]).toEqual([403, null, 'trust-gone'])
    // The row was inserted before the use was taken; a Fernet token that nobody is given leaves nothing behind.
    const written = keystone.asked.map(({ ask }) => ask).filter((ask) => ask.startsWith('token.'))
    expect(written.slice(-2)).toEqual(mode === 'uuid' ? ['token.insert', 'token.invalidate'] : [])
  })

  test('a trust ends, and no token of it ends later', () => {
    const keystone = createKeystone('queens', mode)
    const endSec = keystone.nowSec + 600
    const { id } = createTrust(keystone, { expires_at: isoInstant(endSec) })
    const reply = asBob(keystone, id)
    expect(parseInstant(reply.json.token?.expires_at ?? '')).toBe(endSec)
    // Gone once now > expires_at (`get_trust` in `keystone/trust/backends/sql.py`).
    keystone.nowSec = endSec
    expect(
      keystone.send('GET', `/v3/OS-TRUST/trusts/${id}`, { auth: keystone.login('bob', 'unscoped') }).status,
    ).toBe(200)
    keystone.nowSec = endSec + 1
    expect(asBob(keystone, id)).toMatchObject({ status: 401, cause: 'trust-gone' })
  })

  test('a trust cannot be used by anybody but its trustee', () => {
    const keystone = createKeystone('queens', mode)
    const { id } = createTrust(keystone)
    const reply = keystone.send('POST', '/v3/auth/tokens', {
      json: {
        auth: {
          identity: { methods: ['password'], password: { user: { id: ids.service, password: 'nova-pw' } } },
          scope: onTrust(id),
        },
      },
    })
    expect(reply.status).toBe(403)
  })

  test('a trustor who has lost the role, or is disabled, makes the trust useless: 403', () => {
    const lost = createKeystone('queens', mode)
    const { id } = createTrust(lost)
    const grant = {
      type: 'UserProject',
      actor_id: ids.alice,
      target_id: ids.demo,
      role_id: ids.memberRole,
    } as const
    lost.store.remove('assignment', assignmentId(grant))
    expect(asBob(lost, id).status).toBe(403)
    const disabled = createKeystone('queens', mode)
    const other = createTrust(disabled).id
    disabled.store.put('user', { ...(disabled.store.get('user', ids.alice) as Document), enabled: false })
    expect(asBob(disabled, other)).toMatchObject({ status: 403, cause: 'user-gone' })
  })

  test('a trustor who has lost one of two roles makes the trust useless, and the tokens made of it', () => {
    // Every role of the trust must still be the trustor's (`_populate_roles` in `keystone/token/providers/common.py`).
    const keystone = createKeystone('queens', mode)
    const reader = {
      type: 'UserProject',
      actor_id: ids.alice,
      target_id: ids.demo,
      role_id: ids.readerRole,
    } as const
    keystone.store.put('assignment', assignmentOf(reader))
    const { id } = createTrust(keystone, { roles: [{ id: ids.memberRole }, { id: ids.readerRole }] })
    const token = asBob(keystone, id).issued?.id ?? ''
    expect(keystone.validate(token).status).toBe(200)
    keystone.store.remove('assignment', assignmentId(reader))
    expect(keystone.validate(token).status).toBe(403)
    expect(asBob(keystone, id).status).toBe(403)
  })

  test('a trustee whose domain was disabled has a dead token (`_populate_user`: TokenNotFound)', () => {
    const keystone = createKeystone('queens', mode)
    keystone.store.put('domain', { id: 'elsewhere', name: 'elsewhere', enabled: true })
    const bob = keystone.store.get('user', ids.bob) as Document
    keystone.store.put('user', { ...bob, domain_id: 'elsewhere' })
    const token = asBob(keystone, createTrust(keystone).id).issued?.id ?? ''
    expect(keystone.validate(token).status).toBe(200)
    keystone.store.put('domain', { id: 'elsewhere', name: 'elsewhere', enabled: false })
    expect(keystone.validate(token)).toMatchObject({ status: 404, cause: 'user-gone' })
  })

  test('deleting a trust is for the trustor, and invalidates its rows', () => {
    const keystone = createKeystone('newton', mode)
    const { id } = createTrust(keystone)
    const token = asBob(keystone, id).issued?.id ?? ''
    const path = `/v3/OS-TRUST/trusts/${id}`
    expect(keystone.send('DELETE', path, { auth: keystone.login('bob', 'unscoped') }).status).toBe(403)
    expect(keystone.send('DELETE', path, { auth: keystone.login('alice') }).status).toBe(204)
    expect(keystone.send('DELETE', path, { auth: keystone.login('alice') }).status).toBe(404)
    expect(keystone.store.findToken(token)?.valid).toBe(mode === 'uuid' ? false : undefined)
  })
})

describe('a trust that may be handed on', () => {
  /** A trust of alice's to bob, and bob's asking for another with a token of it. */
  const handedOn = (
    asked: Record<string, unknown>,
  ): { keystone: Keystone; id: string; redelegate: (change: Record<string, unknown>) => Received } => {
    const keystone = createKeystone('queens', 'uuid')
    const { id } = createTrust(keystone, { allow_redelegation: true, ...asked })
    const auth = keystone.login('bob', onTrust(id))
    const trust = {
      trustor_user_id: ids.alice,
      trustee_user_id: ids.service,
      project_id: ids.demo,
      impersonation: true,
      roles: [{ id: ids.memberRole }],
    }
    return {
      keystone,
      id,
      redelegate: (change) =>
        keystone.send('POST', '/v3/OS-TRUST/trusts', { auth, json: { trust: { ...trust, ...change } } }),
    }
  }
  const asService = (keystone: Keystone, trust: string): Received =>
    keystone.send('POST', '/v3/auth/tokens', {
      json: {
        auth: {
          identity: { methods: ['password'], password: { user: { id: ids.service, password: 'nova-pw' } } },
          scope: onTrust(trust),
        },
      },
    })

  test('may be handed on three times unless it says otherwise', () => {
    const keystone = createKeystone('queens', 'uuid')
    const count = (asked: Record<string, unknown>): unknown =>
      createTrust(keystone, asked).reply.json.trust?.['redelegation_count']
    expect(count({ allow_redelegation: true })).toBe(3)
    expect(count({ allow_redelegation: true, redelegation_count: 2 })).toBe(2)
    expect(count({ allow_redelegation: true, redelegation_count: 0 })).toBe(0)
    expect(count({ redelegation_count: 2 })).toBe(0)
    expect(createTrust(keystone, { allow_redelegation: true, redelegation_count: 4 }).reply.status).toBe(403)
  })

  test('makes others, each with one time less, that go with it', () => {
    const { keystone, id, redelegate } = handedOn({ redelegation_count: 2 })
    expect(redelegate({ allow_redelegation: true, redelegation_count: 2 }).status).toBe(403)
    const child = redelegate({ allow_redelegation: true })
    expect(child.json.trust).toMatchObject({ redelegated_trust_id: id, redelegation_count: 1 })
    expect(redelegate({}).json.trust).toMatchObject({ redelegation_count: 0 })
    const token = asService(keystone, child.json.trust?.id ?? '').issued?.id ?? ''
    expect(keystone.validate(token).json.token?.user.id).toBe(ids.alice)
    keystone.send('DELETE', `/v3/OS-TRUST/trusts/${id}`, { auth: keystone.login('alice') })
    expect(keystone.store.list('trust')).toEqual([])
    expect(keystone.validate(token).status).toBe(404)
  })

  test('is handed on no further than its count', () => {
    const { keystone, redelegate } = handedOn({ redelegation_count: 1 })
    const child = redelegate({ allow_redelegation: true }).json.trust
    expect(child).toMatchObject({ redelegation_count: 0 })
    const auth = asService(keystone, child?.id ?? '').issued?.id ?? ''
    const trust = {
      trustor_user_id: ids.alice,
      trustee_user_id: ids.bob,
      project_id: ids.demo,
      impersonation: true,
      roles: [{ name: 'member' }],
    }
    expect(keystone.send('POST', '/v3/OS-TRUST/trusts', { auth, json: { trust } }).status).toBe(403)
  })

  test('gives no role, no time and no use that it has not itself', () => {
    const ends = isoInstant(createKeystone('queens', 'uuid').nowSec + 600)
    const later = isoInstant(createKeystone('queens', 'uuid').nowSec + 601)
    const { keystone, redelegate } = handedOn({ expires_at: ends })
    keystone.store.put('assignment', {
      ...(keystone.store.find('assignment', 'actor_id', ids.alice)[0] as Document),
      id: 'further',
      target_id: ids.demo,
      role_id: ids.readerRole,
    })
    expect(redelegate({ roles: [{ id: ids.readerRole }] }).status).toBe(403)
    expect(redelegate({ expires_at: later }).status).toBe(403)
    expect(redelegate({ remaining_uses: 1 }).status).toBe(403)
    expect(redelegate({}).json.trust).toMatchObject({ expires_at: ends })
    expect(redelegate({ expires_at: isoInstant(keystone.nowSec + 60) }).status).toBe(201)
  })

  test('that does not impersonate makes none that does; one that does may make another that does not', () => {
    const { redelegate } = handedOn({})
    expect(redelegate({ impersonation: false }).status).toBe(201)
    const plain = handedOn({ impersonation: false })
    plain.keystone.store.put('assignment', {
      ...(plain.keystone.store.find('assignment', 'actor_id', ids.bob)[0] as Document),
      id: 'further',
      target_id: ids.demo,
    })
    expect(plain.redelegate({ trustor_user_id: ids.bob, impersonation: true }).status).toBe(403)
    expect(plain.redelegate({ trustor_user_id: ids.bob, impersonation: false }).status).toBe(201)
  })

  test('depends on everybody in the line: an agent who is disabled breaks it', () => {
    const { keystone, redelegate } = handedOn({})
    const child = redelegate({}).json.trust?.id ?? ''
    const token = asService(keystone, child).issued?.id ?? ''
    expect(keystone.validate(token).status).toBe(200)
    keystone.store.put('user', { ...(keystone.store.get('user', ids.bob) as Document), enabled: false })
    expect(asService(keystone, child).status).toBe(403)
    expect(keystone.validate(token).status).toBe(403)
  })
})

test('the roles of a trust can be listed and looked at by its parties', () => {
  const keystone = createKeystone('queens', 'fernet')
  const { id } = createTrust(keystone)
  const path = `/v3/OS-TRUST/trusts/${id}/roles`
  const auth = keystone.login('bob', 'unscoped')
  const { roles } = keystone.send('GET', path, { auth }).json as { roles?: readonly { id: string }[] }
  expect(roles).toMatchObject([{ id: ids.memberRole, name: 'member', domain_id: null }])
  expect(keystone.send('GET', `${path}/${ids.memberRole}`, { auth }).status).toBe(200)
  expect(keystone.send('HEAD', `${path}/${ids.memberRole}`, { auth }).status).toBe(200)
  expect(keystone.send('GET', `${path}/${ids.readerRole}`, { auth }).status).toBe(404)
  expect(keystone.send('GET', path, { auth: keystone.login('nova', 'unscoped') }).status).toBe(403)
  expect(keystone.send('GET', `/v3/OS-TRUST/trusts/${id}/other`, { auth }).status).toBe(404)
})

test('a refusal about a trust says why since Ocata, and nothing before', () => {
  const message = (release: 'newton' | 'ocata' | 'queens'): string | undefined =>
    createTrust(createKeystone(release, 'uuid'), { roles: [] }).reply.json.error?.message
  const plain = 'You are not authorized to perform the requested action'
  expect(message('newton')).toBe(`${plain}.`)
  expect(message('ocata')).toBe(`${plain}: At least one role should be specified.`)
  expect(message('queens')).toBe(`${plain}: At least one role should be specified.`)
})

test.each([
  ['without a role', { roles: [] }, 403],
  ['with a role that the trustor lacks', { roles: [{ name: 'admin' }] }, 404],
  ['with a role that nobody knows', { roles: [{ name: 'emperor' }] }, 404],
  ['to nobody', { trustee_user_id: 'nobody' }, 404],
  ['for another trustor', { trustor_user_id: ids.bob }, 403],
  ['with no uses', { remaining_uses: 0 }, 400],
  ['with an end that has passed', { expires_at: '2016-01-01T00:00:00Z' }, 400],
  ['with an end that is no instant', { expires_at: 'tomorrow' }, 400],
  ['to be handed on a limited number of times', { allow_redelegation: true, remaining_uses: 3 }, 400],
  ['without saying whether it impersonates', { impersonation: undefined }, 400],
  ['on a project that is not there', { project_id: 'nowhere' }, 404],
])('a trust %s is refused', (_, change, status) => {
  expect(createTrust(createKeystone('queens', 'fernet'), change).reply.status).toBe(status)
})
