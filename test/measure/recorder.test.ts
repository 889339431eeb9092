// The recorder: counts by interval, distributions against exact quantiles, windows, the log, bounded lines.
// Samples are made by hand or from a seed; the clock of the tests is the samples' own.
import { describe, expect, test } from '@jest/globals'
import { HistogramLogReader } from 'hdr-histogram-js'
import { Random } from '../../src/base/random.js'
import { micros } from '../../src/base/time.js'
import type { IntervalLine, SeriesLine } from '../../src/measure/record.js'
import { highestUs } from '../../src/measure/histograms.js'
import { createRecorder, type RecorderOptions } from '../../src/measure/recorder.js'
import type { Sample } from '../../src/measure/sample.js'
import { eventOf, sampleOf, tableOf } from './handMade.js'

const start = (more: Partial<RecorderOptions> = {}) => {
  const lines: SeriesLine[] = []
  const hlog: string[] = []
  const recorder = createRecorder({
    intervalSec: 10,
    durationSec: 100,
    warmupSec: 0,
    classes: ['users', 'heat'],
    stretches: [{ untilSec: 100, speed: 1, traffic: 1 }],
    emit: (line) => lines.push(line),
    emitHlog: (line) => hlog.push(line),
    ...more,
  })
  const intervals = (): IntervalLine[] =>
    lines.filter((line): line is IntervalLine => line.kind === 'interval')
  return { recorder, lines, hlog, intervals }
}

const answered = (atSec: number, responseMs: number, more: Partial<Sample> = {}): Sample =>
  sampleOf({
    leg: 'keystone',
    op: 'validate',
    atSec,
    due: micros(atSec),
    sent: micros(atSec),
    done: micros(atSec + responseMs / 1000),
    ...more,
  })

/** The value at rank ⌈q·n⌉, as the histogram defines a percentile. */
const exactQuantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(q * values.length) - 1)] ?? 0

describe('counting', () => {
  test('an interval lists only counts that are not zero, in an order that does not depend on the samples', () => {
    const forward = start()
    const backward = start()
    const samples = [
      sampleOf({ clientClass: 'nova', atSec: 3 }),
      sampleOf({ clientClass: 'heat', outcome: 'rejected', status: 401, cause: 'expired', atSec: 3 }),
      sampleOf({ clientClass: 'aodh', atSec: 3 }),
      sampleOf({ atSec: 3 }),
      sampleOf({ node: 2, atSec: 3 }),
    ]
    for (const sample of samples) forward.recorder.record(sample)
    for (const sample of samples.reverse()) backward.recorder.record(sample)
    forward.recorder.advance(20)
    backward.recorder.advance(20)
    const [first, second] = forward.intervals()
    expect(first?.counts.map((count) => count.clientClass)).toEqual([
      'users',
      'users',
      'heat',
      'aodh',
      'nova',
    ])
    expect(second?.counts).toEqual([])
    expect(backward.intervals()).toEqual(forward.intervals())
  })

  test('a sample is counted in the interval in which it ended, and closes those before it', () => {
    const { recorder, intervals } = start()
    recorder.record(sampleOf({ atSec: 9.999 }))
    recorder.record(sampleOf({ atSec: 10 }))
    recorder.record(sampleOf({ atSec: 35 }))
    recorder.finish(40)
    expect(intervals().map((line) => [line.fromSec, line.counts[0]?.n ?? 0])).toEqual([
      [0, 1],
      [10, 1],
      [20, 0],
      [30, 1],
    ])
  })

  test('a sample that comes too late for its interval is counted in the open one, and that is counted', () => {
    const { recorder, intervals } = start()
    recorder.advance(20)
    recorder.record(sampleOf({ atSec: 15 }))
    const end = recorder.finish(30)
    expect(intervals().map((line) => line.counts[0]?.n ?? 0)).toEqual([0, 0, 1])
    expect(end.recording.movedSamples).toBe(1)
  })

  test('rows inserted are the UUID tokens that Keystone issued, whoever asked', () => {
    const { recorder, intervals } = start()
    const issued = { leg: 'keystone', op: 'issue', format: 'uuid', atSec: 1 } as const
    recorder.record(sampleOf(issued))
    recorder.record(sampleOf({ ...issued, op: 'trust-issue' }))
    recorder.record(sampleOf({ ...issued, leg: 'client' }))
    recorder.record(sampleOf({ ...issued, format: 'fernet' }))
    recorder.record(sampleOf({ ...issued, op: 'validate' }))
    recorder.record(sampleOf({ ...issued, format: null, outcome: 'failed' }))
    recorder.finish(20)
    expect(intervals().map((line) => line.rowsInserted)).toEqual([2, undefined])
  })

  test('members are told in the interval of their first refusal, and of the end of their time without', () => {
    const { recorder, intervals } = start()
    recorder.memberHit('heat')
    recorder.memberHit('users')
    recorder.memberHit('users')
    recorder.advance(10)
    recorder.memberWithout('users', 3)
    recorder.memberWithout('users', 12.5)
    recorder.memberWithout('users', 8)
    recorder.finish(10)
    expect(intervals()).toMatchObject([
      { membersHit: { heat: 1, users: 2 } },
      { fromSec: 10, memberWithoutSec: { users: 12.5 } },
    ])
    expect(intervals()[0]).not.toHaveProperty('memberWithoutSec')
  })

  test('a run that ends inside an interval writes what it has of it', () => {
    const { recorder, intervals } = start()
    recorder.record(sampleOf({ atSec: 12 }))
    recorder.finish(14)
    expect(intervals().map((line) => line.fromSec)).toEqual([0, 10])
  })

  test('a width that is no binary fraction leaves no dust in the lines', () => {
    const { recorder, intervals } = start({ intervalSec: 0.1, durationSec: 1 })
    recorder.finish(1)
    expect(intervals().map((line) => line.fromSec)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
  })

  test('the caller may use one sample object for all', () => {
    const { recorder, intervals } = start()
    const sample = sampleOf({ atSec: 1 })
    recorder.record(sample)
    sample.clientClass = 'heat'
    recorder.record(sample)
    recorder.finish(10)
    expect(intervals()[0]?.counts.map((count) => count.clientClass)).toEqual(['users', 'heat'])
  })

  test('a table line and an event go into the series as they are', () => {
    const { recorder, lines } = start()
    recorder.table(tableOf(1, 5))
    recorder.event(eventOf('flush', 2))
    expect(lines).toEqual([tableOf(1, 5), eventOf('flush', 2)])
  })

  test('UUID tokens that Keystone still accepts are counted where the format is known', () => {
    const { recorder, intervals } = start()
    recorder.record(answered(1, 1, { format: 'uuid' }))
    recorder.record(answered(1, 1, { format: 'uuid', outcome: 'rejected', status: 404, cause: 'expired' }))
    recorder.record(answered(1, 1, { format: 'fernet' }))
    recorder.record(answered(11, 1, { format: 'fernet' }))
    recorder.record(answered(21, 1))
    recorder.finish(30)
    expect(intervals().map((line) => line.uuidTokensSeen)).toEqual([1, 0, undefined])
  })

  test('nothing can be recorded after the end', () => {
    const { recorder } = start()
    recorder.finish(10)
    expect(() => recorder.record(sampleOf())).toThrow('after the recorder had finished')
    expect(() => recorder.finish(10)).toThrow('finished twice')
  })
})

describe('response times', () => {
  test('quantiles agree with exact ones to three digits', () => {
    const { recorder, intervals } = start()
    const random = new Random(1, 'responses')
    const values = Array.from({ length: 5000 }, () => Math.round(1000 * (1 + random.exponential(40))) / 1000)
    for (const value of values) recorder.record(answered(5, value))
    const end = recorder.finish(10)
    const own = end.latency.validate?.before
    expect(own?.count).toBe(5000)
    for (const [q, measured] of [
      [0.5, own?.p50Ms],
      [0.95, own?.p95Ms],
      [0.99, own?.p99Ms],
      [1, own?.maxMs],
    ] as const) {
      const exact = exactQuantile(values, q)
      expect(Math.abs((measured ?? 0) - exact) / exact).toBeLessThan(0.001)
    }
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
    const line = intervals()[0]?.latency.validate
    expect(Math.abs((line?.meanMs ?? 0) / mean - 1)).toBeLessThan(0.001)
    expect(Math.abs((line?.sdMs ?? 0) / Math.sqrt(variance) - 1)).toBeLessThan(0.001)
    expect(line).toMatchObject({
      n: 5000,
      p50Ms: own?.p50Ms,
      p95Ms: own?.p95Ms,
      p99Ms: own?.p99Ms,
      maxMs: own?.maxMs,
    })
  })

  test('the time of a request counts from when it was due, not from when it was sent', () => {
    const { recorder } = start()
    recorder.record(answered(1, 500, { sent: micros(1.49) }))
    const end = recorder.finish(10)
    expect(end.latency.validate?.before.maxMs).toBeCloseTo(500, 0)
    expect(end.lateness.maxMs).toBeCloseTo(490, 0)
  })

  test('a member that waited for itself is no lateness of the generator', () => {
    const { recorder, intervals } = start()
    recorder.record(answered(1, 500, { sent: micros(1.49), waited: true }))
    recorder.finish(10)
    expect(intervals()[0]?.lateness).toBeNull()
  })

  test('the two samples of one exchange count once in the lateness', () => {
    const { recorder, intervals } = start()
    recorder.record(answered(1, 5))
    recorder.record(answered(1, 5, { leg: 'client' }))
    recorder.record(sampleOf({ atSec: 1 }))
    recorder.finish(10)
    expect(intervals()[0]?.lateness?.n).toBe(2)
  })

  test('a request without an answer has a response time only if somebody waited until the timeout', () => {
    const { recorder } = start()
    recorder.record(answered(1, 9000, { outcome: 'timeout', status: 0 }))
    recorder.record(answered(1, 0.1, { outcome: 'failed', status: 0 }))
    recorder.record(answered(1, 3, { outcome: 'shed', status: 0 }))
    expect(recorder.finish(10).latency.validate?.before).toMatchObject({ count: 1 })
  })

  test('a value beyond the range is clamped and counted, an early timer is on time', () => {
    const { recorder } = start()
    recorder.record(answered(1, 700_000))
    recorder.record(answered(1, -3))
    const end = recorder.finish(10)
    expect(end.recording.overRange).toBe(1)
    expect(end.latency.validate?.before).toMatchObject({ count: 2, p50Ms: 0, maxMs: highestUs / 1000 })
  })

  test('an instant that is no number is a defect', () => {
    const { recorder } = start()
    expect(() => recorder.record(answered(1, NaN))).toThrow('no number')
  })
})

describe('windows', () => {
  const windowCounts = (
    run: (recorder: ReturnType<typeof start>['recorder']) => void,
    more: Partial<RecorderOptions> = {},
  ) => {
    const { recorder } = start({ ...more, durationSec: 1000 })
    run(recorder)
    const own = recorder.finish(1000).latency.validate
    return [own?.before.count ?? 0, own?.after.count ?? 0, own?.timeLapse.count ?? 0]
  }

  test('before ends with the first node, after begins with the end of the last, and the switch is in neither', () => {
    const counts = windowCounts((recorder) => {
      recorder.record(answered(5, 1))
      recorder.markCutover(10)
      recorder.record(answered(11, 1))
      recorder.event(eventOf('cutover node 1', 10, { endedSec: 12 }))
      recorder.record(answered(20, 1))
      recorder.event(eventOf('cutover node 2', 40, { endedSec: 42 }))
      recorder.event(eventOf('cutover', 10, { endedSec: 42 }))
      recorder.record(answered(43, 1))
      recorder.record(answered(44, 1))
    })
    expect(counts).toEqual([1, 2, 0])
  })

  test('an event alone moves the windows too', () => {
    const counts = windowCounts((recorder) => {
      recorder.record(answered(5, 1))
      recorder.event(eventOf('cutover', 10, { endedSec: 11 }))
      recorder.record(answered(10.5, 1))
      recorder.record(answered(12, 1))
    })
    expect(counts).toEqual([1, 1, 0])
  })

  test('after a second switch, after begins anew', () => {
    const counts = windowCounts((recorder) => {
      recorder.markCutover(10)
      recorder.event(eventOf('cutover', 10))
      for (let i = 0; i < 9; i++) recorder.record(answered(20 + i, 1))
      recorder.markCutover(50)
      recorder.event(eventOf('cutover', 50))
      recorder.record(answered(60, 1))
    })
    expect(counts).toEqual([0, 1, 0])
  })

  test('the warm-up is in no window', () => {
    expect(windowCounts((recorder) => recorder.record(answered(5, 1)), { warmupSec: 10 })).toEqual([0, 0, 0])
  })

  test('what happens in a time-lapse is kept apart', () => {
    const stretches = [
      { untilSec: 50, speed: 120, traffic: 1 },
      { untilSec: 1000, speed: 121, traffic: 0.1 },
    ]
    const counts = windowCounts(
      (recorder) => {
        recorder.event(eventOf('cutover', 10))
        recorder.record(answered(20, 1))
        recorder.record(answered(60, 1))
      },
      { stretches },
    )
    expect(counts).toEqual([0, 1, 1])
  })
})

describe('the HdrHistogram log', () => {
  test('a reader of the standard format gets back what was recorded, by tag and in scenario seconds', () => {
    const { recorder, hlog } = start({ durationSec: 60_000 })
    for (let i = 1; i <= 100; i++) recorder.record(answered(5, i))
    recorder.record(answered(55, 7, { op: 'issue' }))
    recorder.finish(60)
    const reader = new HistogramLogReader(`${hlog.join('\n')}\n`)
    const first = reader.nextIntervalHistogram()
    expect([first?.tag, first?.startTimeStampMsec, first?.endTimeStampMsec, first?.totalCount]).toEqual([
      'validate',
      0,
      40_000,
      100,
    ])
    expect(first?.getValueAtPercentile(50)).toBeGreaterThan(49_950)
    expect(first?.getValueAtPercentile(50)).toBeLessThan(50_100)
    const second = reader.nextIntervalHistogram()
    expect([second?.tag, second?.startTimeStampMsec, second?.totalCount]).toEqual(['issue', 40_000, 1])
    expect(reader.nextIntervalHistogram()).toBeNull()
  })

  test('a run of any length writes at most 1,500 lines for a tag', () => {
    const { recorder, hlog } = start({ durationSec: 93_600 })
    for (let at = 5; at < 93_600; at += 10) recorder.record(answered(at, 2))
    recorder.finish(93_600)
    const lines = hlog.filter((line) => line.startsWith('Tag=validate,'))
    expect(lines.length).toBeLessThanOrEqual(1500)
    expect(lines.length).toBeGreaterThan(1000)
  })
})
