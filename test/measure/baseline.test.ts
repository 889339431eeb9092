// Two builds compared, on records made by hand with known differences, and on seeded chance with a known rate of alarms.
// It exists because a gate that cries wolf is switched off, and one that never does is none.
import { describe, expect, test } from '@jest/globals'
import { Random } from '../../src/base/random.js'
import {
  compareWithBaseline,
  comparedRun,
  unlike,
  type BaselineComparison,
  type BaselineOptions,
  type ComparedRun,
} from '../../src/measure/baseline.js'
import { normalQuantile } from '../../src/measure/normal.js'
import { compareOutcomes } from '../../src/measure/outcomes.js'
import { riseChances } from '../../src/measure/signFlips.js'
import type { LatencySummary, RunRecord } from '../../src/measure/record.js'
import { countOf, eventOf, recordOf, refusedOf, tableOf, type HandMade } from './handMade.js'

const options: BaselineOptions = { margin: 0.1, times: ['cpu', 'p50'] }

const times = (p50Ms: number, count = 1000): LatencySummary => ({
  count,
  p50Ms,
  p95Ms: 2 * p50Ms,
  p99Ms: 3 * p50Ms,
  maxMs: 9 * p50Ms,
})
const none = times(0, 0)

interface Made {
  readonly p50Ms?: number
  readonly cpuSec?: number
  readonly latenessMs?: number
  readonly made?: HandMade
}

/** A local run that began at a minute of the day, with 100 requests to Keystone. */
const runAt = (
  minute: number,
  { p50Ms = 1, cpuSec = 1.8, latenessMs = 1, made = {} }: Made = {},
): RunRecord =>
  recordOf({
    counts: () => [countOf(10), countOf(10, { leg: 'keystone', op: 'validate' })],
    ...made,
    header: {
      world: 'local',
      store: 'sqlite',
      durationSec: 100,
      startedAt: `2026-01-01T${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}:00Z`,
      ...made.header,
    },
    end: {
      service: { validate: { before: times(p50Ms), after: none, timeLapse: none } },
      backendsCpuSec: cpuSec,
      lateness: { p50Ms: 0.1, p99Ms: latenessMs, maxMs: latenessMs },
      ...made.end,
    },
  })

/** Runs in turns: A B B A …, each made from the number of its repetition. */
const inTurns = (
  repetitions: number,
  baseline: (i: number) => Made,
  candidate: (i: number) => Made,
): { readonly baseline: readonly RunRecord[]; readonly candidate: readonly RunRecord[] } => {
  const at = (i: number, second: boolean): number => 2 * i + ((i % 2 === 0) === second ? 1 : 0)
  return {
    baseline: Array.from({ length: repetitions }, (_, i) => runAt(at(i, false), baseline(i))),
    candidate: Array.from({ length: repetitions }, (_, i) => runAt(at(i, true), candidate(i))),
  }
}

const compare = (
  {
    baseline,
    candidate,
  }: { readonly baseline: readonly RunRecord[]; readonly candidate: readonly RunRecord[] },
  more: Partial<BaselineOptions> = {},
): BaselineComparison =>
  compareWithBaseline(baseline.map(comparedRun), candidate.map(comparedRun), { ...options, ...more })

/** What a machine does to a run: some percent up and down, never the same. */
const jitter = (i: number, percent: number): number => 1 + (percent / 100) * Math.sin(7 * i * i + 3 * i)

describe('times of runs in turns', () => {
  test('that are all longer are called slower, by their interval', () => {
    const runs = inTurns(
      10,
      (i) => ({ p50Ms: jitter(i, 3), cpuSec: 1.8 * jitter(i + 20, 1) }),
      (i) => ({ p50Ms: 1.15 * jitter(i + 50, 3), cpuSec: 2.07 * jitter(i + 70, 1) }),
    )
    const { verdict, times: found, reasons } = compare(runs)
    expect(verdict).toBe('fail')
    const [cpu, p50] = found
    expect(cpu).toMatchObject({
      kind: 'cpu',
      name: 'processor time of the backends for a request',
      result: 'slower',
    })
    expect(p50).toMatchObject({ kind: 'p50', name: 'validate p50', result: 'slower', repetitions: 10 })
    for (const { ratio } of found) {
      expect(ratio.low).toBeLessThan(1.15)
      expect(ratio.high).toBeGreaterThan(1.15)
      expect(ratio.high - ratio.low).toBeLessThan(0.08)
    }
    expect(p50?.words).toMatch(/^slower by 1\d–1\d %$/)
    expect(reasons[1]).toBe(`validate p50: ${p50?.words}`)
  })

  test('that do not differ are no difference shown, where a rise of the margin would have been seen', () => {
    const { verdict, times: found } = compare(
      inTurns(
        10,
        (i) => ({ p50Ms: jitter(i, 3) }),
        (i) => ({ p50Ms: jitter(i + 50, 3) }),
      ),
    )
    expect(found.map(({ result, words }) => [result, words])).toEqual([
      ['no-difference', 'no difference shown'],
      ['no-difference', 'no difference shown'],
    ])
    expect(verdict).toBe('pass')
  })

  test('that scatter too much are too noisy, with how many repetitions would settle it', () => {
    const noisy = (repetitions: number) =>
      inTurns(
        repetitions,
        (i) => ({ p50Ms: jitter(i, 14) }),
        (i) => ({ p50Ms: jitter(i + 50, 14) }),
      )
    const { verdict, reasons, times: found } = compare(noisy(10))
    expect(verdict).toBe('inconclusive')
    const [, p50] = found
    expect(p50?.result).toBe('too-noisy')
    expect(p50?.words).toBe(`too noisy: ${p50?.moreRepetitions} more repetitions would settle it`)
    expect(reasons).toEqual([`validate p50: ${p50?.words}`])
    // As many as were asked for do settle it.
    expect(compare(noisy(10 + (p50?.moreRepetitions ?? 0))).times[1]?.result).not.toBe('too-noisy')
  })

  test('of fewer runs than could ever show a rise are too noisy, however equal they are', () => {
    const few = compare(
      inTurns(
        4,
        () => ({}),
        () => ({}),
      ),
    )
    expect(few.verdict).toBe('inconclusive')
    // 2 times in n pairs: 2 · 2⁻ⁿ is at most 1 % from 8 pairs on.
    expect(few.times.map(({ words }) => words)).toEqual(
      Array(2).fill('too noisy: 4 more repetitions would settle it'),
    )
    expect(
      compare(
        inTurns(
          8,
          () => ({}),
          () => ({}),
        ),
      ).verdict,
    ).toBe('pass')
  })

  test('that are shorter are called faster, and pass', () => {
    const { verdict, times: found } = compare(
      inTurns(
        10,
        (i) => ({ p50Ms: jitter(i, 2) }),
        (i) => ({ p50Ms: 0.8 * jitter(i + 50, 2) }),
      ),
    )
    expect(verdict).toBe('pass')
    expect(found[1]?.words).toMatch(/^faster by 1\d–2\d %$/)
  })

  test('are compared on each side of a switch by themselves', () => {
    const switched = (after: number): Made => ({
      made: {
        events: [eventOf('cutover', 50, { to: 'fernet' })],
        end: { service: { validate: { before: times(1), after: times(after), timeLapse: none } } },
      },
    })
    const { times: found } = compare(
      inTurns(
        10,
        () => switched(1),
        () => switched(1.3),
      ),
      { times: ['p50'] },
    )
    expect(found.map(({ name, result }) => [name, result])).toEqual([
      ['validate p50 before the switch', 'no-difference'],
      ['validate p50 after the switch', 'slower'],
    ])
  })

  test('of a late generator are left out, but not its processor time', () => {
    const late = (i: number): Made => ({ latenessMs: i === 3 ? 500 : 1, p50Ms: i === 3 ? 400 : 1 })
    const { times: found, notes } = compare(inTurns(9, () => ({}), late))
    expect(found.map(({ kind, repetitions, result }) => [kind, repetitions, result])).toEqual([
      ['cpu', 9, 'no-difference'],
      ['p50', 8, 'no-difference'],
    ])
    expect(notes).toEqual([
      'the load generator was late or starved in 1 of 9 repetitions, so their service times are left out',
    ])
  })
})

describe('no data is no pass', () => {
  test.each<readonly [string, ReturnType<typeof inTurns>, RegExp]>([
    [
      'runs of one side after those of the other',
      {
        baseline: [0, 1, 2].map((minute) => runAt(minute)),
        candidate: [3, 4, 5].map((minute) => runAt(minute)),
      },
      /were not made in turns/,
    ],
    [
      'runs of two machines',
      inTurns(
        10,
        () => ({}),
        () => ({
          made: { header: { machine: { cpus: 64, memoryBytes: 1, node: 'v20', platform: 'linux' } } },
        }),
      ),
      /different machines/,
    ],
    [
      'runs that were interrupted',
      inTurns(
        10,
        () => ({ made: { end: { interrupted: 'Ctrl-C' } } }),
        () => ({}),
      ),
      /can be judged/,
    ],
    [
      'runs without times',
      inTurns(
        10,
        () => ({ made: { end: { service: {} } } }),
        () => ({}),
      ),
      /^no p50 could be compared/,
    ],
  ])('%s', (_what, runs, reason) => {
    const { verdict, reasons } = compare(runs)
    expect(verdict).toBe('inconclusive')
    expect(reasons.join('; ')).toMatch(reason)
  })
})

describe('outcomes', () => {
  const simulated = (refused: number, minute = 0): RunRecord =>
    runAt(minute, {
      made: {
        header: { world: 'simulated', store: 'memory' },
        counts: (sec) => [countOf(100), refusedOf(sec === 0 ? refused : 0)],
        table: [tableOf(100, 7)],
      },
    })

  test('of simulated time are equal to the last one, or differ by name', () => {
    const equal = compare({ baseline: [simulated(50)], candidate: [simulated(50)] })
    expect(equal).toMatchObject({ verdict: 'pass', times: [], outcomes: { exact: true, differences: [] } })
    expect(equal.reasons).toEqual(['the same outcomes as the baseline: 3 counts equal'])
    const other = compare({ baseline: [simulated(50)], candidate: [simulated(51)] })
    expect(other.verdict).toBe('fail')
    expect(other.reasons).toEqual([
      'not the same outcome: users: call rejected, uuid-on-fernet-node: 50 → 51',
    ])
  })

  const refusing = (n: number): Made => ({
    made: {
      counts: (sec) => [
        countOf(100),
        refusedOf(sec === 0 ? n : 0),
        countOf(10, { leg: 'keystone', op: 'validate' }),
      ],
    },
  })

  test('of real time scatter, and are named where they do not', () => {
    // Poisson of a mean of 50 has a standard deviation of 7.
    const scatter = [44, 57, 50, 61, 39, 48, 53]
    const alike = inTurns(
      7,
      (i) => refusing(scatter[i] ?? 0),
      (i) => refusing(scatter[(i + 3) % 7] ?? 0),
    )
    expect(compare(alike, { times: [] })).toMatchObject({
      verdict: 'pass',
      outcomes: { exact: false, differences: [] },
    })
    const twice = inTurns(
      7,
      (i) => refusing(scatter[i] ?? 0),
      (i) => refusing(2 * (scatter[i] ?? 0) + 10),
    )
    const { verdict, reasons } = compare(twice, { times: [] })
    expect(verdict).toBe('fail')
    expect(reasons[0]).toBe('not the same outcome: users: call rejected, uuid-on-fernet-node: 50 → 110')
  })

  const differing = (...sides: [readonly number[], readonly number[]]): number => {
    const [baseline, candidate] = sides.map((counts) =>
      counts.map((n) =>
        recordOf({ header: { world: 'local' }, recordedSec: 10, counts: () => [refusedOf(n)] }),
      ),
    )
    return compareOutcomes(baseline ?? [], candidate ?? []).differences.length
  }

  test('of single runs differ beyond four standard deviations, √(n₁ + n₂) each, and not before', () => {
    // |n − 100| = 4·√(100 + n) at 50.9 and at 165.1.
    expect([50, 51, 165, 166].map((n) => differing([100], [n]))).toEqual([1, 0, 0, 1])
  })

  test('of many runs differ only if their ranks say so, too', () => {
    expect(differing([100, 101, 102, 103, 104], [200, 201, 202, 203, 204])).toBe(1)
    // As far apart in the middle, but all over the place: ranks like these come by chance.
    expect(differing([100, 100, 100, 400, 400], [200, 200, 200, 100, 100])).toBe(0)
  })

  test('are named before times', () => {
    const runs = inTurns(
      8,
      () => ({}),
      () => ({ p50Ms: 2, ...refusing(90) }),
    )
    const { reasons } = compare(runs)
    expect(reasons[0]).toMatch(/^not the same outcome/)
    expect(reasons.at(-1)).toMatch(/^validate p50: slower/)
  })
})

test('runs of different things are told by what differs', () => {
  const other = runAt(1, { made: { header: { seed: 8, scenarioText: 'name: other' } } })
  expect(unlike([runAt(0), runAt(2)])).toEqual([])
  expect(unlike([runAt(0), other])).toEqual(['scenario', 'seed'])
})

describe('chance', () => {
  const random = new Random(20170404, 'baseline')
  const normal = (): number => normalQuantile(Math.max(1e-9, random.unit()))
  /** A build's time in each repetition: the machine's mood of that minute for both, and noise of each run; heavy tails. */
  const pairOf = (slowdown: number) => {
    const noise = (): number => Math.exp(0.04 * normal() * (random.unit() < 0.1 ? 4 : 1))
    const moods = Array.from({ length: 10 }, () => Math.exp(0.2 * normal()))
    const made = (factor: number) => (i: number) => {
      const p50Ms = factor * (moods[i] ?? 1) * noise()
      return { p50Ms, cpuSec: 1.8 * p50Ms ** 0.5 * noise() }
    }
    return inTurns(10, made(1), made(slowdown))
  }
  const asIs = (record: RunRecord): ComparedRun => ({ record, flaws: [], late: [] })
  const calledSlower = (slowdown: number): number =>
    Array.from({ length: slowdown === 1 ? 40 : 20 }, () => {
      const { baseline, candidate } = pairOf(slowdown)
      return compareWithBaseline(baseline.map(asIs), candidate.map(asIs), options)
    }).filter(({ times: found }) => found.some(({ result }) => result === 'slower')).length

  test('makes at most 2 of 40 equal builds slower, and hides at most 2 of 20 that are', () => {
    expect(calledSlower(1)).toBeLessThanOrEqual(2)
    expect(calledSlower(1.2)).toBeGreaterThanOrEqual(18)
  })

  test('alarms in no more than one comparison of a hundred, for all times together', () => {
    const comparisons = 400
    let alarms = 0
    for (let i = 0; i < comparisons; i++) {
      const shared = Array.from({ length: 8 }, normal)
      const figures = Array.from({ length: 5 }, () => shared.map((x) => x + normal()))
      if (riseChances(figures, i).some((chance) => chance <= 0.05)) alarms++
    }
    // At 5 %, so that there are enough to count: 20 expected at most, and four standard deviations more.
    expect(alarms).toBeLessThanOrEqual(20 + 4 * Math.sqrt(19))
    // The test is not idle either: with 8 pairs it could alarm in 12 of 256 ways.
    expect(alarms).toBeGreaterThan(4)
  })
})
