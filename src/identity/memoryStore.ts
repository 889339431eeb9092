// The store over maps: for the simulated world and for tests of the identity logic.
// It exists so that a table of 300,000 rows is simulated in seconds; all its answers but `flushTokens` are synchronous.
import { DefectError } from '../base/errors.js'
import { documentIndexes } from './store.js'
import type { Document, DocumentKind, FlushOrder, Store, TokenFilter, TokenRow } from './store.js'

const none: readonly Document[] = []

/** Documents by id in the order of their last writing, as the SQL stores keep them; the list is made when asked for. */
class Shelf {
  private readonly byId = new Map<string, Document>()
  private listed: readonly Document[] | null = null

  get size(): number {
    return this.byId.size
  }

  get(id: string): Document | null {
    return this.byId.get(id) ?? null
  }

  put(document: Document): void {
    this.byId.delete(document.id)
    this.byId.set(document.id, document)
    this.listed = null
  }

  remove(id: string): boolean {
    this.listed = null
    return this.byId.delete(id)
  }

  list(): readonly Document[] {
    return (this.listed ??= [...this.byId.values()])
  }
}

/** All documents of a kind with their indexes: field → value → documents. */
class KindFacts {
  readonly all = new Shelf()
  private readonly indexes: ReadonlyMap<string, Map<string, Shelf>>

  constructor(kind: DocumentKind) {
    this.indexes = new Map(documentIndexes[kind].map((field) => [field, new Map<string, Shelf>()]))
  }

  put(document: Document): void {
    this.remove(document.id)
    this.all.put(document)
    for (const [field, byValue] of this.indexes) {
      const value = document[field]
      if (typeof value !== 'string') continue
      const shelf = byValue.get(value) ?? new Shelf()
      byValue.set(value, shelf)
      shelf.put(document)
    }
  }

  remove(id: string): boolean {
    const known = this.all.get(id)
    if (known === null) return false
    this.all.remove(id)
    for (const [field, byValue] of this.indexes) {
      const value = known[field]
      if (typeof value !== 'string') continue
      const shelf = byValue.get(value)
      shelf?.remove(id)
      if (shelf?.size === 0) byValue.delete(value)
    }
    return true
  }

  find(field: string, value: string): readonly Document[] {
    const byValue = this.indexes.get(field)
    if (byValue === undefined) throw new DefectError(`documents have no index on ${field}`)
    return byValue.get(value)?.list() ?? none
  }
}

/** Rows are shelved by the minute in which they expire, so a flush touches little more than what it deletes. */
const bucketSec = 60

/** The rows of the token table. */
class TokenTable {
  private readonly rows = new Map<string, TokenRow>()
  private readonly buckets = new Map<number, string[]>()
  private readonly byTrust = new Map<string, Set<string>>()
  private bytesHeld = 0

  get size(): number {
    return this.rows.size
  }

  get bytes(): number {
    return this.bytesHeld
  }

  get(id: string): TokenRow | null {
    return this.rows.get(id) ?? null
  }

  insert(row: TokenRow): void {
    if (this.rows.has(row.id)) throw new DefectError('a token was inserted twice')
    this.rows.set(row.id, row)
    this.bytesHeld += row.extra.bytes
    const minute = Math.floor(row.expiresAtSec / bucketSec)
    const bucket = this.buckets.get(minute)
    if (bucket === undefined) this.buckets.set(minute, [row.id])
    else bucket.push(row.id)
    if (row.trustId === null) return
    const ofTrust = this.byTrust.get(row.trustId)
    if (ofTrust === undefined) this.byTrust.set(row.trustId, new Set([row.id]))
    else ofTrust.add(row.id)
  }

  invalidate(filter: TokenFilter): number {
    if ('id' in filter) return this.invalidateOne(filter.id)
    let changed = 0
    if ('trustId' in filter) {
      for (const id of this.byTrust.get(filter.trustId) ?? []) changed += this.invalidateOne(id)
      return changed
    }
    for (const row of this.rows.values()) {
      if (row.userId === filter.userId) changed += this.invalidateOne(row.id)
    }
    return changed
  }

  validIds(filter: TokenFilter): readonly string[] {
    const ids = 'trustId' in filter ? (this.byTrust.get(filter.trustId) ?? []) : this.rows.keys()
    const wanted = (row: TokenRow | undefined): boolean =>
      row?.valid === true &&
      ('userId' in filter ? row.userId === filter.userId : !('id' in filter) || row.id === filter.id)
    return [...ids].filter((id) => wanted(this.rows.get(id)))
  }

  /** Deletes batch after batch, as one transaction cannot fail half-way here. */
  flush(order: FlushOrder, progress: (rows: number) => void): number {
    let deleted = 0
    let told = 0
    const lastMinute = Math.floor(order.beforeSec / bucketSec)
    const due = [...this.buckets.keys()].filter((minute) => minute <= lastMinute).sort((a, b) => a - b)
    for (const minute of due) {
      const kept: string[] = []
      for (const id of this.buckets.get(minute) ?? []) {
        const row = this.rows.get(id)
        if (row === undefined) continue
        const goes = order.strict ? row.expiresAtSec < order.beforeSec : row.expiresAtSec <= order.beforeSec
        if (!goes) {
          kept.push(id)
          continue
        }
        this.forget(row)
        deleted++
        if (deleted - told === order.batchRows) progress((told = deleted))
      }
      if (kept.length === 0) this.buckets.delete(minute)
      else this.buckets.set(minute, kept)
    }
    if (deleted > told) progress(deleted)
    return deleted
  }

  lastExpirySec(): number | null {
    // From the last minute on: a minute may hold only rows that are gone.
    for (const minute of [...this.buckets.keys()].sort((a, b) => b - a)) {
      let last: number | null = null
      for (const id of this.buckets.get(minute) ?? []) {
        const row = this.rows.get(id)
        if (row !== undefined) last = Math.max(last ?? 0, row.expiresAtSec)
      }
      if (last !== null) return last
    }
    return null
  }

  private invalidateOne(id: string): number {
    const row = this.rows.get(id)
    if (row?.valid !== true) return 0
    this.rows.set(id, { ...row, valid: false })
    return 1
  }

  private forget(row: TokenRow): void {
    this.rows.delete(row.id)
    this.bytesHeld -= row.extra.bytes
    if (row.trustId === null) return
    const ofTrust = this.byTrust.get(row.trustId)
    ofTrust?.delete(row.id)
    if (ofTrust?.size === 0) this.byTrust.delete(row.trustId)
  }
}

/** How many rows of a load pass between two reports of progress. */
const progressEvery = 10_000

/** A store in memory. Its methods answer at once; `flushNow` is `flushTokens` without the promise. */
export class MemoryStore implements Store {
  private readonly kinds = new Map<DocumentKind, KindFacts>()
  private readonly table = new TokenTable()
  private written = 0

  refresh(): void {}

  get(kind: DocumentKind, id: string): Document | null {
    return this.kinds.get(kind)?.all.get(id) ?? null
  }

  /** @throws DefectError for a field that is not indexed */
  find(kind: DocumentKind, field: string, value: string): readonly Document[] {
    return this.kind(kind).find(field, value)
  }

  list(kind: DocumentKind): readonly Document[] {
    return this.kinds.get(kind)?.all.list() ?? none
  }

  readAll(kind: DocumentKind): readonly Document[] {
    return this.list(kind)
  }

  version(): number {
    return this.written
  }

  put(kind: DocumentKind, document: Document): void {
    this.kind(kind).put(document)
    this.written++
  }

  remove(kind: DocumentKind, id: string): boolean {
    const was = this.kind(kind).remove(id)
    if (was) this.written++
    return was
  }

  consumeTrust(id: string): number | null {
    const trust = this.get('trust', id)
    if (trust === null) return -1
    const uses = trust['remaining_uses']
    if (typeof uses !== 'number') return null
    if (uses <= 0) return -1
    this.put('trust', { ...trust, remaining_uses: uses - 1 })
    return uses - 1
  }

  findToken(id: string): TokenRow | null {
    return this.table.get(id)
  }

  /** @throws DefectError if there is a row with this id */
  insertToken(row: TokenRow): void {
    this.table.insert(row)
  }

  tokenIds(filter: TokenFilter): readonly string[] {
    return this.table.validIds(filter)
  }

  invalidateTokens(filter: TokenFilter): number {
    return this.table.invalidate(filter)
  }

  flushNow(order: FlushOrder, progress: (rows: number) => void = () => {}): number {
    return this.table.flush(order, progress)
  }

  flushTokens(order: FlushOrder, progress?: (rows: number) => void): Promise<number> {
    return Promise.resolve(this.flushNow(order, progress))
  }

  countTokens(): number {
    return this.table.size
  }

  lastTokenExpirySec(): number | null {
    return this.table.lastExpirySec()
  }

  /** A running sum, not a scan. */
  tokenBytes(): number {
    return this.table.bytes
  }

  /** Like `load`, at once. */
  loadNow(
    documents: Iterable<readonly [DocumentKind, Document]>,
    rows: Iterable<TokenRow>,
    progress: (rows: number) => void = () => {},
  ): void {
    for (const [kind, document] of documents) this.put(kind, document)
    let loaded = 0
    for (const row of rows) {
      this.table.insert(row)
      if (++loaded % progressEvery === 0) progress(loaded)
    }
    progress(loaded)
  }

  load(
    documents: Iterable<readonly [DocumentKind, Document]>,
    rows: Iterable<TokenRow>,
    progress?: (rows: number) => void,
  ): Promise<void> {
    this.loadNow(documents, rows, progress)
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  private kind(kind: DocumentKind): KindFacts {
    let facts = this.kinds.get(kind)
    if (facts === undefined) this.kinds.set(kind, (facts = new KindFacts(kind)))
    return facts
  }
}

/** An empty store in memory. */
export const createMemoryStore = (): MemoryStore => new MemoryStore()
