// Fernet (https://github.com/fernet/spec) on node:crypto: seal, open, verify, and the keys.
// Our own because Keystone's payloads are binary, which the npm package `fernet` cannot decode.

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  hash,
  timingSafeEqual,
  type Decipher,
} from 'node:crypto'
import { TokenError } from './tokenError.js'

/** A Fernet key: 128 bits that sign, 128 bits that encrypt. */
export interface FernetKey {
  /** 16 bytes. */
  readonly signing: Uint8Array
  /** 16 bytes. */
  readonly encryption: Uint8Array
  /** The first 8 hexadecimal digits of the SHA-256 of the 32 bytes: names a key in reports without giving it away. */
  readonly id: string
}

const keyBytes = 32
const blockBytes = 16
const macBytes = 32
const ivStart = 9
const cipherStart = ivStart + blockBytes
/** Version 1, timestamp 8, iv 16, HMAC 32: what is there even without a ciphertext. */
const envelopeBytesMin = cipherStart + macBytes
const versionByte = 0x80

/** The spec's allowance for a clock that is ahead: `MAX_CLOCK_SKEW` of all its implementations. */
export const maxClockSkewSec = 60

/**
 * A key from its 32 bytes, which are copied.
 * @throws TokenError `bad-key` for any other length
 */
export const fernetKeyFromBytes = (bytes: Uint8Array): FernetKey => {
  if (bytes.length !== keyBytes) {
    throw new TokenError('bad-key', `a Fernet key has 32 bytes, this one has ${bytes.length}`)
  }
  const own = Uint8Array.from(bytes)
  return {
    signing: own.subarray(0, blockBytes),
    encryption: own.subarray(blockBytes),
    id: createHash('sha256').update(own).digest('hex').slice(0, 8),
  }
}

/**
 * A key from its text: base64url, padded, 44 characters, as `keystone-manage fernet_setup` writes it.
 * @throws TokenError `bad-key`; the message tells the length, never the text
 */
export const parseFernetKey = (text: string): FernetKey => {
  const bytes = decodeBase64Url(text, 'required')
  if (bytes === null) {
    throw new TokenError('bad-key', `not padded base64url (${text.length} characters, a Fernet key has 44)`)
  }
  return fernetKeyFromBytes(bytes)
}

/** The text of a key: padded base64url, 44 characters. */
export const formatFernetKey = (key: FernetKey): string =>
  padBase64(Buffer.concat([key.signing, key.encryption]).toString('base64url'))

/** Puts back the `=` that Keystone strips, from the length alone. */
const padBase64 = (text: string): string => {
  const odd = text.length & 3
  return odd === 0 ? text : odd === 3 ? `${text}=` : `${text}==`
}

/** `required`: the text must be padded. `restored`: missing `=` are supplied, as Keystone does. */
type Padding = 'required' | 'restored'

/**
 * Strict base64url, or null. Node's decoder skips what it does not know; that writing the bytes again gives the same
 * text proves alphabet, length and unused bits (RFC 4648 §3.5) at once, and faster than a regular expression would.
 */
const decodeBase64Url = (text: string, padding: Padding): Buffer | null => {
  let end = text.length
  while (end > 0 && text.charCodeAt(end - 1) === 0x3d && text.length - end < 2) end--
  const given = text.length - end
  const wanted = (4 - (end & 3)) & 3
  const odd = text.length & 3
  const padded = padding === 'restored' && odd !== 0 ? given + 4 - odd : given
  if (padded !== wanted || wanted === 3) return null
  const digits = given === 0 ? text : text.slice(0, end)
  const bytes = Buffer.from(digits, 'base64url')
  return bytes.toString('base64url') === digits ? bytes : null
}

/** A token's bytes, checked for shape and version, not yet for authenticity. */
export interface FernetEnvelope {
  readonly bytes: Buffer
  /** Seconds since 1970, readable without a key. */
  readonly timestampSec: number
}

/** Why a text is not even shaped like a Fernet token. */
export type FernetShapeProblem = 'bad-base64' | 'too-short' | 'bad-version' | 'bad-timestamp' | 'bad-length'

/**
 * Why a token was refused.
 *
 * - `bad-base64`: not strict base64url · `too-short`: less than 57 bytes · `bad-version`: not 0x80
 * - `bad-timestamp`: beyond 2⁵³−1 seconds · `bad-length`: the ciphertext is not one or more whole blocks of 16 bytes
 * - `expired`: older than the time to live · `from-the-future`: more than 60 s ahead of the clock
 * - `bad-signature`: the HMAC differs, so another key or a changed token · `bad-padding`: after decryption
 */
export type FernetProblem =
  FernetShapeProblem | 'expired' | 'from-the-future' | 'bad-signature' | 'bad-padding'

/**
 * Decodes a token's text once, so that several keys can be tried on it.
 * @param options.padding `required` (the spec, default) or `restored` (tokens from which `=` was stripped)
 */
export const decodeFernet = (
  token: string,
  options: { readonly padding?: Padding } = {},
): FernetEnvelope | FernetShapeProblem => {
  const bytes = decodeBase64Url(token, options.padding ?? 'required')
  if (bytes === null) return 'bad-base64'
  if (bytes.length < envelopeBytesMin) return 'too-short'
  if (bytes[0] !== versionByte) return 'bad-version'
  const timestampSec = bytes.readUInt32BE(1) * 0x1_0000_0000 + bytes.readUInt32BE(5)
  if (timestampSec > Number.MAX_SAFE_INTEGER) return 'bad-timestamp'
  const cipherBytes = bytes.length - envelopeBytesMin
  if (cipherBytes === 0 || cipherBytes % blockBytes !== 0) return 'bad-length'
  return { bytes, timestampSec }
}

/** What is made of a key once, so that opening a token makes no object of the crypto library. */
interface Prepared {
  /** AES-128 block by block. ECB keeps no state between blocks, so one decipher serves for ever. */
  readonly blocks: Decipher
  /** The key XOR 0x36…, then room for the message; and the key XOR 0x5c…, then room for the inner hash (RFC 2104). */
  inner: Buffer
  readonly outer: Buffer
}

const hashBlockBytes = 64
const preparedKeys = new WeakMap<FernetKey, Prepared>()

/** A block of the hash: the key, padded with zeros, XOR one byte; with room behind it. */
const padOf = (key: Uint8Array, byte: number, room: number): Buffer => {
  const pad = Buffer.alloc(hashBlockBytes + room, byte)
  for (let i = 0; i < key.length; i++) pad[i] = (key[i] as number) ^ byte
  return pad
}

const prepare = (key: FernetKey): Prepared => {
  const known = preparedKeys.get(key)
  if (known !== undefined) return known
  const blocks = createDecipheriv('aes-128-ecb', key.encryption, null)
  blocks.setAutoPadding(false)
  const prepared = { blocks, inner: padOf(key.signing, 0x36, 256), outer: padOf(key.signing, 0x5c, macBytes) }
  preparedKeys.set(key, prepared)
  return prepared
}

/**
 * HMAC-SHA-256 of bytes[0, end) by its definition, H(K ⊕ opad ‖ H(K ⊕ ipad ‖ text)) (RFC 2104), from two one-shot
 * hashes: these leave nothing behind for the garbage collector, which an Hmac object does.
 */
const macOf = (key: FernetKey, bytes: Buffer, end: number): Buffer => {
  const prepared = prepare(key)
  if (prepared.inner.length < hashBlockBytes + end) prepared.inner = padOf(key.signing, 0x36, 2 * end)
  const { inner, outer } = prepared
  bytes.copy(inner, hashBlockBytes, 0, end)
  outer.set(hash('sha256', inner.subarray(0, hashBlockBytes + end), 'buffer'), hashBlockBytes)
  return hash('sha256', outer, 'buffer')
}

/**
 * AES-128-CBC without taking off the padding: each block deciphered alone, then XOR the block before it, the first
 * one XOR the iv (NIST SP 800-38A §6.2). In an envelope the iv stands right before the ciphertext.
 */
const decipherBlocks = (key: FernetKey, bytes: Buffer, end: number): Buffer => {
  const plain = prepare(key).blocks.update(bytes.subarray(cipherStart, end))
  for (let i = 0; i < plain.length; i++) plain[i] = (plain[i] as number) ^ (bytes[ivStart + i] as number)
  return plain
}

/** Whether the key signed the envelope. Compares in constant time. */
export const isSignedBy = (envelope: FernetEnvelope, key: FernetKey): boolean => {
  const { bytes } = envelope
  const macStart = bytes.length - macBytes
  return timingSafeEqual(macOf(key, bytes, macStart), bytes.subarray(macStart))
}

/**
 * Opens an envelope with one key.
 *
 * Padding is taken off here instead of by the cipher: the whole plaintext then comes out of one call and is
 * not copied. The signature was checked before, so the padding tells an attacker nothing.
 */
export const openEnvelope = (
  envelope: FernetEnvelope,
  key: FernetKey,
): Uint8Array | 'bad-signature' | 'bad-padding' => {
  if (!isSignedBy(envelope, key)) return 'bad-signature'
  const { bytes } = envelope
  const padded = decipherBlocks(key, bytes, bytes.length - macBytes)
  const last = padded.length - 1
  const fill = padded[last] as number
  if (fill < 1 || fill > blockBytes) return 'bad-padding'
  for (let i = 1; i < fill; i++) if (padded[last - i] !== fill) return 'bad-padding'
  return padded.subarray(0, padded.length - fill)
}

/** What sealing needs. Time and the initialization vector are arguments: this module has no clock and no chance. */
export interface SealInput {
  readonly key: FernetKey
  readonly plaintext: Uint8Array
  /** Whole seconds since 1970. */
  readonly timestampSec: number
  /** 16 bytes, unique for each token; random ones are. */
  readonly iv: Uint8Array
}

/** {@link sealFernet} without the final `=`, the form in which Keystone hands tokens out. */
export const sealFernetStripped = (input: SealInput): string => {
  const { key, plaintext, timestampSec, iv } = input
  if (iv.length !== blockBytes)
    throw new TokenError('bad-iv', `an iv has 16 bytes, this one has ${iv.length}`)
  if (!Number.isSafeInteger(timestampSec) || timestampSec < 0) {
    throw new TokenError('bad-timestamp', `a timestamp is a whole number of seconds, not ${timestampSec}`)
  }
  const cipher = createCipheriv('aes-128-cbc', key.encryption, iv)
  const blocks = cipher.update(plaintext)
  const lastBlock = cipher.final()
  const lastStart = cipherStart + blocks.length
  const macStart = lastStart + lastBlock.length
  const bytes = Buffer.allocUnsafe(macStart + macBytes)
  bytes[0] = versionByte
  bytes.writeUInt32BE(Math.floor(timestampSec / 0x1_0000_0000), 1)
  bytes.writeUInt32BE(timestampSec % 0x1_0000_0000, 5)
  bytes.set(iv, ivStart)
  bytes.set(blocks, cipherStart)
  bytes.set(lastBlock, lastStart)
  bytes.set(macOf(key, bytes, macStart), macStart)
  return bytes.toString('base64url')
}

/**
 * Seals a message into a token: padded base64url text, as the spec wants it.
 * @throws TokenError `bad-iv`, `bad-timestamp`
 */
export const sealFernet = (input: SealInput): string => padBase64(sealFernetStripped(input))

/** An opened token. */
export interface OpenedFernet {
  /** Seconds since 1970. */
  readonly timestampSec: number
  /** The message; a view into a buffer of its own. */
  readonly plaintext: Uint8Array
}

/** Opens a padded token with one key, whatever its age; null when it cannot be opened. */
export const openFernet = (token: string, key: FernetKey): OpenedFernet | null => {
  const envelope = decodeFernet(token)
  if (typeof envelope === 'string') return null
  const plaintext = openEnvelope(envelope, key)
  return typeof plaintext === 'string' ? null : { timestampSec: envelope.timestampSec, plaintext }
}

/**
 * Opens a token with the first of several keys that fits, decoding its text once.
 * A key that does not fit costs one HMAC and no decryption.
 * @param keys in the order to try: the primary first
 */
export const openFernetWithAny = <Key extends FernetKey>(
  envelope: FernetEnvelope,
  keys: Iterable<Key>,
): (OpenedFernet & { readonly key: Key }) | null => {
  for (const key of keys) {
    const plaintext = openEnvelope(envelope, key)
    if (typeof plaintext !== 'string') return { timestampSec: envelope.timestampSec, plaintext, key }
  }
  return null
}

/** The outcome of {@link verifyFernet}. */
export type FernetVerdict =
  ({ readonly ok: true } & OpenedFernet) | { readonly ok: false; readonly reason: FernetProblem }

/**
 * Verifies a token by the spec, in the spec's order, and says why if it is refused.
 *
 * A time to live needs the time. With `ttlSec` a token is `expired` when timestamp + ttl < now. With `nowSec` it is
 * `from-the-future` when timestamp > now + 60 s. Keystone passes neither: it has its own expiry in the payload.
 */
export const verifyFernet = (
  token: string,
  key: FernetKey,
  limits:
    | { readonly nowSec: number; readonly ttlSec?: number }
    | { readonly nowSec?: never; readonly ttlSec?: never } = {},
): FernetVerdict => {
  const envelope = decodeFernet(token)
  if (typeof envelope === 'string') return { ok: false, reason: envelope }
  const { timestampSec } = envelope
  if (limits.nowSec !== undefined) {
    if (limits.ttlSec !== undefined && timestampSec + limits.ttlSec < limits.nowSec) {
      return { ok: false, reason: 'expired' }
    }
    if (timestampSec > limits.nowSec + maxClockSkewSec) return { ok: false, reason: 'from-the-future' }
  }
  const plaintext = openEnvelope(envelope, key)
  if (typeof plaintext === 'string') return { ok: false, reason: plaintext }
  return { ok: true, timestampSec, plaintext }
}

/**
 * The timestamp that every Fernet token carries in clear: its issue time in whole seconds since 1970.
 * Needs no key and proves nothing. Padding may be missing. Null when the text is no Fernet token.
 */
export const fernetTimestampSec = (token: string): number | null => {
  const envelope = decodeFernet(token, { padding: 'restored' })
  return typeof envelope === 'string' ? null : envelope.timestampSec
}
