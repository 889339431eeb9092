// Keystone's own cache of tokens: what is kept, under which key, for how long, as a port that drivers implement.
// It exists because a shared cache outlives a switch of the provider, and so do tokens that the switch should have ended.
import type { RoleSet } from './derived.js'
import type { MaybePromise, TokenFilter, TokenRow } from './store.js'
import type { Context } from './context.js'
import { ask } from './questions.js'
import type { IdentityCase } from './questions.js'

/** `[token] cache_time` and `cache_on_issue`; a configuration without them has no cache. */
export interface CacheSettings {
  /** Seconds for which a value is used. Keystone: `[token] cache_time`, by default `[cache] expiration_time`, 600. */
  readonly timeSec: number
  /** `[token] cache_on_issue`: an issued token is put where validations look. */
  readonly onIssue: boolean
}

/**
 * What a value is the answer of, in Keystone's names (`keystone/token/` of each tag):
 * `row`: `PersistenceManager._get_token(id)`, in a region that tokens do not share;
 * `token`: `_validate_token(id)`; since Ocata only where the provider keeps no rows;
 * `subject`: `validate_non_persistent_token(id)`, in Mitaka (since 9.1) and Newton the way of a subject under Fernet;
 * `rebuilt`: `_validate_token(row)`, since Ocata the way of a row.
 */
export type CacheKind = 'row' | 'token' | 'subject' | 'rebuilt'

export interface CacheKey {
  readonly kind: CacheKind
  readonly id: string
}

export interface CachedToken {
  /** When it was put there, seconds since 1970. */
  readonly atSec: number
  /** A row of the table, or a validated token in its form: what the row of a token with this body would be. */
  readonly row: TokenRow
  /** The roles in that body; null for a token without a scope, and for a row as it was read. */
  readonly roles: RoleSet | null
}

/** One cache: shared by all backends, or each backend's own. It answers whatever it holds; how old is for the asker. */
export interface TokenCache {
  get(key: CacheKey): MaybePromise<CachedToken | null>
  set(key: CacheKey, value: CachedToken): MaybePromise<void>
  delete(keys: readonly CacheKey[]): MaybePromise<void>
  /** Forgets every token but not the rows, as `TOKENS_REGION.invalidate()`. */
  invalidate(): MaybePromise<void>
}

/** A cache in memory. Values older than the cache's time are dropped as others come in. */
export class MemoryTokenCache implements TokenCache {
  private readonly timeSec: number
  private readonly kinds: Readonly<Record<CacheKind, Map<string, CachedToken>>> = {
    row: new Map(),
    token: new Map(),
    subject: new Map(),
    rebuilt: new Map(),
  }

  constructor(settings: Pick<CacheSettings, 'timeSec'>) {
    this.timeSec = settings.timeSec
  }

  get({ kind, id }: CacheKey): CachedToken | null {
    return this.kinds[kind].get(id) ?? null
  }

  set({ kind, id }: CacheKey, value: CachedToken): void {
    const values = this.kinds[kind]
    values.delete(id)
    values.set(id, value)
    for (const [oldest, { atSec }] of values) {
      if (atSec + this.timeSec >= value.atSec) return
      values.delete(oldest)
    }
  }

  delete(keys: readonly CacheKey[]): void {
    for (const { kind, id } of keys) this.kinds[kind].delete(id)
  }

  /** Forgets everything. */
  clear(): void {
    for (const values of Object.values(this.kinds)) values.clear()
  }

  invalidate(): void {
    for (const kind of ['token', 'subject', 'rebuilt'] as const) this.kinds[kind].clear()
  }
}

/** Whether a value may still be used (`CacheRegion.get_or_create` of dogpile.cache: up to and with its last second). */
export const isFresh = (value: CachedToken, context: Context): boolean =>
  context.config.cache !== null && context.nowSec - value.atSec <= context.config.cache.timeSec

/** Puts an issued token where the release looks. A row is kept whenever it is written; the rest is `cache_on_issue`. */
export function* cacheIssued(
  context: Context,
  issued: { readonly id: string; readonly body: () => CachedToken; readonly row: TokenRow | null },
): IdentityCase<void> {
  const { cache, profile } = context.config
  if (cache === null) return
  const { id, row } = issued
  if (row !== null) {
    yield* ask.setCached({ kind: 'row', id }, { atSec: context.nowSec, row, roles: null })
  }
  if (!cache.onIssue) return
  const body = issued.body()
  yield* ask.setCached({ kind: 'token', id }, body)
  if (profile.cache.ways === 'two') yield* ask.setCached({ kind: 'subject', id }, body)
}

/** The keys that are forgotten with a row: `invalidate_individual_token_cache`, which since Ocata forgets the row alone. */
const keysOfRow = (context: Context, id: string): readonly CacheKey[] =>
  context.config.profile.cache.ways === 'two'
    ? [
        { kind: 'row', id },
        { kind: 'token', id },
        { kind: 'subject', id },
      ]
    : [{ kind: 'row', id }]

/** Sets rows invalid, and forgets what is cached of them. */
export function* invalidateRows(context: Context, filter: TokenFilter): IdentityCase<void> {
  if (context.config.cache === null) {
    yield* ask.invalidateTokens(filter)
    return
  }
  const ids = 'id' in filter ? [filter.id] : yield* ask.tokenIds(filter)
  yield* ask.invalidateTokens(filter)
  const keys = ids.flatMap((id) => keysOfRow(context, id))
  if (keys.length > 0) yield* ask.deleteCached(keys)
}

/** Forgets a token that was revoked by itself, row or not: since Ocata (`revoke_token`). */
export function* forgetRevoked(context: Context, id: string): IdentityCase<void> {
  const { cache, profile } = context.config
  if (cache !== null && profile.cache.ways === 'one') yield* ask.deleteCached([{ kind: 'token', id }])
}

/**
 * Forgets all tokens, as the callbacks of `keystone/token/provider.py` do when a user, a trust, a grant or a project went:
 * since Newton, and only with `cache_on_issue`.
 */
export function* forgetAll(context: Context): IdentityCase<void> {
  if (context.config.cache?.onIssue === true) yield* ask.invalidateCache()
}
