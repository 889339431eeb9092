// What follows from the cloud's facts and is asked for at every validation, kept until the facts change.
// It exists for speed: texts of users and projects, role lists, the catalog, the index of revocations.
import type { FederatedClaims } from '../token/claims.js'
import { Catalog } from './catalog.js'
import { isEnabled, systemTarget, textOf, textOrNull } from './documents.js'
import { jsonString, jsonText } from './json.js'
import { RevocationIndex } from './revocations.js'
import type { ReleaseProfile } from './release.js'
import type { Document, Store } from './store.js'

/** The read side of a store: synchronous, from the snapshot that `refresh` brought up to date. */
export type Facts = Pick<Store, 'get' | 'find' | 'list' | 'version'>

/** Roles, and the text of them in a token. */
export interface RoleSet {
  readonly ids: readonly string[]
  readonly names: readonly string[]
  /** JSON text of the list. */
  readonly text: string
}

/** The domain that federated users are shown with (`[federation] federated_domain_name`). */
export const federatedDomain = 'Federated'

/** What a user may scope a token to. */
export interface Targets {
  readonly projects: ReadonlySet<string>
  readonly domains: ReadonlySet<string>
  readonly system: boolean
}

const noRoles: RoleSet = { ids: [], names: [], text: '[]' }

type RoleView = ReleaseProfile['trustRoles' | 'federatedRoles']

const roleText = (role: Document, view: RoleView): string => {
  const name = `{"id": ${jsonString(role.id)}, "name": ${jsonString(textOf(role, 'name'))}`
  if (view === 'named') return `${name}}`
  const domain = `${name}, "domain_id": ${jsonText(textOrNull(role, 'domain_id'))}`
  if (view === 'with-domain') return `${domain}}`
  const description = jsonText(textOrNull(role, 'description'))
  return `${domain}, "description": ${description}, "options": ${jsonText(role['options'] ?? {})}}`
}

const roleSet = (roles: readonly Document[], view: RoleView): RoleSet => {
  if (roles.length === 0) return noRoles
  const texts = roles.map((role) => roleText(role, view))
  return {
    ids: roles.map((role) => role.id),
    names: roles.map((role) => textOf(role, 'name')),
    text: `[${texts.join(', ')}]`,
  }
}

/** A text made of a document and of its domain, good as long as both are the same objects. */
interface Kept {
  readonly domain: Document | null
  readonly text: string
}

export class Derived {
  readonly facts: Facts
  private readonly profile: ReleaseProfile
  private version = Number.NaN
  private readonly users = new WeakMap<Document, Kept>()
  private readonly projects = new WeakMap<Document, Kept>()
  private readonly rolesByUser = new Map<string, Map<string, RoleSet>>()
  private readonly catalog = new Catalog()
  private readonly revocationIndex = new RevocationIndex()

  constructor(facts: Facts, profile: ReleaseProfile) {
    this.facts = facts
    this.profile = profile
  }

  /** JSON text of a token's user: id, name, domain, and when the password expires if the release says that. */
  userText(user: Document): string {
    const domain = this.facts.get('domain', textOf(user, 'domain_id'))
    const kept = this.users.get(user)
    if (kept !== undefined && kept.domain === domain) return kept.text
    const expiry = this.profile.passwordExpiresAt
      ? `, "password_expires_at": ${jsonText(textOrNull(user, 'password_expires_at'))}`
      : ''
    const text = `{"id": ${jsonString(user.id)}, "name": ${jsonString(textOf(user, 'name'))}, "domain": ${domainText(domain)}${expiry}}`
    this.users.set(user, { domain, text })
    return text
  }

  /** JSON text of a token's project: id, name, domain. */
  projectText(project: Document): string {
    const domain = this.facts.get('domain', textOf(project, 'domain_id'))
    const kept = this.projects.get(project)
    if (kept !== undefined && kept.domain === domain) return kept.text
    const text = `{"id": ${jsonString(project.id)}, "name": ${jsonString(textOf(project, 'name'))}, "domain": ${domainText(domain)}}`
    this.projects.set(project, { domain, text })
    return text
  }

  /** JSON text of a token's domain: id and name. */
  domainText(domain: Document): string {
    return domainText(domain)
  }

  /** JSON text of the catalog for a project, or for a token without one. */
  catalogText(projectId: string | null, userId: string): string {
    this.update()
    return this.catalog.text(projectId, userId)
  }

  /**
   * JSON text of a federated token's user. What is known of it came from its identity provider, so it has no password,
   * and up to Queens no domain of the cloud (`_rebuild_federated_info` in
   * `keystone/token/providers/fernet/core.py@13.0.4`; later `keystone/common/render_token.py`).
   */
  federatedUserText(user: Document, federated: FederatedClaims): string {
    const own =
      this.profile.federatedUser === 'own-domain' ? this.facts.get('domain', textOf(user, 'domain_id')) : null
    return jsonText({
      id: user.id,
      name: textOf(user, 'name'),
      'OS-FEDERATION': {
        groups: federated.groupIds.map((id) => ({ id })),
        identity_provider: { id: federated.idpId },
        protocol: { id: federated.protocolId },
      },
      domain:
        own === null
          ? { id: federatedDomain, name: federatedDomain }
          : { id: own.id, name: textOf(own, 'name') },
    })
  }

  /**
   * The roles that a user has on a project, on a domain, or on the system (`systemTarget`), by itself and by its groups.
   * @param federatedGroupIds for a federated token: further groups, which an identity provider named and nobody recorded
   */
  rolesOn(userId: string, targetId: string, federatedGroupIds?: readonly string[]): RoleSet {
    this.update()
    const who = federatedGroupIds === undefined ? userId : [userId, '', ...federatedGroupIds].join(' ')
    const known = this.rolesByUser.get(who)?.get(targetId)
    if (known !== undefined) return known
    const roles = roleSet(
      this.findRoles(userId, targetId, federatedGroupIds ?? []),
      federatedGroupIds === undefined ? 'named' : this.profile.federatedRoles,
    )
    const ofUser = this.rolesByUser.get(who)
    if (ofUser === undefined) this.rolesByUser.set(who, new Map([[targetId, roles]]))
    else ofUser.set(targetId, roles)
    return roles
  }

  /** Those roles of a set whose ids are given, as an application credential lends some of its user's. */
  rolesAmong(held: RoleSet, ids: readonly string[]): RoleSet {
    return roleSet(this.rolesById(held.ids.filter((id) => ids.includes(id))), 'named')
  }

  /**
   * What a user may scope a token to, by itself and by its groups: ids of projects and domains, and whether the system.
   * Nothing is said about whether they are enabled.
   */
  targetsOf(userId: string, groupIds: readonly string[] = []): Targets {
    const projects = new Set<string>()
    const domains = new Set<string>()
    let system = false
    for (const assignment of this.assignmentsOf(userId, groupIds)) {
      const targetId = textOf(assignment, 'target_id')
      if (assignment['inherited'] === true) {
        for (const project of this.projectsBelow(targetId)) projects.add(project)
      } else if (targetId === systemTarget) system = true
      else if (this.facts.get('project', targetId) !== null) projects.add(targetId)
      else if (this.facts.get('domain', targetId) !== null) domains.add(targetId)
    }
    return { projects, domains, system }
  }

  /** Roles by their ids and those that they imply, as a trust's token lists them; ids that are gone are left out. */
  rolesOfTrust(ids: readonly string[]): RoleSet {
    return roleSet(this.tokenRoles(ids), this.profile.trustRoles)
  }

  get revocations(): RevocationIndex {
    this.update()
    return this.revocationIndex
  }

  private update(): void {
    const version = this.facts.version()
    if (version === this.version) return
    this.version = version
    this.rolesByUser.clear()
    this.catalog.update(this.facts)
    this.revocationIndex.update(this.facts.list('revocation_event'))
  }

  private rolesById(ids: Iterable<string>): Document[] {
    const roles: Document[] = []
    for (const id of ids) {
      const role = this.facts.get('role', id)
      if (role !== null) roles.push(role)
    }
    return roles
  }

  /** Assignments to a user and to the groups that it is in. */
  private *assignmentsOf(userId: string, groupIds: readonly string[]): Iterable<Document> {
    yield* this.facts.find('assignment', 'actor_id', userId)
    const recorded = this.facts.find('membership', 'user_id', userId)
    if (recorded.length === 0 && groupIds.length === 0) return
    const groups = new Set([...recorded.map((membership) => textOf(membership, 'group_id')), ...groupIds])
    for (const group of groups) yield* this.facts.find('assignment', 'actor_id', group)
  }

  /** All projects of a domain, or below a project: where its inherited roles hold. */
  private *projectsBelow(targetId: string): Iterable<string> {
    for (const project of this.facts.find('project', 'domain_id', targetId)) yield project.id
    const below = new Set([targetId])
    for (const parent of below) {
      for (const child of this.facts.find('project', 'parent_id', parent)) below.add(child.id)
    }
    below.delete(targetId)
    yield* below
  }

  private findRoles(userId: string, targetId: string, groupIds: readonly string[]): Document[] {
    const ids = new Set<string>()
    for (const assignment of this.assignmentsOf(userId, groupIds)) {
      if (assignment['inherited'] === true) {
        if (this.inherits(targetId, textOf(assignment, 'target_id'))) ids.add(textOf(assignment, 'role_id'))
      } else if (assignment['target_id'] === targetId) ids.add(textOf(assignment, 'role_id'))
    }
    return this.tokenRoles(ids)
  }

  /**
   * What of given roles a token carries: them and all that they imply, but for the roles of a domain, which are there
   * to imply others (`add_implied_roles`, `_strip_domain_roles` in `keystone/assignment/core.py`).
   */
  private tokenRoles(given: Iterable<string>): Document[] {
    const ids = new Set(given)
    for (const id of ids) {
      for (const implied of this.facts.find('implied_role', 'prior_role_id', id)) {
        ids.add(textOf(implied, 'implied_role_id'))
      }
    }
    return this.rolesById(ids).filter((role) => textOrNull(role, 'domain_id') === null)
  }

  /** Whether a project stands below a target, whose inherited roles it then has. */
  private inherits(projectId: string, targetId: string): boolean {
    if (projectId === systemTarget || projectId === targetId) return false
    for (let project = this.facts.get('project', projectId); project !== null;) {
      if (textOf(project, 'parent_id') === targetId || textOf(project, 'domain_id') === targetId) return true
      const parent = textOf(project, 'parent_id')
      project = parent === project.id ? null : this.facts.get('project', parent)
    }
    return false
  }
}

const domainText = (domain: Document | null): string =>
  domain === null
    ? '{"id": null, "name": null}'
    : `{"id": ${jsonString(domain.id)}, "name": ${jsonString(textOf(domain, 'name'))}}`

/** Whether something and the domain that it belongs to are enabled. */
export const isLive = (facts: Facts, document: Document): boolean => {
  if (!isEnabled(document)) return false
  const domain = facts.get('domain', textOf(document, 'domain_id'))
  return domain === null || isEnabled(domain)
}
