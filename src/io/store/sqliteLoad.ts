// Bulk load of a token table into SQLite: some hundred thousand rows in seconds.
// It exists because what makes a load fast (no log, indexes afterwards) is wrong at any other time.
import { setImmediate as yieldToEvents } from 'node:timers/promises'
import { WorldError } from '../../base/errors.js'
import type { TokenRow } from '../../identity/store.js'
import { sqliteInstant, tokenColumnNames, tokenValues } from './columns.js'
import { createIndex, isBusy, tokenIndexes } from './sqliteSchema.js'
import type { Database } from './sqliteSchema.js'

/** Rows a transaction, and between two reports of progress. */
const chunkRows = 2000
/** Page cache while loading, in KiB: the indexes of 300,000 rows and more are sorted within it. */
const loadCacheKib = 262_144

/** Leaves the log for a journal in memory, if no other process has the file open. */
const leaveLog = (database: Database): void => {
  const timeoutMs = database.pragma('busy_timeout', { simple: true })
  database.pragma('busy_timeout = 0')
  try {
    database.pragma('journal_mode = MEMORY')
  } catch (error) {
    // Others are looking: loading through the log works too, it only takes about twice as long.
    if (!isBusy(error)) throw error
  } finally {
    database.pragma(`busy_timeout = ${String(timeoutMs)}`)
  }
}

/** Throws WorldError if there are tokens already, which a load would mix with its own. */
export const requireNoTokens = (database: Database): void => {
  if (database.prepare('SELECT EXISTS (SELECT 1 FROM token)').pluck().get() === 0) return
  throw new WorldError(
    'the token table that is to be loaded is not empty; name a new SQLite file, or remove the old one',
  )
}

/**
 * Writes rows into an empty table, which keeps them in the order in which they come. Best is the order in which they
 * were issued, as a real table has them: token_flush then finds its rows side by side. The index of ids is filled
 * within the cache meanwhile. With the journal in memory rather than `OFF` a chunk that fails is rolled back, at no
 * measurable cost: new pages need no entry in a rollback journal. Yields to the event loop between chunks.
 */
export const loadTokens = async (
  database: Database,
  rows: Iterable<TokenRow>,
  progress?: (rows: number) => void,
): Promise<void> => {
  const cacheSize = database.pragma('cache_size', { simple: true })
  leaveLog(database)
  database.pragma(`cache_size = -${loadCacheKib}`)
  database.pragma('temp_store = MEMORY')
  try {
    for (const [name] of tokenIndexes) database.exec(`DROP INDEX IF EXISTS ${name}`)
    await insertAll(database, rows, progress)
  } finally {
    for (const index of tokenIndexes) {
      database.exec(createIndex(index))
      await yieldToEvents()
    }
    database.pragma('journal_mode = WAL')
    database.pragma(`cache_size = ${String(cacheSize)}`)
    database.pragma('temp_store = DEFAULT')
  }
}

const insertAll = async (
  database: Database,
  rows: Iterable<TokenRow>,
  progress?: (rows: number) => void,
): Promise<void> => {
  const insert = database.prepare(`INSERT INTO token (${tokenColumnNames}) VALUES (?, ?, ?, ?, ?, ?)`)
  const iterator = rows[Symbol.iterator]()
  let written = 0
  const writeChunk = database.transaction((): boolean => {
    for (let i = 0; i < chunkRows; i++) {
      const next = iterator.next()
      if (next.done === true) return false
      insert.run(...tokenValues(next.value, sqliteInstant))
      written++
    }
    return true
  })
  while (writeChunk()) {
    progress?.(written)
    await yieldToEvents()
  }
  progress?.(written)
}
