// Projects: a tree below each domain, with tags. A project that is a domain (`is_domain`) is that domain's other face.
// Source: `keystone/resource/core.py`.
import { isEnabled, textOf, textOrNull } from '../documents.js'
import type { Context } from '../context.js'
import { ApiError, refusals } from '../errors.js'
import { projectView } from '../listings.js'
import { freshId } from '../revoke.js'
import { ask } from '../questions.js'
import type { IdentityCase } from '../questions.js'
import type { Document } from '../store.js'
import { disableProject, removeProject } from './cascade.js'
import { admins, badRequest, shownAs, without } from './description.js'
import type { Call, Fields, ResourceDescription, Rule } from './description.js'
import { createDomain, deleteDomain, updateDomain } from './domains.js'
import { cleanName, isTaken, requireSameDomain, wantedDomainId } from './names.js'
import { isSwitchedOn, queryPairs } from './query.js'
import { shapes, tagsShape } from './schema.js'
import type { Schema } from './schema.js'
import { childrenOf, parentsAsIds, parentsOf, subtreeAsIds, subtreeOf } from './tree.js'

const properties: Readonly<Record<string, Schema>> = {
  description: shapes.textOrNull,
  domain_id: shapes.idOrNull,
  enabled: shapes.boolean,
  is_domain: shapes.boolean,
  parent_id: shapes.idOrNull,
  name: shapes.shortName,
  tags: tagsShape,
}

/** `[DEFAULT] max_project_tree_depth`, and one for the domain. */
const depthMax = 6

const isDomain = (document: Document): boolean => document['is_domain'] === true

/** A domain as the project that Keystone keeps it as. */
const asProject = (domain: Document): Document => ({
  ...domain,
  domain_id: null,
  parent_id: null,
  is_domain: true,
})

const tagsOf = (document: Document): readonly string[] => {
  const tags = document['tags']
  return Array.isArray(tags) ? (tags as readonly string[]) : []
}

/** The filters by tags: `tags`, `tags-any`, `not-tags`, `not-tags-any`, each a list with commas. */
const tagTests: Readonly<
  Record<string, (has: (tag: string) => boolean, wanted: readonly string[]) => boolean>
> = {
  tags: (has, wanted) => wanted.every(has),
  'tags-any': (has, wanted) => wanted.some(has),
  'not-tags': (has, wanted) => !wanted.every(has),
  'not-tags-any': (has, wanted) => !wanted.some(has),
}

const meetsTags = (document: Document, query: string): boolean =>
  queryPairs(query).every(([name, value]) => {
    const test = Object.hasOwn(tagTests, name) ? tagTests[name] : undefined
    const tags = new Set(tagsOf(document))
    return test === undefined || test((tag) => tags.has(tag), value.split(','))
  })

/** Domains are listed only by those who ask for `is_domain`. */
const listed = (context: Context, query: string): readonly Document[] => {
  const { facts } = context
  const asksFor = queryPairs(query).some(([name]) => name === 'is_domain')
  const domains = asksFor ? facts.list('domain').map(asProject) : []
  return [...facts.list('project'), ...domains].filter((project) => meetsTags(project, query))
}

/** A project as the API shows it, with whatever else it was given. */
const view = (context: Context, project: Document): Fields => ({
  ...without(project, 'tags'),
  ...without(projectView(context, project), 'links'),
  description: project['description'] === undefined ? '' : project['description'],
  ...(isDomain(project) ? { domain_id: null, parent_id: null } : {}),
})

const requireFree = (call: Call, name: string, domainId: string, exceptId?: string): void => {
  const wanted = { name, domainId, ...(exceptId === undefined ? {} : { exceptId }) }
  if (!isTaken(call.context, 'project', wanted)) return
  const details = `it is not permitted to have two projects with the same name in the same domain : ${name}`
  throw new ApiError(refusals.conflict('project', details, call.context.config.profile))
}

/** What does not exist is a 400 here, unlike for users and groups. @throws ApiError 400 */
const needed = (context: Context, kind: 'domain' | 'project', id: string): Document => {
  const { facts, config } = context
  const document = facts.get(kind, id)
  if (document === null) throw badRequest(refusals.notFound(kind, id, config.profile).message)
  return document
}

/** The place of a new project in the tree. @throws ApiError 400, 403 */
const placeOf = (call: Call, asked: Fields): { readonly domainId: string; readonly parentId: string } => {
  const { context } = call
  const { facts } = context
  const domain = needed(context, 'domain', wantedDomainId(call, asked))
  const parentId = typeof asked['parent_id'] === 'string' ? asked['parent_id'] : domain.id
  const otherDomain = parentId === domain.id ? null : facts.get('domain', parentId)
  if (otherDomain !== null) {
    throw badRequest(
      `Cannot create project, the parent (${parentId}) is acting as a domain, but this project's domain id (${domain.id}) does not match the parent's id.`,
    )
  }
  const parent = parentId === domain.id ? null : needed(context, 'project', parentId)
  const above = parent === null ? [] : [parent, ...parentsOf(facts, parent)]
  if (parent !== null && textOf(parent, 'domain_id') !== domain.id) {
    throw badRequest(
      `Cannot create project, since it specifies its domain_id ${domain.id}, but specifies a parent in a different domain (${textOf(parent, 'domain_id')}).`,
    )
  }
  const disabled = [...above, domain].find((each) => !isEnabled(each))
  if (disabled !== undefined) {
    throw badRequest(`cannot create a project in a branch containing a disabled project: ${disabled.id}`)
  }
  if (above.length + 2 > depthMax) {
    throw new ApiError(refusals.notAllowed(`Max hierarchy depth reached for ${parentId} branch.`))
  }
  return { domainId: domain.id, parentId }
}

function* create(call: Call, asked: Fields): IdentityCase<Document> {
  if (asked['is_domain'] === true) {
    if (typeof asked['parent_id'] === 'string' || typeof asked['domain_id'] === 'string') {
      throw badRequest('only root projects are allowed to act as domains.')
    }
    return asProject(yield* createDomain(call, asked))
  }
  const name = cleanName('Project', asked['name'], 64)
  const { domainId, parentId } = placeOf(call, asked)
  requireFree(call, name, domainId)
  const project = {
    enabled: true,
    description: '',
    tags: [],
    ...without(asked, 'links'),
    id: freshId(call.context),
    name,
    domain_id: domainId,
    parent_id: parentId,
    is_domain: false,
  }
  yield* ask.putDocument('project', project)
  return project
}

/** @throws ApiError 403 if what is above is disabled, or what is below is not */
const requireSwitchable = (call: Call, project: Document, enabled: boolean): void => {
  const { facts } = call.context
  if (isEnabled(project) === enabled) return
  if (enabled) {
    const domain = facts.get('domain', textOf(project, 'domain_id'))
    const above = [...parentsOf(facts, project), ...(domain === null ? [] : [domain])]
    if (above.every(isEnabled)) return
    throw new ApiError(
      refusals.notAllowed(`Cannot enable project ${project.id} since it has disabled parents`),
    )
  }
  if (!subtreeOf(facts, project.id).some(isEnabled)) return
  throw new ApiError(
    refusals.notAllowed(`Cannot disable project ${project.id} since its subtree contains enabled projects.`),
  )
}

function* update(call: Call, before: Document, asked: Fields): IdentityCase<Document> {
  requireSameDomain(before, asked)
  if (Object.hasOwn(asked, 'parent_id') && asked['parent_id'] !== textOrNull(before, 'parent_id')) {
    throw new ApiError(refusals.notAllowed('Update of `parent_id` is not allowed.'))
  }
  if (Object.hasOwn(asked, 'is_domain') && asked['is_domain'] !== isDomain(before)) {
    throw badRequest('Update of `is_domain` is not allowed.')
  }
  if (isDomain(before)) {
    const domain = needed(call.context, 'domain', before.id)
    return asProject(yield* updateDomain(call, domain, asked))
  }
  const changes = { ...without(asked, 'links') }
  if (Object.hasOwn(changes, 'name')) {
    const name = cleanName('Project', changes['name'], 64)
    requireFree(call, name, textOf(before, 'domain_id'), before.id)
    changes['name'] = name
  }
  if (typeof changes['enabled'] === 'boolean') requireSwitchable(call, before, changes['enabled'])
  const after: Document = { ...before, ...changes, id: before.id }
  yield* ask.putDocument('project', after)
  if (isEnabled(before) && !isEnabled(after)) yield* disableProject(call.context, before.id)
  return after
}

function* remove(call: Call, project: Document): IdentityCase<void> {
  const { context } = call
  if (isDomain(project)) {
    yield* deleteDomain(call, needed(context, 'domain', project.id))
    return
  }
  if (childrenOf(context.facts, project.id).length > 0) {
    throw new ApiError(
      refusals.notAllowed(
        `Cannot delete the project ${project.id} since it is not a leaf in the hierarchy. Use the cascade option if you want to delete a whole subtree.`,
      ),
    )
  }
  yield* removeProject(context, project)
}

/** Those of the projects on which the caller has a role, each as a body of its own. */
const ofCaller = (call: Call, found: readonly Document[]): readonly Fields[] => {
  const mine = call.context.derived.targetsOf(call.caller.claims.userId).projects
  return found
    .filter((project) => mine.has(project.id))
    .map((project) => ({ project: shownAs(projects, call.context, project) }))
}

/** `parents_as_list`, `parents_as_ids`, `subtree_as_list`, `subtree_as_ids`. @throws ApiError 400 for both of a pair */
const expand = (call: Call, project: Document): Fields => {
  const { facts } = call.context
  const on = (name: string): boolean => isSwitchedOn(call.request.query, name)
  for (const which of ['parents', 'subtree']) {
    if (on(`${which}_as_list`) && on(`${which}_as_ids`)) {
      throw badRequest(`Cannot use ${which}_as_list and ${which}_as_ids query params at the same time.`)
    }
  }
  const more: Record<string, unknown> = {}
  if (on('parents_as_list')) more['parents'] = ofCaller(call, parentsOf(facts, project))
  if (on('parents_as_ids')) more['parents'] = isDomain(project) ? null : parentsAsIds(facts, project)
  if (on('subtree_as_list')) more['subtree'] = ofCaller(call, subtreeOf(facts, project.id))
  if (on('subtree_as_ids')) more['subtree'] = subtreeAsIds(facts, project.id)
  return more
}

/** `project_id:%(target.project.id)s`: a project's own token may look at it. */
export const fromWithin: Rule = (call, project) => {
  const { scope } = call.caller.claims
  const inside = (scope.kind === 'project' || scope.kind === 'trust') && scope.projectId === project?.id
  return inside || admins(call, project)
}

/** The project of this id, or the domain of this id as a project. */
export const findProject = (context: Context, id: string): Document | null => {
  const domain = context.facts.get('domain', id)
  return context.facts.get('project', id) ?? (domain === null ? null : asProject(domain))
}

export const projects: ResourceDescription = {
  kind: 'project',
  member: 'project',
  collection: 'projects',
  createSchema: { type: 'object', properties, required: ['name'] },
  updateSchema: { type: 'object', properties, minProperties: 1 },
  filters: ['domain_id', 'enabled', 'name', 'parent_id', 'is_domain'],
  rules: { get: fromWithin },
  view,
  find: findProject,
  list: listed,
  expand,
  create,
  update,
  remove,
}
