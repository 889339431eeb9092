// Create, list, show, update and delete of any resource, from its description.
// The order is Keystone's: is it there (404), may you (403), is the body right (400), is the name free (409).
import { ApiError, refusals } from '../errors.js'
import { replyNothing, replyValue } from '../exchange.js'
import type { Reply } from '../exchange.js'
import { withCaller } from '../operations.js'
import type { CallersOperation, Operations } from '../operations.js'
import { requireAllowed } from '../policy.js'
import type { IdentityCase } from '../questions.js'
import type { Document } from '../store.js'
import { memberOfBody } from './body.js'
import { admins, replyList, shownAs } from './description.js'
import type { Call, Fields, ResourceDescription } from './description.js'
import { filtered } from './query.js'
import { requireValid } from './schema.js'

/** An operation that is given its call as one object. */
export const operation = (run: (call: Call) => Reply | IdentityCase<Reply>) => {
  const callers: CallersOperation = (context, request, caller) => run({ context, request, caller })
  return withCaller(callers)
}

const found = (description: ResourceDescription, { context }: Call, id: string): Document => {
  const document = description.find?.(context, id) ?? context.facts.get(description.kind, id)
  if (document === null) {
    throw new ApiError(refusals.notFound(description.member, id, context.config.profile))
  }
  return document
}

const shownList = (description: ResourceDescription, call: Call): readonly Fields[] => {
  const { context, request } = call
  const documents = description.list?.(context, request.query) ?? context.facts.list(description.kind)
  return filtered(
    documents.map((document) => shownAs(description, context, document)),
    request.query,
    description.filters,
  )
}

/**
 * Makes one of the request's body, whoever asks.
 * @param given what the path says already, such as the id of a region
 * @throws ApiError 400, 404, 409
 */
export function* createFrom(
  description: ResourceDescription,
  call: Call,
  given: Fields = {},
): IdentityCase<Reply> {
  const { member } = description
  const body = memberOfBody(call.request, member, `create_${member}`)
  requireValid(description.createSchema, body)
  const document = yield* description.create(call, { ...(body as Fields), ...given })
  return replyValue(call.context, 201, { [member]: shownAs(description, call.context, document) })
}

/** The operations on all of a resource. */
export const collectionOf = (description: ResourceDescription): Operations => {
  const { member, collection, rules = {} } = description
  return {
    GET: operation((call) => {
      requireAllowed(call.context, (rules.list ?? admins)(call, null), `list_${collection}`)
      return replyList(call, collection, shownList(description, call))
    }),
    POST: operation((call) => {
      requireAllowed(call.context, (rules.create ?? admins)(call, null), `create_${member}`)
      return createFrom(description, call)
    }),
  }
}

/** The operations on one of a resource. */
export const memberOf = (description: ResourceDescription, id: string): Operations => {
  const { member, rules = {} } = description
  const allowed = (call: Call, verb: 'get' | 'update' | 'delete'): Document => {
    const document = found(description, call, id)
    requireAllowed(call.context, (rules[verb] ?? admins)(call, document), `${verb}_${member}`)
    return document
  }
  return {
    GET: operation((call) => {
      const document = allowed(call, 'get')
      const expanded = description.expand?.(call, document) ?? {}
      return replyValue(call.context, 200, {
        [member]: { ...shownAs(description, call.context, document), ...expanded },
      })
    }),
    PATCH: operation(function* (call) {
      const before = allowed(call, 'update')
      const body = memberOfBody(call.request, member, `update_${member}`)
      requireValid(description.updateSchema, body)
      const asked = body as Fields
      if (Object.hasOwn(asked, 'id') && asked['id'] !== id) {
        throw new ApiError(refusals.invalid('Cannot change ID'))
      }
      const after = yield* description.update(call, before, asked)
      return replyValue(call.context, 200, { [member]: shownAs(description, call.context, after) })
    }),
    DELETE: operation(function* (call) {
      const document = allowed(call, 'delete')
      yield* description.remove(call, document)
      return replyNothing(call.context)
    }),
  }
}
