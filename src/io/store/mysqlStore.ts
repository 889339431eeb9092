// The store over MySQL or MariaDB, as a real Keystone has it: InnoDB, and every question a round trip.
// It exists for rehearsals on the database that the operator's own Keystone runs on.
import type {
  Document,
  DocumentKind,
  FlushOrder,
  Store,
  TokenExtra,
  TokenFilter,
  TokenRow,
} from '../../identity/store.js'
import { DefectError } from '../../base/errors.js'
import { extraFromText } from '../../identity/extra.js'
import { parseInstant } from '../../identity/instants.js'
import {
  lastFlushedSec,
  mysqlInstant,
  rowOfColumns,
  tokenColumnNames,
  tokenStateNames,
  tokenValues,
} from './columns.js'
import type { TokenColumns } from './columns.js'
import { FactSnapshot } from './factSnapshot.js'
import type { FactRow } from './factSnapshot.js'
import { connectionProblem, MysqlPool, parseMysqlUrl } from './mysqlConnection.js'
import type { Session } from './mysqlConnection.js'
import { loadTokens, requireNoTokens } from './mysqlLoad.js'
import { dropTables, prepareSchema } from './mysqlSchema.js'

/** Documents that one statement writes while loading. */
const documentsPerInsert = 200

const putFact = (rows: number): string =>
  `INSERT INTO fact (kind, id, version, removed, body) VALUES ${Array(rows).fill('(?, ?, ?, 0, ?)').join(', ')}
   ON DUPLICATE KEY UPDATE version = VALUES(version), removed = 0, body = VALUES(body)`

const trustBody = `SELECT body FROM fact WHERE kind = 'trust' AND id = ? AND removed = 0`

/**
 * Takes the next version, or so many. The row stays locked until the transaction ends, so writers to `fact` take
 * turns and versions become visible in order: whoever has seen version n has seen all before it.
 * Returns the last of them.
 */
const takeVersions = async (session: Session, count = 1): Promise<number> => {
  const { insertId } = await session.run(
    'UPDATE cutover_schema SET fact_version = LAST_INSERT_ID(fact_version + ?)',
    [count],
  )
  return insertId
}

const usesLeft = (body: string | undefined): { trust: Document; uses: number } | null => {
  if (body === undefined) return { trust: { id: '' }, uses: 0 }
  const trust = JSON.parse(body) as Document
  const uses = trust['remaining_uses']
  return typeof uses === 'number' ? { trust, uses } : null
}

const filteredBy = (filter: TokenFilter): readonly [column: string, value: string] => {
  if ('id' in filter) return ['id', filter.id]
  return 'userId' in filter ? ['user_id', filter.userId] : ['trust_id', filter.trustId]
}

export class MysqlStore implements Store {
  private readonly pool: MysqlPool
  private readonly snapshot = new FactSnapshot()

  constructor(pool: MysqlPool) {
    this.pool = pool
  }

  async refresh(): Promise<void> {
    const rows = await this.pool.rows<FactRow>(
      'SELECT kind, id, version, removed, body FROM fact WHERE version > ? ORDER BY version',
      [this.snapshot.version],
    )
    this.snapshot.apply(rows)
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

  async readAll(kind: DocumentKind): Promise<readonly Document[]> {
    const rows = await this.pool.rows<{ body: string }>(
      'SELECT body FROM fact WHERE kind = ? AND removed = 0 ORDER BY version',
      [kind],
    )
    return rows.map(({ body }) => JSON.parse(body) as Document)
  }

  version(): number {
    return this.snapshot.version
  }

  async put(kind: DocumentKind, document: Document): Promise<void> {
    const body = JSON.stringify(document)
    await this.pool.transaction(async (session) => {
      await session.run(putFact(1), [kind, document.id, await takeVersions(session), body])
    })
    await this.refresh()
  }

  async remove(kind: DocumentKind, id: string): Promise<boolean> {
    const removed = await this.pool.transaction(async (session) => {
      const { affectedRows } = await session.run(
        `UPDATE fact SET version = ?, removed = 1, body = '' WHERE kind = ? AND id = ? AND removed = 0`,
        [await takeVersions(session), kind, id],
      )
      return affectedRows > 0
    })
    await this.refresh()
    return removed
  }

  async consumeTrust(id: string): Promise<number | null> {
    // Most trusts are not limited; they need neither a lock nor a turn.
    const [seen] = await this.pool.rows<{ body: string }>(trustBody, [id])
    if (usesLeft(seen?.body) === null) return null
    const left = await this.pool.transaction(async (session) => {
      // The turn first, as every writer takes it: locks in one order make no deadlock.
      const version = await takeVersions(session)
      const [row] = await session.rows<{ body: string }>(`${trustBody} FOR UPDATE`, [id])
      const found = usesLeft(row?.body)
      if (found === null) return null
      if (found.uses <= 0) return -1
      const remaining = found.uses - 1
      const body = JSON.stringify({ ...found.trust, remaining_uses: remaining })
      await session.run(putFact(1), ['trust', id, version, body])
      return remaining
    })
    await this.refresh()
    return left
  }

  async findToken(id: string, known?: TokenExtra): Promise<TokenRow | null> {
    const [columns] = await this.pool.rows<TokenColumns>(
      `SELECT ${known === undefined ? tokenColumnNames : `id, ${tokenStateNames}`} FROM token WHERE id = ?`,
      [id],
    )
    return columns === undefined ? null : rowOfColumns(columns, known ?? extraFromText(columns.extra))
  }

  async insertToken(row: TokenRow): Promise<void> {
    await this.pool.run(
      `INSERT INTO token (${tokenColumnNames}) VALUES (?, ?, ?, ?, ?, ?)`,
      tokenValues(row, mysqlInstant),
    )
  }

  async tokenIds(filter: TokenFilter): Promise<readonly string[]> {
    const [column, value] = filteredBy(filter)
    const rows = await this.pool.rows<{ id: string }>(
      `SELECT id FROM token WHERE ${column} = ? AND valid = 1`,
      [value],
    )
    return rows.map(({ id }) => id)
  }

  async invalidateTokens(filter: TokenFilter): Promise<number> {
    const [column, value] = filteredBy(filter)
    const { affectedRows } = await this.pool.run(
      `UPDATE token SET valid = 0 WHERE ${column} = ? AND valid = 1`,
      [value],
    )
    return affectedRows
  }

  /**
   * As Keystone does it on MySQL, but for one thing: a batch is looked for behind the one before. Within one
   * transaction a query sees the rows that another flush has deleted meanwhile, so a search from the start would
   * find the same batch for ever. Rows that expire in the same second are never split: a batch may be larger. What a
   * deadlock undoes, a batch or all of them, is done again.
   */
  async flushTokens(order: FlushOrder, progress?: (rows: number) => void): Promise<number> {
    if (!Number.isInteger(order.batchRows) || order.batchRows < 1) {
      throw new DefectError(`a flush by batches of ${order.batchRows} rows`)
    }
    const last = mysqlInstant(lastFlushedSec(order))
    // In the text, since the driver sends every number as one with a fraction, which an OFFSET does not take.
    const nthExpiry = `SELECT expires FROM token WHERE expires > ? AND expires <= ?
      ORDER BY expires LIMIT 1 OFFSET ${order.batchRows - 1}`
    const deleteBatches = async (session: Session): Promise<number> => {
      let rows = 0
      let behind = '1000-01-01 00:00:00'
      while (behind < last) {
        const [boundary] = await session.rows<{ expires: string }>(nthExpiry, [behind, last])
        behind = boundary?.expires ?? last
        const { affectedRows } = await session.run('DELETE FROM token WHERE expires <= ?', [behind])
        rows += affectedRows
        progress?.(rows)
      }
      return rows
    }
    return order.transaction === 'one' ? this.pool.transaction(deleteBatches) : deleteBatches(this.pool)
  }

  async countTokens(): Promise<number> {
    const [answer] = await this.pool.rows<{ rows: number }>('SELECT COUNT(*) AS `rows` FROM token')
    return answer?.rows ?? 0
  }

  async lastTokenExpirySec(): Promise<number | null> {
    const [answer] = await this.pool.rows<{ last: string | null }>('SELECT MAX(expires) AS `last` FROM token')
    return parseInstant(answer?.last ?? '')
  }

  async tokenBytes(): Promise<number> {
    const [answer] = await this.pool.rows<{ bytes: string | number }>(
      'SELECT COALESCE(SUM(LENGTH(extra)), 0) AS bytes FROM token',
    )
    return Number(answer?.bytes ?? 0)
  }

  async load(
    documents: Iterable<readonly [DocumentKind, Document]>,
    rows: Iterable<TokenRow>,
    progress?: (rows: number) => void,
  ): Promise<void> {
    await requireNoTokens(this.pool)
    const all = [...documents].map(
      ([kind, document]) => [kind, document.id, JSON.stringify(document)] as const,
    )
    if (all.length > 0) {
      await this.pool.transaction(async (session) => {
        let version = (await takeVersions(session, all.length)) - all.length
        for (let from = 0; from < all.length; from += documentsPerInsert) {
          const some = all.slice(from, from + documentsPerInsert)
          await session.run(
            putFact(some.length),
            some.flatMap(([kind, id, body]) => [kind, id, ++version, body]),
          )
        }
      })
    }
    await this.refresh()
    await loadTokens(this.pool, rows, progress)
  }

  /** Drops the tables of this store, with all that is in them; others in the database stay. */
  dropSchema(): Promise<void> {
    return dropTables(this.pool)
  }

  close(): Promise<void> {
    return this.pool.end()
  }
}

/**
 * Opens a database, making our tables if it is empty. Throws WorldError if it cannot be reached, InputError if the
 * URL is wrong or the database holds tables that are not ours. `allowForeign` lets ours stand beside those of
 * others, as long as none of them is called `token` or `fact`.
 */
export const openMysqlStore = async (options: {
  readonly url: string
  readonly allowForeign?: boolean
}): Promise<MysqlStore> => {
  const pool = new MysqlPool(parseMysqlUrl(options.url))
  try {
    // Apart from the rest, so that only a failure to connect is reported as one.
    await pool.rows('SELECT 1').catch((error: unknown) => {
      throw connectionProblem(pool.address, error)
    })
    await prepareSchema(pool, { allowForeign: options.allowForeign ?? false })
    const store = new MysqlStore(pool)
    await store.refresh()
    return store
  } catch (error) {
    await pool.end()
    throw error
  }
}
