// The summary of a run: what it counts, that its parts add up, and the verdict with its reasons.
// A hand-made run with known sums stands for the fields; properties stand for the sums.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { EventLine } from '../../src/measure/record.js'
import type { Cause, Leg, Outcome } from '../../src/measure/sample.js'
import { summarise } from '../../src/measure/summary.js'
import { countOf, eventOf, recordOf, refusedOf, tableOf, type HandMade } from './handMade.js'

/** A generator that had what it needed. */
const restedGenerator = {
  cpuShare: 0.4,
  cpuWaitShare: 0.02,
  loopDelayP50Ms: 0.1,
  loopDelayP99Ms: 2,
  loopDelayMaxMs: 9,
}

const made: HandMade = {
  header: { gates: ['rejected(class=users) <= 600'] },
  events: [eventOf('cutover', 1200, { label: 'switch to fernet', to: 'fernet', endedSec: 1210 })],
  counts: (fromSec) => [
    countOf(50),
    refusedOf(fromSec >= 1200 && fromSec < 1500 ? 20 : 0),
    countOf(40, { leg: 'keystone', op: 'validate' }),
    refusedOf(fromSec >= 1200 && fromSec < 1500 ? 5 : 0, { leg: 'keystone', op: 'validate', status: 404 }),
  ],
  table: [tableOf(0, 100, 5000), tableOf(1200, 120), tableOf(1201, 119), tableOf(3600, 0, 0)],
}
const passing = recordOf(made)

describe('the numbers', () => {
  const summary = summarise(passing)

  test('requests and rejections count what clients felt, the keystone block what Keystone answered', () => {
    expect(summary.requests).toEqual({
      total: 360 * 50 + 600,
      byStatus: { '200': 18_000, '401': 600 },
      byOutcome: { ok: 18_000, rejected: 600, failed: 0, timeout: 0, shed: 0 },
    })
    expect(summary.rejections).toMatchObject({
      total: 600,
      byCause: { 'uuid-on-fernet-node': 600 },
      byClass: { users: 600 },
      byClassAndCause: { 'users/uuid-on-fernet-node': 600 },
    })
    expect(summary.keystone).toMatchObject({
      total: 360 * 40 + 150,
      byOp: { validate: 14_550 },
      byStatus: { '200': 14_400, '404': 150 },
      refusals: { total: 150 },
    })
    expect(summary.rejections.peaks).toHaveLength(1)
  })

  test('the table at the switch is the last look at or before its first node', () => {
    expect(summary.tokenTable).toEqual({
      rowsAtCutover: 120,
      rowsMax: 120,
      rowsEnd: 0,
      bytesAtCutover: 5000,
      bytesEnd: 0,
      emptyAtSec: 3600,
    })
  })

  test('without a switch or a look at the table there is nothing to say of it', () => {
    const { tokenTable } = summarise(recordOf({ ...made, events: [], table: [] }))
    expect(Object.values(tokenTable)).toEqual([null, null, null, null, null, null])
  })

  test('issue and validate are always there, with a count of 0 where nothing was measured', () => {
    expect(Object.keys(summary.latency).sort()).toEqual(['issue', 'validate'])
    expect(summary.latency['issue']?.before.count).toBe(0)
  })

  test('stretches are told as far as the run went', () => {
    const clock = [
      { untilSec: 1800, speed: 60, traffic: 1 },
      { untilSec: 90_000, speed: 1440, traffic: 0.02 },
    ]
    expect(summarise(recordOf({ ...made, header: { clock } })).stretches).toEqual([
      { fromSec: 0, toSec: 1800, speed: 60, traffic: 1, timeLapse: false },
      { fromSec: 1800, toSec: 3600, speed: 1440, traffic: 0.02, timeLapse: true },
    ])
  })

  test('it is plain JSON: nothing is lost on the way through a file', () => {
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary)
  })

  test('UUID tokens are only told of where somebody looked', () => {
    expect(summary).not.toHaveProperty('uuidTokensSeen')
    expect(summarise(recordOf({ ...made, line: () => ({ uuidTokensSeen: 1 }) })).uuidTokensSeen).toBe(360)
  })

  test('the parts of every total add up to it, whatever was counted', () => {
    const count = fc.record({
      clientClass: fc.constantFrom('users', 'heat', 'nova'),
      leg: fc.constantFrom<Leg>('client', 'keystone'),
      outcome: fc.constantFrom<Outcome>('ok', 'rejected', 'failed', 'timeout', 'shed'),
      cause: fc.constantFrom<Cause | null>(null, 'expired', 'revoked'),
      status: fc.constantFrom(0, 200, 401, 404),
      n: fc.integer({ min: 1, max: 99 }),
    })
    const added = (parts: Readonly<Record<string, number>>): number =>
      Object.values(parts).reduce((sum, n) => sum + n, 0)
    fc.assert(
      fc.property(fc.array(fc.array(count, { maxLength: 6 }), { maxLength: 12 }), (intervals) => {
        const { requests, rejections, keystone } = summarise(
          recordOf({
            recordedSec: 10 * intervals.length,
            counts: (fromSec) => (intervals[fromSec / 10] ?? []).map(({ n, ...rest }) => countOf(n, rest)),
          }),
        )
        expect(added(requests.byStatus)).toBe(requests.total)
        expect(added(requests.byOutcome)).toBe(requests.total)
        expect(rejections.total).toBe(requests.byOutcome.rejected)
        for (const parts of [rejections.byCause, rejections.byClass, rejections.byClassAndCause])
          expect(added(parts)).toBe(rejections.total)
        expect(added(keystone.byOp)).toBe(keystone.total)
        expect(added(keystone.byStatus)).toBe(keystone.total)
        expect(added(keystone.refusals.byCause)).toBe(keystone.refusals.total)
        expect(added(keystone.refusals.byClassAndCause)).toBe(keystone.refusals.total)
      }),
    )
  })
})

describe('the verdict', () => {
  const judged = (more: HandMade, gates?: readonly string[]) => {
    const { verdict, reasons } = summarise(recordOf({ ...made, ...more }), gates)
    return { verdict, reasons: reasons.join('\n') }
  }

  test('a sound run whose gates hold passes', () => {
    expect(judged({})).toEqual({ verdict: 'pass', reasons: 'all gates hold' })
  })

  test('a sound run with a failed gate fails, and says what was observed', () => {
    expect(judged({}, ['rejected(class=users) < 600'])).toEqual({
      verdict: 'fail',
      reasons: 'gate failed: rejected(class=users) < 600: observed 600 requests, limit 600 requests',
    })
  })

  test('a gate without data makes it inconclusive, a failed one beside it makes it fail', () => {
    const blank = 'p99(response, op=issue) < 5s'
    expect(judged({}, [blank]).verdict).toBe('inconclusive')
    expect(judged({}, [blank, 'rejected() == 0']).verdict).toBe('fail')
  })

  test('without gates nothing was judged, and it says so', () => {
    expect(judged({}, [])).toEqual({ verdict: 'pass', reasons: 'no gates were set, so nothing was judged' })
  })

  test('a gate that cannot be read is no pass', () => {
    const { verdict, reasons } = judged({}, ['rejectd() == 0'])
    expect(verdict).toBe('inconclusive')
    expect(reasons).toContain('did you mean rejected?')
  })

  const fault = eventOf('fault', 700, {
    origin: 'fault',
    label: 'backend 2 died',
    ok: false,
    note: 'signal 9',
  })
  test.each<[string, HandMade, string]>([
    [
      'late',
      { end: { lateness: { p50Ms: 1, p99Ms: 20.5, maxMs: 90 } } },
      'sent late: 1 % of its requests by more than 20.5 ms',
    ],
    [
      'read its replies late',
      { end: { generator: { ...restedGenerator, loopDelayP99Ms: 20.5 } } },
      'read replies late: 1 % of the turns of its event loop came more than 20.5 ms late, where 20 ms is allowed',
    ],
    [
      'starved of CPU',
      { end: { generator: { ...restedGenerator, cpuWaitShare: 0.51 } } },
      'starved of CPU: for 51 % of the time it was ready to run and had no core, where 50 % is allowed',
    ],
    ['killed', { end: null, recordedSec: 2000 }, 'the run was killed: its record ends at 2,000 s of 3,600 s'],
    [
      'interrupted',
      { end: { interrupted: 'SIGINT', scenarioSec: 1300 } },
      'interrupted at 1,300 s of 3,600 s: SIGINT',
    ],
    ['short', { end: { scenarioSec: 3000 } }, 'ended early, at 3,000 s'],
    [
      'shedding',
      { counts: () => [countOf(1), countOf(2, { outcome: 'shed', status: 0 })] },
      'shed work: 720 requests',
    ],
    ['struck by a fault', { events: [fault] }, 'nobody had planned: backend 2 died at 700 s (signal 9)'],
    [
      'missing a step',
      { events: [eventOf('restart', 9, { ok: false, note: 'no such class' })] },
      'a step of the timeline failed: restart at 9 s (no such class)',
    ],
    ['without requests', { counts: () => [] }, 'no request was made'],
    [
      'unexplained',
      { counts: () => [countOf(1), refusedOf(1, { cause: null })] },
      '360 refusals have no cause: users',
    ],
  ])('a run that was %s is inconclusive even if a gate fails, and tells both', (_, more, reason) => {
    const { verdict, reasons } = judged(more, ['requests(window=start..10m) == 0'])
    expect(verdict).toBe('inconclusive')
    expect(reasons).toContain(reason)
    expect(reasons).toContain('requests(window=start..10m) == 0')
  })

  test('a step that fails while a planned fault is in force is what the fault shows, before and after it is a flaw', () => {
    const down = eventOf('fault database-down', 600, { fault: 1, endedSec: 601 })
    const up = eventOf('repair database-down', 900, { fault: 1, endedSec: 910 })
    const failedAt = (sec: number, events: readonly EventLine[]) =>
      judged({ events: [...events, eventOf('flush', sec, { ok: false, note: 'no database' })] }).verdict
    expect([599, 600, 910, 911].map((sec) => failedAt(sec, [down, up]))).toEqual([
      'inconclusive',
      'pass',
      'pass',
      'inconclusive',
    ])
    expect(failedAt(3000, [down])).toBe('pass')
    // A fault that could not be brought about explains nothing.
    expect(failedAt(700, [{ ...down, ok: false }, up])).toBe('inconclusive')
  })

  test('a generator that used all of a core in time is good enough: waiting exactly costs CPU', () => {
    const generator = { ...restedGenerator, cpuShare: 1.02, loopDelayP99Ms: 20, cpuWaitShare: 0.5 }
    expect(judged({ end: { generator } }).verdict).toBe('pass')
    const nobodyTells = { ...restedGenerator, cpuWaitShare: null }
    expect(judged({ end: { generator: nobodyTells } }).verdict).toBe('pass')
  })

  test('lateness at its limit is in time', () => {
    expect(judged({ end: { lateness: { p50Ms: 1, p99Ms: 20, maxMs: 90 } } }).verdict).toBe('pass')
  })

  test('a killed run has a summary, marked approximate', () => {
    const killed = summarise(recordOf({ ...made, end: null, recordedSec: 2000 }))
    expect(killed).toMatchObject({ approximate: true, scenarioSec: 2000, wallSec: 2000 })
    expect(summarise(recordOf({ ...made, end: null, recordedSec: 0, events: [] })).verdict).toBe(
      'inconclusive',
    )
  })
})
