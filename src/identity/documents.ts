// How the identity logic reads and writes the cloud's facts: fields of users, projects, roles, trusts, …
// It exists so that the fields' names, which the stores index, stand in one place.
import type { FederatedClaims } from '../token/claims.js'
import { member, textMember } from './json.js'
import type { Document, DocumentKind } from './store.js'

/** A user. `password_hash` null: cannot log in with a password. */
export type UserDocument = Document & {
  readonly name: string
  readonly domain_id: string
  readonly enabled: boolean
  readonly password_hash: string | null
  readonly password_expires_at?: string | null
  readonly default_project_id?: string | null
  readonly options?: UserOptions
}

/** A user's options that change how they authenticate (`keystone/identity/backends/resource_options.py`). */
export interface UserOptions {
  readonly multi_factor_auth_enabled?: boolean | null
  /** Any one of these lists of methods will do: `[["password", "totp"], …]`. */
  readonly multi_factor_auth_rules?: readonly (readonly string[])[] | null
}

/**
 * A user is in a group. Members are not kept in the document of the group: joining and leaving are a document put and
 * removed (`membershipOf`, `membershipId`), and `find('membership', 'user_id' | 'group_id', …)` goes both ways.
 */
export type MembershipDocument = Document & { readonly user_id: string; readonly group_id: string }

/** A membership as a document; its id follows from both, so that joining twice is joining once. */
export const membershipOf = (userId: string, groupId: string): MembershipDocument => ({
  id: membershipId(userId, groupId),
  user_id: userId,
  group_id: groupId,
})

export const membershipId = (userId: string, groupId: string): string => `${groupId}/${userId}`

/** A credential. Type `totp`: `blob` is the secret in base32. */
export type CredentialDocument = Document & {
  readonly user_id: string
  readonly project_id: string | null
  readonly type: string
  readonly blob: string
}

/**
 * An application credential. `secret_hash` is what hashing the secret as a password gave; the API never shows it.
 * `unrestricted` false or null: its tokens may not make application credentials and trusts.
 */
export type ApplicationCredentialDocument = Document & {
  readonly name: string
  readonly description: string | null
  readonly user_id: string
  readonly project_id: string
  readonly secret_hash: string
  readonly role_ids: readonly string[]
  /** As Keystone writes it here, without zone: `2026-11-22T01:42:26.000000`, or null. */
  readonly expires_at: string | null
  readonly unrestricted: boolean | null
}

export type ProjectDocument = Document & {
  readonly name: string
  readonly domain_id: string
  readonly parent_id: string
  readonly description: string
  readonly enabled: boolean
  readonly is_domain: boolean
}

/** Whoever has the one role has the other, too. */
export type ImpliedRoleDocument = Document & {
  readonly prior_role_id: string
  readonly implied_role_id: string
}

/** An implication as a document; its id follows from both roles, so that implying twice is implying once. */
export const impliedRoleOf = (priorId: string, impliedId: string): ImpliedRoleDocument => ({
  id: `${priorId}/${impliedId}`,
  prior_role_id: priorId,
  implied_role_id: impliedId,
})

/** What a role assignment says. */
export interface Grant {
  readonly type: 'UserProject' | 'GroupProject' | 'UserDomain' | 'GroupDomain' | 'UserSystem' | 'GroupSystem'
  /** A user or a group. */
  readonly actor_id: string
  /** A project, a domain, or `systemTarget`. */
  readonly target_id: string
  readonly role_id: string
  /** On a domain or project, for the projects below it. */
  readonly inherited?: boolean
}

/** A role that an actor has on a target. */
export type AssignmentDocument = Document & Grant & { readonly inherited: boolean }

/** A trust. `expires_at` as Keystone writes instants; `remaining_uses` null: not limited. */
export type TrustDocument = Document & {
  readonly trustor_user_id: string
  readonly trustee_user_id: string
  readonly project_id: string | null
  readonly impersonation: boolean
  readonly expires_at: string | null
  readonly remaining_uses: number | null
  readonly role_ids: readonly string[]
  readonly redelegation_count: number
  readonly redelegated_trust_id: string | null
}

export type ServiceDocument = Document & {
  readonly name: string
  readonly type: string
  readonly enabled: boolean
}

/** An endpoint. Its URL may hold `$(project_id)s`, `$(tenant_id)s`, `$(user_id)s`, or the same with `%`. */
export type EndpointDocument = Document & {
  readonly service_id: string
  readonly interface: 'public' | 'internal' | 'admin'
  readonly region_id: string | null
  readonly url: string
  readonly enabled: boolean
}

/**
 * Tokens that meet every field given here and were issued no later than `issued_before` are revoked.
 * `only_format` limits it to rows of the token table: for what Keystone does by `valid = 0` on some of a user's rows.
 */
export type RevocationDocument = Document & {
  readonly audit_id?: string
  readonly audit_chain_id?: string
  readonly trust_id?: string
  readonly user_id?: string
  readonly project_id?: string
  readonly domain_id?: string
  readonly role_id?: string
  readonly only_format?: 'uuid'
  readonly issued_before: string
  readonly revoked_at: string
}

/** The id that a role assignment has, made of what it assigns, so that assigning twice is assigning once. */
export const assignmentId = (grant: Grant): string =>
  `${grant.type}/${grant.actor_id}/${grant.target_id}/${grant.role_id}${grant.inherited === true ? '/inherited' : ''}`

/** A role assignment as a document. */
export const assignmentOf = (grant: Grant): AssignmentDocument => ({
  id: assignmentId(grant),
  ...grant,
  inherited: grant.inherited === true,
})

/** The `target_id` of assignments on the whole system. */
export const systemTarget = 'system'

/** A field that is a text; the empty text if it is missing. */
export const textOf = (document: Document, field: string): string => {
  const value = document[field]
  return typeof value === 'string' ? value : ''
}

/** A field that is a text, or null. */
export const textOrNull = (document: Document, field: string): string | null => {
  const value = document[field]
  return typeof value === 'string' ? value : null
}

/** Enabled unless it says otherwise. */
export const isEnabled = (document: Document): boolean => document['enabled'] !== false

/** A field that is a list of texts. */
export const textsOf = (document: Document, field: string): readonly string[] => {
  const value = document[field]
  return Array.isArray(value) ? (value as readonly string[]) : []
}

export type DocumentEntry = readonly [DocumentKind, Document]

/** Whether a user came from an identity provider, by a protocol. */
export const comesFrom = (user: Document, origin: Pick<FederatedClaims, 'idpId' | 'protocolId'>): boolean => {
  const federated = user['federated']
  if (!Array.isArray(federated)) return false
  return federated.some((entry: unknown) => {
    const protocols = member(entry, 'protocols')
    return (
      textMember(entry, 'idp_id') === origin.idpId &&
      Array.isArray(protocols) &&
      protocols.some((protocol: unknown) => textMember(protocol, 'protocol_id') === origin.protocolId)
    )
  })
}
