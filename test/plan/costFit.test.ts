// How the rows of a cost profile follow from closed loops. The truths are Little's law and the lognormal distribution's own quantiles.
import { describe, expect, test } from '@jest/globals'
import { fitTimes, lognormalBy, type FitPoint } from '../../src/plan/costFit.js'

const point = (concurrency: number, perSec: number, more: Partial<FitPoint> = {}): FitPoint => ({
  concurrency,
  perSec,
  p50Ms: 1,
  p95Ms: 1,
  otherLoad: 0,
  hashMs: 0,
  ...more,
})

describe('a lognormal distribution by two quantiles', () => {
  // Of the standard lognormal: median 1, 95 % point e^1.644854 = 5.180252.
  test.each([
    [1, 5.180252, 1],
    [20, 20 * 5.180252 ** 0.25, 0.25],
    [7, 7, 0],
  ])('with median %d and 95 %% point %d has the spread %d', (p50Ms, p95Ms, spread) => {
    const fitted = lognormalBy({ p50Ms, p95Ms })
    expect(fitted.p50Ms).toBe(p50Ms)
    expect(fitted.spread).toBeCloseTo(spread, 6)
  })
})

describe('times in a worker', () => {
  test('follow from throughput by Little’s law: two busy workers at 20 a second take 100 ms each', () => {
    expect(fitTimes([point(8, 20)], 2).busy).toEqual([{ inSystem: 8, meanMs: expect.closeTo(100, 3) }])
  })

  test('are those of the machine without the load of other programs', () => {
    // 2 workers, 100 ms, and a quarter of the machine taken: 15 a second. The calm point counts ten times as much.
    const points = [point(8, 20), point(8, 15, { otherLoad: 0.25 })]
    expect(fitTimes(points, 2).busy[0]?.meanMs).toBeCloseTo(100, 3)
  })

  test('are without the hash: points of two schemes have one base', () => {
    // 40 ms beside hashes of 10 and 160 ms, in two workers.
    const points = [point(8, 2000 / 50, { hashMs: 10 }), point(8, 2000 / 200, { hashMs: 160 })]
    expect(fitTimes(points, 2).busy[0]?.meanMs).toBeCloseTo(40, 2)
  })

  test('of a load that was only measured in disturbance are left out if there is a calm one', () => {
    const points = [point(8, 20, { otherLoad: 0.3 }), point(32, 25)]
    expect(fitTimes(points, 2).busy.map(({ inSystem }) => inSystem)).toEqual([32])
    expect(fitTimes(points.slice(0, 1), 2).busy.map(({ inSystem }) => inSystem)).toEqual([8])
  })

  test('alone take their spread from the steadiest loop, not from one with a cold start in it', () => {
    const cold = point(1, 1, { p50Ms: 100, p95Ms: 900 })
    const steady = point(1, 1, { p50Ms: 100, p95Ms: 120 })
    const { alone } = fitTimes([cold, steady], 2)
    expect(alone?.p50Ms).toBeCloseTo(100, 3)
    expect(alone?.spread).toBeCloseTo(Math.log(1.2) / 1.644854, 5)
    expect(fitTimes([point(8, 20)], 2).alone).toBeNull()
  })
})
