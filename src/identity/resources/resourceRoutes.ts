// The paths of the resources, below `/v3`: which description or operations answer which.
// It exists so that the whole of this part of the API can be read on one page.
import type { Context } from '../context.js'
import { requireAllowed } from '../policy.js'
import type { Operations, Resource } from '../operations.js'
import { applicationCredential, applicationCredentialsOf } from './applicationCredentials.js'
import { endpoints, regions, services } from './catalogResources.js'
import { collectionOf, createFrom, memberOf, operation } from './collection.js'
import { credentials } from './credentials.js'
import { admins, ownerOf, replyList, required, shownAs } from './description.js'
import type { ResourceDescription } from './description.js'
import { domains } from './domains.js'
import { grantAt, grantsAt } from './grants.js'
import type { Place } from './grants.js'
import { groups, groupsOf, membersOf, membership } from './groups.js'
import { impliedRole, impliedRolesOf, roleInferences } from './impliedRoles.js'
import { projects } from './projects.js'
import { decoded, filtered } from './query.js'
import { roleAssignments } from './roleAssignments.js'
import { roles } from './roles.js'
import { tagOf, tagsOf } from './tags.js'
import { passwordOf, users } from './users.js'

/** What stands below a resource's own paths: parts after its id. */
type Below = (id: string, rest: readonly string[]) => Operations | null

const resource =
  (description: ResourceDescription, below: Below = () => null): Resource =>
  ([id, ...rest]) => {
    if (id === undefined) return collectionOf(description)
    return rest.length === 0 ? memberOf(description, id) : below(id, rest)
  }

/** `users/{id}/roles[/{id}]` or `groups/…` of a target. */
const grants = (
  target: Place['target'],
  rest: readonly string[],
  options: { readonly inherited: boolean } = { inherited: false },
): Operations | null => {
  const [actors, actorId, word, roleId, ...more] = rest
  const kind = actors === 'users' ? 'user' : actors === 'groups' ? 'group' : null
  if (kind === null || actorId === undefined || word !== 'roles' || more.length > 0) return null
  const place: Place = { actor: { kind, id: actorId }, target, inherited: options.inherited }
  return roleId === undefined ? grantsAt(place) : grantAt(place, roleId)
}

/** `{projects|domains}/{id}/{users|groups}/{id}/roles[/{id}]/inherited_to_projects` */
const inheritedGrants: Resource = ([targets, targetId, ...rest]) => {
  const kind = targets === 'projects' ? 'project' : targets === 'domains' ? 'domain' : null
  if (kind === null || targetId === undefined || rest.at(-1) !== 'inherited_to_projects') return null
  return grants({ kind, id: targetId }, rest.slice(0, -1), { inherited: true })
}

const projectFilters = ['domain_id', 'enabled', 'name'] as const

/** GET /v3/users/{id}/projects: on which the user has a role, however they got it. */
const projectsOf = (userId: string): Operations => ({
  GET: operation((call) => {
    const { context, request } = call
    requireAllowed(context, ownerOf(userId)(call, null), 'list_user_projects')
    required(context, 'user', userId)
    const found = [...context.derived.targetsOf(userId).projects]
      .map((id) => context.facts.get('project', id))
      .filter((project) => project !== null)
      .map((project) => shownAs(projects, context, project))
    return replyList(call, 'projects', filtered(found, request.query, projectFilters))
  }),
})

const belowUser: Below = (id, [word, item, ...more]) => {
  if (more.length > 0) return null
  if (word === 'application_credentials') {
    return item === undefined ? applicationCredentialsOf(id) : applicationCredential(id, item)
  }
  if (item !== undefined) return null
  switch (word) {
    case 'password':
      return passwordOf(id)
    case 'projects':
      return projectsOf(id)
    case 'groups':
      return groupsOf(id)
    default:
      return null
  }
}

const belowGroup: Below = (id, [word, userId, ...more]) => {
  if (word !== 'users' || more.length > 0) return null
  return userId === undefined ? membersOf(id) : membership(id, userId)
}

const belowProject: Below = (id, rest) => {
  const [word, tag, ...more] = rest
  if (word !== 'tags') return grants({ kind: 'project', id }, rest)
  if (more.length > 0) return null
  return tag === undefined ? tagsOf(id) : tagOf(id, tag)
}

const belowRole: Below = (id, [word, impliedId, ...more]) => {
  if (word !== 'implies' || more.length > 0) return null
  return impliedId === undefined ? impliedRolesOf(id) : impliedRole(id, impliedId)
}

/** PUT /v3/regions/{id} makes a region of that id. */
const oneRegion = (id: string): Operations => ({
  ...memberOf(regions, id),
  PUT: operation((call) => {
    requireAllowed(call.context, admins(call, null), 'create_region')
    return createFrom(regions, call, { id })
  }),
})

const regionPaths: Resource = ([id, ...rest]) => {
  if (rest.length > 0) return null
  return id === undefined ? collectionOf(regions) : oneRegion(id)
}

/** What stands behind `/v3/NAME`. */
const byName: Readonly<Record<string, Resource>> = {
  domains: resource(domains, (id, rest) => grants({ kind: 'domain', id }, rest)),
  projects: resource(projects, belowProject),
  users: resource(users, belowUser),
  groups: resource(groups, belowGroup),
  roles: resource(roles, belowRole),
  role_inferences: (rest) => (rest.length === 0 ? roleInferences : null),
  role_assignments: (rest) => (rest.length === 0 ? roleAssignments : null),
  services: resource(services),
  endpoints: resource(endpoints),
  regions: regionPaths,
  credentials: resource(credentials),
  system: (rest) => grants({ kind: 'system', id: 'system' }, rest),
  'OS-INHERIT': inheritedGrants,
}

/** Whether the release has what a path speaks of. */
const isKnown = ({ config }: Context, name: string, rest: readonly string[]): boolean => {
  const { resources, projectTags } = config.profile
  if (name === 'system') return resources.systemGrants
  if (name === 'users' && rest[1] === 'application_credentials') return resources.applicationCredentials
  return !(name === 'projects' && rest[1] === 'tags') || projectTags
}

/** The operations of `/v3/NAME/…` on users, projects, roles, …; null: there is no such path in this release. */
export const resourceOperations = (
  context: Context,
  name: string,
  encoded: readonly string[],
): Operations | null => {
  if (!Object.hasOwn(byName, name)) return null
  const rest = encoded.map(decoded)
  return isKnown(context, name, rest) ? (byName[name]?.(rest) ?? null) : null
}
