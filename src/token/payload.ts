// What stands inside a Fernet token: Keystone's payload versions 0 to 10 and the shape of each.
// Layouts: openstack/keystone, keystone/token/token_formatters.py (up to Mitaka token/providers/fernet/).

import type { PayloadClaims } from './claims.js'
import type { MsgpackFamily, MsgpackProblem } from './msgpack.js'
import { TokenError } from './tokenError.js'

/** Keystone's payload versions; `docs` of each in `packPayload`. */
export type PayloadVersion = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10

/** What reading needs to know of the cloud's configuration. */
export interface PayloadReadOptions {
  /** `[auth] methods`, in order. At most 32. */
  readonly methodOrder: readonly string[]
  /** `[identity] default_domain_id`; `default` if left out. */
  readonly defaultDomainId?: string
}

/** What writing needs to know besides. */
export interface PayloadOptions extends PayloadReadOptions {
  /** `raw` is what Keystone of 2017 wrote, `bin` what it writes since msgpack 1.0 (2020). */
  readonly family: MsgpackFamily
  /** What a system-scoped payload holds: Queens writes `true`, later releases (and this, by default) `'all'`. */
  readonly systemMarker?: true | 'all'
}

/** A payload that was read. */
export interface UnpackedPayload {
  readonly version: PayloadVersion
  readonly claims: PayloadClaims
  /** The bits as they stood; bits beyond the configured list have no name in `claims.methods`. */
  readonly methodMask: number
  readonly family: MsgpackFamily
  /** `bare`: Kilo before its release, ids without the (is bytes, value) tuple. */
  readonly layout: 'bare' | 'tuple'
  /** Version 8 only. */
  readonly systemMarker?: true | 'all'
}

/** Why a payload cannot be read. */
export interface PayloadProblem {
  /** Either msgpack itself is broken, or the array is not one of the known layouts, or a field is not what it must be. */
  readonly problem:
    MsgpackProblem['problem'] | 'not-an-array' | 'unknown-version' | 'wrong-length' | 'bad-field'
  /** Where and what, without any value. */
  readonly detail: string
}

/** 9999-12-31T23:59:59Z: Python's datetime ends there. */
export const timeSecMax = 253_402_300_799

/** Elements of each version's array, the version among them. */
export const payloadLengths: Readonly<Record<PayloadVersion, number>> = {
  0: 5,
  1: 6,
  2: 6,
  3: 7,
  4: 8,
  5: 9,
  6: 9,
  7: 7,
  8: 6,
  9: 7,
  10: 8,
}

/** The version that carries these claims, chosen as Keystone does (`_determine_payload_class_from_token`). */
export const payloadVersion = (claims: PayloadClaims): PayloadVersion => {
  const { scope } = claims
  const no = (what: string): never => {
    throw new TokenError('bad-claims', `no payload carries ${what} with scope ${scope.kind}`)
  }
  if (claims.accessTokenId !== undefined) return scope.kind === 'project' ? 7 : no('an OAuth access token')
  if (scope.kind === 'trust') return claims.federated === undefined ? 3 : no('federated claims')
  if (claims.federated !== undefined) {
    if (scope.kind === 'unscoped') return 4
    if (scope.kind === 'project') return 5
    return scope.kind === 'domain' ? 6 : no('federated claims')
  }
  if (claims.applicationCredentialId !== undefined) {
    return scope.kind === 'project' ? 9 : no('an application credential')
  }
  if (claims.thumbprint !== undefined) {
    return scope.kind === 'project' || scope.kind === 'domain' ? 10 : no('a thumbprint')
  }
  switch (scope.kind) {
    case 'unscoped':
      return 0
    case 'domain':
      return 1
    case 'project':
      return 2
    case 'system':
      return 8
  }
}
