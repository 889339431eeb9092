// The schema as editors and the reference table see it: every key described, every default stated.
// A key without its sentence would be a key that nobody can use without reading the code.
import { describe, expect, test } from '@jest/globals'
import type { JsonSchema } from '../../src/scenario/jsonSchema.js'
import { scenarioJsonSchema } from '../../src/scenario/schema.js'

interface Key {
  readonly path: string
  readonly schema: JsonSchema
  readonly required: boolean
}

const keysBelow = (schema: JsonSchema, path: string): Key[] => [
  ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const here = path === '' ? name : `${path}.${name}`
    const required = schema.required?.includes(name) ?? false
    return [{ path: here, schema: property, required }, ...keysBelow(property, here)]
  }),
  ...(typeof schema.additionalProperties === 'object'
    ? keysBelow(schema.additionalProperties, `${path}.*`)
    : []),
  ...(schema.items === undefined ? [] : keysBelow(schema.items, `${path}[]`)),
  ...(schema.anyOf ?? []).flatMap((branch) => keysBelow(branch, path)),
]

describe('the JSON Schema of a scenario', () => {
  const keys = keysBelow(scenarioJsonSchema(), '')

  test('has every part of a scenario', () => {
    const paths = keys.map(({ path }) => path)
    expect(paths).toEqual(
      expect.arrayContaining([
        'identity.flush.every',
        'identity.keys.rotation',
        'clients.*.every',
        'timeline[].cutover.nodes',
        'clock[].traffic',
        'limits.lateness_p99',
      ]),
    )
  })

  test('describes every key in a sentence', () => {
    const bare = keys.filter(({ schema }) => !schema.description?.endsWith('.'))
    expect(bare.map(({ path }) => path)).toEqual([])
  })

  test('states a default for every key that may be left out, except of steps, which have what they name', () => {
    const without = keys.filter(
      ({ schema, required }) =>
        !required && schema.default === undefined && !/Default: |default \d/.test(schema.description ?? ''),
    )
    expect(without.map(({ path }) => path)).toEqual([
      'timeline[].at.for',
      'timeline[].at.latest',
      'timeline[].cutover',
      'timeline[].expiration',
      'timeline[].restart',
      'timeline[].keys.rotate',
      'timeline[].keys.distribute',
      'timeline[].flush',
      'timeline[].fault',
      'timeline[].fault.skew',
      'timeline[].fault.after_step',
      'timeline[].fault.times',
      'timeline[].fault.latency',
    ])
  })

  test('allows no other keys', () => {
    expect(scenarioJsonSchema().additionalProperties).toBe(false)
  })
})
