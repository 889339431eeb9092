// The driver of SQLite, the file it opens and the tables in it: Keystone's `token` and our `fact`.
// It exists to keep what can go wrong with a file apart from the questions that the store answers.
import type BetterSqlite3 from 'better-sqlite3'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { InputError, WorldError } from '../../base/errors.js'
import { errorDetail } from './driverError.js'

export type Database = BetterSqlite3.Database
type Driver = typeof BetterSqlite3

/** Marks a file as ours (`PRAGMA application_id`): the letters "cuto". */
const applicationId = 0x6375746f
/** Layout of our tables (`PRAGMA user_version`). */
const schemaVersion = 1
/** How long a statement waits for another process's write, milliseconds. */
const busyTimeoutMs = 30_000
/** How long opening waits for another process that is just making the same file, milliseconds. */
const openPatienceMs = 5000
/** After a large transaction the write-ahead log is cut back to this many bytes. */
const journalSizeBytes = 64 * 1024 * 1024

/** Of the file, so much is read where the system's page cache has it, without a call: about 15 % of a look-up. */
const mappedBytes = 8 * 1024 * 1024 * 1024

/** Keystone's own table (K@mitaka-eol, migration 067_kilo.py), as SQLAlchemy makes it in SQLite. */
const tokenTable = `CREATE TABLE IF NOT EXISTS token (
  id VARCHAR(64) NOT NULL,
  expires DATETIME,
  extra TEXT,
  valid BOOLEAN NOT NULL,
  trust_id VARCHAR(64),
  user_id VARCHAR(64),
  PRIMARY KEY (id),
  CHECK (valid IN (0, 1))
)`

/** Name and columns of the indexes that Keystone has on `token`. */
export const tokenIndexes = [
  ['ix_token_expires', 'expires'],
  ['ix_token_expires_valid', 'expires, valid'],
  ['ix_token_user_id', 'user_id'],
  ['ix_token_trust_id', 'trust_id'],
] as const

const factTable = `CREATE TABLE IF NOT EXISTS fact (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  removed INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (kind, id)
)`

/** The statement that makes an index of `token` if it is not there. */
export const createIndex = ([name, columns]: (typeof tokenIndexes)[number]): string =>
  `CREATE INDEX IF NOT EXISTS ${name} ON token (${columns})`

/** Whether an error says that another process holds the file. */
export const isBusy = (error: unknown): boolean => errorDetail(error, 'code').startsWith('SQLITE_BUSY')

/** @throws WorldError if the optional dependency cannot be loaded */
export const loadDriver = async (): Promise<Driver> => {
  try {
    const { default: driver } = await import('better-sqlite3')
    // Its native part is loaded by the first database, not by the import.
    new driver(':memory:').close()
    return driver
  } catch (error) {
    throw new WorldError(
      `the SQLite driver (optional dependency better-sqlite3) cannot be loaded: ${errorDetail(error, 'message').split('\n')[0]}; ` +
        'install it with `npm install better-sqlite3@12` (where no prebuilt binary fits it needs a C++ compiler, make and python3), ' +
        'or use another store: `--store mariadb` or `--store mysql://…`',
    )
  }
}

const prepareTables = (database: Database, file: string): void => {
  const isOurs = database.pragma('application_id', { simple: true }) === applicationId
  if (!isOurs) {
    const tables = database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() as number
    if (tables > 0) {
      throw new InputError([
        {
          path: '--store',
          message: `the SQLite file ${file} holds tables of another program`,
          remedy: 'name a file that does not exist yet, or one that an earlier run made',
        },
      ])
    }
  }
  const found = database.pragma('user_version', { simple: true })
  if (isOurs && found !== schemaVersion) {
    throw new InputError([
      {
        path: '--store',
        message: `the SQLite file ${file} has tables of layout ${String(found)}, this program knows layout ${schemaVersion}`,
        remedy: 'remove the file, or name another one',
      },
    ])
  }
  // Changing the mode needs the file for ourselves; finding it changed does not.
  if (database.pragma('journal_mode', { simple: true }) !== 'wal') database.pragma('journal_mode = WAL')
  if (isOurs) return
  database
    .transaction(() => {
      database.exec(tokenTable)
      for (const index of tokenIndexes) database.exec(createIndex(index))
      database.exec(factTable)
      database.exec('CREATE UNIQUE INDEX IF NOT EXISTS ix_fact_version ON fact (version)')
      database.pragma(`user_version = ${schemaVersion}`)
      database.pragma(`application_id = ${applicationId}`)
    })
    .immediate()
}

/**
 * Opens a file, making it and its tables if it is new. Several processes may open one file at the same time.
 * Throws InputError for a file that is not ours, WorldError if the driver or the file cannot be opened.
 */
export const openDatabase = async (file: string): Promise<Database> => {
  const driver = await loadDriver()
  let database: Database
  try {
    // The file holds hashes of passwords and whole tokens: made for this user alone, like the keys.
    closeSync(openSync(file, 'a', 0o600))
    database = new driver(file, { timeout: busyTimeoutMs })
  } catch (error) {
    throw new WorldError(`cannot open the SQLite file ${file}: ${errorDetail(error, 'message')}`)
  }
  const giveUpMs = performance.now() + openPatienceMs
  for (;;) {
    try {
      // A process that dies loses nothing by this; only a power cut can spoil the file. With the usual NORMAL each
      // checkpoint waits for the disk, for hundreds of milliseconds in which a backend answers nobody: response
      // times would then tell of this machine's disk, not of tokens.
      database.pragma('synchronous = OFF')
      database.pragma(`journal_size_limit = ${journalSizeBytes}`)
      database.pragma(`mmap_size = ${mappedBytes}`)
      prepareTables(database, file)
      return database
    } catch (error) {
      if (isBusy(error) && performance.now() < giveUpMs) {
        await wait(20)
        continue
      }
      database.close()
      if (error instanceof InputError) throw error
      if (errorDetail(error, 'code') === 'SQLITE_NOTADB') {
        throw new InputError([
          {
            path: '--store',
            message: `${file} is not a SQLite database`,
            remedy: 'name a file that does not exist yet',
          },
        ])
      }
      throw new WorldError(`cannot use the SQLite file ${file}: ${errorDetail(error, 'message')}`)
    }
  }
}
