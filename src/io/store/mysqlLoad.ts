// Bulk load of a token table into MySQL or MariaDB: prepared inserts of many rows, secondary indexes afterwards.
// It exists because a row at a time would take minutes. LOAD DATA is no faster here: the server reads its file
// character by character, which for rows of kilobytes costs more than the insert does, and many servers forbid it.
import type { PoolConnection } from 'mysql2/promise'
import { assert, WorldError } from '../../base/errors.js'
import type { TokenRow } from '../../identity/store.js'
import { mysqlInstant, tokenColumnNames, tokenValues } from './columns.js'
import type { TokenValues } from './columns.js'
import type { MysqlPool, Session } from './mysqlConnection.js'
import { tokenIndexes } from './mysqlSchema.js'

/** Rows that one statement inserts, at most. */
const statementRows = 128
/** Bytes of one statement: below the smallest `max_allowed_packet` that servers come with, 1 MiB. */
const statementBytes = 768 * 1024
/** Bytes of a row beside its `extra`, rounded up. */
const otherBytes = 256
/** Rows between two reports of progress. */
const reportRows = 2000

/** Throws WorldError if there are tokens already, which a load would mix with its own. */
export const requireNoTokens = async (pool: MysqlPool): Promise<void> => {
  const [answer] = await pool.rows<{ present: number }>('SELECT EXISTS (SELECT 1 FROM token) AS present')
  if (answer?.present === 0) return
  throw new WorldError('the token table that is to be loaded is not empty; name an empty database')
}

/** Rows in groups that fit one statement. */
function* statementsOf(rows: Iterable<TokenRow>): Generator<readonly TokenValues[]> {
  let group: TokenValues[] = []
  let bytes = 0
  let previousId = ''
  for (const row of rows) {
    assert(
      row.id > previousId,
      `rows to load are not in ascending order of id: ${row.id} after ${previousId}`,
    )
    previousId = row.id
    const values = tokenValues(row, mysqlInstant)
    const size = Buffer.byteLength(values[2]) + otherBytes
    if (group.length === statementRows || (group.length > 0 && bytes + size > statementBytes)) {
      yield group
      group = []
      bytes = 0
    }
    group.push(values)
    bytes += size
  }
  if (group.length > 0) yield group
}

const insertAll = async (
  session: Session,
  rows: Iterable<TokenRow>,
  progress: (rows: number) => void,
): Promise<void> => {
  let written = 0
  let reported = 0
  let underWay: Promise<unknown> = Promise.resolve()
  for (const group of statementsOf(rows)) {
    // This group was made while the server was busy with the one before.
    await underWay
    if (written - reported >= reportRows) progress((reported = written))
    const places = Array(group.length).fill('(?, ?, ?, ?, ?, ?)').join(', ')
    underWay = session.run(`INSERT INTO token (${tokenColumnNames}) VALUES ${places}`, group.flat())
    // Handled where it is awaited; until then its failure is nobody's yet.
    underWay.catch(() => {})
    written += group.length
    // Lets the driver send it before the next group is made.
    await new Promise(setImmediate)
  }
  await underWay
  progress(written)
}

const changeIndexes = async (session: Session, connection: PoolConnection, want: boolean): Promise<void> => {
  const found = await session.rows<{ name: string }>(
    `SELECT DISTINCT index_name AS name FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND table_name = 'token'`,
  )
  const present = new Set(found.map(({ name }) => name))
  const changes = tokenIndexes
    .filter(([name]) => present.has(name) !== want)
    .map(([name, columns]) => (want ? `ADD INDEX ${name} (${columns})` : `DROP INDEX ${name}`))
  if (changes.length > 0) await connection.query(`ALTER TABLE token ${changes.join(', ')}`)
}

/**
 * Writes rows, in ascending order of id, into an empty table, in one transaction: InnoDB then fills page after page.
 * The secondary indexes are gone meanwhile and are built in one pass over the table.
 */
export const loadTokens = (
  pool: MysqlPool,
  rows: Iterable<TokenRow>,
  progress: (rows: number) => void = () => {},
): Promise<void> =>
  pool.session(async (session, connection) => {
    await changeIndexes(session, connection, false)
    try {
      await connection.beginTransaction()
      await insertAll(session, rows, progress)
      await connection.commit()
    } catch (error) {
      // Put back what can be; the first error tells what happened.
      await connection.rollback().catch(() => {})
      await changeIndexes(session, connection, true).catch(() => {})
      throw error
    }
    await changeIndexes(session, connection, true)
  })
