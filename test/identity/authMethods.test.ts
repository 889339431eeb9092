// The ways to log in besides password and token: application credentials, passcodes, a provider's word, several at once.
// Each must give the token that Keystone gives, and tell nothing to those who guess.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { assignmentOf } from '../../src/identity/documents.js'
import { isoInstant, parseInstant } from '../../src/identity/instants.js'
import type { Document } from '../../src/identity/store.js'
import { totp } from '../../src/token/totp.js'
import {
  authenticateWith,
  byCredential,
  createKeystone,
  createTrust,
  giveCredential,
  ids,
  onProject,
  onTrust,
} from './support/keystone.js'
import type { Keystone, Received } from './support/keystone.js'

const messageOf = (reply: Received): unknown => reply.json.error?.message
const nothingTold = 'The request you have made requires authentication.'
const modes = ['uuid', 'fernet'] as const

describe.each(modes)('an application credential, with the %s provider', (mode) => {
  const withCredential = (change = {}): { keystone: Keystone; id: string } => {
    const keystone = createKeystone('queens', mode)
    return { keystone, id: giveCredential(keystone, change).id }
  }

  test.each([
    ['its id', (id: string) => ({ id })],
    ['its name and the user’s id', () => ({ name: 'monitoring', user: { id: ids.alice } })],
    [
      'its name and the user’s',
      () => ({ name: 'monitoring', user: { name: 'alice', domain: { name: 'acme' } } }),
    ],
  ])('logs its user in on its project, by %s', (_, payload) => {
    const { keystone, id } = withCredential()
    const reply = authenticateWith(keystone, byCredential(payload(id)))
    expect(reply.status).toBe(201)
    expect(reply.json.token).toMatchObject({
      methods: ['application_credential'],
      user: { id: ids.alice },
      project: { id: ids.demo },
      roles: [{ id: ids.memberRole }],
      application_credential: { id, name: 'monitoring', restricted: true },
    })
    expect(keystone.validate(reply.issued?.id ?? '').json).toEqual(reply.json)
  })

  test('has no more roles than it was given and than its user still has', () => {
    const { keystone, id } = withCredential({ role_ids: [ids.readerRole, ids.memberRole] })
    const roles = (): unknown =>
      authenticateWith(keystone, byCredential({ id })).json.token?.roles?.map((role) => role.id)
    expect(roles()).toEqual([ids.memberRole])
    const grant = { type: 'UserProject', actor_id: ids.alice, target_id: ids.demo } as const
    keystone.store.put('assignment', assignmentOf({ ...grant, role_id: ids.readerRole }))
    expect(roles()).toEqual([ids.memberRole, ids.readerRole])
    giveCredential(keystone, { role_ids: [ids.readerRole] })
    expect(roles()).toEqual([ids.readerRole])
    for (const role of [ids.readerRole, ids.memberRole]) {
      keystone.store.remove('assignment', assignmentOf({ ...grant, role_id: role }).id)
    }
    expect(authenticateWith(keystone, byCredential({ id })).status).toBe(401)
  })

  test('ends when it says, though its tokens live on', () => {
    const { keystone, id } = withCredential({ expires_at: '2026-11-22T01:42:00.000000' })
    const endSec = parseInstant('2026-11-22T01:42:00Z') ?? 0
    keystone.nowSec = endSec - 1
    const token = authenticateWith(keystone, byCredential({ id })).issued?.id ?? ''
    keystone.nowSec = endSec
    expect(authenticateWith(keystone, byCredential({ id })).status).toBe(401)
    expect(keystone.validate(token).status).toBe(200)
  })

  test.each([
    ['a wrong secret', { secret: 'wrong' }, 401, nothingTold],
    ['no secret', { secret: undefined }, 401, nothingTold],
    ['an unknown name', { id: undefined, name: 'nothing', user: { id: ids.alice } }, 401, nothingTold],
    ['an unknown user', { id: undefined, name: 'monitoring', user: { id: 'nobody' } }, 401, nothingTold],
    ['another’s name', { id: undefined, name: 'monitoring', user: { id: ids.bob } }, 401, nothingTold],
    ['an unknown id', { id: 'nothing' }, 404, 'Could not find Application Credential: nothing.'],
    [
      'neither id nor name',
      { id: undefined },
      400,
      /^Expecting to find name or ID in application credential/,
    ],
    [
      'a name without a user',
      { id: undefined, name: 'monitoring' },
      400,
      /^Expecting to find user in application/,
    ],
  ])('is refused with %s', (_, change, status, message) => {
    const { keystone, id } = withCredential()
    const reply = authenticateWith(keystone, byCredential({ id, ...change }))
    expect(reply.status).toBe(status)
    if (typeof message === 'string') expect(messageOf(reply)).toBe(message)
    else expect(messageOf(reply)).toMatch(message)
  })

  test('is refused to a disabled user, and where its project is disabled', () => {
    for (const [kind, which] of [
      ['user', ids.alice],
      ['project', ids.demo],
    ] as const) {
      const { keystone, id } = withCredential()
      keystone.store.put(kind, { ...(keystone.store.get(kind, which) as Document), enabled: false })
      expect(authenticateWith(keystone, byCredential({ id })).status).toBe(401)
    }
  })

  test('chooses its own scope, and says so without telling where to authenticate', () => {
    const { keystone, id } = withCredential()
    const reply = authenticateWith(keystone, byCredential({ id }), { scope: onProject(ids.demo) })
    expect(reply.json.error).toEqual({
      code: 401,
      title: 'Unauthorized',
      message:
        'Error authenticating with application credential: Application credentials cannot request a scope.',
      identity: {},
    })
    expect(reply.headers['WWW-Authenticate']).toBeUndefined()
  })

  test('that is restricted makes and deletes no trusts; an unrestricted one does', () => {
    const statusOf = (unrestricted: boolean): unknown[] => {
      const { keystone, id } = withCredential({ unrestricted })
      const auth = authenticateWith(keystone, byCredential({ id })).issued?.id ?? ''
      const trust = {
        trustor_user_id: ids.alice,
        trustee_user_id: ids.bob,
        project_id: ids.demo,
        impersonation: true,
        roles: [{ name: 'member' }],
      }
      const made = keystone.send('POST', '/v3/OS-TRUST/trusts', { auth, json: { trust } })
      const path = `/v3/OS-TRUST/trusts/${createTrust(keystone).id}`
      return [made.status, keystone.send('DELETE', path, { auth }).status, messageOf(made)]
    }
    expect(statusOf(true)).toEqual([201, 204, undefined])
    expect(statusOf(false)).toEqual([
      403,
      403,
      "You are not authorized to perform the requested action: Using method 'application_credential' is not allowed for managing trusts..",
    ])
  })
})

describe('a passcode', () => {
  const secret = Buffer.from('12345678901234567890')
  const withSecret = (change = {}, release: 'newton' | 'queens' = 'queens'): Keystone => {
    const keystone = createKeystone(release, 'fernet')
    keystone.store.put('credential', {
      id: 'c1',
      user_id: ids.alice,
      project_id: null,
      type: 'totp',
      blob: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
      ...change,
    })
    return keystone
  }
  const show = (keystone: Keystone, passcode: string, user: unknown = { id: ids.alice }): Received =>
    authenticateWith(keystone, { methods: ['totp'], totp: { user: { ...(user as object), passcode } } })

  test.each(['newton', 'queens'] as const)('logs in by itself, in a %s', (release) => {
    const keystone = withSecret({}, release)
    const reply = show(keystone, totp(secret, keystone.nowSec), { name: 'alice', domain: { id: ids.acme } })
    expect(reply.json.token).toMatchObject({ methods: ['totp'], user: { id: ids.alice } })
    expect(keystone.validate(reply.issued?.id ?? '').json.token?.methods).toEqual(['totp'])
  })

  test('may be that of the thirty seconds before, and no older', () => {
    const keystone = withSecret()
    const passcode = totp(secret, keystone.nowSec)
    keystone.nowSec += 30
    expect(show(keystone, passcode).status).toBe(201)
    keystone.nowSec += 30
    expect(show(keystone, passcode).status).toBe(401)
  })

  test.each([
    ['another type of secret', { type: 'cert' }],
    ['another’s secret', { user_id: ids.bob }],
    ['a secret that is no base32', { blob: 'not base32' }],
  ])('is worth nothing with %s', (_, change) => {
    const keystone = withSecret(change)
    expect(show(keystone, totp(secret, keystone.nowSec)).status).toBe(401)
  })

  test('must be there, and its user too', () => {
    const keystone = withSecret()
    const reply = authenticateWith(keystone, { methods: ['totp'], totp: { user: { id: ids.alice } } })
    expect([reply.status, messageOf(reply)]).toEqual([401, nothingTold])
    expect(show(keystone, totp(secret, keystone.nowSec), { id: 'nobody' }).status).toBe(401)
    expect(authenticateWith(keystone, { methods: ['totp'], totp: {} }).status).toBe(400)
  })
})

describe.each(modes)('a mapped user, with the %s provider', (mode) => {
  const ldapId = 'a'.repeat(63) + 'b'
  const withGroups = (release: 'newton' | 'queens' = 'queens'): Keystone => {
    const keystone = createKeystone(release, mode)
    keystone.store.put('group', { id: 'f'.repeat(32), name: 'staff', domain_id: ids.acme })
    const grant = { type: 'GroupProject', actor_id: 'f'.repeat(32), target_id: ids.demo } as const
    keystone.store.put('assignment', assignmentOf({ ...grant, role_id: ids.memberRole }))
    keystone.store.put(
      'assignment',
      assignmentOf({ ...grant, type: 'GroupDomain', target_id: ids.acme, role_id: ids.readerRole }),
    )
    return keystone
  }
  const enter = (keystone: Keystone, change = {}, scope?: unknown): Received =>
    authenticateWith(
      keystone,
      {
        methods: ['mapped'],
        mapped: {
          identity_provider: 'cern',
          protocol: 'saml2',
          user_name: 'carla',
          groups: [{ name: 'staff', domain: { name: 'acme' } }],
          ...change,
        },
      },
      scope === undefined ? {} : { scope },
    )

  test('is known by their provider: no domain of ours, no password, groups from outside', () => {
    const keystone = withGroups()
    const reply = enter(keystone)
    expect(reply.json.token?.user).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
      name: 'carla',
      'OS-FEDERATION': {
        groups: [{ id: 'f'.repeat(32) }],
        identity_provider: { id: 'cern' },
        protocol: { id: 'saml2' },
      },
      domain: { id: 'Federated', name: 'Federated' },
    })
    expect(reply.json.token?.methods).toEqual(['mapped'])
    expect(keystone.validate(reply.issued?.id ?? '').json).toEqual(reply.json)
    expect(enter(keystone).json.token?.user.id).toBe(reply.json.token?.user.id)
    expect(enter(keystone, { protocol: 'openid' }).json.token?.user.id).not.toBe(reply.json.token?.user.id)
  })

  test.each([
    ['a project', onProject(ids.demo), { project: { id: ids.demo }, roles: [{ id: ids.memberRole }] }],
    ['a domain', { domain: { id: ids.acme } }, { domain: { id: ids.acme }, roles: [{ id: ids.readerRole }] }],
  ])('goes to %s by their groups, at once or by exchange', (_, scope, want) => {
    for (const release of ['newton', 'queens'] as const) {
      const keystone = withGroups(release)
      const forgets = mode === 'fernet' && release === 'queens'
      for (const user_id of [undefined, ldapId]) {
        const direct = enter(keystone, { user_id }, scope)
        expect(direct.json.token).toMatchObject(want)
        const exchanged = keystone.rescope(enter(keystone, { user_id }).issued?.id ?? '', scope)
        expect(exchanged.json.token).toMatchObject(want)
        expect(exchanged.json.token?.user['OS-FEDERATION']).toBeDefined()
        for (const reply of [direct, exchanged]) {
          const { token } = keystone.validate(reply.issued?.id ?? '').json
          expect({ ...token, methods: token?.methods.toSorted() }).toEqual({
            ...reply.json.token,
            // Queens has forgotten the methods of a Fernet token that was exchanged (recorded).
            methods: forgets && reply === exchanged ? [] : reply.json.token?.methods.toSorted(),
          })
        }
      }
    }
  })

  test('gets a new life and a new chain by an exchange', () => {
    const keystone = withGroups()
    const token = enter(keystone).issued?.id ?? ''
    keystone.nowSec += 600
    const reply = keystone.rescope(token)
    expect(reply.json.token?.audit_ids).toHaveLength(1)
    expect(reply.json.token?.expires_at).toBe(isoInstant(keystone.nowSec + 3600))
  })

  test('is refused where no group lets them go, and to the system', () => {
    const keystone = withGroups()
    expect(enter(keystone, { groups: [] }, onProject(ids.demo)).status).toBe(401)
    expect(enter(keystone, {}, onProject(ids.other)).status).toBe(401)
    expect(enter(keystone, {}, { system: { all: true } }).status).toBe(401)
  })

  test('loses what the group loses', () => {
    const keystone = withGroups()
    const token = enter(keystone, {}, onProject(ids.demo)).issued?.id ?? ''
    const grant = { type: 'GroupProject', actor_id: 'f'.repeat(32), target_id: ids.demo } as const
    keystone.store.remove('assignment', assignmentOf({ ...grant, role_id: ids.memberRole }).id)
    expect(keystone.validate(token).status).toBe(404)
  })

  test('is shown where to go by the groups of the token', () => {
    const keystone = withGroups()
    const auth = enter(keystone).issued?.id ?? ''
    const list = (path: string): Received => keystone.send('GET', path, { auth })
    for (const prefix of ['/v3/auth', '/v3/OS-FEDERATION']) {
      expect(list(`${prefix}/projects`).json.projects?.map(({ id }) => id)).toEqual([ids.demo])
      expect(list(`${prefix}/domains`).json.domains?.map(({ id }) => id)).toEqual([ids.acme])
    }
    expect(list('/v3/auth/system').json.system).toEqual([])
  })

  test('may be a trustee', () => {
    const keystone = withGroups()
    enter(keystone, { user_id: ldapId })
    const { id } = createTrust(keystone, { trustee_user_id: ldapId })
    const reply = enter(keystone, { user_id: ldapId }, onTrust(id))
    expect(reply.json.token).toMatchObject({ user: { id: ids.alice }, 'OS-TRUST:trust': { id } })
    expect(keystone.validate(reply.issued?.id ?? '').json).toEqual(reply.json)
  })

  test.each([
    ['a user of the cloud itself', { user_id: ids.alice }, 401],
    ['nobody', { user_name: undefined }, 401],
    ['a group that is not there', { groups: ['nothing'] }, 500],
    ['no provider', { identity_provider: undefined }, 400],
    ['no protocol', { protocol: undefined }, 400],
  ])('cannot be %s', (_, change, status) => {
    expect(enter(withGroups(), change).status).toBe(status)
  })

  test('cannot be another provider’s', () => {
    const keystone = withGroups()
    enter(keystone, { user_id: ldapId })
    expect(enter(keystone, { user_id: ldapId, identity_provider: 'infn' }).status).toBe(401)
  })
})

describe('a user with 64 hexadecimal digits, as LDAP gives', () => {
  const ldapId = '0123456789abcdef'.repeat(4)
  const withUser = (mode: 'uuid' | 'fernet'): Keystone => {
    const keystone = createKeystone('newton', mode)
    keystone.store.put('user', {
      ...(keystone.store.get('user', ids.alice) as Document),
      id: ldapId,
      name: 'lena',
    })
    keystone.store.put(
      'assignment',
      assignmentOf({ type: 'UserProject', actor_id: ldapId, target_id: ids.demo, role_id: ids.memberRole }),
    )
    return keystone
  }
  const password = { methods: ['password'], password: { user: { id: ldapId, password: 'alice-pw' } } }

  test.each(modes)(
    'logs in, exchanges, gives and takes trusts, and is revoked, with the %s provider',
    (mode) => {
      const keystone = withUser(mode)
      const token = authenticateWith(keystone, password, { scope: onProject(ids.demo) }).issued?.id ?? ''
      expect(keystone.validate(token).json.token?.user.id).toBe(ldapId)
      const exchanged = keystone.rescope(token).issued?.id ?? ''
      expect(keystone.validate(exchanged).status).toBe(200)
      const trust = {
        trustor_user_id: ldapId,
        trustee_user_id: ldapId,
        project_id: ids.demo,
        impersonation: false,
        roles: [{ name: 'member' }],
      }
      const made = keystone.send('POST', '/v3/OS-TRUST/trusts', { auth: token, json: { trust } })
      const reply = authenticateWith(keystone, password, { scope: onTrust(made.json.trust?.id ?? '') })
      expect(keystone.validate(reply.issued?.id ?? '').json).toEqual(reply.json)
      keystone.send('DELETE', '/v3/auth/tokens', { auth: token, subject: token })
      expect(keystone.validate(token).status).toBe(404)
    },
  )
})

describe('several methods', () => {
  test('must speak of one user', () => {
    const keystone = createKeystone('queens', 'uuid')
    const token = keystone.login('bob', 'unscoped')
    const both = (user: 'alice' | 'bob'): Received =>
      authenticateWith(keystone, {
        methods: ['password', 'token'],
        password: { user: { id: ids[user], password: `${user}-pw` } },
        token: { id: token },
      })
    expect(both('bob').json.token?.methods).toEqual(['password', 'token'])
    expect([both('alice').status, messageOf(both('alice'))]).toEqual([401, nothingTold])
  })

  test('that are none, or not on, are refused, and those that are on are named', () => {
    const keystone = createKeystone('queens', 'uuid')
    expect(authenticateWith(keystone, { methods: [] }).status).toBe(401)
    for (const name of [{ toString: 'x' }, null, [[]]]) {
      expect(authenticateWith(keystone, { methods: [name] }).status).toBe(400)
    }
    for (const name of ['external', 'oauth1', 'pigeon']) {
      const reply = authenticateWith(keystone, { methods: [name], [name]: {} })
      expect(reply.json.error).toEqual({
        code: 401,
        title: 'Unauthorized',
        message: 'Attempted to authenticate with an unsupported method.',
        identity: { methods: keystone.config.methods },
      })
      expect(reply.headers['WWW-Authenticate']).toBeUndefined()
    }
    const narrow = createKeystone('queens', 'uuid', { methods: ['password', 'token'] })
    const { id } = giveCredential(narrow)
    expect(authenticateWith(narrow, byCredential({ id })).status).toBe(401)
  })

  test('a token of the system buys none for a project or domain, but another of the system', () => {
    const keystone = createKeystone('queens', 'uuid')
    const token = keystone.login('alice', { system: { all: true } })
    expect(keystone.rescope(token).status).toBe(403)
    expect(keystone.rescope(token, { domain: { id: ids.acme } }).status).toBe(403)
    expect(keystone.rescope(token, { system: { all: true } }).json.token?.system).toEqual({ all: true })
  })
})

test('whatever a client sends to log in is answered, never a defect', () => {
  const keystone = createKeystone('queens', 'fernet')
  giveCredential(keystone)
  const names = ['password', 'token', 'totp', 'application_credential', 'mapped', 'external']
  const words = fc.constantFrom(
    'user',
    'id',
    'name',
    'domain',
    'groups',
    'passcode',
    'secret',
    'alice',
    ids.alice,
  )
  const anything = fc.jsonValue({ maxDepth: 3 })
  const payload = fc.oneof(anything, fc.dictionary(words, fc.oneof(words, fc.dictionary(words, anything))))
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.constantFrom(...names)),
      payload,
      fc.option(anything, { nil: undefined }),
      fc.string(),
      (methods, each, scope, receipt) => {
        const identity = Object.fromEntries(methods.map((name) => [name, each]))
        const reply = authenticateWith(keystone, { methods, ...identity }, { scope, receipt })
        expect([400, 401, 404, 500]).toContain(reply.status)
        expect(reply.json.error?.code).toBe(reply.status)
      },
    ),
    { seed: 7, numRuns: 300 },
  )
})
