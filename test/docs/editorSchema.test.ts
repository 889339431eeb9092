// The schemas that editors check scenario files by: equal to the parser's, true of every shipped file, and strict.
// A JSON Schema validator of others judges them, as an editor does: UPDATE_GOLDEN=1 writes them anew.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { editorSchemas } from '../../src/scenario/editorSchema.js'

const scenarios = fileURLToPath(new URL('../../scenarios', import.meta.url))
const goldenOf = (schema: object): string => `${JSON.stringify(schema, null, 2)}\n`
if (process.env['UPDATE_GOLDEN'] === '1')
  for (const [file, schema] of Object.entries(editorSchemas()))
    fs.writeFileSync(path.join(scenarios, file), goldenOf(schema))

const read = (file: string): string => fs.readFileSync(path.join(scenarios, file), 'utf8')
const shipped = fs
  .readdirSync(scenarios, { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.yaml'))

const ajv = new Ajv({ allErrors: true, strictTypes: false })
const published = (file: string) => ajv.compile(JSON.parse(read(file)) as object)
const validators = new Map(Object.keys(editorSchemas()).map((file) => [file, published(file)]))

/** Where a file is wrong, as an editor underlines it. */
const wrongIn = (validate: ReturnType<typeof published>, data: unknown): readonly string[] => {
  validate(data)
  return (validate.errors ?? []).map(({ instancePath, params, message }) =>
    [instancePath, params['additionalProperty'] ?? params['missingProperty'] ?? message].join(' '),
  )
}

test.each(Object.entries(editorSchemas()))(
  '%s is that of the parser (UPDATE_GOLDEN=1 writes it)',
  (file, schema) => {
    expect(read(file)).toBe(goldenOf(schema))
  },
)

test.each(shipped)('%s names its schema in the first line, and keeps it', (file) => {
  const [, named = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(read(file)) ?? []
  const validate = validators.get(path.join(path.dirname(file), named))
  expect(validate).toBeDefined()
  if (validate !== undefined) expect(wrongIn(validate, parse(read(file)))).toEqual([])
})

describe('the schema of a scenario', () => {
  const validate = validators.get('scenario.schema.json') as ReturnType<typeof published>
  const minimal = { name: 'x', duration: '1h', clients: {} }
  const identity = (identity: object): object => ({ ...minimal, identity })

  test.each([
    ['a short balancer', identity({ balancer: 'haproxy' })],
    ['a long balancer', identity({ balancer: { kind: 'haproxy', interval: '500ms' } })],
    ['a period of flushes', identity({ flush: '1h30m' })],
    ['flushes that begin later', identity({ flush: { every: '1h', offset: '10m' } })],
    ['no rotation', identity({ keys: { rotation: 'never' } })],
    ['a step that waits', { ...minimal, timeline: [{ at: { after: 'previous-step' }, flush: true }] }],
    ['a share of the traffic', { ...minimal, clock: [{ until: '1h', traffic: '2%' }] }],
    ['the same as a number', { ...minimal, clock: [{ until: '1h', traffic: 0.02 }] }],
  ])('takes %s', (_title, data) => {
    expect(wrongIn(validate, data)).toEqual([])
  })

  test('finds in the broken fixture what stands wrong in a single place', () => {
    const broken = fs.readFileSync(
      fileURLToPath(new URL('../scenario/fixtures/broken.yaml', import.meta.url)),
      'utf8',
    )
    const found = wrongIn(validate, parse(broken))
    expect(found).toEqual(
      expect.arrayContaining([
        ' sed',
        '/seed must be >= 0',
        '/cloud/users must be >= 1',
        '/identity/flush evry',
        '/identity/expiration must be string',
        '/clients/users/every must be string',
        '/clients/scripts every',
        '/timeline/5 cutovr',
        '/timeline/8/at until',
        '/clock/0/speed must be > 0',
      ]),
    )
    expect(found.join('\n')).toMatch(/^\/identity\/release must be equal to one of/m)
    expect(found.join('\n')).toMatch(/^\/starts must match pattern/m)
    expect(found.join('\n')).toMatch(/^\/timeline\/0\/cutover\/gap must match pattern/m)
  })
})

test('the package holds them', () => {
  const manifest = JSON.parse(read('../package.json')) as { readonly files: readonly string[] }
  expect(manifest.files).toContain('scenarios')
})
