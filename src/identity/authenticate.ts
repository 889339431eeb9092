// POST /v3/auth/tokens: proofs of identity and a scope become a token.
// It exists apart from methods and scopes because here is the order of things: prove, grant, issue, store, consume.
import type { Claims } from '../token/claims.js'
import type { Context } from './context.js'
import { authMethods } from './authMethods.js'
import type { Proof } from './authMethods.js'
import { isLive } from './derived.js'
import { textOrNull } from './documents.js'
import { ApiError, refusals } from './errors.js'
import { hasQuery, replyJson } from './exchange.js'
import type { Reply, Request } from './exchange.js'
import { parseInstant } from './instants.js'
import { freshAuditIds, issueToken } from './issue.js'
import { member } from './json.js'
import { ask } from './questions.js'
import type { IdentityCase } from './questions.js'
import { grantScope } from './scopes.js'
import type { Granted } from './scopes.js'
import { tokenBody } from './tokenBody.js'

/** The object `auth` of a body. @throws ApiError 400 */
const authOf = (request: Request): unknown => {
  if (request.bodyProblem !== undefined) throw new ApiError(refusals.expecting('valid JSON', 'request body'))
  const auth = member(request.json, 'auth')
  if (auth === undefined) throw new ApiError(refusals.expecting('auth', 'request body'))
  return auth
}

/** Runs each method that the identity names. All must speak of one user. */
function* prove(context: Context, identity: unknown): IdentityCase<{ proof: Proof; methods: string[] }> {
  if (identity === undefined) throw new ApiError(refusals.expecting('identity', 'auth'))
  const methods = member(identity, 'methods')
  if (!Array.isArray(methods)) throw new ApiError(refusals.expecting('methods', 'identity'))
  const proofs: Proof[] = []
  const names: string[] = []
  for (const name of new Set(methods as unknown[])) {
    const method =
      typeof name === 'string' && Object.hasOwn(authMethods, name) ? authMethods[name] : undefined
    if (method === undefined || typeof name !== 'string') throw new ApiError(refusals.unsupportedMethod())
    const payload = member(identity, name)
    if (payload === undefined) throw new ApiError(refusals.expecting(name, 'identity'))
    proofs.push(yield* method(context, payload))
    names.push(name)
  }
  const [first] = proofs
  if (first === undefined || proofs.some((proof) => proof.userId !== first.userId)) {
    throw new ApiError(refusals.unauthorized())
  }
  return { proof: proofs.find((proof) => proof.parent !== null) ?? first, methods: names }
}

/** The methods of a token: those of the token it was made from, then its own, each once. */
const methodsOf = (proof: Proof, names: readonly string[]): string[] => [
  ...new Set([...(proof.parent?.claims.methods ?? []), ...names]),
]

/** A token made from another ends when that one does; a trust's token ends with the trust at the latest. */
const expiryOf = (context: Context, proof: Proof, granted: Granted, issuedAtSec: number): number => {
  const nominal = proof.parent?.claims.expiresAtSec ?? issuedAtSec + context.config.expirationSec
  const trust = granted.standing.trust
  const ends = trust === null ? null : parseInstant(textOrNull(trust, 'expires_at') ?? '')
  return ends === null ? nominal : Math.min(nominal, ends)
}

/** Takes one use from a limited trust, after its token was made, as Keystone does; none left: 403 and no token. */
function* consumeUse(granted: Granted, tokenId: string, isRow: boolean): IdentityCase<void> {
  const { trust } = granted.standing
  if (trust === null || typeof trust['remaining_uses'] !== 'number') return
  const left = yield* ask.consumeTrust(trust.id)
  if (left === null || left >= 0) return
  if (isRow) yield* ask.invalidateTokens({ id: tokenId })
  throw new ApiError(refusals.noUsesLeft(trust.id))
}

/** POST /v3/auth/tokens. `?nocatalog` leaves the catalog out. */
export function* authenticate(context: Context, request: Request): IdentityCase<Reply> {
  const auth = authOf(request)
  const { proof, methods } = yield* prove(context, member(auth, 'identity'))
  const user = context.facts.get('user', proof.userId)
  if (user === null || !isLive(context.facts, user)) throw new ApiError(refusals.unauthorized('user-gone'))
  const granted = grantScope(context, user, member(auth, 'scope'))
  const issuedAtSec = Math.floor(context.nowSec)
  const claims: Claims = {
    userId: granted.standing.user.id,
    methods: methodsOf(proof, methods),
    auditIds: freshAuditIds(context, proof.parent?.claims.auditIds),
    issuedAtSec,
    expiresAtSec: expiryOf(context, proof, granted, issuedAtSec),
    scope: granted.scope,
    ...(granted.trust === null ? {} : { trust: granted.trust }),
  }
  const options = { catalog: !hasQuery(request.query, 'nocatalog') }
  const { id, row } = issueToken(context, claims, granted.standing, options)
  if (row !== null) yield* ask.insertToken(row)
  yield* consumeUse(granted, id, row !== null)
  return replyJson(context, 201, () => tokenBody(context, claims, granted.standing, options), {
    headers: { 'X-Subject-Token': id },
    issued: { id, expiresAtSec: claims.expiresAtSec },
  })
}
