// The store over SQLite: one file that the backends, the flush and the rehearsal open at the same time.
// It exists so that a rehearsal needs no database server, and still does real SQL on a real token table.
import { setImmediate as yieldToEvents } from 'node:timers/promises'
import type {
  Document,
  DocumentKind,
  FlushOrder,
  Store,
  TokenExtra,
  TokenFilter,
  TokenRow,
} from '../../identity/store.js'
import { extraFromText } from '../../identity/extra.js'
import { parseInstant } from '../../identity/instants.js'
import {
  lastFlushedSec,
  rowOfColumns,
  sqliteInstant,
  tokenColumnNames,
  tokenStateNames,
  tokenValues,
} from './columns.js'
import { FactSnapshot } from './factSnapshot.js'
import type { FactRow } from './factSnapshot.js'
import { loadTokens, requireNoTokens } from './sqliteLoad.js'
import { openDatabase } from './sqliteSchema.js'
import type { Database } from './sqliteSchema.js'

/** Every write to `fact` takes the next version; writers take turns, so versions become visible in order. */
const nextVersion = '(SELECT coalesce(max(version), 0) + 1 FROM fact)'

/** `tokenStateNames` as the driver returns them, and `extra` where it was asked for. */
type RawToken = [
  expires: string,
  valid: number,
  trustId: string | null,
  userId: string | null,
  extra?: string,
]

const prepareAll = (database: Database) => ({
  newestFact: database.prepare<[], number>('SELECT coalesce(max(version), 0) FROM fact').pluck(),
  factsSince: database.prepare<[number], FactRow>(
    'SELECT kind, id, version, removed, body FROM fact WHERE version > ? ORDER BY version',
  ),
  putFact: database.prepare<[string, string, string]>(
    `INSERT INTO fact (kind, id, version, removed, body) VALUES (?, ?, ${nextVersion}, 0, ?)
     ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, removed = 0, body = excluded.body`,
  ),
  removeFact: database.prepare<[string, string]>(
    `UPDATE fact SET version = ${nextVersion}, removed = 1, body = '' WHERE kind = ? AND id = ? AND removed = 0`,
  ),
  trustBody: database
    .prepare<[string], string>(`SELECT body FROM fact WHERE kind = 'trust' AND id = ? AND removed = 0`)
    .pluck(),
  allFacts: database
    .prepare<[string], string>('SELECT body FROM fact WHERE kind = ? AND removed = 0 ORDER BY version')
    .pluck(),
  // Arrays instead of objects: a quarter less work for the driver.
  findToken: database.prepare<[string]>(`SELECT ${tokenStateNames}, extra FROM token WHERE id = ?`).raw(),
  findState: database.prepare<[string]>(`SELECT ${tokenStateNames} FROM token WHERE id = ?`).raw(),
  insertToken: database.prepare(`INSERT INTO token (${tokenColumnNames}) VALUES (?, ?, ?, ?, ?, ?)`),
  invalidateById: database.prepare<[string]>('UPDATE token SET valid = 0 WHERE id = ? AND valid = 1'),
  invalidateByUser: database.prepare<[string]>('UPDATE token SET valid = 0 WHERE user_id = ? AND valid = 1'),
  invalidateByTrust: database.prepare<[string]>(
    'UPDATE token SET valid = 0 WHERE trust_id = ? AND valid = 1',
  ),
  idsByUser: database
    .prepare<[string], string>('SELECT id FROM token WHERE user_id = ? AND valid = 1')
    .pluck(),
  idsByTrust: database
    .prepare<[string], string>('SELECT id FROM token WHERE trust_id = ? AND valid = 1')
    .pluck(),
  idsById: database.prepare<[string], string>('SELECT id FROM token WHERE id = ? AND valid = 1').pluck(),
  nthExpiry: database
    .prepare<[string, number], string>(
      'SELECT expires FROM token WHERE expires <= ? ORDER BY expires LIMIT 1 OFFSET ?',
    )
    .pluck(),
  deleteUntil: database.prepare<[string]>('DELETE FROM token WHERE expires <= ?'),
  // SQLite counts along its smallest index, not along the table.
  countTokens: database.prepare<[], number>('SELECT count(*) FROM token').pluck(),
  lastExpiry: database.prepare<[], string | null>('SELECT max(expires) FROM token').pluck(),
  // octet_length reads the length from a row's header, so the pages that hold the text are never touched.
  tokenBytes: database.prepare<[], number>('SELECT coalesce(sum(octet_length(extra)), 0) FROM token').pluck(),
})

/** What a file is kept from, to rehearse it. */
export interface StoreRestriction {
  /** Every write fails, as on a replica. */
  readonly readOnly: boolean
  /** The file cannot grow, as on a full disk. */
  readonly full: boolean
}

/** SQLite's own bound on the pages of a file. */
const pagesMost = 4_294_967_294

/** All questions are answered synchronously; only what takes long is a promise. */
export class SqliteStore implements Store {
  private readonly database: Database
  private readonly sql: ReturnType<typeof prepareAll>
  private readonly snapshot = new FactSnapshot()

  constructor(database: Database) {
    this.database = database
    this.sql = prepareAll(database)
    this.refresh()
  }

  refresh(): void {
    if (this.sql.newestFact.get() === this.snapshot.version) return
    this.snapshot.apply(this.sql.factsSince.all(this.snapshot.version))
  }

  get(kind: DocumentKind, id: string): Document | null {
    return this.snapshot.get(kind, id)
  }

  find(kind: DocumentKind, field: string, value: string): readonly Document[] {
    return this.snapshot.find(kind, field, value)
  }

  list(kind: DocumentKind): readonly Document[] {
    return this.snapshot.list(kind)
  }

  readAll(kind: DocumentKind): readonly Document[] {
    return this.sql.allFacts.all(kind).map((body) => JSON.parse(body) as Document)
  }

  version(): number {
    return this.snapshot.version
  }

  put(kind: DocumentKind, document: Document): void {
    this.sql.putFact.run(kind, document.id, JSON.stringify(document))
    this.refresh()
  }

  remove(kind: DocumentKind, id: string): boolean {
    const removed = this.sql.removeFact.run(kind, id).changes > 0
    this.refresh()
    return removed
  }

  consumeTrust(id: string): number | null {
    const left = this.database
      .transaction((): number | null => {
        const body = this.sql.trustBody.get(id)
        if (body === undefined) return -1
        const trust = JSON.parse(body) as Document
        const uses = trust['remaining_uses']
        if (typeof uses !== 'number') return null
        if (uses <= 0) return -1
        this.sql.putFact.run('trust', id, JSON.stringify({ ...trust, remaining_uses: uses - 1 }))
        return uses - 1
      })
      .immediate()
    this.refresh()
    return left
  }

  findToken(id: string, known?: TokenExtra): TokenRow | null {
    const { findToken, findState } = this.sql
    const values = (known === undefined ? findToken : findState).get(id) as RawToken | undefined
    if (values === undefined) return null
    const [expires, valid, trust_id, user_id, extra = ''] = values
    return rowOfColumns({ id, expires, valid, trust_id, user_id }, known ?? extraFromText(extra))
  }

  insertToken(row: TokenRow): void {
    this.sql.insertToken.run(...tokenValues(row, sqliteInstant))
  }

  tokenIds(filter: TokenFilter): readonly string[] {
    if ('id' in filter) return this.sql.idsById.all(filter.id)
    if ('userId' in filter) return this.sql.idsByUser.all(filter.userId)
    return this.sql.idsByTrust.all(filter.trustId)
  }

  invalidateTokens(filter: TokenFilter): number {
    if ('id' in filter) return this.sql.invalidateById.run(filter.id).changes
    if ('userId' in filter) return this.sql.invalidateByUser.run(filter.userId).changes
    return this.sql.invalidateByTrust.run(filter.trustId).changes
  }

  /**
   * With `one` the file is locked for other writers until the end, as a Keystone on SQLite does it; with `each` they
   * get their turns between batches. Rows that expire in the same second are never split: a batch may be larger.
   */
  async flushTokens(order: FlushOrder, progress?: (rows: number) => void): Promise<number> {
    const last = sqliteInstant(lastFlushedSec(order))
    let rows = 0
    const deleteBatch = (): boolean => {
      const boundary = this.sql.nthExpiry.get(last, order.batchRows - 1)
      rows += this.sql.deleteUntil.run(boundary ?? last).changes
      progress?.(rows)
      return boundary !== undefined
    }
    if (order.transaction === 'one') {
      this.database
        .transaction(() => {
          while (deleteBatch());
        })
        .immediate()
      return rows
    }
    while (deleteBatch()) await yieldToEvents()
    return rows
  }

  countTokens(): number {
    return this.sql.countTokens.get() ?? 0
  }

  lastTokenExpirySec(): number | null {
    return parseInstant(this.sql.lastExpiry.get() ?? '')
  }

  tokenBytes(): number {
    return this.sql.tokenBytes.get() ?? 0
  }

  async load(
    documents: Iterable<readonly [DocumentKind, Document]>,
    rows: Iterable<TokenRow>,
    progress?: (rows: number) => void,
  ): Promise<void> {
    requireNoTokens(this.database)
    this.database
      .transaction(() => {
        for (const [kind, document] of documents) {
          this.sql.putFact.run(kind, document.id, JSON.stringify(document))
        }
      })
      .immediate()
    this.refresh()
    await loadTokens(this.database, rows, progress)
  }

  /** Of this connection alone: each process that has opened the file must be told. */
  restrict({ readOnly, full }: StoreRestriction): void {
    this.database.pragma(`query_only = ${readOnly ? 'ON' : 'OFF'}`)
    this.database.pragma(
      `max_page_count = ${full ? Number(this.database.pragma('page_count', { simple: true })) : pagesMost}`,
    )
  }

  close(): Promise<void> {
    this.database.close()
    return Promise.resolve()
  }
}

/**
 * Opens (or makes) a file. Throws WorldError if the driver or the file cannot be opened, InputError if the file
 * belongs to another program.
 */
export const openSqliteStore = async (options: { readonly file: string }): Promise<SqliteStore> =>
  new SqliteStore(await openDatabase(options.file))
