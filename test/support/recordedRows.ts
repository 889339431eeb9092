// The rows of UUID tokens that were recorded from Keystone, as the table holds them.
// It exists so that tests of stores and of verbs look at rows that this program did not write.
import { readFileSync } from 'node:fs'
import { extraFromText } from '../../src/identity/extra.js'
import { parseInstant } from '../../src/identity/instants.js'
import type { TokenRow } from '../../src/identity/store.js'

export interface RecordedUuidToken {
  readonly kind: string
  readonly row: {
    readonly id: string
    readonly expires: string
    readonly valid: number
    readonly user_id: string
    readonly trust_id: string | null
    readonly extra: {
      readonly token_data: {
        readonly token: {
          readonly user: { readonly id: string }
          readonly project?: { readonly id: string }
          readonly methods: readonly string[]
          readonly audit_ids: readonly string[]
          readonly issued_at: string
          readonly expires_at: string
        }
      }
    }
  }
}

interface Recorded {
  readonly kind: string
  readonly token_table_row: RecordedUuidToken['row']
}

export const recordedUuidTokens = (): readonly RecordedUuidToken[] => {
  const file = new URL('../vectors/queens-uuid-tokens.json', import.meta.url)
  const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { readonly vectors: readonly Recorded[] }
  return vectors.map(({ kind, token_table_row }) => ({ kind, row: token_table_row }))
}

export const recordedRow = ({ row }: RecordedUuidToken): TokenRow => ({
  id: row.id,
  expiresAtSec: parseInstant(row.expires) ?? 0,
  valid: row.valid !== 0,
  userId: row.user_id,
  trustId: row.trust_id,
  extra: extraFromText(JSON.stringify(row.extra)),
})
