// Receipts: what they carry, which keys open them, and what is none.
// A client brings one back in a header, so any text at all may arrive there.
import { describe, expect, test } from '@jest/globals'
import { decode } from '@msgpack/msgpack'
import {
  fernetKeyFromBytes,
  openFernetWithAny,
  decodeFernet,
  sealFernetStripped,
} from '../../src/token/fernet.js'
import { keyRing, rotateRing } from '../../src/token/keyring.js'
import { defaultMethodOrder } from '../../src/token/methods.js'
import { openReceipt, sealReceipt } from '../../src/token/receipt.js'
import type { Receipt, ReceiptKeys } from '../../src/token/receipt.js'
import { createSealer } from '../../src/token/sealer.js'

const key = (fill: number): ReturnType<typeof fernetKeyFromBytes> =>
  fernetKeyFromBytes(new Uint8Array(32).fill(fill))
const ring = keyRing([
  [0, key(1)],
  [1, key(2)],
])
const keysOf = (family: 'raw' | 'bin'): ReceiptKeys => ({
  ring,
  payloadOptions: { methodOrder: defaultMethodOrder.queens, family },
})
const iv = new Uint8Array(16).fill(7)
const receipt: Receipt = {
  userId: '7b0f2e9459fd43da86a7af30e5905e2b',
  methods: ['password'],
  issuedAtSec: 1_553_000_000,
  expiresAtSec: 1_553_000_300,
}

describe.each(['raw', 'bin'] as const)('written in msgpack of the family %s', (family) => {
  const keys = keysOf(family)

  test.each([receipt.userId, 'f'.repeat(64), 'jürgen'])(
    'it comes back as it was made, for user %s',
    (userId) => {
      const made = { ...receipt, userId }
      expect(openReceipt(sealReceipt(made, keys, { iv }), keys)).toEqual(made)
    },
  )

  test('it is an array of user, methods and expiry, without a version, under the primary key', () => {
    const envelope = decodeFernet(sealReceipt(receipt, keys, { iv }), { padding: 'restored' })
    if (typeof envelope === 'string') throw new Error(envelope)
    expect(envelope.timestampSec).toBe(receipt.issuedAtSec)
    const opened = openFernetWithAny(envelope, [key(2)])
    if (family === 'raw') return
    expect(decode(opened?.plaintext ?? new Uint8Array())).toEqual([
      [true, new Uint8Array(Buffer.from(receipt.userId, 'hex'))],
      2,
      receipt.expiresAtSec,
    ])
  })
})

test('it outlives a rotation as tokens do, and no more than those', () => {
  const keys = keysOf('raw')
  const text = sealReceipt(receipt, keys, { iv })
  const once = rotateRing(ring, { maxActiveKeys: 3, fresh: key(3) }).ring
  const twice = rotateRing(once, { maxActiveKeys: 3, fresh: key(4) }).ring
  expect(openReceipt(text, { ...keys, ring: once })).toEqual(receipt)
  expect(openReceipt(text, { ...keys, ring: twice })).toBeNull()
})

describe('what is no receipt', () => {
  const keys = keysOf('bin')
  const sealed = (plaintext: readonly number[]): string =>
    sealFernetStripped({ key: key(2), plaintext: Uint8Array.from(plaintext), timestampSec: 1, iv })
  const user = [0x92, 0xc3, 0xc4, 0x10, ...new Uint8Array(16)]
  const soon = [0xcb, 0x41, 0xd7, 0, 0, 0, 0, 0, 0]

  test.each([
    ['nothing', ''],
    ['any text', 'x'],
    ['no msgpack', sealed([0xc1])],
    ['a map', sealed([0x80])],
    ['too short', sealed([0x92, ...user, 2])],
    ['without methods', sealed([0x93, ...user, 0xc0, ...soon])],
    ['with an expiry that is no number', sealed([0x93, ...user, 2, 0xa0])],
    ['with a user of no kind', sealed([0x93, 0x92, 0xc3, 0xa1, 0x78, 2, ...soon])],
    ['with a user that is no pair', sealed([0x93, 0xa1, 0x78, 2, ...soon])],
  ])('%s is not opened', (_, text) => {
    expect(openReceipt(text, keys)).toBeNull()
  })

  test('a token is no receipt, and a receipt is no token', () => {
    const sealer = createSealer(keys)
    const token = sealer.issue(
      { ...receipt, auditIds: ['AAECAwQFBgcICQoLDA0ODw'], scope: { kind: 'unscoped' } },
      { iv },
    )
    expect(openReceipt(token, keys)).toBeNull()
    expect(sealer.open(sealReceipt(receipt, keys, { iv }))).toMatchObject({ problem: 'bad-payload' })
  })
})
