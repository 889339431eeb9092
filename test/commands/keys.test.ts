// cutover keys as an operator types it: files, exit codes, words, and that no key ever leaves its file.
// Folders are made by the program itself or from a repository recorded from Keystone.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { runProgram, type Ended } from '../support/program.js'
import { queens } from '../token/vectors.js'

// Each run starts a Node.js of its own, which takes a while on a busy machine, and a test makes several.
jest.setTimeout(300_000)

let cwd = ''
beforeEach(() => {
  cwd = mkdtempSync(path.join(os.tmpdir(), 'cutover-keys-'))
})
afterEach(() => rmSync(cwd, { recursive: true, force: true }))

const at = (...parts: readonly string[]): string => path.join(cwd, ...parts)
const filesOf = (folder: string): string[] => readdirSync(at(folder)).sort()
const modeOf = (...parts: readonly string[]): number => statSync(at(...parts)).mode & 0o777

/** Runs `cutover keys …` in the test's folder; fails if any key that is there shows up in what it printed. */
const keys = async (...words: readonly string[]): Promise<Ended> => {
  const ended = await runProgram(['keys', ...words], { cwd })
  for (const name of readdirSync(cwd, { recursive: true, encoding: 'utf8' })) {
    if (!statSync(at(name)).isFile()) continue
    const text = readFileSync(at(name), 'utf8').trim()
    if (text.length < 20) continue
    expect(ended.stdout).not.toContain(text)
    expect(ended.stderr).not.toContain(text)
  }
  return ended
}

/** The key repository that was recorded from Keystone: keys 0, 3 and 4. */
const recorded = (folder: string): void => {
  mkdirSync(at(folder), { mode: 0o700 })
  for (const [name, text] of Object.entries(queens().key_repository)) {
    writeFileSync(at(folder, name), text, { mode: 0o600 })
  }
}

interface Report {
  readonly verdict: string
  readonly findings: readonly { readonly severity: string; readonly code: string; readonly folder: string }[]
}
const report = async (...words: readonly string[]): Promise<{ code: number | null; found: string[] }> => {
  const { code, stdout } = await keys('verify', ...words, '--json')
  const { verdict, findings } = JSON.parse(stdout) as Report
  expect(verdict).toBe(code === 0 ? 'pass' : 'fail')
  const told = findings.filter((finding) => finding.code !== 'owned-by-root')
  return { code, found: told.map((each) => `${each.severity} ${each.folder} ${each.code}`) }
}

describe('setup and rotate', () => {
  test('leave the files and modes that keystone-manage leaves', async () => {
    expect(await keys('setup', 'node')).toMatchObject({ code: 0, stderr: '' })
    expect([filesOf('node'), modeOf('node'), modeOf('node', '0'), modeOf('node', '1')]).toEqual([
      ['0', '1'],
      0o700,
      0o600,
      0o600,
    ])
    const staged = readFileSync(at('node', '0'), 'utf8')
    expect(await keys('rotate', 'node', '--max-active-keys', '3')).toMatchObject({ code: 0, stderr: '' })
    expect(readFileSync(at('node', '2'), 'utf8')).toBe(staged)
    const { stdout } = await keys('rotate', 'node', '--json')
    expect(filesOf('node')).toEqual(['0', '2', '3'])
    expect(JSON.parse(stdout)).toMatchObject({
      folder: 'node',
      changed: true,
      primary: { index: 3 },
      removed: [1],
    })
  })

  test('setup leaves a repository as it is, and stages a key that is missing', async () => {
    recorded('node')
    const before = readFileSync(at('node', '0'), 'utf8')
    expect((await keys('setup', 'node')).stdout).toContain('is set up already and was left as it is')
    expect(readFileSync(at('node', '0'), 'utf8')).toBe(before)
    rmSync(at('node', '0'))
    const refused = await keys('rotate', 'node')
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toMatch(/^node\/0: there is no staged key; cutover keys setup node stages one/)
    expect(await keys('setup', 'node')).toMatchObject({ code: 0 })
    expect(filesOf('node')).toEqual(['0', '3', '4'])
  })

  test('rotate refuses to keep one key alone, says why, and touches nothing', async () => {
    recorded('node')
    const refused = await keys('rotate', 'node', '--max-active-keys', '1')
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toMatch(/^--max-active-keys: with 1 each rotation .* kills every token/)
    expect(filesOf('node')).toEqual(['0', '3', '4'])
  })

  test('rotate warns of what is odd in the folder', async () => {
    recorded('node')
    chmodSync(at('node'), 0o755)
    const { code, stderr } = await keys('rotate', 'node')
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'warning: node: the folder has mode 0755; chmod 700\n',
    })
  })

  test('rotate refuses a folder with a file that holds no key', async () => {
    recorded('node')
    writeFileSync(at('node', '3'), 'not a key')
    const refused = await keys('rotate', 'node')
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toContain('key files that hold no Fernet key: node/3')
    expect(filesOf('node')).toEqual(['0', '3', '4'])
  })
})

test('list shows index, role and the fingerprint that standard tools give', async () => {
  recorded('node')
  const { code, stdout } = await keys('list', 'node', '--json')
  expect(code).toBe(0)
  const { folders } = JSON.parse(stdout) as { folders: [{ keys: Record<string, unknown>[] }] }
  const byTools = ['0', '3', '4'].map((name) =>
    execFileSync('sh', ['-c', `tr -- -_ +/ < ${name} | base64 -d | sha256sum | cut -c1-8`], {
      cwd: at('node'),
      encoding: 'utf8',
    }).trim(),
  )
  expect(folders[0].keys).toMatchObject([
    { index: 0, role: 'staged', fingerprint: byTools[0], mode: '0600' },
    { index: 3, role: 'secondary', fingerprint: byTools[1] },
    { index: 4, role: 'primary', fingerprint: byTools[2] },
  ])
  const text = (await keys('list', 'node')).stdout
  for (const fingerprint of byTools) expect(text).toContain(fingerprint)
})

describe('verify', () => {
  test('passes equal folders, and says what it did not judge', async () => {
    recorded('a')
    cpSync(at('a'), at('b'), { recursive: true })
    const { code, stdout, stderr } = await keys('verify', 'a', 'b')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('Not judged: whether there are keys enough; give --validity and --rotation.')
    expect(stdout).toMatch(/\nPASS {2}2 folders: nothing that refuses tokens, 0 risks\.\n$/)
    expect(stdout).not.toContain('\u001b')
  })

  test('follows a drill: one rotation is a risk, the second refuses, the copy heals', async () => {
    recorded('master')
    cpSync(at('master'), at('node'), { recursive: true })
    await keys('rotate', 'master', '--max-active-keys', '4')
    expect(await report('master', 'node')).toEqual({ code: 0, found: ['risk node behind'] })
    await keys('rotate', 'master', '--max-active-keys', '4')
    expect(await report('master', 'node')).toEqual({
      code: 1,
      found: ['refuses node cannot-read-new', 'risk master cannot-read-old', 'risk node behind'],
    })
    const { stdout } = await keys('verify', 'master', 'node')
    expect(stdout).toMatch(/refuses tokens {2}node: lacks key [0-9a-f]{8}, the primary of master\n {2}Why: /)
    rmSync(at('node'), { recursive: true })
    cpSync(at('master'), at('node'), { recursive: true })
    expect(await report('master', 'node')).toEqual({ code: 0, found: [] })
  })

  test('judges the number of keys by validity and rotation', async () => {
    recorded('a')
    const policy = ['--validity', '24h', '--rotation', '6h']
    expect(await report('a', ...policy, '--max-active-keys', '6')).toEqual({
      code: 1,
      found: ['refuses a too-few-keys'],
    })
    expect(await report('a', ...policy, '--max-active-keys', '3')).toEqual({
      code: 1,
      found: ['refuses null max-active-keys-too-small'],
    })
    expect(await report('a', '--validity', '1h', '--rotation', '1h')).toEqual({ code: 0, found: [] })
  })

  test('judges for the user that Keystone runs as', async () => {
    recorded('a')
    // Nobody’s number on Debian, who may not look into a folder of 0700.
    const closed = ['closed-folder', 'closed-file', 'closed-file', 'closed-file']
    expect(await report('a', '--keystone-user', '65534')).toEqual({
      code: 1,
      found: closed.map((code) => `refuses a ${code}`),
    })
    expect(await report('a', '--keystone-user', String(process.getuid?.()))).toEqual({ code: 0, found: [] })
  })

  test('tells of all that is wrong with its words at once, and judges nothing', async () => {
    recorded('a')
    writeFileSync(at('file'), '')
    const words = [
      'a',
      'a/',
      'nowhere',
      'file',
      '--validity',
      '24',
      '--max-active-keys',
      '0',
      '--keystone-user',
      'nobody-here',
    ]
    const { code, stdout, stderr } = await keys('verify', ...words)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    const places = stderr.split('\n').map((line) => line.split(': ')[0])
    expect(places).toEqual([
      '--validity',
      '--max-active-keys',
      '--keystone-user',
      'a/',
      'nowhere',
      'file',
      '6 problems; nothing was started.',
      '',
    ])
  })
})
