// The cloud of a real Keystone as documents of ours, with its ids, read through its API.
// It exists so that two services of one key repository know the same users, projects, roles and trusts.
import { assignmentOf, impliedRoleOf, membershipOf, systemTarget } from '../../src/identity/documents.js'
import type { DocumentEntry, Grant } from '../../src/identity/documents.js'
import type { Document } from '../../src/identity/store.js'
import type { IdentityApi } from './identityApi.js'

/** What no API tells: hashes of the passwords of users and of the secrets of application credentials, by their ids. */
export type SecretHashes = ReadonlyMap<string, string>

interface Reference {
  readonly id: string
}

interface ListedAssignment {
  readonly user?: Reference
  readonly group?: Reference
  readonly role: Reference
  readonly scope: {
    readonly project?: Reference
    readonly domain?: Reference
    readonly 'OS-INHERIT:inherited_to'?: string
  }
}

interface ListedInference {
  readonly prior_role: Reference
  readonly implies: readonly Reference[]
}

/** A document without what the API adds to it. */
const plain = (listed: Document): Document => {
  const { links: _links, roles_links: _rolesLinks, roles: _roles, ...document } = listed
  return document
}

const grantOf = ({ user, group, role, scope }: ListedAssignment): Grant => {
  const where = scope.project !== undefined ? 'Project' : scope.domain !== undefined ? 'Domain' : 'System'
  return {
    type: `${user === undefined ? 'Group' : 'User'}${where}`,
    actor_id: (user ?? group)?.id ?? '',
    target_id: (scope.project ?? scope.domain)?.id ?? systemTarget,
    role_id: role.id,
    inherited: scope['OS-INHERIT:inherited_to'] !== undefined,
  }
}

const idsOf = (roles: unknown): readonly string[] => (roles as readonly Reference[]).map(({ id }) => id)

/** @param auth a token of an administrator of the system, who may see everything */
export const mirrorKeystone = async (
  api: IdentityApi,
  { auth, hashes }: { readonly auth: string; readonly hashes: SecretHashes },
): Promise<DocumentEntry[]> => {
  const list = <T = Document>(path: string): Promise<readonly T[]> => api.ask('GET', `/v3/${path}`, { auth })
  const show = (path: string): Promise<Document> => api.ask('GET', `/v3/${path}`, { auth })
  const entries: DocumentEntry[] = []
  for (const kind of ['domain', 'project', 'group', 'role', 'service', 'endpoint', 'region'] as const) {
    for (const one of await list(`${kind}s`)) entries.push([kind, plain(one)])
  }
  for (const { prior_role: prior, implies } of await list<ListedInference>('role_inferences')) {
    for (const { id } of implies) entries.push(['implied_role', impliedRoleOf(prior.id, id)])
  }
  for (const assignment of await list<ListedAssignment>('role_assignments')) {
    entries.push(['assignment', assignmentOf(grantOf(assignment))])
  }
  for (const group of await list('groups')) {
    for (const { id } of await list(`groups/${group.id}/users`)) {
      entries.push(['membership', membershipOf(id, group.id)])
    }
  }
  for (const { id: userId } of await list('users')) {
    // The list leaves out where federated users come from.
    const user = await show(`users/${userId}`)
    entries.push(['user', { ...plain(user), password_hash: hashes.get(userId) ?? null }])
    const path = `users/${user.id}/application_credentials`
    for (const { id } of await list(path)) {
      const credential = await show(`${path}/${id}`)
      const secret_hash = hashes.get(id) ?? ''
      entries.push([
        'application_credential',
        { ...plain(credential), secret_hash, role_ids: idsOf(credential['roles']) },
      ])
    }
  }
  for (const { id } of await list('OS-TRUST/trusts')) {
    const trust = await show(`OS-TRUST/trusts/${id}`)
    entries.push(['trust', { ...plain(trust), role_ids: idsOf(trust['roles']) }])
  }
  return entries
}
