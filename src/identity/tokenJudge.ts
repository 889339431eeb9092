// What is known of a token while it is judged, and the judgements that do not depend on where it was found.
// It exists apart from the check so that a token out of a cache is judged by the same code as one that was just opened.
import type { Cause } from '../measure/sample.js'
import type { Claims } from '../token/claims.js'
import type { OpenProblem } from '../token/sealer.js'
import { tokenFormat } from '../token/uuid.js'
import type { TokenFormat } from '../token/uuid.js'
import type { Context } from './context.js'
import type { RoleSet } from './derived.js'
import { textOrNull } from './documents.js'
import { refusals } from './errors.js'
import { openCallersToken } from './openedTokens.js'
import { ask } from './questions.js'
import type { IdentityCase } from './questions.js'
import type { RevocationList, RevocationSubject } from './revocations.js'
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
  /** The body as it was stored or cached; null where it is to be made of `standing`. */
  readonly extra: TokenExtra | null
  /** Null where a release answers from the stored body, or from its cache, and looks at nothing else. */
  readonly standing: Standing | null
  /**
   * Its scope is the system, and the answer does not say so: Queens packs `true` and, when it reads that back, does not
   * know it for `all` (measured).
   */
  readonly hidesSystem: boolean
  /** The roles that a cached body names; absent for any other token. */
  readonly cachedRoles?: RoleSet | null
}

/**
 * The methods that answers name for a token. Rules of several methods go by `claims.methods`: nobody who has passed
 * them all is to be asked again because of a lost mask.
 */
export const namedMethods = (
  context: Context,
  { format, claims }: Pick<GoodToken, 'format' | 'claims'>,
): readonly string[] =>
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

export const failedToValidate = 'Failed to validate token'

export const bad = (
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

export interface CheckOptions {
  /** Seconds after expiry during which a token is still good for the caller: `allow_expired`, or none. */
  readonly allowExpiredSec: number
  /** It is an X-Auth-Token, which will probably be seen again. */
  readonly callers: boolean
  /** It is the subject of a GET or HEAD, which Mitaka and Newton look up by a way of its own once there is a cache. */
  readonly subject: boolean
}

export const strictly: CheckOptions = { allowExpiredSec: 0, callers: false, subject: false }
export const asCaller: CheckOptions = { allowExpiredSec: 0, callers: true, subject: false }

/** The format of a token that is refused: what is good need not be looked at for its looks. */
export const looksLike = (id: string): TokenFormat | null => {
  const format = tokenFormat(id)
  return format === 'unknown' ? null : format
}

/** A Fernet token that could be opened, and stands; nothing is said yet about its time and about revocations. */
export interface OpenedFernet {
  readonly claims: Claims
  readonly standing: Standing
  readonly hidesSystem: boolean
}

/** Opens what is no row: with the node's keys, then looks at what it stands on. */
export const openFernet = (context: Context, id: string, options: CheckOptions): OpenedFernet | BadToken => {
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
  if ('user' in standing) {
    const { systemMarker } = context.config.profile.payload
    return { claims, standing, hidesSystem: systemMarker === true && opened.payload.systemMarker === true }
  }
  return bad('fernet', standing.cause, standing.message ?? failedToValidate, standing.gone, standing.status)
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

export const subjectOf = (
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
export const whyRevoked = (context: Context, userId: string | null, trustId: string | null): Cause => {
  if (trustId !== null && liveTrust(context.facts, trustId, context.nowSec) === null) return 'trust-gone'
  return userId !== null && !isLiveUser(context.facts, userId) ? 'user-gone' : 'revoked'
}

export const trustIdOf = (claims: Claims): string | null =>
  claims.scope.kind === 'trust' ? claims.scope.trustId : null

/** What a request has been told of revocations: once for all its tokens, as Keystone keeps it for the request. */
const listed = new WeakMap<Context, RevocationList>()

/**
 * The revocation events to judge by. Where the node must really go and get them, it is asked once a request; with no
 * event in the cloud there is nothing to get.
 */
export function* revocationsOf(context: Context): IdentityCase<RevocationList> {
  const { config, derived } = context
  if (!config.asksRevocations || derived.revocations.isEmpty) return derived.revocations
  const before = listed.get(context)
  if (before !== undefined) return before
  const list = yield* ask.listRevocations(context.nowSec)
  listed.set(context, list)
  return list
}
