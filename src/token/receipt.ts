// Auth receipts: proof that a user has passed some of the methods that their multi-factor rules ask for.
// Made and opened here because a receipt is a Fernet text under the token keys, but with a payload of its own.
// Layout: openstack/keystone@stein-eol, keystone/receipt/receipt_formatters.py.
import { decodeFernet, sealFernetStripped } from './fernet.js'
import { openingOrder, openWithRing } from './keyring.js'
import type { KeyRing } from './keyring.js'
import { maskToMethods, methodsToMask } from './methods.js'
import { decodeMsgpack, MsgpackWriter } from './msgpack.js'
import { writeId } from './packPayload.js'
import type { PayloadOptions } from './payload.js'
import { BadField, isArray, PayloadFields } from './payloadFields.js'
import { TokenError } from './tokenError.js'

/** What a receipt says. */
export interface Receipt {
  readonly userId: string
  /** The methods that were passed. */
  readonly methods: readonly string[]
  /** Whole seconds since 1970: the Fernet timestamp. */
  readonly issuedAtSec: number
  readonly expiresAtSec: number
}

/** How long a receipt is good (`[receipt] expiration`), seconds. */
export const receiptLifeSec = 300

/** A ring and how payloads are written under it. */
export interface ReceiptKeys {
  readonly ring: KeyRing
  readonly payloadOptions: PayloadOptions
}

/**
 * A receipt's text: the Fernet of a msgpack array [user, methods, expires] without a version, `=` stripped.
 * @param options.iv 16 random bytes
 * @throws TokenError `unknown-method`, `bad-iv`, `bad-timestamp`, `no-keys`
 */
export const sealReceipt = (
  receipt: Receipt,
  keys: ReceiptKeys,
  options: { readonly iv: Uint8Array },
): string => {
  const key = openingOrder(keys.ring)[0]
  if (key === undefined) throw new TokenError('no-keys', 'the key ring is empty')
  const out = new MsgpackWriter(keys.payloadOptions.family)
  out.array(3)
  writeId(out, receipt.userId)
  out.uint(methodsToMask(receipt.methods, keys.payloadOptions.methodOrder)).float(receipt.expiresAtSec)
  return sealFernetStripped({
    key,
    plaintext: out.finish(),
    timestampSec: Math.floor(receipt.issuedAtSec),
    iv: options.iv,
  })
}

/** A receipt as it stands in the plaintext. */
export type UnpackedReceipt = Omit<Receipt, 'issuedAtSec'>

/** Reads the plaintext of a receipt; null if it is none. Never throws. */
export const unpackReceipt = (
  plaintext: Uint8Array,
  methodOrder: readonly string[],
): UnpackedReceipt | null => {
  const document = decodeMsgpack(plaintext)
  if ('problem' in document || !isArray(document.value) || document.value.length !== 3) return null
  const fields = new PayloadFields(document.value, { from: 0, family: document.family })
  try {
    const userId = fields.id('user')
    const methods = maskToMethods(fields.mask(), methodOrder)
    const expiresAtSec = fields.expiresAtSec()
    return fields.layout === 'tuple' ? { userId, methods, expiresAtSec } : null
  } catch (error) {
    if (error instanceof BadField) return null
    throw error
  }
}

/** What a receipt says, whatever its age; null if it is none, or none of ours. Never throws. */
export const openReceipt = (text: string, keys: ReceiptKeys): Receipt | null => {
  const envelope = decodeFernet(text, { padding: 'restored' })
  if (typeof envelope === 'string') return null
  const opened = openWithRing(envelope, keys.ring)
  if (opened === null) return null
  const receipt = unpackReceipt(opened.plaintext, keys.payloadOptions.methodOrder)
  return receipt === null ? null : { ...receipt, issuedAtSec: opened.timestampSec }
}
