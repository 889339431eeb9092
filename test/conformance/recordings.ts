// What was recorded from real Keystones, as typed data.
// It exists so that the replay speaks of answers and tokens, not of JSON files.
import { readVector } from '../identity/support/keystone.js'
import type { Release } from '../../src/scenario/scenario.js'

export type Json = Readonly<Record<string, unknown>>

/** An answer as a recorder wrote it: what it left out is undefined. */
export interface RecordedAnswer {
  readonly request?: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** In the files of answers; in the files of tokens it is among the headers. */
  readonly content_length?: string | null
  readonly body: unknown
}

/** A token's state: what is answered in each place. */
export type RecordedState = Readonly<Record<string, RecordedAnswer>> & { readonly token: string }

export interface AnswersFile {
  readonly file: string
  readonly release: Release
  readonly mode: 'uuid' | 'fernet'
  readonly entries: readonly (readonly [name: string, entry: RecordedState | RecordedAnswer | string[][]])[]
}

export interface RecordedToken {
  readonly kind: string
  readonly token: string
  readonly request: unknown
  readonly issue: RecordedAnswer
  readonly validate: RecordedAnswer
  readonly validate_nocatalog: RecordedAnswer
  readonly trust?: Json & { readonly id: string; readonly impersonation: boolean }
  readonly application_credential?: Json & {
    readonly id: string
    readonly name: string
    readonly secret: string
  }
  readonly token_table_row?: Json & { readonly id: string; readonly extra: unknown; readonly expires: string }
}

export interface FormatterVector {
  readonly kind: string
  readonly old_msgpack: boolean
  readonly token: string
  readonly decoded: { readonly fernet_timestamp: number }
  readonly http_validate: RecordedAnswer
}

interface UuidTokens {
  readonly vectors: readonly RecordedToken[]
}

interface FernetTokens extends UuidTokens {
  readonly key_repository: Readonly<Record<string, string>>
  readonly formatter_vectors: readonly FormatterVector[]
  readonly staged_key_token: { readonly token: string; readonly http_validate: RecordedAnswer }
  readonly presentation_variants: Readonly<
    Record<string, { readonly token: string; readonly as_subject: RecordedAnswer; readonly as_auth: number }>
  >
}

const read = (file: string): unknown => readVector(file)

const answersOf = (file: string, release: Release, mode: 'uuid' | 'fernet'): AnswersFile => ({
  file,
  release,
  mode,
  entries: Object.entries(read(file) as Record<string, RecordedState | RecordedAnswer | string[][]>),
})

export const answersFiles = (): readonly AnswersFile[] => [
  answersOf('newton-uuid-answers.json', 'newton', 'uuid'),
  answersOf('queens-uuid-answers.json', 'queens', 'uuid'),
  answersOf('queens-fernet-answers.json', 'queens', 'fernet'),
]

export const uuidTokensFile = 'queens-uuid-tokens.json'
export const fernetTokensFile = 'queens-fernet-tokens.json'
export const uuidTokens = (): UuidTokens => read(uuidTokensFile) as UuidTokens
export const fernetTokens = (): FernetTokens => read(fernetTokensFile) as FernetTokens
