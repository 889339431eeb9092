// How quantities are read and written: what is taken, and what a person is told who wrote something else.
// Everything with a unit in a scenario or an option passes through here.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { formatDuration, readDuration, readRate, readShare, readSize } from '../../src/scenario/units.js'
import type { Reading } from '../../src/scenario/units.js'

const valueOf = (reading: Reading): number => (reading.ok ? reading.value : NaN)
const remedyOf = (reading: Reading): string => (reading.ok ? '' : reading.remedy)
const messageOf = (reading: Reading): string => (reading.ok ? '' : reading.message)

describe('durations', () => {
  test.each([
    ['24h', 86_400],
    ['1h30m', 5400],
    ['30s', 30],
    ['250ms', 0.25],
    ['1.5h', 5400],
    ['1w2d', 777_600],
    ['0s', 0],
    [' 5m ', 300],
    ['0.1s', 0.1],
  ])('%p is %p seconds', (text, seconds) => {
    expect(valueOf(readDuration(text))).toBe(seconds)
  })

  test('a bare number is refused, and the same number with seconds is offered', () => {
    expect(remedyOf(readDuration(60))).toBe('write 60s if seconds are meant')
    expect(remedyOf(readDuration('60'))).toBe('write 60s if seconds are meant')
    expect(messageOf(readDuration(0))).toBe('0 has no unit')
  })

  test.each([
    ['5 min', 'write 5m'],
    ['1 hour 30 minutes', 'write 1h30m'],
    ['2H', 'write 2h'],
    ['100millis', 'write 100ms'],
  ])('spelled-out units in %p are refused with the short form', (text, remedy) => {
    expect(remedyOf(readDuration(text))).toBe(remedy)
  })

  test.each(['', 'h', '1x', '1h-5m', '1e3s', 'soon', '1h 5', '30m1h', '1h1h', '-5s', true, null, [], {}])(
    '%p is no duration',
    (value) => {
      expect(readDuration(value).ok).toBe(false)
    },
  )

  test('units out of order are named as that', () => {
    expect(messageOf(readDuration('30m1h'))).toContain('out of order')
  })

  test('every duration of whole microseconds comes back from its text as it was', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 * 86_400 * 1_000_000 }), (micros) => {
        const seconds = micros / 1e6
        expect(valueOf(readDuration(formatDuration(seconds)))).toBe(seconds)
      }),
    )
  })

  test('durations are written in hours at most', () => {
    expect(formatDuration(86_400)).toBe('24h')
    expect(formatDuration(5430.25)).toBe('1h30m30s250ms')
    expect(formatDuration(0)).toBe('0s')
    expect(formatDuration(-60)).toBe('-1m')
    expect(formatDuration(Infinity)).toBe('Infinity')
  })
})

describe('sizes', () => {
  test.each([
    ['4300B', 4300],
    ['4kB', 4000],
    ['4KiB', 4096],
    ['1GiB', 2 ** 30],
    ['1.5 MB', 1_500_000],
  ])('%p is %p bytes', (text, bytes) => {
    expect(valueOf(readSize(text))).toBe(bytes)
  })

  test('a bare number is refused with its remedy', () => {
    expect(remedyOf(readSize(4300))).toBe('write 4300B if bytes are meant')
  })

  test('a unit that may mean two things is refused with both', () => {
    expect(remedyOf(readSize('4K'))).toBe('write 4kB (powers of 1,000) or 4KiB (powers of 1,024)')
    expect(remedyOf(readSize('1gb'))).toBe('write 1GB (powers of 1,000) or 1GiB (powers of 1,024)')
  })
})

describe('shares', () => {
  test.each([
    ['2%', 0.02],
    [0.02, 0.02],
    ['0.5', 0.5],
    ['100%', 1],
    [0, 0],
    [1, 1],
  ])('%p is %p', (value, share) => {
    expect(valueOf(readShare(value))).toBe(share)
  })

  test('a share above one is refused, and taken for a percentage that lacks its sign', () => {
    expect(remedyOf(readShare(20))).toBe('write 20% if that is meant')
    expect(readShare('120%').ok).toBe(false)
    expect(readShare(-0.1).ok).toBe(false)
    expect(readShare('').ok).toBe(false)
    expect(readShare('half').ok).toBe(false)
  })
})

describe('rates', () => {
  test.each([
    ['25/s', 25],
    ['90/m', 1.5],
    ['1800/h', 0.5],
    ['86400 / d', 1],
  ])('%p is %p a second', (text, rate) => {
    expect(valueOf(readRate(text))).toBe(rate)
  })

  test('zero, negative and bare rates are refused', () => {
    expect(messageOf(readRate('0/s'))).toBe('"0/s" is not above zero')
    expect(messageOf(readRate('-1/s'))).toBe('"-1/s" is not above zero')
    expect(remedyOf(readRate(25))).toBe('write 25/s if that is meant')
    expect(messageOf(readRate('5/fortnight'))).toContain('unknown unit')
  })
})
