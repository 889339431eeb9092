// Queues of several servers against published tables and against what is known in closed form.
import fc from 'fast-check'
import { describe, expect, test } from '@jest/globals'
import {
  chanceLonger,
  chanceToWait,
  meanResponseSec,
  responseQuantileSec,
  serversFor,
  utilisation,
} from '../../src/plan/queueing.js'

/** A pool that is offered so many erlangs, with a service of one second. */
const pool = (servers: number, erlangs: number) => ({ servers, arrivalsPerSec: erlangs, serviceSec: 1 })

describe('the chance to wait', () => {
  // Erlang C as tabled: one server waits with chance ρ; two: 2ρ²/(1+ρ); three with 2 erlangs: 4/9.
  test.each([
    [1, 0.5, 0.5],
    [1, 0.9, 0.9],
    [2, 1, 1 / 3],
    [2, 1.6, (2 * 0.8 ** 2) / 1.8],
    [3, 2, 4 / 9],
    [5, 4, 0.5541],
    [10, 8, 0.4092],
  ])('of %i servers offered %d erlangs is %d', (servers, erlangs, chance) => {
    expect(chanceToWait(pool(servers, erlangs))).toBeCloseTo(chance, 4)
  })

  test('is one where more is offered than the servers can do', () => {
    expect(chanceToWait(pool(2, 2))).toBe(1)
    expect(meanResponseSec(pool(2, 2.5))).toBe(Infinity)
    expect(responseQuantileSec(pool(2, 2), 0.99)).toBe(Infinity)
  })
})

describe('response times', () => {
  test('of one server are exponential: mean 1/(μ−λ), quantiles −ln(1−q) of it', () => {
    expect(meanResponseSec(pool(1, 0.8))).toBeCloseTo(5, 9)
    expect(responseQuantileSec(pool(1, 0.8), 0.99)).toBeCloseTo(-Math.log(0.01) * 5, 2)
    expect(chanceLonger(pool(1, 0.8), 5)).toBeCloseTo(Math.exp(-1), 9)
  })

  test('of a nearly idle pool are the service times', () => {
    expect(responseQuantileSec(pool(50, 0.01), 0.95)).toBeCloseTo(-Math.log(0.05), 2)
  })

  test('have the mean that their distribution has', () => {
    // The mean is the integral of the chance to take longer; Simpson over 60 service times.
    for (const [servers, erlangs] of [
      [2, 1],
      [3, 2],
      [4, 3.2],
      [8, 6],
    ] as const) {
      const steps = 60_000
      const width = 60 / steps
      let sum = 0
      for (let i = 0; i <= steps; i++) {
        const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2
        sum += weight * chanceLonger(pool(servers, erlangs), i * width)
      }
      expect((sum * width) / 3).toBeCloseTo(meanResponseSec(pool(servers, erlangs)), 4)
    }
  })
})

describe('the servers that a target needs', () => {
  test('are the fewest that keep it: one fewer does not', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 500, noNaN: true }),
        fc.double({ min: 0.001, max: 0.5, noNaN: true }),
        (arrivalsPerSec, serviceSec) => {
          const load = { arrivalsPerSec, serviceSec }
          const target = { share: 0.99, withinSec: serviceSec * 8, busyMost: 1 }
          const servers = serversFor(load, target) as number
          expect(chanceLonger({ ...load, servers }, target.withinSec)).toBeLessThanOrEqual(0.01)
          if (servers > 1)
            expect(chanceLonger({ ...load, servers: servers - 1 }, target.withinSec)).toBeGreaterThan(0.01)
        },
      ),
      { seed: 5, numRuns: 200 },
    )
  })

  test('keep within the utilisation that is allowed', () => {
    const load = { arrivalsPerSec: 300, serviceSec: 0.1 }
    const servers = serversFor(load, { share: 0.5, withinSec: 10, busyMost: 0.6 }) as number
    expect(servers).toBe(50)
    expect(utilisation({ ...load, servers })).toBeCloseTo(0.6, 9)
    // 30 erlangs at 70 % are 42.9 servers: 42 would be busier.
    expect(serversFor(load, { share: 0.5, withinSec: 10, busyMost: 0.7 })).toBe(43)
  })

  test('are none where the service alone takes too long', () => {
    expect(
      serversFor({ arrivalsPerSec: 1, serviceSec: 0.2 }, { share: 0.99, withinSec: 0.3, busyMost: 0.7 }),
    ).toBeNull()
  })
})
