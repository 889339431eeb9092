// Is this token good, now, at this node? The one place where tokens of both formats are opened and judged.
// It exists because a token can stand in three places of a request, and only the answer to a bad one differs.
import { accepts, issues } from '../token/mode.js'
import { tokenFormat } from '../token/uuid.js'
import { checkWithCache } from './cachedCheck.js'
import type { Context } from './context.js'
import { couldNotFind, refusals } from './errors.js'
import type { RefusedToken, Refusal } from './errors.js'
import { knownRow, rememberRow } from './openedTokens.js'
import { ask } from './questions.js'
import type { IdentityCase } from './questions.js'
import type { RevocationList } from './revocations.js'
import { standingOf } from './standing.js'
import {
  bad,
  failedToValidate,
  looksLike,
  openFernet,
  revocationsOf,
  strictly,
  subjectOf,
  trustIdOf,
  whyRevoked,
} from './tokenJudge.js'
import type { BadToken, CheckedToken, CheckOptions } from './tokenJudge.js'

export { asCaller, namedMethods, strictly } from './tokenJudge.js'
export type { BadToken, CheckedToken, CheckOptions, GoodToken } from './tokenJudge.js'

/** Judges a token. Asks the store for a row exactly when a Keystone in this mode would. */
export function* checkToken(
  context: Context,
  id: string,
  options: CheckOptions = strictly,
): IdentityCase<CheckedToken> {
  const { mode, config } = context
  const asRow = mode === 'uuid' || (mode !== 'fernet' && isForTable(context, id))
  if (config.cache !== null) return yield* checkWithCache(context, { id, asRow }, options)
  if (asRow) return yield* checkRow(context, id, options)
  if (!config.asksRevocations) return checkFernet(context, id, options, context.derived.revocations)
  return checkFernet(context, id, options, yield* revocationsOf(context))
}

/** Where both formats are taken: whether a token is looked for in the table. */
const isForTable = (context: Context, id: string): boolean => {
  const format = tokenFormat(id)
  return format === 'uuid' || (format === 'unknown' && issues(context.mode) === 'uuid')
}

function* checkRow(context: Context, id: string, options: CheckOptions): IdentityCase<CheckedToken> {
  const { profile, asksRevocations } = context.config
  const remembered = options.callers ? knownRow(context.facts, id) : null
  const row = yield* ask.findToken(id, remembered?.extra)
  if (row === null) {
    const format = looksLike(id)
    const cause =
      format === 'fernet' && !accepts(context.mode, format) ? 'fernet-on-uuid-node' : 'unknown-token'
    return bad(format, cause, couldNotFind('token', id, profile))
  }
  if (!row.valid) {
    const cause = whyRevoked(context, row.userId, row.trustId)
    return bad('uuid', cause, couldNotFind('token', id, profile))
  }
  if (row.expiresAtSec + options.allowExpiredSec <= context.nowSec) {
    const message =
      profile.expiredUuid === 'not-found' ? couldNotFind('token', id, profile) : failedToValidate
    return bad('uuid', 'expired', message)
  }
  const claims = remembered?.claims ?? row.extra.claims
  if (options.callers && remembered === null) {
    rememberRow(context.facts, id, { extra: row.extra, claims })
  }
  const revocations = asksRevocations ? yield* revocationsOf(context) : context.derived.revocations
  if (profile.uuidBody === 'stored') {
    if (revocations.revokes(subjectOf(context, claims, 'uuid', null))) {
      return bad('uuid', whyRevoked(context, row.userId, row.trustId), couldNotFind('token', id, profile))
    }
    return { good: true, id, format: 'uuid', claims, extra: row.extra, standing: null, hidesSystem: false }
  }
  const standing = standingOf(context, claims, id)
  const roles = 'user' in standing ? standing : null
  if (revocations.revokes(subjectOf(context, claims, 'uuid', roles))) {
    return bad('uuid', whyRevoked(context, row.userId, row.trustId), couldNotFind('token', id, profile))
  }
  if (!('user' in standing)) {
    return bad('uuid', standing.cause, standing.message ?? failedToValidate, standing.gone, standing.status)
  }
  return { good: true, id, format: 'uuid', claims, extra: row.extra, standing, hidesSystem: false }
}

const checkFernet = (
  context: Context,
  id: string,
  options: CheckOptions,
  revocations: RevocationList,
): CheckedToken => {
  const opened = openFernet(context, id, options)
  if ('good' in opened) return opened
  const { claims, standing, hidesSystem } = opened
  if (claims.expiresAtSec + options.allowExpiredSec <= context.nowSec) {
    return bad('fernet', 'expired', failedToValidate)
  }
  if (revocations.revokes(subjectOf(context, claims, 'fernet', standing))) {
    return bad('fernet', whyRevoked(context, claims.userId, trustIdOf(claims)), failedToValidate)
  }
  return { good: true, id, format: 'fernet', claims, extra: null, standing, hidesSystem }
}

/**
 * What is answered to a bad token in each place of a request (measured):
 * a subject 404; X-Auth-Token 401, but 404 if what it stood on is gone; method `token` 404, but 401 if its trust is gone.
 */
export const refusalOf = (token: BadToken, place: RefusedToken): Refusal => {
  const { status, message, cause, gone } = token
  if (status !== 404)
    return { status, message: status === 403 ? refusals.forbidden().message : message, cause }
  const hidden = place === 'auth' ? gone === null : place === 'rescoped' && gone === 'trust'
  return hidden ? refusals.unauthorized(cause) : { status, message, cause }
}
