// Grants: a role of a user or group on a project, a domain or the system; given, checked, listed, taken.
// Source: `keystone/assignment/controllers.py`, `GrantAssignmentV3`.
import type { Context } from '../context.js'
import { assignmentId, assignmentOf, systemTarget, textOrNull } from '../documents.js'
import type { Grant } from '../documents.js'
import { ApiError, refusals } from '../errors.js'
import { replyNothing } from '../exchange.js'
import type { Operations } from '../operations.js'
import { requireAllowed } from '../policy.js'
import { ask } from '../questions.js'
import { removeGrant } from './cascade.js'
import { operation } from './collection.js'
import { admins, badRequest, replyList, required, shownAs } from './description.js'
import type { Call } from './description.js'
import { roles } from './roles.js'

/** To whom and where. */
export interface Place {
  readonly actor: { readonly kind: 'user' | 'group'; readonly id: string }
  readonly target: { readonly kind: 'project' | 'domain' | 'system'; readonly id: string }
  /** For the projects below the target. */
  readonly inherited: boolean
}

/** The 404 for a role that nobody has there. */
export const absentGrant = (
  context: Context,
  grant: { readonly roleId: string; readonly actorId: string; readonly targetId: string },
): ApiError => {
  const { profile } = context.config
  const targets = profile.resources.systemGrants ? 'project, domain, or system' : 'project or domain'
  const what = `role assignment with role: ${grant.roleId}, user or group: ${grant.actorId}, ${targets}`
  return new ApiError(refusals.notFound(what, grant.targetId, profile))
}

const grantTypes = {
  user: { project: 'UserProject', domain: 'UserDomain', system: 'UserSystem' },
  group: { project: 'GroupProject', domain: 'GroupDomain', system: 'GroupSystem' },
} as const

const grantOf = ({ actor, target, inherited }: Place, roleId: string): Grant => ({
  type: grantTypes[actor.kind][target.kind],
  actor_id: actor.id,
  target_id: target.kind === 'system' ? systemTarget : target.id,
  role_id: roleId,
  inherited,
})

/** Keystone's names of these rules; those about the system are of their own. */
const actionOf = ({ actor, target }: Place, verb: 'list' | 'check' | 'create' | 'revoke'): string => {
  const grant = verb === 'list' ? 'grants' : 'grant'
  return target.kind === 'system' ? `${verb}_system_${grant}_for_${actor.kind}` : `${verb}_${grant}`
}

/** @throws ApiError 404 for a role, actor or target that is not there; the actor of a taken role may be gone */
const requireParts = (context: Context, place: Place, roleId: string | null, goneActor = false): void => {
  if (roleId !== null) required(context, 'role', roleId)
  const { actor, target } = place
  if (!(goneActor && actor.kind === 'user')) required(context, actor.kind, actor.id)
  if (target.kind !== 'system') required(context, target.kind, target.id)
}

/** @throws ApiError 403 for a domain's role on another's project, 400 for one on the system */
const requireFitting = (context: Context, { target }: Place, roleId: string): void => {
  const domainId = textOrNull(required(context, 'role', roleId), 'domain_id')
  if (domainId === null || target.kind === 'domain') return
  if (target.kind === 'system') {
    throw badRequest(
      `Role ${roleId} is a domain-specific role. Unable to use a domain-specific role in a system assignment.`,
    )
  }
  if (textOrNull(required(context, 'project', target.id), 'domain_id') !== domainId) {
    throw new ApiError(refusals.forbidden())
  }
}

/** GET …/roles: those given right here, not through groups or from above. */
export const grantsAt = (place: Place): Operations => ({
  GET: operation((call) => {
    const { context } = call
    requireParts(context, place, null)
    requireAllowed(context, admins(call, null), actionOf(place, 'list'))
    const { type, target_id: targetId } = grantOf(place, '')
    const found = context.facts
      .find('assignment', 'actor_id', place.actor.id)
      .filter(
        (assignment) =>
          assignment['type'] === type &&
          assignment['target_id'] === targetId &&
          (assignment['inherited'] === true) === place.inherited,
      )
      .map((assignment) => context.facts.get('role', textOrNull(assignment, 'role_id') ?? ''))
      .filter((role) => role !== null)
    return replyList(
      call,
      'roles',
      found.map((role) => shownAs(roles, context, role)),
    )
  }),
})

/** PUT, HEAD, GET and DELETE …/roles/{id} */
export const grantAt = (place: Place, roleId: string): Operations => {
  const grant = grantOf(place, roleId)
  const id = assignmentId(grant)
  const prepare = (call: Call, verb: 'create' | 'check' | 'revoke'): Context => {
    const { context } = call
    requireParts(context, place, roleId, verb === 'revoke')
    requireAllowed(context, admins(call, null), actionOf(place, verb))
    if (verb !== 'create' && context.facts.get('assignment', id) === null) {
      throw absentGrant(context, { roleId, actorId: place.actor.id, targetId: grant.target_id })
    }
    return context
  }
  return {
    PUT: operation(function* (call) {
      const context = prepare(call, 'create')
      requireFitting(context, place, roleId)
      yield* ask.putDocument('assignment', assignmentOf(grant))
      return replyNothing(context)
    }),
    GET: operation((call) => replyNothing(prepare(call, 'check'))),
    DELETE: operation(function* (call) {
      const context = prepare(call, 'revoke')
      yield* removeGrant(context, id, grant)
      return replyNothing(context)
    }),
  }
}
