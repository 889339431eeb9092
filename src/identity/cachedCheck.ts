// Judging a token with Keystone's cache on: which answers are taken from it, and what is looked at all the same.
// A hit skips opening, keys, rows and standing, never expiry and revocation; the releases differ in who looks where.
import { accepts } from '../token/mode.js'
import type { TokenFormat } from '../token/uuid.js'
import type { Context } from './context.js'
import { couldNotFind } from './errors.js'
import { ask } from './questions.js'
import type { IdentityCase } from './questions.js'
import { standingOf } from './standing.js'
import type { Standing } from './standing.js'
import type { TokenRow } from './store.js'
import { extraOfIssued, tokenPieces } from './tokenBody.js'
import { isFresh } from './tokenCache.js'
import type { CachedToken, CacheKey } from './tokenCache.js'
import {
  bad,
  failedToValidate,
  looksLike,
  namedMethods,
  openFernet,
  revocationsOf,
  subjectOf,
  trustIdOf,
  whyRevoked,
} from './tokenJudge.js'
import type { BadToken, CheckedToken, CheckOptions } from './tokenJudge.js'
import type { Claims } from '../token/claims.js'

/** A token to be judged, and whether this node looks for it in the table. */
interface Asked {
  readonly id: string
  readonly asRow: boolean
}

/** A token as a cache keeps it, from what it says and stands on now. */
export const cachedBody = (
  context: Context,
  id: string,
  token: {
    readonly claims: Claims
    readonly standing: Standing
    readonly catalog: boolean
    readonly system?: boolean
  },
): CachedToken => {
  const { claims, standing, catalog, system = true } = token
  const extra = extraOfIssued(context, id, tokenPieces(context, claims, standing, { catalog, system }))
  const row: TokenRow = {
    id,
    expiresAtSec: claims.expiresAtSec,
    valid: true,
    userId: claims.userId,
    trustId: trustIdOf(claims),
    extra,
  }
  return { atSec: context.nowSec, row, roles: standing.roles }
}

function* cached(context: Context, key: CacheKey): IdentityCase<CachedToken | null> {
  const value = yield* ask.getCached(key)
  return value !== null && isFresh(value, context) ? value : null
}

/** A row of the table, by way of the cache; whether it has expired is not looked at. */
function* rowOf(context: Context, { id }: Asked): IdentityCase<CachedToken | BadToken> {
  const key = { kind: 'row', id } as const
  const before = yield* cached(context, key)
  if (before !== null) return before
  const row = yield* ask.findToken(id)
  if (row?.valid === true) {
    const value = { atSec: context.nowSec, row, roles: null }
    yield* ask.setCached(key, value)
    return value
  }
  const message = couldNotFind('token', id, context.config.profile)
  if (row !== null) return bad('uuid', whyRevoked(context, row.userId, row.trustId), message)
  const format = looksLike(id)
  const foreign = format === 'fernet' && !accepts(context.mode, format)
  return bad(format, foreign ? 'fernet-on-uuid-node' : 'unknown-token', message)
}

/** Opens a token that is no row, and puts it into the cache. */
function* openAndKeep(
  context: Context,
  { id }: Asked,
  kind: 'token' | 'subject',
  options: CheckOptions,
): IdentityCase<CachedToken | BadToken> {
  const before = yield* cached(context, { kind, id })
  if (before !== null) return before
  const opened = openFernet(context, id, options)
  if ('good' in opened) return opened
  const { claims, standing, hidesSystem } = opened
  const methods = namedMethods(context, { format: 'fernet', claims })
  const shown = methods === claims.methods ? claims : { ...claims, methods }
  const value = cachedBody(context, id, { claims: shown, standing, catalog: true, system: !hidesSystem })
  yield* ask.setCached({ kind, id }, value)
  return value
}

/** Expiry and revocation, which no cache answers (`_is_valid_token` in `keystone/token/provider.py`). */
function* judge(
  context: Context,
  id: string,
  value: CachedToken,
  format: TokenFormat,
  options: CheckOptions,
): IdentityCase<CheckedToken> {
  const { extra, userId, trustId, expiresAtSec } = value.row
  if (expiresAtSec + options.allowExpiredSec <= context.nowSec) {
    return bad(format, 'expired', failedToValidate)
  }
  const { claims } = extra
  const subject = subjectOf(context, claims, format, null)
  const revocations = yield* revocationsOf(context)
  if (revocations.revokes({ ...subject, roleIds: value.roles?.ids ?? [] })) {
    return bad(format, whyRevoked(context, userId, trustId), failedToValidate)
  }
  const token = { good: true, id, format, claims, extra, standing: null, hidesSystem: false } as const
  return value.roles === null ? token : { ...token, cachedRoles: value.roles }
}

/** What a token is that was found somewhere: its text tells, or else the place. */
const formatOf = ({ id, asRow }: Asked): TokenFormat => looksLike(id) ?? (asRow ? 'uuid' : 'fernet')

/** Mitaka and Newton, `validate_token`: one key for both formats, so a token lives on under the other provider. */
function* byToken(context: Context, asked: Asked, options: CheckOptions): IdentityCase<CheckedToken> {
  const { id, asRow } = asked
  let value: CachedToken | BadToken
  if (asRow) {
    const key = { kind: 'token', id } as const
    const before = yield* cached(context, key)
    const row = before ?? (yield* unexpiredRow(context, asked))
    if (before === null && !('good' in row)) {
      yield* ask.setCached(key, { ...row, atSec: context.nowSec })
    }
    value = row
  } else value = yield* openAndKeep(context, asked, 'token', options)
  if ('good' in value) return value
  return yield* judge(context, id, value, formatOf(asked), options)
}

/** A row as Mitaka and Newton take it: one that has expired is none. */
function* unexpiredRow(context: Context, asked: Asked): IdentityCase<CachedToken | BadToken> {
  const row = yield* rowOf(context, asked)
  if ('good' in row || row.row.expiresAtSec > context.nowSec) return row
  return bad('uuid', 'expired', couldNotFind('token', asked.id, context.config.profile))
}

/** Mitaka and Newton, `validate_v3_token`: what answers a GET or HEAD, behind the policy's own look at the subject. */
function* bySubject(context: Context, asked: Asked, options: CheckOptions): IdentityCase<CheckedToken> {
  const allowed = yield* byToken(context, asked, options)
  if (!allowed.good) return allowed
  const value = asked.asRow
    ? yield* unexpiredRow(context, asked)
    : yield* openAndKeep(context, asked, 'subject', options)
  if ('good' in value) return value
  return yield* judge(context, asked.id, value, formatOf(asked), options)
}

/** Since Ocata: a row and its rebuilt body, or a token by itself, each under a key of its own. */
function* rebuilt(context: Context, asked: Asked): IdentityCase<CachedToken | BadToken> {
  const { id } = asked
  const row = yield* rowOf(context, asked)
  if ('good' in row) return row
  const key = { kind: 'rebuilt', id } as const
  const before = yield* cached(context, key)
  if (before !== null) return before
  const { claims } = row.row.extra
  const standing = standingOf(context, claims, id)
  if (!('user' in standing)) {
    return bad('uuid', standing.cause, standing.message ?? failedToValidate, standing.gone, standing.status)
  }
  const value = cachedBody(context, id, { claims, standing, catalog: true })
  yield* ask.setCached(key, value)
  return value
}

/** Judges a token as the release does with its cache on. */
export function* checkWithCache(
  context: Context,
  asked: Asked,
  options: CheckOptions,
): IdentityCase<CheckedToken> {
  if (context.config.profile.cache.ways === 'two') {
    return options.subject
      ? yield* bySubject(context, asked, options)
      : yield* byToken(context, asked, options)
  }
  const value = asked.asRow
    ? yield* rebuilt(context, asked)
    : yield* openAndKeep(context, asked, 'token', options)
  if ('good' in value) return value
  return yield* judge(context, asked.id, value, formatOf(asked), options)
}
