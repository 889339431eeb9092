// Who may do what: the few rules of Keystone's policy that this service knows, and the check of X-Auth-Token.
// It exists so that each operation says what it needs in one word. Rules: `etc/policy.v3cloudsample.json`, `policy.json`.
import type { Context } from './context.js'
import { ApiError, refusals } from './errors.js'
import type { Request } from './exchange.js'
import { systemTarget } from './documents.js'
import type { IdentityCase } from './questions.js'
import type { RoleSet } from './derived.js'
import { asCaller, checkToken } from './tokenCheck.js'
import type { CheckedToken, GoodToken } from './tokenCheck.js'

/** The roles that a good token carries now. */
export const rolesOfToken = (context: Context, token: GoodToken): RoleSet | null => {
  if (token.standing !== null) return token.standing.roles
  if (token.cachedRoles !== undefined) return token.cachedRoles
  const { userId, scope } = token.claims
  switch (scope.kind) {
    case 'unscoped':
      return null
    case 'domain':
      return context.derived.rolesOn(userId, scope.domainId)
    case 'system':
      return context.derived.rolesOn(userId, systemTarget)
    case 'project':
      return context.derived.rolesOn(userId, scope.projectId)
    case 'trust': {
      const trust = context.facts.get('trust', scope.trustId)
      const ids = trust?.['role_ids']
      return Array.isArray(ids) ? context.derived.rolesOfTrust(ids as readonly string[]) : null
    }
  }
}

const hasAny = (roles: RoleSet | null, names: readonly string[]): boolean =>
  roles !== null && roles.names.some((name) => names.includes(name))

/** `rule:admin_required`. */
export const isAdmin = (context: Context, token: GoodToken): boolean =>
  hasAny(rolesOfToken(context, token), context.config.adminRoles)

/** `role:reader and system_scope:all`, where the release lets such a one look at tokens. */
export const isSystemReader = (context: Context, token: GoodToken): boolean =>
  context.config.profile.systemReadersValidate &&
  token.claims.scope.kind === 'system' &&
  hasAny(rolesOfToken(context, token), ['reader'])

/** `rule:service_or_admin`. */
export const isService = (context: Context, token: GoodToken): boolean => {
  const roles = rolesOfToken(context, token)
  return hasAny(roles, context.config.adminRoles) || hasAny(roles, context.config.serviceRoles)
}

/** @throws ApiError 403 that names the action, as Keystone does, if not `allowed` */
export const requireAllowed = (context: Context, allowed: boolean, action: string): void => {
  if (!allowed) throw new ApiError(refusals.forbiddenAction(`identity:${action}`, context.config.profile))
}

/**
 * Tokens of a restricted application credential, as they are by default, may not manage `what`, lest a leaked one
 * multiply (`_check_unrestricted` in `keystone/trust/controllers.py` and `application_credential/controllers.py`; the
 * double full stop is Keystone's). @throws ApiError 403
 */
export const requireUnrestricted = (
  context: Context,
  caller: GoodToken,
  what: 'trusts' | 'additional application credentials',
): void => {
  const id = caller.claims.applicationCredentialId
  if (id === undefined || context.facts.get('application_credential', id)?.['unrestricted'] === true) return
  const action = `Using method 'application_credential' is not allowed for managing ${what}.`
  throw new ApiError(refusals.forbiddenBecause(action, context.config.profile))
}

/** What the request's X-Auth-Token is worth; null if it has none. */
export function* callerOf(context: Context, request: Request): IdentityCase<CheckedToken | null> {
  const id = request.header('x-auth-token')
  return id === undefined || id === '' ? null : yield* checkToken(context, id, asCaller)
}
