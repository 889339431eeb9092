// Looking into a token: every recorded one, every way in which a text is none, and receipts.
// Expected fields are those that Keystone's own formatter gave for the same tokens.

import { describe, expect, test } from '@jest/globals'
import { fernetView } from '../../src/identity/inspection.js'
import type { InspectionView } from '../../src/render/inspection.js'
import { sealFernetStripped } from '../../src/token/fernet.js'
import { inspectFernet, shapeOf } from '../../src/token/inspection.js'
import { keyRing, ringFromFiles } from '../../src/token/keyring.js'
import { defaultMethodOrder } from '../../src/token/methods.js'
import { sealReceipt } from '../../src/token/receipt.js'
import { kilo, queens, testKey, toEpochSec } from './vectors.js'
import type { Decoded } from './vectors.js'

const recorded = queens()
const ring = ringFromFiles(new Map(Object.entries(recorded.key_repository)))
const options = { methodOrder: recorded.auth_methods_order }
const nowSec = toEpochSec('2026-11-22T02:00:00Z')

const viewOf = (
  text: string,
  methodOrder: readonly string[] = recorded.auth_methods_order,
): InspectionView => {
  const shape = shapeOf(text)
  if (shape.shape !== 'fernet') throw new Error(shape.shape)
  const facts = { role: 'primary', writtenAtSec: nowSec, maxActiveKeys: 3, rotationsLeft: 2, outlook: null }
  return fernetView({
    text,
    sealedAtSec: shape.sealedAtSec,
    methodCount: methodOrder.length,
    nowSec,
    tried: { inspected: inspectFernet(text, ring, { methodOrder }), factsOf: () => facts },
  })
}

describe('every recorded token', () => {
  const all: readonly { readonly kind: string; readonly token: string; readonly decoded: Decoded }[] = [
    ...recorded.vectors,
    ...recorded.formatter_vectors,
  ]

  test.each(all)('is told under Keystone’s own names: $kind', ({ token, decoded }) => {
    const view = viewOf(token)
    expect(view).toMatchObject({
      format: 'fernet',
      opened: true,
      key_index: decoded.key_index,
      payload_version: parseInt(decoded.payload_hex.slice(2, 4), 16),
      characters: decoded.length,
    })
    expect(JSON.stringify(view)).not.toContain(token.slice(0, 30))
    const keystone = decoded.keystone_formatter
    // That Keystone cannot read its own federated unscoped tokens.
    if (keystone === undefined) return
    const { methods, ...fields } = keystone
    expect(view).toMatchObject(fields)
    // On Python 3 it loses every mask of two methods.
    if (methods.length > 0) expect(view.methods).toEqual(methods)
  })
})

test('methods are named by the configured order, and a mask beyond it is told', () => {
  const token = recorded.vectors.find(({ kind }) => kind === 'application credential')?.token ?? ''
  expect(viewOf(token)).toMatchObject({
    methods: ['application_credential'],
    payload: { methods_unnamed: false },
  })
  expect(viewOf(token, defaultMethodOrder.ocata)).toMatchObject({
    methods: [],
    payload: { methods_mask: 32, methods_unnamed: true },
  })
  const own = ['token', 'external', 'oauth1', 'mapped', 'application_credential', 'password']
  expect(viewOf(token, own).methods).toEqual(['password'])
})

test('the layout that Kilo began with is read, too', () => {
  const { token, key, other_key, issued_at } = kilo()
  const keys = ringFromFiles(
    new Map([
      ['1', key],
      ['0', other_key],
    ]),
  )
  expect(inspectFernet(token, keys, options)).toMatchObject({
    kind: 'token',
    key: { index: 1 },
    claims: { issuedAtSec: toEpochSec(issued_at) },
    payload: { layout: 'bare', family: 'raw' },
  })
})

describe('what a text is by its looks', () => {
  const { token } = recorded.vectors[0] as { token: string }

  test.each([
    ['a Fernet token', token, { shape: 'fernet', sealedAtSec: 1_795_311_864 }],
    ['a UUID token', '0123456789abcdef0123456789abcdef', { shape: 'uuid' }],
    ['a UUID with dashes', '01234567-89ab-cdef-0123-456789abcdef', { shape: 'unknown' }],
    ['nothing', '', { shape: 'unknown' }],
    ['a PKI token', `MIIFvAYJKoZIhvcNAQcCoIIFrTCCBakCAQExDTALBglghkgBZQMEAgEwggQK`, { shape: 'pki' }],
    [
      'a compressed PKI token',
      'PKIZ_eJxtVstyqzgQ3fMVs0_dCrJxYt-lBBgLW3IECJB2RjhIvGwnxjy-fgRO7p2pmlS5',
      { shape: 'pki' },
    ],
    [
      'a token cut in the middle of a block',
      token.slice(0, 150),
      { shape: 'broken-fernet', problem: 'bad-base64' },
    ],
    ['a token cut at a whole byte', token.slice(0, 152), { shape: 'broken-fernet', problem: 'bad-length' }],
    ['the beginning of a token', token.slice(0, 40), { shape: 'broken-fernet', problem: 'too-short' }],
    [
      'a token with a space in it',
      `${token.slice(0, 50)} ${token.slice(50)}`,
      { shape: 'broken-fernet', problem: 'bad-base64' },
    ],
  ])('%s', (_, text, expected) => {
    expect(shapeOf(text)).toEqual(expected)
  })

  test('what Keystone opened has the shape of a token, however it was written; what it refused does not open', () => {
    for (const [way, { token: text, as_subject }] of Object.entries(recorded.presentation_variants)) {
      const shape = shapeOf(text)
      const opened = shape.shape === 'fernet' && inspectFernet(text, ring, options).kind === 'token'
      expect({ way, opened }).toEqual({ way, opened: as_subject.status === 200 })
    }
    expect(Object.keys(recorded.presentation_variants)).not.toEqual([])
  })
})

describe('what does not open', () => {
  const iv = new Uint8Array(16)
  const sealed = (plaintext: Uint8Array): string =>
    sealFernetStripped({ key: testKey(1), plaintext, timestampSec: nowSec, iv })
  const own = keyRing([[1, testKey(1)]])

  test('for want of a key is told with the time at which it was sealed', () => {
    const { token, decoded } = recorded.vectors[0] as (typeof recorded.vectors)[number]
    expect(inspectFernet(token, own, options)).toEqual({
      kind: 'no-key-opens',
      sealedAtSec: decoded.fernet_timestamp,
    })
  })

  test('because it is none of Keystone’s is told with its key and the reason', () => {
    expect(inspectFernet(sealed(Uint8Array.of(0xc0)), own, options)).toMatchObject({
      kind: 'unknown-payload',
      key: { index: 1, fingerprint: testKey(1).id },
      sealedAtSec: nowSec,
      detail: 'not-an-array: a payload is an array',
    })
  })

  test('a receipt does open, and is told as one', () => {
    const receipt = {
      userId: 'a'.repeat(32),
      methods: ['password'],
      issuedAtSec: nowSec,
      expiresAtSec: nowSec + 300,
    }
    const keys = { ring: own, payloadOptions: { ...options, family: 'raw' } } as const
    expect(inspectFernet(sealReceipt(receipt, keys, { iv }), own, options)).toMatchObject({
      kind: 'receipt',
      receipt,
    })
  })
})
