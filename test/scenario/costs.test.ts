// What `identity.costs` may name, and what is told of a name that is none, or of a file that is no profile.
import { describe, expect, test } from '@jest/globals'
import { InputError, type Problem } from '../../src/base/errors.js'
import type { CostProfile } from '../../src/scenario/costs/profile.js'
import { shippedCosts } from '../../src/scenario/costs/shipped.js'
import { parseScenario, type ParsedScenario } from '../../src/scenario/parse.js'
import type { Place } from '../../src/scenario/scenario.js'

const parse = (
  identity: string,
  files: Readonly<Record<string, string>> = {},
  more: { readonly place?: Place; readonly clock?: string } = {},
): ParsedScenario =>
  parseScenario({
    file: 'clouds/test.yaml',
    text: `name: t\nduration: 1h\nidentity: { ${identity} }\n${more.clock ?? ''}\nclients: { c: { behaviour: password-session, members: 1, every: 1m } }\n`,
    checkGate: () => [],
    readNamed: (name, from) => {
      const text = files[name]
      if (text === undefined) throw new InputError([{ file: name, message: 'there is no such file' }])
      return { file: `${from.replace(/[^/]*$/, '')}${name}`, text }
    },
    ...(more.place === undefined ? {} : { place: more.place }),
  })

const problemsOf = (run: () => unknown): readonly Problem[] => {
  try {
    run()
  } catch (error) {
    if (error instanceof InputError) return error.problems
    throw error
  }
  return []
}

const place: Place = { world: 'local', store: 'sqlite', superuser: false }

describe('costs', () => {
  test('that are stated may tell what is not in Keystone’s cache apart, where there is one', () => {
    const stated =
      'costs: { validate: 11ms, uncached: { uuid: 14ms, fernet: 21ms, uuid_trust: 35ms, fernet_trust: 102ms }, not_found: 11ms, unauthorized: 5ms, issue: 33ms }'
    const { identity } = parse(`${stated}, cache: memcached`).scenario
    expect(identity.costs).toMatchObject({
      validateUs: 11_000,
      uncached: { uuidUs: 14_000, fernetUs: 21_000, uuidTrustUs: 35_000, fernetTrustUs: 102_000 },
    })
    for (const cache of ['', ', cache: none']) {
      expect(problemsOf(() => parse(`${stated}${cache}`))).toMatchObject([
        {
          path: 'identity.costs.uncached',
          message: 'this Keystone has no cache that a token could be missing from',
        },
      ])
    }
  })

  test.each(['newton', 'queens', 'zed'] as const)('may be those of %s, with as many processes', (name) => {
    const { identity } = parse(`costs: ${name}, provider: fernet, release: queens`).scenario
    expect(identity.costs).toBe(shippedCosts[name])
    expect(identity.processes).toBe(2)
    expect(parse(`costs: ${name}, provider: fernet, processes: 5`).scenario.identity.processes).toBe(5)
  })

  test('are native unless something else is said, with one process', () => {
    expect(parse('provider: uuid').scenario.identity).toMatchObject({ costs: 'native', processes: 1 })
  })

  test('of a misspelt name are refused with the nearest right one, beside all other problems', () => {
    const problems = problemsOf(() => parse('costs: quens, provider: uid'))
    expect(problems.map(({ path }) => path)).toEqual(['identity.costs', 'identity.provider'])
    expect(problems[0]).toMatchObject({ line: 3, message: 'unknown cost profile `quens`' })
    expect(problems[0]?.remedy).toContain('did you mean `queens`?')
  })

  test('may be a profile in a file', () => {
    const own: CostProfile = { ...shippedCosts.zed, name: 'ours', workers: 7 }
    const { scenario } = parse('costs: ./ours.json, provider: fernet', { './ours.json': JSON.stringify(own) })
    expect(scenario.identity).toMatchObject({ costs: own, processes: 7 })
  })

  test('of a file that is no profile are refused with each problem and its line', () => {
    const text =
      'format: cutover/costs@1\nname: ours\nabout: ""\nworkers: 0\npasswordHashs: []\nrows: []\npoints: []\n'
    const problems = problemsOf(() => parse('costs: ./ours.yaml', { './ours.yaml': text }))
    expect(problems.map(({ file, line, path }) => [file, line, path])).toEqual(
      expect.arrayContaining([
        ['clouds/./ours.yaml', 4, 'workers'],
        ['clouds/./ours.yaml', 5, 'passwordHashs'],
        ['clouds/./ours.yaml', 6, 'rows'],
      ]),
    )
  })

  test('of a file that is not there are refused', () => {
    expect(problemsOf(() => parse('costs: ./gone.json'))).toMatchObject([
      { message: 'there is no such file' },
    ])
  })

  test('warn where another row stands in for one that was not measured', () => {
    const { warnings } = parse('costs: zed, provider: uuid, release: newton')
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining('no measurement of issue under uuid with cache none: that of fernet'),
      expect.stringContaining('no measurement of validate under uuid with cache none: that of fernet'),
    ])
    expect(parse('costs: queens, provider: dual-uuid, cache: memcached').warnings).toEqual([])
  })

  test.each([
    ['queens', 'profile queens'],
    ['{ validate: 11ms, not_found: 11ms, unauthorized: 5ms, issue: 33ms }', 'the stated times'],
  ])('warn of a time-lapse in the local world: %s', (costs, whose) => {
    const clock = 'clock: [{ until: 1h, speed: 60 }]'
    const { warnings } = parse(`costs: ${costs}`, {}, { place, clock })
    expect(warnings.map(({ message }) => message)).toEqual([expect.stringMatching(`${whose}.*no prediction`)])
    expect(parse(`costs: ${costs}`, {}, { place }).warnings).toEqual([])
  })
})
