// What rotations do to a key: held against rotations that are really done, and against Keystone's measured ones.
// A wrong count here would tell an operator that tokens live which do not.

import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { keyOutlook, rotationsUntilPruned } from '../../src/token/keyOutlook.js'
import { keyRing, openingOrder, rotateRing, setupRing } from '../../src/token/keyring.js'
import type { KeyRing } from '../../src/token/keyring.js'
import { seed, testKey } from './vectors.js'

/** Rotations until no key of the ring is this one any more. */
const countedByRotating = (ring: KeyRing, index: number, maxActiveKeys: number): number => {
  const id = ring.keys.get(index)?.id
  let turned = ring
  for (let rotations = 0; ; rotations++) {
    if (!openingOrder(turned).some((key) => key.id === id)) return rotations
    turned = rotateRing(turned, { maxActiveKeys, fresh: testKey(1000 + rotations) }).ring
  }
}

describe('the rotations that a key has left', () => {
  test('are as many as rotating shows, for every key of every ring', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 2, max: 8 }),
        fc.integer({ min: 2, max: 8 }),
        (rotations, maxBefore, maxActiveKeys) => {
          let { ring } = setupRing({ primary: testKey(1), staged: testKey(2) })
          for (let i = 0; i < rotations; i++) {
            ring = rotateRing(ring, { maxActiveKeys: maxBefore, fresh: testKey(3 + i) }).ring
          }
          for (const index of ring.keys.keys()) {
            const left = rotationsUntilPruned(ring, { index, maxActiveKeys })
            expect({ index, left }).toEqual({ index, left: countedByRotating(ring, index, maxActiveKeys) })
          }
        },
      ),
      { seed, numRuns: 200 },
    )
  })

  // Measured on Keystone with max_active_keys = 3: [0,1] → [0,1,2] → [0,2,3] → [0,3,4]; a token survives one rotation.
  test('are two for a primary of three keys, so its tokens survive one', () => {
    const ring = keyRing([0, 3, 4].map((index) => [index, testKey(index)] as const))
    expect([4, 3, 0].map((index) => rotationsUntilPruned(ring, { index, maxActiveKeys: 3 }))).toEqual([
      2, 1, 3,
    ])
  })
})

describe('whether a token outlives its key', () => {
  const hourSec = 3600
  const nowSec = 1_491_436_800
  const outlook = (stagedAtSec: number | null, expiresInSec: number, rotations = 2) =>
    keyOutlook({
      rotations,
      rotationSec: 6 * hourSec,
      stagedAtSec,
      nowSec,
      expiresAtSec: nowSec + expiresInSec,
    })

  test('is decided where the last rotation is known', () => {
    const stagedAtSec = nowSec - hourSec
    // The next rotation is in 5 h, the one after it in 11 h.
    expect(outlook(stagedAtSec, 11 * hourSec)).toEqual({
      rotations: 2,
      prunedFromSec: nowSec + 11 * hourSec,
      prunedUntilSec: nowSec + 11 * hourSec,
      fate: 'expires-first',
    })
    expect(outlook(stagedAtSec, 11 * hourSec + 1).fate).toBe('pruned-first')
  })

  test.each([null, nowSec + 60, nowSec - 7 * hourSec])(
    'is left open for one rotation where the staged key’s time tells nothing: %s',
    (stagedAtSec) => {
      expect(outlook(stagedAtSec, 6 * hourSec).fate).toBe('expires-first')
      expect(outlook(stagedAtSec, 6 * hourSec + 1).fate).toBe('undecided')
      expect(outlook(stagedAtSec, 12 * hourSec).fate).toBe('undecided')
      expect(outlook(stagedAtSec, 12 * hourSec + 1).fate).toBe('pruned-first')
    },
  )
})
