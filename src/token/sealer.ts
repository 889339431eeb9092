// From claims to the text of a Fernet token and back, as a Keystone node does it with its ring of keys.
// It joins codec, payload and ring, so that none of them need know of the others.

import type { Claims, PayloadClaims } from './claims.js'
import { decodeFernet, openFernetWithAny, sealFernetStripped } from './fernet.js'
import type { FernetEnvelope, FernetKey, FernetShapeProblem } from './fernet.js'
import { openingOrder, openWithRing } from './keyring.js'
import type { KeyRing } from './keyring.js'
import { packPayload } from './packPayload.js'
import { unpackPayload } from './unpackPayload.js'
import type { PayloadOptions, PayloadVersion, UnpackedPayload } from './payload.js'
import type { ReceiptKeys } from './receipt.js'
import { TokenError } from './tokenError.js'

/** A token that was opened. */
export interface OpenedToken {
  readonly claims: Claims
  /** The place of the key that opened it. */
  readonly keyIndex: number
  /** The fingerprint of that key. */
  readonly keyId: string
  readonly payloadVersion: PayloadVersion
  /** The Fernet timestamp, whole seconds since 1970; equal to `claims.issuedAtSec`. */
  readonly timestampSec: number
  /** How the payload was written. */
  readonly payload: Pick<UnpackedPayload, 'methodMask' | 'family' | 'layout' | 'systemMarker'>
}

/**
 * Why a token was not opened.
 *
 * - `not-fernet`: the text is not shaped like a Fernet token
 * - `undecryptable`: no key of the ring signed it: another cloud's, rotated away, not yet distributed, or changed
 * - `bad-payload`: one of our keys signed it, but what is inside is no payload of Keystone
 */
export interface OpenProblem {
  readonly problem: 'not-fernet' | 'undecryptable' | 'bad-payload'
  /** More for a report; no token text, no key. */
  readonly detail: string
}

/** Issues and opens Fernet tokens with one ring. Cheap to make: make a new one when the ring changes. */
export interface Sealer {
  /**
   * Seals claims with the primary key. The token carries `floor(issuedAtSec)` as its issue time.
   * @param options.iv 16 random bytes
   * @returns the text without `=`
   * @throws TokenError `bad-claims`, `unknown-method`, `bad-iv`, `bad-timestamp`, `no-keys`
   */
  issue(claims: Claims, options: { readonly iv: Uint8Array }): string
  /** Opens a token whatever its age; expiry and revocation are the identity logic's. Never throws. */
  open(token: string): OpenedToken | OpenProblem
  /** What auth receipts are sealed and opened with: the same keys. */
  readonly receiptKeys: ReceiptKeys
}

/**
 * Decodes a token as leniently as Keystone: padding may be missing, and `+` `/` count as `-` `_`
 * (Python's decoder translates them).
 */
export const decodeToken = (token: string): FernetEnvelope | FernetShapeProblem => {
  const urlSafe =
    token.includes('+') || token.includes('/') ? token.replaceAll('+', '-').replaceAll('/', '_') : token
  return decodeFernet(urlSafe, { padding: 'restored' })
}

/** A sealer for a ring. Does not look at the ring before the first token: a node may start without keys. */
export const createSealer = (input: {
  readonly ring: KeyRing
  readonly payloadOptions: PayloadOptions
}): Sealer => {
  const { ring, payloadOptions } = input
  return {
    receiptKeys: input,
    issue(claims, { iv }) {
      const key = openingOrder(ring)[0]
      if (key === undefined) throw new TokenError('no-keys', 'the key ring is empty')
      const plaintext = packPayload(claims, payloadOptions)
      return sealFernetStripped({ key, plaintext, timestampSec: Math.floor(claims.issuedAtSec), iv })
    },
    open(token) {
      const envelope = decodeToken(token)
      if (typeof envelope === 'string') return { problem: 'not-fernet', detail: envelope }
      const opened = openWithRing(envelope, ring)
      if (opened === null) return { problem: 'undecryptable', detail: `none of ${ring.keys.size} keys fits` }
      const payload = unpackPayload(opened.plaintext, payloadOptions)
      if ('problem' in payload)
        return { problem: 'bad-payload', detail: `${payload.problem}: ${payload.detail}` }
      const { claims, version } = payload
      return {
        claims: withIssueTime(claims, opened.timestampSec),
        keyIndex: opened.key.index,
        keyId: opened.key.id,
        payloadVersion: version,
        timestampSec: opened.timestampSec,
        payload,
      }
    },
  }
}

/** Adds the issue time to claims that nobody else holds yet; a copy would cost as much as the deciphering. */
const withIssueTime = (claims: PayloadClaims, issuedAtSec: number): Claims =>
  Object.assign(claims, { issuedAtSec })

/**
 * The first of the keys that opens the token, or null. Tells *rotated away* (a key that this node once had) from
 * *not distributed* (a key that another node has) and from a token that is simply foreign.
 */
export const opensWith = <Key extends FernetKey>(token: string, keys: Iterable<Key>): Key | null => {
  const envelope = decodeToken(token)
  return typeof envelope === 'string' ? null : (openFernetWithAny(envelope, keys)?.key ?? null)
}
