// The port behind which tokens and the cloud's own facts are kept: SQLite, MariaDB/MySQL or memory.
// One contract suite runs over every implementation.
import type { Claims } from '../token/claims.js'

export type MaybePromise<T> = T | Promise<T>

/** The column `extra` of a row of `token`: Keystone's JSON, parsed or written only when somebody looks. */
export interface TokenExtra {
  readonly claims: Claims
  /** The text of the column. */
  readonly text: string
  /** The text of `token_data.token`, as validation by a release that returns the stored body sends it. */
  readonly tokenText: string
  /** Length of `text` in bytes. */
  readonly bytes: number
}

/** A row of Keystone's `token` table. */
export interface TokenRow {
  readonly id: string
  /** Whole seconds since 1970. */
  readonly expiresAtSec: number
  readonly valid: boolean
  readonly userId: string | null
  readonly trustId: string | null
  readonly extra: TokenExtra
}

/** Kinds of facts kept as documents. */
export type DocumentKind =
  | 'domain'
  | 'project'
  | 'user'
  | 'group'
  | 'membership'
  | 'role'
  | 'implied_role'
  | 'assignment'
  | 'service'
  | 'endpoint'
  | 'region'
  | 'credential'
  | 'application_credential'
  | 'trust'
  | 'revocation_event'

export type Document = { readonly id: string } & Readonly<Record<string, unknown>>

/** Which rows a revocation hits. */
export type TokenFilter = { readonly id: string } | { readonly userId: string } | { readonly trustId: string }

/** How `token_flush` deletes. Rows with expires ≤ beforeSec go (strict: <). */
export interface FlushOrder {
  readonly beforeSec: number
  readonly strict: boolean
  readonly batchRows: number
  /** `one`: all batches in one transaction (Mitaka); `each`: a commit a batch. */
  readonly transaction: 'one' | 'each'
}

/**
 * Facts are documents, a snapshot of which every process holds in memory; `refresh` brings it up to what other
 * processes have written (one cheap query), after which `get`, `find` and `list` answer without a database.
 * Token rows are never held: each question about one is a query.
 */
export interface Store {
  /** Must be called before a request is answered. */
  refresh(): MaybePromise<void>
  get(kind: DocumentKind, id: string): Document | null
  /** Documents whose field (one of the indexed ones: see `documentIndexes`) has this value. */
  find(kind: DocumentKind, field: string, value: string): readonly Document[]
  list(kind: DocumentKind): readonly Document[]
  /** Reads the documents of a kind anew, past the snapshot: what that costs grows with their number. */
  readAll(kind: DocumentKind): MaybePromise<readonly Document[]>
  /** Changes whenever a document of a kind in `kinds` may have: a key for whatever is derived from them. */
  version(): number
  put(kind: DocumentKind, document: Document): MaybePromise<void>
  remove(kind: DocumentKind, id: string): MaybePromise<boolean>
  /** Takes one use from a trust, atomically; null: not limited; −1: none was left. */
  consumeTrust(id: string): MaybePromise<number | null>

  /** @param known the row's `extra`, from an earlier answer: it never changes, so it need not be read again */
  findToken(id: string, known?: TokenExtra): MaybePromise<TokenRow | null>
  insertToken(row: TokenRow): MaybePromise<void>
  /** The ids of the rows that are still valid, expired or not. */
  tokenIds(filter: TokenFilter): MaybePromise<readonly string[]>
  /** Sets valid = 0; returns how many rows that changed. */
  invalidateTokens(filter: TokenFilter): MaybePromise<number>
  /** Deletes batch after batch; `progress` is told of the rows deleted so far. Returns the number of rows deleted. */
  flushTokens(order: FlushOrder, progress?: (rows: number) => void): Promise<number>
  countTokens(): MaybePromise<number>
  /** When the last of all rows expires, whole seconds since 1970; null for an empty table. */
  lastTokenExpirySec(): MaybePromise<number | null>
  /** Sum of the lengths of `extra`: a full scan. */
  tokenBytes(): MaybePromise<number>

  /** Bulk load into an empty table: documents, then rows in ascending order of id. */
  load(
    documents: Iterable<readonly [DocumentKind, Document]>,
    rows: Iterable<TokenRow>,
    progress?: (rows: number) => void,
  ): Promise<void>
  close(): Promise<void>
}

/** The fields that `find` can search, by kind. */
export const documentIndexes: Readonly<Record<DocumentKind, readonly string[]>> = {
  domain: ['name'],
  project: ['name', 'domain_id', 'parent_id'],
  user: ['name', 'domain_id'],
  group: ['name', 'domain_id'],
  membership: ['user_id', 'group_id'],
  role: ['name'],
  implied_role: ['prior_role_id', 'implied_role_id'],
  /** `actor_id` and `target_id` as in Keystone's table `assignment`. */
  assignment: ['actor_id', 'target_id'],
  service: ['name', 'type'],
  endpoint: ['service_id'],
  region: [],
  credential: ['user_id'],
  application_credential: ['user_id'],
  trust: ['trustor_user_id', 'trustee_user_id'],
  revocation_event: [],
}
