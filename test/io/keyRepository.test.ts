// Key repositories on a real disk: Keystone's layout, modes, crashes, copies, and the cached reader.
// It exists because a pure ring proves nothing about files.

import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import {
  applySteps,
  copyRepository,
  randomFernetKey,
  rotateRepository,
  setupRepository,
} from '../../src/io/keyChanges.js'
import { readRing, readSnapshot } from '../../src/io/keyRepository.js'
import { createRingReader } from '../../src/io/ringReader.js'
import { formatFernetKey } from '../../src/token/fernet.js'
import { checkFolder } from '../../src/token/folderCheck.js'
import type { FernetKey } from '../../src/token/fernet.js'
import { distributeRing, filesFromRing, primaryIndex, rotateRing } from '../../src/token/keyring.js'
import type { KeyRing } from '../../src/token/keyring.js'
import { createSealer } from '../../src/token/sealer.js'
import type { Claims } from '../../src/token/claims.js'
import { testKey } from '../token/vectors.js'

let base = ''
let folder = ''
beforeEach(() => {
  base = fs.mkdtempSync(path.join(tmpdir(), 'cutover-keys-'))
  folder = path.join(base, 'fernet-keys')
})
afterEach(() => {
  fs.rmSync(base, { recursive: true, force: true })
})

const modeOf = (file: string): number => fs.statSync(file).mode & 0o777
const names = (): string[] => fs.readdirSync(folder).sort()
const numbered = (): (() => FernetKey) => {
  let number = 0
  return () => testKey(++number)
}
const indices = (ring: KeyRing): number[] => [...ring.keys.keys()].sort((a, b) => a - b)
const failure = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    return error
  }
  return 'nothing was thrown'
}

/** What is wrong with a folder; that it belongs to root, when root runs the tests, is not. */
const trouble = (directory: string): string[] =>
  checkFolder(readSnapshot(directory).folder, null)
    .map(({ code }) => code)
    .filter((code) => code !== 'owned-by-root')
const payloadOptions = { methodOrder: ['password'], family: 'raw' } as const
const claims: Claims = {
  userId: '7b0f2e9459fd43da86a7af30e5905e2b',
  methods: ['password'],
  auditIds: ['AAECAwQFBgcICQoLDA0ODw'],
  issuedAtSec: 1_491_436_800,
  expiresAtSec: 1_491_523_200,
  scope: { kind: 'unscoped' },
}
const issue = (ring: KeyRing): string =>
  createSealer({ ring, payloadOptions }).issue(claims, { iv: new Uint8Array(16) })
const opens = (ring: KeyRing, token: string): boolean =>
  'claims' in createSealer({ ring, payloadOptions }).open(token)

describe('setting a repository up', () => {
  test('makes folder, primary key and staged key with modes for the owner alone', () => {
    const umask = process.umask(0)
    try {
      setupRepository(folder)
    } finally {
      process.umask(umask)
    }
    expect(names()).toEqual(['0', '1'])
    expect([modeOf(folder), ...names().map((name) => modeOf(path.join(folder, name)))]).toEqual([
      0o700, 0o600, 0o600,
    ])
    for (const name of names())
      expect(fs.readFileSync(path.join(folder, name), 'utf8')).toMatch(/^[\w-]{43}=$/)
    expect(trouble(folder)).toEqual([])
  })
  test('twice changes nothing', () => {
    const { ring } = setupRepository(folder)
    expect(setupRepository(folder).steps).toEqual([])
    expect(filesFromRing(readRing(folder))).toEqual(filesFromRing(ring))
  })
  test('every key is a new one', () => {
    expect(new Set(Array.from({ length: 100 }, () => randomFernetKey().id)).size).toBe(100)
  })
})

describe('rotating a repository', () => {
  test('leaves the files that Keystone leaves: [0,1] → [0,1,2] → [0,2,3] → [0,3,4]', () => {
    setupRepository(folder)
    const seen = [names()]
    for (let i = 0; i < 3; i++) {
      rotateRepository(folder, { maxActiveKeys: 3 })
      seen.push(names())
    }
    expect(seen).toEqual([
      ['0', '1'],
      ['0', '1', '2'],
      ['0', '2', '3'],
      ['0', '3', '4'],
    ])
  })
  test('gives the ring that is then on disk', () => {
    setupRepository(folder)
    const { ring } = rotateRepository(folder, { maxActiveKeys: 3 })
    expect(filesFromRing(readRing(folder))).toEqual(filesFromRing(ring))
    expect(trouble(folder)).toEqual([])
  })
  test('a crash after any number of steps leaves every live token readable, and the next rotation works', () => {
    for (let done = 0; done <= 4; done++) {
      fs.rmSync(folder, { recursive: true, force: true })
      setupRepository(folder)
      const oldest = issue(rotateRepository(folder, { maxActiveKeys: 4 }).ring)
      const before = rotateRepository(folder, { maxActiveKeys: 4 }).ring
      const live = [oldest, issue(before)]
      const { steps } = rotateRing(before, { maxActiveKeys: 4, fresh: testKey(9) })
      expect(steps.map((step) => step.kind)).toEqual(['write', 'rename', 'rename', 'remove'])
      applySteps(folder, steps.slice(0, done))

      const ring = readRing(folder)
      live.push(issue(ring))
      for (const token of live) expect(opens(ring, token)).toBe(true)
      setupRepository(folder)
      rotateRepository(folder, { maxActiveKeys: 5 })
      const after = readRing(folder)
      for (const token of live) expect(opens(after, token)).toBe(true)
      expect(trouble(folder)).toEqual([])
    }
  })
  test('a leftover of a crash is written over and loses its open mode', () => {
    setupRepository(folder)
    fs.writeFileSync(path.join(folder, '0.tmp'), 'half a key')
    fs.chmodSync(path.join(folder, '0.tmp'), 0o644)
    rotateRepository(folder, { maxActiveKeys: 3 })
    expect(trouble(folder)).toEqual([])
  })
  test('a link in the place of the new key is not followed', () => {
    setupRepository(folder)
    const elsewhere = path.join(base, 'elsewhere')
    fs.writeFileSync(elsewhere, 'mine')
    fs.symlinkSync(elsewhere, path.join(folder, '0.tmp'))
    rotateRepository(folder, { maxActiveKeys: 3 })
    expect(fs.readFileSync(elsewhere, 'utf8')).toBe('mine')
    expect(trouble(folder)).toEqual([])
  })
  test('new keys belong to whom the old ones belong, whoever rotates', () => {
    // Only root may give files away; anybody else rotates what is their own.
    const asRoot = process.getuid?.() === 0
    const keystone = asRoot ? { uid: 4242, gid: 4243 } : { uid: process.getuid?.(), gid: process.getgid?.() }
    fs.chmodSync(base, 0o755)
    setupRepository(folder)
    const ownersOf = (list: readonly string[]) =>
      list.map((name) => fs.statSync(path.join(folder, name))).map(({ uid, gid }) => ({ uid, gid }))
    if (asRoot) {
      for (const name of ['.', ...names()]) fs.chownSync(path.join(folder, name), 4242, 4243)
    }
    // Left by a rotation that died; as root's it would keep Keystone from reading the folder.
    fs.writeFileSync(path.join(folder, '0.tmp'), 'half a key', { mode: 0o600 })
    for (let i = 0; i < 3; i++) rotateRepository(folder, { maxActiveKeys: 3 })
    expect(ownersOf(names())).toEqual([keystone, keystone, keystone])
    expect([process.geteuid?.(), process.getegid?.()]).toEqual([process.getuid?.(), process.getgid?.()])
    expect(trouble(folder)).toEqual([])
  })
  test('a repository can be set up for the user that Keystone runs as', () => {
    const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
    const keystone = owner.uid === 0 ? { uid: 4242, gid: 4243 } : owner
    fs.chmodSync(base, 0o755)
    setupRepository(folder, { owner: keystone })
    for (const name of ['.', ...names()]) {
      expect(fs.statSync(path.join(folder, name))).toMatchObject(keystone)
    }
    expect(trouble(folder)).toEqual([])
  })
  test('is refused for one active key, and nothing is touched', () => {
    const { ring } = setupRepository(folder)
    expect(failure(() => rotateRepository(folder, { maxActiveKeys: 1 }))).toMatchObject({
      code: 'bad-max-active-keys',
    })
    expect(filesFromRing(readRing(folder))).toEqual(filesFromRing(ring))
  })
  test('without a staged key is refused, and setting up again stages one', () => {
    setupRepository(folder, { makeKey: numbered() })
    fs.rmSync(path.join(folder, '0'))
    expect(failure(() => rotateRepository(folder, { maxActiveKeys: 3 }))).toMatchObject({
      code: 'no-staged-key',
    })
    expect(trouble(folder)).toEqual(['no-staged-key'])
    const { ring } = setupRepository(folder)
    expect([indices(ring), primaryIndex(ring)]).toEqual([[0, 1], 1])
  })
})

describe('copying a repository to another node', () => {
  test('makes it equal, in the safe order, with the right modes', () => {
    const node = path.join(base, 'node')
    setupRepository(folder)
    copyRepository(folder, node)
    for (let i = 0; i < 3; i++) {
      const { ring } = rotateRepository(folder, { maxActiveKeys: 3 })
      const planned = distributeRing({ from: ring, to: readRing(node) })
      expect(copyRepository(folder, node).steps).toEqual(planned.steps)
      expect(filesFromRing(readRing(node))).toEqual(filesFromRing(ring))
      expect(trouble(node)).toEqual([])
    }
    expect(copyRepository(folder, node).steps).toEqual([])
  })
  test('at each step the node opens the tokens of old and new primaries', () => {
    const node = path.join(base, 'node')
    setupRepository(folder)
    const first = copyRepository(folder, node).ring
    const { ring } = rotateRepository(folder, { maxActiveKeys: 3 })
    const tokens = [issue(first), issue(ring)]
    const { steps } = distributeRing({ from: ring, to: first })
    for (const step of [null, ...steps]) {
      if (step !== null) applySteps(node, [step])
      for (const token of tokens) expect(opens(readRing(node), token)).toBe(true)
    }
  })
  test('from an empty folder is refused before the node is touched', () => {
    fs.mkdirSync(folder)
    const node = path.join(base, 'node')
    expect(failure(() => copyRepository(folder, node))).toMatchObject({ code: 'no-keys' })
    expect(fs.existsSync(node)).toBe(false)
  })
})

describe('reading a repository', () => {
  test('other names, folders and empty files are ignored', () => {
    setupRepository(folder)
    fs.writeFileSync(path.join(folder, 'README'), 'x', { mode: 0o600 })
    fs.writeFileSync(path.join(folder, '0.tmp'), 'x', { mode: 0o600 })
    fs.writeFileSync(path.join(folder, '7'), '', { mode: 0o600 })
    fs.mkdirSync(path.join(folder, '8'), { mode: 0o700 })
    expect(indices(readRing(folder))).toEqual([0, 1])
  })
  test('a missing folder, a file in its place and an empty folder are three different errors', () => {
    expect(failure(() => readRing(folder))).toMatchObject({
      code: 'missing-directory',
      paths: [folder],
    })
    fs.writeFileSync(folder, '')
    expect(failure(() => readRing(folder))).toMatchObject({ code: 'not-a-directory' })
    expect(failure(() => setupRepository(folder))).toMatchObject({ code: 'not-a-directory' })
    fs.rmSync(folder)
    fs.mkdirSync(folder)
    expect(failure(() => readRing(folder))).toMatchObject({ code: 'no-keys', paths: [folder] })
  })
  test('files without a key are all named, and their content is not', () => {
    setupRepository(folder)
    const secret = formatFernetKey(testKey(1)).slice(0, -1)
    for (const name of ['0', '1']) fs.writeFileSync(path.join(folder, name), secret)
    const error = failure(() => readRing(folder))
    expect(error).toMatchObject({
      code: 'bad-key-file',
      paths: ['0', '1'].map((name) => path.join(folder, name)),
    })
    expect(String(error)).not.toContain(secret)
  })
  test('a link that leads nowhere, also in a circle, is passed over as Keystone does', () => {
    setupRepository(folder)
    fs.symlinkSync(path.join(folder, 'nowhere'), path.join(folder, '4'))
    fs.symlinkSync('5', path.join(folder, '5'))
    expect(indices(readRing(folder))).toEqual([0, 1])
  })
  test('a change that the system refuses names the file', () => {
    setupRepository(folder)
    fs.mkdirSync(path.join(folder, '0.tmp'))
    const error = failure(() => rotateRepository(folder, { maxActiveKeys: 3 }))
    expect(error).toMatchObject({ code: 'unwritable', paths: [path.join(folder, '0.tmp')] })
    expect(indices(readRing(folder))).toEqual([0, 1])
  })
})

describe('the cached reader', () => {
  /** Lets the folder look as if it had last changed long ago. */
  const age = (): void => fs.utimesSync(folder, 1_491_436_800, 1_491_436_800)

  test('sees every rotation at the next use, however fast they come', () => {
    setupRepository(folder)
    const reader = createRingReader(folder)
    for (let i = 0; i < 30; i++) {
      const { ring } = rotateRepository(folder, { maxActiveKeys: 3 })
      expect(filesFromRing(reader.read())).toEqual(filesFromRing(ring))
    }
  })
  test('sees a rotation after a long rest', () => {
    setupRepository(folder)
    age()
    const reader = createRingReader(folder)
    expect(indices(reader.read())).toEqual([0, 1])
    rotateRepository(folder, { maxActiveKeys: 3 })
    expect(indices(reader.read())).toEqual([0, 1, 2])
  })
  test('gives the same ring while nothing changes', () => {
    setupRepository(folder)
    const reader = createRingReader(folder)
    expect(reader.read()).toBe(reader.read())
    age()
    expect(reader.read()).toBe(reader.read())
  })
  test('a folder that has settled is not read again: a key rewritten in place is seen by refresh only', () => {
    setupRepository(folder)
    age()
    const reader = createRingReader(folder)
    const before = reader.read()
    fs.writeFileSync(path.join(folder, '1'), formatFernetKey(testKey(42)))
    expect(reader.read()).toBe(before)
    expect(reader.refresh().keys.get(1)?.id).toBe(testKey(42).id)
    expect(reader.read().keys.get(1)?.id).toBe(testKey(42).id)
  })
  test('within 100 ms of a change the cache is not trusted, since the next change may carry the same time', () => {
    setupRepository(folder)
    const changedMs = 1_491_436_800_000
    const pin = (): void => fs.utimesSync(folder, changedMs / 1000, changedMs / 1000)
    let nowMs = changedMs + 50
    const reader = createRingReader(folder, { nowMs: () => nowMs })
    pin()
    reader.read()
    const hidden = rotateRepository(folder, { maxActiveKeys: 3 }).ring
    pin()
    expect(indices(reader.read())).toEqual(indices(hidden))
    nowMs = changedMs + 101
    expect(indices(reader.read())).toEqual([0, 1, 2])
    // From here on the time of the change is old enough to vouch for the cache.
    rotateRepository(folder, { maxActiveKeys: 3 })
    pin()
    expect(indices(reader.read())).toEqual([0, 1, 2])
  })
  test('a folder replaced as a whole is noticed', () => {
    setupRepository(folder)
    age()
    const reader = createRingReader(folder)
    reader.read()
    fs.renameSync(folder, `${folder}.old`)
    expect(failure(() => reader.read())).toMatchObject({ code: 'missing-directory' })
    const { ring } = setupRepository(folder, { makeKey: numbered() })
    age()
    expect(filesFromRing(reader.read())).toEqual(filesFromRing(ring))
  })
  test('a folder that loses its keys is an error at the next use, and heals', () => {
    setupRepository(folder)
    const reader = createRingReader(folder)
    reader.read()
    for (const name of names()) fs.rmSync(path.join(folder, name))
    expect(failure(() => reader.read())).toMatchObject({ code: 'no-keys' })
    expect(failure(() => reader.read())).toMatchObject({ code: 'no-keys' })
    setupRepository(folder)
    expect(indices(reader.read())).toEqual([0, 1])
  })
})
