// Whether what a token stands on is still there: its trust, user, project, domain and roles.
// It exists apart from expiry and revocation because Keystone answers differently when something is gone.
import type { Cause } from '../measure/sample.js'
import type { Claims } from '../token/claims.js'
import type { Context } from './context.js'
import { isLive } from './derived.js'
import type { Facts, RoleSet } from './derived.js'
import { comesFrom, isEnabled, systemTarget, textOf, textOrNull, textsOf } from './documents.js'
import { couldNotFind } from './errors.js'
import { parseInstant } from './instants.js'
import type { Document } from './store.js'

/** What a token stands on. */
export interface Standing {
  readonly user: Document
  readonly project: Document | null
  readonly domain: Document | null
  readonly trust: Document | null
  /** Null for a token without a scope. */
  readonly roles: RoleSet | null
}

/**
 * Why a token does not stand.
 * `gone` names what is not there any more; such a refusal is a 404 even for X-Auth-Token (measured).
 * `message` null: the same words as for an expired token.
 */
export interface Fallen {
  readonly gone: 'trust' | 'other' | null
  readonly message: string | null
  readonly cause: Cause
  /** 403 when a trust's roles were lost. */
  readonly status: 403 | 404
}

const fallen = (
  cause: Cause,
  message: string | null,
  gone: Fallen['gone'],
  status: 403 | 404 = 404,
): Fallen => ({
  gone,
  message,
  cause,
  status,
})

/**
 * A trust that may still be used; null if it is gone, past its time, or used up, or one that it was handed on from is.
 */
export const liveTrust = (facts: Facts, trustId: string, nowSec: number): Document | null => {
  const trust = facts.get('trust', trustId)
  if (trust === null || textOrNull(trust, 'deleted_at') !== null) return null
  const uses = trust['remaining_uses']
  if (typeof uses === 'number' && uses <= 0) return null
  const expires = textOrNull(trust, 'expires_at')
  if (expires !== null && nowSec > (parseInstant(expires) ?? Infinity)) return null
  const parentId = textOrNull(trust, 'redelegated_trust_id')
  return parentId !== null && liveTrust(facts, parentId, nowSec) === null ? null : trust
}

/** The trusts that one was handed on from, its parent first (`get_trust_pedigree` in `keystone/trust/core.py`). */
export const ancestorsOf = (facts: Facts, trust: Document): readonly Document[] => {
  const parentId = textOrNull(trust, 'redelegated_trust_id')
  const parent = parentId === null ? null : facts.get('trust', parentId)
  return parent === null ? [] : [parent, ...ancestorsOf(facts, parent)]
}

/** Whether a user is there and enabled, as is its domain. */
export const isLiveUser = (facts: Facts, userId: string): boolean => {
  const user = facts.get('user', userId)
  return user !== null && isLive(facts, user)
}

/**
 * The roles that a trust hands on, if whoever gave the first of its line still has them all on the project, and nobody
 * in between is disabled; else null.
 * Source: `_populate_roles` in `keystone/token/providers/common.py`, `get_trust` in `keystone/trust/core.py`.
 */
export const rolesOfTrust = (context: Context, trust: Document): RoleSet | null => {
  const ids = textsOf(trust, 'role_ids')
  const projectId = textOrNull(trust, 'project_id')
  const ancestors = ancestorsOf(context.facts, trust)
  if (!ancestors.every((parent) => isLiveUser(context.facts, textOf(parent, 'trustee_user_id')))) return null
  if (projectId !== null) {
    const giver = textOf(ancestors.at(-1) ?? trust, 'trustor_user_id')
    const held = context.derived.rolesOn(giver, projectId).ids
    if (!ids.every((id) => held.includes(id))) return null
  }
  return context.derived.rolesOfTrust(ids)
}

/**
 * The roles of an application credential that its user still has on its project. (Queens asks for those given to the
 * user directly, and so refuses roles by a group although it let the credential have them; later releases mended that
 * as here, `keystone/models/token_model.py`.)
 */
export const rolesOfCredential = (context: Context, credential: Document): RoleSet => {
  const { derived } = context
  const held = derived.rolesOn(textOf(credential, 'user_id'), textOf(credential, 'project_id'))
  return derived.rolesAmong(held, textsOf(credential, 'role_ids'))
}

/**
 * Looks up what a token stands on, in Keystone's order: trust, project or domain, user, roles.
 * @param tokenText what the client sent, for the message when no role is left
 */
export const standingOf = (context: Context, claims: Claims, tokenText: string): Standing | Fallen => {
  const { facts, derived, config } = context
  const { profile } = config
  const { scope, userId } = claims
  const gone = (what: string, id: string, cause: Cause): Fallen =>
    fallen(cause, couldNotFind(what, id, profile), what === 'trust' ? 'trust' : 'other')

  let trust: Document | null = null
  if (scope.kind === 'trust') {
    trust = liveTrust(facts, scope.trustId, context.nowSec)
    if (trust === null) return gone('trust', scope.trustId, 'trust-gone')
  }
  let project: Document | null = null
  let domain: Document | null = null
  if (scope.kind === 'project' || scope.kind === 'trust') {
    project = facts.get('project', scope.projectId)
    if (project === null) return gone('project', scope.projectId, 'revoked')
  } else if (scope.kind === 'domain') {
    domain = facts.get('domain', scope.domainId)
    if (domain === null) return gone('domain', scope.domainId, 'revoked')
  }
  const user = facts.get('user', userId)
  if (user === null) return gone('user', userId, 'user-gone')
  let credential: Document | null = null
  if (claims.applicationCredentialId !== undefined) {
    const id = claims.applicationCredentialId
    credential = facts.get('application_credential', id)
    if (credential === null) return gone('Application Credential', id, 'revoked')
  }
  // Nobody has an OAuth access token here: there is no such resource.
  if (claims.accessTokenId !== undefined) return fallen('revoked', 'Access token not found', 'other')
  const { federated } = claims
  if (federated !== undefined && scope.kind !== 'unscoped' && !comesFrom(user, federated)) {
    return gone('Identity Provider', federated.idpId, 'revoked')
  }
  const groupIds = federated?.groupIds

  let roles: RoleSet | null = null
  if (scope.kind === 'system') roles = derived.rolesOn(userId, systemTarget)
  if (domain !== null) {
    if (!isEnabled(domain)) return fallen('revoked', null, null)
    roles = derived.rolesOn(userId, domain.id, groupIds)
  }
  if (project !== null) {
    if (!isLive(facts, project)) {
      return profile.namesDisabledProject
        ? fallen('revoked', `Unable to validate token because project ${project.id} is disabled`, 'other')
        : fallen('revoked', null, null)
    }
    if (trust !== null) roles = rolesOfTrust(context, trust)
    else if (credential !== null) roles = rolesOfCredential(context, credential)
    else roles = derived.rolesOn(userId, project.id, groupIds)
    if (roles === null) return fallen('revoked', null, null, 403)
  }
  if (trust === null && !isLive(facts, user)) return fallen('user-gone', null, null)
  if (trust !== null) {
    const trustor = facts.get('user', textOf(trust, 'trustor_user_id'))
    if (trustor === null || !isLive(facts, trustor)) {
      const disabled = trustor !== null && !isEnabled(trustor)
      return fallen('user-gone', null, null, disabled ? profile.disabledTrustor : 404)
    }
    if (!isLiveUser(facts, textOf(trust, 'trustee_user_id'))) return fallen('user-gone', null, null)
  }
  if (roles !== null && roles.ids.length === 0) {
    return fallen('revoked', couldNotFind('token', tokenText, profile), null)
  }
  return { user, project, domain, trust, roles }
}
