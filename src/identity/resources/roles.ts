// Roles: global ones, which tokens carry, and those of a domain, which they do not.
// Source: `keystone/assignment/controllers.py`, `core.py`.
import { textOrNull } from '../documents.js'
import { textMember } from '../json.js'
import { queryText } from './query.js'
import { ask } from '../questions.js'
import type { IdentityCase } from '../questions.js'
import { freshId } from '../revoke.js'
import type { Document } from '../store.js'
import { removeRole } from './cascade.js'
import { badRequest, required, without } from './description.js'
import type { Call, Fields, ResourceDescription } from './description.js'
import { duplicate, isTaken } from './names.js'
import { shapes } from './schema.js'

const properties = { name: shapes.name, domain_id: shapes.idOrNull }

const requireFree = (call: Call, asked: Fields, domainId: string | null, exceptId?: string): void => {
  const wanted = { name: String(asked['name']), domainId, ...(exceptId === undefined ? {} : { exceptId }) }
  if (isTaken(call.context, 'role', wanted)) throw duplicate(call.context, 'role', asked)
}

function* create(call: Call, asked: Fields): IdentityCase<Document> {
  const domainId = textMember(asked, 'domain_id')
  if (domainId !== null) required(call.context, 'domain', domainId)
  requireFree(call, asked, domainId)
  const role: Document = { ...without(asked, 'links'), id: freshId(call.context), domain_id: domainId }
  yield* ask.putDocument('role', role)
  return role
}

function* update(call: Call, before: Document, asked: Fields): IdentityCase<Document> {
  const domainId = textOrNull(before, 'domain_id')
  if (Object.hasOwn(asked, 'domain_id') && asked['domain_id'] !== domainId) {
    throw badRequest('Update of `domain_id` is not allowed.')
  }
  if (Object.hasOwn(asked, 'name')) requireFree(call, asked, domainId, before.id)
  const after: Document = { ...before, ...without(asked, 'links'), id: before.id }
  yield* ask.putDocument('role', after)
  return after
}

export const roles: ResourceDescription = {
  kind: 'role',
  member: 'role',
  collection: 'roles',
  createSchema: { type: 'object', properties, required: ['name'] },
  updateSchema: { type: 'object', properties, minProperties: 1 },
  filters: ['name', 'domain_id'],
  view: ({ config }, role) => ({
    ...(config.profile.resources.roleDescription ? { description: null } : {}),
    domain_id: null,
    ...role,
  }),
  // Without a domain in the query, only the global ones.
  list: ({ facts }, query) => {
    const all = facts.list('role')
    return queryText(query, 'domain_id') ? all : all.filter((role) => textOrNull(role, 'domain_id') === null)
  },
  create,
  update,
  remove: (call, role) => removeRole(call.context, role),
}
