// A look at one row of a `token` table, in both databases, as a real Keystone left it.
// It may be the database of a running cloud, so that nothing is made or written there is part of the test.
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createConnection } from 'mysql2/promise'
import { parseStoreChoice } from '../../src/io/store/open.js'
import { parseMysqlUrl } from '../../src/io/store/mysqlConnection.js'
import { startMariadb, type PrivateMariadb } from '../../src/io/store/privateMariadb.js'
import { openSqliteStore } from '../../src/io/store/sqliteStore.js'
import { readStoredToken } from '../../src/io/store/storedToken.js'
import { recordedRow, recordedUuidTokens } from '../support/recordedRows.js'

jest.setTimeout(60_000)

const folder = mkdtempSync(path.join(os.tmpdir(), 'cutover-row-'))
const all = recordedUuidTokens()
const wanted = all[7] as (typeof all)[number]
const absent = '0'.repeat(32)
let server: PrivateMariadb

beforeAll(async () => {
  server = await startMariadb({ folder: path.join(folder, 'mariadb') })
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const look = (store: string, id: string) => readStoredToken(parseStoreChoice(store), id)
const expected = {
  id: wanted.row.id,
  expiresAtSec: recordedRow(wanted).expiresAtSec,
  valid: true,
  userId: wanted.row.user_id,
  trustId: wanted.row.trust_id,
}

test('in SQLite the row is found, another is not, and the file stays as it is', async () => {
  const file = path.join(folder, 'tokens.db')
  const store = await openSqliteStore({ file })
  for (const each of all) store.insertToken(recordedRow(each))
  await store.close()
  const before = readFileSync(file)
  expect(await look(`sqlite:${file}`, wanted.row.id)).toMatchObject(expected)
  expect(await look(`sqlite:${file}`, absent)).toBeNull()
  expect(readFileSync(file).equals(before)).toBe(true)
})

describe('in MariaDB', () => {
  const sql = async <T>(text: string, values: unknown[] = []): Promise<T[]> => {
    const connection = await createConnection(parseMysqlUrl(server.url))
    try {
      const [rows] = await connection.query(text, values)
      return rows as T[]
    } finally {
      await connection.end()
    }
  }

  test('a table as Keystone’s own migration makes it is read, and no other is made', async () => {
    // keystone/common/sql/migrate_repo/versions/067_kilo.py
    await sql(`CREATE TABLE token (id VARCHAR(64) NOT NULL, expires DATETIME, extra TEXT, valid BOOL NOT NULL,
      trust_id VARCHAR(64), user_id VARCHAR(64), PRIMARY KEY (id)) ENGINE=InnoDB DEFAULT CHARSET=utf8`)
    for (const { row } of all) {
      const { id, expires, valid, trust_id, user_id } = row
      await sql(
        'INSERT INTO token (id, expires, extra, valid, trust_id, user_id) VALUES (?, ?, ?, ?, ?, ?)',
        [id, expires, JSON.stringify(row.extra), valid, trust_id, user_id],
      )
    }
    expect(await look(server.url, wanted.row.id)).toMatchObject(expected)
    expect(await look(server.url, absent)).toBeNull()
    expect(await sql('SHOW TABLES')).toHaveLength(1)
    await sql('DROP TABLE token')
  })

  test('a database without the table is refused, and one that does not answer names no password', async () => {
    await expect(look(server.url, absent)).rejects.toThrow(/has no table `token`/)
    const away = 'mysql://keystone:hunter2@127.0.0.1:1/keystone'
    await expect(look(away, absent)).rejects.toMatchObject({ name: 'WorldError' })
    await expect(look(away, absent)).rejects.not.toThrow(/hunter2/)
  })
})

test('what is no store of tokens is refused, and no file is made', async () => {
  const other = path.join(folder, 'other.db')
  writeFileSync(other, 'not a database, but long enough to be looked at as if it were one')
  await expect(look(`sqlite:${other}`, absent)).rejects.toThrow(/is not a SQLite database/)
  const before = readdirSync(folder)
  await expect(look(`sqlite:${path.join(folder, 'missing.db')}`, absent)).rejects.toThrow(/there is no file/)
  for (const store of ['sqlite', 'mariadb', 'memory']) {
    await expect(look(store, absent)).rejects.toThrow(/lives only while a run does/)
  }
  expect(readdirSync(folder)).toEqual(before)
})
