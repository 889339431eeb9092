// What identity logic asks of the world, as plain data, and typed ways to ask it.
// It exists so that the same logic runs over SQL with real hashing and over memory with modelled costs.
import type { UseCase } from '../token/useCase.js'
import type { RevocationList } from './revocations.js'
import type { Document, DocumentKind, TokenExtra, TokenFilter, TokenRow } from './store.js'
import type { CachedToken, CacheKey } from './tokenCache.js'

export type Question =
  | { readonly ask: 'token.find'; readonly id: string; readonly known: TokenExtra | undefined }
  | { readonly ask: 'token.insert'; readonly row: TokenRow }
  | { readonly ask: 'token.invalidate'; readonly filter: TokenFilter }
  | { readonly ask: 'document.put'; readonly kind: DocumentKind; readonly document: Document }
  | { readonly ask: 'document.remove'; readonly kind: DocumentKind; readonly id: string }
  | { readonly ask: 'trust.consume'; readonly id: string }
  | { readonly ask: 'password.verify'; readonly password: string; readonly hash: string }
  | { readonly ask: 'password.hash'; readonly password: string }
  | { readonly ask: 'token.ids'; readonly filter: TokenFilter }
  | { readonly ask: 'cache.get'; readonly key: CacheKey }
  | { readonly ask: 'cache.set'; readonly key: CacheKey; readonly value: CachedToken }
  | { readonly ask: 'cache.delete'; readonly keys: readonly CacheKey[] }
  | { readonly ask: 'cache.invalidate' }
  | { readonly ask: 'revocations.list'; readonly nowSec: number }

/** What each question is answered with. */
export interface Answers {
  readonly 'token.find': TokenRow | null
  readonly 'token.insert': void
  /** Rows changed. */
  readonly 'token.invalidate': number
  readonly 'document.put': void
  /** Whether it was there. */
  readonly 'document.remove': boolean
  /** Uses left; null: not limited; −1: none was left. */
  readonly 'trust.consume': number | null
  readonly 'password.verify': boolean
  readonly 'password.hash': string
  /** Of the rows that are still valid. */
  readonly 'token.ids': readonly string[]
  readonly 'cache.get': CachedToken | null
  readonly 'cache.set': void
  readonly 'cache.delete': void
  readonly 'cache.invalidate': void
  readonly 'revocations.list': RevocationList
}

export type QuestionKind = Question['ask']

/** A use case of the identity service. */
export type IdentityCase<T> = UseCase<T, Question>

/** Yields a question and types its answer; whoever drives must answer as `Answers` says. */
function* put<K extends QuestionKind>(question: Question & { readonly ask: K }): IdentityCase<Answers[K]> {
  return (yield question) as Answers[K]
}

/** `const row = yield* ask.findToken(id)` */
export const ask = {
  findToken: (id: string, known?: TokenExtra) => put({ ask: 'token.find', id, known }),
  insertToken: (row: TokenRow) => put({ ask: 'token.insert', row }),
  invalidateTokens: (filter: TokenFilter) => put({ ask: 'token.invalidate', filter }),
  putDocument: (kind: DocumentKind, document: Document) => put({ ask: 'document.put', kind, document }),
  removeDocument: (kind: DocumentKind, id: string) => put({ ask: 'document.remove', kind, id }),
  consumeTrust: (id: string) => put({ ask: 'trust.consume', id }),
  verifyPassword: (password: string, hash: string) => put({ ask: 'password.verify', password, hash }),
  hashPassword: (password: string) => put({ ask: 'password.hash', password }),
  tokenIds: (filter: TokenFilter) => put({ ask: 'token.ids', filter }),
  getCached: (key: CacheKey) => put({ ask: 'cache.get', key }),
  setCached: (key: CacheKey, value: CachedToken) => put({ ask: 'cache.set', key, value }),
  deleteCached: (keys: readonly CacheKey[]) => put({ ask: 'cache.delete', keys }),
  invalidateCache: () => put({ ask: 'cache.invalidate' }),
  listRevocations: (nowSec: number) => put({ ask: 'revocations.list', nowSec }),
} as const
