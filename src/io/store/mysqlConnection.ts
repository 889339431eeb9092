// Connections to MySQL or MariaDB: the URL that names a database, the pool, transactions that survive a deadlock.
// It exists so that the store speaks in statements and rows, and so that no message ever shows a password.
import { createPool } from 'mysql2/promise'
import type { Pool, PoolConnection, ResultSetHeader, RowDataPacket } from 'mysql2/promise'
import { setTimeout as wait } from 'node:timers/promises'
import { InputError, WorldError } from '../../base/errors.js'
import { errorDetail } from './driverError.js'

/** Where a database is and who we are there. */
export interface MysqlAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
}

export type Value = string | number | null

/** What one connection, or any of a pool, can be asked. */
export interface Session {
  /** Runs a prepared statement that returns rows. */
  rows<T>(sql: string, values?: readonly Value[]): Promise<readonly T[]>
  /** Runs a prepared statement that changes something. */
  run(sql: string, values?: readonly Value[]): Promise<ResultSetHeader>
}

/** Connections that a process holds at most: a backend has no more requests in a statement at the same time. */
const connectionsMax = 8
const connectTimeoutMs = 10_000
/** How often a transaction that lost a deadlock is tried before its error is passed on. */
const attemptsMax = 10

const urlShape = 'mysql://user:password@host:port/database'

/**
 * Reads a URL. Throws InputError, whose message holds no part of the URL that could be the password.
 * @param option who named it
 */
export const parseMysqlUrl = (text: string, option = '--store'): MysqlAddress => {
  const badUrl = (message: string): InputError =>
    new InputError([{ path: option, message, remedy: `write ${urlShape}` }])
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || url.protocol !== 'mysql:' || url.hostname === '') {
    throw badUrl('the URL of the database cannot be read')
  }
  if (url.search !== '' || url.hash !== '')
    throw badUrl('the URL of the database has parameters, which mean nothing here')
  let decoded: string[]
  try {
    decoded = [url.username, url.password, url.pathname.slice(1)].map(decodeURIComponent)
  } catch {
    throw badUrl('the URL of the database has a % that is not followed by two hexadecimal digits')
  }
  const [user = '', password = '', database = ''] = decoded
  if (user === '') throw badUrl('the URL of the database names no user')
  if (!/^[\w$-]+$/.test(database))
    throw badUrl('the URL of the database names no database, or one with unusual characters')
  // An IPv6 address stands in brackets in a URL, and without them in a socket's options.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return { host, port: url.port === '' ? 3306 : Number(url.port), user, password, database }
}

/** The address as it may be shown: without the password. */
export const publicName = ({ user, host, port, database }: MysqlAddress): string =>
  `mysql://${user}@${host.includes(':') ? `[${host}]` : host}:${port}/${database}`

/** ER_LOCK_DEADLOCK (Galera's certification failures have its number too) and ER_LOCK_WAIT_TIMEOUT. */
const lostALock = (error: unknown): boolean => ['1213', '1205'].includes(errorDetail(error, 'errno'))

/** What a failure to connect means, and what to do. */
export const connectionProblem = (address: MysqlAddress, error: unknown): WorldError => {
  const code = errorDetail(error, 'code')
  // Node gives an error without a message where a name has several addresses and none answers.
  const said = errorDetail(error, 'message') || code
  const remedies: Readonly<Record<string, string>> = {
    ER_BAD_DB_ERROR: `make it: CREATE DATABASE \`${address.database}\` CHARACTER SET utf8`,
    ER_DBACCESS_DENIED_ERROR: `GRANT ALL ON \`${address.database}\`.* to that user, or make the database if it does not exist`,
    ER_ACCESS_DENIED_ERROR: 'check user and password in the URL',
    ECONNREFUSED: 'check host and port, and that the server runs; `--store mariadb` starts a private one',
  }
  const remedy = remedies[code]
  return new WorldError(
    `cannot use the database ${publicName(address)}: ${said}${remedy === undefined ? '' : `; ${remedy}`}`,
  )
}

const sessionOf = (connection: Pick<PoolConnection, 'execute'>): Session => ({
  rows: async <T>(sql: string, values: readonly Value[] = []) => {
    const [rows] = await connection.execute<RowDataPacket[]>(sql, [...values])
    return rows as unknown as readonly T[]
  },
  run: async (sql, values = []) => {
    const [header] = await connection.execute<ResultSetHeader>(sql, [...values])
    return header
  },
})

/** Runs something that a deadlock may undo until it succeeds. */
export const retryDeadlocks = async <T>(attempt: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (!lostALock(error) || tries >= attemptsMax) throw error
      await wait(tries)
    }
  }
}

/** A pool of connections to one database, prepared for our statements. */
export class MysqlPool implements Session {
  readonly address: MysqlAddress
  private readonly pool: Pool
  private readonly any: Session

  constructor(address: MysqlAddress) {
    this.address = address
    this.pool = createPool({
      ...address,
      connectionLimit: connectionsMax,
      connectTimeout: connectTimeoutMs,
      charset: 'UTF8MB4_BIN',
      // Instants stay text: the driver's Date would bring this machine's time zone into them.
      dateStrings: true,
    })
    this.pool.pool.on('connection', (connection) => {
      // As oslo.db does: what does not fit is an error, not a warning. Queued before the first statement.
      connection.query(`SET SESSION sql_mode = 'TRADITIONAL'`, () => {})
    })
    this.any = sessionOf(this.pool)
  }

  rows<T>(sql: string, values?: readonly Value[]): Promise<readonly T[]> {
    return this.any.rows<T>(sql, values)
  }

  run(sql: string, values?: readonly Value[]): Promise<ResultSetHeader> {
    return retryDeadlocks(() => this.any.run(sql, values))
  }

  /** Runs something on one connection that nobody else uses meanwhile. */
  async session<T>(work: (session: Session, connection: PoolConnection) => Promise<T>): Promise<T> {
    const connection = await this.pool.getConnection()
    try {
      return await work(sessionOf(connection), connection)
    } finally {
      connection.release()
    }
  }

  /** Runs something in a transaction; all of it again when it loses a deadlock. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.session((session, connection) =>
      retryDeadlocks(async () => {
        await connection.beginTransaction()
        try {
          const result = await work(session)
          await connection.commit()
          return result
        } catch (error) {
          // The first error tells what happened; a connection that is gone cannot be rolled back.
          await connection.rollback().catch(() => {})
          throw error
        }
      }),
    )
  }

  end(): Promise<void> {
    return this.pool.end()
  }
}
