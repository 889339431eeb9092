// cutover inspect as an operator types it: exit codes, where the token may stand, the words about rotation, rows.
// Tokens and keys are recorded ones, so each run judges as of their day.
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { openSqliteStore } from '../../src/io/store/sqliteStore.js'
import { recordedRow, recordedUuidTokens } from '../support/recordedRows.js'
import { runProgram, type Ended } from '../support/program.js'
import { queens } from '../token/vectors.js'

// Each run starts a Node.js of its own, which takes a while on a busy machine, and a test makes several.
jest.setTimeout(300_000)

const cwd = mkdtempSync(path.join(os.tmpdir(), 'cutover-inspect-'))
const recorded = queens()
const issuedAtSec = 1_795_311_865
const tokenOf = (kind: string): string => {
  const token = recorded.vectors.find((vector) => vector.kind === kind)?.token
  if (token === undefined) throw new Error(`no recorded token: ${kind}`)
  return token
}

beforeAll(() => {
  const folder = path.join(cwd, 'keys')
  mkdirSync(folder, { mode: 0o700 })
  for (const [name, text] of Object.entries(recorded.key_repository)) {
    writeFileSync(path.join(folder, name), text, { mode: 0o600 })
    // Each key was staged when the one before it became primary; the last rotation, which staged key 0, was an hour before.
    utimesSync(path.join(folder, name), issuedAtSec - 7200, issuedAtSec - 3600)
  }
  mkdirSync(path.join(cwd, 'empty'))
})
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

/** Runs `cutover inspect …`; fails if the token shows up in what it printed. */
const inspect = async (token: string, ...words: readonly string[]): Promise<Ended> => {
  const ended = await runProgram(['inspect', '-', ...words], { cwd, input: `${token}\n` })
  if (token.length > 20) {
    expect(ended.stdout).not.toContain(token)
    expect(ended.stderr).not.toContain(token)
  }
  return ended
}
const at = ['--at', '2026-11-22T02:00:00Z']

describe('a Fernet token', () => {
  test('is opened from standard input and from the command line alike, with or without padding', async () => {
    const token = tokenOf('project')
    const ended = await inspect(token, '--keys', 'keys', '--json', ...at)
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(ended.stdout)).toMatchObject({
      format: 'fernet',
      payload_version: 2,
      key_index: 4,
      user_id: '7b0f2e9459fd43da86a7af30e5905e2b',
      project_id: '6741ca1050264f8e878566c131cff19d',
      methods: ['password'],
      issued_at: '2026-11-22T01:44:25.000000Z',
      expires_at: '2026-11-22T02:44:25.000000Z',
      expired: false,
      key: { role: 'primary', written_at: '2026-11-22T00:44:25.000000Z' },
    })
    const words = ['inspect', `${token}=`, '--keys', 'keys', '--json', ...at]
    const typed = await runProgram(words, { cwd })
    expect(JSON.parse(typed.stdout)).toEqual({ ...(JSON.parse(ended.stdout) as object), characters: 184 })
  })

  test('is told with the fate that rotation has for it', async () => {
    // With four keys the primary goes with the third rotation. The last one was 00:44:25; the token ends 02:44:25.
    const soon = await inspect(
      tokenOf('project'),
      '--keys',
      'keys',
      '--max-active-keys',
      '4',
      '--rotation',
      '30m',
      ...at,
    )
    expect(soon.code).toBe(0)
    expect(soon.stdout.replaceAll(/\s+/g, ' ')).toContain(
      'the 3rd rotation from now removes its key (max_active_keys 4), between 2026-11-22 03:00:00 UTC (in 1 h) and 2026-11-22 03:30:00 UTC (in 1 h 30 min): the token expires before that',
    )
    const json = await inspect(tokenOf('project'), '--keys', 'keys', '--rotation', '76m', '--json', ...at)
    expect(JSON.parse(json.stdout)).toMatchObject({
      rotation: {
        max_active_keys: 3,
        removed_with_rotation: 2,
        removed_from: '2026-11-22T03:16:25.000000Z',
        removed_until: '2026-11-22T03:16:25.000000Z',
        fate: 'expires-first',
      },
    })
  })

  test('that has expired is a result, and said so', async () => {
    const { code, stdout } = await inspect(
      tokenOf('system'),
      '--keys',
      'keys',
      '--at',
      '2026-11-23T00:00:00Z',
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Fernet token for the system, payload version 8\n/)
    expect(stdout).toMatch(/expires +2026-11-22 02:44:29 UTC \(21 h 15 min ago\): expired/)
  })

  test('that no key opens ends with 1 and the time at which it was sealed', async () => {
    await runProgram(['keys', 'setup', 'other'], { cwd })
    const { code, stdout } = await inspect(tokenOf('project'), '--keys', 'other', ...at)
    expect(code).toBe(1)
    expect(stdout).toContain('2026-11-22 01:44:25 UTC (15 min 35 s ago)')
    expect(stdout).toContain('No key of this folder opens it')
    const json = await inspect(tokenOf('project'), '--keys', 'other', '--json')
    expect(JSON.parse(json.stdout)).toMatchObject({
      opened: false,
      reason: 'no-key-opens',
      sealed_at: '2026-11-22T01:44:25.000000Z',
    })
  })

  test('is opened with the keys that are whole, with a word about those that stop the node', async () => {
    await runProgram(['keys', 'setup', 'broken'], { cwd })
    writeFileSync(path.join(cwd, 'broken', '4'), recorded.key_repository['4'] ?? '')
    writeFileSync(path.join(cwd, 'broken', '3'), 'half a ke')
    const { code, stderr } = await inspect(tokenOf('project'), '--keys', 'broken', ...at)
    expect(code).toBe(0)
    expect(stderr).toMatch(/^warning: broken: file 3 holds no Fernet key .* answers 500 to every token$/m)
  })

  test('without a key folder ends with 1 and says what would open it', async () => {
    const { code, stdout } = await inspect(tokenOf('project'))
    expect(code).toBe(1)
    expect(stdout).toContain('--keys DIR opens it')
  })
})

describe('a text that is no token', () => {
  test.each([
    ['', /^TOKEN: there is no token; /],
    ['hello', /^TOKEN: not a Fernet token, and not a UUID token either \(5 characters\); /],
    [tokenOf('project').slice(0, -3), /^TOKEN: a malformed Fernet token: /],
    ['MIIFvAYJKoZIhvcNAQcCoIIFrTCCBakCAQEx', /^TOKEN: a PKI token, not a Fernet token; /],
  ])('%.12s… ends with 2', async (text, says) => {
    const { code, stdout, stderr } = await inspect(text, '--keys', 'keys')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(says)
  })

  test('is told together with all that is wrong with the options', async () => {
    const wrong = [
      '--keys',
      'empty',
      '--store',
      'postgres',
      '--rotation',
      '6',
      '--max-active-keys',
      '1',
      '--release',
      'essex',
      '--methods',
      'a,,b',
      '--at',
      'noon',
    ]
    const { code, stderr } = await inspect('hello', ...wrong)
    expect(code).toBe(2)
    expect(
      stderr
        .trimEnd()
        .split('\n')
        .map((line) => line.split(': ')[0]),
    ).toEqual([
      'TOKEN',
      '--release',
      '--methods',
      '--keys',
      '--store',
      '--rotation',
      '--max-active-keys',
      '--at',
      '8 problems; nothing was started.',
    ])
  })
})

describe('a UUID token', () => {
  test('is told with its row and what its body says', async () => {
    const store = await openSqliteStore({ file: path.join(cwd, 'tokens.db') })
    for (const each of recordedUuidTokens()) store.insertToken(recordedRow(each))
    const trust = recordedUuidTokens().find(({ kind }) => kind === 'trust (impersonation=True)')
    if (trust === undefined) throw new Error('no recorded token of a trust')
    store.invalidateTokens({ trustId: trust.row.trust_id ?? '' })
    await store.close()
    const words = ['--store', 'sqlite:tokens.db', '--json', '--at', trust.row.expires]
    const { code, stdout } = await inspect(trust.row.id, ...words)
    expect(code).toBe(0)
    const { token } = trust.row.extra.token_data
    expect(JSON.parse(stdout)).toMatchObject({
      format: 'uuid',
      opened: true,
      key_index: null,
      user_id: token.user.id,
      project_id: token.project?.id,
      trust_id: trust.row.trust_id,
      methods: token.methods,
      audit_ids: token.audit_ids,
      issued_at: token.issued_at,
      expires_at: token.expires_at,
      expired: true,
      row: { valid: false, user_id: trust.row.user_id, trust_id: trust.row.trust_id },
      trust: { impersonation: true },
    })
    const text = await inspect(trust.row.id, '--store', 'sqlite:tokens.db')
    expect(text.stdout).toMatch(/row +revoked \(valid = 0\), expires /)
    const absent = await inspect('0'.repeat(32), '--store', 'sqlite:tokens.db')
    expect(absent).toMatchObject({ code: 1, stderr: '' })
    expect(absent.stdout).toContain('The store has no such row')
  })

  test('without a store ends with 1 and says that it says nothing itself', async () => {
    const { code, stdout } = await inspect('0'.repeat(32), '--keys', 'keys')
    expect(code).toBe(1)
    expect(stdout).toContain('A UUID token says nothing itself')
  })
})
