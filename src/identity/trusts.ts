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
import { isAdmin } from './policy.js'
import { ask } from './questions.js'
import type { IdentityCase } from './questions.js'
import { freshId, revokeTrust } from './revoke.js'
import { liveTrust } from './standing.js'
import type { Document } from './store.js'
import type { GoodToken } from './tokenCheck.js'

/** A trust as the API shows it: with its roles in `show` and `create`, without them in a list. */
const trustView = (context: Context, trust: Document, withRoles: boolean): Record<string, unknown> => {
  const { publicUrl } = context.config
  const base = `${publicUrl}/v3/OS-TRUST/trusts/${trust.id}`
  const roles = textsOf(trust, 'role_ids').map((id) => {
    const role = context.facts.get('role', id)
    return {
      id,
      name: role === null ? null : textOf(role, 'name'),
      links: { self: `${publicUrl}/v3/roles/${id}` },
    }
  })
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
    redelegated_trust_id: textOrNull(trust, 'redelegated_trust_id'),
    ...(withRoles ? { roles, roles_links: { next: null, self: `${base}/roles`, previous: null } } : {}),
    links: { self: base },
  }
}

/** `expires_at` of a request. @throws ApiError 400 if it is no instant or not to come */
const expiryOf = (context: Context, trust: unknown): string | null => {
  const given = member(trust, 'expires_at')
  if (given === undefined || given === null) return null
  const sec = typeof given === 'string' ? parseInstant(given) : null
  if (sec === null) throw new ApiError(refusals.expecting('ISO 8601 timestamp', 'expires_at'))
  if (sec <= context.nowSec) {
    throw new ApiError(refusals.invalid('The trust expiration must be in the future.'))
  }
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

interface Redelegation {
  readonly redelegation_count: number
  readonly redelegated_trust_id: string | null
}

/**
 * How often the trust may be handed on. One made with a trust's token hands that one on: its roles, its end and its
 * count bound the new one. @throws ApiError 400, 403
 */
const redelegationOf = (
  context: Context,
  caller: GoodToken,
  asked: unknown,
  made: TrustDocument,
): Redelegation => {
  const { redelegationMax } = context.config
  const allowed = member(asked, 'allow_redelegation') === true
  if (allowed && made.remaining_uses !== null) {
    throw new ApiError(refusals.invalid('allow_redelegation and remaining_uses exclude each other.'))
  }
  const given = member(asked, 'redelegation_count')
  const wanted = typeof given === 'number' && Number.isInteger(given) ? given : null
  const { scope } = caller.claims
  if (scope.kind !== 'trust') {
    if (wanted !== null && (wanted < 0 || wanted > redelegationMax)) throw new ApiError(refusals.forbidden())
    return { redelegation_count: allowed ? (wanted ?? redelegationMax) : 0, redelegated_trust_id: null }
  }
  const parent = liveTrust(context.facts, scope.trustId, context.nowSec)
  const left = parent?.['redelegation_count']
  if (parent === null || typeof left !== 'number' || left < 1) throw new ApiError(refusals.forbidden())
  const parentRoles = textsOf(parent, 'role_ids')
  const parentEnd = textOrNull(parent, 'expires_at')
  const tooMany = wanted !== null && wanted >= left
  const tooLong = parentEnd !== null && (made.expires_at === null || made.expires_at > parentEnd)
  const otherRoles = !made.role_ids.every((id) => parentRoles.includes(id))
  if (tooMany || tooLong || otherRoles || made.impersonation !== (parent['impersonation'] === true)) {
    throw new ApiError(refusals.forbidden())
  }
  return { redelegation_count: allowed ? (wanted ?? left - 1) : 0, redelegated_trust_id: parent.id }
}

/** POST /v3/OS-TRUST/trusts, by the trustor. */
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
  if (trustorId !== caller.claims.userId) throw new ApiError(refusals.forbidden())
  if (facts.get('user', trusteeId) === null) {
    throw new ApiError(refusals.notFound('user', trusteeId, config.profile))
  }
  const projectId = textMember(asked, 'project_id')
  const roleIds = rolesOf(context, asked)
  if (projectId !== null) {
    if (facts.get('project', projectId) === null) {
      throw new ApiError(refusals.notFound('project', projectId, config.profile))
    }
    if (roleIds.length === 0) throw new ApiError(refusals.forbidden())
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
  const trust: TrustDocument = { ...made, ...redelegationOf(context, caller, asked, made) }
  yield* ask.putDocument('trust', trust)
  return replyValue(context, 201, { trust: trustView(context, trust, true) })
}

const isParty = (trust: Document, userId: string): boolean =>
  userId === textOf(trust, 'trustor_user_id') || userId === textOf(trust, 'trustee_user_id')

/** The trust that a path names, for one who may see it. @throws ApiError 404, 403 */
const visibleTrust = (context: Context, caller: GoodToken, id: string): Document => {
  const trust = liveTrust(context.facts, id, context.nowSec)
  if (trust === null) throw new ApiError(refusals.notFound('trust', id, context.config.profile))
  if (!isParty(trust, caller.claims.userId) && !isAdmin(context, caller))
    throw new ApiError(refusals.forbidden())
  return trust
}

/** GET /v3/OS-TRUST/trusts/{id} */
export const showTrust = (context: Context, caller: GoodToken, id: string): Reply =>
  replyValue(context, 200, { trust: trustView(context, visibleTrust(context, caller, id), true) })

/** GET /v3/OS-TRUST/trusts, of all for an admin, else of those that one gave or got. */
export const listTrusts = (context: Context, request: Request, caller: GoodToken): Reply => {
  const { facts } = context
  const trustorId = queryValue(request.query, 'trustor_user_id')
  const trusteeId = queryValue(request.query, 'trustee_user_id')
  const { userId } = caller.claims
  if (trustorId !== userId && trusteeId !== userId && !isAdmin(context, caller)) {
    throw new ApiError(refusals.forbidden())
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
  const trust = context.facts.get('trust', id)
  if (trust === null) throw new ApiError(refusals.notFound('trust', id, context.config.profile))
  if (caller.claims.userId !== textOf(trust, 'trustor_user_id') && !isAdmin(context, caller)) {
    throw new ApiError(refusals.forbidden())
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
