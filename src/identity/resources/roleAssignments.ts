// GET /v3/role_assignments: who has which role where, as given or as it takes effect, with names if wanted.
// Source: `keystone/assignment/controllers.py`, `RoleAssignmentV3`.
import type { Context } from '../context.js'
import { textOf, textOrNull } from '../documents.js'
import type { Operations } from '../operations.js'
import { requireAllowed } from '../policy.js'
import type { Document } from '../store.js'
import { operation } from './collection.js'
import { admins, badRequest, linkTo, replyList, required } from './description.js'
import type { Fields } from './description.js'
import { asAssigned, assignmentsFor, effectiveOf } from './effective.js'
import type { Assigned } from './effective.js'
import { isSwitchedOn, queryText } from './query.js'
import { subtreeOf } from './tree.js'

/** What a query asks for; null: anything. */
interface Wanted {
  readonly userId: string | null
  readonly groupId: string | null
  readonly roleId: string | null
  readonly projectId: string | null
  readonly domainId: string | null
  readonly system: boolean
  readonly inherited: boolean | null
  readonly effective: boolean
  readonly names: boolean
  readonly subtree: boolean
}

const wantedBy = (query: string): Wanted => {
  // A filter without a value filters nothing.
  const text = (name: string): string | null => queryText(query, name) || null
  const inheritedTo = queryText(query, 'scope.OS-INHERIT:inherited_to')
  return {
    userId: text('user.id'),
    groupId: text('group.id'),
    roleId: text('role.id'),
    projectId: text('scope.project.id'),
    domainId: text('scope.domain.id'),
    system: text('scope.system') !== null,
    inherited: inheritedTo === null ? null : inheritedTo === 'projects',
    effective: isSwitchedOn(query, 'effective'),
    names: isSwitchedOn(query, 'include_names'),
    subtree: isSwitchedOn(query, 'include_subtree'),
  }
}

/** @throws ApiError 400 for filters that exclude each other */
const requireSensible = (wanted: Wanted): void => {
  const { userId, groupId, projectId, domainId, system, inherited, effective, subtree } = wanted
  if (subtree && projectId === null) {
    throw badRequest('scope.project.id must be specified if include_subtree is also specified')
  }
  if (domainId !== null && projectId !== null) throw badRequest('Specify a domain or project, not both')
  if (system && domainId !== null) throw badRequest('Specify system or domain, not both')
  if (system && projectId !== null) throw badRequest('Specify system or project, not both')
  if (userId !== null && groupId !== null) throw badRequest('Specify a user or group, not both')
  if (!effective) return
  if (groupId !== null) {
    throw badRequest('Combining effective and group filter will always result in an empty list.')
  }
  if (inherited === true && domainId !== null) {
    throw badRequest('Combining effective, domain and inherited filters will always result in an empty list.')
  }
}

const candidatesFor = (context: Context, wanted: Wanted): readonly Assigned[] => {
  const { facts } = context
  const { userId, groupId, effective } = wanted
  if (userId !== null && effective) return assignmentsFor(facts, userId)
  const actorId = userId ?? groupId
  const found = actorId === null ? facts.list('assignment') : facts.find('assignment', 'actor_id', actorId)
  return found.map(asAssigned)
}

const meets = (assigned: Assigned, wanted: Wanted, projectIds: ReadonlySet<string> | null): boolean => {
  const { actor, target } = assigned
  const { userId, groupId, roleId, domainId, system, effective } = wanted
  if (userId !== null && !(actor.kind === 'user' && actor.id === userId)) return false
  if (groupId !== null && !(actor.kind === 'group' && actor.id === groupId)) return false
  if (roleId !== null && assigned.roleId !== roleId) return false
  if (projectIds !== null) return target.kind === 'project' && projectIds.has(target.id)
  if (domainId !== null) return target.kind === 'domain' && target.id === domainId
  // What takes effect is listed for projects and domains, unless the system is asked for.
  return system ? target.kind === 'system' : !effective || target.kind !== 'system'
}

/** The assignments that a query asks for. */
const assignmentsOf = (context: Context, wanted: Wanted): readonly Assigned[] => {
  const { facts } = context
  const { projectId, subtree, inherited } = wanted
  const below = projectId !== null && subtree ? subtreeOf(facts, projectId).map(({ id }) => id) : []
  const projectIds = projectId === null ? null : new Set([projectId, ...below])
  const given = candidatesFor(context, wanted).filter(
    (assigned) => inherited === null || assigned.inherited === inherited,
  )
  const found = wanted.effective ? effectiveOf(facts, given) : given
  return found.filter((assigned) => meets(assigned, wanted, projectIds))
}

const domainOf = (context: Context, document: Document | null): Fields => {
  const id = document === null ? '' : textOf(document, 'domain_id')
  const domain = context.facts.get('domain', id)
  return { id, name: domain === null ? '' : textOf(domain, 'name') }
}

/** An id, or with `include_names` also the name and the domain; both empty for what is gone. */
const reference = (
  context: Context,
  kind: 'user' | 'group' | 'project' | 'domain',
  id: string,
  names: boolean,
): Fields => {
  if (!names) return { id }
  const document = context.facts.get(kind, id)
  const name = document === null ? '' : textOf(document, 'name')
  return kind === 'domain' ? { id, name } : { id, name, domain: domainOf(context, document) }
}

const roleReference = (context: Context, id: string, names: boolean): Fields => {
  if (!names) return { id }
  const role = context.facts.get('role', id)
  if (role === null) return { id, name: '' }
  const inDomain = textOrNull(role, 'domain_id') !== null
  return { id, name: textOf(role, 'name'), ...(inDomain ? { domain: domainOf(context, role) } : {}) }
}

/** The path of the grant that an assignment comes from. */
const grantPath = (assigned: Assigned): string => {
  const { actor, viaGroupId, viaTarget } = assigned
  const roleId = assigned.viaRoleId ?? assigned.roleId
  const target = viaTarget ?? assigned.target
  const place = target.kind === 'system' ? 'system' : `${target.kind}s/${target.id}`
  const who = viaGroupId === null ? `${actor.kind}s/${actor.id}` : `groups/${viaGroupId}`
  const path = `${place}/${who}/roles/${roleId}`
  const inherits = assigned.inherited || viaTarget !== null
  return inherits ? `OS-INHERIT/${path}/inherited_to_projects` : path
}

const view = (context: Context, assigned: Assigned, names: boolean): Fields => {
  const { actor, target, roleId, viaGroupId, viaTarget, viaRoleId } = assigned
  const scope =
    target.kind === 'system'
      ? { system: { all: true } }
      : { [target.kind]: reference(context, target.kind, target.id, names) }
  const inherits = assigned.inherited || viaTarget !== null
  const membership =
    viaGroupId === null ? {} : { membership: linkTo(context, `groups/${viaGroupId}/users/${actor.id}`) }
  // The wrong way round, as Keystone has it.
  const prior =
    viaRoleId === null ? {} : { prior_role: linkTo(context, `prior_role/${roleId}/implies/${viaRoleId}`) }
  return {
    links: { assignment: linkTo(context, grantPath(assigned)), ...membership, ...prior },
    scope: inherits ? { ...scope, 'OS-INHERIT:inherited_to': 'projects' } : scope,
    [actor.kind]: reference(context, actor.kind, actor.id, names),
    role: roleReference(context, roleId, names),
  }
}

export const roleAssignments: Operations = {
  GET: operation((call) => {
    const { context, request } = call
    const wanted = wantedBy(request.query)
    if (wanted.subtree && wanted.projectId !== null) required(context, 'project', wanted.projectId)
    const action = wanted.subtree ? 'list_role_assignments_for_tree' : 'list_role_assignments'
    requireAllowed(context, admins(call, null), action)
    requireSensible(wanted)
    const found = assignmentsOf(context, wanted)
    return replyList(
      call,
      'role_assignments',
      found.map((assigned) => view(context, assigned, wanted.names)),
    )
  }),
}
