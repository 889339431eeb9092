// What the contract of the stores is tried on: a place for a store, handles to it, and rows to put there.
// It exists so that the parts of the contract share one way to open, fill and clean up.
import { extraFromText } from '../../src/identity/extra.js'
import type { Document, DocumentKind, FlushOrder, Store, TokenRow } from '../../src/identity/store.js'
import type { StoreAddress } from '../../src/io/store/open.js'

/** Where the stores of one test live. */
export interface StorePlace {
  /** Opens a handle; all handles of a place see the same store. Memory gives the same one each time. */
  open(): Promise<Store>
  /** For other processes; null where only this process can reach the store. */
  readonly address: StoreAddress | null
  /** Removes everything, after all handles are closed. */
  remove(): Promise<void>
}

/** The store of the test that is running. */
export class StoreSubject {
  private handles: Store[] = []
  private held: { place: StorePlace; store: Store; rows: number; bytes: number } | null = null

  async begin(place: StorePlace, { loads }: { readonly loads: boolean }): Promise<void> {
    const store = await place.open()
    this.handles = [store]
    if (loads) await store.load(backgroundDocuments, backgroundTokens())
    this.held = { place, store, rows: await store.countTokens(), bytes: await store.tokenBytes() }
  }

  async end(): Promise<void> {
    for (const handle of this.handles) await handle.close()
    await this.held?.place.remove()
    this.held = null
  }

  get store(): Store {
    return this.now.store
  }

  get place(): StorePlace {
    return this.now.place
  }

  /** Tokens that are there before the test adds its own. */
  get rowsBefore(): number {
    return this.now.rows
  }

  get bytesBefore(): number {
    return this.now.bytes
  }

  /** Another handle, closed at the end of the test. */
  async open(): Promise<Store> {
    const handle = await this.place.open()
    this.handles.push(handle)
    return handle
  }

  async insert(rows: readonly TokenRow[]): Promise<void> {
    for (const each of rows) await this.store.insertToken(each)
  }

  /** The ids of those rows that are there. */
  async present(rows: readonly TokenRow[]): Promise<readonly string[]> {
    const found = await Promise.all(rows.map(({ id }) => Promise.resolve(this.store.findToken(id))))
    return found.filter((each) => each !== null).map(({ id }) => id)
  }

  private get now() {
    if (this.held === null) throw new Error('no test is running')
    return this.held
  }
}

export const startSec = Date.UTC(2017, 3, 1) / 1000

export const extraText = (id: string, padding = 0): string =>
  JSON.stringify({ key: id, note: 'x'.repeat(padding), token_data: { token: {} } })

export const row = (id: string, changes: Partial<TokenRow> = {}): TokenRow => ({
  id,
  expiresAtSec: startSec + 3600,
  valid: true,
  userId: 'user-a',
  trustId: null,
  extra: extraFromText(extraText(id)),
  ...changes,
})

/** A row as plain data that can be compared. */
export const plain = (found: TokenRow | null): unknown =>
  found === null ? null : { ...found, extra: found.extra.text }

export const idOf = (index: number): string => index.toString(16).padStart(32, '0')

export const order = (changes: Partial<FlushOrder>): FlushOrder => ({
  beforeSec: startSec,
  strict: false,
  batchRows: 1000,
  transaction: 'each',
  ...changes,
})

const backgroundSec = startSec + 20 * 365 * 86_400
/** More than one chunk of any bulk load. */
export const backgroundRows = 2100

export function* backgroundTokens(): Generator<TokenRow> {
  for (let i = 0; i < backgroundRows; i++) {
    const id = `back${idOf(i)}`
    yield row(id, {
      expiresAtSec: backgroundSec + (i % 500),
      userId: `back-user-${i % 7}`,
      trustId: i % 9 === 0 ? `back-trust-${i % 5}` : null,
      extra: extraFromText(extraText(id, (i % 40) * 20)),
    })
  }
}

export const backgroundDocuments: readonly (readonly [DocumentKind, Document])[] = [
  ...Array.from(
    { length: 250 },
    (_, i) => ['user', { id: `back-user-${i}`, name: `back-${i}`, domain_id: 'back' }] as const,
  ),
  [
    'trust',
    { id: 'back-trust', trustor_user_id: 'back-user-1', trustee_user_id: 'back-user-2', remaining_uses: 3 },
  ],
]

export const ids = (documents: readonly { readonly id: string }[]): readonly string[] =>
  documents.map(({ id }) => id)
