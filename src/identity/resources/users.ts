// Users: made and changed by admins; their passwords are hashed by whoever drives, and never shown.
// Source: `keystone/identity/core.py`, `backends/resource_options.py`.
import type { Context } from '../context.js'
import { isEnabled, textOf, textOrNull } from '../documents.js'
import { isLive } from '../derived.js'
import { ApiError, refusals } from '../errors.js'
import { replyNothing, replyRefusal } from '../exchange.js'
import { isObject, textMember } from '../json.js'
import type { Operations } from '../operations.js'
import { callerOf } from '../policy.js'
import { ask } from '../questions.js'
import type { IdentityCase } from '../questions.js'
import { freshId, revokeUser } from '../revoke.js'
import { refusalOf } from '../tokenCheck.js'
import type { Document } from '../store.js'
import { memberOfBody } from './body.js'
import { removeUser } from './cascade.js'
import { badRequest, ownerOf, without } from './description.js'
import type { Call, Fields, ResourceDescription } from './description.js'
import { cleanName, duplicate, isTaken, newDomainId, requireSameDomain } from './names.js'
import { shapes } from './schema.js'
import type { Schema } from './schema.js'

const switchOrNull: Schema = { type: ['boolean', 'null'] }

/** Options of a user. Null takes one away. */
const optionsShape: Schema = {
  type: 'object',
  properties: {
    ignore_change_password_upon_first_use: switchOrNull,
    ignore_password_expiry: switchOrNull,
    ignore_lockout_failure_attempts: switchOrNull,
    multi_factor_auth_rules: {
      type: ['array', 'null'],
      items: { type: 'array', items: shapes.text, minItems: 1, uniqueItems: true },
      uniqueItems: true,
    },
    multi_factor_auth_enabled: switchOrNull,
  },
  additionalProperties: false,
}

const properties: Readonly<Record<string, Schema>> = {
  default_project_id: shapes.idOrNull,
  description: shapes.textOrNull,
  domain_id: shapes.id,
  enabled: shapes.boolean,
  name: shapes.anyName,
  password: shapes.textOrNull,
  options: optionsShape,
}

/** What no body may set, and no reply shows. */
const secret = ['password', 'password_hash', 'original_password', 'password_expires_at'] as const
/** Left over from version 2 of the API: dropped on the way out (`filter_user`). */
const dropped = ['tenants', 'groups', 'domains', 'links'] as const

const view = (context: Context, user: Document): Fields => {
  const { userOptions, userPasswordExpiry } = context.config.profile.resources
  const { default_project_id: defaultProjectId, options, ...rest } = without(user, ...secret, ...dropped)
  return {
    ...rest,
    ...(typeof defaultProjectId === 'string' ? { default_project_id: defaultProjectId } : {}),
    enabled: isEnabled(user),
    ...(userOptions ? { options: options ?? {} } : {}),
    ...(userPasswordExpiry ? { password_expires_at: textOrNull(user, 'password_expires_at') } : {}),
  }
}

/** @throws ApiError 400 for a default project that is a domain; one that does not exist is let through */
const requireNoDomain = (context: Context, asked: Fields): void => {
  const id = asked['default_project_id']
  if (typeof id === 'string' && context.facts.get('domain', id) !== null) {
    throw badRequest(`User's default project ID cannot be a domain ID: ${id}`)
  }
}

const requireFree = (context: Context, asked: Fields, name: string, domainId: string, exceptId?: string) => {
  const wanted = { name, domainId, ...(exceptId === undefined ? {} : { exceptId }) }
  if (isTaken(context, 'user', wanted)) throw duplicate(context, 'user', { ...asked, name })
}

/** The hash of the password that a body sets, null for none; undefined: it leaves the password alone. */
function* hashOf(asked: Fields): IdentityCase<string | null | undefined> {
  const password = asked['password']
  if (typeof password === 'string') return yield* ask.hashPassword(password)
  return password === null ? null : undefined
}

/** Options after a change: those that a body names replace, those that it sets to null go. */
const mergedOptions = (before: unknown, asked: unknown): Fields =>
  Object.fromEntries(
    Object.entries({ ...(isObject(before) ? before : {}), ...(isObject(asked) ? asked : {}) }).filter(
      ([, value]) => value !== null,
    ),
  )

function* create(call: Call, asked: Fields): IdentityCase<Document> {
  const { context } = call
  const name = cleanName('User', asked['name'], 255)
  const domainId = newDomainId(call, asked)
  requireNoDomain(context, asked)
  requireFree(context, { ...asked, domain_id: domainId }, name, domainId)
  const user: Document = {
    enabled: true,
    ...without(asked, ...secret, ...dropped),
    id: freshId(context),
    name,
    domain_id: domainId,
    options: mergedOptions({}, asked['options']),
    password_hash: (yield* hashOf(asked)) ?? null,
    password_expires_at: null,
  }
  yield* ask.putDocument('user', user)
  return user
}

function* update(call: Call, before: Document, asked: Fields): IdentityCase<Document> {
  const { context } = call
  requireSameDomain(before, asked)
  requireNoDomain(context, asked)
  const changes: Record<string, unknown> = { ...without(asked, ...secret, ...dropped) }
  if (Object.hasOwn(changes, 'name')) {
    const name = cleanName('User', changes['name'], 255)
    requireFree(context, asked, name, textOf(before, 'domain_id'), before.id)
    changes['name'] = name
  }
  const hash = yield* hashOf(asked)
  const after: Document = {
    ...before,
    ...changes,
    id: before.id,
    options: mergedOptions(before['options'], asked['options']),
    ...(hash === undefined ? {} : { password_hash: hash }),
  }
  yield* ask.putDocument('user', after)
  const disabled = isEnabled(before) && !isEnabled(after)
  if (disabled || typeof hash === 'string') yield* revokeUser(context, before.id)
  return after
}

export const users: ResourceDescription = {
  kind: 'user',
  member: 'user',
  collection: 'users',
  createSchema: { type: 'object', properties, required: ['name'] },
  updateSchema: { type: 'object', properties, minProperties: 1 },
  filters: ['domain_id', 'enabled', 'name', 'password_expires_at'],
  rules: { get: (call, user) => ownerOf(user?.id ?? '')(call, user) },
  view,
  create,
  update,
  remove: (call, user) => removeUser(call.context, user),
}

/**
 * POST /v3/users/{id}/password: whoever knows the old password may change it, even without a token; a token that is
 * sent must be good all the same. Ends all tokens of the user.
 */
export const passwordOf = (id: string): Operations => ({
  *POST(context, request) {
    const caller = yield* callerOf(context, request)
    if (caller !== null && !caller.good) {
      return replyRefusal(context, refusalOf(caller, 'auth'), { refused: 'auth' })
    }
    const asked = memberOfBody(request, 'user', 'change_password')
    const original = textMember(asked, 'original_password')
    if (original === null) throw new ApiError(refusals.expecting('original_password', 'user'))
    const password = textMember(asked, 'password')
    if (password === null) throw new ApiError(refusals.expecting('password', 'user'))
    const user = context.facts.get('user', id)
    const hash = user === null ? null : textOrNull(user, 'password_hash')
    if (user === null || hash === null || !isLive(context.facts, user)) {
      throw new ApiError(refusals.unauthorized())
    }
    if (!(yield* ask.verifyPassword(original, hash))) throw new ApiError(refusals.unauthorized())
    yield* ask.putDocument('user', { ...user, password_hash: yield* ask.hashPassword(password) })
    yield* revokeUser(context, id)
    return replyNothing(context)
  },
})
