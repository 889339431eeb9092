// What a process holds of the table `fact`: every live document, and the secondary indexes that `find` searches.
// It exists so that both SQL stores answer `get`, `find` and `list` from memory, in the same way.
import { DefectError } from '../../base/errors.js'
import { documentIndexes } from '../../identity/store.js'
import type { Document, DocumentKind } from '../../identity/store.js'

/** A row of `fact`. A removed document stays as a row with `removed` = 1, so that others learn of its removal. */
export interface FactRow {
  readonly kind: string
  readonly id: string
  /** Of the write that made the row what it is: each write to the table has the next higher number. */
  readonly version: number
  readonly removed: number
  /** JSON. */
  readonly body: string
}

/**
 * Documents by id, in the order of their last writing. That order follows from the table alone, so that every
 * process lists documents alike whenever it began to look.
 */
class Shelf {
  private readonly documents = new Map<string, Document>()
  private listed: readonly Document[] | null = null

  get(id: string): Document | null {
    return this.documents.get(id) ?? null
  }

  put(document: Document): void {
    this.documents.delete(document.id)
    this.documents.set(document.id, document)
    this.listed = null
  }

  remove(id: string): void {
    if (this.documents.delete(id)) this.listed = null
  }

  list(): readonly Document[] {
    return (this.listed ??= [...this.documents.values()])
  }
}

/** The documents of one kind with their indexes: field → value → documents. */
class KindSnapshot {
  readonly all = new Shelf()
  private readonly indexes: ReadonlyMap<string, Map<string, Shelf>>

  constructor(fields: readonly string[]) {
    this.indexes = new Map(fields.map((field) => [field, new Map<string, Shelf>()]))
  }

  put(document: Document): void {
    this.remove(document.id)
    this.all.put(document)
    for (const [field, byValue] of this.indexes) {
      const value = document[field]
      if (typeof value !== 'string') continue
      let shelf = byValue.get(value)
      if (shelf === undefined) byValue.set(value, (shelf = new Shelf()))
      shelf.put(document)
    }
  }

  remove(id: string): void {
    const known = this.all.get(id)
    if (known === null) return
    this.all.remove(id)
    for (const [field, byValue] of this.indexes) {
      const value = known[field]
      if (typeof value !== 'string') continue
      const shelf = byValue.get(value)
      shelf?.remove(id)
      if (shelf?.list().length === 0) byValue.delete(value)
    }
  }

  find(field: string, value: string): readonly Document[] | null {
    const byValue = this.indexes.get(field)
    return byValue === undefined ? null : (byValue.get(value)?.list() ?? [])
  }
}

/** All documents as of one version of the table. */
export class FactSnapshot {
  private readonly kinds = new Map<string, KindSnapshot>()
  private seen = 0

  /** The highest version that has been applied; 0 before any. */
  get version(): number {
    return this.seen
  }

  /**
   * Takes in the rows that were written after `version`, in ascending order of theirs. Rows that are not newer than
   * what is known are passed over: two readings under way at once may arrive in the wrong order, and the later one
   * has seen all that the earlier one has.
   */
  apply(rows: Iterable<FactRow>): void {
    for (const row of rows) {
      if (row.version <= this.seen) continue
      if (row.removed === 0) this.kind(row.kind).put(JSON.parse(row.body) as Document)
      else this.kind(row.kind).remove(row.id)
      this.seen = row.version
    }
  }

  get(kind: DocumentKind, id: string): Document | null {
    return this.kinds.get(kind)?.all.get(id) ?? null
  }

  /** Throws DefectError for a field that is not indexed. */
  find(kind: DocumentKind, field: string, value: string): readonly Document[] {
    const found = this.kind(kind).find(field, value)
    if (found === null) throw new DefectError(`documents of kind ${kind} have no index on ${field}`)
    return found
  }

  list(kind: DocumentKind): readonly Document[] {
    return this.kinds.get(kind)?.all.list() ?? []
  }

  private kind(name: string): KindSnapshot {
    let found = this.kinds.get(name)
    if (found === undefined) {
      const fields = Object.hasOwn(documentIndexes, name) ? documentIndexes[name as DocumentKind] : []
      this.kinds.set(name, (found = new KindSnapshot(fields)))
    }
    return found
  }
}
