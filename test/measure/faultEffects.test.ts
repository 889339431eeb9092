// What a fault did, on records made by hand: downtime, recovery and degradation as OpenStack's reliability reports count them.
// Expected figures are worked out from the definitions; t quantiles and the difference of means are those of tables.
import { describe, expect, test } from '@jest/globals'
import { faultEffects, type FaultEffect } from '../../src/measure/faultEffects.js'
import type { OpLatency } from '../../src/measure/record.js'
import { compareMeans, poolSpreads, studentT975 } from '../../src/measure/spread.js'
import { countOf, eventOf, recordOf, refusedOf, type HandMade } from './handMade.js'

const killed = eventOf('fault backend-killed', 1800, { fault: 1, endedSec: 1800 })
const restarted = eventOf('repair backend-killed', 1860, { fault: 1, endedSec: 1860 })

const response = (meanMs: number, n = 100): OpLatency => ({
  n,
  p50Ms: meanMs,
  p95Ms: meanMs,
  p99Ms: meanMs,
  maxMs: meanMs,
  meanMs,
  sdMs: 1,
})

/** An hour of 100 good requests each 10 s, at 10 ms, but for what is said. */
const effectsOf = (made: HandMade): readonly FaultEffect[] =>
  faultEffects(
    recordOf({
      counts: () => [countOf(100)],
      line: () => ({ latency: { validate: response(10) } }),
      events: [killed, restarted],
      ...made,
    }),
  )

const only = (made: HandMade): FaultEffect => {
  const [effect, ...others] = effectsOf(made)
  expect(others).toEqual([])
  return effect as FaultEffect
}

const within = (fromSec: number, toSec: number) => (sec: number) => sec >= fromSec && sec < toSec

describe('a fault that nobody noticed', () => {
  test('has no downtime, and was over at once', () => {
    expect(only({})).toMatchObject({
      kind: 'backend-killed',
      planned: true,
      atSec: 1800,
      repairedSec: 1860,
      effect: { refused: 0, failed: 0, timeout: 0, byCause: {}, failedSteps: 0 },
      recovered: true,
      downtimeSec: { value: 0, low: 0, high: 0 },
      recoverySec: { value: 0, low: 0, high: 0 },
      degradation: [],
    })
  })
})

describe('downtime', () => {
  const down = within(1800, 1850)

  test('is the time in which requests went wrong, its edges known to an interval', () => {
    const { downtimeSec, recoverySec, recovered, effect } = only({
      counts: (sec) =>
        down(sec) ? [countOf(60), countOf(40, { outcome: 'failed', status: 500 })] : [countOf(100)],
    })
    expect(effect).toMatchObject({ refused: 0, failed: 200, timeout: 0 })
    // From somewhere in 1800..1810 to somewhere in 1840..1850: 40 s, in 95 of 100 cases within 10 · (1 − √0.05).
    expect(downtimeSec?.value).toBe(40)
    expect(downtimeSec?.high).toBeCloseTo(47.764, 3)
    expect(downtimeSec?.low).toBeCloseTo(32.236, 3)
    expect(recovered).toBe(true)
    expect(recoverySec).toEqual({ value: 45, low: 40.25, high: 49.75 })
  })

  test('does not count what went wrong as often before', () => {
    const share = only({
      counts: (sec) => (down(sec) ? [countOf(40), refusedOf(60)] : [countOf(90), refusedOf(10)]),
    })
    expect(share.baseline?.badShare).toBeCloseTo(0.1, 9)
    expect(share.downtimeSec?.value).toBe(40)
    // Of 100 requests 10 are expected, and 4 · √(0.1 · 0.9 · 100) = 12 more are chance.
    expect(only({ counts: (sec) => [countOf(100), refusedOf(down(sec) ? 22 : 11)] }).downtimeSec?.value).toBe(
      0,
    )
    expect(only({ counts: (sec) => [countOf(100), refusedOf(down(sec) ? 30 : 11)] }).downtimeSec?.value).toBe(
      40,
    )
  })

  test('is not ended by six requests that went well, but by seven', () => {
    const holed = (well: number): number | undefined =>
      only({
        counts: (sec) =>
          sec === 1820
            ? [countOf(well)]
            : down(sec)
              ? [countOf(5, { outcome: 'timeout', status: 0 })]
              : [countOf(100)],
      }).downtimeSec?.value
    expect(holed(6)).toBe(40)
    // 1800..1820 and 1830..1850, each shorter by an interval.
    expect(holed(7)).toBe(20)
  })

  test('counts the causes of what was refused, and the steps that failed', () => {
    const { effect } = only({
      counts: (sec) =>
        down(sec) ? [countOf(60), refusedOf(3, { cause: 'key-not-distributed' })] : [countOf(100)],
      events: [killed, eventOf('keys.rotate', 1820, { ok: false }), restarted],
    })
    expect(effect).toEqual({
      refused: 15,
      failed: 0,
      timeout: 0,
      byCause: { 'key-not-distributed': 15 },
      failedSteps: 1,
    })
  })
})

describe('degradation', () => {
  const slow = within(1800, 1900)

  test('is the mean while it was slow against the mean before, with the interval of Student’s t', () => {
    const { degradation, recoverySec, downtimeSec } = only({
      line: (sec) => ({ latency: { validate: response(slow(sec) ? 30 : 10) } }),
    })
    expect(downtimeSec?.value).toBe(0)
    expect(recoverySec?.value).toBe(95)
    const [validate] = degradation
    expect(validate).toMatchObject({ op: 'validate', baselineMs: 10, meanMs: 30 })
    // 1,000 responses against 18,000, each ± 1 ms: 1.96 · √(1/1000 + 1/18000) = 0.0637 ms.
    expect(validate?.difference.value).toBeCloseTo(20, 9)
    expect((validate?.difference.high ?? 0) - 20).toBeCloseTo(0.0637, 4)
    expect(validate?.ratio.value).toBeCloseTo(3, 9)
    expect((validate?.ratio.high ?? 0) - 3).toBeCloseTo(0.00637, 5)
  })

  test('begins beyond four standard deviations of the calm', () => {
    const degraded = (meanMs: number): number =>
      only({ line: (sec) => ({ latency: { validate: response(slow(sec) ? meanMs : 10) } }) }).degradation
        .length
    expect(degraded(13.9)).toBe(0)
    expect(degraded(14.1)).toBe(1)
  })

  test('is not looked for in a time-lapse', () => {
    const { degradation } = only({
      header: { clock: [{ untilSec: 3600, speed: 1000, traffic: 1 }] },
      line: (sec) => ({ latency: { validate: response(slow(sec) ? 30 : 10) } }),
    })
    expect(degradation).toEqual([])
  })
})

describe('what cannot be known', () => {
  test('is not made up where there was no calm before the fault', () => {
    const { baseline, downtimeSec, recoverySec, recovered } = only({
      header: { warmupSec: 1800 },
      counts: () => [refusedOf(10)],
    })
    expect({ baseline, downtimeSec, recoverySec, recovered }).toEqual({
      baseline: null,
      downtimeSec: null,
      recoverySec: null,
      recovered: null,
    })
  })

  test('is when it will be over, if it goes on to the end', () => {
    const { recovered, recoverySec, downtimeSec } = only({
      counts: (sec) => (sec >= 1800 ? [refusedOf(10)] : [countOf(100)]),
      events: [killed],
    })
    expect({ recovered, recoverySec }).toEqual({ recovered: false, recoverySec: null })
    expect(downtimeSec?.value).toBe(1790)
  })
})

describe('several faults', () => {
  test('are each watched until the next, and the second is compared with the calm after the first', () => {
    const hung = eventOf('fault backend-hung', 2400, { fault: 2, endedSec: 2400 })
    const effects = effectsOf({
      counts: (sec) =>
        within(1800, 1900)(sec) || within(2400, 2420)(sec) ? [refusedOf(50)] : [countOf(100)],
      events: [killed, restarted, hung],
    })
    expect(effects.map(({ kind, watchedUntilSec }) => [kind, watchedUntilSec])).toEqual([
      ['backend-killed', 2400],
      ['backend-hung', 3600],
    ])
    expect(effects.map(({ effect }) => effect.refused)).toEqual([500, 100])
    expect(effects[1]?.baseline).toMatchObject({ toSec: 2400, badShare: 0 })
    expect(effects[1]?.baseline?.fromSec).toBeGreaterThan(1890)
  })

  test('count what nobody had planned as well', () => {
    const died = eventOf('fault', 1800, { origin: 'fault', ok: false, label: 'backend 2 died' })
    expect(only({ events: [died] })).toMatchObject({ kind: 'died', planned: false, repairedSec: null })
  })
})

describe('means and their spread', () => {
  test('are put together by the law of total variance', () => {
    // 1, 2, 3 and 7, 8, 9, 10: mean 40/7; squares add up to 308, so the variance is 308/7 − (40/7)².
    const pooled = poolSpreads([
      { n: 3, mean: 2, variance: 2 / 3 },
      { n: 4, mean: 8.5, variance: 1.25 },
    ])
    expect(pooled?.mean).toBeCloseTo(40 / 7, 12)
    expect(pooled?.variance).toBeCloseTo(308 / 7 - (40 / 7) ** 2, 12)
    expect(poolSpreads([])).toBeNull()
  })

  test.each([
    [5, 2.5706],
    [10, 2.2281],
    [30, 2.0423],
    [120, 1.9799],
    [1e6, 1.96],
  ])('Student’s t at 97.5 %% with %d degrees of freedom is %d, as tables have it', (degrees, t) => {
    expect(Math.abs(studentT975(degrees) / t - 1)).toBeLessThan(0.002)
  })

  test('are compared as in a worked example', () => {
    // Two samples of 17: 5.3529 ± 2.743 (variance) and 3.8824 ± 2.985; their difference is 1.470 (0.29 to 2.65).
    // David Lane, Online Statistics, "Difference between two means", with variances of samples.
    const { difference } = compareMeans(
      { n: 17, mean: 5.3529, variance: 2.743 },
      { n: 17, mean: 3.8824, variance: 2.985 },
    )
    expect(difference.value).toBeCloseTo(1.4705, 4)
    expect(difference.low).toBeCloseTo(0.29, 2)
    expect(difference.high).toBeCloseTo(2.65, 2)
  })
})
