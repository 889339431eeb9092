// What a scenario becomes, and what its author is told who got it wrong: everything, with its place.
// The messages are compared as text, since they are what a person sees.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { InputError } from '../../src/base/errors.js'
import { parseScenario } from '../../src/scenario/parse.js'
import type { CheckGate, GateContext, ParsedScenario, ScenarioOverrides } from '../../src/scenario/parse.js'

const fixture = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')

/** A gate parser of three words, enough to see that it is asked and where its problems are put. */
const checkGate: CheckGate = (text) => {
  const at = text.indexOf('nonsense')
  return at === -1 ? [] : [{ column: at + 1, message: 'unknown quantity `nonsense`', remedy: 'known are …' }]
}

const parse = (text: string, overrides: ScenarioOverrides = {}): ParsedScenario =>
  parseScenario({ file: 'test.yaml', text, overrides, checkGate })

const errorOf = (text: string, overrides: ScenarioOverrides = {}): InputError => {
  try {
    parse(text, overrides)
  } catch (error) {
    if (error instanceof InputError) return error
    throw error
  }
  throw new Error('the scenario was taken')
}
const messageOf = (text: string, overrides: ScenarioOverrides = {}): string =>
  errorOf(text, overrides).message

const clients = 'clients: { users: { behaviour: one-shot, members: 2, every: 1m } }\n'
const least = `name: least\nduration: 1h\n${clients}`

describe('a scenario that is right', () => {
  const { scenario, warnings } = parse(fixture('small.yaml'))

  test('is read into seconds and plain numbers', () => {
    expect(warnings).toEqual([])
    expect(scenario.identity.expirationSec).toBe(86_400)
    expect(scenario.identity.keys).toEqual({ rotationSec: 21_600, maxActiveKeys: 6, distributeAfterSec: 300 })
    expect(scenario.limits).toEqual({ latenessP99Ms: 20, requestTimeoutMs: 30_000 })
    expect(scenario.startsAtEpochSec).toBe(1_491_285_600)
    expect(scenario.clients).toEqual([
      {
        name: 'users',
        behaviour: 'password-session',
        members: 25,
        everySec: 1200,
        arrivals: 'poisson',
        through: ['nova'],
        joinsWithinSec: null,
        lastsSec: 1800,
        loginAfterSec: 300,
        subjects: [],
      },
      {
        name: 'heat',
        behaviour: 'heat-mitaka',
        members: 8,
        everySec: 60,
        arrivals: 'constant',
        through: [],
        joinsWithinSec: null,
        lastsSec: 1800,
        loginAfterSec: 300,
        subjects: [],
      },
    ])
  })

  test('lasts as long as its clock says', () => {
    expect(scenario.durationSec).toBe(26 * 3600)
    expect(scenario.clock).toEqual([
      { untilSec: 5400, speed: 60, traffic: 1 },
      { untilSec: 93_600, speed: 1440, traffic: 0.02 },
    ])
  })

  test('has one timeline of what was written and what recurs, in order of time', () => {
    const steps = scenario.timeline.map(
      ({ atSec, action, origin }) => `${atSec / 60} ${action.kind} ${origin}`,
    )
    expect(steps.slice(0, 3)).toEqual(['30 cutover scenario', '55 restart scenario', '60 flush clock'])
    expect(steps.slice(7, 12)).toEqual([
      '360 flush scenario',
      '360 flush clock',
      '360 keys.rotate clock',
      '365 keys.distribute clock',
      '420 flush clock',
    ])
    expect(steps.filter((step) => step.endsWith('flush clock'))).toHaveLength(25)
    expect(steps.filter((step) => step.endsWith('keys.rotate clock'))).toHaveLength(4)
    const times = scenario.timeline.map((step) => step.atSec)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  test('that is as short as can be has every default filled in', () => {
    expect(parse(least).scenario).toMatchObject({
      description: '',
      seed: 1,
      identity: { release: 'mitaka', provider: 'uuid', backends: 1, expirationSec: 3600, flush: null },
      middleware: { tokenCacheSec: 300, negativeCache: true, cache: 'shared', workers: 4 },
      tokens: { live: 0 },
      timeline: [],
      clock: [{ untilSec: 3600, speed: 1, traffic: 1 }],
      gates: [],
    })
  })

  test('takes seed and speed from the command line', () => {
    const { scenario } = parse(fixture('small.yaml'), { seed: 99, speed: 10 })
    expect(scenario.seed).toBe(99)
    expect(scenario.clock.map((stretch) => stretch.speed)).toEqual([10, 10])
    expect(scenario.clock.map((stretch) => stretch.traffic)).toEqual([1, 0.02])
  })

  test('may use aliases', () => {
    const text =
      'name: x\nduration: 1h\nclients:\n  a: &a { behaviour: one-shot, members: 2, every: 1m }\n  b: *a\n'
    expect(parse(text).scenario.clients.map(({ name, everySec }) => [name, everySec])).toEqual([
      ['a', 60],
      ['b', 60],
    ])
  })
})

test('the parser of gates is told what a gate may speak of', () => {
  const asked: (readonly [string, GateContext])[] = []
  parseScenario({
    file: 'test.yaml',
    text: fixture('small.yaml'),
    checkGate: (gate, context) => {
      asked.push([gate, context])
      return []
    },
  })
  const context = {
    classes: ['users', 'heat'],
    services: ['nova', 'heat-service'],
    restarts: ['heat'],
    faults: [],
    durationSec: 93_600,
  }
  expect(asked).toEqual([['rows(at=end) == 0', context]])
})

describe('the timeline', () => {
  const actions = (timeline: string, identity = 'backends: 3'): unknown =>
    parse(`${least}identity: { ${identity} }\ntimeline: [${timeline}]\n`).scenario.timeline

  test.each([
    ['{ to: fernet }', { nodes: 'all', rollingGapSec: null }],
    ['{ to: fernet, nodes: rolling }', { nodes: 'all', rollingGapSec: 30 }],
    ['{ to: fernet, nodes: rolling, gap: 5s }', { nodes: 'all', rollingGapSec: 5 }],
    ['{ to: fernet, nodes: [3, 1] }', { nodes: [3, 1], rollingGapSec: null }],
    ['{ to: fernet, nodes: [1, 2], gap: 1m }', { nodes: [1, 2], rollingGapSec: 60 }],
  ])('takes the cutover %p', (cutover, expected) => {
    expect(actions(`{ at: 1m, cutover: ${cutover} }`)).toEqual([
      { atSec: 60, origin: 'scenario', action: { kind: 'cutover', to: 'fernet', outage: null, ...expected } },
    ])
  })

  test('takes the actions on keys and the table', () => {
    const text = '{ at: 2m, keys.distribute: [2] }, { at: 1m, keys.rotate: true }, { at: 3m, flush: true }'
    expect(actions(text)).toEqual([
      { atSec: 60, origin: 'scenario', action: { kind: 'keys.rotate' } },
      { atSec: 120, origin: 'scenario', action: { kind: 'keys.distribute', nodes: [2] } },
      { atSec: 180, origin: 'scenario', action: { kind: 'flush' } },
    ])
  })

  test('takes the emptying of the table and a change of validity', () => {
    expect(actions('{ at: 1m, flush: all }, { at: 2m, expiration: 2h }')).toEqual([
      { atSec: 60, origin: 'scenario', action: { kind: 'flush', everything: true } },
      { atSec: 120, origin: 'scenario', action: { kind: 'expiration', expirationSec: 7200 } },
    ])
  })

  test.each([
    ['restart: users', [[60, 'users']]],
    [
      'restart: [nova, users]',
      [
        [60, 'nova'],
        [60, 'users'],
      ],
    ],
    [
      'restart: { targets: [cinder, nova], gap: 20s }',
      [
        [60, 'cinder'],
        [80, 'nova'],
      ],
    ],
    [
      'restart: all',
      [
        [60, 'nova'],
        [60, 'neutron'],
        [60, 'glance'],
        [60, 'cinder'],
      ],
    ],
    [
      'restart: { targets: all, gap: 10s }',
      [
        [60, 'nova'],
        [70, 'neutron'],
        [80, 'glance'],
        [90, 'cinder'],
      ],
    ],
  ])('makes a step of each that %s names', (restart, expected) => {
    expect(actions(`{ at: 1m, ${restart} }`)).toEqual(
      expected.map(([atSec, target]) => ({ atSec, origin: 'scenario', action: { kind: 'restart', target } })),
    )
  })

  test('takes what a step waits for, with the instant at which it is done in any case', () => {
    const dual = '{ at: 1m, cutover: { to: dual-fernet } }'
    const measured = '{ at: { after: no-uuid-token, for: 10m, latest: 50m }, cutover: { to: fernet } }'
    const expired = '{ at: { after: last-uuid-expired, latest: 40m }, flush: all }'
    expect(actions(`${dual}, ${measured}, ${expired}`)).toEqual([
      expect.objectContaining({ atSec: 60 }),
      expect.objectContaining({ atSec: 2400, waitsFor: { after: 'last-uuid-expired', forSec: 0 } }),
      expect.objectContaining({ atSec: 3000, waitsFor: { after: 'no-uuid-token', forSec: 600 } }),
    ])
  })

  test('takes a step that waits for the operator', () => {
    expect(actions('{ at: { after: operator, latest: 40m }, flush: all }')).toEqual([
      expect.objectContaining({ atSec: 2400, waitsFor: { after: 'operator' } }),
    ])
  })

  test('lets a step follow the one above it, whose last part decides how late it may be', () => {
    const rolling = '{ at: 10m, cutover: { to: fernet, nodes: rolling, gap: 1m } }'
    const plan = '{ at: { after: previous-step, for: 5m }, restart: { targets: [nova, users], gap: 30s } }'
    expect(actions(`${rolling}, ${plan}`)).toEqual([
      expect.objectContaining({ atSec: 600, position: 0 }),
      {
        atSec: 1020,
        origin: 'scenario',
        action: { kind: 'restart', target: 'nova' },
        waitsFor: { after: 'previous-step', forSec: 300, position: 0 },
        position: 1,
      },
      {
        atSec: 1050,
        origin: 'scenario',
        action: { kind: 'restart', target: 'users' },
        waitsFor: { after: 'previous-step', forSec: 30, position: 1 },
      },
    ])
  })

  test('flushes at the offset and each period after it, but not at the very end', () => {
    const times = (flush: string): number[] =>
      parse(`${least}identity: { flush: ${flush} }\n`).scenario.timeline.map((step) => step.atSec / 60)
    expect(times('20m')).toEqual([20, 40])
    expect(times('{ every: 20m, offset: 0s }')).toEqual([0, 20, 40])
    expect(times('{ every: 25m, offset: 5m }')).toEqual([5, 30, 55])
    expect(times('never')).toEqual([])
  })

  test('distributes the keys of one rotation before the next when both fall together', () => {
    const text = `${least}identity: { keys: { rotation: 20m, distribute_after: 20m, max_active_keys: 9 } }\n`
    const { scenario, warnings } = parse(text)
    expect(scenario.timeline.map(({ atSec, action }) => `${atSec / 60} ${action.kind}`)).toEqual([
      '20 keys.rotate',
      '40 keys.distribute',
      '40 keys.rotate',
    ])
    expect(warnings.map(({ path }) => path)).toEqual(['identity.keys.distribute_after'])
  })
})

describe('a scenario that is wrong', () => {
  test('is told everything at once, in the order of the file, each with its place and its remedy', () => {
    const { message, problems } = errorOf(fixture('broken.yaml'))
    expect(`${message}\n`).toBe(fixture('broken.golden.txt'))
    expect(problems.every(({ file, line, column }) => file === 'test.yaml' && line && column)).toBe(true)
  })

  test.each([
    ['timeline: [{ at: 1h, flush: true }]', 'at 1h, but the run ends at 1h'],
    ['timeline: [{ at: 1m, flush: false }]', 'expected true or all, got false'],
    ['timeline: [{ at: [1m], flush: true }]', 'timeline[0].at: expected a duration'],
    [
      'timeline: [{ at: { after: previous-step }, flush: true }]',
      'timeline[0].at.after: there is no step above the first one; write when it is: `at: 30m`',
    ],
    [
      'timeline: [{ at: 59m, flush: true }, { at: { after: previous-step, for: 1m }, flush: all }]',
      'this step may be as late as 1h, but the run ends at 1h',
    ],
    [
      'timeline: [{ at: 59m, restart: { targets: all, gap: 30s } }]',
      'timeline[0].restart: the last restart would be at 1h30s, but the run ends at 1h',
    ],
    [
      'timeline: [{ at: 59m, restart: { target: all } }]',
      'expected a name, `all`, a list of names, or { targets, gap }',
    ],
    [
      'timeline: [{ at: 1m, restart: heat }]',
      'neither a class of clients nor a service; known are `users`, `nova`',
    ],
    [
      'timeline: [{ at: 1m, cutover: { to: fernet, gap: 5s } }]',
      '`gap` means nothing when all backends switch',
    ],
    ['timeline: [{ at: 1m, cutover: { to: fernet, nodes: some } }]', 'expected `all`, `rolling` or a list'],
    ['timeline: [{ at: 1m, keys.distribute: [1, 1] }]', 'backend 1 is named twice'],
    [
      'timeline: [{ at: 59m, cutover: { to: fernet, nodes: rolling, gap: 1m } }]\nidentity: { backends: 2 }',
      'the last of 2 backends would switch at 1h, but the run ends at 1h',
    ],
    ['identity: { keys: { max_active_keys: 53 } }', 'is 53, but must be at most 52'],
    ['identity: { keys: { max_active_keys: 1 } }', 'is 1, but must be at least 2'],
    ['identity: { flush: 60 }', 'identity.flush: 60 has no unit; write 60s'],
    ['identity: { flush: 1ms }', 'more than 100000 steps'],
    ['identity: { provider: dual_uuid }', 'did you mean `dual-uuid`?'],
    ['cloud:', 'cloud: expected a mapping, got nothing'],
    ['cloud: { services: nova }', 'expected a list, got "nova"; write [nova]'],
    ['description: 5', 'put it in quotes: "5"'],
    ['clock: [{ until: 1h, traffic: 0 }]', 'clock[0].traffic: must be above zero; for example 2%'],
    ['clock: [{ until: 1h, traffic: 200% }]', '"200%" is not between 0 and 1'],
    ['starts: 2017-04-04T06:00:00', 'is not a date; write it in UTC'],
    ['gates: [rows > nonsense]', '4:16: gates[0]: unknown quantity `nonsense`; known are …'],
    ['gates: ["rows > nonsense"]', '4:17: gates[0]: unknown quantity `nonsense`; known are …'],
    ['<<: { seed: 4 }', '<<: unknown key'],
  ])('%p is refused', (line, expected) => {
    expect(messageOf(`${least}${line}\n`)).toContain(expected)
  })

  test('without an end is asked for one', () => {
    expect(messageOf(`name: x\n${clients}`)).toBe(
      'test.yaml:1:1: the run has no end; add `duration: 2h`, or `clock` with stretches',
    )
  })

  test('without clients is refused', () => {
    expect(messageOf('name: x\nduration: 1h\nclients: {}\n')).toContain('nothing would be sent')
    expect(messageOf('name: x\nduration: 1h\n')).toContain('clients: is missing; add it')
  })

  test('that is no mapping is refused', () => {
    expect(messageOf('')).toContain('expected a mapping, got nothing')
    expect(messageOf('- a')).toContain('expected a mapping, got a list')
    expect(messageOf('text')).toContain('expected a mapping, got "text"')
  })

  test('options out of range are named as what the user typed', () => {
    expect(messageOf(least, { seed: -1, speed: 0 })).toBe(
      '--seed: -1 is no seed; give a whole number, 0 or more\n--speed: 0 is no speed; give a number above zero, such as 60',
    )
  })
})

describe('warnings', () => {
  const warningsOf = (text: string): string[] =>
    parse(`${least}${text}\n`).warnings.map(
      ({ line, path, message, remedy }) => `${line} ${path}: ${message}; ${remedy}`,
    )

  test('name the number of keys that validity and rotation need', () => {
    expect(warningsOf('identity: { expiration: 24h, keys: { rotation: 6h, max_active_keys: 5 } }')).toEqual([
      expect.stringMatching(
        /^4 identity\.keys\.max_active_keys: 5 keys are too few.*24h \/ 6h \+ 2 = 6 keys/,
      ),
    ])
    expect(warningsOf('identity: { expiration: 24h, keys: { rotation: 6h, max_active_keys: 6 } }')).toEqual(
      [],
    )
    expect(
      warningsOf('identity: { expiration: 24h, keys: { rotation: 7h, max_active_keys: 5 } }'),
    ).toHaveLength(1)
    expect(warningsOf('identity: { expiration: 24h }')).toEqual([])
  })

  test('follow the mode of each backend to find cutovers that change nothing', () => {
    const steps = (text: string): string[] => warningsOf(`identity: { backends: 2 }\ntimeline: [${text}]`)
    expect(steps('{ at: 1m, cutover: { to: uuid } }')).toEqual([
      expect.stringContaining('timeline[0].cutover.to: `uuid` is already in force there'),
    ])
    const half = '{ at: 1m, cutover: { to: fernet, nodes: [1] } }'
    expect(steps(`${half}, { at: 2m, cutover: { to: fernet } }`)).toEqual([])
    expect(steps(`{ at: 3m, cutover: { to: fernet, nodes: [1] } }, ${half}`)).toHaveLength(1)
  })

  test('name a measure that never holds, and one that a cache can feign', () => {
    const steps = (text: string): string[] => warningsOf(`timeline: [${text}]`)
    const end = (forText: string): string =>
      `{ at: { after: no-uuid-token, for: ${forText}, latest: 50m }, cutover: { to: fernet } }`
    expect(steps(end('10m'))).toEqual([
      expect.stringContaining('timeline[0].at.after: no step above it makes backends issue Fernet tokens'),
    ])
    const dual = '{ at: 1m, cutover: { to: dual-fernet } }'
    expect(steps(`${dual}, ${end('10m')}`)).toEqual([])
    expect(steps(`${dual}, ${end('5m')}`)).toEqual([
      expect.stringContaining('timeline[1].at.for: services remember a token for 5m'),
    ])
  })

  test('name stretches of the clock that never begin', () => {
    expect(warningsOf('clock: [{ until: 2h, speed: 60 }, { until: 3h }]')).toEqual([
      expect.stringContaining('clock[1].until: this stretch never begins: the run ends at 1h'),
    ])
  })

  test('the last stretch is cut or drawn out to the end of the run', () => {
    const clock = (text: string): unknown => parse(`${least}${text}\n`).scenario.clock
    expect(clock('clock: [{ until: 2h, speed: 60 }, { until: 3h }]')).toEqual([
      { untilSec: 3600, speed: 60, traffic: 1 },
    ])
    expect(clock('clock: [{ until: 30m, speed: 60 }]')).toEqual([{ untilSec: 3600, speed: 60, traffic: 1 }])
  })
})

describe('YAML that is broken or hostile', () => {
  test.each([
    ['a: [1', 'test.yaml:1:6: '],
    ['a: 1\n\tb: 2', 'a tab as indentation; indent with spaces'],
    ['a: 1\n---\nb: 2', 'a second document begins here'],
    ['a: *b', 'test.yaml:1:4: alias `*b` has no anchor before it'],
    ['a: &a [*a]', 'alias `*a` stands inside what it stands for'],
    ['['.repeat(50_000), 'nested too deeply'],
    ['x'.repeat(1_048_577), 'longer than 1048576 characters'],
  ])('is refused with its place: %#', (text, expected) => {
    expect(messageOf(text)).toContain(expected)
  })

  test('a key that stands twice is named, and the rest is checked all the same', () => {
    const { problems } = errorOf(`${least}name: again\nsede: 5\n`)
    expect(problems.map(({ line, message }) => `${line} ${message}`)).toEqual([
      '4 this key stands here twice',
      '5 unknown key',
    ])
  })

  test('aliases that unfold without bound are refused quickly', () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `  - &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`,
    )
    const bomb = `name: bomb\nlevels:\n  - &l0 [x]\n${levels.join('\n')}\n`
    expect(messageOf(bomb)).toContain('its aliases stand for too many values')
  })

  test('any text at all is either a scenario or an InputError', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'name: x',
        'clients:',
        '  a: {',
        '}',
        '[',
        ']',
        '*a',
        '&a',
        '- ',
        ': ',
        '\n',
        '\t',
        '%',
        '!!x',
        '"',
      ),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        expect(messageOf(pieces.join(''))).not.toBe('')
      }),
      { numRuns: 300 },
    )
  })

  test('a scenario with any one value replaced is a scenario or an InputError, never a defect', () => {
    const values = ['null', '[]', '{}', '-1', '1e99', 'true', '""', '5m', '.nan', '[[1]]', '{ a: 1 }']
    const lines = fixture('small.yaml').split('\n')
    for (let line = 0; line < lines.length; line++) {
      for (const value of values) {
        for (const found of (lines[line] ?? '').matchAll(/(?<=: )[^{}[\],]+/g)) {
          const text =
            (lines[line] ?? '').slice(0, found.index) +
            value +
            (lines[line] ?? '').slice(found.index + found[0].length)
          const changed = lines.with(line, text).join('\n')
          try {
            parse(changed)
          } catch (error) {
            expect(error).toBeInstanceOf(InputError)
          }
        }
      }
    }
  })
})

test('Zed is refused with any provider but fernet, and taken with that', () => {
  const withProvider = (provider: string): string =>
    `${least}identity: { release: zed, provider: ${provider} }\n`
  expect(parse(withProvider('fernet')).scenario.identity.release).toBe('zed')
  for (const provider of ['uuid', 'dual-uuid', 'dual-fernet']) {
    expect(messageOf(withProvider(provider))).toContain(`there is no provider ${provider}`)
  }
  expect(messageOf(`${least}identity: { release: zed }\n`)).toContain('there is no provider uuid')
})
