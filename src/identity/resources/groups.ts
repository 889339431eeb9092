// Groups, and who is in them. Leaving a group ends all of one's tokens, as Keystone has it.
// Source: `keystone/identity/core.py`.
import type { Context } from '../context.js'
import { membershipId, membershipOf, textOf } from '../documents.js'
import { ApiError, refusals } from '../errors.js'
import { replyNothing } from '../exchange.js'
import type { Reply } from '../exchange.js'
import type { Operations } from '../operations.js'
import { requireAllowed } from '../policy.js'
import { ask } from '../questions.js'
import type { IdentityCase } from '../questions.js'
import { freshId } from '../revoke.js'
import type { Document } from '../store.js'
import { leaveGroup, removeGroup } from './cascade.js'
import { operation } from './collection.js'
import { admins, ownerOf, replyList, required, shownAs, without } from './description.js'
import type { Call, Fields, ResourceDescription } from './description.js'
import { groupIdsOf, memberIdsOf } from './effective.js'
import { cleanName, duplicate, isTaken, newDomainId, requireSameDomain } from './names.js'
import { filtered } from './query.js'
import { shapes } from './schema.js'
import { users } from './users.js'

const properties = { description: shapes.textOrNull, domain_id: shapes.id, name: shapes.anyName }

const requireFree = (context: Context, asked: Fields, name: string, domainId: string, exceptId?: string) => {
  const wanted = { name, domainId, ...(exceptId === undefined ? {} : { exceptId }) }
  if (isTaken(context, 'group', wanted)) throw duplicate(context, 'group', { ...asked, name })
}

function* create(call: Call, asked: Fields): IdentityCase<Document> {
  const { context } = call
  const domainId = newDomainId(call, asked)
  const name = cleanName('Group', asked['name'], 64)
  requireFree(context, { ...asked, domain_id: domainId }, name, domainId)
  const group = {
    description: '',
    ...without(asked, 'links'),
    id: freshId(context),
    name,
    domain_id: domainId,
  }
  yield* ask.putDocument('group', group)
  return group
}

function* update(call: Call, before: Document, asked: Fields): IdentityCase<Document> {
  requireSameDomain(before, asked)
  const changes = { ...without(asked, 'links') }
  if (Object.hasOwn(changes, 'name')) {
    const name = cleanName('Group', changes['name'], 64)
    requireFree(call.context, asked, name, textOf(before, 'domain_id'), before.id)
    changes['name'] = name
  }
  const after: Document = { ...before, ...changes, id: before.id }
  yield* ask.putDocument('group', after)
  return after
}

export const groups: ResourceDescription = {
  kind: 'group',
  member: 'group',
  collection: 'groups',
  createSchema: { type: 'object', properties, required: ['name'] },
  updateSchema: { type: 'object', properties, minProperties: 1 },
  filters: ['domain_id', 'name'],
  view: (_, group) => ({ description: '', ...group }),
  create,
  update,
  remove: (call, group) => removeGroup(call.context, group),
}

const documentsOf = (context: Context, kind: 'user' | 'group', ids: readonly string[]): readonly Document[] =>
  ids.map((id) => context.facts.get(kind, id)).filter((document) => document !== null)

/** GET /v3/groups/{id}/users */
export const membersOf = (groupId: string): Operations => ({
  GET: operation((call) => {
    const { context, request } = call
    required(context, 'group', groupId)
    requireAllowed(context, admins(call, null), 'list_users_in_group')
    const members = documentsOf(context, 'user', memberIdsOf(context.facts, groupId))
    const shown = members.map((user) => shownAs(users, context, user))
    return replyList(
      call,
      'users',
      filtered(shown, request.query, ['domain_id', 'enabled', 'name', 'password_expires_at']),
    )
  }),
})

/** GET /v3/users/{id}/groups */
export const groupsOf = (userId: string): Operations => ({
  GET: operation((call) => {
    const { context, request } = call
    required(context, 'user', userId)
    requireAllowed(context, ownerOf(userId)(call, null), 'list_groups_for_user')
    const found = documentsOf(context, 'group', groupIdsOf(context.facts, userId))
    const shown = found.map((group) => shownAs(groups, context, group))
    return replyList(call, 'groups', filtered(shown, request.query, ['name']))
  }),
})

/** PUT, HEAD, GET and DELETE /v3/groups/{id}/users/{id} */
export const membership = (groupId: string, userId: string): Operations => {
  const guarded = (
    action: string,
    run: (context: Context, found: Document | null) => Reply | IdentityCase<Reply>,
  ) =>
    operation((call) => {
      const { context } = call
      required(context, 'user', userId)
      required(context, 'group', groupId)
      requireAllowed(context, admins(call, null), action)
      return run(context, context.facts.get('membership', membershipId(userId, groupId)))
    })
  const absent = (): ApiError =>
    new ApiError(refusals.absent(`User '${userId}' not found in group '${groupId}'`))
  return {
    PUT: guarded('add_user_to_group', function* (context) {
      yield* ask.putDocument('membership', membershipOf(userId, groupId))
      return replyNothing(context)
    }),
    GET: guarded('check_user_in_group', (context, found) => {
      if (found === null) throw absent()
      return replyNothing(context)
    }),
    DELETE: guarded('remove_user_from_group', function* (context, found) {
      if (found === null) throw absent()
      yield* leaveGroup(context, found)
      return replyNothing(context)
    }),
  }
}
