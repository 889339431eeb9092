// Rotation: Keystone's own sequence, the tightness of the key formula, and crashes between any two steps.
// It exists because a ring that loses one key too many ends live sessions, and nobody sees it in a round trip.

import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { formatFernetKey } from '../../src/token/fernet.js'
import type { FernetKey } from '../../src/token/fernet.js'
import {
  applyStep,
  checkMaxActiveKeys,
  distributeRing,
  filesFromRing,
  keyRing,
  openingOrder,
  primaryIndex,
  pruneRing,
  requiredKeys,
  ringFromFiles,
  rotateRing,
  sameKey,
  setupRing,
} from '../../src/token/keyring.js'
import type { KeyFiles, KeyRing, RingStep } from '../../src/token/keyring.js'
import { seed, testKey } from './vectors.js'

const indices = (ring: KeyRing): number[] => [...ring.keys.keys()].sort((a, b) => a - b)
const names = (steps: readonly RingStep[]): string[] =>
  steps.map((step) => (step.kind === 'rename' ? `${step.from} → ${step.to}` : `${step.kind} ${step.file}`))
const holds = (ring: KeyRing, key: FernetKey): boolean =>
  [...ring.keys.values()].some((held) => sameKey(held, key))
const primary = (ring: KeyRing): FernetKey => ring.keys.get(primaryIndex(ring)) as FernetKey
const first = (): KeyRing => setupRing({ primary: testKey(1), staged: testKey(2) }).ring
/** The folder after each number of steps: as many as a crash can leave. */
const crashes = (files: KeyFiles, steps: readonly RingStep[]): KeyFiles[] => {
  const states = [files]
  for (const step of steps) states.push(applyStep(states.at(-1) as KeyFiles, step))
  return states
}
const failure = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    return error
  }
  return 'nothing was thrown'
}

describe('setting a ring up', () => {
  test('makes a primary key 1 and a staged key 0, by the steps of fernet_setup', () => {
    const { ring, steps } = setupRing({ primary: testKey(1), staged: testKey(2) })
    expect(indices(ring)).toEqual([0, 1])
    expect([ring.keys.get(1)?.id, ring.keys.get(0)?.id]).toEqual([testKey(1).id, testKey(2).id])
    expect(names(steps)).toEqual(['write 0.tmp', '0.tmp → 0', 'write 0.tmp', '0 → 1', '0.tmp → 0'])
    expect(crashes(new Map(), steps).at(-1)).toEqual(filesFromRing(ring))
  })
  test('does nothing where a staged key is', () => {
    const ring = first()
    expect(setupRing({ primary: testKey(8), staged: testKey(9), ring })).toEqual({ ring, steps: [] })
  })
  test('after a crash that lost the staged key, stages one and promotes none', () => {
    const ring = keyRing([
      [4, testKey(4)],
      [3, testKey(3)],
    ])
    const change = setupRing({ primary: testKey(8), staged: testKey(9), ring })
    expect(indices(change.ring)).toEqual([0, 3, 4])
    expect(primary(change.ring).id).toBe(testKey(4).id)
    expect(names(change.steps)).toEqual(['write 0.tmp', '0.tmp → 0'])
  })
})

describe('rotating a ring', () => {
  test('goes through [0,1] → [0,1,2] → [0,2,3] → [0,3,4] with three active keys, as measured on Keystone', () => {
    let ring = first()
    const seen = [indices(ring)]
    const done: string[][] = []
    for (const number of [3, 4, 5]) {
      const change = rotateRing(ring, { maxActiveKeys: 3, fresh: testKey(number) })
      ring = change.ring
      seen.push(indices(ring))
      done.push(names(change.steps))
    }
    expect(seen).toEqual([
      [0, 1],
      [0, 1, 2],
      [0, 2, 3],
      [0, 3, 4],
    ])
    expect(done).toEqual([
      ['write 0.tmp', '0 → 2', '0.tmp → 0'],
      ['write 0.tmp', '0 → 3', '0.tmp → 0', 'remove 1'],
      ['write 0.tmp', '0 → 4', '0.tmp → 0', 'remove 2'],
    ])
  })

  test('promotes the staged key, keeps the old primary, and stages the fresh key', () => {
    const before = first()
    const { ring } = rotateRing(before, { maxActiveKeys: 3, fresh: testKey(3) })
    expect(primary(ring).id).toBe(before.keys.get(0)?.id)
    expect(ring.keys.get(1)?.id).toBe(before.keys.get(1)?.id)
    expect(ring.keys.get(0)?.id).toBe(testKey(3).id)
  })

  test('the steps lead from the old files to the new ring, for every number of active keys', () => {
    for (let maxActiveKeys = 2; maxActiveKeys <= 52; maxActiveKeys++) {
      let ring = first()
      for (let turn = 0; turn < maxActiveKeys + 3; turn++) {
        const change = rotateRing(ring, { maxActiveKeys, fresh: testKey(100 + turn) })
        expect(crashes(filesFromRing(ring), change.steps).at(-1)).toEqual(filesFromRing(change.ring))
        ring = change.ring
        expect(ring.keys.size).toBe(Math.min(maxActiveKeys, turn + 3))
        expect(indices(ring)[0]).toBe(0)
      }
    }
  })

  test('a lowered maximum removes the lowest secondary keys first', () => {
    const ring = keyRing([0, 3, 4, 5, 6].map((index) => [index, testKey(index)]))
    const change = rotateRing(ring, { maxActiveKeys: 3, fresh: testKey(9) })
    expect(indices(change.ring)).toEqual([0, 6, 7])
    expect(names(change.steps).slice(3)).toEqual(['remove 3', 'remove 4', 'remove 5'])
    expect(indices(pruneRing(ring, 3).ring)).toEqual([0, 5, 6])
    expect(pruneRing(ring, 5).steps).toEqual([])
  })

  test('is refused without a staged key, and with fewer than two active keys', () => {
    const ring = keyRing([[1, testKey(1)]])
    const fresh = testKey(3)
    expect(failure(() => rotateRing(ring, { maxActiveKeys: 3, fresh }))).toMatchObject({
      code: 'no-staged-key',
    })
    for (const maxActiveKeys of [1, 0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(failure(() => rotateRing(first(), { maxActiveKeys, fresh }))).toMatchObject({
        code: 'bad-max-active-keys',
      })
    }
    expect(failure(() => checkMaxActiveKeys(1))).toMatchObject({
      message: expect.stringContaining('kills every live token'),
    })
  })
})

describe('the files of a ring', () => {
  const text = formatFernetKey(testKey(1))
  test('names that are no index and empty files are ignored', () => {
    const files = new Map([
      ['0', text],
      ['12', text],
      ['3', ''],
      ['0.tmp', text],
      ['README', 'x'],
      ['-1', 'x'],
      ['01', 'x'],
      ['1e1', 'x'],
      ['', 'x'],
    ])
    expect(indices(ringFromFiles(files))).toEqual([0, 12])
  })
  test('a line end after a key is no harm', () => {
    expect(ringFromFiles(new Map([['0', `${text}\n`]])).keys.get(0)?.id).toBe(testKey(1).id)
  })
  test('all bad files are named at once, without their content', () => {
    const files = new Map([
      ['0', text],
      ['1', 'secret-one'],
      ['2', ' '],
    ])
    const error = failure(() => ringFromFiles(files))
    expect(error).toMatchObject({ code: 'bad-key', files: ['1', '2'] })
    expect(String(error)).not.toContain('secret')
  })
  test('a step on a file that is not there is an error', () => {
    const error = { code: 'no-such-file' }
    expect(failure(() => applyStep(new Map(), { kind: 'remove', file: '1' }))).toMatchObject(error)
    expect(failure(() => applyStep(new Map(), { kind: 'rename', from: '0', to: '1' }))).toMatchObject(error)
  })
  test('keys are tried from the highest index down, the staged key last', () => {
    const ring = keyRing([0, 10, 9, 2].map((index) => [index, testKey(index)]))
    expect(openingOrder(ring).map((key) => key.index)).toEqual([10, 9, 2, 0])
    expect(openingOrder(ring)).toBe(openingOrder(ring))
    expect(primaryIndex(ring)).toBe(10)
    expect(primaryIndex(keyRing([[0, testKey(1)]]))).toBe(0)
    expect(failure(() => primaryIndex(keyRing([])))).toMatchObject({ code: 'no-keys' })
  })
})

describe('how many keys are needed', () => {
  test('CERN in 2017: 24 hours of validity, a rotation every 6, so 6 keys', () => {
    expect(requiredKeys({ validitySec: 86_400, rotationSec: 21_600 })).toBe(6)
  })
  test('the window for expired tokens counts like validity', () => {
    const allowExpiredWindowSec = 172_800
    expect(requiredKeys({ validitySec: 86_400, rotationSec: 21_600, allowExpiredWindowSec })).toBe(14)
  })
  test('never fewer than three, and a part of a rotation counts as a whole one', () => {
    expect(requiredKeys({ validitySec: 1, rotationSec: 1_000_000 })).toBe(3)
    expect(requiredKeys({ validitySec: 3601, rotationSec: 3600 })).toBe(4)
  })
  test.each([
    { validitySec: 0, rotationSec: 1 },
    { validitySec: 1, rotationSec: 0 },
    { validitySec: Number.NaN, rotationSec: 1 },
    { validitySec: Number.POSITIVE_INFINITY, rotationSec: 1 },
    { validitySec: 1, rotationSec: 1, allowExpiredWindowSec: -1 },
  ])('durations that make no sense are refused: %j', (input) => {
    expect(failure(() => requiredKeys(input))).toMatchObject({ code: 'bad-duration' })
  })
})

/**
 * A node that rotates at rotationSec, 2·rotationSec, … Gives the earliest death of a live token: a token is sealed
 * with the primary in the last second before each rotation, the worst moment, and is looked at in each second that a
 * rotation happens. Null when every token lived to its end.
 */
const firstEarlyDeath = (input: {
  maxActiveKeys: number
  validitySec: number
  rotationSec: number
}): number | null => {
  const { maxActiveKeys, validitySec, rotationSec } = input
  let ring = first()
  const live: { key: FernetKey; untilSec: number }[] = []
  const turns = 2 * maxActiveKeys + 3
  for (let turn = 1; turn <= turns; turn++) {
    const nowSec = turn * rotationSec
    live.push({ key: primary(ring), untilSec: nowSec - 1 + validitySec })
    ring = rotateRing(ring, { maxActiveKeys, fresh: testKey(1000 + turn) }).ring
    // A token expires *at* its time: in that second it need not be read any more.
    if (live.some((token) => token.untilSec > nowSec && !holds(ring, token.key))) return nowSec
  }
  return null
}

describe(`the key formula (seed ${seed})`, () => {
  test('with as many keys as the formula says, no live token ever becomes unreadable', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 52 }),
        fc.integer({ min: 2, max: 5000 }),
        fc.nat(),
        (maxActiveKeys, rotationSec, pick) => {
          // Any validity for which the formula asks for just so many keys.
          const validitySec = (maxActiveKeys - 3) * rotationSec + 1 + (pick % rotationSec)
          expect(requiredKeys({ validitySec, rotationSec })).toBe(maxActiveKeys)
          expect(firstEarlyDeath({ maxActiveKeys, validitySec, rotationSec })).toBeNull()
        },
      ),
      { seed, numRuns: 60 },
    )
  })

  test('with one key fewer, a live token dies: the formula is tight', () => {
    // A token of one second, sealed in the last second before a rotation, is over when the rotation comes.
    const validity = fc.nat()
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 52 }),
        fc.integer({ min: 3, max: 5000 }),
        validity,
        (keys, rotationSec, pick) => {
          const validitySec = (keys - 3) * rotationSec + 2 + (pick % (rotationSec - 1))
          expect(requiredKeys({ validitySec, rotationSec })).toBe(keys)
          expect(firstEarlyDeath({ maxActiveKeys: keys - 1, validitySec, rotationSec })).not.toBeNull()
        },
      ),
      { seed, numRuns: 60 },
    )
  })

  test.each(Array.from({ length: 51 }, (_, i) => i + 2))(
    'a token survives %i − 2 rotations and not one more',
    (maxActiveKeys) => {
      let ring = first()
      for (let turn = 0; turn < maxActiveKeys; turn++)
        ring = rotateRing(ring, { maxActiveKeys, fresh: testKey(50 + turn) }).ring
      const key = primary(ring)
      let survived = 0
      for (;;) {
        ring = rotateRing(ring, { maxActiveKeys, fresh: testKey(200 + survived) }).ring
        if (!holds(ring, key)) break
        survived++
      }
      expect(survived).toBe(maxActiveKeys - 2)
    },
  )
})

describe(`a crash between any two steps (seed ${seed})`, () => {
  const rings = fc.tuple(fc.integer({ min: 2, max: 12 }), fc.nat(20)).map(([maxActiveKeys, turns]) => {
    let ring = first()
    for (let turn = 0; turn < turns; turn++)
      ring = rotateRing(ring, { maxActiveKeys, fresh: testKey(100 + turn) }).ring
    return { ring, maxActiveKeys }
  })

  test('leaves a folder that opens every token the rotation keeps, and removes keys only in the end', () => {
    fc.assert(
      fc.property(rings, ({ ring, maxActiveKeys }) => {
        const change = rotateRing(ring, { maxActiveKeys, fresh: testKey(999) })
        const kept = [...ring.keys.values()].filter((key) => holds(change.ring, key))
        const states = crashes(filesFromRing(ring), change.steps).map(ringFromFiles)
        for (const state of states) for (const key of kept) expect(holds(state, key)).toBe(true)
        // Before the first removal not even a key that is to go is missing.
        const removals = change.steps.filter((step) => step.kind === 'remove').length
        for (const state of states.slice(0, states.length - removals)) {
          for (const key of ring.keys.values()) expect(holds(state, key)).toBe(true)
        }
      }),
      { seed },
    )
  })

  test('leaves a primary that is the old one or the one that was staged, which all nodes have', () => {
    fc.assert(
      fc.property(rings, ({ ring, maxActiveKeys }) => {
        const change = rotateRing(ring, { maxActiveKeys, fresh: testKey(999) })
        for (const files of crashes(filesFromRing(ring), change.steps)) {
          expect(holds(ring, primary(ringFromFiles(files)))).toBe(true)
        }
      }),
      { seed },
    )
  })

  test('is mended by setting up and rotating again, without a lost key', () => {
    fc.assert(
      fc.property(rings, ({ ring, maxActiveKeys }) => {
        const change = rotateRing(ring, { maxActiveKeys, fresh: testKey(999) })
        for (const files of crashes(filesFromRing(ring), change.steps)) {
          const found = ringFromFiles(files)
          const mended = setupRing({ ring: found, primary: testKey(7001), staged: testKey(7002) })
          const after = crashes(files, mended.steps).at(-1) as KeyFiles
          expect(ringFromFiles(after)).toEqual(mended.ring)
          for (const key of found.keys.values()) expect(holds(mended.ring, key)).toBe(true)
          expect(
            rotateRing(mended.ring, { maxActiveKeys, fresh: testKey(7003) }).ring.keys.size,
          ).toBeLessThanOrEqual(maxActiveKeys)
        }
      }),
      { seed },
    )
  })
})

describe('distributing a ring', () => {
  test('the new primary is written first, the staged key after all others, and removals come last', () => {
    const to = keyRing([
      [0, testKey(3)],
      [1, testKey(1)],
      [2, testKey(2)],
    ])
    const from = rotateRing(to, { maxActiveKeys: 3, fresh: testKey(4) }).ring
    const { ring, steps } = distributeRing({ from, to })
    expect(names(steps)).toEqual(['write 3.tmp', '3.tmp → 3', 'write 0.tmp', '0.tmp → 0', 'remove 1'])
    expect(filesFromRing(ring)).toEqual(filesFromRing(from))
  })
  test('a node that is up to date is left alone', () => {
    expect(distributeRing({ from: first(), to: first() }).steps).toEqual([])
  })
  test('an empty node gets everything, and a key that differs is replaced', () => {
    expect(names(distributeRing({ from: first(), to: keyRing([]) }).steps)).toEqual([
      'write 1.tmp',
      '1.tmp → 1',
      'write 0.tmp',
      '0.tmp → 0',
    ])
    const other = keyRing([...first().keys, [1, testKey(77)]])
    expect(names(distributeRing({ from: first(), to: other }).steps)).toEqual(['write 1.tmp', '1.tmp → 1'])
  })
  test(`at no moment of a copy does a node lack a key it may need (seed ${seed})`, () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 8 }),
        fc.nat(12),
        fc.integer({ min: 0, max: 3 }),
        (maxActiveKeys, turns, missed) => {
          const turn = (ring: KeyRing, number: number): KeyRing =>
            rotateRing(ring, { maxActiveKeys, fresh: testKey(100 + number) }).ring
          let to = first()
          for (let i = 0; i < turns; i++) to = turn(to, i)
          let from = to
          for (let i = 0; i < missed; i++) from = turn(from, turns + i)
          const { steps } = distributeRing({ from, to })
          const states = crashes(filesFromRing(to), steps)
          expect(states.at(-1)).toEqual(filesFromRing(from))
          // Needed: what both rings hold, since live tokens may be of any of these; and as soon as the node seals
          // with the new primary, nothing else than what the master opens.
          const needed = [...to.keys.values()].filter((key) => holds(from, key))
          for (const files of states) {
            const ring = ringFromFiles(files)
            for (const key of needed) expect(holds(ring, key)).toBe(true)
            const sealing = primary(ring)
            expect(sameKey(sealing, primary(to)) || sameKey(sealing, primary(from))).toBe(true)
          }
        },
      ),
      { seed },
    )
  })
  test('copying file 0 first would lose the new primary for a moment: the order matters', () => {
    const to = first()
    const from = rotateRing(to, { maxActiveKeys: 3, fresh: testKey(3) }).ring
    const { steps } = distributeRing({ from, to })
    const wrong = [...steps.slice(2), ...steps.slice(0, 2)]
    const lost = crashes(filesFromRing(to), wrong).some(
      (files) => !holds(ringFromFiles(files), primary(from)),
    )
    expect(lost).toBe(true)
  })
})
