// The engine under a virtual clock: what the plan wants is sent or counted as shed, member by member, with its instants.
// Keystone is a script here, so that every number follows from the scenario and from arithmetic.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { micros, toSec } from '../../src/base/time.js'
import type { Cause, Sample } from '../../src/measure/sample.js'
import { EngineStage, type StageOptions } from '../support/engineStage.js'

const header = 'name: stage\ncloud: { users: 20, projects: 4, services: [nova, heat] }\n'
/** Scripts validate the token that they were given: one request for each arrival, whatever the answer. */
const scripts = (members: number, every: string, arrivals = 'constant'): string =>
  `clients: { scripts: { behaviour: saved-token-script, members: ${members}, every: ${every}, arrivals: ${arrivals} } }\n`
const identity = (more = ''): string => `identity: { expiration: 24h, backends: 2${more} }\n`

const stage = (options: StageOptions): EngineStage => new EngineStage(options).run()

/** How many samples there are of each outcome. */
const outcomes = (samples: readonly Sample[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const { outcome } of samples) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}

const countOf = (lists: readonly (readonly number[])[]): number =>
  lists.reduce((sum, list) => sum + list.length, 0)

describe('what the plan wants', () => {
  test('is sent when it is due', () => {
    const { sent, felt, planned, ends } = stageOfScripts(3, '10s', '1h')
    expect(countOf(planned)).toBe(3 * 360)
    expect(sent.map(({ atSec }) => atSec)).toEqual(
      planned
        .flat()
        .sort((a, b) => a - b)
        .map((sec) => toSec(micros(sec))),
    )
    expect(outcomes(felt)).toEqual({ ok: countOf(planned) })
    expect(ends).toEqual([expect.closeTo(3600, 1)])
  })

  test('is sent or shed, and counted, however slow Keystone is', () => {
    const slowness = fc.record({
      seed: fc.integer({ min: 0, max: 1000 }),
      afterSec: fc.double({ min: 0.01, max: 20, noNaN: true }),
      members: fc.integer({ min: 1, max: 4 }),
    })
    fc.assert(
      fc.property(slowness, ({ seed, afterSec, members }) => {
        const slow = stage({
          scenario: `${header}seed: ${seed}\nduration: 6m\n${identity()}${scripts(members, '1s', 'poisson')}`,
          answer: () => ({ afterSec }),
        })
        const { ok = 0, shed = 0, ...others } = outcomes(slow.felt)
        expect(others).toEqual({})
        expect(ok).toBe(slow.sent.length)
        expect(ok + shed).toBe(countOf(slow.planned('scripts')))
      }),
      { numRuns: 15 },
    )
  })

  test('is shed only when two hundred calls wait for the member, and says so with the instants of the loss', () => {
    const slow = stage({
      scenario: `${header}duration: 300s\n${identity()}${scripts(1, '1s')}`,
      answer: () => ({ afterSec: 1000 }),
    })
    const due = slow.planned('scripts').flat()
    // The first is under way, the next two hundred wait, and nobody has room for the rest.
    const shed = slow.felt.filter(({ outcome }) => outcome === 'shed')
    expect(shed.map((sample) => toSec(sample.due))).toEqual(
      due.slice(201).map((sec) => expect.closeTo(sec, 6)),
    )
    for (const sample of shed) {
      expect(sample).toMatchObject({
        clientClass: 'scripts',
        leg: 'client',
        op: 'call',
        status: 0,
        cause: null,
      })
      expect(sample.sent).toBe(sample.due)
    }
  })
})

/** A stage of scripts with a quick Keystone, and what was planned for them. */
function stageOfScripts(members: number, every: string, duration: string) {
  const done = stage({ scenario: `${header}duration: ${duration}\n${identity()}${scripts(members, every)}` })
  return { sent: done.sent, felt: done.felt, ends: done.ends, planned: done.planned('scripts') }
}

describe('a member', () => {
  const busy = stage({
    scenario: `${header}duration: 100s\n${identity()}${scripts(2, '10s')}`,
    answer: ({ atSec }) => ({ afterSec: atSec < 50 ? 24 : 1 }),
  })
  const byMember = [0, 1].map((member) => {
    const due = busy.planned('scripts')[member] ?? []
    return busy.felt.filter((sample) => due.some((sec) => Math.abs(toSec(sample.due) - sec) < 1e-6))
  })

  test('has one call under way at a time', () => {
    expect(byMember.map((samples) => samples.length)).toEqual([10, 10])
    for (const samples of byMember) {
      samples
        .slice(1)
        .forEach((sample, i) => expect(sample.sent).toBeGreaterThanOrEqual(samples[i]?.done ?? 0))
    }
  })

  test('keeps the due times of what waits, in order, and its response times count from them', () => {
    byMember.forEach((samples, member) => {
      expect(samples.map((sample) => toSec(sample.due))).toEqual(
        busy.planned('scripts')[member]?.map((sec) => expect.closeTo(sec, 6)),
      )
      const phaseSec = toSec(samples[0]?.due ?? micros(0))
      // 24 s each as long as they are sent in the first 50 s, one after the other; then a second each, or when due.
      let freeSec = 0
      samples.forEach((sample, i) => {
        const dueSec = phaseSec + 10 * i
        const sentSec = Math.max(dueSec, freeSec)
        freeSec = sentSec + (sentSec < 50 ? 24 : 1)
        expect(toSec(sample.sent)).toBeCloseTo(sentSec, 5)
        expect(toSec(sample.done - sample.due)).toBeCloseTo(freeSec - dueSec, 5)
      })
    })
  })

  test('is said to have been waited for where its own call kept the next one back, and only there', () => {
    for (const samples of byMember) {
      for (const sample of samples) expect(sample.waited).toBe(sample.sent > sample.due)
      expect(samples.filter(({ waited }) => waited).length).toBeGreaterThan(2)
    }
  })

  test('chooses among the backends in service, and among all where none is', () => {
    const one = stage({
      scenario: `${header}duration: 10m\n${identity()}${scripts(5, '10s')}`,
      healthy: () => [2],
    })
    expect(new Set(one.sent.map(({ node }) => node))).toEqual(new Set([2]))
    const none = stage({
      scenario: `${header}duration: 10m\n${identity()}${scripts(5, '10s')}`,
      healthy: () => [],
    })
    expect(new Set(none.sent.map(({ node }) => node))).toEqual(new Set([1, 2]))
  })
})

describe('the instants of a sample', () => {
  test('are in the time in which responses are measured, the bin in scenario time', () => {
    const fast = stage({
      scenario: `${header}duration: 10m\n${identity()}${scripts(1, '60s')}`,
      speed: 60,
      answer: () => ({ afterSec: 6 }),
    })
    const dueSec = fast.planned('scripts').flat()
    expect(fast.felt).toHaveLength(10)
    fast.felt.forEach((sample, i) => {
      expect(toSec(sample.due)).toBeCloseTo((dueSec[i] ?? 0) / 60, 5)
      expect(toSec(sample.sent)).toBeCloseTo((dueSec[i] ?? 0) / 60, 5)
      expect(toSec(sample.done - sample.due)).toBeCloseTo(0.1, 5)
      expect(sample.atSec).toBeCloseTo((dueSec[i] ?? 0) + 6, 5)
    })
  })

  test('of a second request begin when the first was answered, though both belong to one call', () => {
    const { felt } = stage({
      scenario: `${header}duration: 10s\n${identity()}clients: { cli: { behaviour: one-shot, members: 1, every: 10s, arrivals: constant } }`,
      answer: ({ request }) => ({ afterSec: request.op === 'issue' ? 2 : 3 }),
    })
    expect(felt.map(({ op }) => op)).toEqual(['issue', 'validate'])
    const [issue, validate] = felt as [Sample, Sample]
    expect(toSec(issue.done - issue.due)).toBeCloseTo(2, 5)
    expect(validate.due).toBe(issue.done)
    expect(toSec(validate.done - validate.due)).toBeCloseTo(3, 5)
  })

  test('of an answer that was handed on late end when it had been read, and what follows was due then', () => {
    const { samples } = stage({
      scenario: `${header}duration: 10s\n${identity()}middleware: { token_cache_time: 0s }\nclients: { cli: { behaviour: one-shot, members: 1, every: 10s, arrivals: constant, through: [nova] } }`,
      answer: () => ({ afterSec: 2, layFor: 0.5 }),
    })
    const issue = samples.find(({ op, leg }) => op === 'issue' && leg === 'keystone') as Sample
    const validate = samples.find(({ op, leg }) => op === 'validate' && leg === 'keystone') as Sample
    const call = samples.find(({ op }) => op === 'call') as Sample
    expect(toSec(issue.done - issue.due)).toBeCloseTo(2, 5)
    expect(validate.due).toBe(issue.done)
    expect(toSec(validate.sent - validate.due)).toBeCloseTo(0.5, 5)
    expect(toSec(validate.done - validate.sent)).toBeCloseTo(2, 5)
    expect(call.done).toBe(validate.done)
  })

  test('of a request that is made again after a pause begin when the pause is over', () => {
    let first: number | undefined
    const { samples } = stage({
      scenario: `${header}duration: 10s\n${identity()}middleware: { token_cache_time: 0s, http_request_max_retries: 3 }\nclients: { scripts: { behaviour: saved-token-script, members: 1, every: 10s, arrivals: constant, through: [nova] } }`,
      answer: ({ atSec }) => {
        first ??= atSec
        return atSec === first ? { status: 0, failure: 'reset' as const } : {}
      },
    })
    const asked = samples.filter(({ leg, op }) => leg === 'keystone' && op === 'validate')
    expect(asked.map(({ outcome }) => outcome)).toEqual(['failed', 'ok'])
    const [broken, again] = asked as [Sample, Sample]
    expect(toSec(again.due - broken.done)).toBeCloseTo(0.5, 5)
    expect(again.due).toBe(again.sent)
  })

  test('of a request that waited for a thread of its service begin when the thread was free', () => {
    const { samples } = stage({
      scenario: `${header}duration: 20s\n${identity()}middleware: { token_cache_time: 0s, workers: 1, threads: 1 }\nclients: { cli: { behaviour: one-shot, members: 4, every: 20s, arrivals: constant, through: [nova] } }`,
      answer: ({ request }) => ({ afterSec: request.op === 'issue' ? 0.1 : 9 }),
    })
    const asked = samples.filter(({ leg, op }) => leg === 'keystone' && op === 'validate')
    expect(asked).toHaveLength(4)
    asked.slice(1).forEach((each, i) => {
      expect(each.due).toBeGreaterThanOrEqual(asked[i]?.done ?? Infinity)
      expect(each.due).toBe(each.sent)
    })
  })

  test('of what follows a refusal say nothing of the generator: it is sent when the answer before it came', () => {
    let refusals = 0
    const { felt } = stage({
      scenario: `${header}duration: 10s\n${identity()}middleware: { token_cache_time: 0s, negative_cache: false }\nclients: { users: { behaviour: password-session, members: 1, every: 10s, arrivals: constant, through: [nova] } }`,
      answer: ({ request }) =>
        request.op === 'validate' && refusals++ === 0 ? { status: 404, cause: 'revoked' as const } : {},
    })
    const own = felt.filter(({ clientClass }) => clientClass === 'users')
    expect(own.map(({ op, outcome, waited }) => [op, outcome, waited])).toEqual([
      ['call', 'rejected', false],
      ['issue', 'ok', true],
      ['call', 'ok', true],
    ])
  })

  test('of a call to a service span the question to Keystone that the service asked for it', () => {
    const { samples } = stage({
      scenario: `${header}duration: 10s\n${identity()}middleware: { token_cache_time: 0s }\nclients: { scripts: { behaviour: saved-token-script, members: 1, every: 10s, arrivals: constant, through: [nova] } }`,
      answer: () => ({ afterSec: 2 }),
    })
    const [atKeystone, byNova, call] = samples as [Sample, Sample, Sample]
    expect(samples).toHaveLength(3)
    expect(atKeystone).toMatchObject({
      leg: 'keystone',
      clientClass: 'scripts',
      op: 'validate',
      format: 'uuid',
    })
    expect(byNova).toMatchObject({ leg: 'client', clientClass: 'nova', op: 'validate', outcome: 'ok' })
    expect(call).toMatchObject({
      leg: 'client',
      clientClass: 'scripts',
      op: 'call',
      outcome: 'ok',
      status: 200,
    })
    expect(toSec(call.done - call.due)).toBeCloseTo(2, 5)
    expect(call.due).toBe(atKeystone.due)
  })
})

describe('a call that is repeated', () => {
  // The session's token is refused at its first call; Keystone takes a second for each request.
  const { felt } = stage({
    scenario: `${header}duration: 10s\n${identity()}middleware: { token_cache_time: 0s }\nclients: { users: { behaviour: password-session, members: 1, every: 10s, arrivals: constant, through: [nova] } }`,
    answer: ({ request }) =>
      request.op === 'validate' && !request.subjectToken.startsWith('0000')
        ? { status: 404, afterSec: 1 }
        : { afterSec: 1 },
  })
  const calls = felt.filter(({ op }) => op === 'call')

  test('is due anew when its first answer came', () => {
    expect(calls.map(({ outcome }) => outcome)).toEqual(['rejected', 'ok'])
    const [first, second] = calls as [Sample, Sample]
    expect(toSec(first.done - first.due)).toBeCloseTo(1, 5)
    expect(second.due).toBe(first.done)
    // A new token, and the question about it.
    expect(toSec(second.done - second.due)).toBeCloseTo(2, 5)
  })

  test('was refused for an unknown token where Keystone does not say why', () => {
    expect(calls[0]?.cause).toBe('unknown-token')
  })
})

describe('refusals', () => {
  const causes: readonly Cause[] = ['uuid-on-fernet-node', 'expired', 'revoked', 'key-not-distributed']
  const population = `middleware: { token_cache_time: 60s, workers: 2 }
clients:
  users: { behaviour: password-session, members: 20, every: 30s, through: [nova, heat] }
  cli: { behaviour: one-shot, members: 10, every: 60s }
  scripts: { behaviour: saved-token-script, members: 5, every: 20s, through: [nova] }
  heat: { behaviour: heat-mitaka, members: 10, every: 60s, through: [nova] }
`
  const refusing = stage({
    scenario: `${header}duration: 1h\n${identity()}${population}`,
    // Every third request is refused, each time for another reason, and now and then Keystone breaks down.
    answer: ({ request, atSec }) => {
      const turn = Math.floor(atSec * 10)
      const cause = causes[turn % causes.length] ?? null
      if (turn % 17 === 0) return { status: 500 }
      if (turn % 23 === 0) return { status: 0, failure: 'timeout', afterSec: 5 }
      if (turn % 3 !== 0) return {}
      return { status: request.op === 'validate' && turn % 2 === 0 ? 404 : 401, cause }
    },
  })
  const felt = refusing.felt.filter(({ outcome }) => outcome === 'rejected')

  test('each have a cause, so that causes add up to the total for every class', () => {
    expect(felt.length).toBeGreaterThan(1000)
    expect(felt.filter(({ cause }) => cause === null)).toEqual([])
    expect(new Set(felt.map(({ clientClass }) => clientClass))).toEqual(
      new Set(['users', 'cli', 'scripts', 'heat', 'heat-service', 'nova']),
    )
  })

  test('have a status that refuses, and what was not refused has no refusal’s cause', () => {
    for (const { status } of felt) expect([401, 403, 404]).toContain(status)
    const others = refusing.felt.filter(({ outcome }) => outcome !== 'rejected')
    expect(new Set(others.map(({ cause }) => cause))).toEqual(new Set([null, 'service-unavailable']))
  })

  test('of a service’s question about a caller’s token are the caller’s, not the service’s', () => {
    const ofNova = felt.filter(({ clientClass }) => clientClass === 'nova')
    for (const sample of ofNova) expect(sample.status === 401 || sample.op !== 'validate').toBe(true)
    const unknown = refusing.samples.filter(
      ({ leg, status, op }) => leg === 'keystone' && status === 404 && op === 'validate',
    )
    expect(unknown.length).toBeGreaterThan(50)
    for (const { clientClass } of unknown) expect(['nova', 'heat-service']).not.toContain(clientClass)
  })

  test('of Keystone give one sample of each leg', () => {
    const asked = refusing.samples.filter(({ leg }) => leg === 'keystone')
    const answered = refusing.felt.filter(({ op }) => op !== 'call')
    expect(asked).toHaveLength(refusing.sent.length)
    expect(answered).toHaveLength(refusing.sent.length)
  })
})

describe('a refusal of a member’s own request', () => {
  test('is one of an unknown token where Keystone does not say why', () => {
    const { samples } = stage({
      scenario: `${header}duration: 10s\n${identity()}${scripts(1, '10s')}`,
      answer: () => ({ status: 401 }),
    })
    expect(samples.map(({ leg, cause }) => [leg, cause])).toEqual([
      ['keystone', 'unknown-token'],
      ['client', 'unknown-token'],
    ])
  })
})

describe('the end of a run', () => {
  test('waits for the calls that are under way', () => {
    const late = stage({
      scenario: `${header}duration: 100s\n${identity()}${scripts(3, '100s')}`,
      answer: () => ({ afterSec: 500 }),
    })
    const lastSec = Math.max(...late.planned('scripts').flat()) + 500
    expect(late.ends).toEqual([expect.closeTo(lastSec, 5)])
    expect(late.felt).toHaveLength(3)
  })

  test('waits for what was due before it and had to wait for its member', () => {
    const late = stage({
      scenario: `${header}duration: 100s\n${identity()}${scripts(1, '10s')}`,
      answer: () => ({ afterSec: 50 }),
    })
    const firstSec = late.planned('scripts')[0]?.[0] ?? 0
    expect(late.felt.map(({ outcome }) => outcome)).toEqual(new Array(10).fill('ok'))
    expect(late.ends).toEqual([expect.closeTo(firstSec + 10 * 50, 5)])
  })

  test('comes on time, and once, when nothing is under way', () => {
    expect(stage({ scenario: `${header}duration: 1h\n${identity()}${scripts(2, '10m')}` }).ends).toEqual([
      3600,
    ])
  })
})

describe('a run that is stopped', () => {
  const stopped = new EngineStage({
    scenario: `${header}duration: 1h\n${identity()}${scripts(4, '10s')}timeline: [{ at: 200s, restart: nova }]\n`,
    answer: () => ({ afterSec: 30 }),
  })
  stopped.at(100, () => stopped.engine.stop())
  stopped.at(110, () => stopped.engine.stop())
  stopped.run()

  test('sends nothing more', () => {
    expect(Math.max(...stopped.sent.map(({ atSec }) => atSec))).toBeLessThanOrEqual(100)
    expect(stopped.engine.callCount).toBe(stopped.sent.length)
  })

  test('begins no further step of the timeline', () => {
    expect(stopped.events).toEqual([])
  })

  test('ends once, when what was under way has been answered', () => {
    const lastSec = Math.max(...stopped.sent.map(({ atSec }) => atSec)) + 30
    expect(stopped.ends).toEqual([expect.closeTo(lastSec, 5)])
    expect(stopped.felt.filter(({ outcome }) => outcome === 'ok')).toHaveLength(stopped.sent.length)
  })

  test('counts what was due by then and had to wait for its member as shed', () => {
    const due = stopped
      .planned('scripts')
      .flat()
      .filter((sec) => sec <= 100)
    const shed = stopped.felt.filter(({ outcome }) => outcome === 'shed')
    expect(shed).toHaveLength(due.length - stopped.sent.length)
  })

  test('can be stopped before anything happened', () => {
    const early = new EngineStage({ scenario: `${header}duration: 1h\n${identity()}${scripts(1, '1h')}` })
    early.at(0, () => early.engine.stop())
    expect(early.run().ends).toEqual([0])
    expect(early.sent).toEqual([])
  })
})

describe('the record', () => {
  test('is told at each interval, and the table is looked at', () => {
    const told = stage({
      scenario: `${header}duration: 60s\n${identity()}${scripts(1, '1m')}`,
      intervalSec: 10,
      lookSec: 0.5,
    })
    expect(told.advances).toEqual([0, 10, 20, 30, 40, 50])
    expect(told.tables.map(({ atSec }) => atSec)).toEqual([0.5, 10.5, 20.5, 30.5, 40.5, 50.5])
  })
})

describe('a member', () => {
  const bad = (fromSec: number, toSec: number, status = 404) =>
    stage({
      scenario: `${header}${identity()}duration: 10m\n${scripts(3, '10s')}`,
      answer: ({ atSec }) => (atSec >= fromSec && atSec < toSec ? { status, cause: 'revoked' as const } : {}),
    })

  test('is told of once, at its first refusal', () => {
    const { hits } = bad(100, 200)
    expect(hits.map(([className]) => className)).toEqual(['scripts', 'scripts', 'scripts'])
    for (const [, atSec] of hits) expect(Math.abs(atSec - 105.01)).toBeLessThanOrEqual(5)
  })

  test('is not hit by what its service was refused, if the service could help itself', () => {
    let asked = 0
    const { hits, without, felt, samples } = stage({
      scenario: `${header}${identity()}duration: 10m\nmiddleware: { token_cache_time: 0s, workers: 1 }\nclients: { users: { behaviour: password-session, members: 1, every: 10s, through: [nova] } }`,
      answer: ({ request }) =>
        request.op === 'validate' && ++asked === 3
          ? { status: 401, cause: 'uuid-on-fernet-node' as const }
          : {},
    })
    const refused = samples.filter(({ outcome }) => outcome === 'rejected')
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.every(({ op }) => op === 'validate')).toBe(true)
    expect(
      new Set(felt.filter(({ clientClass }) => clientClass === 'users').map(({ outcome }) => outcome)),
    ).toEqual(new Set(['ok']))
    expect([hits, without]).toEqual([[], []])
  })

  test('whose long work would end after the run leaves it at the end: the run does not wait for it', () => {
    const { ends } = stage({
      scenario: `${header}${identity()}duration: 1h\nclients: { uploads: { behaviour: long-operation, members: 3, every: 40m, arrivals: constant, through: [nova], lasts: 30m } }`,
    })
    expect(ends).toEqual([expect.closeTo(3600, 1)])
  })

  test('that gets an error is not refused, but without a good call all the same', () => {
    const { hits, without } = bad(100, 200, 503)
    expect(hits).toEqual([])
    expect(without).toHaveLength(3)
  })

  test('is without a good call from its first bad answer to its next good one', () => {
    const { without } = bad(100, 200)
    expect(without.map(([, seconds]) => seconds)).toEqual(
      [100, 100, 100].map((sec) => expect.closeTo(sec, 6)),
    )
  })

  test('is without a good call though it may log in again and again', () => {
    const { without } = stage({
      scenario: `${header}${identity()}duration: 10m\nclients: { users: { behaviour: password-session, members: 1, every: 10s, arrivals: constant } }`,
      answer: ({ atSec, request }) =>
        request.op === 'validate' && atSec >= 100 && atSec < 200
          ? { status: 401, cause: 'fernet-on-uuid-node' as const }
          : {},
    })
    expect(without).toEqual([['users', expect.closeTo(100, 0)]])
  })

  test('that has no good call any more is without one to the end of the run', () => {
    const { without, ends } = bad(100, 1000)
    expect(without).toHaveLength(3)
    for (const [, seconds] of without) {
      expect(seconds).toBeGreaterThanOrEqual(490 - 0.02)
      expect(seconds).toBeLessThanOrEqual((ends[0] ?? 0) - 100)
    }
  })
})
