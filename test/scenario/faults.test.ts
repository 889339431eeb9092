// Faults of a timeline as a person writes them: what each needs, what means nothing to it, where it cannot be played.
// Messages are compared as text, since they are what a person sees.
import { describe, expect, test } from '@jest/globals'
import { InputError } from '../../src/base/errors.js'
import { faultForms, faultKinds } from '../../src/scenario/faults.js'
import { parseScenario } from '../../src/scenario/parse.js'
import type { Place, Scenario } from '../../src/scenario/scenario.js'

const simulated: Place = { world: 'simulated', store: 'memory', superuser: false }

const textOf = (fault: string, identity = '{ backends: 3 }'): string => `name: a-fault
duration: 1h
identity: ${identity}
clients: { users: { behaviour: one-shot, members: 2, every: 1m } }
timeline:
  - { at: 10m, fault: ${fault} }
`

const parse = (text: string, place: Place = simulated): Scenario =>
  parseScenario({ file: 'test.yaml', text, checkGate: () => [], place }).scenario

const problemsOf = (text: string, place: Place = simulated): readonly string[] => {
  try {
    parse(text, place)
    return []
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return error.problems.map(({ message, remedy }) => `${message}; ${remedy}`)
  }
}

/** A fault of a kind with all that it needs. */
const wellWritten = (kind: (typeof faultKinds)[number]): string => {
  const values = { nodes: '[1]', for: '5m', skew: '-90s', after_step: '2', times: '3', latency: '200ms' }
  const needs = faultForms[kind].needs.map((option) => `, ${option}: ${values[option]}`)
  return `{ kind: ${kind}${needs.join('')} }`
}

describe('a fault that is written well', () => {
  test.each(faultKinds)('%s is taken', (kind) => {
    const { timeline } = parse(textOf(wellWritten(kind), '{ backends: 3, cache: memcached }'))
    expect(timeline.map(({ action }) => action.kind)).toEqual(['fault'])
  })

  test('that lasts for a time gives two steps, its beginning and its end, joined by its number', () => {
    const { timeline } = parse(textOf('{ kind: backend-killed, nodes: [2], for: 5m }'))
    const fault = { id: 1, kind: 'backend-killed', nodes: [2], forSec: 300 }
    expect(timeline.map(({ atSec, action }) => [atSec, action])).toEqual([
      [600, { kind: 'fault', fault }],
      [900, { kind: 'repair', fault }],
    ])
  })

  test('may be behind as well as ahead with its clock', () => {
    const skewOf = (skew: string): unknown => {
      const [step] = parse(textOf(`{ kind: clock-skew, nodes: all, skew: ${skew} }`)).timeline
      return step?.action.kind === 'fault' ? step.action.fault.skewSec : null
    }
    expect([skewOf('5m'), skewOf('-1m30s')]).toEqual([300, -90])
  })
})

describe('a fault that is written badly', () => {
  test('is told all that it lacks and all that means nothing to it', () => {
    expect(problemsOf(textOf('{ kind: clock-skew, times: 3 }'))).toEqual([
      '`clock-skew` needs `nodes`; add `nodes`',
      '`clock-skew` needs `skew`; add `skew`',
      '`times` means nothing to `clock-skew`; it takes `nodes`, `skew`, `for`',
    ])
  })

  test('must name backends that there are', () => {
    expect(problemsOf(textOf('{ kind: backend-hung, nodes: [4] }'))).toEqual([
      'there is no backend 4; backends are 1 to 3',
    ])
  })

  test('cannot be about a memcached that is not there', () => {
    expect(problemsOf(textOf('{ kind: memcached-gone }'))).toEqual([
      'there is no memcached for `memcached-gone` to be about; set `cache: memcached` in `identity`',
    ])
  })
})

describe('a fault that cannot be played', () => {
  const local = (store: Place['store'], superuser = true): Place => ({ world: 'local', store, superuser })
  const refused = (kind: (typeof faultKinds)[number], place: Place): readonly string[] =>
    problemsOf(textOf(wellWritten(kind)), place)

  test.each(['database-stopped', 'database-hung', 'database-slow'] as const)(
    '%s needs a server of our own',
    (kind) => {
      expect(refused(kind, local('mariadb'))).toEqual([])
      expect(refused(kind, local('sqlite'))[0]).toContain('there is no server to')
      expect(refused(kind, local('mysql'))[0]).toContain('a database that was given is not ours to')
      expect(refused(kind, simulated)).toEqual([])
    },
  )

  test.each(['database-read-only', 'database-full'] as const)('%s needs data of our own', (kind) => {
    expect(refused(kind, local('mariadb'))).toEqual([])
    expect(refused(kind, local('sqlite'))).toEqual([])
    expect(refused(kind, local('mysql'))).toHaveLength(1)
  })

  test('a file can be given to another user by root alone', () => {
    expect(refused('keys-wrong-owner', local('sqlite', false))[0]).toContain('only root may give a file')
    expect(refused('keys-wrong-owner', local('sqlite', true))).toEqual([])
    expect(refused('keys-wrong-mode', local('sqlite', false))).toEqual([])
  })
})
