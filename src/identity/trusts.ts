// OS-TRUST: a user lends some of their roles on a project to another, until a time or for a number of uses.
// It exists because services such as Heat and Magnum live on trusts, and are the second peak of a cutover.
import type { Context } from './context.js'
import type { TrustDocument } from './documents.js'
import { textOf, textOrNull, textsOf } from './documents.js'
import { ApiError, refusals } from './errors.js'
import { queryValue, replyNothing, replyValue } from './exchange.js'
import type { Reply, Request } from './exchange.js'
import { isoInstant, parseInstant } from './instants.js'
import { isObject, member, textMember } from './json.js'
import { isAdmin, requireAllowed, requireUnrestricted } from './policy.js'
import { ask } from './questions.js'
import type { IdentityCase } from './questions.js'
import { freshId, revokeTrust } from './revoke.js'
import { ancestorsOf, liveTrust } from './standing.js'
import type { Document } from './store.js'
import type { GoodToken } from './tokenCheck.js'

const rolesLinks = (base: string): Record<string, unknown> => ({
  next: null,
  self: `${base}/roles`,
  previous: null,
})

/** The roles of a trust as the API shows them; those that are gone are left out. */
const rolesView = (context: Context, trust: Document): readonly { readonly id: string }[] =>
  textsOf(trust, 'role_ids').flatMap((id) => {
    const role = context.facts.get('role', id)
    if (role === null) return []
    return [
      {
        id,
        name: textOf(role, 'name'),
        domain_id: textOrNull(role, 'domain_id'),
        links: { self: `${context.config.publicUrl}/v3/roles/${id}` },
      },
    ]
  })

/** A trust as the API shows it: with its roles in `show` and `create`, without them in a list. */
const trustView = (context: Context, trust: Document, withRoles: boolean): Record<string, unknown> => {
  const base = `${context.config.publicUrl}/v3/OS-TRUST/trusts/${trust.id}`
  const parentId = textOrNull(trust, 'redelegated_trust_id')
  return {
    id: trust.id,
    trustor_user_id: textOf(trust, 'trustor_user_id'),
    trustee_user_id: textOf(trust, 'trustee_user_id'),
    project_id: textOrNull(trust, 'project_id'),
    impersonation: trust['impersonation'] === true,
    deleted_at: null,
    expires_at: textOrNull(trust, 'expires_at'),
    remaining_uses: trust['remaining_uses'] ?? null,
    redelegation_count: trust['redelegation_count'] ?? 0,
    ...(parentId === null ? {} : { redelegated_trust_id: parentId }),
    ...(withRoles ? { roles: rolesView(context, trust), roles_links: rolesLinks(base) } : {}),
    links: { self: base },
  }
}

/** `expires_at` of a request. @throws ApiError 400 if it is no instant or not to come */
const expiryOf = (context: Context, trust: unknown): string | null => {
  const given = member(trust, 'expires_at')
  if (given === undefined || given === null) return null
  const sec = typeof given === 'string' ? parseInstant(given) : null
  if (sec === null) throw new ApiError(refusals.badTimestamp())
  if (sec < context.nowSec) throw new ApiError(refusals.pastTimestamp())
  return isoInstant(sec)
}

/** `remaining_uses` of a request. @throws ApiError 400 */
const usesOf = (trust: unknown): number | null => {
  const given = member(trust, 'remaining_uses')
  if (given === undefined || given === null) return null
  if (typeof given !== 'number' || !Number.isInteger(given) || given < 1) {
    throw new ApiError(refusals.invalid('remaining_uses must be a positive integer or null.'))
  }
  return given
}

/** The ids of the roles that a request names. @throws ApiError 404 for a role that does not exist */
const rolesOf = (context: Context, trust: unknown): string[] => {
  const given = member(trust, 'roles')
  if (given === undefined || given === null) return []
  if (!Array.isArray(given)) throw new ApiError(refusals.expecting('a list of roles', 'trust'))
  return given.map((reference: unknown) => {
    const id = textMember(reference, 'id')
    const name = textMember(reference, 'name')
    if (id === null && name === null) throw new ApiError(refusals.expecting('id or name', 'roles'))
    const role =
      id === null ? context.facts.find('role', 'name', name ?? '')[0] : context.facts.get('role', id)
    if (role === undefined || role === null)
      throw new ApiError(refusals.notFound('role', id ?? name ?? '', context.config.profile))
    return role.id
  })
}

/**
 * What may be handed on is no more than what was given: a trust made with a trust's token stays within each trust that
 * it descends from, in depth, end, roles and impersonation. Without an end of its own it ends with its parent.
 * Source: `_validate_redelegation` in `keystone/trust/core.py@13.0.4`; the same in Mitaka. @throws ApiError 403
 */
const withinParents = (context: Context, parent: Document, made: TrustDocument): TrustDocument => {
  const { redelegationMax } = context.config
  let endsAt = made.expires_at
  for (const above of [parent, ...ancestorsOf(context.facts, parent)]) {
    const depth = above['redelegation_count']
    const end = textOrNull(above, 'expires_at')
    const roles = textsOf(above, 'role_ids')
    const within =
      typeof depth === 'number' &&
      depth > 0 &&
      depth <= redelegationMax &&
      made.remaining_uses === null &&
      (end === null || endsAt === null || endsAt <= end) &&
      made.role_ids.every((id) => roles.includes(id)) &&
      (!made.impersonation || above['impersonation'] === true)
    if (!within) throw new ApiError(refusals.forbidden())
    endsAt ??= end
  }
  return { ...made, expires_at: endsAt, redelegated_trust_id: parent.id }
}

/**
 * How often a trust may be handed on: not at all unless it says so, then as often as it says or else as is left.
 * Source: `create_trust` in `keystone/trust/core.py@13.0.4`. @throws ApiError 400, 403
 */
const redelegationCount = (
  context: Context,
  asked: unknown,
  made: TrustDocument,
  parent: Document | null,
): number => {
  const given = member(asked, 'redelegation_count')
  const wanted = typeof given === 'number' && Number.isInteger(given) ? given : null
  if (member(asked, 'allow_redelegation') !== true || wanted === 0) return 0
  const { redelegationMax } = context.config
  if (wanted !== null && (wanted < 0 || wanted > redelegationMax)) throw new ApiError(refusals.forbidden())
  if (made.remaining_uses !== null) {
    throw new ApiError(refusals.invalid('remaining_uses must not be set if redelegation is allowed'))
  }
  if (parent === null) return wanted ?? redelegationMax
  const left = Number(parent['redelegation_count']) - 1
  if (wanted !== null && wanted !== left) throw new ApiError(refusals.forbidden())
  return left
}

/** The trust that a new one is made from: that of the caller's token, if it is a trust's. @throws ApiError 404 */
const parentOf = (context: Context, caller: GoodToken): Document | null => {
  const { scope } = caller.claims
  if (scope.kind !== 'trust') return null
  const parent = liveTrust(context.facts, scope.trustId, context.nowSec)
  if (parent !== null) return parent
  throw new ApiError(refusals.notFound('trust', scope.trustId, context.config.profile))
}

/** POST /v3/OS-TRUST/trusts, by the trustor: whoever the caller's token names, so a trustee that impersonates too. */
export function* createTrust(context: Context, request: Request, caller: GoodToken): IdentityCase<Reply> {
  if (request.bodyProblem !== undefined) throw new ApiError(refusals.expecting('valid JSON', 'request body'))
  const asked = member(request.json, 'trust')
  if (!isObject(asked)) throw new ApiError(refusals.expecting('trust', 'request body'))
  const trustorId = textMember(asked, 'trustor_user_id')
  if (trustorId === null) throw new ApiError(refusals.expecting('trustor_user_id', 'trust'))
  const trusteeId = textMember(asked, 'trustee_user_id')
  if (trusteeId === null) throw new ApiError(refusals.expecting('trustee_user_id', 'trust'))
  const impersonation = member(asked, 'impersonation')
  if (typeof impersonation !== 'boolean') throw new ApiError(refusals.expecting('impersonation', 'trust'))
  const { facts, derived, config } = context
  requireAllowed(context, trustorId === caller.claims.userId, 'create_trust')
  requireUnrestricted(context, caller, 'trusts')
  const parent = parentOf(context, caller)
  if (facts.get('user', trusteeId) === null) {
    throw new ApiError(refusals.notFound('user', trusteeId, config.profile))
  }
  const projectId = textMember(asked, 'project_id')
  const roleIds = rolesOf(context, asked)
  if (projectId !== null) {
    if (facts.get('project', projectId) === null) {
      throw new ApiError(refusals.notFound('project', projectId, config.profile))
    }
    if (roleIds.length === 0) {
      throw new ApiError(refusals.forbiddenBecause('At least one role should be specified', config.profile))
    }
    const held = derived.rolesOn(trustorId, projectId).ids
    const missing = roleIds.find((id) => !held.includes(id))
    if (missing !== undefined) throw new ApiError(refusals.notFound('role', missing, config.profile))
  }
  const made: TrustDocument = {
    id: freshId(context),
    trustor_user_id: trustorId,
    trustee_user_id: trusteeId,
    project_id: projectId,
    impersonation,
    expires_at: expiryOf(context, asked),
    remaining_uses: usesOf(asked),
    role_ids: roleIds,
    redelegation_count: 0,
    redelegated_trust_id: null,
  }
  const counted = { ...made, redelegation_count: redelegationCount(context, asked, made, parent) }
  const trust = parent === null ? counted : withinParents(context, parent, counted)
  yield* ask.putDocument('trust', trust)
  return replyValue(context, 201, { trust: trustView(context, trust, true) })
}

const isParty = (trust: Document, userId: string): boolean =>
  userId === textOf(trust, 'trustor_user_id') || userId === textOf(trust, 'trustee_user_id')

/** The trust that a path names, for one who may see it. @throws ApiError 404, 403 */
const visibleTrust = (context: Context, caller: GoodToken, id: string): Document => {
  const trust = liveTrust(context.facts, id, context.nowSec)
  if (trust === null) throw new ApiError(refusals.notFound('trust', id, context.config.profile))
  if (!isParty(trust, caller.claims.userId) && !isAdmin(context, caller)) {
    const action = 'Requested user has no relation to this trust'
    throw new ApiError(refusals.forbiddenBecause(action, context.config.profile))
  }
  return trust
}

/** GET /v3/OS-TRUST/trusts/{id} */
export const showTrust = (context: Context, caller: GoodToken, id: string): Reply =>
  replyValue(context, 200, { trust: trustView(context, visibleTrust(context, caller, id), true) })

/** GET /v3/OS-TRUST/trusts/{id}/roles */
export const listTrustRoles = (context: Context, caller: GoodToken, id: string): Reply => {
  const roles = rolesView(context, visibleTrust(context, caller, id))
  const base = `${context.config.publicUrl}/v3/OS-TRUST/trusts/${id}`
  return replyValue(context, 200, { roles, links: rolesLinks(base) })
}

/** GET /v3/OS-TRUST/trusts/{id}/roles/{role} */
export const showTrustRole = (context: Context, caller: GoodToken, id: string, roleId: string): Reply => {
  const role = rolesView(context, visibleTrust(context, caller, id)).find((one) => one.id === roleId)
  if (role === undefined) throw new ApiError(refusals.notFound('role', roleId, context.config.profile))
  return replyValue(context, 200, { role })
}

/** GET /v3/OS-TRUST/trusts, of all for an admin, else of those that one gave or got. */
export const listTrusts = (context: Context, request: Request, caller: GoodToken): Reply => {
  const { facts } = context
  const trustorId = queryValue(request.query, 'trustor_user_id')
  const trusteeId = queryValue(request.query, 'trustee_user_id')
  const { userId } = caller.claims
  if (trustorId !== userId && trusteeId !== userId && !isAdmin(context, caller)) {
    const { profile } = context.config
    throw new ApiError(refusals.forbiddenBecause('Cannot list trusts for another user', profile))
  }
  const found =
    trustorId !== null
      ? facts.find('trust', 'trustor_user_id', trustorId)
      : trusteeId === null
        ? facts.list('trust')
        : facts.find('trust', 'trustee_user_id', trusteeId)
  const trusts = found
    .filter((trust) => trusteeId === null || textOf(trust, 'trustee_user_id') === trusteeId)
    .map((trust) => trustView(context, trust, false))
  const self = `${context.config.publicUrl}/v3/OS-TRUST/trusts`
  return replyValue(context, 200, { trusts, links: { next: null, self, previous: null } })
}

/** DELETE /v3/OS-TRUST/trusts/{id}, by the trustor or an admin; trusts made from it go with it. */
export function* deleteTrust(context: Context, caller: GoodToken, id: string): IdentityCase<Reply> {
  requireUnrestricted(context, caller, 'trusts')
  const { profile } = context.config
  const trust = liveTrust(context.facts, id, context.nowSec)
  if (trust === null) throw new ApiError(refusals.notFound('trust', id, profile))
  if (caller.claims.userId !== textOf(trust, 'trustor_user_id') && !isAdmin(context, caller)) {
    throw new ApiError(refusals.forbiddenBecause('Only admin or trustor can delete a trust', profile))
  }
  const doomed = [id]
  for (const parent of doomed) {
    for (const child of context.facts.find('trust', 'trustor_user_id', textOf(trust, 'trustor_user_id'))) {
      if (textOrNull(child, 'redelegated_trust_id') === parent && !doomed.includes(child.id))
        doomed.push(child.id)
    }
  }
  for (const trustId of doomed.reverse()) {
    yield* ask.removeDocument('trust', trustId)
    yield* revokeTrust(context, trustId)
  }
  return replyNothing(context)
}
