// Rows of Keystone's `token` table as its columns hold them, for both databases.
// It exists so that instants and truth values are written in one place, the way Keystone writes them.
import { assert } from '../../base/errors.js'
import { isoInstant, parseInstant } from '../../identity/instants.js'
import type { FlushOrder, TokenExtra, TokenRow } from '../../identity/store.js'

/** A row as a driver returns it. `expires` is text in UTC, `valid` 0 or 1. */
export interface TokenColumns {
  readonly id: string
  readonly expires: string
  readonly extra: string
  readonly valid: number
  readonly trust_id: string | null
  readonly user_id: string | null
}

/** The columns in the order of Keystone's migration `067_kilo.py`. */
export const tokenColumnNames = 'id, expires, extra, valid, trust_id, user_id'

/** What is asked of a row whose `id` and `extra` are known. */
export const tokenStateNames = 'expires, valid, trust_id, user_id'

/** What a driver binds to `tokenColumnNames`. */
export type TokenValues = [
  id: string,
  expires: string,
  extra: string,
  valid: number,
  trustId: string | null,
  userId: string | null,
]

/** `YYYY-MM-DD HH:MM:SS`: MySQL's DATETIME without a fraction. */
export const mysqlInstant = (sec: number): string => {
  const iso = isoInstant(sec)
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}`
}

/** `YYYY-MM-DD HH:MM:SS.ffffff`: how SQLAlchemy keeps a datetime in SQLite, where text order is time order. */
export const sqliteInstant = (sec: number): string => {
  const iso = isoInstant(sec)
  return `${iso.slice(0, 10)} ${iso.slice(11, 26)}`
}

/** The values to bind for a row; `instant` is the database's way to write one. */
export const tokenValues = (row: TokenRow, instant: (sec: number) => string): TokenValues => [
  row.id,
  instant(row.expiresAtSec),
  row.extra.text,
  row.valid ? 1 : 0,
  row.trustId,
  row.userId,
]

/** The row that columns hold. */
export const rowOfColumns = (columns: Omit<TokenColumns, 'extra'>, extra: TokenExtra): TokenRow => {
  const expiresAtSec = parseInstant(columns.expires)
  assert(expiresAtSec !== null, `token.expires holds no instant: ${columns.expires}`)
  return {
    id: columns.id,
    expiresAtSec,
    valid: columns.valid !== 0,
    userId: columns.user_id,
    trustId: columns.trust_id,
    extra,
  }
}

/**
 * The last whole second that a flush takes. `expires` is in whole seconds, so `< beforeSec` and `<= beforeSec` both
 * become `<=` this; one statement then serves both.
 */
export const lastFlushedSec = (order: FlushOrder): number =>
  order.strict ? Math.ceil(order.beforeSec) - 1 : Math.floor(order.beforeSec)
