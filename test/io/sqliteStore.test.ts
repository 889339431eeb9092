// What only the SQLite store does: it opens a file, or says why it does not, and shares it while it works.
// It exists beside the common contract, which knows no files.
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import BetterSqlite3 from 'better-sqlite3'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { InputError, WorldError } from '../../src/base/errors.js'
import type { SqliteStore } from '../../src/io/store/sqliteStore.js'
import { openSqliteStore } from '../../src/io/store/sqliteStore.js'
import { backgroundDocuments, backgroundTokens, idOf, order, row, startSec } from '../support/storeSubject.js'

let folder: string
let file: string
let opened: SqliteStore[]

const open = async (): Promise<SqliteStore> => {
  const store = await openSqliteStore({ file })
  opened.push(store)
  return store
}

beforeEach(async () => {
  opened = []
  folder = await mkdtemp(path.join(tmpdir(), 'cutover-sqlite-'))
  file = path.join(folder, 'tokens.db')
})

afterEach(async () => {
  for (const store of opened) await store.close()
  await rm(folder, { recursive: true, force: true })
})

/** What a file holds, asked without the store. */
const ask = (sql: string): unknown[] => {
  const database = new BetterSqlite3(file, { readonly: true })
  try {
    return database.prepare(sql).raw().all()
  } finally {
    database.close()
  }
}

describe('the file of a SQLite store', () => {
  const columns = [
    ['id', 'VARCHAR(64)', 1],
    ['expires', 'DATETIME', 0],
    ['extra', 'TEXT', 0],
    ['valid', 'BOOLEAN', 1],
    ['trust_id', 'VARCHAR(64)', 0],
    ['user_id', 'VARCHAR(64)', 0],
  ]
  const indexes = [
    ['ix_token_expires', 'expires'],
    ['ix_token_expires_valid', 'expires,valid'],
    ['ix_token_trust_id', 'trust_id'],
    ['ix_token_user_id', 'user_id'],
  ]

  test.each([false, true])(
    'has the token table of Keystone with its indexes (loaded: %s)',
    async (loaded) => {
      const store = await open()
      if (loaded) await store.load(backgroundDocuments, backgroundTokens())
      expect(ask(`SELECT name, type, "notnull" FROM pragma_table_info('token')`)).toEqual(columns)
      expect(
        ask(
          `SELECT i.name, group_concat(c.name) FROM pragma_index_list('token') i, pragma_index_info(i.name) c
         WHERE i.origin = 'c' GROUP BY i.name ORDER BY i.name`,
        ),
      ).toEqual(indexes)
      expect(ask('PRAGMA journal_mode')).toEqual([['wal']])
    },
  )

  test('keeps instants as SQLAlchemy writes them', async () => {
    const store = await open()
    store.insertToken(row('a1', { expiresAtSec: Date.UTC(2017, 3, 1, 9, 5, 7) / 1000 }))
    expect(ask('SELECT expires, typeof(expires), valid FROM token')).toEqual([
      ['2017-04-01 09:05:07.000000', 'text', 1],
    ])
  })

  test('can be made by several at the same time', async () => {
    const stores = await Promise.all(Array.from({ length: 5 }, open))
    stores[0]?.insertToken(row('a1'))
    expect(stores.map((store) => store.countTokens())).toEqual([1, 1, 1, 1, 1])
  })

  test('is loaded while others look at it, too', async () => {
    const [store, other] = [await open(), await open()]
    await store.load(backgroundDocuments, backgroundTokens())
    other.refresh()
    expect(other.countTokens()).toBe(store.countTokens())
    expect(other.list('user')).toEqual(store.list('user'))
  })

  test('is refused when it holds the tables of another program, and left as it is', async () => {
    const foreign = new BetterSqlite3(file)
    foreign.exec('CREATE TABLE token (id VARCHAR(64))')
    foreign.close()
    const before = await readFile(file)
    await expect(open()).rejects.toThrow(InputError)
    await expect(open()).rejects.toThrow('holds tables of another program')
    expect(await readFile(file)).toEqual(before)
  })

  test('is refused when it is no database', async () => {
    await writeFile(file, 'These are notes, not tokens.\n'.repeat(100))
    await expect(open()).rejects.toThrow(InputError)
    expect(await readdir(folder)).toEqual(['tokens.db'])
  })

  test('is refused when its tables have another layout', async () => {
    await (await open()).close()
    opened = []
    const database = new BetterSqlite3(file)
    database.pragma('user_version = 99')
    database.close()
    await expect(open()).rejects.toThrow('layout 99')
  })

  test('cannot be made in a folder that does not exist', async () => {
    file = path.join(folder, 'nowhere', 'tokens.db')
    await expect(open()).rejects.toThrow(WorldError)
  })
})

describe('a flush of a SQLite store', () => {
  const expired = Array.from({ length: 40 }, (_, i) => row(idOf(i), { expiresAtSec: startSec - 100 + i }))

  const flushWatched = async (transaction: 'one' | 'each') => {
    const [store, other] = [await open(), await open()]
    for (const each of expired) store.insertToken(each)
    const seen: number[] = []
    let turns = 0
    let isOver = false
    const turn = (): void => {
      if (isOver) return
      turns++
      setImmediate(turn)
    }
    setImmediate(turn)
    await store.flushTokens(order({ transaction, batchRows: 10 }), () => seen.push(other.countTokens()))
    isOver = true
    return { seen, turns }
  }

  test('in one transaction is seen by others only when it is over', async () => {
    expect((await flushWatched('one')).seen).toEqual([40, 40, 40, 40, 40])
  })

  test('with a transaction for each batch is seen batch by batch, and lets others have their turns', async () => {
    const { seen, turns } = await flushWatched('each')
    expect(seen).toEqual([30, 20, 10, 0, 0])
    expect(turns).toBeGreaterThanOrEqual(3)
  })
})

describe('a system without the SQLite driver', () => {
  afterEach(() => {
    jest.resetModules()
  })

  test('is told what is missing, how to get it, and what to use instead', async () => {
    jest.resetModules()
    jest.unstable_mockModule('better-sqlite3', () => {
      throw new Error('Could not locate the bindings file.\nTried:\n many places')
    })
    const fresh = await import('../../src/io/store/sqliteStore.js')
    const problem: unknown = await fresh.openSqliteStore({ file }).catch((error: unknown) => error)
    expect(problem).toHaveProperty('name', 'WorldError')
    expect(problem).toHaveProperty(
      'message',
      expect.stringMatching(
        /Could not locate the bindings file\.; .*npm install better-sqlite3@12.*--store mariadb/,
      ),
    )
  })
})
