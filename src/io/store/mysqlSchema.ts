// The tables in MySQL or MariaDB: Keystone's `token`, our `fact`, and the table that marks the schema as ours.
// It exists so that a rehearsal can never touch the tables of a real Keystone.
import { InputError } from '../../base/errors.js'
import { publicName } from './mysqlConnection.js'
import type { MysqlPool, Session } from './mysqlConnection.js'

/** Layout of our tables, kept in the marker. */
const schemaVersion = 1
/** How long opening waits for another process that is just making the same tables, seconds. */
const lockPatienceSec = 60

/**
 * Keystone's own table (K@mitaka-eol, migration 067_kilo.py). The collation is binary, since ids are opaque and all
 * stores must find the same; `extra` takes characters of four bytes too, which Keystone's JSON escapes.
 */
const tokenTable = `CREATE TABLE token (
  id VARCHAR(64) NOT NULL,
  expires DATETIME DEFAULT NULL,
  extra TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  valid TINYINT(1) NOT NULL,
  trust_id VARCHAR(64) DEFAULT NULL,
  user_id VARCHAR(64) DEFAULT NULL,
  PRIMARY KEY (id),
  KEY ix_token_expires (expires),
  KEY ix_token_expires_valid (expires, valid),
  KEY ix_token_user_id (user_id),
  KEY ix_token_trust_id (trust_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8 COLLATE=utf8_bin`

/** Name and columns of the indexes that Keystone has on `token`. */
export const tokenIndexes = [
  ['ix_token_expires', 'expires'],
  ['ix_token_expires_valid', 'expires, valid'],
  ['ix_token_user_id', 'user_id'],
  ['ix_token_trust_id', 'trust_id'],
] as const

const factTable = `CREATE TABLE fact (
  kind VARCHAR(32) NOT NULL,
  id VARCHAR(255) NOT NULL,
  version BIGINT NOT NULL,
  removed TINYINT NOT NULL,
  body MEDIUMTEXT NOT NULL,
  PRIMARY KEY (kind, id),
  UNIQUE KEY ix_fact_version (version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`

/** One row: the layout, and the version of the latest write to `fact`. */
const markerTable = `CREATE TABLE cutover_schema (
  layout INT NOT NULL PRIMARY KEY,
  fact_version BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8`

const ourTables = ['token', 'fact', 'cutover_schema'] as const

const refuse = (pool: MysqlPool, what: string, remedy: string): InputError =>
  new InputError([{ path: '--store', message: `the database ${publicName(pool.address)} ${what}`, remedy }])

const emptyDatabase = 'name an empty database, made for rehearsals: CREATE DATABASE … CHARACTER SET utf8'

const makeTables = async (pool: MysqlPool, session: Session, allowForeign: boolean): Promise<void> => {
  const found = await session.rows<{ name: string }>(
    'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name',
  )
  const names = new Set(found.map(({ name }) => name.toLowerCase()))
  if (names.has('cutover_schema')) {
    const [marker] = await session.rows<{ layout: number }>('SELECT layout FROM cutover_schema')
    if (marker?.layout === schemaVersion) return
    throw refuse(
      pool,
      `has tables of layout ${marker?.layout ?? '(none)'}, this program knows layout ${schemaVersion}`,
      'drop its tables token, fact and cutover_schema, or name another database',
    )
  }
  const clash = ourTables.find((name) => names.has(name))
  if (clash !== undefined) {
    throw refuse(pool, `has a table ${clash} that is not ours, perhaps a real Keystone's`, emptyDatabase)
  }
  if (names.size > 0 && !allowForeign) {
    const some = found.slice(0, 3).map(({ name }) => name)
    throw refuse(
      pool,
      `holds tables that are not ours (${some.join(', ')}${found.length > 3 ? ', …' : ''})`,
      emptyDatabase,
    )
  }
  await session.run(tokenTable)
  await session.run(factTable)
  await session.run(markerTable)
  await session.run('INSERT INTO cutover_schema (layout, fact_version) VALUES (?, 0)', [schemaVersion])
}

/**
 * Makes the tables unless they are there. Throws InputError for a schema that holds tables of somebody else (with
 * `allowForeign`: only if one of them has the name of one of ours, since those are never touched).
 */
export const prepareSchema = (pool: MysqlPool, options: { readonly allowForeign: boolean }): Promise<void> =>
  pool.session(async (session) => {
    // Named for the database, as the server's locks know nothing of databases.
    const lock = `cutover_schema.${pool.address.database}`.slice(0, 64)
    await session.rows('SELECT GET_LOCK(?, ?)', [lock, lockPatienceSec])
    try {
      await makeTables(pool, session, options.allowForeign)
    } finally {
      await session.rows('SELECT RELEASE_LOCK(?)', [lock])
    }
  })

/** Drops what is ours; the marker last, so that what a failure leaves is still known as ours. */
export const dropTables = async (pool: MysqlPool): Promise<void> => {
  for (const name of ourTables) await pool.run(`DROP TABLE IF EXISTS ${name}`)
}
