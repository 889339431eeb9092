// What `nearest` offers for a mistyped word, and when it offers nothing.
// Every parser of user input relies on these answers in its messages.
import { describe, expect, test } from '@jest/globals'
import { editDistance, nearest } from '../../src/base/nearest.js'

describe('nearest', () => {
  const words = ['cutover', 'restart', 'flush', 'keys.rotate', 'keys.distribute']

  test('a word with one slip finds its neighbour', () => {
    expect(nearest('cutovr', words)).toBe('cutover')
    expect(nearest('keys.rotat', words)).toBe('keys.rotate')
  })

  test('two swapped letters are one slip', () => {
    expect(editDistance('fluhs', 'flush')).toBe(1)
    expect(nearest('fluhs', words)).toBe('flush')
  })

  test('capital letters do not matter', () => {
    expect(nearest('Restart', words)).toBe('restart')
  })

  test('a wholly different word finds nothing', () => {
    expect(nearest('banana', words)).toBeNull()
    expect(nearest('x', [])).toBeNull()
  })

  test('of equally near words the first wins', () => {
    expect(nearest('cat', ['bat', 'hat'])).toBe('bat')
  })

  test('known distances hold', () => {
    expect(editDistance('kitten', 'sitting')).toBe(3)
    expect(editDistance('', 'abc')).toBe(3)
    expect(editDistance('abc', 'abc')).toBe(0)
  })
})
