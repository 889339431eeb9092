// Auth receipts: proof that a user has passed some of the methods that their multi-factor rules ask for.
// Made and opened here because a receipt is a Fernet text under the token keys, but with a payload of its own.
// Layout: openstack/keystone@stein-eol, keystone/receipt/receipt_formatters.py.
import { decodeFernet, sealFernetStripped } from './fernet.js'
import { openingOrder, openWithRing } from './keyring.js'
import type { KeyRing } from './keyring.js'
import { decodeMsgpack, MsgpackWriter } from './msgpack.js'
import type { MsgpackValue } from './msgpack.js'
import { maskToMethods, methodsToMask, writeId } from './payload.js'
import type { PayloadOptions } from './payload.js'
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

/** Of (true, 16 bytes) or (false, text); null for anything else. */
const idOf = (value: MsgpackValue | undefined): string | null => {
  if (!Array.isArray(value) || value.length !== 2) return null
  const [isBytes, id] = value as readonly MsgpackValue[]
  if (typeof isBytes !== 'boolean' || typeof id !== 'object' || id === null || !('bytes' in id)) return null
  if (isBytes && id.bytes.length !== 16) return null
  return Buffer.from(id.bytes).toString(isBytes ? 'hex' : 'utf8')
}

/** What a receipt says, whatever its age; null if it is none, or none of ours. Never throws. */
export const openReceipt = (text: string, keys: ReceiptKeys): Receipt | null => {
  const envelope = decodeFernet(text, { padding: 'restored' })
  if (typeof envelope === 'string') return null
  const opened = openWithRing(envelope, keys.ring)
  if (opened === null) return null
  const document = decodeMsgpack(opened.plaintext)
  if ('problem' in document || !Array.isArray(document.value) || document.value.length !== 3) return null
  const [user, mask, expiresAtSec] = document.value
  const userId = idOf(user)
  if (userId === null || typeof mask !== 'number' || typeof expiresAtSec !== 'number') return null
  if (!Number.isSafeInteger(mask) || mask < 0 || !Number.isFinite(expiresAtSec)) return null
  return {
    userId,
    methods: maskToMethods(mask, keys.payloadOptions.methodOrder),
    issuedAtSec: opened.timestampSec,
    expiresAtSec,
  }
}
