// Schemas and Python's way to print a value: the words in which a body is refused.
// They are tried here by themselves, since no resource uses every one of them.
import { describe, expect, test } from '@jest/globals'
import { pythonText } from '../../../src/identity/resources/pythonText.js'
import { requireValid } from '../../../src/identity/resources/schema.js'
import type { Schema } from '../../../src/identity/resources/schema.js'

describe('a value is printed as Python does', () => {
  test.each([
    [null, 'None'],
    [true, 'True'],
    [false, 'False'],
    [1.5, '1.5'],
    ['plain', "'plain'"],
    ["it's", '"it\'s"'],
    [`it's "so"`, `'it\\'s "so"'`],
    ['a\\b\n\t\u0001', "'a\\\\b\\n\\t\\x01'"],
    ['é☃', "'é☃'"],
    [[], '[]'],
    [[1, ['a']], "[1, ['a']]"],
    [{ a: 1, b: { c: null } }, "{'a': 1, 'b': {'c': None}}"],
  ])('%j', (value, expected) => {
    expect(pythonText(value)).toBe(expected)
  })

  test('and not further down than twenty levels', () => {
    let value: unknown = 'deep'
    for (let depth = 0; depth < 100_000; depth++) value = [value]
    expect(pythonText(value)).toBe(`${'['.repeat(20)}...${']'.repeat(20)}`)
  })
})

describe('a schema names the first thing that is wrong', () => {
  const schema: Schema = {
    type: 'object',
    properties: {
      list: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 2, uniqueItems: true },
      inner: { type: 'object', maxProperties: 1 },
      word: { type: 'string', minLength: 2, maxLength: 3 },
    },
    minProperties: 1,
    additionalProperties: false,
  }
  test.each([
    [[], "[] is not of type 'object'"],
    [{}, '{} does not have enough properties'],
    [{ list: [] }, "Invalid input for field 'list': [] is too short"],
    [{ list: ['a', 'b', 'c'] }, "Invalid input for field 'list': ['a', 'b', 'c'] is too long"],
    [{ list: ['a', 'a'] }, "Invalid input for field 'list': ['a', 'a'] has non-unique elements"],
    [{ list: ['a', 1] }, "Invalid input for field 'list/1': 1 is not of type 'string'"],
    [{ inner: { a: 1, b: 2 } }, "Invalid input for field 'inner': {'a': 1, 'b': 2} has too many properties"],
    [{ word: '☃' }, "Invalid input for field 'word': '☃' is too short"],
    [{ word: '😀😀😀😀' }, "Invalid input for field 'word': '😀😀😀😀' is too long"],
    [{ x: 1, y: 2 }, "Additional properties are not allowed ('x', 'y' were unexpected)"],
  ])('%j: %s', (value, expected) => {
    expect(() => requireValid(schema, value)).toThrow(expected)
  })

  test('and lets pass what fits, counting characters, not their halves', () => {
    for (const word of ['ab', 'abc', '😀😀😀']) {
      expect(() => requireValid(schema, { word, list: ['a', 'b'], inner: {} })).not.toThrow()
    }
  })
})
