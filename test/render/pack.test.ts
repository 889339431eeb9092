// Series packed for the report and unpacked by its script come back as they were, and small.
// The two halves live in different programs, so a round trip is the only proof that they agree.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { packAlphabet, packNumbers } from '../../src/render/pack.js'
import { unpackNumbers } from '../../src/render/page/unpack.js'

describe('a packed series', () => {
  test('comes back as it was, gaps and large numbers too', () => {
    const value = fc.oneof(
      fc.integer({ min: -5, max: 5 }),
      fc.integer({ min: 0, max: 2 ** 40 }),
      fc.constant(null),
    )
    fc.assert(
      fc.property(fc.array(value), (values) => {
        expect(unpackNumbers(packNumbers(values, 1), packAlphabet, 1)).toEqual(values)
      }),
    )
  })

  test('is rounded to the given part of a unit', () => {
    expect(unpackNumbers(packNumbers([1.234, 1.239, null], 100), packAlphabet, 100)).toEqual([
      1.23,
      1.24,
      null,
    ])
  })

  test('has a gap where a number is none', () => {
    expect(unpackNumbers(packNumbers([NaN, Infinity, 2], 1), packAlphabet, 1)).toEqual([null, null, 2])
  })

  test('that does not change takes a few characters, however long it is', () => {
    expect(packNumbers(new Array<number>(10_000).fill(0), 1).length).toBeLessThan(6)
  })

  test('needs no escaping in a script or an attribute', () => {
    expect(packAlphabet).toMatch(/^[A-Za-z0-9_-]{64}$/)
    expect(new Set(packAlphabet).size).toBe(64)
  })
})
