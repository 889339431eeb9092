// Services, endpoints and regions: what the catalog in every token is made of.
// Source: `keystone/catalog/controllers.py`, `core.py`, `backends/sql.py`.
import type { Context } from '../context.js'
import { isEnabled, textOrNull } from '../documents.js'
import { ApiError, refusals } from '../errors.js'
import { ask } from '../questions.js'
import type { IdentityCase } from '../questions.js'
import { freshId } from '../revoke.js'
import type { Document } from '../store.js'
import { badRequest, everybody, required, without } from './description.js'
import type { Call, Fields, ResourceDescription } from './description.js'
import { shapes } from './schema.js'
import type { Schema } from './schema.js'

const serviceProperties: Readonly<Record<string, Schema>> = {
  enabled: shapes.boolean,
  name: shapes.name,
  type: { type: 'string', minLength: 1, maxLength: 255 },
}

export const services: ResourceDescription = {
  kind: 'service',
  member: 'service',
  collection: 'services',
  createSchema: { type: 'object', properties: serviceProperties, required: ['type'] },
  updateSchema: { type: 'object', properties: serviceProperties, minProperties: 1 },
  filters: ['type', 'name'],
  view: (_, service) => ({ ...service, enabled: isEnabled(service) }),
  *create({ context }, asked) {
    const service = { enabled: true, name: '', ...without(asked, 'links'), id: freshId(context) }
    yield* ask.putDocument('service', service)
    return service
  },
  *update(_, before, asked) {
    const after: Document = { ...before, ...without(asked, 'links'), id: before.id }
    yield* ask.putDocument('service', after)
    return after
  },
  *remove({ context }, service) {
    for (const endpoint of context.facts.find('endpoint', 'service_id', service.id)) {
      yield* ask.removeDocument('endpoint', endpoint.id)
    }
    yield* ask.removeDocument('service', service.id)
  },
}

const endpointProperties: Readonly<Record<string, Schema>> = {
  enabled: shapes.boolean,
  interface: { type: 'string', enum: ['admin', 'internal', 'public'] },
  region_id: shapes.text,
  region: shapes.text,
  service_id: shapes.text,
  url: shapes.url,
}

const substitutions = new Set([
  'tenant_id',
  'project_id',
  'user_id',
  'public_bind_host',
  'admin_bind_host',
  'compute_host',
  'admin_port',
  'public_port',
  'public_endpoint',
  'admin_endpoint',
])

/** A place for a value: `%(name)s` or `$(name)s`; or a doubled sign; or a sign that stands for nothing. */
const placeholder = /%%|(?:\$|%)\(([^)]*)\)s|%|\$\(/g

/** @throws ApiError 400, with the URL as its whole message, for places that Keystone cannot fill */
const requireFillable = (url: string): void => {
  for (const [text, name] of url.matchAll(placeholder)) {
    if (text !== '%%' && !substitutions.has(name ?? '')) throw badRequest(url)
  }
}

/**
 * The region of an endpoint as a change of its document. `region` is the old way to name it, and makes the region if
 * there is none; `region_id` must exist.
 * @throws ApiError 400
 */
function* regionOf(context: Context, asked: Fields): IdentityCase<Fields> {
  const { region, region_id: regionId } = asked
  if (typeof regionId === 'string') {
    if (context.facts.get('region', regionId) === null) {
      throw new ApiError(refusals.expecting('endpoint region_id', 'region table'))
    }
    return { region_id: regionId }
  }
  if (typeof region !== 'string') return {}
  if (context.facts.get('region', region) === null) {
    yield* ask.putDocument('region', { id: region, description: '', parent_region_id: null })
  }
  return { region_id: region }
}

/** @throws ApiError 400 */
const requireService = (context: Context, id: unknown): void => {
  if (typeof id === 'string' && context.facts.get('service', id) === null) {
    throw new ApiError(refusals.expecting('endpoint service_id', 'service table'))
  }
}

const unstored = ['links', 'region', 'legacy_endpoint_id'] as const

export const endpoints: ResourceDescription = {
  kind: 'endpoint',
  member: 'endpoint',
  collection: 'endpoints',
  createSchema: {
    type: 'object',
    properties: endpointProperties,
    required: ['interface', 'service_id', 'url'],
  },
  updateSchema: { type: 'object', properties: endpointProperties, minProperties: 1 },
  filters: ['interface', 'service_id', 'region_id'],
  view: (_, endpoint) => {
    const region = textOrNull(endpoint, 'region_id')
    return { ...endpoint, enabled: isEnabled(endpoint), region_id: region, region }
  },
  *create({ context }, asked) {
    requireFillable(String(asked['url']))
    requireService(context, asked['service_id'])
    const endpoint: Document = {
      enabled: true,
      region_id: null,
      ...without(asked, ...unstored),
      ...(yield* regionOf(context, asked)),
      id: freshId(context),
    }
    yield* ask.putDocument('endpoint', endpoint)
    return endpoint
  },
  *update({ context }, before, asked) {
    if (typeof asked['url'] === 'string') requireFillable(asked['url'])
    requireService(context, asked['service_id'])
    const after: Document = {
      ...before,
      ...without(asked, ...unstored),
      ...(yield* regionOf(context, asked)),
      id: before.id,
    }
    yield* ask.putDocument('endpoint', after)
    return after
  },
  *remove(_, endpoint) {
    yield* ask.removeDocument('endpoint', endpoint.id)
  },
}

const regionProperties: Readonly<Record<string, Schema>> = {
  description: shapes.textOrNull,
  id: shapes.text,
  parent_region_id: shapes.textOrNull,
}

/** A region and those below it, parents first. */
const regionTree = (context: Context, region: Document): readonly Document[] => {
  const all = context.facts.list('region')
  const found = new Set([region])
  for (const parent of found) {
    for (const child of all) if (textOrNull(child, 'parent_region_id') === parent.id) found.add(child)
  }
  return [...found]
}

const requireParent = ({ context }: Call, asked: Fields): void => {
  const parentId = asked['parent_region_id']
  if (typeof parentId === 'string') required(context, 'region', parentId)
}

export const regions: ResourceDescription = {
  kind: 'region',
  member: 'region',
  collection: 'regions',
  createSchema: { type: 'object', properties: regionProperties },
  updateSchema: { type: 'object', properties: regionProperties, minProperties: 1 },
  filters: ['parent_region_id'],
  rules: { get: everybody, list: everybody },
  view: (_, region) => ({ parent_region_id: null, ...region, description: region['description'] ?? '' }),
  *create(call, asked) {
    const { context } = call
    const id = typeof asked['id'] === 'string' && asked['id'] !== '' ? asked['id'] : freshId(context)
    if (context.facts.get('region', id) !== null) {
      throw new ApiError(refusals.conflict('region', `Duplicate ID, ${id}.`, context.config.profile))
    }
    requireParent(call, asked)
    const region = {
      parent_region_id: null,
      ...without(asked, 'links'),
      description: asked['description'] ?? '',
      id,
    }
    yield* ask.putDocument('region', region)
    return region
  },
  *update(call, before, asked) {
    requireParent(call, asked)
    const parentId = asked['parent_region_id']
    if (regionTree(call.context, before).some((region) => region.id === parentId)) {
      throw badRequest(
        `The specified parent region ${String(parentId)} would create a circular region hierarchy.`,
      )
    }
    const after: Document = { ...before, ...without(asked, 'links'), id: before.id }
    yield* ask.putDocument('region', after)
    return after
  },
  *remove({ context }, region) {
    const doomed = regionTree(context, region)
    const ids = new Set(doomed.map((each) => each.id))
    const used = context.facts
      .list('endpoint')
      .some((endpoint) => ids.has(textOrNull(endpoint, 'region_id') ?? ''))
    if (used) {
      throw new ApiError(
        refusals.notAllowed(
          `Unable to delete region ${region.id} because it or its child regions have associated endpoints.`,
        ),
      )
    }
    for (const each of [...doomed].reverse()) yield* ask.removeDocument('region', each.id)
  },
}
