// What a login is for: reads `auth.scope` and checks that the user may have it.
// It exists because each kind of scope is refused in its own way.
import type { Scope, TrustClaims } from '../token/claims.js'
import type { Context } from './context.js'
import { isLive } from './derived.js'
import { isEnabled, systemTarget, textOf, textOrNull } from './documents.js'
import { ApiError, refusals } from './errors.js'
import { isObject, member, textMember } from './json.js'
import { named, namedDomain } from './lookup.js'
import type { Proof } from './proof.js'
import { isLiveUser, liveTrust, rolesOfCredential, rolesOfTrust } from './standing.js'
import type { Standing } from './standing.js'
import type { Document } from './store.js'

/** A scope that was granted. */
export interface Granted {
  readonly scope: Scope
  readonly standing: Standing
  /** The trust's side of the claims: whose token it becomes. */
  readonly trust: TrustClaims | null
}

const unauthorized = (): ApiError => new ApiError(refusals.unauthorized())

const onProject = (context: Context, proof: Proof, project: Document | null): Granted => {
  if (project === null || !isLive(context.facts, project)) throw unauthorized()
  const { user, credential, federated } = proof
  const roles =
    credential === null
      ? context.derived.rolesOn(user.id, project.id, federated?.groupIds)
      : rolesOfCredential(context, credential)
  if (roles.ids.length === 0) throw unauthorized()
  return {
    scope: { kind: 'project', projectId: project.id },
    standing: { user, project, domain: null, trust: null, roles },
    trust: null,
  }
}

const onDomain = (context: Context, { user, federated }: Proof, domain: Document | null): Granted => {
  if (domain === null || !isEnabled(domain)) throw unauthorized()
  const roles = context.derived.rolesOn(user.id, domain.id, federated?.groupIds)
  if (roles.ids.length === 0) throw unauthorized()
  return {
    scope: { kind: 'domain', domainId: domain.id },
    standing: { user, project: null, domain, trust: null, roles },
    trust: null,
  }
}

/** Not for federated users: no payload carries the system and their groups. */
const onSystem = (context: Context, { user, federated }: Proof): Granted => {
  if (federated !== null) throw unauthorized()
  const roles = context.derived.rolesOn(user.id, systemTarget)
  if (roles.ids.length === 0) throw unauthorized()
  return {
    scope: { kind: 'system' },
    standing: { user, project: null, domain: null, trust: null, roles },
    trust: null,
  }
}

/**
 * Trust gone: 401 (`TrustNotFound` becomes that in `keystone/auth/controllers.py` of all releases). Not its trustee, or
 * the trustor is disabled or has lost a role: 403.
 */
const onTrust = (context: Context, trustee: Document, trustId: string): Granted => {
  const { facts } = context
  const trust = liveTrust(facts, trustId, context.nowSec)
  if (trust === null) throw new ApiError(refusals.unauthorized('trust-gone'))
  const trusteeId = textOf(trust, 'trustee_user_id')
  const trustorId = textOf(trust, 'trustor_user_id')
  const trustor = facts.get('user', trustorId)
  if (trusteeId !== trustee.id) throw new ApiError(refusals.forbidden())
  if (trustor === null || !isLiveUser(facts, trustorId)) throw new ApiError(refusals.forbidden('user-gone'))
  const impersonation = trust['impersonation'] === true
  const user = impersonation ? trustor : trustee
  const projectId = textOrNull(trust, 'project_id')
  if (projectId === null) throw new ApiError(refusals.forbidden())
  const project = facts.get('project', projectId)
  if (project === null || !isLive(facts, project)) throw unauthorized()
  const roles = rolesOfTrust(context, trust)
  if (roles === null || roles.ids.length === 0) throw new ApiError(refusals.forbidden('revoked'))
  return {
    scope: { kind: 'trust', projectId, trustId },
    standing: { user, project, domain: null, trust, roles },
    trust: { trustorId, trusteeId, impersonation },
  }
}

const unscoped = (user: Document): Granted => ({
  scope: { kind: 'unscoped' },
  standing: { user, project: null, domain: null, trust: null, roles: null },
  trust: null,
})

/** No scope asked for: the user's default project if there is one with a role for them, else none. */
const byDefault = (context: Context, proof: Proof): Granted => {
  const { user, federated } = proof
  if (federated !== null) return unscoped(user)
  const projectId = textOrNull(user, 'default_project_id')
  const project = projectId === null ? null : context.facts.get('project', projectId)
  if (project === null || !isLive(context.facts, project)) return unscoped(user)
  return context.derived.rolesOn(user.id, project.id).ids.length === 0
    ? unscoped(user)
    : onProject(context, proof, project)
}

const scopeNames = ['project', 'domain', 'system', 'OS-TRUST:trust', 'unscoped'] as const

/**
 * Grants what `auth.scope` asks for, or what the application credential is for.
 * @throws ApiError 400 for a malformed scope, 401 without a role or for a trust that is gone, 403 about trusts
 */
export const grantScope = (context: Context, proof: Proof, asked: unknown): Granted => {
  const { user, credential } = proof
  if (credential !== null) {
    return onProject(context, proof, context.facts.get('project', textOf(credential, 'project_id')))
  }
  if (asked === undefined || asked === null) return byDefault(context, proof)
  if (asked === 'unscoped') return unscoped(user)
  const chosen = isObject(asked) ? scopeNames.filter((name) => Object.hasOwn(asked, name)) : []
  if (chosen.length !== 1) {
    throw new ApiError(refusals.expecting('project, domain, OS-TRUST:trust or unscoped', 'scope'))
  }
  const [name] = chosen
  const reference = member(asked, name ?? '')
  switch (name) {
    case 'project':
      return onProject(context, proof, named(context.facts, 'project', reference))
    case 'domain':
      return onDomain(context, proof, namedDomain(context.facts, reference, 'domain'))
    case 'system':
      return onSystem(context, proof)
    case 'OS-TRUST:trust': {
      const id = textMember(reference, 'id')
      if (id === null) throw new ApiError(refusals.expecting('id', 'trust'))
      return onTrust(context, user, id)
    }
    default:
      return unscoped(user)
  }
}
