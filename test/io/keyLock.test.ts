// Changes to one key repository by processes that meet there, or are killed halfway: none loses a key or blocks the next for ever.
// Real processes, each stopped or killed before a change to the disk of the test's choice.

import { spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { rotateRepository, setupRepository } from '../../src/io/keyChanges.js'
import { readRing, readSnapshot } from '../../src/io/keyRepository.js'
import type { Claims } from '../../src/token/claims.js'
import { checkFolder } from '../../src/token/folderCheck.js'
import { primaryIndex } from '../../src/token/keyring.js'
import { createSealer } from '../../src/token/sealer.js'
import { compileSource, type CompiledSource } from '../support/compiledSource.js'

jest.setTimeout(120_000)

let compiled: CompiledSource
beforeAll(async () => {
  compiled = await compileSource(['base', 'token', 'io'])
})
afterAll(() => compiled.remove())

let base = ''
let folder = ''
const children: ChildProcess[] = []
beforeEach(() => {
  base = fs.mkdtempSync(path.join(tmpdir(), 'cutover-lock-'))
  folder = path.join(base, 'fernet-keys')
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  fs.rmSync(base, { recursive: true, force: true })
})

const program = fileURLToPath(new URL('../support/keyChanger.mjs', import.meta.url))

/** A process that changes a repository. `said` tells its next line; null: it has ended. */
const changer = (words: readonly string[]) => {
  const child = spawn(process.execPath, [program, compiled.url, ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(child)
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once('close', (_, signal) => resolve(signal))
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  const said = async (line: string): Promise<void> => {
    while (!text.split('\n').includes(line)) {
      await Promise.race([new Promise((resolve) => child.stdout.once('data', resolve)), ended])
      if (child.exitCode !== null && !text.includes(line)) throw new Error(`it said ${text}`)
    }
  }
  return { pid: child.pid ?? 0, child, ended, said, all: async () => (await ended, text) }
}

const failure = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    return error
  }
  return 'nothing was thrown'
}
const names = (at = folder): string[] => fs.readdirSync(at).sort()
const trouble = (at = folder): string[] =>
  checkFolder(readSnapshot(at).folder, null)
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
const issue = (at: string): string =>
  createSealer({ ring: readRing(at), payloadOptions }).issue(claims, { iv: new Uint8Array(16) })
const opens = (at: string, token: string): boolean =>
  'claims' in createSealer({ ring: readRing(at), payloadOptions }).open(token)
const lock = (): string => path.join(folder, '.cutover-lock')

/** Kills a process before each of so many changes that it makes to the disk, in a folder of its own each time. */
const killedAtEachStep = async (
  verb: 'setup' | 'rotate',
  steps: number,
  prepare: (at: string) => void,
  judge: (at: string) => void,
): Promise<void> => {
  const places = Array.from({ length: steps + 1 }, (_, i) => path.join(base, `killed-${i + 1}`))
  for (const at of places) prepare(at)
  const runs = places.map((at, i) => changer([verb, at, 'die', String(i + 1)]))
  const signals = await Promise.all(runs.map(({ ended }) => ended))
  expect(signals).toEqual([...Array.from({ length: steps }, () => 'SIGKILL'), null])
  for (const at of places) judge(at)
}

describe('a process that is killed', () => {
  test('at any step of a rotation leaves all live tokens readable, and the next rotation or its remedy mends it', async () => {
    const live = new Map<string, string[]>()
    const prepare = (at: string): void => {
      setupRepository(at)
      const tokens = [2, 3].map(() => {
        rotateRepository(at, { maxActiveKeys: 4 })
        return issue(at)
      })
      live.set(at, tokens)
    }
    const ways = new Set<string>()
    await killedAtEachStep('rotate', 8, prepare, (at) => {
      const tokens = [...(live.get(at) ?? []), issue(at)]
      for (const token of tokens) expect(opens(at, token)).toBe(true)
      const found = trouble(at)
      // Whatever is not as before or after a rotation is named.
      if (!['0,1,2,3', '0,2,3,4'].includes(names(at).join())) expect(found).not.toEqual([])
      const again = failure(() => rotateRepository(at, { maxActiveKeys: 5 }))
      if (again === 'nothing was thrown') ways.add('rotated again')
      else {
        expect(again).toMatchObject({ code: 'no-staged-key' })
        expect(found).toContain('interrupted-rotation')
        setupRepository(at)
        rotateRepository(at, { maxActiveKeys: 5 })
        ways.add('set up and rotated')
      }
      for (const token of tokens) expect(opens(at, token)).toBe(true)
      expect(trouble(at)).toEqual([])
      expect(names(at).every((name) => /^\d$/.test(name))).toBe(true)
    })
    expect([...ways].sort()).toEqual(['rotated again', 'set up and rotated'])
  })

  test('at any step of a setup leaves what the next setup finishes', async () => {
    await killedAtEachStep(
      'setup',
      12,
      () => {},
      (at) => {
        const before = fs.existsSync(at) && names(at).some((name) => /^\d$/.test(name)) ? issue(at) : null
        setupRepository(at)
        expect([names(at), trouble(at)]).toEqual([['0', '1'], []])
        if (before !== null) expect(opens(at, before)).toBe(true)
      },
    )
  })

  test('while it holds the lock is recognised, also if another process has its number since', async () => {
    setupRepository(folder)
    const first = changer(['rotate', folder, 'hold', '5'])
    await first.said('holding')
    const left = fs.readlinkSync(lock())
    first.child.kill('SIGKILL')
    await first.ended
    expect(trouble()).toEqual(['lock', 'interrupted-rotation'])
    rotateRepository(folder, { maxActiveKeys: 3 })
    expect([names(), trouble()]).toEqual([['0', '1', '2'], []])
    fs.symlinkSync(left.replace(`:${first.pid}:`, `:${process.pid}:`), lock())
    rotateRepository(folder, { maxActiveKeys: 3 })
    expect(names()).toEqual(['0', '2', '3'])
  })

  test('does not let those in who find its lock at the same time', async () => {
    setupRepository(folder)
    const first = changer(['rotate', folder, 'hold', '2'])
    await first.said('holding')
    first.child.kill('SIGKILL')
    await first.ended
    // The lock of one who died while he removed such a lock is no hindrance either.
    fs.symlinkSync(fs.readlinkSync(lock()), `${lock()}~`)
    const crowd = Array.from({ length: 6 }, () => changer(['rotate-all', folder]))
    const words = await Promise.all(crowd.map(({ all }) => all()))
    const rotations = words.filter((text) => text.endsWith('done\n')).length
    expect(rotations).toBeGreaterThan(0)
    for (const text of words)
      expect(text).toMatch(/^(locked out\n)?(done|refused: .* is being changed by .*)\n$/)
    // Each that says so has rotated, none over another.
    expect([primaryIndex(readRing(folder)), readRing(folder).keys.size]).toEqual([
      1 + rotations,
      2 + rotations,
    ])
    expect(trouble()).toEqual([])
  })
})

describe('while one process changes the keys', () => {
  test('a rotation is refused at once and told by whom, and changes nothing', async () => {
    setupRepository(folder)
    const first = changer(['rotate', folder, 'hold', '6'])
    await first.said('holding')
    const before = names()
    const error = failure(() => rotateRepository(folder, { maxActiveKeys: 3 }))
    expect(error).toMatchObject({ code: 'locked', paths: [folder] })
    expect(String(error)).toMatch(
      new RegExp(
        `is being changed by process ${first.pid} \\(rotation, since 20.*Z\\): .*; wait until it has ended`,
      ),
    )
    expect(names()).toEqual(before)
    first.child.stdin.end()
    expect(await first.all()).toBe('holding\ndone\n')
    expect([names(), trouble()]).toEqual([['0', '1', '2'], []])
  })

  test('a setup waits for its end, and finds its work done', async () => {
    const first = changer(['setup', folder, 'hold', '8'])
    await first.said('holding')
    const second = changer(['setup', folder])
    await second.said('locked out')
    first.child.stdin.end()
    expect(await second.all()).toBe('locked out\ndone\n')
    expect([names(), trouble()]).toEqual([['0', '1'], []])
  })

  test('a copy to another node waits, and takes no ring that is half turned', async () => {
    setupRepository(folder)
    const first = changer(['rotate', folder, 'hold', '6'])
    await first.said('holding')
    expect(names()).not.toContain('0')
    const second = changer(['copy', folder])
    await second.said('locked out')
    first.child.stdin.end()
    expect(await second.all()).toBe('locked out\ndone\n')
    expect(names(`${folder}-copy`)).toEqual(['0', '1', '2'])
  })

  test('on a host that cannot be asked its word counts for ten minutes', () => {
    setupRepository(folder)
    const nowSec = Math.floor(Date.now() / 1000)
    const text = (sinceSec: number): string => `cutover:rotation:7:1:boot:1:elsewhere:${sinceSec}`
    fs.symlinkSync(text(nowSec), lock())
    expect(String(failure(() => rotateRepository(folder, { maxActiveKeys: 3 })))).toContain(
      `process 7 on elsewhere (rotation, since `,
    )
    fs.rmSync(lock())
    fs.symlinkSync(text(nowSec - 601), lock())
    rotateRepository(folder, { maxActiveKeys: 3 })
    expect(names()).toEqual(['0', '1', '2'])
  })

  test('what stands at the name of the lock and is none is named, and left there', () => {
    setupRepository(folder)
    fs.writeFileSync(lock(), 'mine')
    expect(failure(() => rotateRepository(folder, { maxActiveKeys: 3 }))).toMatchObject({
      code: 'locked',
      paths: [lock()],
    })
    expect(fs.readFileSync(lock(), 'utf8')).toBe('mine')
  })
})
