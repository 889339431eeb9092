// Is this token good, now, at this node? The one place where tokens of both formats are opened and judged.
// It exists because a token can stand in three places of a request, and only the answer to a bad one differs.
import type { Cause } from '../measure/sample.js'
import type { Claims } from '../token/claims.js'
import { accepts, issues } from '../token/mode.js'
import type { OpenProblem } from '../token/sealer.js'
import { tokenFormat } from '../token/uuid.js'
import type { TokenFormat } from '../token/uuid.js'
import type { Context } from './context.js'
import { textOrNull } from './documents.js'
import { couldNotFind, refusals } from './errors.js'
import type { RefusedToken, Refusal } from './errors.js'
import { knownRow, openCallersToken, rememberRow } from './openedTokens.js'
import { ask } from './questions.js'
import type { IdentityCase } from './questions.js'
import type { RevocationSubject } from './revocations.js'
import { isLiveUser, liveTrust, standingOf } from './standing.js'
import type { Standing } from './standing.js'
import type { TokenExtra } from './store.js'

/** A token that may be used. */
export interface GoodToken {
  readonly good: true
  /** As the client sent it. */
  readonly id: string
  readonly format: TokenFormat
  readonly claims: Claims
  /** The row's column, for a UUID token. */
  readonly extra: TokenExtra | null
  /** Null where a release answers from the stored body and looks at nothing else. */
  readonly standing: Standing | null
  /**
   * Its scope is the system, and the answer does not say so: Queens packs `true` and, when it reads that back, does not
   * know it for `all` (measured).
   */
  readonly hidesSystem: boolean
}

/**
 * The methods that answers name for a token. Rules of several methods go by `claims.methods`: nobody who has passed
 * them all is to be asked again because of a lost mask.
 */
export const namedMethods = (context: Context, { format, claims }: GoodToken): readonly string[] =>
  context.config.profile.forgetsExchanged &&
  format === 'fernet' &&
  claims.methods.length > 1 &&
  claims.methods.includes('token')
    ? []
    : claims.methods

/** A token that may not be used, and what is to be said about it. */
export interface BadToken {
  readonly good: false
  readonly format: TokenFormat | null
  readonly cause: Cause
  readonly message: string
  readonly gone: 'trust' | 'other' | null
  readonly status: 403 | 404 | 500
}

export type CheckedToken = GoodToken | BadToken

const failedToValidate = 'Failed to validate token'

const bad = (
  format: TokenFormat | null,
  cause: Cause,
  message: string,
  gone: BadToken['gone'] = null,
  status: BadToken['status'] = 404,
): BadToken => ({ good: false, format, cause, message, gone, status })

/** How Keystone speaks of a text that it could not open; where it names it, with the padding restored. */
const notRecognized = (context: Context, id: string): string =>
  context.config.profile.namesUnreadable
    ? `This is not a recognized Fernet token ${id}${'='.repeat((4 - (id.length % 4)) % 4)}`
    : 'Could not recognize Fernet token'

/** Seconds after expiry during which a token is still good for the caller: `allow_expired`, or none. */
export interface CheckOptions {
  readonly allowExpiredSec: number
  /** It is an X-Auth-Token, which will probably be seen again. */
  readonly callers: boolean
}

export const strictly: CheckOptions = { allowExpiredSec: 0, callers: false }
export const asCaller: CheckOptions = { allowExpiredSec: 0, callers: true }

/** Judges a token. Asks the store for a row exactly when a Keystone in this mode would. */
export function* checkToken(
  context: Context,
  id: string,
  options: CheckOptions = strictly,
): IdentityCase<CheckedToken> {
  const { mode } = context
  if (mode === 'uuid') return yield* checkRow(context, id, options)
  if (mode === 'fernet') return checkFernet(context, id, options)
  const format = tokenFormat(id)
  const asRow = format === 'uuid' || (format === 'unknown' && issues(mode) === 'uuid')
  return asRow ? yield* checkRow(context, id, options) : checkFernet(context, id, options)
}

/** The format of a token that is refused: what is good need not be looked at for its looks. */
const looksLike = (id: string): TokenFormat | null => {
  const format = tokenFormat(id)
  return format === 'unknown' ? null : format
}

function* checkRow(context: Context, id: string, options: CheckOptions): IdentityCase<CheckedToken> {
  const { profile } = context.config
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
  const { revocations } = context.derived
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

const checkFernet = (context: Context, id: string, options: CheckOptions): CheckedToken => {
  const { sealer } = context
  if (sealer === null) {
    return bad(looksLike(id), 'service-unavailable', refusals.unexpected().message, null, 500)
  }
  const opened = options.callers ? openCallersToken(sealer, id) : sealer.open(id)
  if ('problem' in opened) {
    return bad(looksLike(id), whyUnopened(context, id, opened), notRecognized(context, id))
  }
  const claims = tokenClaims(context, opened.claims)
  if (claims === null) return bad('fernet', 'revoked', failedToValidate, null, 403)
  const standing = standingOf(context, claims, id)
  if (!('user' in standing)) {
    return bad('fernet', standing.cause, standing.message ?? failedToValidate, standing.gone, standing.status)
  }
  if (claims.expiresAtSec + options.allowExpiredSec <= context.nowSec) {
    return bad('fernet', 'expired', failedToValidate)
  }
  if (context.derived.revocations.revokes(subjectOf(context, claims, 'fernet', standing))) {
    const trustId = claims.scope.kind === 'trust' ? claims.scope.trustId : null
    return bad('fernet', whyRevoked(context, claims.userId, trustId), failedToValidate)
  }
  const hidesSystem = opened.payload.systemMarker === true
  return { good: true, id, format: 'fernet', claims, extra: null, standing, hidesSystem }
}

/**
 * What a token says, of what its payload says: whose a trust's token is follows from the trust, where the payload names
 * the trustee. Null: the payload names somebody else.
 */
const tokenClaims = (context: Context, payload: Claims): Claims | null => {
  const { scope } = payload
  if (scope.kind !== 'trust' || context.config.profile.trustPayloadUser === 'token-user') return payload
  const trust = liveTrust(context.facts, scope.trustId, context.nowSec)
  if (trust === null) return payload
  if (textOrNull(trust, 'trustee_user_id') !== payload.userId) return null
  const trustorId = textOrNull(trust, 'trustor_user_id') ?? payload.userId
  return trust['impersonation'] === true ? { ...payload, userId: trustorId } : payload
}

/** Why no key opened a token. What looks like a UUID cannot be opened with any. */
const whyUnopened = (context: Context, id: string, { problem }: OpenProblem): Cause => {
  const format = looksLike(id)
  if (format === 'uuid') return 'uuid-on-fernet-node'
  if (format === null || problem !== 'undecryptable') return 'unknown-token'
  return context.wasOurs(id) ? 'key-rotated-away' : 'key-not-distributed'
}

const subjectOf = (
  context: Context,
  claims: Claims,
  format: TokenFormat,
  standing: Standing | null,
): RevocationSubject => {
  const user = standing?.user ?? context.facts.get('user', claims.userId)
  const trust = standing?.trust ?? null
  const { scope } = claims
  const project =
    standing?.project ??
    (scope.kind === 'project' || scope.kind === 'trust'
      ? context.facts.get('project', scope.projectId)
      : null)
  return {
    claims,
    format,
    trustorId: trust === null ? (claims.trust?.trustorId ?? null) : textOrNull(trust, 'trustor_user_id'),
    trusteeId: trust === null ? (claims.trust?.trusteeId ?? null) : textOrNull(trust, 'trustee_user_id'),
    userDomainId: user === null ? null : textOrNull(user, 'domain_id'),
    projectDomainId: project === null ? null : textOrNull(project, 'domain_id'),
    roleIds: standing?.roles?.ids ?? [],
  }
}

/** Behind a revocation stands mostly something else; name that, if it is still to be seen. */
const whyRevoked = (context: Context, userId: string | null, trustId: string | null): Cause => {
  if (trustId !== null && liveTrust(context.facts, trustId, context.nowSec) === null) return 'trust-gone'
  return userId !== null && !isLiveUser(context.facts, userId) ? 'user-gone' : 'revoked'
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
