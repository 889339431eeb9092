// How large the token table of a given Keystone is: two SELECTs, in a session that can only read.
// It exists so that a database that is in use is looked at and never touched.
import { createConnection } from 'mysql2/promise'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { InputError } from '../../base/errors.js'
import { connectionProblem, parseMysqlUrl } from './mysqlConnection.js'

const connectTimeoutMs = 10_000
/** The longest that a count may take; InnoDB counts rows one by one. */
const questionTimeoutMs = 30_000

export class TokenTableReader {
  private readonly connection: Connection

  private constructor(connection: Connection) {
    this.connection = connection
  }

  /** @param url `mysql://user:password@host:port/database` @throws InputError, WorldError without the password in either */
  static async open(url: string): Promise<TokenTableReader> {
    const address = parseMysqlUrl(url)
    let connection: Connection
    try {
      connection = await createConnection({
        ...address,
        connectTimeout: connectTimeoutMs,
        dateStrings: true,
        timezone: 'Z',
      })
    } catch (error) {
      throw connectionProblem(address, error)
    }
    // A connection that breaks later is an answer that is missing, not the end of the run.
    connection.on('error', () => {})
    await connection.query('SET SESSION TRANSACTION READ ONLY')
    await connection.query("SET time_zone = '+00:00'")
    const [tables] = await connection.query<RowDataPacket[]>("SHOW TABLES LIKE 'token'")
    if (tables.length === 0) {
      await connection.end()
      const message = 'that database has no table `token`: Keystone has none since Rocky'
      throw new InputError([{ path: 'external.table', message, remedy: 'leave it away' }])
    }
    return new TokenTableReader(connection)
  }

  /** Rows of the table; null where the database does not answer. */
  async rows(): Promise<number | null> {
    return this.ask('SELECT COUNT(*) AS answer FROM token', Number)
  }

  /** When the last row expires, seconds since 1970; `atSec` null: there is none. Null where the database does not answer. */
  async lastExpiry(): Promise<{ readonly epochSec: number | null } | null> {
    return this.ask('SELECT UNIX_TIMESTAMP(MAX(expires)) AS answer FROM token', (value) => ({
      epochSec: value === null ? null : Number(value),
    }))
  }

  async close(): Promise<void> {
    await this.connection.end().catch(() => this.connection.destroy())
  }

  private async ask<T>(sql: string, read: (value: unknown) => T): Promise<T | null> {
    try {
      const [rows] = await this.connection.query<RowDataPacket[]>({ sql, timeout: questionTimeoutMs })
      return read((rows[0] as { readonly answer: unknown } | undefined)?.answer ?? null)
    } catch {
      return null
    }
  }
}
