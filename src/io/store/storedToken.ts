// One row of a `token` table, looked at and nothing else: no table is made, nothing is written.
// It exists because a look may go to the database of a real Keystone, which our stores refuse to use.
import { existsSync } from 'node:fs'
import { assert, InputError, WorldError } from '../../base/errors.js'
import { extraFromText } from '../../identity/extra.js'
import type { TokenRow } from '../../identity/store.js'
import { rowOfColumns, tokenColumnNames, type TokenColumns } from './columns.js'
import { errorDetail } from './driverError.js'
import { connectionProblem, MysqlPool, parseMysqlUrl } from './mysqlConnection.js'
import type { StoreChoice } from './open.js'
import { loadDriver } from './sqliteSchema.js'

const query = `SELECT ${tokenColumnNames} FROM token WHERE id = ?`

const refuse = (message: string, remedy: string): InputError =>
  new InputError([{ path: '--store', message, remedy }])

const noTable = (place: string): InputError =>
  refuse(`${place} has no table \`token\``, 'name the database of a Keystone, or a file that a run made')

const rowOf = (columns: TokenColumns | undefined): TokenRow | null =>
  columns === undefined ? null : rowOfColumns(columns, extraFromText(columns.extra))

/**
 * Whether a store can be looked into, as far as that is known without asking it.
 * @throws InputError if it cannot
 */
export const checkLookedInto = (store: StoreChoice): void => {
  const lasts = store.kind === 'mysql' || (store.kind === 'sqlite' && store.file !== null)
  if (!lasts) {
    const remedy = 'use sqlite:FILE, or mysql://user:password@host:port/database'
    throw refuse(`the store ${store.kind} lives only while a run does`, remedy)
  }
  if (store.kind === 'sqlite' && store.file !== null && !existsSync(store.file))
    throw refuse(`there is no file ${store.file}`, 'name a SQLite file that a run made')
}

const fromSqlite = async (file: string, id: string): Promise<TokenRow | null> => {
  const driver = await loadDriver()
  try {
    const database = new driver(file, { readonly: true, fileMustExist: true })
    try {
      return rowOf(database.prepare<[string], TokenColumns>(query).get(id))
    } finally {
      database.close()
    }
  } catch (error) {
    const said = errorDetail(error, 'message')
    if (said.includes('no such table')) throw noTable(`the file ${file}`)
    if (errorDetail(error, 'code') === 'SQLITE_NOTADB') {
      throw refuse(`${file} is not a SQLite database`, 'name a SQLite file that a run made')
    }
    throw new WorldError(`cannot read the SQLite file ${file}: ${said}`)
  }
}

const fromMysql = async (url: string, id: string): Promise<TokenRow | null> => {
  const address = parseMysqlUrl(url)
  const pool = new MysqlPool(address)
  try {
    const [columns] = await pool.rows<TokenColumns>(query, [id])
    return rowOf(columns)
  } catch (error) {
    if (errorDetail(error, 'code') === 'ER_NO_SUCH_TABLE') throw noTable(`the database ${address.database}`)
    throw connectionProblem(address, error)
  } finally {
    await pool.end()
  }
}

/**
 * The row of a token; null if there is none.
 * @throws InputError for a store that cannot be looked into · WorldError if it does not answer
 */
export const readStoredToken = async (store: StoreChoice, id: string): Promise<TokenRow | null> => {
  checkLookedInto(store)
  if (store.kind === 'sqlite' && store.file !== null) return fromSqlite(store.file, id)
  assert(store.kind === 'mysql', 'a store that cannot be looked into was not refused')
  return fromMysql(store.url, id)
}
