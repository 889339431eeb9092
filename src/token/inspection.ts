// Looks into the text of a token: what it is, which key opens it, what it says, or why it does not open.
// Unlike a sealer, which only decides, it tells a broken text from a foreign one and knows receipts too.

import type { Claims } from './claims.js'
import type { FernetShapeProblem } from './fernet.js'
import { openWithRing } from './keyring.js'
import type { KeyRing } from './keyring.js'
import type { PayloadReadOptions, UnpackedPayload } from './payload.js'
import { unpackReceipt } from './receipt.js'
import type { Receipt } from './receipt.js'
import { decodeToken } from './sealer.js'
import { TokenError } from './tokenError.js'
import { unpackPayload } from './unpackPayload.js'
import { isUuidToken } from './uuid.js'

/** What a text is, by its looks: no key is needed. */
export type TokenShape =
  | { readonly shape: 'uuid' }
  | { readonly shape: 'fernet'; readonly sealedAtSec: number }
  /** Begins as Fernet tokens do, and is broken. */
  | { readonly shape: 'broken-fernet'; readonly problem: FernetShapeProblem }
  /** `MII…` and `PKIZ_…`, which Keystone issued until Ocata. */
  | { readonly shape: 'pki' }
  | { readonly shape: 'unknown' }

/** What a text is. */
export const shapeOf = (text: string): TokenShape => {
  if (isUuidToken(text)) return { shape: 'uuid' }
  const envelope = decodeToken(text)
  if (typeof envelope !== 'string') return { shape: 'fernet', sealedAtSec: envelope.timestampSec }
  // 0x80 and the upper half of a timestamp of this age.
  if (text.startsWith('gAAAAA')) return { shape: 'broken-fernet', problem: envelope }
  return { shape: /^(?:MII|PKIZ_)/.test(text) ? 'pki' : 'unknown' }
}

/** The key that opened something. */
export interface OpeningKey {
  readonly index: number
  /** See `FernetKey.id`. */
  readonly fingerprint: string
}

/** What is inside a Fernet text. */
export type Inspected =
  | {
      readonly kind: 'token'
      readonly key: OpeningKey
      readonly claims: Claims
      readonly payload: Omit<UnpackedPayload, 'claims'>
    }
  | { readonly kind: 'receipt'; readonly key: OpeningKey; readonly receipt: Receipt }
  | { readonly kind: 'no-key-opens'; readonly sealedAtSec: number }
  /** One of the keys signed it, so it is no forgery; but it is neither token nor receipt. */
  | {
      readonly kind: 'unknown-payload'
      readonly key: OpeningKey
      readonly sealedAtSec: number
      readonly detail: string
    }

/**
 * Opens a text of shape `fernet`, whatever its age.
 * @throws TokenError `bad-claims` for a text of another shape
 */
export const inspectFernet = (text: string, ring: KeyRing, options: PayloadReadOptions): Inspected => {
  const envelope = decodeToken(text)
  if (typeof envelope === 'string') throw new TokenError('bad-claims', 'not shaped like a Fernet token')
  const sealedAtSec = envelope.timestampSec
  const opened = openWithRing(envelope, ring)
  if (opened === null) return { kind: 'no-key-opens', sealedAtSec }
  const key = { index: opened.key.index, fingerprint: opened.key.id }
  const payload = unpackPayload(opened.plaintext, options)
  if (!('problem' in payload)) {
    const { claims, ...rest } = payload
    return { kind: 'token', key, claims: { ...claims, issuedAtSec: sealedAtSec }, payload: rest }
  }
  const receipt = unpackReceipt(opened.plaintext, options.methodOrder)
  if (receipt !== null) return { kind: 'receipt', key, receipt: { ...receipt, issuedAtSec: sealedAtSec } }
  return { kind: 'unknown-payload', key, sealedAtSec, detail: `${payload.problem}: ${payload.detail}` }
}
