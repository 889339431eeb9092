// Whole tokens: every recorded one, however it is presented, and what a node says of tokens it cannot open.
// Also the small modules about formats, modes and audit ids.

import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { auditChain, auditId, auditIdToBytes, isAuditId } from '../../src/token/audit.js'
import { decodeFernet, formatFernetKey, parseFernetKey, sealFernet } from '../../src/token/fernet.js'
import { keyRing, ringFromFiles, rotateRing, setupRing } from '../../src/token/keyring.js'
import { accepts, issues, providerModes } from '../../src/token/mode.js'
import { defaultMethodOrder } from '../../src/token/methods.js'
import type { PayloadOptions } from '../../src/token/payload.js'
import { createSealer, opensWith } from '../../src/token/sealer.js'
import type { OpenedToken } from '../../src/token/sealer.js'
import { isUuidToken, tokenFormat, uuidToken } from '../../src/token/uuid.js'
import { anyClaims, bytesOf, kilo, queens, seed, testKey, toEpochSec } from './vectors.js'

const recorded = queens()
const payloadOptions: PayloadOptions = { methodOrder: defaultMethodOrder.queens, family: 'bin' }
const ring = ringFromFiles(new Map(Object.entries(recorded.key_repository)))
const sealer = createSealer({ ring, payloadOptions })
const mustOpen = (token: string): OpenedToken => {
  const opened = sealer.open(token)
  if ('problem' in opened) throw new Error(`${opened.problem}: ${opened.detail}`)
  return opened
}
const iv = new Uint8Array(16)

describe('recorded tokens', () => {
  const all = [
    ...recorded.vectors,
    ...recorded.formatter_vectors,
    {
      kind: 'sealed with a key that is still staged here',
      token: recorded.staged_key_token.token,
      decoded: recorded.staged_key_token.decoded_here,
    },
  ]

  test.each(all)('opens with the right key, at the right time: $kind', ({ token, decoded }) => {
    const opened = mustOpen(token)
    expect(opened.keyIndex).toBe(decoded.key_index)
    expect(opened.keyId).toBe(parseFernetKey(recorded.key_repository[decoded.key_index] ?? '').id)
    expect(opened.timestampSec).toBe(decoded.fernet_timestamp)
    expect(opened.claims.issuedAtSec).toBe(decoded.fernet_timestamp)
    if (decoded.keystone_formatter !== undefined) {
      expect(opened.claims.issuedAtSec).toBe(toEpochSec(decoded.keystone_formatter.issued_at))
      expect(opened.claims.expiresAtSec).toBe(toEpochSec(decoded.keystone_formatter.expires_at))
    }
  })

  test.each(all)(
    'has the recorded parts and is sealed again to the same text: $kind',
    ({ token, decoded }) => {
      const envelope = decodeFernet(token, { padding: 'restored' })
      if (typeof envelope === 'string') throw new Error(envelope)
      const { bytes } = envelope
      expect(token).toHaveLength(decoded.length)
      expect(bytes.subarray(9, 25).toString('hex')).toBe(decoded.iv_hex)
      expect(bytes.subarray(-32).toString('hex')).toBe(decoded.hmac_hex)
      expect(bytes.length - 57).toBe(decoded.ciphertext_bytes)

      const { claims, keyIndex, payload } = mustOpen(token)
      const key = ring.keys.get(keyIndex) ?? testKey(0)
      const { family, systemMarker } = payload
      const again = createSealer({
        ring: keyRing([[1, key]]),
        payloadOptions: {
          ...payloadOptions,
          family,
          ...(systemMarker === undefined ? {} : { systemMarker }),
        },
      }).issue(claims, { iv: Buffer.from(decoded.iv_hex, 'hex') })
      expect(again).toBe(token)
    },
  )

  test('the token of the staged key is opened by key 0', () => {
    expect(mustOpen(recorded.staged_key_token.token).keyIndex).toBe(0)
  })

  test.each(Object.entries(recorded.presentation_variants))(
    'presented %s, it is opened where Keystone opens it',
    (_, variant) => {
      expect('claims' in sealer.open(variant.token)).toBe(variant.as_subject.status === 200)
    },
  )

  test('a token of Kilo opens with its key alone', () => {
    const vector = kilo()
    const keys = [vector.other_key, vector.key].map(parseFernetKey)
    expect(opensWith(vector.token, keys)).toBe(keys[1])
    expect(opensWith(vector.token, keys.slice(0, 1))).toBeNull()
  })
})

describe('what a node cannot open', () => {
  const claims = mustOpen(recorded.vectors[0]?.token ?? '').claims
  const small = setupRing({ primary: testKey(1), staged: testKey(2) }).ring
  const token = createSealer({ ring: small, payloadOptions }).issue(claims, { iv })

  test('a UUID token is not Fernet', () => {
    expect(sealer.open('0123456789abcdef0123456789abcdef')).toMatchObject({ problem: 'not-fernet' })
  })
  test('a token of foreign keys is undecryptable', () => {
    expect(sealer.open(token)).toMatchObject({ problem: 'undecryptable' })
    expect(createSealer({ ring: keyRing([]), payloadOptions }).open(token)).toMatchObject({
      problem: 'undecryptable',
    })
  })
  test('a Fernet token of another program under our key is a bad payload', () => {
    const key = small.keys.get(1) ?? testKey(0)
    const plaintext = Buffer.from('{"hello":"world"}')
    const foreign = sealFernet({ key, plaintext, timestampSec: 1, iv })
    const opened = createSealer({ ring: small, payloadOptions }).open(foreign)
    expect(opened).toMatchObject({ problem: 'bad-payload' })
  })
  test('a key rotated away is told from a foreign one by the keys that a node once had', () => {
    let turned = small
    for (const number of [3, 4])
      turned = rotateRing(turned, { maxActiveKeys: 3, fresh: testKey(number) }).ring
    expect(createSealer({ ring: turned, payloadOptions }).open(token)).toMatchObject({
      problem: 'undecryptable',
    })
    expect(opensWith(token, [testKey(9), testKey(1)])?.id).toBe(testKey(1).id)
    expect(opensWith('garbage', [testKey(1)])).toBeNull()
  })
  test('nothing is sealed without a key', () => {
    const empty = createSealer({ ring: keyRing([]), payloadOptions })
    expect(() => empty.issue(claims, { iv })).toThrow(expect.objectContaining({ code: 'no-keys' }))
  })
})

describe(`properties (seed ${seed})`, () => {
  test('issued tokens open to the same claims, with the issue time in whole seconds', () => {
    const issuedAt = fc.double({ min: 0, max: 4e9, noNaN: true })
    const rings = setupRing({ primary: testKey(1), staged: testKey(2) }).ring
    const own = createSealer({ ring: rings, payloadOptions })
    fc.assert(
      fc.property(anyClaims(payloadOptions.methodOrder), issuedAt, bytesOf(16), (claims, issuedAtSec, iv) => {
        const token = own.issue({ ...claims, issuedAtSec }, { iv })
        expect(token).not.toContain('=')
        expect(tokenFormat(token)).toBe('fernet')
        expect(own.open(token)).toMatchObject({
          claims: { ...claims, issuedAtSec: Math.floor(issuedAtSec) },
          keyIndex: 1,
          keyId: testKey(1).id,
        })
      }),
      { seed, numRuns: 300 },
    )
  })
  test('any text at all is opened or refused, never an exception', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.base64String({ maxLength: 300 })), (text) => {
        expect(sealer.open(text)).toHaveProperty('problem')
      }),
      { seed, numRuns: 500 },
    )
  })
})

describe('the two formats', () => {
  test('a UUID token is 32 lower-case hexadecimal digits with the marks of a random UUID', () => {
    expect(uuidToken(new Uint8Array(16).fill(0xff))).toBe('ffffffffffff4fffbfffffffffffffff')
    expect(uuidToken(new Uint8Array(16))).toBe('00000000000040008000000000000000')
    expect(() => uuidToken(new Uint8Array(15))).toThrow(expect.objectContaining({ code: 'bad-random-bytes' }))
  })
  test.each([
    ['0123456789abcdef0123456789abcdef', 'uuid'],
    ['0123456789ABCDEF0123456789abcdef', 'unknown'],
    ['0123456789abcdef0123456789abcde', 'unknown'],
    [kilo().token, 'fernet'],
    [recorded.presentation_variants['standard base64 alphabet (+/)']?.token ?? '', 'fernet'],
    [recorded.presentation_variants['version byte 0x81']?.token ?? '', 'unknown'],
    ['gAAAAA', 'unknown'],
    ['', 'unknown'],
  ])('%s is told by its looks: %s', (id, format) => {
    expect(tokenFormat(id)).toBe(format)
    expect(isUuidToken(id)).toBe(format === 'uuid')
  })
  test('the shortest possible Fernet token is recognized', () => {
    const token = sealFernet({ key: testKey(1), plaintext: new Uint8Array(), timestampSec: 2 ** 32 - 1, iv })
    expect([tokenFormat(token), tokenFormat(token.replace(/=+$/, ''))]).toEqual(['fernet', 'fernet'])
  })
  test('each mode issues and accepts what its name says', () => {
    const table = providerModes.map((mode) => [
      mode,
      issues(mode),
      accepts(mode, 'uuid'),
      accepts(mode, 'fernet'),
    ])
    expect(table).toEqual([
      ['uuid', 'uuid', true, false],
      ['dual-uuid', 'uuid', true, true],
      ['dual-fernet', 'fernet', true, true],
      ['fernet', 'fernet', false, true],
    ])
  })
  test('at each step of a migration, every node accepts what any node of the step before issues', () => {
    for (const [i, mode] of providerModes.entries()) {
      const before = providerModes[i - 1]
      // The last step is safe only after one token lifetime, which is what it waits for.
      if (before === undefined || mode === 'fernet') continue
      expect([accepts(mode, issues(before)), accepts(mode, issues(mode))]).toEqual([true, true])
    }
  })
})

describe('audit ids', () => {
  test('16 bytes make 22 characters and come back', () => {
    const bytes = Uint8Array.from({ length: 16 }, (_, i) => i)
    expect(auditId(bytes)).toBe('AAECAwQFBgcICQoLDA0ODw')
    expect([...auditIdToBytes('AAECAwQFBgcICQoLDA0ODw')]).toEqual([...bytes])
    expect(() => auditId(new Uint8Array(15))).toThrow(expect.objectContaining({ code: 'bad-random-bytes' }))
    expect(['AAECAwQFBgcICQoLDA0ODx', 'AAECAwQFBgcICQoLDA0ODw==', ''].map(isAuditId)).toEqual([
      false,
      false,
      false,
    ])
  })
  test('a chain keeps its first id, however long it grows', () => {
    expect(auditChain('a')).toEqual(['a'])
    expect(auditChain('b', ['a'])).toEqual(['b', 'a'])
    expect(auditChain('c', ['b', 'a'])).toEqual(['c', 'a'])
  })
})

test('a key written by us is read by us in the form of a key file', () => {
  expect(parseFernetKey(formatFernetKey(testKey(5))).id).toBe(testKey(5).id)
})
