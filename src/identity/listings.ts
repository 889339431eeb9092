// What a token may learn of its surroundings: projects and domains to go to, the catalog, revocation events.
// It exists so that clients find their way with nothing but a token.
import type { Context } from './context.js'
import { isLive } from './derived.js'
import type { Targets } from './derived.js'
import { isEnabled, textOf, textOrNull } from './documents.js'
import { ApiError, refusals } from './errors.js'
import { replyJson, replyValue } from './exchange.js'
import type { Reply } from './exchange.js'
import { jsonText } from './json.js'
import { isService, requireAllowed } from './policy.js'
import type { Document } from './store.js'
import type { GoodToken } from './tokenCheck.js'

/** A project as the API shows it. */
export const projectView = (context: Context, project: Document): Record<string, unknown> => ({
  id: project.id,
  name: textOf(project, 'name'),
  domain_id: textOf(project, 'domain_id'),
  description: textOf(project, 'description'),
  enabled: isEnabled(project),
  parent_id: textOrNull(project, 'parent_id') ?? textOf(project, 'domain_id'),
  is_domain: project['is_domain'] === true,
  ...(context.config.profile.projectTags
    ? { tags: Array.isArray(project['tags']) ? project['tags'] : [] }
    : {}),
  links: { self: `${context.config.publicUrl}/v3/projects/${project.id}` },
})

/** What a token's user has roles on, by itself, by its groups, and by those that its identity provider named. */
const targetsOf = (context: Context, { claims }: GoodToken): Targets =>
  context.derived.targetsOf(claims.userId, claims.federated?.groupIds)

const collection = (context: Context, name: string, path: string, items: readonly unknown[]): Reply =>
  replyValue(context, 200, {
    [name]: items,
    links: { next: null, self: `${context.config.publicUrl}/v3/${path}`, previous: null },
  })

/** GET /v3/auth/projects: enabled projects on which the token's user has a role. */
export const projectsToScope = (context: Context, caller: GoodToken): Reply => {
  const projects: unknown[] = []
  for (const id of targetsOf(context, caller).projects) {
    const project = context.facts.get('project', id)
    if (project !== null && isLive(context.facts, project)) projects.push(projectView(context, project))
  }
  return collection(context, 'projects', 'auth/projects', projects)
}

/** GET /v3/auth/domains */
export const domainsToScope = (context: Context, caller: GoodToken): Reply => {
  const domains: unknown[] = []
  for (const id of targetsOf(context, caller).domains) {
    const domain = context.facts.get('domain', id)
    if (domain === null || !isEnabled(domain)) continue
    domains.push({
      id,
      name: textOf(domain, 'name'),
      description: textOf(domain, 'description'),
      enabled: true,
      links: { self: `${context.config.publicUrl}/v3/domains/${id}` },
    })
  }
  return collection(context, 'domains', 'auth/domains', domains)
}

/** GET /v3/auth/system: whether the system may be scoped to, as a list of none or one. */
export const systemToScope = (context: Context, caller: GoodToken): Reply =>
  replyValue(context, 200, {
    system: targetsOf(context, caller).system ? [{ all: true }] : [],
    links: { self: `${context.config.publicUrl}/v3/auth/system` },
  })

/** GET /v3/auth/catalog: as in the token. For a token without a project Keystone refuses (`get_auth_catalog`). */
export const catalogOfToken = (context: Context, caller: GoodToken): Reply => {
  const { scope, userId } = caller.claims
  const projectId = scope.kind === 'project' || scope.kind === 'trust' ? scope.projectId : null
  if (projectId === null) throw new ApiError(refusals.forbidden())
  const self = jsonText(`${context.config.publicUrl}/v3/auth/catalog`)
  return replyJson(
    context,
    200,
    () => `{"catalog": ${context.derived.catalogText(projectId, userId)}, "links": {"self": ${self}}}`,
  )
}

/** What an event calls its fields in the API, where that differs from the document. */
const eventView = (event: Document): Record<string, unknown> => {
  const { id: _, trust_id: trustId, ...rest } = event
  return trustId === undefined ? rest : { 'OS-TRUST:trust_id': trustId, ...rest }
}

/** GET /v3/OS-REVOKE/events, for an admin or a service. */
export const revocationEvents = (context: Context, caller: GoodToken): Reply => {
  requireAllowed(context, isService(context, caller), 'list_revoke_events')
  const events = context.facts
    .list('revocation_event')
    .filter((event) => event['only_format'] === undefined)
    .map(eventView)
  return collection(context, 'events', 'OS-REVOKE/events', events)
}

/**
 * GET /v3/auth/tokens/OS-PKI/revoked, for an admin or a service: the list of revoked tokens, signed. No token format
 * here is signed and no certificate set up, which is a 500 (measured n, q).
 */
export const revokedCertificates = (context: Context, caller: GoodToken): Reply => {
  requireAllowed(context, isService(context, caller), 'revocation_list')
  throw new ApiError(refusals.unexpected())
}
