// Application credentials: a user lets a program log in as them, on one project, with some of their roles.
// The secret is shown once, when it is made; kept is only its hash. Source: `keystone/application_credential/`.
import { base64Url } from '../../token/digest.js'
import type { Context } from '../context.js'
import { textOf, textOrNull, textsOf } from '../documents.js'
import type { ApplicationCredentialDocument } from '../documents.js'
import { ApiError, couldNotFind, refusals } from '../errors.js'
import { replyNothing, replyValue } from '../exchange.js'
import { isoInstant, parseInstant } from '../instants.js'
import { textMember } from '../json.js'
import type { Operations } from '../operations.js'
import { requireAllowed, rolesOfToken } from '../policy.js'
import { ask } from '../questions.js'
import type { IdentityCase } from '../questions.js'
import { freshId } from '../revoke.js'
import type { Document } from '../store.js'
import { memberOfBody } from './body.js'
import { operation } from './collection.js'
import { badRequest, linkTo, ownerOf, replyList } from './description.js'
import type { Call, Fields } from './description.js'
import { absentGrant } from './grants.js'
import { duplicate } from './names.js'
import { filtered } from './query.js'
import { roles } from './roles.js'
import { requireValid, shapes } from './schema.js'
import type { Schema } from './schema.js'

const createSchema: Schema = {
  type: 'object',
  properties: {
    name: shapes.name,
    description: shapes.textOrNull,
    secret: shapes.textOrNull,
    expires_at: shapes.textOrNull,
    roles: {
      type: 'array',
      items: {
        type: 'object',
        properties: { id: shapes.id, name: shapes.name },
        minProperties: 1,
        maxProperties: 1,
        additionalProperties: false,
      },
    },
    unrestricted: shapes.boolean,
  },
  required: ['name'],
}

const secretBytes = 64

/** What was not said stays open: Keystone keeps and shows null, and reads it as no. */
const booleanOrNull = (value: unknown): boolean | null => (typeof value === 'boolean' ? value : null)

const view = (context: Context, credential: Document): Fields => ({
  id: credential.id,
  name: textOf(credential, 'name'),
  description: textOrNull(credential, 'description'),
  project_id: textOrNull(credential, 'project_id'),
  expires_at: textOrNull(credential, 'expires_at'),
  unrestricted: booleanOrNull(credential['unrestricted']),
  roles: textsOf(credential, 'role_ids').flatMap((id) => {
    const role = context.facts.get('role', id)
    return role === null ? [] : [roles.view(context, role)]
  }),
  links: {
    self: linkTo(context, `users/${textOf(credential, 'user_id')}/application_credentials/${credential.id}`),
  },
})

/** @throws ApiError 403 for the token of a restricted application credential */
const requireUnrestricted = ({ context, caller }: Call): void => {
  const id = caller.claims.applicationCredentialId
  if (id === undefined || context.facts.get('application_credential', id)?.['unrestricted'] === true) return
  const action =
    "Using method 'application_credential' is not allowed for managing additional application credentials."
  throw new ApiError(refusals.forbiddenAction(action, context.config.profile))
}

/** An instant as it is kept: without its zone. @throws ApiError 400 */
const expiryOf = (context: Context, asked: Fields): string | null => {
  const given = textMember(asked, 'expires_at')
  if (given === null || given === '') return null
  const malformed =
    'The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.'
  const sec = parseInstant(given)
  if (sec === null) throw badRequest(`Timestamp not in expected format. ${malformed}`)
  if (sec <= context.nowSec) throw badRequest(`The 'expires_at' must not be before now. ${malformed}`)
  return isoInstant(sec).slice(0, -1)
}

/** The id of a role that a body names by id or by name. @throws ApiError 404 */
const roleIdOf = (context: Context, reference: unknown): string => {
  const id = textMember(reference, 'id')
  if (id !== null) return id
  const name = textMember(reference, 'name') ?? ''
  const [role] = context.facts.find('role', 'name', name)
  if (role === undefined) throw new ApiError(refusals.absent(`Role ${name} is not defined`))
  return role.id
}

/** The roles that a body asks for, else the token's. @throws ApiError 404, or 400 for one that the user has not */
const roleIdsOf = (call: Call, asked: Fields, projectId: string): readonly string[] => {
  const { context, caller } = call
  const given = asked['roles']
  const ids = Array.isArray(given)
    ? given.map((reference: unknown) => roleIdOf(context, reference))
    : (rolesOfToken(context, caller)?.ids ?? [])
  const { userId } = caller.claims
  const held = context.derived.rolesOn(userId, projectId).ids
  const missing = ids.find((id) => !held.includes(id))
  if (missing === undefined) return [...new Set(ids)]
  const absent = absentGrant(context, { roleId: missing, actorId: userId, targetId: projectId })
  throw badRequest(`Invalid application credential: ${absent.message}`)
}

/** Makes one for the caller. @throws ApiError 400, 403, 404, 409 */
function* create(call: Call, userId: string): IdentityCase<readonly [Document, string]> {
  const { context, caller, request } = call
  const body = memberOfBody(request, 'application_credential', 'create_application_credential')
  requireValid(createSchema, body)
  const asked = body as Fields
  requireUnrestricted(call)
  if (caller.claims.userId !== userId) {
    const action = 'Cannot create an application credential for another user'
    throw new ApiError(refusals.forbiddenAction(action, context.config.profile))
  }
  const { scope } = caller.claims
  if (scope.kind !== 'project' && scope.kind !== 'trust') {
    throw new ApiError(refusals.expecting('project', 'scope of the token'))
  }
  const name = textMember(asked, 'name') ?? ''
  const roleIds = roleIdsOf(call, asked, scope.projectId)
  const expiresAt = expiryOf(context, asked)
  const same = context.facts.find('application_credential', 'user_id', userId)
  if (same.some((other) => textOf(other, 'name') === name)) {
    throw duplicate(context, 'application_credential', { name })
  }
  const given = textMember(asked, 'secret')
  const secret = given === null || given === '' ? base64Url(context.random(secretBytes)) : given
  const credential: ApplicationCredentialDocument = {
    id: freshId(context),
    name,
    description: textMember(asked, 'description'),
    user_id: userId,
    project_id: scope.projectId,
    secret_hash: yield* ask.hashPassword(secret),
    role_ids: roleIds,
    expires_at: expiresAt,
    unrestricted: booleanOrNull(asked['unrestricted']),
  }
  yield* ask.putDocument('application_credential', credential)
  return [credential, secret]
}

/** GET and POST /v3/users/{id}/application_credentials */
export const applicationCredentialsOf = (userId: string): Operations => ({
  GET: operation((call) => {
    const { context, request } = call
    requireAllowed(context, ownerOf(userId)(call, null), 'list_application_credentials')
    const shown = context.facts
      .find('application_credential', 'user_id', userId)
      .map((credential) => view(context, credential))
    return replyList(call, 'application_credentials', filtered(shown, request.query, ['name']))
  }),
  POST: operation(function* (call) {
    const { context } = call
    requireAllowed(context, ownerOf(userId)(call, null), 'create_application_credential')
    const [credential, secret] = yield* create(call, userId)
    const shown = { ...view(context, credential), secret }
    return replyValue(context, 201, { application_credential: shown })
  }),
})

/** GET and DELETE /v3/users/{id}/application_credentials/{id}: of this user, not of any other. */
export const applicationCredential = (userId: string, id: string): Operations => {
  const allowed = (call: Call, verb: 'get' | 'delete'): Document => {
    const { context } = call
    requireAllowed(context, ownerOf(userId)(call, null), `${verb}_application_credential`)
    if (verb === 'delete') requireUnrestricted(call)
    const credential = context.facts.get('application_credential', id)
    if (credential === null || textOf(credential, 'user_id') !== userId) {
      throw new ApiError(refusals.absent(couldNotFind('Application Credential', id, context.config.profile)))
    }
    return credential
  }
  return {
    GET: operation((call) => {
      const credential = allowed(call, 'get')
      return replyValue(call.context, 200, { application_credential: view(call.context, credential) })
    }),
    DELETE: operation(function* (call) {
      const credential = allowed(call, 'delete')
      yield* ask.removeDocument('application_credential', credential.id)
      return replyNothing(call.context)
    }),
  }
}
