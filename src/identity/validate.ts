// GET, HEAD and DELETE /v3/auth/tokens: one token asks about another.
// The order is Keystone's: X-Auth-Token first, so that its 401 wins; then the subject; then whether one may ask.
import type { Context } from './context.js'
import { textOf } from './documents.js'
import { ApiError, refusals } from './errors.js'
import { hasQuery, isQueryTrue, replyJson, replyNothing, replyRefusal } from './exchange.js'
import type { Reply, Request } from './exchange.js'
import { withoutCatalog } from './extra.js'
import { callerOf, isAdmin, isService, isSystemReader, requireAllowed } from './policy.js'
import type { IdentityCase } from './questions.js'
import { revokeToken } from './revoke.js'
import { checkToken, namedMethods, refusalOf, strictly } from './tokenCheck.js'
import type { CheckOptions, GoodToken } from './tokenCheck.js'
import { tokenBody } from './tokenBody.js'

/** Both tokens of a request, good; or the reply to the first that is not. */
interface Pair {
  readonly caller: GoodToken
  readonly subject: GoodToken
}

function* checkPair(context: Context, request: Request, options: CheckOptions): IdentityCase<Pair | Reply> {
  const caller = yield* callerOf(context, request)
  if (caller === null) return replyRefusal(context, refusals.unauthorized())
  if (!caller.good) return replyRefusal(context, refusalOf(caller, 'auth'), { refused: 'auth' })
  const subjectId = request.header('x-subject-token')
  if (subjectId === undefined || subjectId === '') return replyRefusal(context, refusals.noSubject())
  // Most who ask about themselves send one token twice; Keystone opens it twice, the answer is the same.
  const subject =
    subjectId === caller.id && options.allowExpiredSec === 0 && context.config.cache === null
      ? caller
      : yield* checkToken(context, subjectId, options)
  if (!subject.good) {
    return replyRefusal(context, refusalOf(subject, 'subject'), {
      refused: 'subject',
      seenFormat: subject.format,
    })
  }
  return { caller, subject }
}

/**
 * `rule:token_subject`. Where a payload always names the trustee, the subject is the trustee's and the caller who
 * they act as, so that a token with which somebody impersonates is not its own (measured z).
 */
const isOwn = (context: Context, caller: GoodToken, subject: GoodToken): boolean => {
  const trust = context.config.profile.trustPayloadUser === 'trustee' ? subject.standing?.trust : null
  const subjectUserId = trust ? textOf(trust, 'trustee_user_id') : subject.claims.userId
  return caller.claims.userId === subjectUserId
}

/** What the answer to a good subject says. */
const bodyOf = (context: Context, token: GoodToken, options: { readonly catalog: boolean }): string => {
  const { standing, extra } = token
  if (standing !== null) {
    const methods = namedMethods(context, token)
    const claims = methods === token.claims.methods ? token.claims : { ...token.claims, methods }
    return tokenBody(context, claims, standing, { ...options, system: !token.hidesSystem })
  }
  if (extra === null) throw new ApiError(refusals.unexpected())
  return `{"token": ${options.catalog ? extra.tokenText : withoutCatalog(extra.tokenText)}}`
}

/**
 * GET or HEAD /v3/auth/tokens. GET is for services and admins, HEAD for admins, both for a token's own user
 * (`identity:validate_token` and `check_token` in `etc/policy.json`, `keystone/common/policies/token.py`).
 * `?allow_expired` (since Ocata) takes a subject that expired within the window, for whoever may ask at all.
 */
export function* validate(context: Context, request: Request): IdentityCase<Reply> {
  const { config } = context
  const late = config.allowExpiredWindowSec > 0 && isQueryTrue(request.query, 'allow_expired')
  const pair = yield* checkPair(context, request, {
    allowExpiredSec: late ? config.allowExpiredWindowSec : 0,
    callers: false,
    subject: true,
  })
  if (!('subject' in pair)) return pair
  const { caller, subject } = pair
  const head = request.method === 'HEAD'
  requireAllowed(
    context,
    isOwn(context, caller, subject) ||
      (head ? isAdmin(context, caller) : isService(context, caller)) ||
      isSystemReader(context, caller),
    head ? 'check_token' : 'validate_token',
  )
  const options = { catalog: !hasQuery(request.query, 'nocatalog') }
  return replyJson(context, 200, () => bodyOf(context, subject, options), {
    headers: { 'X-Subject-Token': subject.id },
    seenFormat: subject.format,
  })
}

/** DELETE /v3/auth/tokens. */
export function* revoke(context: Context, request: Request): IdentityCase<Reply> {
  const pair = yield* checkPair(context, request, strictly)
  if (!('subject' in pair)) return pair
  const { caller, subject } = pair
  requireAllowed(context, isOwn(context, caller, subject) || isAdmin(context, caller), 'revoke_token')
  yield* revokeToken(context, subject)
  return replyNothing(context, { seenFormat: subject.format })
}
