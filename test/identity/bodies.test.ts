// Bodies of tokens against those that a real Keystone sent, field by field and to the byte in length.
// Rows of a real token table and real Fernet tokens are put to our logic, with the clock set to the recording's.
import { describe, expect, test } from '@jest/globals'
import { extraFromText } from '../../src/identity/extra.js'
import { parseInstant } from '../../src/identity/instants.js'
import type { Document } from '../../src/identity/store.js'
import { createKeystone, ids, onProject, readVector, recorded } from './support/keystone.js'
import type { Keystone, TokenBody } from './support/keystone.js'

interface RecordedToken {
  readonly kind: string
  readonly request: unknown
  readonly issue: {
    readonly headers: Readonly<Record<string, string>>
    readonly body: { readonly token: TokenBody }
  }
  readonly token_table_row: {
    readonly id: string
    readonly expires: string
    readonly user_id: string
    readonly trust_id: string | null
    readonly extra: Readonly<Record<string, unknown>>
  }
}

const rows = (readVector('queens-uuid-tokens.json') as { vectors: readonly RecordedToken[] }).vectors

/** Puts what a recorded token stands on into the cloud: its trust, its application credential. */
const provide = (keystone: Keystone, token: TokenBody): void => {
  const trust = token['OS-TRUST:trust']
  if (trust !== undefined) {
    keystone.store.put('trust', {
      id: trust.id,
      trustor_user_id: ids.alice,
      trustee_user_id: ids.bob,
      project_id: ids.demo,
      impersonation: trust.impersonation,
      expires_at: null,
      remaining_uses: null,
      role_ids: [recorded.roles.member],
    })
  }
  const credential = (token as { application_credential?: Document & { restricted: boolean } })
    .application_credential
  if (credential !== undefined) {
    keystone.store.put('application_credential', {
      id: credential.id,
      name: credential['name'],
      user_id: ids.alice,
      project_id: ids.demo,
      role_ids: [recorded.roles.member],
      unrestricted: !credential.restricted,
    })
  }
}

const setClock = (keystone: Keystone, token: TokenBody): void => {
  keystone.nowSec = (parseInstant(token.issued_at) ?? 0) + 30
}

const insert = (keystone: Keystone, { token_table_row: row }: RecordedToken, text: string): void => {
  keystone.store.insertToken({
    id: row.id,
    expiresAtSec: parseInstant(row.expires) ?? 0,
    valid: true,
    userId: row.user_id,
    trustId: row.trust_id,
    extra: extraFromText(text),
  })
}

const reversed = (extra: Readonly<Record<string, unknown>>): unknown =>
  Object.fromEntries(Object.entries(extra).toReversed())

describe.each(rows.map((row) => [row.kind, row] as const))('a recorded row, %s', (_, vector) => {
  const { token } = vector.issue.body

  test('is validated with the recorded body, rebuilt and stored alike', () => {
    for (const release of ['queens', 'newton'] as const) {
      const keystone = createKeystone(release, 'uuid')
      provide(keystone, token)
      setClock(keystone, token)
      insert(keystone, vector, JSON.stringify(vector.token_table_row.extra))
      const reply = keystone.validate(
        vector.token_table_row.id,
        keystone.login('admin', onProject(ids.serviceProject)),
      )
      expect(reply.json.token).toEqual(token)
    }
  })

  test('is understood whatever the order of its keys', () => {
    for (const extra of [vector.token_table_row.extra, reversed(vector.token_table_row.extra)]) {
      for (const text of [JSON.stringify(extra), JSON.stringify(extra, null, 1)]) {
        const read = extraFromText(text)
        expect(JSON.parse(read.tokenText)).toEqual(token)
        expect(read.claims).toMatchObject({
          userId: token.user.id,
          methods: token.methods,
          auditIds: token.audit_ids,
          issuedAtSec: parseInstant(token.issued_at),
          expiresAtSec: parseInstant(token.expires_at),
        })
        expect(read.bytes).toBe(Buffer.byteLength(text))
      }
    }
  })
})

const passwordRows = rows.filter(
  ({ token_table_row: row, issue: { body } }) =>
    row.trust_id === null && body.token.methods[0] === 'password' && body.token.audit_ids.length === 1,
)

test.each(passwordRows.map((row) => [row.kind, row] as const))(
  'the recorded request for a token, %s, is answered with the recorded body but for ids and times',
  (_, vector) => {
    for (const mode of ['uuid', 'fernet'] as const) {
      const keystone = createKeystone('queens', mode)
      const reply = keystone.send('POST', '/v3/auth/tokens', { json: vector.request })
      expect(reply.status).toBe(201)
      expect(reply.text).toHaveLength(Number(vector.issue.headers['Content-Length']))
      const { token } = reply.json
      expect({ ...token, audit_ids: [], issued_at: '', expires_at: '' }).toEqual({
        ...vector.issue.body.token,
        audit_ids: [],
        issued_at: '',
        expires_at: '',
      })
      expect(Object.keys(token ?? {})).toEqual(Object.keys(vector.issue.body.token))
      expect(reply.headers['X-Subject-Token']).toBe(reply.issued?.id)
    }
  },
)

test.each(['mitaka', 'queens'] as const)(
  'a row of %s is read without parsing its catalog, and says the same',
  (release) => {
    const keystone = createKeystone(release, 'uuid')
    const id = keystone.login('alice')
    const written = keystone.store.findToken(id)?.extra
    const read = extraFromText(written?.text ?? '')
    expect(read.claims).toEqual(written?.claims)
    // The same text in another order of keys is read the long way.
    const { token_data: data, ...others } = JSON.parse(read.text) as { token_data: { token: object } }
    const token = Object.fromEntries(Object.entries(data.token).toReversed())
    expect(extraFromText(JSON.stringify({ ...others, token_data: { token } })).claims).toEqual(read.claims)
    expect(read.tokenText).toBe(written?.tokenText)
    expect(read.bytes).toBe(written?.bytes)
    expect(Object.keys(JSON.parse(read.text) as object)).toEqual([
      'key',
      'user',
      'tenant',
      'is_domain',
      'token_version',
      'token_data',
    ])
  },
)

test('names beyond ASCII are written as Keystone does, and survive', () => {
  const keystone = createKeystone('newton', 'uuid')
  const name = 'Jürgen "🦊" \\ ○ }'
  keystone.store.put('user', { ...(keystone.store.get('user', ids.alice) as Document), name })
  const id = keystone.login('alice')
  const extra = keystone.store.findToken(id)?.extra
  expect(extra?.bytes).toBe(Buffer.byteLength(extra?.text ?? ''))
  expect(extra?.text).toMatch(/^[ -~]*$/)
  expect(extraFromText(JSON.stringify(JSON.parse(extra?.text ?? ''), null, 2)).claims).toEqual(extra?.claims)
  expect(keystone.validate(id).json.token?.user.name).toBe(name)
})
