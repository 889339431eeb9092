// Roles that imply others: the rules below `/v3/roles/{id}/implies`, and the list of all of them.
// Source: `keystone/assignment/controllers.py` (`ImpliedRolesV3`), `core.py`; in every release since Mitaka.
import type { Context } from '../context.js'
import { impliedRoleOf, textOf, textOrNull } from '../documents.js'
import { ApiError, refusals } from '../errors.js'
import { replyNothing, replyValue } from '../exchange.js'
import type { Reply } from '../exchange.js'
import type { Operations } from '../operations.js'
import { requireAllowed } from '../policy.js'
import { ask } from '../questions.js'
import type { Document } from '../store.js'
import { operation } from './collection.js'
import { admins, linkTo, required } from './description.js'
import type { Call, Fields } from './description.js'

/** `[assignment] prohibited_implied_role`. */
const neverImplied = ['admin']

const shown = (context: Context, role: Document): Fields => ({
  id: role.id,
  links: { self: linkTo(context, `roles/${role.id}`) },
  name: textOf(role, 'name'),
})

/** What a role implies at once, not through others. */
const impliedBy = (context: Context, priorId: string): readonly Fields[] =>
  context.facts
    .find('implied_role', 'prior_role_id', priorId)
    .map((rule) => shown(context, required(context, 'role', textOf(rule, 'implied_role_id'))))

/** GET …/implies */
export const impliedRolesOf = (priorId: string): Operations => ({
  GET: operation((call) => {
    const { context } = call
    requireAllowed(context, admins(call, null), 'list_implied_roles')
    const prior = required(context, 'role', priorId)
    return replyValue(context, 200, {
      role_inference: { prior_role: shown(context, prior), implies: impliedBy(context, priorId) },
      links: { self: linkTo(context, `roles/${priorId}/implies`) },
    })
  }),
})

/** PUT, GET, HEAD and DELETE …/implies/{id} */
export const impliedRole = (priorId: string, impliedId: string): Operations => {
  const rule = impliedRoleOf(priorId, impliedId)
  const prepare = (call: Call, verb: 'create' | 'get' | 'check' | 'delete'): Context => {
    const { context } = call
    requireAllowed(context, admins(call, null), `${verb}_implied_role`)
    if (verb !== 'create' && context.facts.get('implied_role', rule.id) === null) {
      throw new ApiError(refusals.notImplied(priorId, impliedId, context.config.profile))
    }
    return context
  }
  const reply = (context: Context, status: 200 | 201): Reply => {
    const prior = shown(context, required(context, 'role', priorId))
    const implied = shown(context, required(context, 'role', impliedId))
    return replyValue(context, status, {
      role_inference: { prior_role: prior, implies: implied },
      links: { self: linkTo(context, `roles/${priorId}/implies/${impliedId}`) },
    })
  }
  return {
    PUT: operation(function* (call) {
      const context = prepare(call, 'create')
      const implied = required(context, 'role', impliedId)
      const prior = required(context, 'role', priorId)
      const ofDomain = textOrNull(prior, 'domain_id') === null && textOrNull(implied, 'domain_id') !== null
      if (ofDomain || neverImplied.includes(textOf(implied, 'name'))) {
        throw new ApiError(refusals.notToBeImplied(impliedId, context.config.profile))
      }
      if (context.facts.get('implied_role', rule.id) !== null) {
        const { profile } = context.config
        const details = profile.resources.namesDuplicates ? 'Duplicate entry' : 'Duplicate Entry'
        throw new ApiError(refusals.conflict('implied_role', details, profile))
      }
      yield* ask.putDocument('implied_role', rule)
      return reply(context, 201)
    }),
    GET: operation((call) => reply(prepare(call, 'get'), 200)),
    HEAD: operation((call) => replyNothing(prepare(call, 'check'))),
    DELETE: operation(function* (call) {
      const context = prepare(call, 'delete')
      yield* ask.removeDocument('implied_role', rule.id)
      return replyNothing(context)
    }),
  }
}

/** GET /v3/role_inferences: all rules, those of one role together. */
export const roleInferences: Operations = {
  GET: operation((call) => {
    const { context } = call
    requireAllowed(context, admins(call, null), 'list_role_inference_rules')
    const priorIds = new Set(context.facts.list('implied_role').map((rule) => textOf(rule, 'prior_role_id')))
    return replyValue(context, 200, {
      role_inferences: [...priorIds].map((id) => ({
        prior_role: shown(context, required(context, 'role', id)),
        implies: impliedBy(context, id),
      })),
    })
  }),
}
