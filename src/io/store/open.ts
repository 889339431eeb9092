// The one place that knows which stores there are: the words of `--store`, and how each kind is opened.
// It exists so that worlds and commands name a store and never a driver.
import { InputError } from '../../base/errors.js'
import { nearest } from '../../base/nearest.js'
import type { Store } from '../../identity/store.js'
import { parseMysqlUrl } from './mysqlConnection.js'
import { openMysqlStore } from './mysqlStore.js'
import { openSqliteStore } from './sqliteStore.js'

/** Where a store is: plain data, so that it can be handed to another process. A URL holds a password: never print it. */
export type StoreAddress =
  { readonly kind: 'sqlite'; readonly file: string } | { readonly kind: 'mysql'; readonly url: string }

/**
 * What the user wants. `sqlite` with `file` null: a file in the run's folder; `mariadb`: a private server, started
 * for the run; `memory`: the simulated world's own.
 */
export type StoreChoice =
  | { readonly kind: 'sqlite'; readonly file: string | null }
  | { readonly kind: 'mariadb' }
  | { readonly kind: 'mysql'; readonly url: string }
  | { readonly kind: 'memory' }

const words = ['sqlite', 'sqlite:FILE', 'mariadb', 'mysql://user:password@host:port/database', 'memory']

const unknown = (message: string, remedy: string): InputError =>
  new InputError([{ path: '--store', message, remedy }])

/**
 * Reads the value of `--store`. Throws InputError, with the word that was probably meant; its message never holds
 * what could be a password.
 */
export const parseStoreChoice = (text: string): StoreChoice => {
  if (text === 'sqlite') return { kind: 'sqlite', file: null }
  if (text === 'mariadb' || text === 'memory') return { kind: text }
  const colon = text.indexOf(':')
  const head = colon < 0 ? text : text.slice(0, colon)
  const rest = colon < 0 ? '' : text.slice(colon + 1)
  if (head === 'sqlite') {
    const file = rest.replace(/^\/\/(?=\/)/, '')
    if (file === '') throw unknown('sqlite: names no file', 'write sqlite:FILE, or sqlite alone')
    return { kind: 'sqlite', file }
  }
  if (head === 'mysql' && rest !== '') {
    parseMysqlUrl(text)
    return { kind: 'mysql', url: text }
  }
  if (rest !== '') {
    // From the colon on it may be a URL with a password.
    const meant = nearest(head, ['sqlite', 'mysql']) ?? (rest.startsWith('//') ? 'mysql' : 'sqlite')
    throw unknown(`${head}: is no kind of store`, `write ${meant === 'mysql' ? words[3] : words[1]}`)
  }
  const meant = nearest(head, ['sqlite', 'mariadb', 'memory', 'mysql'])
  const remedy =
    meant === null
      ? `write one of ${words.join(', ')}`
      : `write ${meant === 'mysql' ? `${words[3]}, or mariadb for a private server` : meant}`
  throw unknown(`"${head}" is no store`, remedy)
}

/** Opens a store. Throws InputError or WorldError as the kinds do (`openSqliteStore`, `openMysqlStore`). */
export const openStore = (address: StoreAddress): Promise<Store> => {
  switch (address.kind) {
    case 'sqlite':
      return openSqliteStore({ file: address.file })
    case 'mysql':
      return openMysqlStore({ url: address.url })
  }
}
