// Domains: what users, groups and projects belong to. A domain must be disabled before it can be deleted.
// Keystone keeps them as projects without a parent; here they are of their own kind, and `projects.ts` shows both.
import { isEnabled, textOf } from '../documents.js'
import { ApiError, refusals } from '../errors.js'
import { freshId } from '../revoke.js'
import { ask } from '../questions.js'
import type { IdentityCase } from '../questions.js'
import type { Document } from '../store.js'
import { disableDomain, removeDomain } from './cascade.js'
import { admins, without } from './description.js'
import type { Call, Fields, ResourceDescription } from './description.js'
import { cleanName, isTaken } from './names.js'
import { shapes, tagsShape } from './schema.js'
import type { Schema } from './schema.js'

const properties = {
  description: shapes.textOrNull,
  enabled: shapes.boolean,
  name: shapes.shortName,
  tags: tagsShape,
}

export const domainSchemas: { readonly create: Schema; readonly update: Schema } = {
  create: { type: 'object', properties, required: ['name'] },
  update: { type: 'object', properties, minProperties: 1 },
}

const requireFree = (call: Call, name: string, exceptId?: string): void => {
  const wanted = { name, domainId: null, ...(exceptId === undefined ? {} : { exceptId }) }
  if (!isTaken(call.context, 'domain', wanted)) return
  const details = `it is not permitted to have two projects acting as domains with the same name: ${name}`
  throw new ApiError(refusals.conflict('project', details, call.context.config.profile))
}

/** What a domain is not asked about, though a project is. */
const ofProjects = ['domain_id', 'parent_id', 'is_domain', 'links'] as const

/** Makes a domain of a valid body. @throws ApiError 409 */
export function* createDomain(call: Call, asked: Fields): IdentityCase<Document> {
  const name = cleanName('Domain', asked['name'], 64)
  requireFree(call, name)
  const domain = {
    enabled: true,
    description: '',
    tags: [],
    ...without(asked, ...ofProjects),
    id: freshId(call.context),
    name,
  }
  yield* ask.putDocument('domain', domain)
  return domain
}

/** Changes a domain; disabling it ends tokens. @throws ApiError 409 */
export function* updateDomain(call: Call, before: Document, asked: Fields): IdentityCase<Document> {
  const changes = { ...without(asked, ...ofProjects) }
  if (Object.hasOwn(changes, 'name')) {
    const name = cleanName('Domain', changes['name'], 64)
    requireFree(call, name, before.id)
    changes['name'] = name
  }
  const after: Document = { ...before, ...changes, id: before.id }
  yield* ask.putDocument('domain', after)
  if (isEnabled(before) && !isEnabled(after)) yield* disableDomain(call.context, before.id)
  return after
}

/** @throws ApiError 403 while it is enabled */
export function* deleteDomain(call: Call, domain: Document): IdentityCase<void> {
  if (isEnabled(domain)) {
    throw new ApiError(
      refusals.notAllowed('Cannot delete a domain that is enabled, please disable it first.'),
    )
  }
  yield* removeDomain(call.context, domain)
}

export const domains: ResourceDescription = {
  kind: 'domain',
  member: 'domain',
  collection: 'domains',
  createSchema: domainSchemas.create,
  updateSchema: domainSchemas.update,
  filters: ['enabled', 'name'],
  rules: {
    // `token.project.domain.id:%(target.domain.id)s`: a project's token may look at the project's domain.
    get: (call, domain) => {
      const { scope } = call.caller.claims
      const project =
        scope.kind === 'project' || scope.kind === 'trust'
          ? call.context.facts.get('project', scope.projectId)
          : null
      return (project !== null && textOf(project, 'domain_id') === domain?.id) || admins(call, domain)
    },
  },
  view: (context, domain) => ({
    description: '',
    ...without(domain, 'tags'),
    enabled: isEnabled(domain),
    ...(context.config.profile.projectTags ? { tags: domain['tags'] ?? [] } : {}),
  }),
  create: createDomain,
  update: updateDomain,
  remove: deleteDomain,
}
