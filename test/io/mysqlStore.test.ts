// What only the MySQL store and the private MariaDB server do: schemas of others, deadlocks, starting and ending.
// It exists beside the common contract, which knows neither servers nor schemas.
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { createConnection } from 'mysql2/promise'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { DefectError, InputError, WorldError } from '../../src/base/errors.js'
import { openMysqlStore } from '../../src/io/store/mysqlStore.js'
import { TokenTableReader } from '../../src/io/store/tokenTableReader.js'
import { startMariadb } from '../../src/io/store/privateMariadb.js'
import type { PrivateMariadb } from '../../src/io/store/privateMariadb.js'
import { compileSource } from '../support/compiledSource.js'
import { backgroundRows, backgroundTokens, idOf, order, row, startSec } from '../support/storeSubject.js'

jest.setTimeout(60_000)

let folder: string
let server: PrivateMariadb
let beside: Connection

const ask = async (sql: string): Promise<unknown[]> => {
  const [rows] = await beside.query<RowDataPacket[]>({ sql, rowsAsArray: true })
  return rows
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cutover-mysql-'))
  server = await startMariadb({ folder })
  beside = await createConnection(server.url)
})

afterAll(async () => {
  await beside.end()
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

afterEach(async () => {
  for (const [name] of (await ask('SHOW TABLES')) as [string][]) await beside.query(`DROP TABLE \`${name}\``)
})

const withPassword = (change: (url: URL) => void): string => {
  const url = new URL(server.url)
  change(url)
  return url.href
}

describe('the schema of a MySQL store', () => {
  test("is Keystone's token table with its indexes, before and after a load", async () => {
    const store = await openMysqlStore({ url: server.url })
    const describeTable = () => ask('SHOW CREATE TABLE token')
    const before = await describeTable()
    await store.load([], backgroundTokens())
    await store.close()
    const ddl = String((before as string[][])[0]?.[1])
    for (const part of [
      '`id` varchar(64)',
      '`expires` datetime DEFAULT NULL',
      '`valid` tinyint(1) NOT NULL',
      'KEY `ix_token_expires` (`expires`)',
      'KEY `ix_token_expires_valid` (`expires`,`valid`)',
      'KEY `ix_token_user_id` (`user_id`)',
      'KEY `ix_token_trust_id` (`trust_id`)',
      'ENGINE=InnoDB',
    ]) {
      expect(ddl).toContain(part)
    }
    expect(await describeTable()).toEqual(before)
  })

  test('is made once when several open an empty database at the same time', async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, () => openMysqlStore({ url: server.url })))
    await stores[0]?.insertToken(row('a1'))
    expect(await Promise.all(stores.map((store) => store.countTokens()))).toEqual([1, 1, 1, 1])
    for (const store of stores) await store.close()
  })

  test('is refused beside the tables of others, unless that is allowed; dropping it leaves them', async () => {
    await beside.query('CREATE TABLE service (id INT)')
    await expect(openMysqlStore({ url: server.url })).rejects.toThrow(InputError)
    await expect(openMysqlStore({ url: server.url })).rejects.toThrow(
      /holds tables that are not ours \(service\).*empty database/,
    )
    const store = await openMysqlStore({ url: server.url, allowForeign: true })
    await store.insertToken(row('a1'))
    await store.dropSchema()
    await store.close()
    expect(await ask('SHOW TABLES')).toEqual([['service']])
  })

  test.each([false, true])(
    'never touches a token table that is not ours (allowed: %s)',
    async (allowForeign) => {
      await beside.query('CREATE TABLE token (id VARCHAR(64))')
      const opening = openMysqlStore({ url: server.url, allowForeign })
      await expect(opening).rejects.toThrow('a table token that is not ours')
      expect(await ask('SHOW TABLES')).toEqual([['token']])
    },
  )

  test('is refused when its layout is another one', async () => {
    await (await openMysqlStore({ url: server.url })).close()
    await beside.query('UPDATE cutover_schema SET layout = 99')
    await expect(openMysqlStore({ url: server.url })).rejects.toThrow('layout 99')
  })
})

describe('a database that cannot be used', () => {
  test.each([
    ['has another password', (url: URL) => (url.password = 's3cret'), 'check user and password'],
    ['is not there', (url: URL) => (url.pathname = '/absent'), /make it: CREATE DATABASE|GRANT ALL ON/],
  ])('is reported when it %s, with what to do and without the password', async (_what, change, remedy) => {
    const problem = await openMysqlStore({ url: withPassword(change) }).catch((error: unknown) => error)
    expect(problem).toBeInstanceOf(WorldError)
    expect((problem as Error).message).toMatch(remedy)
    const shown = JSON.stringify(problem) + String(problem) + String((problem as Error).stack)
    expect(shown).not.toContain('s3cret')
    expect(shown).not.toContain(new URL(server.url).password)
  })

  test('is reported when nobody listens', async () => {
    const listener = createServer().listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as AddressInfo
    listener.close()
    await once(listener, 'close')
    const url = withPassword((each) => (each.port = String(port)))
    await expect(openMysqlStore({ url })).rejects.toThrow('check host and port')
  })
})

describe('a load into MySQL', () => {
  test('refuses rows that are not in ascending order of id, keeping none of them', async () => {
    const store = await openMysqlStore({ url: server.url })
    await expect(store.load([], [row('b'), row('a')])).rejects.toThrow(DefectError)
    expect(await store.countTokens()).toBe(0)
    await store.close()
  })

  test('splits rows that are too large for one statement', async () => {
    const store = await openMysqlStore({ url: server.url })
    const text = 'é'.repeat(30_000)
    const { extra } = row('a')
    const rows = Array.from({ length: 60 }, (_, i) =>
      row(idOf(i), { extra: { ...extra, claims: null as never, text } }),
    )
    await store.load([], rows)
    expect(await store.tokenBytes()).toBe(60 * 60_000)
    await store.close()
  })
})

describe('a flush of MySQL', () => {
  test('that loses a deadlock is done again, all of it', async () => {
    const store = await openMysqlStore({ url: server.url })
    // Enough rows beside them for the server to find the expired ones by their index.
    await store.load([], backgroundTokens())
    for (let i = 0; i < 20; i++) await store.insertToken(row(idOf(i), { expiresAtSec: startSec - 100 + i }))
    await beside.query('ANALYZE TABLE token')
    // The other one holds a late row and will want an early one; the server ends whoever has changed less.
    await beside.query('CREATE TABLE ballast (id INT PRIMARY KEY) ENGINE=InnoDB')
    await beside.beginTransaction()
    await beside.query('INSERT INTO ballast SELECT seq FROM seq_1_to_500')
    await beside.query(`UPDATE token SET valid = 0 WHERE id = '${idOf(18)}'`)
    const reports: number[] = []
    const flushing = store.flushTokens(order({ transaction: 'one', batchRows: 5 }), (rows) =>
      reports.push(rows),
    )
    while (reports.length < 3) await nextTurn()
    await beside.query(`UPDATE token SET valid = 0 WHERE id = '${idOf(1)}'`)
    await beside.commit()
    expect(await flushing).toBe(20)
    expect(reports.filter((rows) => rows === 5)).toHaveLength(2)
    expect(await store.countTokens()).toBe(backgroundRows)
    await store.close()
  })
})

/** Whether a process is there and is more than a corpse that nobody has buried. */
const runs = async (pid: number): Promise<boolean> => {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return status !== '' && !/\) [ZX] /.test(status)
}

describe('a private MariaDB server', () => {
  test('runs under the pid that it names, listens on 127.0.0.1 only, and keeps its password to itself', async () => {
    const commandLine = await readFile(`/proc/${server.pid}/cmdline`, 'utf8')
    expect(commandLine).toMatch(/mariadbd/)
    expect(commandLine).not.toContain(new URL(server.url).password)
    expect(await readdir(folder)).not.toContain('grants.sql')
    expect(await ask('SELECT @@bind_address')).toEqual([['127.0.0.1']])
  })

  test('lets nobody in but its own user', async () => {
    const { port } = new URL(server.url)
    for (const user of ['root', '', 'mysql', 'mariadb.sys']) {
      await expect(createConnection({ host: '127.0.0.1', port: Number(port), user })).rejects.toThrow(
        /Access denied|not allowed|locked/,
      )
    }
  })

  test('stands beside another one, and is gone when it has been stopped', async () => {
    const own = await mkdtemp(path.join(tmpdir(), 'cutover-mysql-'))
    const second = await startMariadb({ folder: own })
    expect(new URL(second.url).port).not.toBe(new URL(server.url).port)
    expect(await runs(second.pid)).toBe(true)
    await Promise.all([second.stop(), second.stop()])
    expect(await runs(second.pid)).toBe(false)
    await second.stop()
    await rm(own, { recursive: true, force: true })
    expect(await ask('SELECT 1')).toEqual([[1]])
  })

  test('does not outlive a process that is killed', async () => {
    const own = await mkdtemp(path.join(tmpdir(), 'cutover-mysql-'))
    const compiled = await compileSource(['base', 'token', 'identity', 'io', 'io/store'])
    const script = `
      const { startMariadb } = await import('${compiled.url}io/store/privateMariadb.js')
      const { pid } = await startMariadb({ folder: '${own}' })
      process.stdout.write(pid + '\\n')
      setInterval(() => {}, 1000)`
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer]
      const pid = Number(line.toString())
      expect(await runs(pid)).toBe(true)
      parent.kill('SIGKILL')
      while (await runs(pid)) await nextTurn()
    } finally {
      parent.kill('SIGKILL')
      await compiled.remove()
      await rm(own, { recursive: true, force: true })
    }
  })

  test('names the packages when its programs are missing', async () => {
    const searchPath = process.env['PATH']
    process.env['PATH'] = folder
    try {
      const starting = startMariadb({ folder: path.join(folder, 'none') })
      await expect(starting).rejects.toThrow(/apt-get install mariadb-server-core mariadb-client-core/)
      await expect(starting).rejects.toThrow(WorldError)
    } finally {
      process.env['PATH'] = searchPath
    }
  })
})

describe('the token table of a given Keystone', () => {
  const makeTable = async (): Promise<void> => {
    await beside.query('CREATE TABLE token (id VARCHAR(64) PRIMARY KEY, expires DATETIME)')
    await beside.query("INSERT INTO token VALUES ('a', '2017-04-04 06:00:00'), ('b', '2017-04-05 06:00:00')")
  }

  test('is counted, and asked for its last expiry, in a session that can only read', async () => {
    await makeTable()
    const reader = await TokenTableReader.open(server.url)
    expect(await reader.rows()).toBe(2)
    expect(await reader.lastExpiry()).toEqual({ epochSec: Date.parse('2017-04-05T06:00:00Z') / 1000 })
    await beside.query('DELETE FROM token')
    expect([await reader.rows(), await reader.lastExpiry()]).toEqual([0, { epochSec: null }])
    const sessions = await ask('SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE()')
    expect(sessions).toEqual([[2]])
    await reader.close()
  })

  test('is missed by its name, and a wrong password is not repeated', async () => {
    await expect(TokenTableReader.open(server.url)).rejects.toThrow('no table `token`')
    const wrong = withPassword((url) => (url.password = 'mistyped'))
    const problem: unknown = await TokenTableReader.open(wrong).catch((error: unknown) => error)
    expect(problem).toBeInstanceOf(WorldError)
    expect(String(problem)).not.toContain('mistyped')
  })

  test('a database that goes away is an answer that is missing', async () => {
    await makeTable()
    const reader = await TokenTableReader.open(server.url)
    const [[id]] = (await ask(
      'SELECT MAX(id) FROM information_schema.processlist WHERE db = DATABASE()',
    )) as [[number]]
    await beside.query(`KILL ${id}`)
    expect([await reader.rows(), await reader.lastExpiry()]).toEqual([null, null])
    await reader.close()
  })
})
