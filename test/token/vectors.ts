// Reads the vectors of others, typed as far as the tests use them, and makes claims and keys for property tests.
// Kept apart so that each test file holds behaviour only.

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { fernetKeyFromBytes } from '../../src/token/fernet.js'
import type { FernetKey } from '../../src/token/fernet.js'
import type { PayloadClaims, Scope } from '../../src/token/claims.js'

/** Every property test of this folder starts from it; fast-check prints it with a failure. */
export const seed = 20_170_406

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8'))

export interface SpecVector {
  readonly desc: string
  readonly token: string
  readonly now: string
  readonly ttl_sec: number
  readonly secret: string
  readonly src: string
  readonly iv: readonly number[]
}

export const specVectors = (name: 'generate' | 'verify' | 'invalid'): readonly SpecVector[] =>
  (read(`fernet-spec/${name}.json`) as { vectors: SpecVector[] }).vectors

export interface Decoded {
  readonly length: number
  readonly fernet_timestamp: number
  readonly iv_hex: string
  readonly ciphertext_bytes: number
  readonly hmac_hex: string
  readonly key_index: number
  readonly payload_hex: string
  readonly keystone_formatter?: Record<string, unknown> & {
    readonly user_id: string
    readonly methods: readonly string[]
    readonly audit_ids: readonly string[]
    readonly issued_at: string
    readonly expires_at: string
  }
  readonly keystone_formatter_error?: string
}

export interface FormatterArguments {
  readonly user_id: string
  readonly expires_at: string
  readonly audit_ids: readonly string[]
  readonly methods: readonly string[]
  readonly project_id?: string
  readonly domain_id?: string
  readonly system?: string
  readonly trust_id?: string
  readonly app_cred_id?: string
  readonly access_token_id?: string
  readonly federated_info?: {
    readonly group_ids: readonly { readonly id: string }[]
    readonly idp_id: string
    readonly protocol_id: string
  }
}

export interface QueensVectors {
  readonly auth_methods_order: readonly string[]
  readonly key_repository: Readonly<Record<string, string>>
  readonly primary_key_index: number
  readonly vectors: readonly { readonly kind: string; readonly token: string; readonly decoded: Decoded }[]
  readonly formatter_vectors: readonly {
    readonly kind: string
    readonly args: FormatterArguments
    readonly old_msgpack: boolean
    readonly token: string
    readonly decoded: Decoded
  }[]
  readonly staged_key_token: { readonly token: string; readonly decoded_here: Decoded }
  readonly presentation_variants: Readonly<
    Record<string, { readonly token: string; readonly as_subject: { readonly status: number } }>
  >
}

export const queens = (): QueensVectors => read('queens-fernet-tokens.json') as QueensVectors

export interface KiloVector {
  readonly token: string
  readonly issued_at: string
  readonly key: string
  readonly other_key: string
  readonly plaintext_hex: string
}

export const kilo = (): KiloVector => read('kilo-gist-token.json') as KiloVector

/** Seconds since 1970 of an ISO 8601 time. */
export const toEpochSec = (iso: string): number => Date.parse(iso) / 1000

/** A key made of one repeated byte and a number, so that tests can tell keys apart. */
export const testKey = (number: number): FernetKey => {
  const bytes = new Uint8Array(32).fill(0x5a)
  new DataView(bytes.buffer).setUint32(0, number)
  return fernetKeyFromBytes(bytes)
}

export const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })

const hex32 = bytesOf(16).map((bytes) => Buffer.from(bytes).toString('hex'))
/** Ids as they occur: UUIDs, LDAP's 64 digits, and any text. */
const id = fc.oneof(
  hex32,
  bytesOf(32).map((bytes) => Buffer.from(bytes).toString('hex')),
  fc.string({ minLength: 0, maxLength: 70, unit: 'grapheme' }),
  fc.constantFrom('default', 'sixteen-byte-txt', 'ABCDEF0123456789ABCDEF0123456789', '0'.repeat(32)),
)
const project = id.map((projectId): Scope => ({ kind: 'project', projectId }))
const domain = fc
  .oneof(hex32, fc.constant('default'))
  .map((domainId): Scope => ({ kind: 'domain', domainId }))
const anyDomain = id.map((domainId): Scope => ({ kind: 'domain', domainId }))
const trust = fc
  .tuple(id, hex32)
  .map(([projectId, trustId]): Scope => ({ kind: 'trust', projectId, trustId }))
const unscoped = fc.constant<Scope>({ kind: 'unscoped' })
const system = fc.constant<Scope>({ kind: 'system' })
const federated = fc.record({ groupIds: fc.array(id, { maxLength: 20 }), idpId: id, protocolId: id })

/** Claims that each payload version can carry, evenly over the versions. */
export const anyClaims = (methods: readonly string[]): fc.Arbitrary<PayloadClaims> => {
  const variant: fc.Arbitrary<Partial<PayloadClaims> & Pick<PayloadClaims, 'scope'>> = fc.oneof(
    fc.record({ scope: unscoped }),
    fc.record({ scope: domain }),
    fc.record({ scope: project }),
    fc.record({ scope: trust }),
    fc.record({ scope: unscoped, federated }),
    fc.record({ scope: project, federated }),
    fc.record({ scope: anyDomain, federated }),
    fc.record({ scope: project, accessTokenId: id }),
    fc.record({ scope: system }),
    fc.record({ scope: project, applicationCredentialId: id }),
    fc.record({ scope: fc.oneof(project, anyDomain), thumbprint: id }),
  )
  const common = fc.record({
    userId: id,
    methods: fc.subarray([...methods]).map((chosen) => chosen.toReversed()),
    auditIds: fc.array(
      bytesOf(16).map((bytes) => Buffer.from(bytes).toString('base64url')),
      {
        minLength: 1,
        maxLength: 2,
      },
    ),
    expiresAtSec: fc.double({ min: 0, max: 253_402_300_799, noNaN: true }).map((value) => value + 0),
  })
  return fc.tuple(common, variant).map(([a, b]) => ({ ...a, ...b }))
}
