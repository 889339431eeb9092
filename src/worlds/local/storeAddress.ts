// From the store that the user wants to one that several processes can open; a private server is started for it.
// It exists because a rehearsal and a service choose their stores alike.
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { InputError, WorldError } from '../../base/errors.js'
import type { StoreAddress, StoreChoice } from '../../io/store/open.js'
import { startMariadb, type PrivateMariadb } from '../../io/store/privateMariadb.js'
import { privateFolders } from '../../io/runLeftovers.js'
import type { Endings } from './endings.js'

export interface StorePlace {
  readonly store: StoreChoice
  /** For what is thrown away at the end: a file nobody named, a private server's data. */
  readonly folder: string
}

/** A store that processes can open, and the server behind it if it is our own. */
export interface OpenedStore {
  readonly address: StoreAddress
  readonly server: PrivateMariadb | null
}

/** A file of the user's must not lie where everything is removed at the end. */
const refuseThrownAway = (file: string, folder: string): void => {
  const places = Object.values(privateFolders).map((name) => path.resolve(folder, name) + path.sep)
  if (!places.some((place) => path.resolve(file).startsWith(place))) return
  const message = `${file} lies in a folder that the run removes at its end`
  throw new InputError([{ path: '--store', message, remedy: 'name a file outside of it' }])
}

export const openStoreAddress = async (
  { store, folder }: StorePlace,
  endings: Endings,
): Promise<OpenedStore> => {
  const withoutServer = (address: StoreAddress): OpenedStore => ({ address, server: null })
  switch (store.kind) {
    case 'memory':
      throw new WorldError(
        'several processes cannot share the store memory: --store sqlite, mariadb or mysql://…',
      )
    case 'sqlite': {
      if (store.file !== null) {
        refuseThrownAway(store.file, folder)
        return withoutServer({ kind: 'sqlite', file: store.file })
      }
      const home = path.join(folder, privateFolders.store)
      // The table of a rehearsal is a gigabyte that nobody looks at again.
      endings.add(() => rm(home, { recursive: true, force: true }))
      await mkdir(home, { recursive: true, mode: 0o700 })
      return withoutServer({ kind: 'sqlite', file: path.join(home, 'keystone.sqlite') })
    }
    case 'mysql':
      return withoutServer(store)
    case 'mariadb': {
      const home = path.join(folder, privateFolders.mariadb)
      endings.add(() => rm(home, { recursive: true, force: true }))
      await mkdir(home, { recursive: true, mode: 0o700 })
      const server = await startMariadb({ folder: home })
      endings.add(() => server.stop())
      return { address: { kind: 'mysql', url: server.url }, server }
    }
  }
}
