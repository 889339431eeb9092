// Reading a body: JSON within a bounded depth, and whatever else comes is a problem, never an exception.
// Depth is counted on the text, so brackets in strings must not count.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readBody } from '../../src/identity/requestBody.js'

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

test('what is within the depth is read, what is deeper is not', () => {
  expect(readBody(nested(64)).bodyProblem).toBeUndefined()
  expect(readBody(nested(65))).toEqual({ bodyProblem: 'nested deeper than 64' })
  expect(readBody('{"a":'.repeat(65) + '1' + '}'.repeat(65))).toEqual({
    bodyProblem: 'nested deeper than 64',
  })
})

test('brackets in texts do not count, however they are quoted', () => {
  const text = String.raw`["${'['.repeat(100)}", "\"${'{'.repeat(100)}\\", "\\\\", []]`
  expect(readBody(text)).toEqual({ json: JSON.parse(text) as unknown })
})

test('width does not count', () => {
  expect(readBody(`[${'[],'.repeat(10_000)}[]]`).bodyProblem).toBeUndefined()
})

test('any text is read as JSON reads it, or is a problem', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json({ depthSize: 'medium' })), (text) => {
      const { json, bodyProblem } = readBody(text)
      if (text === '') expect([json, bodyProblem]).toEqual([undefined, undefined])
      else if (bodyProblem === undefined) expect(json).toEqual(JSON.parse(text))
      else expect(() => JSON.parse(text) as unknown).toThrow()
    }),
    { seed: 20_170_406, numRuns: 500 },
  )
})
