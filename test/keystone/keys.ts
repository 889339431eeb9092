// One key repository under two services: rotations by each, and tokens that no key of it has sealed in the usual way.
// Exists because whoever rotates, all tokens must stay readable to both for as long as the keys are kept.
import { describe, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { releaseProfiles } from '../../src/identity/release.js'
import { randomFernetKey, rotateRepository } from '../../src/io/keyChanges.js'
import { readRing } from '../../src/io/keyRepository.js'
import type { Release } from '../../src/scenario/scenario.js'
import { auditId } from '../../src/token/audit.js'
import type { Claims } from '../../src/token/claims.js'
import { setupRing } from '../../src/token/keyring.js'
import { createSealer } from '../../src/token/sealer.js'
import { issuedOf } from './identityApi.js'
import { adminToken } from './keystoneCloud.js'
import { sides } from './sides.js'
import type { Side, Sides } from './sides.js'

/** Seals what no service would issue any more, with the keys that both have, as a release packs it. */
const sealed = (at: Sides, given: Partial<Claims>, release: Release = 'zed'): string => {
  const { cloud, keysFolder } = at.pair
  const nowSec = Math.floor(Date.now() / 1000)
  const claims: Claims = {
    userId: cloud.users.alice,
    methods: ['password'],
    auditIds: [auditId(randomBytes(16))],
    issuedAtSec: nowSec,
    expiresAtSec: nowSec + 600,
    scope: { kind: 'project', projectId: cloud.projects.demo },
    ...given,
  }
  const sealer = createSealer({
    ring: readRing(keysFolder),
    payloadOptions: releaseProfiles[release].payload,
  })
  return sealer.issue(claims, { iv: randomBytes(16) })
}

export const describeKeys = (at: Sides, maxActiveKeys: number): void => {
  describe('keys', () => {
    const rotate: Readonly<Record<Side, () => Promise<void>>> = {
      keystone: () => at.pair.keystone.rotateKeys(),
      ours: async () => {
        rotateRepository(at.pair.keysFolder, { maxActiveKeys })
      },
    }
    const primary = (): number => Math.max(...readRing(at.pair.keysFolder).keys.keys())
    const freshTokens = async (): Promise<readonly string[]> => {
      const { users, projects } = at.pair.cloud
      const tokens: string[] = []
      for (const side of sides) {
        const scope = { project: { id: projects.demo } }
        tokens.push(issuedOf(await at.api(side).authenticate(at.password(users.alice), scope)).id)
      }
      return tokens
    }
    const validated = async (subject: string): Promise<number> =>
      (await at.agree((api) => api.validate({ auth: at.admin, subject }))).status

    test('rotated by either: tokens from before and after are read by both, and by neither once the key is gone', async () => {
      const before = await freshTokens()
      const first = primary()
      for (const by of sides) {
        await rotate[by]()
        for (const token of [...before, ...(await freshTokens())]) expect(await validated(token)).toBe(200)
      }
      expect(primary()).toBe(first + sides.length)
      // Of so many keys one is staged and one was primary when these tokens were issued.
      expect(maxActiveKeys - 2).toBe(sides.length)
      await rotate.keystone()
      at.admin = (await adminToken(at.pair.keystone)).id
      for (const token of before) expect(await validated(token)).toBe(404)
    })
  })

  describe('a token that neither has issued is judged alike by both:', () => {
    const nowSec = Math.floor(Date.now() / 1000)
    const trusts = (which: 'impersonating' | 'plain') => {
      const { projects, trusts: ids } = at.pair.cloud
      return { kind: 'trust', projectId: projects.demo, trustId: ids[which] } as const
    }
    test.each<[string, () => string, readonly number[]]>([
      ['garbage', () => 'nonsense', [404, 401, 404]],
      ['a UUID token of old', () => randomBytes(16).toString('hex'), [404, 401, 404]],
      ['sealed by a key of nobody', () => foreign(), [404, 401, 404]],
      ['spoilt in one place', () => spoilt(sealed(at, {})), [404, 401, 404]],
      [
        'expired',
        () => sealed(at, { issuedAtSec: nowSec - 7200, expiresAtSec: nowSec - 60 }),
        [404, 401, 404],
      ],
      ['packed as in 2017, by msgpack before 1.0', () => sealed(at, {}, 'newton'), [200, 200, 201]],
      [
        'of the system, as Queens marks it',
        () => sealed(at, { scope: { kind: 'system' } }, 'queens'),
        [200, 200, 201],
      ],
      ['of two methods', () => sealed(at, { methods: ['password', 'totp'] }), [200, 200, 201]],
      [
        'of an impersonating trust, as Queens packs it',
        () => sealed(at, { scope: trusts('impersonating') }, 'queens'),
        [403, 403, 403],
      ],
      [
        'of a trust without impersonation, as Queens packs it',
        () => sealed(at, { scope: trusts('plain'), userId: at.pair.cloud.users.bob }, 'queens'),
        [200, 200, 403],
      ],
      [
        'for a project without a role',
        () => sealed(at, { userId: at.pair.cloud.users.bob }),
        [404, 401, 404],
      ],
      [
        'for a project that is not there',
        () => sealed(at, { scope: { kind: 'project', projectId: nobody } }),
        [404, 404, 404],
      ],
      [
        'for a domain that is not there',
        () => sealed(at, { scope: { kind: 'domain', domainId: nobody } }),
        [404, 404, 404],
      ],
      ['of a user who is not there', () => sealed(at, { userId: nobody }), [404, 404, 404]],
      [
        'of a trust that is not there',
        () => sealed(at, { scope: { ...trusts('plain'), trustId: nobody } }),
        [404, 404, 401],
      ],
      [
        'of an application credential that is not there',
        () => sealed(at, { applicationCredentialId: nobody, methods: ['application_credential'] }),
        [404, 404, 404],
      ],
      [
        'of a system to which the user has no access',
        () => sealed(at, { userId: at.pair.cloud.users.bob, scope: { kind: 'system' } }),
        [404, 401, 404],
      ],
    ])('%s', async (_, make, expected) => {
      expect(await at.statuses(make())).toEqual(expected)
    })

    test('expired, but asked for with allow_expired', async () => {
      const late = sealed(at, { issuedAtSec: nowSec - 7200, expiresAtSec: nowSec - 60 })
      const tooLate = sealed(at, { issuedAtSec: nowSec - 400_000, expiresAtSec: nowSec - 300_000 })
      for (const [subject, status] of [
        [late, 200],
        [tooLate, 404],
      ] as const) {
        const answer = await at.agree((api) =>
          api.call('GET', '/v3/auth/tokens?allow_expired=1', { auth: at.admin, subject }),
        )
        expect(answer.status).toBe(status)
      }
    })
  })
}

const nobody = '0123456789abcdef0123456789abcdef'

const spoilt = (token: string): string => {
  const middle = token.length >> 1
  return `${token.slice(0, middle)}${token[middle] === 'A' ? 'B' : 'A'}${token.slice(middle + 1)}`
}

const foreign = (): string => {
  const { ring } = setupRing({ primary: randomFernetKey(), staged: randomFernetKey() })
  const sealer = createSealer({ ring, payloadOptions: releaseProfiles.zed.payload })
  const claims: Claims = {
    userId: nobody,
    methods: ['password'],
    auditIds: [auditId(randomBytes(16))],
    issuedAtSec: 0,
    expiresAtSec: 4e9,
    scope: { kind: 'unscoped' },
  }
  return sealer.issue(claims, { iv: randomBytes(16) })
}
