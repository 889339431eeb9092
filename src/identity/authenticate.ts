// POST /v3/auth/tokens: proofs of identity and a scope become a token.
// It exists apart from methods and scopes because here is the order of things: prove, grant, issue, store, consume.
import type { Claims } from '../token/claims.js'
import type { Context } from './context.js'
import { authMethods } from './authMethods.js'
import { cachedBody } from './cachedCheck.js'
import { textOrNull } from './documents.js'
import { ApiError, refusals } from './errors.js'
import { hasQuery, replyJson } from './exchange.js'
import type { Reply, Request } from './exchange.js'
import { parseInstant } from './instants.js'
import { freshAuditIds, issueToken } from './issue.js'
import { jsonText, member } from './json.js'
import { isEnough, passedBefore, replyNotEnough, rulesOf } from './multiFactor.js'
import { proofOf } from './proof.js'
import type { AuthMethod, Proof } from './proof.js'
import { ask } from './questions.js'
import type { IdentityCase } from './questions.js'
import { grantScope } from './scopes.js'
import type { Granted } from './scopes.js'
import { tokenBody } from './tokenBody.js'
import { cacheIssued, invalidateRows } from './tokenCache.js'
import type { CachedToken } from './tokenCache.js'
import { namedMethods } from './tokenCheck.js'

/** The object `auth` of a body. @throws ApiError 400 */
const authOf = (request: Request): unknown => {
  if (request.bodyProblem !== undefined) throw new ApiError(refusals.expecting('valid JSON', 'request body'))
  const auth = member(request.json, 'auth')
  if (auth === undefined) throw new ApiError(refusals.expecting('auth', 'request body'))
  return auth
}

interface AskedMethod {
  readonly name: string
  readonly method: AuthMethod
  readonly payload: unknown
}

/** The methods that an identity names, each once. @throws ApiError 400 without what they need, 401 for what is not on */
const methodsAsked = (context: Context, identity: unknown): readonly AskedMethod[] => {
  if (identity === undefined) throw new ApiError(refusals.expecting('identity', 'auth'))
  const given = member(identity, 'methods')
  if (!Array.isArray(given)) throw new ApiError(refusals.expecting('methods', 'identity'))
  const names = [
    ...new Set((given as unknown[]).map((name) => (typeof name === 'string' ? name : jsonText(name)))),
  ]
  const missing = names.find((name) => member(identity, name) === undefined)
  if (missing !== undefined) throw new ApiError(refusals.expecting(missing, 'identity'))
  const { methods } = context.config
  return names.map((name) => {
    const method = methods.includes(name) && Object.hasOwn(authMethods, name) ? authMethods[name] : undefined
    if (method === undefined) throw new ApiError(refusals.unsupportedMethod(methods))
    return { name, method, payload: member(identity, name) }
  })
}

/** Runs each method. All must speak of one user; what one of them found besides holds for all. @throws ApiError 401 */
function* prove(context: Context, asked: readonly AskedMethod[], scope: unknown): IdentityCase<Proof> {
  let all: Proof | null = null
  for (const { method, payload } of asked) {
    const answer = method(context, payload, scope)
    const proof: Proof = 'user' in answer ? answer : yield* answer
    if (all !== null && all.user.id !== proof.user.id) throw new ApiError(refusals.unauthorized())
    all = proofOf(proof.user, {
      parent: proof.parent ?? all?.parent ?? null,
      credential: proof.credential ?? all?.credential ?? null,
      federated: proof.federated ?? all?.federated ?? null,
    })
  }
  if (all === null) throw new ApiError(refusals.unauthorized())
  return all
}

/**
 * The token that this one goes on from: its audit chain and its end. A federated token is exchanged as if its provider
 * had vouched again, with a chain and a life of its own (`handle_scoped_token` in `keystone/auth/plugins/mapped.py`).
 */
const parentOf = (proof: Proof): Claims | null =>
  proof.federated === null ? (proof.parent?.claims ?? null) : null

/**
 * A token made from another ends when that one does; a trust's token ends with the trust at the latest, and so does an
 * application credential's in later releases.
 */
const expiryOf = (context: Context, proof: Proof, granted: Granted, issuedAtSec: number): number => {
  const { expirationSec, profile } = context.config
  const parent = profile.federatedExpiry === 'kept' ? (proof.parent?.claims ?? null) : parentOf(proof)
  const nominal = parent?.expiresAtSec ?? issuedAtSec + expirationSec
  const bound = granted.standing.trust ?? (profile.credentialEndsToken ? proof.credential : null)
  const ends = bound === null ? null : parseInstant(textOrNull(bound, 'expires_at') ?? '')
  return ends === null ? nominal : Math.min(nominal, ends)
}

/** Takes one use from a limited trust, after its token was made, as Keystone does; none left: 403 and no token. */
function* consumeUse(
  context: Context,
  granted: Granted,
  tokenId: string,
  isRow: boolean,
): IdentityCase<void> {
  const { trust } = granted.standing
  if (trust === null || typeof trust['remaining_uses'] !== 'number') return
  const left = yield* ask.consumeTrust(trust.id)
  if (left === null || left >= 0) return
  if (isRow) yield* invalidateRows(context, { id: tokenId })
  throw new ApiError(refusals.noUsesLeft(trust.id))
}

/** POST /v3/auth/tokens. `?nocatalog` leaves the catalog out. */
export function* authenticate(context: Context, request: Request): IdentityCase<Reply> {
  const auth = authOf(request)
  const scope = member(auth, 'scope')
  const asked = methodsAsked(context, member(auth, 'identity'))
  const proof = yield* prove(context, asked, scope)
  const { user, credential, federated } = proof
  const { parent } = proof
  const passed = [...asked.map(({ name }) => name), ...passedBefore(context, request, user)]
  const methods = [...new Set([...(parent?.claims.methods ?? []), ...passed])]
  const named = parent === null ? methods : [...new Set([...namedMethods(context, parent), ...passed])]
  const rules = rulesOf(context, user)
  if (!isEnough(rules, methods)) return replyNotEnough(context, user, methods, rules)
  const granted = grantScope(context, proof, scope)
  const issuedAtSec = Math.floor(context.nowSec)
  const claims: Claims = {
    userId: granted.standing.user.id,
    methods,
    auditIds: freshAuditIds(context, parentOf(proof)?.auditIds),
    issuedAtSec,
    expiresAtSec: expiryOf(context, proof, granted, issuedAtSec),
    scope: granted.scope,
    ...(granted.trust === null ? {} : { trust: granted.trust }),
    ...(credential === null ? {} : { applicationCredentialId: credential.id }),
    // A trust's token says nothing of providers: Keystone's payload for it has no room for them.
    ...(federated === null || granted.trust !== null || credential !== null ? {} : { federated }),
  }
  const options = { catalog: !hasQuery(request.query, 'nocatalog') }
  const { id, row } = issueToken(context, claims, granted.standing, options)
  if (row !== null) yield* ask.insertToken(row)
  const shown = named === methods ? claims : { ...claims, methods: named }
  if (context.config.cache !== null) {
    const body = (): CachedToken =>
      cachedBody(context, id, { claims: shown, standing: granted.standing, ...options })
    yield* cacheIssued(context, { id, body, row })
  }
  yield* consumeUse(context, granted, id, row !== null)
  return replyJson(context, 201, () => tokenBody(context, shown, granted.standing, options), {
    headers: { 'X-Subject-Token': id },
    issued: { id, expiresAtSec: claims.expiresAtSec },
  })
}
