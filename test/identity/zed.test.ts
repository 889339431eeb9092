// How the answers of release zed differ from those of Queens, each as `npm run test:keystone` finds it at a real Zed.
// Exists so that these facts are held where no Keystone is installed.
import { describe, expect, test } from '@jest/globals'
import { releaseProfiles } from '../../src/identity/release.js'
import { createSealer } from '../../src/token/sealer.js'
import { impliedRoleOf } from '../../src/identity/documents.js'
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
import type { Keystone } from './support/keystone.js'

const bob = { methods: ['password'], password: { user: { id: ids.bob, password: 'bob-pw' } } }
const trustToken = (keystone: Keystone, trustId: string) =>
  authenticateWith(keystone, bob, { scope: onTrust(trustId) })
const auth = (keystone: Keystone): string => keystone.login('nova', onProject(ids.serviceProject))

describe('a trust’s token', () => {
  test('names the trustee in its payload and the trustor in its body, with whole roles and no is_domain', () => {
    const keystone = createKeystone('zed', 'fernet')
    const reply = trustToken(keystone, createTrust(keystone).id)
    const sealer = createSealer({ ring: keystone.ring(), payloadOptions: releaseProfiles.zed.payload })
    expect(sealer.open(reply.issued?.id ?? '')).toMatchObject({ claims: { userId: ids.bob } })
    const { json } = keystone.validate(reply.issued?.id ?? '')
    expect(json.token?.user.id).toBe(ids.alice)
    expect(json.token).not.toHaveProperty('is_domain')
    const whole = { id: ids.memberRole, name: 'member', domain_id: null, description: null, options: {} }
    expect(json.token?.roles).toEqual([whole])
  })

  test('with which somebody impersonates may not ask about itself, and one of Queens is refused: 403', () => {
    const keystone = createKeystone('zed', 'fernet')
    const { id: trustId } = createTrust(keystone)
    const token = trustToken(keystone, trustId).issued?.id ?? ''
    expect(keystone.validate(token, token).status).toBe(403)
    const sealer = createSealer({ ring: keystone.ring(), payloadOptions: releaseProfiles.queens.payload })
    const ofQueens = sealer.issue(
      {
        userId: ids.alice,
        methods: ['password'],
        auditIds: ['AAAAAAAAAAAAAAAAAAAAAA'],
        issuedAtSec: keystone.nowSec,
        expiresAtSec: keystone.nowSec + 60,
        scope: { kind: 'trust', projectId: ids.demo, trustId },
      },
      { iv: new Uint8Array(16) },
    )
    expect(keystone.validate(ofQueens).status).toBe(403)
  })

  test('is refused with a 403 when its trustor is disabled', () => {
    const keystone = createKeystone('zed', 'fernet')
    const token = trustToken(keystone, createTrust(keystone).id).issued?.id ?? ''
    const alice = keystone.store.get('user', ids.alice)
    if (alice !== null) keystone.store.put('user', { ...alice, enabled: false })
    expect(keystone.validate(token).status).toBe(403)
  })
})

test('an application credential’s token buys no other, and ends with the credential', () => {
  const keystone = createKeystone('zed', 'fernet')
  const ends = new Date((Math.floor(keystone.nowSec) + 60) * 1000).toISOString().replace('000Z', '000000')
  const { id } = giveCredential(keystone, { expires_at: ends })
  const reply = authenticateWith(keystone, byCredential({ id }))
  expect(reply.json.token?.expires_at).toBe(`${ends}Z`)
  expect(keystone.rescope(reply.issued?.id ?? '').json.error).toEqual({
    code: 403,
    title: 'Forbidden',
    message:
      'You are not authorized to perform the requested action: ' +
      'Using a delegated token to create another token is not allowed..',
  })
})

test('what no key opens is not named, and a 401 points to the version’s URL', () => {
  const keystone = createKeystone('zed', 'fernet')
  expect(keystone.validate('nonsense').json.error?.message).toBe('Could not recognize Fernet token')
  const refused = keystone.validate('nonsense', 'nonsense')
  expect(refused.headers['WWW-Authenticate']).toBe('Keystone uri="http://127.0.0.1:15013/v3"')
})

test('a reader of the system may look at anybody’s token; in Queens not', () => {
  for (const [release, status] of [
    ['zed', 200],
    ['queens', 403],
  ] as const) {
    const keystone = createKeystone(release, 'fernet')
    const reader = keystone.login('alice', { system: { all: true } })
    expect(keystone.validate(keystone.login('bob', onProject(ids.other)), reader).status).toBe(status)
  }
})

test.each(['mitaka', 'zed'] as const)(
  'in %s a token carries the roles that its roles imply, and trusts hand them on',
  (release) => {
    const keystone = createKeystone(release, 'fernet')
    keystone.store.put('role', { id: 'local', name: 'local', domain_id: ids.acme })
    keystone.store.put('implied_role', impliedRoleOf(ids.memberRole, 'local'))
    keystone.store.put('implied_role', impliedRoleOf('local', ids.readerRole))
    const rolesOf = (token: string) =>
      keystone.validate(token, auth(keystone)).json.token?.roles?.map(({ name }) => name)
    expect(rolesOf(keystone.login('alice'))).toEqual(['member', 'reader'])
    expect(rolesOf(trustToken(keystone, createTrust(keystone).id).issued?.id ?? '')).toEqual([
      'member',
      'reader',
    ])
  },
)
