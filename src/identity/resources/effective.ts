// Who has which role where: assignments as made, and what comes of them through groups, inheritance and implied roles.
// Source: `keystone/assignment/core.py`, `_expand_indirect_assignment`, `add_implied_roles`, `_strip_domain_roles`.
import type { Facts } from '../derived.js'
import { textOf, textOrNull } from '../documents.js'
import type { Document } from '../store.js'
import { projectsIn, subtreeOf } from './tree.js'

/** One role that somebody has somewhere, and where it comes from. */
export interface Assigned {
  readonly actor: { readonly kind: 'user' | 'group'; readonly id: string }
  readonly target: { readonly kind: 'project' | 'domain' | 'system'; readonly id: string }
  readonly roleId: string
  /** For the projects below the target, not for itself. */
  readonly inherited: boolean
  /** The group whose member the actor is. */
  readonly viaGroupId: string | null
  /** The project or domain from which it is inherited. */
  readonly viaTarget: { readonly kind: 'project' | 'domain'; readonly id: string } | null
  /** The role that implies this one. */
  readonly viaRoleId: string | null
}

const targetKind = (type: string): Assigned['target']['kind'] => {
  if (type.endsWith('System')) return 'system'
  return type.endsWith('Domain') ? 'domain' : 'project'
}

/** An assignment as it was made. */
export const asAssigned = (assignment: Document): Assigned => {
  const type = textOf(assignment, 'type')
  return {
    actor: { kind: type.startsWith('Group') ? 'group' : 'user', id: textOf(assignment, 'actor_id') },
    target: { kind: targetKind(type), id: textOf(assignment, 'target_id') },
    roleId: textOf(assignment, 'role_id'),
    inherited: assignment['inherited'] === true,
    viaGroupId: null,
    viaTarget: null,
    viaRoleId: null,
  }
}

/** The ids of a group's members. */
export const memberIdsOf = (facts: Facts, groupId: string): readonly string[] =>
  facts.find('membership', 'group_id', groupId).map((membership) => textOf(membership, 'user_id'))

/** The ids of the groups that a user is in. */
export const groupIdsOf = (facts: Facts, userId: string): readonly string[] =>
  facts.find('membership', 'user_id', userId).map((membership) => textOf(membership, 'group_id'))

/** An inherited assignment on each project that it reaches; any other as it is. */
const reached = (facts: Facts, assigned: Assigned): readonly Assigned[] => {
  const { target } = assigned
  if (!assigned.inherited || target.kind === 'system') return [assigned]
  const { kind, id } = target
  const projects = kind === 'domain' ? projectsIn(facts, id) : subtreeOf(facts, id)
  return projects.map((project) => ({
    ...assigned,
    target: { kind: 'project' as const, id: project.id },
    inherited: false,
    viaTarget: { kind, id },
  }))
}

/** A group's assignment for each of its members; a user's as it is. */
const ofMembers = (facts: Facts, assigned: Assigned): readonly Assigned[] =>
  assigned.actor.kind === 'user'
    ? [assigned]
    : memberIdsOf(facts, assigned.actor.id).map((id) => ({
        ...assigned,
        actor: { kind: 'user' as const, id },
        viaGroupId: assigned.actor.id,
      }))

/** An assignment, and one for each role that its role implies, however far. Rules may lead in a circle. */
const withImplied = (facts: Facts, assigned: Assigned): readonly Assigned[] => {
  const all = [assigned]
  for (const prior of all) {
    for (const rule of facts.find('implied_role', 'prior_role_id', prior.roleId)) {
      const roleId = textOf(rule, 'implied_role_id')
      const isKnown = all.some((other) => other.roleId === roleId && other.viaRoleId === prior.roleId)
      if (!isKnown) all.push({ ...prior, roleId, viaRoleId: prior.roleId })
    }
  }
  return all
}

const isGlobal = (facts: Facts, { roleId }: Assigned): boolean => {
  const role = facts.get('role', roleId)
  return role !== null && textOrNull(role, 'domain_id') === null
}

/**
 * What comes of assignments for users, on the projects and domains where it counts. Roles of a domain are there to imply
 * others, and are left out.
 */
export const effectiveOf = (facts: Facts, assigned: readonly Assigned[]): readonly Assigned[] =>
  assigned
    .flatMap((each) => reached(facts, each))
    .flatMap((each) => ofMembers(facts, each))
    .flatMap((each) => withImplied(facts, each))
    .filter((each) => isGlobal(facts, each))

/** The assignments made to a user, and to the groups that the user is in. */
export const assignmentsFor = (facts: Facts, userId: string): readonly Assigned[] =>
  [userId, ...groupIdsOf(facts, userId)]
    .flatMap((id) => facts.find('assignment', 'actor_id', id))
    .map(asAssigned)
