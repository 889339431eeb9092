// What can be done to the database of the local world: to the private MariaDB server, or to the SQLite file in each process.
// A database that was given is left alone; the check of the scenario has refused such faults before.
import { WorldError } from '../../base/errors.js'
import { Child } from '../../io/childProcess.js'
import type { StoreAddress } from '../../io/store/open.js'
import { setReadOnly, setTableFull } from '../../io/store/mysqlFaults.js'
import type { PrivateMariadb } from '../../io/store/privateMariadb.js'
import type { StoreRestriction } from '../../io/store/sqliteStore.js'
import type { DatabaseHands } from '../faults/hands.js'

export interface LocalDatabaseOptions {
  /** The private server; null: SQLite. */
  readonly server: PrivateMariadb | null
  /** What stands before the server and lets answers wait; null: nothing does. */
  readonly proxy: Child | null
  /** Tells every process that has opened the SQLite file. */
  readonly restrict: (restriction: StoreRestriction) => Promise<void>
}

export const localDatabase = (options: LocalDatabaseOptions): DatabaseHands => {
  const { proxy, restrict } = options
  const restriction = { readOnly: false, full: false }
  const server = (): PrivateMariadb => {
    if (options.server === null) throw new WorldError('there is no database server of ours')
    return options.server
  }
  return {
    slow: async (latencySec) => {
      await proxy?.call('setDelay', latencySec * 1000)
    },
    stop: () => server().stop(),
    start: () => server().start(),
    hang: () => server().signal('SIGSTOP'),
    resume: () => options.server?.signal('SIGCONT'),
    readOnly: async (on) => {
      if (options.server !== null) await setReadOnly(options.server.adminUrl, on)
      else await restrict(Object.assign(restriction, { readOnly: on }))
    },
    full: async (on) => {
      if (options.server !== null) await setTableFull(options.server.adminUrl, on)
      else await restrict(Object.assign(restriction, { full: on }))
    },
  }
}

/** A process that stands before a database and can let its answers wait, and the address by which it is reached. */
export const standBefore = async (
  address: StoreAddress,
): Promise<{ readonly proxy: Child; readonly address: StoreAddress }> => {
  if (address.kind !== 'mysql') throw new WorldError('only a server has a network before it')
  const proxy = new Child({
    name: 'the slow way to the database',
    module: new URL('../../io/delayProxy.js', import.meta.url),
  })
  const url = new URL(address.url)
  const { port } = await proxy.call<{ port: number }>('open', Number(url.port))
  url.port = String(port)
  return { proxy, address: { kind: 'mysql', url: url.href } }
}
