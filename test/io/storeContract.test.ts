// The contract of the store, run over every implementation: memory, SQLite and a private MariaDB.
// It exists because rehearsals are compared across stores, so the stores may differ in speed only.
import { afterAll, beforeAll, jest } from '@jest/globals'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createMemoryStore } from '../../src/identity/memoryStore.js'
import { openMysqlStore } from '../../src/io/store/mysqlStore.js'
import { startMariadb } from '../../src/io/store/privateMariadb.js'
import type { PrivateMariadb } from '../../src/io/store/privateMariadb.js'
import { openSqliteStore } from '../../src/io/store/sqliteStore.js'
import { describeStore } from '../support/storeContract.js'

jest.setTimeout(60_000)

const temporaryFolder = (): Promise<string> => mkdtemp(path.join(tmpdir(), 'cutover-store-'))

describeStore('memory', { shared: false }, () => {
  const store = createMemoryStore()
  return Promise.resolve({
    open: () => Promise.resolve(store),
    address: null,
    remove: () => Promise.resolve(),
  })
})

describeStore('SQLite', { shared: true }, async () => {
  const folder = await temporaryFolder()
  const file = path.join(folder, 'tokens.db')
  return {
    open: () => openSqliteStore({ file }),
    address: { kind: 'sqlite', file },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
})

let folder: string
let server: PrivateMariadb

beforeAll(async () => {
  folder = await temporaryFolder()
  // Where its programs are missing this fails, naming the packages to install: no store goes untested quietly.
  server = await startMariadb({ folder })
})

afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

describeStore('MariaDB', { shared: true }, () => {
  const { url } = server
  return Promise.resolve({
    open: () => openMysqlStore({ url }),
    address: { kind: 'mysql', url },
    remove: async () => {
      const store = await openMysqlStore({ url })
      await store.dropSchema()
      await store.close()
    },
  })
})
