// Key folders and tokens exchanged with Keystone's own code: what either makes, the other reads, and in the same words.
// Vectors prove what was recorded once; this proves any claims, any key folder, and rotations turn by turn.
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  chmodSync,
  cpSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import { fernetView } from '../../src/identity/inspection.js'
import { rotateRepository, setupRepository } from '../../src/io/keyChanges.js'
import { readKeyFolders } from '../../src/io/keyFolders.js'
import { readRing } from '../../src/io/keyRepository.js'
import type { InspectionView } from '../../src/render/inspection.js'
import type { PayloadClaims } from '../../src/token/claims.js'
import { inspectFernet, shapeOf } from '../../src/token/inspection.js'
import { keyRing } from '../../src/token/keyring.js'
import { defaultMethodOrder } from '../../src/token/methods.js'
import { payloadVersion } from '../../src/token/payload.js'
import { createSealer } from '../../src/token/sealer.js'
import { verifyKeys } from '../../src/token/verifyKeys.js'
import { anyClaims, seed } from '../token/vectors.js'
import { FernetOfKeystone } from './fernetOfKeystone.js'
import type { KeystoneFields, KeystoneOwner } from './fernetOfKeystone.js'

jest.setTimeout(120_000)

const methodOrder = defaultMethodOrder.queens
const nowSec = Math.floor(Date.now() / 1000)
const home = mkdtempSync(path.join(os.tmpdir(), 'cutover-keystone-'))
chmodSync(home, 0o755)
let keystone: FernetOfKeystone
let number = 0
let folder = ''

beforeAll(() => {
  keystone = new FernetOfKeystone()
})
beforeEach(() => {
  folder = path.join(home, `keys-${++number}`)
})
afterAll(async () => {
  await keystone.end()
  rmSync(home, { recursive: true, force: true })
})

/** Names, permissions and owners in a folder, its own too. */
const look = (at: string) =>
  ['.', ...readdirSync(at).sort()].map((name) => {
    const { mode, uid, gid, size } = statSync(path.join(at, name))
    return { name, mode, uid, gid, size: name === '.' ? 0 : size }
  })
const findings = (at: string): string[] =>
  verifyKeys({ folders: readKeyFolders([at]), policy: {}, user: null })
    .map(({ code }) => code)
    .filter((code) => code !== 'owned-by-root')

const ownUser: KeystoneOwner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
// Only root may make files of another user.
const owners = ownUser.uid === 0 ? [ownUser, { uid: 65_534, gid: 65_534 }] : [ownUser]

describe.each(owners)('a key repository of user $uid', (owner) => {
  test('set up and rotated by either has the files, permissions and owners that Keystone gives', async () => {
    const alone = `${folder}-keystone`
    await keystone.setup(alone, owner)
    setupRepository(folder, { owner })
    expect(look(folder)).toEqual(look(alone))
    for (let turn = 0; turn < 6; turn++) {
      await keystone.rotate(alone, 4, owner)
      if (turn % 2 === 0) rotateRepository(folder, { maxActiveKeys: 4 })
      else await keystone.rotate(folder, 4, owner)
      expect(look(folder)).toEqual(look(alone))
      expect([findings(folder), findings(alone)]).toEqual([[], []])
    }
  })
})

test('a repository that Keystone made is rotated by us key for key as Keystone would', async () => {
  await keystone.setup(folder)
  for (let turn = 0; turn < 5; turn++) {
    const copy = `${folder}-${turn}`
    cpSync(folder, copy, { recursive: true })
    chmodSync(copy, 0o700)
    await keystone.rotate(folder, 3)
    rotateRepository(copy, { maxActiveKeys: 3 })
    // All but the fresh key.
    const kept = (at: string) =>
      readdirSync(at)
        .filter((name) => name !== '0')
        .map((name) => [name, readFileSync(path.join(at, name), 'utf8')])
    expect(kept(copy)).toEqual(kept(folder))
  }
})

test('a rotation that died between two steps leaves what Keystone works on with, and what our setup mends', async () => {
  await keystone.setup(folder)
  const claims = {
    user_id: 'u',
    methods: ['password'],
    audit_ids: ['AAECAwQFBgcICQoLDA0ODw'],
    expires_at: '2030-01-02T03:04:05.000000Z',
  }
  const token = await keystone.createToken(folder, 0, claims)
  // As after the first rename: no staged key, the new one still under its temporary name.
  writeFileSync(path.join(folder, '0.tmp'), readFileSync(path.join(folder, '0')), { mode: 0o600 })
  cpSync(path.join(folder, '0'), path.join(folder, '2'))
  unlinkSync(path.join(folder, '0'))
  // And our lock, of a process on a host that has been silent for long.
  symlinkSync('cutover:rotation:1:1:boot:1:elsewhere:1', path.join(folder, '.cutover-lock'))
  expect(await keystone.readToken(folder, token)).toMatchObject({ user_id: 'u' })
  expect(findings(folder)).toEqual(['interrupted-rotation', 'lock'])
  await expect(keystone.rotate(folder, 3)).rejects.toThrow(/FileNotFoundError/)
  setupRepository(folder)
  expect(findings(folder)).toEqual([])
  await keystone.rotate(folder, 4)
  expect(await keystone.readToken(folder, token)).toMatchObject({ user_id: 'u' })
})

/** Python's datetime keeps microseconds; Keystone's formatter writes them. */
const iso = (sec: number): string => new Date(sec * 1000).toISOString().replace('Z', '000Z')

/** Claims that Keystone 22 can carry: it has no version 10, and what it does not write back unchanged is left out. */
const claimsOfKeystone = anyClaims(methodOrder)
  .map((claims) => ({ ...claims, expiresAtSec: Math.floor(claims.expiresAtSec % 4e9) + 1 }))
  .filter((claims) => payloadVersion(claims) <= 9)

const ids = (claims: PayloadClaims): string[] => [
  claims.userId,
  ...Object.values(claims.scope).filter((value) => value !== claims.scope.kind),
  ...(claims.federated === undefined ? [] : [claims.federated.idpId, ...claims.federated.groupIds]),
  claims.accessTokenId ?? 'x',
  claims.applicationCredentialId ?? 'x',
]
/** Keystone shortens upper-case and dashed UUIDs to bytes as well, and gives another text back. */
const comesBack = (id: string): boolean =>
  /^[0-9a-f]{32}$/.test(id) || !/^[{}urn:uuid\-0-9a-fA-F]{32,}$/.test(id)

const keystoneClaims = (claims: PayloadClaims) => {
  const { scope, federated } = claims
  return {
    user_id: claims.userId,
    methods: claims.methods,
    audit_ids: claims.auditIds,
    expires_at: iso(claims.expiresAtSec),
    ...(scope.kind === 'system' ? { system: 'all' } : {}),
    ...(scope.kind === 'domain' ? { domain_id: scope.domainId } : {}),
    ...(scope.kind === 'project' || scope.kind === 'trust' ? { project_id: scope.projectId } : {}),
    ...(scope.kind === 'trust' ? { trust_id: scope.trustId } : {}),
    ...(federated === undefined
      ? {}
      : {
          federated_group_ids: federated.groupIds.map((id) => ({ id })),
          identity_provider_id: federated.idpId,
          protocol_id: federated.protocolId,
        }),
    ...(claims.accessTokenId === undefined ? {} : { access_token_id: claims.accessTokenId }),
    ...(claims.applicationCredentialId === undefined ? {} : { app_cred_id: claims.applicationCredentialId }),
  }
}

const viewOf = (token: string): InspectionView => {
  const shape = shapeOf(token)
  if (shape.shape !== 'fernet') throw new Error(shape.shape)
  return fernetView({
    text: token,
    sealedAtSec: shape.sealedAtSec,
    methodCount: methodOrder.length,
    nowSec,
    tried: {
      inspected: inspectFernet(token, readRing(folder), { methodOrder }),
      factsOf: () => ({
        role: 'primary',
        writtenAtSec: 0,
        maxActiveKeys: 3,
        rotationsLeft: 2,
        outlook: null,
      }),
    },
  })
}

/** The view's fields under the names of Keystone 22, which tells a federation by three. */
const fieldsOf = ({ federated_info, ...view }: InspectionView): KeystoneFields => ({
  user_id: view.user_id,
  methods: view.methods,
  audit_ids: view.audit_ids,
  system: view.system,
  domain_id: view.domain_id,
  project_id: view.project_id,
  trust_id: view.trust_id,
  federated_group_ids: federated_info?.group_ids ?? null,
  identity_provider_id: federated_info?.idp_id ?? null,
  protocol_id: federated_info?.protocol_id ?? null,
  access_token_id: view.access_token_id,
  app_cred_id: view.app_cred_id,
  issued_at: view.issued_at,
  expires_at: view.expires_at,
})

describe('tokens of every version', () => {
  test('the default order of methods is Keystone’s', async () => {
    expect(await keystone.methods()).toEqual(methodOrder)
  })

  test('that Keystone makes with our keys are told by us as Keystone tells them', async () => {
    setupRepository(folder)
    const versions = new Set<number>()
    await fc.assert(
      fc.asyncProperty(claimsOfKeystone, async (claims) => {
        fc.pre(ids(claims).every(comesBack))
        const version = payloadVersion(claims)
        const token = await keystone.createToken(folder, version, keystoneClaims(claims))
        const view = viewOf(token)
        expect(view).toMatchObject({ opened: true, payload_version: version, key_index: 1 })
        expect(fieldsOf(view)).toEqual(await keystone.readToken(folder, token))
        versions.add(version)
      }),
      { seed, numRuns: 150 },
    )
    expect([...versions].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('that we seal with Keystone’s keys are read by Keystone as we tell them, in both families of msgpack', async () => {
    await keystone.setup(folder)
    await fc.assert(
      fc.asyncProperty(claimsOfKeystone, fc.constantFrom('bin', 'raw'), async (claims, family) => {
        fc.pre(ids(claims).every(comesBack))
        const sealer = createSealer({ ring: readRing(folder), payloadOptions: { methodOrder, family } })
        const token = sealer.issue({ ...claims, issuedAtSec: nowSec }, { iv: new Uint8Array(16) })
        expect(await keystone.readToken(folder, token)).toEqual(fieldsOf(viewOf(token)))
      }),
      { seed, numRuns: 150 },
    )
  })

  test('open for neither with the keys of another repository', async () => {
    await keystone.setup(folder)
    const token = createSealer({
      ring: keyRing(readRing(folder).keys),
      payloadOptions: { methodOrder, family: 'bin' },
    }).issue(
      {
        userId: 'u',
        methods: [],
        auditIds: [],
        issuedAtSec: nowSec,
        expiresAtSec: nowSec,
        scope: { kind: 'unscoped' },
      },
      { iv: new Uint8Array(16) },
    )
    const other = `${folder}-other`
    setupRepository(other)
    await expect(keystone.readToken(other, token)).rejects.toThrow(/Could not recognize Fernet token/)
    expect(inspectFernet(token, readRing(other), { methodOrder })).toMatchObject({ kind: 'no-key-opens' })
  })
})
