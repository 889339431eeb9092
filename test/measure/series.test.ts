// Reading a series back, also a torn one, and the selections that everything counts through.
// Properties hold for any record; known records pin the numbers.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Random } from '../../src/base/random.js'
import { foldRecord, latencyOf, latenessOf, mergeLatency, parseSeries } from '../../src/measure/fold.js'
import type { Count, OpLatency } from '../../src/measure/record.js'
import { createRecorder } from '../../src/measure/recorder.js'
import type { Cause, Outcome } from '../../src/measure/sample.js'
import {
  causesAddUp,
  emptyAtSec,
  latencyOverTime,
  longestOutageSec,
  refusalsPerInterval,
  requestsPerInterval,
  rowsAt,
  rowsOverTime,
  sumBy,
  sumCounts,
  tableAtSwitch,
} from '../../src/measure/series.js'
import { micros } from '../../src/base/time.js'
import {
  countOf,
  endOf,
  eventOf,
  headerOf,
  intervalOf,
  recordOf,
  refusedOf,
  sampleOf,
  tableOf,
} from './handMade.js'

const linesOf = (values: readonly unknown[]): string[] => values.map((value) => JSON.stringify(value))

describe('reading a series', () => {
  const lines = linesOf([
    tableOf(0, 9),
    intervalOf(0, [countOf(3)]),
    eventOf('flush', 12),
    intervalOf(10, [countOf(4)]),
  ])

  test('lines come back by kind', () => {
    const record = foldRecord(headerOf(), lines, endOf())
    expect([record.intervals.length, record.table.length, record.events.length]).toEqual([2, 1, 1])
    expect(sumCounts(record)).toBe(7)
  })

  test('a series torn anywhere folds to the lines that were whole', () => {
    const text = `${lines.join('\n')}\n`
    fc.assert(
      fc.property(fc.nat(text.length), (cut) => {
        const kept = text.slice(0, cut)
        const whole = lines.filter((_, i) => kept.length >= lines.slice(0, i + 1).join('\n').length).length
        const { intervals, table, events } = parseSeries(kept.split('\n'))
        expect(intervals.length + table.length + events.length).toBe(whole)
      }),
    )
  })

  test('a torn line is said to be torn', () => {
    expect(parseSeries([...lines, '{"kind":"inter']).torn).toBe(true)
    expect(parseSeries([...lines, '']).torn).toBe(false)
  })

  test('a bad line in the middle is no torn end: it is named', () => {
    expect(() => parseSeries(['{"kind":"inter', ...lines])).toThrow(/^1: this is no line of a series/)
    expect(() => parseSeries([lines[0] ?? '', '{"kind":"other"}', ...lines])).toThrow(/^2: /)
  })

  test('events are in the order in which they began, not in which they were told', () => {
    const record = foldRecord(
      headerOf(),
      linesOf([eventOf('cutover node 1', 20), eventOf('cutover', 10)]),
      null,
    )
    expect(record.events.map((line) => line.startedSec)).toEqual([10, 20])
  })
})

describe('selections', () => {
  const record = recordOf({
    recordedSec: 30,
    counts: (fromSec) => [
      countOf(10),
      refusedOf(fromSec === 10 ? 4 : 0),
      refusedOf(fromSec === 20 ? 2 : 0, { clientClass: 'heat', cause: 'expired' }),
      countOf(99, { leg: 'keystone', op: 'validate' }),
    ],
  })

  test('requests and refusals of clients are counted by interval, and those at Keystone are not among them', () => {
    expect(requestsPerInterval(record).map(({ n }) => n)).toEqual([10, 14, 12])
    expect(requestsPerInterval(record, 'heat').map(({ n }) => n)).toEqual([0, 0, 2])
    expect(refusalsPerInterval(record).map(({ n }) => n)).toEqual([0, 4, 2])
    expect(refusalsPerInterval(record, { cause: 'expired' }).map(({ n }) => n)).toEqual([0, 0, 2])
  })

  test('windows that meet add up to the whole', () => {
    const parts = [0, 10, 30].map((fromSec, i, all) => ({ fromSec, toSec: all[i + 1] ?? Infinity }))
    const sums = parts.map((window) => sumCounts(record, {}, window))
    expect(sums).toEqual([10, 26, 0])
    expect(sums.reduce((a, b) => a + b)).toBe(sumCounts(record))
  })

  test('the table is a step curve', () => {
    const table = [tableOf(100, 7), tableOf(0, 5), tableOf(200, 0), tableOf(300, 0)]
    const looked = recordOf({ table })
    expect(rowsOverTime(looked).map(({ atSec }) => atSec)).toEqual([0, 100, 200, 300])
    expect([rowsAt(looked, -1), rowsAt(looked, 99), rowsAt(looked, 100)]).toEqual([null, 5, 7])
    expect(emptyAtSec(looked)).toBe(200)
    expect(emptyAtSec(recordOf({ table: [tableOf(0, 0), tableOf(10, 3)] }))).toBeNull()
    expect(emptyAtSec(recordOf())).toBeNull()
  })

  test('a switch finds the table as it was right before it, whatever a step of the same instant leaves', () => {
    const events = [eventOf('cutover', 900, { to: 'fernet' })]
    const looked = recordOf({ events, table: [tableOf(890, 990), tableOf(900, 1000), tableOf(900, 0)] })
    expect(tableAtSwitch(looked)).toMatchObject({ atSec: 900, rows: 1000 })
    expect(tableAtSwitch(recordOf({ events, table: [tableOf(890, 990), tableOf(910, 0)] }))?.rows).toBe(990)
    expect(tableAtSwitch(recordOf({ table: [tableOf(890, 990)] }))).toBeNull()
  })

  test('response times over time leave out intervals without any', () => {
    const own: OpLatency = { n: 1, p50Ms: 1, p95Ms: 1, p99Ms: 1, maxMs: 1 }
    const timed = recordOf({
      recordedSec: 30,
      line: (fromSec) => (fromSec === 10 ? { latency: { issue: own } } : {}),
    })
    expect(latencyOverTime(timed, 'issue')).toEqual([{ fromSec: 10, ...own }])
    expect(latencyOverTime(timed, 'validate')).toEqual([])
  })

  test('an outage lasts from the first interval with only bad answers to the next with a good one', () => {
    const outage = (n: readonly (readonly [number, number])[]): number | null =>
      longestOutageSec(
        recordOf({
          header: { durationSec: 10 * n.length },
          counts: (fromSec) => {
            const [good, bad] = n[fromSec / 10] ?? [0, 0]
            return [countOf(good), refusedOf(bad), countOf(1, { op: 'issue' })]
          },
        }),
        'users',
        { fromSec: 0, toSec: Infinity },
      )
    expect(
      outage([
        [1, 0],
        [0, 1],
        [0, 0],
        [0, 1],
        [1, 1],
        [0, 1],
        [1, 0],
      ]),
    ).toBe(30)
    expect(
      outage([
        [1, 0],
        [0, 1],
        [0, 1],
      ]),
    ).toBe(20)
    expect(
      outage([
        [1, 1],
        [2, 5],
      ]),
    ).toBe(0)
    expect(
      outage([
        [0, 0],
        [0, 0],
      ]),
    ).toBeNull()
  })
})

describe('causes', () => {
  const causes: readonly Cause[] = ['uuid-on-fernet-node', 'expired', 'stale-cache']
  const outcomes: readonly Outcome[] = ['ok', 'rejected', 'failed', 'timeout', 'shed']
  const count = fc.record({
    clientClass: fc.constantFrom('users', 'heat', 'nova'),
    outcome: fc.constantFrom(...outcomes),
    cause: fc.constantFrom(...causes),
    n: fc.integer({ min: 1, max: 1000 }),
    leg: fc.constantFrom('client' as const, 'keystone' as const),
  })

  test('whatever is recorded adds up: by cause, by class, by both', () => {
    fc.assert(
      fc.property(fc.array(fc.array(count, { maxLength: 8 }), { maxLength: 20 }), (intervals) => {
        const counts = (fromSec: number): Count[] =>
          (intervals[fromSec / 10] ?? []).map(({ n, cause, ...rest }) =>
            countOf(n, { ...rest, cause: rest.outcome === 'rejected' ? cause : null }),
          )
        const record = recordOf({ recordedSec: 10 * intervals.length, counts })
        const check = causesAddUp(record)
        expect(check).toMatchObject({ holds: true, missing: {} })
        for (const nameOf of [(each: Count) => String(each.cause), (each: Count) => each.clientClass]) {
          const sums = Object.values(sumBy(record, { outcome: 'rejected' }, nameOf))
          expect(sums.reduce((a, b) => a + b, 0)).toBe(check.refusals)
        }
      }),
    )
  })

  test('a refusal without a cause is found, with its class', () => {
    const record = recordOf({
      recordedSec: 10,
      counts: () => [refusedOf(3), refusedOf(2, { clientClass: 'heat', cause: null })],
    })
    expect(causesAddUp(record)).toEqual({ holds: false, refusals: 5, explained: 3, missing: { heat: 2 } })
  })
})

describe('a killed run', () => {
  test('has approximate response times, close to those that it would have written', () => {
    const lines: string[] = []
    const random = new Random(9, 'killed')
    const recorder = createRecorder({
      intervalSec: 10,
      durationSec: 3600,
      warmupSec: 0,
      classes: ['users'],
      stretches: headerOf().clock,
      emit: (line) => lines.push(JSON.stringify(line)),
      emitHlog: () => {},
    })
    for (let atSec = 0; atSec < 3600; atSec += 0.2) {
      if (atSec >= 1800 && atSec < 1800.2) {
        recorder.markCutover(1800)
        recorder.event(eventOf('cutover', 1800, { endedSec: 1805 }))
      }
      const responseSec = (atSec < 1800 ? 0.004 : 0.002) * (0.5 + random.exponential(1))
      const sample = {
        leg: 'keystone',
        op: 'validate',
        atSec,
        due: micros(atSec),
        sent: micros(atSec + 0.0001),
      } as const
      recorder.record(sampleOf({ ...sample, done: micros(atSec + responseSec) }))
    }
    const { latency, lateness } = recorder.finish(3600)
    const killed = foldRecord(headerOf(), lines, null)
    const approximate = latencyOf(killed)
    expect(approximate.approximate).toBe(true)
    for (const window of ['before', 'after'] as const) {
      const exact = latency.validate?.[window]
      const near = approximate.byOp.validate?.[window]
      for (const key of ['p50Ms', 'p95Ms', 'p99Ms'] as const)
        expect(Math.abs((near?.[key] ?? 0) / (exact?.[key] ?? 1) - 1)).toBeLessThan(
          key === 'p50Ms' ? 0.03 : 0.1,
        )
      expect(near?.maxMs).toBe(exact?.maxMs)
    }
    // The interval in which the switch ended belongs to no window of a killed run.
    expect(approximate.byOp.validate?.before.count).toBe(latency.validate?.before.count)
    expect(latenessOf(killed)?.p50Ms).toBeCloseTo(lateness.p50Ms, 2)
    expect(latencyOf(foldRecord(headerOf(), lines, endOf({ latency })))).toEqual({
      approximate: false,
      byOp: latency,
    })
  })

  test('counts no response of the warm-up or of the switch itself before or after it', () => {
    const one: OpLatency = { n: 1, p50Ms: 1, p95Ms: 1, p99Ms: 1, maxMs: 1 }
    const killed = recordOf({
      header: { warmupSec: 60 },
      events: [eventOf('cutover', 1205, { to: 'fernet', endedSec: 1290 })],
      line: () => ({ latency: { validate: one } }),
      recordedSec: 2000,
      end: null,
    })
    const { before, after } = latencyOf(killed).byOp.validate ?? {}
    // Whole intervals of 10 s from second 60 up to 1,200, and from 1,290 up to 2,000.
    expect([before?.count, after?.count]).toEqual([114, 71])
  })

  test('merging equal distributions changes nothing', () => {
    const part: OpLatency = { n: 700, p50Ms: 2, p95Ms: 5, p99Ms: 9, maxMs: 11 }
    const { count, ...rest } = mergeLatency([part, part, part])
    expect(count).toBe(2100)
    expect(rest.p50Ms).toBeCloseTo(2)
    expect(rest.p95Ms).toBeCloseTo(5)
    expect(rest.p99Ms).toBeCloseTo(9)
    expect(rest.maxMs).toBe(11)
  })

  test('merging weighs by count, so that a rare slow interval does not move the median', () => {
    const fast: OpLatency = { n: 990, p50Ms: 1, p95Ms: 2, p99Ms: 3, maxMs: 4 }
    const slow: OpLatency = { n: 10, p50Ms: 100, p95Ms: 200, p99Ms: 300, maxMs: 400 }
    const merged = mergeLatency([fast, slow])
    expect(merged.p50Ms).toBeLessThan(1.1)
    expect(merged.p99Ms).toBeGreaterThan(3)
    expect(mergeLatency([])).toMatchObject({ count: 0 })
  })
})
