// Gates: what can be said, what is told of a slip, and what a record makes of each metric.
// No data is never a pass; each way in which data can be missing has its test.
import { describe, expect, test } from '@jest/globals'
import type { Problem } from '../../src/base/errors.js'
import {
  checkGate,
  evaluateGate,
  parseGate,
  type GateNames,
  type GateResult,
} from '../../src/measure/gates.js'
import type { OpLatency, RunRecord } from '../../src/measure/record.js'
import { countOf, eventOf, recordOf, refusedOf, tableOf } from './handMade.js'

const names: GateNames = {
  classes: ['users', 'heat'],
  restarts: ['heat'],
  faults: ['backend-killed', 'database-slow'],
  durationSec: 3600,
}

const judge = (text: string, record: RunRecord): GateResult => {
  const parsed = parseGate(text, names)
  if (!parsed.ok) throw new Error(`${text}: ${JSON.stringify(parsed.problems)}`)
  return evaluateGate(parsed.gate, record)
}

const problemsOf = (text: string): readonly Problem[] => checkGate(text, names)

describe('the grammar', () => {
  test.each([
    'rows(at=end) == 0',
    'rejected(class=users, window=cutover..+120s) < 500',
    'rejected(class=heat, cause=uuid-on-fernet-node) > 0',
    'rejected_ratio(class=users, window=after) < 0.5%',
    'p99(response, op=validate, window=after) <= 1.2 * before',
    'p99(response, op=validate, window=after) <= before * 1.2',
    'p50(response,op=issue)<250ms',
    'outage(class=heat) < 60s',
    'rows(at=cutover) >= 290000',
    'rows(at=cutover) >= 290_000',
    'rows(at=30m) > 0',
    'uuid_seen(window=end-5m..end) == 0',
    'rejected(window=restart(heat)..end) == 0',
    'rejected(window=-5m..cutover) == 0',
    'rejected(window=cutover - 5m .. cutover + 2m) != 0',
    '  failed( ) == 0  ',
    'shed() == 0',
    'requests(window=before) >= 1000',
    'downtime(fault=backend-killed) < 2s',
    'downtime(fault=kill-backend) < 2s',
    'downtime() < 1m30s',
    'recovery(fault=database-slow) <= 1h30m',
    'degradation(fault=slow-database, op=validate) <= 20%',
    'rejected(window=cutover..+1m30s) < 500',
    'rows(at=end-20m30s) > 0',
  ])('takes %s', (text) => {
    expect(problemsOf(text)).toEqual([])
  })

  test.each([
    ['rejectd(class=users) < 5', 1, 'metric "rejectd" is not known', 'did you mean rejected?'],
    ['rejected(class=user) < 5', 16, 'class "user" is not known', 'did you mean users?'],
    ['rejected(klass=users) < 5', 10, 'option "klass" is not known', 'did you mean class?'],
    ['rejected(cause=expird) < 5', 16, 'cause "expird" is not known', 'did you mean expired?'],
    ['rejected(users) < 5', 10, '"users" has no name', 'such as'],
    ['rejected(class=users, class=heat) < 5', 23, 'class is given twice', 'leave one out'],
    ['rejected(class=users < 5', 25, 'a bracket is not closed', 'add )'],
    ['rejected(class=users)', 22, 'a comparison is missing', 'one of =='],
    ['rejected(class=users) =< 5', 23, 'a comparison is missing', 'one of =='],
    ['rejected(class=users) < many', 25, '"many" is no limit', 'such as rejected('],
    ['rejected(class=users) < 5s', 25, '"5s" is no number of requests', 'without a unit'],
    ['rejected(class=users) < 2 * before', 25, 'before compares only', 'how long its window is'],
    ['rejected(window=cutover) < 5', 17, '"cutover" is no window', 'A..B'],
    ['rejected(window=cutovr..end) < 5', 17, 'instant "cutovr" is not known', 'did you mean cutover?'],
    ['rejected(window=start..ned) < 5', 24, 'instant "ned" is not known', 'did you mean end?'],
    ['rejected(window=+5m..+9m) < 5', 17, 'both ends of the window are offsets', 'name an instant'],
    ['rejected(window=cutover+5m..cutover+5m) < 5', 17, 'the window ends before it begins', 'turn'],
    ['rejected(window=end..-5m) < 5', 17, 'the window ends before it begins', 'turn'],
    ['rejected(window=restart(haet)..end) < 5', 25, 'restart "haet" is not known', 'did you mean heat?'],
    ['rejected(window=0s..2h) < 5', 21, '"2h" lies beyond the end of the run', 'at most 3600s'],
    ['rows(at=5 apples) < 5', 9, 'instant "5 apples" is not known', 'one of start, cutover, end'],
    ['rows() == 0', 1, 'rows needs an instant', 'rows(at=end)'],
    ['p99(response) < 5ms', 1, 'p99 needs an operation', 'op=validate'],
    ['p99(op=validate) < 5ms', 1, 'p99 needs to know of what', 'response'],
    ['p99(service, op=validate) < 5ms', 5, 'p99 needs to know of what', 'response'],
    ['p99(response, op=validat) < 5ms', 18, 'operation "validat" is not known', 'did you mean validate?'],
    ['p99(response, op=validate) < 5', 30, '"5" is no duration', '120s'],
    ['outage(class=heat) < 5', 22, '"5" is no duration', '120s'],
    ['outage() < 30s1m', 12, '"30s1m" is no duration', '2h30m'],
    ['downtime(fault=backend-kiled) < 2s', 16, 'fault "backend-kiled" is not known', 'backend-killed?'],
    ['downtime(fault=hang-backend) < 2s', 16, 'fault "backend-hung" is not known', 'backend-killed'],
    ['downtime(fault=backend-killed) < 2 * before', 34, 'before compares only', 'a count depends'],
    ['degradation(fault=database-slow) < 5%', 1, 'degradation needs an operation', 'op=validate'],
    ['recovery(window=after) < 5s', 10, 'option "window" is not known', 'fault'],
    ['rejected_ratio() < 5', 20, '"5" is no ratio', '0.5%'],
    ['0 == rows(at=end)', 1, 'a gate begins with a metric', 'rows(at=end) == 0'],
    ['', 1, 'a gate begins with a metric', 'rows(at=end) == 0'],
  ])('says where %s is wrong, and what would be right', (text, column, message, remedy) => {
    const [first] = problemsOf(text)
    expect(first?.column).toBe(column)
    expect(first?.message).toContain(message)
    expect(first?.remedy).toContain(remedy)
  })

  test('all slips of a gate are told at once', () => {
    const found = problemsOf('rejected(class=user, cause=expird, window=cutovr..end) < x')
    expect(found.map(({ column }) => column)).toEqual([16, 28, 43, 58])
  })

  test('names are only checked where they are known', () => {
    expect(checkGate('rejected(class=anybody, window=restart(anything)..end) < 5')).toEqual([])
  })
})

const latency = (p99Ms: number): OpLatency => ({ n: 100, p50Ms: 1, p95Ms: 2, p99Ms, maxMs: 20 })

/** Users are refused 5 an interval for two minutes after a switch at 1,800 s; heat until its restart at 2,400 s. */
const record = recordOf({
  header: { warmupSec: 60 },
  events: [
    eventOf('cutover', 1805, { to: 'fernet', endedSec: 1815 }),
    eventOf('restart', 2400, { target: 'heat', endedSec: 2402 }),
  ],
  counts: (fromSec) => [
    countOf(95),
    refusedOf(fromSec >= 1800 && fromSec < 1920 ? 5 : 0),
    fromSec >= 1800 && fromSec < 2400
      ? refusedOf(1, { clientClass: 'heat' })
      : countOf(1, { clientClass: 'heat' }),
  ],
  line: (fromSec) => ({
    uuidTokensSeen: fromSec < 3000 ? 2 : 0,
    latency: { validate: latency(fromSec < 1800 ? 10 : 12) },
  }),
  table: [tableOf(0, 300_000), tableOf(1800, 299_000), tableOf(1810, 100), tableOf(3601, 0)],
  end: {
    latency: {
      validate: {
        before: { count: 100, p50Ms: 1, p95Ms: 2, p99Ms: 10, maxMs: 20 },
        after: { count: 100, p50Ms: 1, p95Ms: 2, p99Ms: 12, maxMs: 20 },
        timeLapse: { count: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0, maxMs: 0 },
      },
    },
  },
})

describe('on a record', () => {
  test.each([
    ['rows(at=end) == 0', 'pass', 0, 0],
    ['rows(at=cutover) >= 290000', 'pass', 299_000, 290_000],
    ['rows(at=cutover+10s) > 100', 'fail', 100, 100],
    ['rejected(class=users, window=cutover..+120s) < 60', 'fail', 60, 60],
    ['rejected(class=users, window=cutover..+120s) <= 60', 'pass', 60, 60],
    ['rejected(class=users, window=cutover..+60s) == 30', 'pass', 30, 30],
    ['rejected(class=users, window=before) == 0', 'pass', 0, 0],
    ['rejected(window=before) == 0', 'pass', 0, 0],
    ['rejected(class=users, window=after) == 50', 'pass', 50, 50],
    ['rejected(class=heat, cause=uuid-on-fernet-node) > 0', 'pass', 60, 0],
    ['rejected(class=heat, cause=expired) > 0', 'fail', 0, 0],
    ['rejected(class=heat, window=restart(heat)..end) == 0', 'pass', 0, 0],
    ['rejected(class=heat, window=-60s..restart(heat)) == 6', 'pass', 6, 6],
    ['rejected_ratio(class=users, window=cutover..+120s) < 0.05', 'fail', 5, 5],
    ['rejected_ratio(class=users, window=cutover..+120s) <= 5%', 'pass', 5, 5],
    ['rejected_ratio(class=users, window=after) <= 2 * before', 'fail', (100 * 50) / (178 * 95 + 50), 0],
    ['requests(class=heat, window=all) == 360', 'pass', 360, 360],
    ['requests(class=heat, window=cutover+1m..+120s) == 12', 'pass', 12, 12],
    ['requests(class=heat, window=-120s..cutover-1m) == 12', 'pass', 12, 12],
    ['shed() == 0', 'pass', 0, 0],
    ['p99(response, op=validate, window=after) <= 1.2 * before', 'pass', 12, 12],
    ['p99(response, op=validate, window=after) < 12ms', 'fail', 12, 12],
    ['p99(response, op=validate, window=after) < 0.0121s', 'pass', 12, 12.1],
    ['outage(class=heat) < 60s', 'fail', 600, 60],
    ['outage(class=users) < 1m', 'pass', 0, 60],
    ['uuid_seen(window=3000s..end) == 0', 'pass', 0, 0],
    ['uuid_seen(window=start..20s) == 4', 'pass', 4, 4],
  ])('%s: %s', (text, result, observed, limit) => {
    const told = judge(text, record)
    expect(told.result).toBe(result)
    expect(told.observed).toBeCloseTo(observed)
    expect(told.limit).toBeCloseTo(limit)
  })

  test('what was under way at the planned end, and ended after it, counts to the end', () => {
    const late = recordOf({
      recordedSec: 3610,
      counts: (sec) => [countOf(1), refusedOf(sec === 3600 ? 3 : 0)],
    })
    for (const window of ['all', 'start..end', '30m..end'])
      expect(judge(`rejected(window=${window}) == 0`, late)).toMatchObject({ result: 'fail', observed: 3 })
    expect(judge('rejected(window=start..end-10s) == 0', late).observed).toBe(0)
  })

  test('a quantile over any other window is put together from intervals, and says so', () => {
    const told = judge('p99(response, op=validate, window=cutover+1m..end) <= 13ms', record)
    expect(told).toMatchObject({ result: 'pass', approximate: true })
    expect(told.observed).toBeCloseTo(12, 1)
    expect(judge('p99(response, op=validate, window=after) <= 13ms', record).approximate).toBe(false)
  })

  test('a count that reaches into thinned traffic says that it is a sample', () => {
    const clock = [
      { untilSec: 2000, speed: 60, traffic: 1 },
      { untilSec: 3600, speed: 600, traffic: 0.02 },
    ]
    const thinned = { ...record, header: { ...record.header, clock } }
    expect(judge('rejected(window=all) < 500', thinned).note).toContain('a sample of 2 %')
    expect(judge('rejected(window=before) < 500', thinned).note).toBe('')
  })
})

describe('a fault', () => {
  const killed = eventOf('fault backend-killed', 1800, { fault: 1, endedSec: 1800 })
  const restarted = eventOf('repair backend-killed', 1860, { fault: 1, endedSec: 1860 })
  const response = (meanMs: number): OpLatency => ({ ...latency(meanMs), meanMs, sdMs: 1 })
  // Five intervals in which 40 of 100 requests fail and validations take twice as long.
  const down = (sec: number): boolean => sec >= 1800 && sec < 1850
  const faulty = recordOf({
    counts: (sec) =>
      down(sec) ? [countOf(60), countOf(40, { outcome: 'failed', status: 500 })] : [countOf(100)],
    line: (sec) => ({ latency: { validate: response(down(sec) ? 20 : 10) } }),
    events: [killed, restarted],
  })

  test.each([
    ['downtime(fault=backend-killed) < 60s', 'pass', 40, 60],
    ['downtime(fault=kill-backend) < 30s', 'fail', 40, 30],
    ['downtime() <= 40s', 'pass', 40, 40],
    ['recovery(fault=backend-killed) < 1m', 'pass', 45, 60],
    ['degradation(fault=backend-killed, op=validate) <= 20%', 'fail', 100, 20],
    ['degradation(fault=backend-killed, op=issue) <= 20%', 'pass', 0, 20],
  ])('%s: %s', (text, result, observed, limit) => {
    const told = judge(text, faulty)
    expect(told).toMatchObject({ result, limit })
    expect(told.observed).toBeCloseTo(observed, 6)
  })

  test('of several the worst is judged', () => {
    const short = eventOf('fault backend-killed', 600, { fault: 2, endedSec: 600 })
    const twice = recordOf({
      counts: (sec) =>
        down(sec) || (sec >= 600 && sec < 620)
          ? [countOf(60), countOf(40, { outcome: 'failed' })]
          : [countOf(100)],
      events: [short, eventOf('repair backend-killed', 630, { fault: 2, endedSec: 630 }), killed, restarted],
    })
    expect(judge('downtime() < 30s', twice)).toMatchObject({ result: 'fail', observed: 40 })
    expect(judge('recovery() < 40s', twice)).toMatchObject({ result: 'fail', observed: 45 })
  })

  test('is told of with its interval', () => {
    expect(judge('downtime() < 60s', faulty).note).toBe('95 % interval 32.2 to 47.8')
  })

  test.each([
    ['downtime(fault=database-slow) < 2s', faulty, 'there was no fault database-slow'],
    ['downtime() < 2s', recordOf(), 'there was no fault'],
    [
      'downtime() < 2s',
      recordOf({ events: [eventOf('fault backend-killed', 0, { fault: 1 })] }),
      'too little calm before it',
    ],
    [
      'recovery() < 2s',
      recordOf({ counts: (sec) => [sec < 1800 ? countOf(100) : refusedOf(100)], events: [killed] }),
      'no recovery was seen up to second 3600',
    ],
  ])('of which nothing is known is no pass: %s', (text, on, note) => {
    const told = judge(text, on)
    expect(told.result).toBe('no-data')
    expect(told.note).toContain(note)
  })
})

describe('no data', () => {
  const noSwitch = { ...record, events: [] }
  const killed: RunRecord = {
    ...record,
    intervals: record.intervals.filter((line) => line.fromSec < 1900),
    end: null,
  }
  const silent = recordOf({ events: record.events })

  test.each([
    ['rows(at=end) == 0', recordOf(), 'nobody had looked at the table'],
    ['rows(at=cutover) == 0', noSwitch, 'no node switched'],
    ['rows(at=end) == 0', killed, 'the record ends at second 1900'],
    ['rejected(class=users, window=all) == 0', silent, 'users made no request'],
    ['rejected_ratio(window=before) == 0', silent, 'no request was made'],
    ['rejected(window=after) == 0', noSwitch, 'no node switched'],
    ['rejected(window=cutover..+120s) < 500', killed, 'the record ends at second 1900'],
    ['rejected(window=cutover..+2s) < 500', record, 'the window is empty in intervals of 10 s'],
    ['rejected(window=restart(heat)..end) == 0', noSwitch, 'heat was not restarted'],
    ['p99(response, op=issue, window=after) < 5s', record, 'Keystone answered no issue'],
    ['p99(response, op=validate, window=before) < 5s', silent, 'Keystone answered no validate'],
    [
      'p99(response, op=validate, window=all) <= 1.2 * before',
      silent,
      'before: Keystone answered no validate',
    ],
    [
      'rows(at=end) == 0',
      {
        ...killed,
        end: { ...(recordOf().end as NonNullable<RunRecord['end']>), scenarioSec: 2118.899_441_954 },
      },
      'the record ends at second 2119, before second 3600',
    ],
    ['outage(class=heat) < 60s', silent, 'heat made no request'],
    ['uuid_seen(window=all) == 0', silent, 'no validation told the format'],
  ])('%s is no pass', (text, on, note) => {
    const told = judge(text, on)
    expect(told.result).toBe('no-data')
    expect(told.note).toContain(note)
  })

  test('what was recorded before the kill is still judged', () => {
    expect(judge('rejected(class=users, window=cutover..+60s) < 500', killed)).toMatchObject({
      result: 'pass',
      observed: 30,
    })
    expect(judge('p99(response, op=validate, window=before) < 11ms', killed)).toMatchObject({
      result: 'pass',
      approximate: true,
    })
  })

  test('response times of a time-lapse predict nothing', () => {
    const clock = [{ untilSec: 3600, speed: 1440, traffic: 1 }]
    const lapse = { ...record, end: null, header: { ...record.header, clock } }
    expect(judge('p99(response, op=validate, window=start..30m) < 5s', lapse).result).toBe('no-data')
  })
})
