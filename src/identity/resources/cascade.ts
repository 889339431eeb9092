// What goes when something goes or is disabled: tokens, assignments, memberships, credentials, trusts.
// It exists in one place because each resource's end is also the end of what stands on it.
// Source: the notifications of Keystone's managers and who listens to them (`identity/core.py`, `resource/core.py`,
// `assignment/core.py`, `token/provider.py`, `revoke/core.py`, `application_credential/core.py`).
import type { Context } from '../context.js'
import { textOf, textOrNull } from '../documents.js'
import type { Grant } from '../documents.js'
import { ask } from '../questions.js'
import type { IdentityCase } from '../questions.js'
import { revokeGrant, revokeProject, revokeUser, writeEvent } from '../revoke.js'
import type { Document, DocumentKind } from '../store.js'
import { forgetAll, invalidateRows } from '../tokenCache.js'
import { memberIdsOf } from './effective.js'
import { projectsIn, subtreeOf } from './tree.js'

function* removeAll(kind: DocumentKind, documents: readonly Document[]): IdentityCase<void> {
  for (const document of documents) yield* ask.removeDocument(kind, document.id)
}

/** A user's application credentials on a project go with the user's last word there, whichever role was taken. */
function* removeApplicationCredentials(
  context: Context,
  { userId, projectId }: { readonly userId: string; readonly projectId: string },
): IdentityCase<void> {
  const ofUser = context.facts.find('application_credential', 'user_id', userId)
  yield* removeAll(
    'application_credential',
    ofUser.filter((credential) => textOrNull(credential, 'project_id') === projectId),
  )
}

/** A user is deleted, with all that was theirs. */
export function* removeUser(context: Context, user: Document): IdentityCase<void> {
  const { facts } = context
  yield* ask.removeDocument('user', user.id)
  yield* removeAll('membership', facts.find('membership', 'user_id', user.id))
  yield* removeAll('assignment', facts.find('assignment', 'actor_id', user.id))
  yield* removeAll('credential', facts.find('credential', 'user_id', user.id))
  yield* removeAll('application_credential', facts.find('application_credential', 'user_id', user.id))
  yield* removeAll('trust', facts.find('trust', 'trustor_user_id', user.id))
  yield* removeAll('trust', facts.find('trust', 'trustee_user_id', user.id))
  yield* revokeUser(context, user.id)
}

/** A group is deleted. Its members' tokens die if it had any role (`delete_group`). */
export function* removeGroup(context: Context, group: Document): IdentityCase<void> {
  const { facts } = context
  const members = memberIdsOf(facts, group.id)
  const assignments = facts.find('assignment', 'actor_id', group.id)
  yield* ask.removeDocument('group', group.id)
  yield* removeAll('membership', facts.find('membership', 'group_id', group.id))
  yield* removeAll('assignment', assignments)
  if (assignments.length === 0) return
  for (const userId of members) yield* revokeUser(context, userId)
}

/** A user leaves a group: all their tokens die (`remove_user_from_group`). */
export function* leaveGroup(context: Context, membership: Document): IdentityCase<void> {
  yield* ask.removeDocument('membership', membership.id)
  yield* revokeUser(context, textOf(membership, 'user_id'))
}

/** A project is disabled. Its rows stay invalid when it is enabled again; Fernet tokens do where an event says so. */
export function* disableProject(context: Context, projectId: string): IdentityCase<void> {
  const { broadEvents } = context.config.profile.resources
  if (broadEvents) yield* revokeProject(context, projectId)
  else yield* writeEvent(context, { project_id: projectId, only_format: 'uuid' })
  yield* forgetAll(context)
}

/** Projects of a domain on which somebody who is not of the domain may have a role. */
const projectsWithStrangers = (context: Context, domainId: string): readonly Document[] =>
  projectsIn(context.facts, domainId).filter((project) =>
    context.facts.find('assignment', 'target_id', project.id).some((assignment) => {
      const user = context.facts.get('user', textOf(assignment, 'actor_id'))
      return user === null || textOf(user, 'domain_id') !== domainId
    }),
  )

/** A domain is disabled: the tokens of its users, for itself and for its projects. */
export function* disableDomain(context: Context, domainId: string): IdentityCase<void> {
  const { broadEvents } = context.config.profile.resources
  yield* writeEvent(
    context,
    broadEvents ? { domain_id: domainId } : { domain_id: domainId, only_format: 'uuid' },
  )
  for (const project of projectsWithStrangers(context, domainId)) {
    yield* writeEvent(context, { project_id: project.id, only_format: 'uuid' })
  }
  yield* forgetAll(context)
}

/** A project is deleted, with all that was on it; whoever had it as default has none now. */
export function* removeProject(context: Context, project: Document): IdentityCase<void> {
  const { facts } = context
  const onProject = (document: Document): boolean => textOrNull(document, 'project_id') === project.id
  yield* ask.removeDocument('project', project.id)
  yield* removeAll('assignment', facts.find('assignment', 'target_id', project.id))
  yield* removeAll('credential', facts.list('credential').filter(onProject))
  yield* removeAll('application_credential', facts.list('application_credential').filter(onProject))
  yield* removeAll('trust', facts.list('trust').filter(onProject))
  for (const user of facts.list('user')) {
    if (textOrNull(user, 'default_project_id') !== project.id) continue
    yield* ask.putDocument('user', { ...user, default_project_id: null })
  }
  yield* revokeProject(context, project.id)
}

/** A domain is deleted, with its projects from the leaves up, its groups and its users. */
export function* removeDomain(context: Context, domain: Document): IdentityCase<void> {
  const { facts } = context
  const projects = new Set([...subtreeOf(facts, domain.id), ...projectsIn(facts, domain.id)])
  for (const project of [...projects].reverse()) yield* removeProject(context, project)
  for (const group of facts.find('group', 'domain_id', domain.id)) yield* removeGroup(context, group)
  for (const user of facts.find('user', 'domain_id', domain.id)) yield* removeUser(context, user)
  yield* removeAll('assignment', facts.find('assignment', 'target_id', domain.id))
  yield* ask.removeDocument('domain', domain.id)
}

/** A role was taken from a user: rows die, for the project or, on a domain, all of the user's. */
function* takeFromUser(context: Context, userId: string, grant: Grant): IdentityCase<void> {
  switch (grant.type) {
    case 'UserProject':
    case 'GroupProject': {
      const projectId = grant.target_id
      yield* revokeGrant(context, { userId, projectId })
      const { grantEndsCredentials, broadEvents } = context.config.profile.resources
      if (grantEndsCredentials) yield* removeApplicationCredentials(context, { userId, projectId })
      if (broadEvents) {
        yield* writeEvent(context, { user_id: userId, project_id: projectId, role_id: grant.role_id })
      }
      return
    }
    case 'UserDomain':
    case 'GroupDomain':
      yield* invalidateRows(context, { userId })
      yield* forgetAll(context)
      return
    case 'UserSystem':
    case 'GroupSystem':
      return
  }
}

/** A role is taken from a user or from a group, so from each of its members. */
export function* removeGrant(context: Context, id: string, grant: Grant): IdentityCase<void> {
  yield* ask.removeDocument('assignment', id)
  const users = grant.type.startsWith('Group') ? memberIdsOf(context.facts, grant.actor_id) : [grant.actor_id]
  for (const userId of users) yield* takeFromUser(context, userId, grant)
}

/** A role is deleted: it is taken from all who had it; on a domain or the system that ends all their tokens. */
export function* removeRole(context: Context, role: Document): IdentityCase<void> {
  const { facts } = context
  const assignments = facts.list('assignment').filter((assignment) => assignment['role_id'] === role.id)
  const doomed = new Set<string>()
  for (const assignment of assignments) {
    const grant = assignment as unknown as Grant
    yield* removeGrant(context, assignment.id, grant)
    if (grant.type.endsWith('Project')) continue
    const isGroup = grant.type.startsWith('Group')
    for (const userId of isGroup ? memberIdsOf(facts, grant.actor_id) : [grant.actor_id]) doomed.add(userId)
  }
  for (const userId of doomed) yield* revokeUser(context, userId)
  if (context.config.profile.resources.broadEvents) yield* writeEvent(context, { role_id: role.id })
  yield* removeAll('implied_role', facts.find('implied_role', 'prior_role_id', role.id))
  yield* removeAll('implied_role', facts.find('implied_role', 'implied_role_id', role.id))
  yield* ask.removeDocument('role', role.id)
}
