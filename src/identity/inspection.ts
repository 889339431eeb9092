// What a token says, as a view to print: claims of a payload or of a stored body under Keystone's own field names.
// It exists so that a Fernet token and the row of a UUID token are told in one form.
import type { InspectionView } from '../render/inspection.js'
import type { Claims } from '../token/claims.js'
import type { Inspected, OpeningKey } from '../token/inspection.js'
import type { KeyOutlook } from '../token/keyOutlook.js'
import { claimsFromToken } from './extra.js'
import { isoInstant } from './instants.js'
import { member } from './json.js'
import type { TokenRow } from './store.js'

/** A view that knows nothing yet. */
const blank = (format: InspectionView['format'], text: string, nowSec: number): InspectionView => ({
  format,
  opened: false,
  reason: null,
  detail: null,
  characters: text.length,
  sealed_at: null,
  payload_version: null,
  key_index: null,
  user_id: null,
  methods: null,
  audit_ids: null,
  system: null,
  domain_id: null,
  project_id: null,
  trust_id: null,
  federated_info: null,
  access_token_id: null,
  app_cred_id: null,
  thumbprint: null,
  issued_at: null,
  expires_at: null,
  expired: null,
  judged_at: isoInstant(nowSec),
  key: null,
  payload: null,
  rotation: null,
  row: null,
  trust: null,
})

const federatedInfo = ({ federated }: Claims): InspectionView['federated_info'] =>
  federated === undefined
    ? null
    : {
        idp_id: federated.idpId,
        protocol_id: federated.protocolId,
        group_ids: federated.groupIds.map((id) => ({ id })),
      }

const fieldsOf = (claims: Claims, nowSec: number): Partial<InspectionView> => {
  const { scope, trust } = claims
  return {
    opened: true,
    user_id: claims.userId,
    methods: claims.methods,
    audit_ids: claims.auditIds,
    system: scope.kind === 'system' ? 'all' : null,
    domain_id: scope.kind === 'domain' ? scope.domainId : null,
    project_id: scope.kind === 'project' || scope.kind === 'trust' ? scope.projectId : null,
    trust_id: scope.kind === 'trust' ? scope.trustId : null,
    federated_info: federatedInfo(claims),
    access_token_id: claims.accessTokenId ?? null,
    app_cred_id: claims.applicationCredentialId ?? null,
    thumbprint: claims.thumbprint ?? null,
    issued_at: isoInstant(claims.issuedAtSec),
    expires_at: isoInstant(claims.expiresAtSec),
    expired: claims.expiresAtSec <= nowSec,
    trust:
      trust === undefined
        ? null
        : {
            trustor_user_id: trust.trustorId,
            trustee_user_id: trust.trusteeId,
            impersonation: trust.impersonation,
          },
  }
}

/** The key that opened a token, as its folder knows it, and what rotations will do to it. */
export interface KeyFacts {
  readonly role: string
  readonly writtenAtSec: number
  readonly maxActiveKeys: number
  readonly rotationsLeft: number
  /** Null where nobody said how often keys turn. */
  readonly outlook: KeyOutlook | null
}

const keyFields = (
  { index, fingerprint }: OpeningKey,
  facts: KeyFacts,
  nowSec: number,
): Partial<InspectionView> => {
  const { outlook } = facts
  return {
    key_index: index,
    key: {
      index,
      role: facts.role,
      fingerprint,
      written_at: isoInstant(facts.writtenAtSec),
      age_sec: Math.round(nowSec - facts.writtenAtSec),
    },
    rotation: {
      max_active_keys: facts.maxActiveKeys,
      removed_with_rotation: facts.rotationsLeft,
      removed_from: outlook === null ? null : isoInstant(outlook.prunedFromSec),
      removed_until: outlook === null ? null : isoInstant(outlook.prunedUntilSec),
      fate: outlook?.fate ?? null,
    },
  }
}

/**
 * The view of a Fernet text.
 * @param input.methodCount how many methods the configured list has
 * @param input.tried null where there were no keys to try; `factsOf` tells of the key that opened it, given the token's
 *   expiry, where that is known
 */
export const fernetView = (input: {
  readonly text: string
  readonly sealedAtSec: number
  readonly methodCount: number
  readonly nowSec: number
  readonly tried: {
    readonly inspected: Inspected
    readonly factsOf: (key: OpeningKey, expiresAtSec: number | null) => KeyFacts
  } | null
}): InspectionView => {
  const { text, tried, nowSec } = input
  const format = tried?.inspected.kind === 'receipt' ? 'receipt' : 'fernet'
  const sealed = { ...blank(format, text, nowSec), sealed_at: isoInstant(input.sealedAtSec) }
  if (tried === null) return { ...sealed, reason: 'no-keys-given' }
  const { inspected, factsOf } = tried
  if (inspected.kind === 'no-key-opens') return { ...sealed, reason: 'no-key-opens' }
  const { key } = inspected
  if (inspected.kind === 'unknown-payload') {
    const facts = keyFields(key, factsOf(key, null), nowSec)
    return { ...sealed, ...facts, reason: 'unknown-payload', detail: inspected.detail }
  }
  if (inspected.kind === 'receipt') {
    const { userId, methods, issuedAtSec, expiresAtSec } = inspected.receipt
    return {
      ...sealed,
      ...keyFields(key, factsOf(key, expiresAtSec), nowSec),
      opened: true,
      user_id: userId,
      methods,
      issued_at: isoInstant(issuedAtSec),
      expires_at: isoInstant(expiresAtSec),
      expired: expiresAtSec <= nowSec,
    }
  }
  const { claims, payload } = inspected
  return {
    ...sealed,
    ...fieldsOf(claims, nowSec),
    ...(payload.systemMarker === undefined ? {} : { system: payload.systemMarker }),
    ...keyFields(key, factsOf(key, claims.expiresAtSec), nowSec),
    payload_version: payload.version,
    payload: {
      msgpack: payload.family,
      layout: payload.layout,
      methods_mask: payload.methodMask,
      methods_unnamed: payload.methodMask >= 2 ** input.methodCount,
    },
  }
}

const storedClaims = (text: string): Claims | null => {
  try {
    return claimsFromToken(member(member(JSON.parse(text), 'token_data'), 'token'))
  } catch {
    return null
  }
}

/**
 * The view of a UUID token.
 * @param input.row undefined where no store was given, null where it has no such row
 */
export const uuidView = (input: {
  readonly text: string
  readonly row: TokenRow | null | undefined
  readonly nowSec: number
}): InspectionView => {
  const { text, row, nowSec } = input
  const view = blank('uuid', text, nowSec)
  if (row === undefined) return { ...view, reason: 'no-store-given' }
  if (row === null) return { ...view, reason: 'no-row' }
  const known: InspectionView = {
    ...view,
    row: {
      expires: isoInstant(row.expiresAtSec),
      valid: row.valid,
      trust_id: row.trustId,
      user_id: row.userId,
      extra_bytes: row.extra.bytes,
    },
  }
  // Not the column's own reader: a real table also holds bodies of the API v2.0, and whatever else.
  const claims = storedClaims(row.extra.text)
  if (claims === null) return { ...known, reason: 'unknown-body' }
  return { ...known, ...fieldsOf(claims, nowSec) }
}
