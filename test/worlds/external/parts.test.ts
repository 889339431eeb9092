// The parts of the external world, each by itself: ceiling, error rate, inferred causes, and what forbids a run.
// What they do together against a Keystone is told in `run.test.ts`.
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { InputError } from '../../../src/base/errors.js'
import type { ApiReply, ApiRequest } from '../../../src/clients/exchange.js'
import { findCloud } from '../../../src/io/cloud/findCloud.js'
import { checkGate } from '../../../src/measure/gates.js'
import { parseScenario } from '../../../src/scenario/parse.js'
import type { TimelineStep } from '../../../src/scenario/scenario.js'
import { Ceiling } from '../../../src/worlds/external/ceiling.js'
import { ErrorRate } from '../../../src/worlds/external/errorRate.js'
import { Inference } from '../../../src/worlds/external/inference.js'
import { planPeople } from '../../../src/worlds/external/peoplePlan.js'
import { permit, type ExternalOptions } from '../../../src/worlds/external/settings.js'

const scenarioOf = (more: string, place: 'external' | 'local' = 'external') =>
  parseScenario({
    file: 's.yaml',
    text: `name: s\nduration: 1m\nclients: { users: { behaviour: password-session, members: 4, every: 1s, through: [nova] } }\n${more}`,
    checkGate,
    place: { world: place, store: 'memory', superuser: false },
  }).scenario

const problemsOf = async (work: () => unknown): Promise<readonly string[]> => {
  try {
    await work()
  } catch (error) {
    if (error instanceof InputError) return error.problems.map(({ path, message }) => `${path}: ${message}`)
    throw error
  }
  return []
}

describe('the ceiling', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: 0 })
  })
  afterEach(() => {
    jest.useRealTimers()
  })

  test('lets at most so many requests through in any second, in their order', () => {
    const ceiling = new Ceiling(20)
    const sent: { i: number; ms: number }[] = []
    for (let i = 0; i < 45; i++) ceiling.admit(() => sent.push({ i, ms: performance.now() }))
    jest.advanceTimersByTime(10_000)
    expect(sent).toEqual(Array.from({ length: 45 }, (_, i) => ({ i, ms: 1000 * Math.floor(i / 20) })))
    expect(ceiling.heldBack).toEqual({ requests: 25, longestMs: 2000, firstMs: 0 })
  })

  test.each([
    [2, 2],
    [2.5, 3],
    [1.9, 2],
  ])(
    'of %d/s lets %d through in any second at most, and no more than itself in the long run',
    (perSec, most) => {
      const ceiling = new Ceiling(perSec)
      const sentMs: number[] = []
      for (let ms = 0; ms < 20_000; ms += 100) {
        ceiling.admit(() => sentMs.push(performance.now()))
        jest.advanceTimersByTime(100)
      }
      const inSecondFrom = (ms: number): number => sentMs.filter((at) => at >= ms && at < ms + 1000).length
      expect(Math.max(...sentMs.map(inSecondFrom))).toBe(most)
      expect(Math.abs(sentMs.length - 20 * perSec)).toBeLessThanOrEqual(most)
    },
  )

  test('below one a second it lets the next one wait for its turn', () => {
    const now = { ms: 0 }
    const sent: string[] = []
    const ceiling = new Ceiling(0.5, () => now.ms)
    ceiling.admit(() => sent.push('first'))
    now.ms = 2000
    ceiling.admit(() => sent.push('second'))
    expect(sent).toEqual(['first', 'second'])
    expect(ceiling.heldBack).toBeNull()
  })

  test('without one nothing waits', () => {
    let sent = 0
    const ceiling = new Ceiling(null)
    for (let i = 0; i < 1000; i++) ceiling.admit(() => sent++)
    expect(sent).toBe(1000)
  })
})

const reply = (status: number, more: Partial<ApiReply> = {}): ApiReply => ({
  status,
  failure: null,
  subjectToken: null,
  expiresAtSec: null,
  cause: null,
  node: 0,
  ...more,
})

describe('the error rate', () => {
  const rule = { share: 0.2, overSec: 10, leastRequests: 10, refusals: false }

  test('ends a run above its share, not at it', () => {
    const rate = new ErrorRate(rule)
    for (let i = 0; i < 8; i++) expect(rate.count(reply(200), 1)).toBeNull()
    expect([rate.count(reply(500), 1), rate.count(reply(503), 2)]).toEqual([null, null])
    expect(rate.count(reply(0, { failure: 'timeout' }), 3)).toContain('3 of 11 requests in 10 s failed')
  })

  test('decides nothing on few requests, and forgets what is long ago', () => {
    const rate = new ErrorRate(rule)
    for (let i = 0; i < 9; i++) expect(rate.count(reply(500), 1)).toBeNull()
    for (let i = 0; i < 20; i++) expect(rate.count(reply(200), 13)).toBeNull()
    expect(rate.count(reply(500), 13)).toBeNull()
  })

  test('takes refusals for answers, unless it is told otherwise', () => {
    const [usual, strict] = [new ErrorRate(rule), new ErrorRate({ ...rule, refusals: true })]
    const said = [usual, strict].map((rate) =>
      Array.from({ length: 10 }, () => rate.count(reply(404), 1)).at(-1),
    )
    expect(said[0]).toBeNull()
    expect(said[1]).toContain('failed or were refused')
  })

  test('takes a redirection for a failure', () => {
    const rate = new ErrorRate(rule)
    expect(Array.from({ length: 10 }, () => rate.count(reply(302), 1)).at(-1)).toContain('10 of 10')
  })
})

describe('causes that nobody says', () => {
  const uuid = '0123456789abcdef0123456789abcdef'
  const fernet = 'gAAAAABY'.padEnd(180, 'x')
  const ask = (subjectToken: string): ApiRequest => ({ op: 'validate', authToken: 'own', subjectToken })
  const step = (action: TimelineStep['action']): TimelineStep => ({ atSec: 0, action, origin: 'scenario' })
  const toFernet = step({ kind: 'cutover', to: 'fernet', nodes: 'all', rollingGapSec: null, outage: null })
  const causeOf = (inference: Inference, token: string, nowSec: number) =>
    inference.explain(ask(token), reply(404), nowSec).cause

  test('a UUID token after the first backend was switched', () => {
    const inference = new Inference({ mode: 'uuid', nodes: 2 })
    inference.issued(uuid, { issuedAtSec: 0, expiresAtSec: 100 })
    expect(causeOf(inference, uuid, 10)).toBe('unknown-token')
    inference.applying(toFernet, 1)(true, 20)
    expect(causeOf(inference, uuid, 21)).toBe('uuid-on-fernet-node')
    expect(causeOf(inference, fernet, 21)).toBe('fernet-on-uuid-node')
    // A token is over when expires_at <= now, not only after it.
    expect([causeOf(inference, uuid, 99), causeOf(inference, uuid, 100)]).toEqual([
      'uuid-on-fernet-node',
      'expired',
    ])
  })

  test('a UUID token while a backend is being switched, and one after a switch that failed', () => {
    const inference = new Inference({ mode: 'uuid', nodes: 2 })
    const applied = inference.applying(toFernet, 1)
    expect(causeOf(inference, uuid, 10)).toBe('uuid-on-fernet-node')
    applied(false, 20)
    expect(causeOf(inference, uuid, 21)).toBe('unknown-token')
  })

  test('the asker’s own token, if the answer was 401 and no 404', () => {
    const inference = new Inference({ mode: 'fernet', nodes: 1 })
    const asked: ApiRequest = { op: 'validate', authToken: uuid, subjectToken: fernet }
    expect(inference.explain(asked, reply(401), 1).cause).toBe('uuid-on-fernet-node')
    expect(inference.explain(asked, reply(404), 1).cause).toBe('unknown-token')
  })

  test('a Fernet token whose key went with the repository, and one from after that', () => {
    const inference = new Inference({ mode: 'fernet', nodes: 1 })
    const later = fernet.replace('Y', 'Z')
    inference.issued(fernet, { issuedAtSec: 0, expiresAtSec: 100 })
    const applied = inference.applying(toFernet, 1)
    expect(causeOf(inference, fernet, 10)).toBe('key-rotated-away')
    applied(true, 12)
    inference.explain(ask(later), reply(201, { subjectToken: later, expiresAtSec: 100 }), 13)
    expect([causeOf(inference, fernet, 14), causeOf(inference, later, 14)]).toEqual([
      'key-rotated-away',
      'key-not-distributed',
    ])
  })

  test('the server’s own word, where there is one', () => {
    const inference = new Inference({ mode: 'uuid', nodes: 1 })
    expect(inference.explain(ask(uuid), reply(404, { cause: 'revoked' }), 1).cause).toBe('revoked')
    expect(inference.explain(ask(uuid), reply(200), 1).cause).toBeNull()
  })
})

describe('what forbids a run', () => {
  const optionsFor = (url: string, more: Partial<ExternalOptions> = {}): ExternalOptions => {
    const env = { OS_AUTH_URL: url, OS_USERNAME: 'admin', OS_PASSWORD: 'pw', OS_PROJECT_NAME: 'admin' }
    return { ...findCloud({ env, folder: '/nonexistent' }), cleanupCommand: 'c', env: {}, ...more }
  }
  const bare = scenarioOf('')
  // Reserved for documentation: nobody is there.
  const away = 'http://192.0.2.7:5000'

  test('nothing, on this machine', async () => {
    for (const url of [
      'http://127.0.0.1:5000',
      'http://127.9.9.9:5000',
      'http://[::1]:5000',
      'http://localhost:5000',
    ]) {
      expect((await permit(bare, optionsFor(url))).loopback).toBe(true)
    }
  })

  test('elsewhere: that nobody has named it, and that no ceiling is stated', async () => {
    expect(await problemsOf(() => permit(bare, optionsFor(away)))).toEqual([
      'external.target: http://192.0.2.7:5000/v3 is not on this machine, and nobody has named it as the target',
      'external.ceiling: http://192.0.2.7:5000/v3 is not on this machine, and no ceiling is stated for the load',
    ])
    const limited = scenarioOf('external: { ceiling: 10/s }')
    expect(await problemsOf(() => permit(limited, optionsFor(away, { target: `${away}/v3/` })))).toEqual([])
    const named = scenarioOf(`external: { ceiling: 10/s, target: "${away}" }`)
    expect((await permit(named, optionsFor(away))).loopback).toBe(false)
  })

  test('a name for another Keystone than the credentials are for', async () => {
    const other = optionsFor('http://127.0.0.1:5000', { target: 'http://127.0.0.1:5001' })
    expect(await problemsOf(() => permit(bare, other))).toEqual([
      '--target: names another Keystone than the credentials: http://127.0.0.1:5001/v3',
    ])
  })

  test('a command that is not there, and a secret that is not set', async () => {
    const scenario = scenarioOf('external: { table: { dsn: $NOWHERE }, hooks: { flush: [no-such-program] } }')
    expect(await problemsOf(() => permit(scenario, optionsFor('http://127.0.0.1:5000')))).toEqual([
      'external.hooks.flush: there is no program no-such-program',
      'external.table.dsn: the variable NOWHERE is not set',
    ])
  })

  test('each password of a given user that is not set', async () => {
    const users = '[{ name: ann, password: $ANN, project: p }, { id: b1, password: $BEA, project: p }]'
    const scenario = scenarioOf(
      `external: { users: ${users}, service: { name: nova, password: $NOVA, project: service } }`,
    )
    const options = optionsFor('http://127.0.0.1:5000', { env: { BEA: 'pw' } })
    expect(await problemsOf(() => permit(scenario, options))).toEqual([
      'external.users[0].password: the variable ANN is not set',
      'external.service.password: the variable NOVA is not set',
    ])
  })
})

describe('a scenario for a given Keystone', () => {
  test('is told of every step without a hook, of time that is not real, of users that cannot be made', async () => {
    const text = `timeline:
  - { at: 10s, cutover: { to: fernet } }
  - { at: 20s, restart: nova }
  - { at: 30s, fault: { kind: backend-killed, nodes: [1], for: 5s } }
clock: [{ until: 1m, speed: 10 }]
external:
  users: [{ name: ann, id: a1, password: $ANN, project: demo }]
  create: {}
  hooks: { cutver: 'true' }
`
    expect(await problemsOf(() => scenarioOf(text))).toEqual([
      'clients.users: services need a user as whom they validate tokens',
      'timeline[0]: nothing says how this is done at a given Keystone: there is no hook `cutover`',
      'timeline[2]: nothing says how this is done at a given Keystone: there is no hook `fault.backend-killed`',
      'timeline[2]: nothing says how this is done at a given Keystone: there is no hook `repair.backend-killed`',
      'clock[0].speed: a given Keystone lives in real time',
      'external.users[0]: an id and a name for one user',
      'external.create: users are either given or made',
      'external.hooks.cutver: no step is called `cutver`',
    ])
  })

  test('keeps no password: neither of a user nor of the database', async () => {
    const text =
      'external: { table: { dsn: "mysql://k:hush@db/keystone" }, users: [{ name: a, password: hush, project: p }] }'
    const problems = await problemsOf(() => scenarioOf(text, 'local'))
    expect(problems).toHaveLength(2)
    expect(problems.join()).not.toContain('hush')
  })

  test('with given users deals its members to all of them, however many `cloud` has', () => {
    const list = ['a', 'b', 'c'].map((name) => `{ name: ${name}, password: $P, project: p }`).join(', ')
    const scenario = scenarioOf(
      `cloud: { users: 2, projects: 2, services: [nova] }\nexternal: { users: [${list}], service: { name: s, password: $P, project: p } }`,
    )
    const { users: count, membersOfUsers, members } = planPeople(scenario)
    expect({ count, membersOfUsers }).toEqual({ count: 3, membersOfUsers: 4 })
    expect(members.get('users')?.map(({ user }) => user)).toEqual([0, 1, 2, 0])
  })

  test('needs as many users as its members, and a service’s user for each service that is called', () => {
    const scenario = scenarioOf('cloud: { users: 3, projects: 2, services: [nova, glance] }')
    const { users, projects, services, trustees } = planPeople(scenario)
    expect({ users, projects, services, trustees }).toEqual({
      users: 3,
      projects: 2,
      services: ['nova'],
      trustees: 0,
    })
  })
})
