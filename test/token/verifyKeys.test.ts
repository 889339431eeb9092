// The judgement on key folders: each drill that operators run into, and the counts that Keystone's guide gives.
// Severity decides the exit code of a pipeline, so it is part of each expectation.

import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { KeystoneUser } from '../../src/token/folderCheck.js'
import type { KeyFinding } from '../../src/token/keyFindings.js'
import type { FolderEntry, KeyContent, KeyFolder } from '../../src/token/keyFolder.js'
import type { KeyPolicy } from '../../src/token/keyCount.js'
import { distributeRing, keyRing, rotateRing, setupRing } from '../../src/token/keyring.js'
import type { KeyRing } from '../../src/token/keyring.js'
import { createSealer } from '../../src/token/sealer.js'
import { refusesTokens, verifyKeys } from '../../src/token/verifyKeys.js'
import { seed, testKey } from './vectors.js'

const keystone = { uid: 42, gid: 42 }
const file = (name: string, content: KeyContent | null, changes: Partial<FolderEntry> = {}): FolderEntry => ({
  name,
  kind: 'file',
  mode: 0o600,
  ...keystone,
  writtenAtSec: 0,
  content,
  ...changes,
})
const folderOf = (path: string, entries: readonly FolderEntry[], changes: Partial<KeyFolder> = {}) => ({
  path,
  mode: 0o700,
  ...keystone,
  entries,
  ...changes,
})
/** A folder in good order. */
const node = (path: string, ring: KeyRing, more: readonly FolderEntry[] = []): KeyFolder =>
  folderOf(path, [...[...ring.keys].map(([index, key]) => file(String(index), key)), ...more])

/** Keys by number: `{ 0: 5, 1: 1 }` is the staged key 5 and the primary 1. */
const ring = (numbers: Readonly<Record<number, number>>): KeyRing =>
  keyRing(Object.entries(numbers).map(([index, number]) => [Number(index), testKey(number)] as const))

const verify = (
  folders: readonly KeyFolder[],
  policy: KeyPolicy = {},
  user: KeystoneUser | null = null,
): readonly KeyFinding[] => verifyKeys({ folders, policy, user })

/** `severity code` of each finding. */
const codes = (found: readonly KeyFinding[]): string[] =>
  found.map(({ severity, folder, code }) => `${severity} ${folder ?? '-'} ${code}`)

const daySec = 86_400
const cern: KeyPolicy = { validitySec: daySec, rotationSec: daySec / 4 }
const first = setupRing({ primary: testKey(1), staged: testKey(2) }).ring
const rotated = (from: KeyRing, number: number, maxActiveKeys = 3): KeyRing =>
  rotateRing(from, { maxActiveKeys, fresh: testKey(number) }).ring

describe('one folder', () => {
  const good = ring({ 0: 3, 1: 1, 2: 2 })

  test('in good order has no findings', () => {
    expect(verify([node('a', good)])).toEqual([])
    expect(verify([node('a', first)])).toEqual([])
  })

  test.each<[string, readonly FolderEntry[], readonly string[]]>([
    ['a key that is none', [file('3', 'malformed')], ['refuses a malformed-key']],
    ['an empty key file', [file('3', 'empty')], ['refuses a empty-key']],
    ['a rotation that stopped before it began', [file('0.tmp', null)], ['risk a interrupted-rotation']],
    ['a copy that stopped', [file('3.tmp', null)], ['risk a unfinished-copy']],
    [
      'a change that goes on, or was killed',
      [file('.cutover-lock', null, { kind: 'other' })],
      ['note a lock'],
    ],
    ['a note to oneself', [file('README', null)], ['note a foreign-name']],
    ['a backup', [file('1.bak', null)], ['note a foreign-name']],
    ['a folder in the place of a key', [file('3', null, { kind: 'other' })], ['risk a key-not-a-file']],
    ['a key that others may read', [file('3', testKey(9), { mode: 0o640 })], ['risk a open-file']],
    ['root’s key file', [file('3', testKey(9), { uid: 0, gid: 0 })], ['refuses a closed-file']],
    // Keystone opens it before it looks at the name.
    [
      'root’s leftover',
      [file('0.tmp', null, { uid: 0, gid: 0 })],
      ['refuses a closed-file', 'risk a interrupted-rotation'],
    ],
    [
      'a file of root’s that everybody may read',
      [file('README', null, { uid: 0, mode: 0o644 })],
      ['note a foreign-name'],
    ],
  ])('with %s', (_, more, expected) => {
    expect(codes(verify([node('a', good, more)]))).toEqual(expected)
  })

  // What Python's int() makes of these names, tried with Keystone 22.
  test.each([
    ['-1', -1],
    [' 2', 2],
    ['1_0', 10],
    ['01', 1],
    ['+1', 1],
    ['00', 0],
  ])('with a file %j, which Keystone takes for key %i', (name, readAs) => {
    expect(verify([node('a', good, [file(name, null)])])).toMatchObject([
      { severity: 'refuses', code: 'misread-name', file: name, readAs },
    ])
  })

  test('without keys, without a staged key, or halfway through a rotation', () => {
    expect(codes(verify([folderOf('a', [])]))).toEqual(['refuses a no-keys'])
    expect(codes(verify([node('a', ring({ 1: 1, 2: 2 }))]))).toEqual(['risk a no-staged-key'])
    expect(verify([node('a', ring({ 1: 1, 2: 2 }), [file('0.tmp', null)])])).toMatchObject([
      { code: 'interrupted-rotation', stagedMissing: true },
    ])
  })

  test('with keys missing between others', () => {
    expect(verify([node('a', ring({ 0: 9, 3: 3, 6: 6 }))])).toMatchObject([
      { severity: 'refuses', code: 'missing-keys', indices: [4, 5] },
    ])
  })

  test('is judged for the user that Keystone runs as', () => {
    const roots = folderOf('a', [file('0', testKey(1), { uid: 0, gid: 42, mode: 0o640 })], {
      uid: 0,
      gid: 42,
      mode: 0o750,
    })
    expect(codes(verify([roots]))).toContain('note a owned-by-root')
    // The group lets it in.
    expect(codes(verify([roots], {}, { uid: 42, gids: [42] }))).toEqual([
      'risk a open-folder',
      'risk a open-file',
      'risk a only-staged-key',
    ])
    expect(codes(verify([roots], {}, { uid: 43, gids: [43] }))).toEqual([
      'refuses a closed-folder',
      'refuses a closed-file',
      'risk a open-folder',
      'risk a open-file',
      'risk a only-staged-key',
    ])
  })
})

describe('the number of keys', () => {
  // Keystone's guide and CERN's: 24 h of validity, rotated every 6 h, need 24 / 6 + 2 keys.
  test('six are enough for a day and a rotation every six hours, five refuse for up to six hours', () => {
    expect(verify([node('a', first)], { ...cern, maxActiveKeys: 6 })).toEqual([])
    expect(verify([node('a', first)], { ...cern, maxActiveKeys: 5 })).toMatchObject([
      {
        severity: 'refuses',
        folder: null,
        code: 'max-active-keys-too-small',
        required: 6,
        earlySec: daySec / 4,
      },
    ])
  })

  test('the window for expired tokens needs keys of its own', () => {
    const policy = { ...cern, allowExpiredWindowSec: 2 * daySec, maxActiveKeys: 6 }
    expect(verify([node('a', first)], policy)).toMatchObject([{ required: 14, earlySec: 2 * daySec }])
  })

  test('a folder that was not rotated often enough lacks none, one that was pruned does', () => {
    expect(verify([node('a', ring({ 0: 3, 1: 1, 2: 2 }))], cern)).toEqual([])
    expect(verify([node('a', ring({ 0: 4, 2: 2, 3: 3 }))], cern)).toMatchObject([
      {
        severity: 'refuses',
        folder: 'a',
        code: 'too-few-keys',
        keys: 3,
        required: 6,
        earlySec: 0.75 * daySec,
      },
    ])
  })

  test('more keys than configured are removed by the next rotation', () => {
    const many = ring({ 0: 6, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5 })
    expect(verify([node('a', many)], { maxActiveKeys: 3 })).toMatchObject([
      { severity: 'risk', code: 'more-keys-than-configured', keys: 6, maxActiveKeys: 3 },
    ])
  })

  test('as many keys as configured, or as needed, are neither too many nor too few', () => {
    expect(verify([node('a', ring({ 0: 3, 1: 1, 2: 2 }))], { maxActiveKeys: 3 })).toEqual([])
    // One that lost its staged key: that is a finding of its own, and it sealed nothing, so nothing dies early.
    const pruned = node('a', ring({ 2: 2, 3: 3 }))
    const codes = verify([pruned], { validitySec: daySec, rotationSec: daySec }).map(({ code }) => code)
    expect(codes).not.toContain('too-few-keys')
    expect(verify([pruned], { maxActiveKeys: 2 })).toContainEqual(
      expect.objectContaining({ code: 'more-keys-than-configured', keys: 3 }),
    )
  })

  test('is not judged where nobody said how long tokens live', () => {
    expect(verify([node('a', ring({ 0: 4, 2: 2, 3: 3 }))], { validitySec: daySec })).toEqual([])
  })
})

describe('several nodes', () => {
  test('with equal folders have no findings', () => {
    expect(verify([node('a', first), node('b', first), node('c', first)])).toEqual([])
  })

  test('one rotation without a copy refuses nothing yet', () => {
    expect(verify([node('a', rotated(first, 3)), node('b', first)])).toMatchObject([
      { severity: 'risk', folder: 'b', code: 'behind', of: ['a'], rotations: 1 },
    ])
  })

  test('two rotations without a copy: the others refuse what the master issues now', () => {
    const twice = rotated(rotated(first, 3, 4), 4, 4)
    const found = verify([node('a', twice), node('b', first), node('c', first)])
    expect(found).toMatchObject([
      {
        severity: 'refuses',
        folder: 'b',
        code: 'cannot-read-new',
        of: ['a'],
        they: 'ahead',
        fingerprint: testKey(3).id,
      },
      { severity: 'refuses', folder: 'c', code: 'cannot-read-new', of: ['a'] },
      { severity: 'risk', folder: 'b', code: 'behind', rotations: 2 },
      { severity: 'risk', folder: 'c', code: 'behind', rotations: 2 },
    ])
  })

  test('a node left so far behind that its primary has been pruned elsewhere', () => {
    const behind = rotated(first, 3)
    const found = verify([node('a', rotated(rotated(behind, 4), 5)), node('b', behind)])
    expect(found).toMatchObject([
      { severity: 'refuses', folder: 'a', code: 'cannot-read-new', of: ['b'], they: 'behind' },
      { severity: 'refuses', folder: 'b', code: 'cannot-read-new', of: ['a'], they: 'ahead' },
      { severity: 'risk', folder: 'a', code: 'cannot-read-old', of: ['b'], index: 1, live: null },
      { severity: 'risk', folder: 'b', code: 'behind', rotations: 2 },
    ])
  })

  test('a copy that came with the wrong staged key is told before it hurts', () => {
    const found = verify([node('a', ring({ 0: 7, 1: 1 })), node('b', ring({ 0: 8, 1: 1 }))])
    expect(codes(found)).toEqual(['risk a staged-differs', 'risk b staged-differs'])
  })

  test('nodes that each rotate by themselves', () => {
    const found = verify([
      node('a', rotated(ring({ 0: 7, 1: 1 }), 9)),
      node('b', rotated(ring({ 0: 8, 1: 1 }), 9)),
    ])
    expect(codes(found)).toEqual([
      'refuses a cannot-read-new',
      'refuses a rotated-apart',
      'refuses b cannot-read-new',
      'refuses b rotated-apart',
    ])
    expect(found[1]).toMatchObject({ indices: [2], with: ['b'] })
  })

  test('nodes that were each set up by themselves', () => {
    const found = verify([
      node('a', ring({ 0: 1, 1: 2 })),
      node('b', ring({ 0: 3, 1: 4 })),
      node('c', ring({ 0: 3, 1: 4 })),
    ])
    expect(found).toMatchObject([
      { folder: 'a', code: 'no-key-in-common', with: ['b', 'c'] },
      { folder: 'b', code: 'no-key-in-common', with: ['a'] },
      { folder: 'c', code: 'no-key-in-common', with: ['a'] },
    ])
  })

  test('an old key that one node lacks matters while its tokens live, and is a risk where that is not known', () => {
    const all = ring({ 0: 9, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6 })
    const pair = (without: number) => [
      node('a', all),
      node('b', keyRing([...all.keys].filter(([index]) => index > without || index === 0))),
    ]
    expect(codes(verify(pair(1), cern))).toEqual([])
    // Key 1 sealed until four rotations before the last one: a day ago at least, so a second more of life matters.
    expect(verify(pair(1), { ...cern, validitySec: daySec + 1 })).toMatchObject([
      { severity: 'refuses', folder: 'b', code: 'too-few-keys', keys: 6, required: 7 },
      { severity: 'refuses', folder: 'b', code: 'cannot-read-old', index: 1, live: true },
    ])
    expect(verify(pair(1))).toMatchObject([
      {
        severity: 'risk',
        folder: 'b',
        code: 'cannot-read-old',
        fingerprint: testKey(1).id,
        index: 1,
        live: null,
      },
    ])
  })

  /** A node rotates, or takes another's folder. */
  type Move = readonly ['rotate', number] | readonly ['copy', number, number]
  const moves = fc.array(
    fc.oneof(
      fc.nat({ max: 2 }).map((i): Move => ['rotate', i]),
      fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 2 })).map(([from, to]): Move => ['copy', from, to]),
    ),
    { maxLength: 12 },
  )

  test('whatever was rotated and copied: a node is said to refuse new tokens of another exactly if it does', () => {
    const payloadOptions = { methodOrder: ['password'], family: 'raw' } as const
    const claims = {
      userId: 'u',
      methods: ['password'],
      auditIds: ['AAECAwQFBgcICQoLDA0ODw'],
      issuedAtSec: 1,
      expiresAtSec: 2,
      scope: { kind: 'unscoped' },
    } as const
    fc.assert(
      fc.property(moves, fc.boolean(), fc.integer({ min: 2, max: 5 }), (list, together, maxActiveKeys) => {
        const rings = [0, 1, 2].map((i) => (together || i === 0 ? first : ring({ 0: 90 + i, 1: 80 + i })))
        list.forEach((move, step) => {
          const [kind, i, to = 0] = move
          const from = rings[i] as KeyRing
          if (kind === 'rotate') rings[i] = rotated(from, 100 + step, maxActiveKeys)
          else rings[to] = distributeRing({ from, to: rings[to] as KeyRing }).ring
        })
        const names = ['a', 'b', 'c']
        const found = verify(names.map((name, i) => node(name, rings[i] as KeyRing)))
        names.forEach((reader, i) => {
          names.forEach((issuer, j) => {
            const token = createSealer({ ring: rings[j] as KeyRing, payloadOptions }).issue(claims, {
              iv: new Uint8Array(16),
            })
            const opened = createSealer({ ring: rings[i] as KeyRing, payloadOptions }).open(token)
            const said = found.some(
              (finding) =>
                finding.folder === reader &&
                finding.severity === 'refuses' &&
                ((finding.code === 'cannot-read-new' && finding.of.includes(issuer)) ||
                  (finding.code === 'no-key-in-common' && finding.with.includes(issuer))),
            )
            expect(said).toBe('problem' in opened)
          })
        })
        expect(refusesTokens(found)).toBe(found.some(({ severity }) => severity === 'refuses'))
      }),
      { seed, numRuns: 200 },
    )
  })
})
