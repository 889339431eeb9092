// Instants in Keystone's writing, against the platform's calendar, and JSON in Python's writing.
// Both are written by hand for speed, so both are compared with something that is not.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isoInstant, parseInstant } from '../../src/identity/instants.js'
import { jsonText } from '../../src/identity/json.js'

test('whole seconds are written as the platform writes them, with six digits', () => {
  fc.assert(
    fc.property(fc.integer({ min: -2_000_000_000, max: 8_000_000_000 }), (sec) => {
      expect(isoInstant(sec)).toBe(new Date(sec * 1000).toISOString().replace('.000Z', '.000000Z'))
    }),
  )
})

test('what was written is read again', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4_000_000_000 }),
      fc.integer({ min: 0, max: 999_999 }),
      (sec, micros) => {
        expect(parseInstant(isoInstant(sec + micros / 1e6))).toBeCloseTo(sec + micros / 1e6, 5)
      },
    ),
  )
})

test.each([
  ['2026-11-22 02:42:26', 1_795_315_346],
  ['2026-11-22T02:42:26Z', 1_795_315_346],
  ['2026-11-22T02:42:26.500000Z', 1_795_315_346.5],
  ['2026-11-22T02:42:26+00:00', 1_795_315_346],
  ['2026-13-22T02:42:26Z', null],
  ['2026-11-22T24:42:26Z', null],
  ['tomorrow', null],
  ['', null],
])('%j is read as %j', (text, sec) => {
  expect(parseInstant(text)).toBe(sec)
})

test('a fraction that rounds up carries into the second', () => {
  expect(isoInstant(0.999_999_9)).toBe('1970-01-01T00:00:01.000000Z')
})

test('JSON means the same as the platform reads it, and is ASCII', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = jsonText(value)
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      expect(text).not.toMatch(/[\u007f-\uffff]/)
    }),
  )
})

test('separators are those of Python, and what is undefined is left out', () => {
  expect(jsonText({ a: [1, 'x', null], b: undefined, c: { d: true } })).toBe(
    '{"a": [1, "x", null], "c": {"d": true}}',
  )
})
