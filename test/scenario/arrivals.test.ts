// The arrivals of clients against what theory says of them, and their independence of everything else.
// Seeds are fixed: a test that holds once holds always.
import { describe, expect, test } from '@jest/globals'
import type { Stretch } from '../../src/base/time.js'
import { activeMembers, createArrivals, memberRank } from '../../src/scenario/arrivals.js'
import type { ClientClass } from '../../src/scenario/scenario.js'

const users: ClientClass = {
  name: 'users',
  behaviour: 'password-session',
  members: 50,
  everySec: 20,
  arrivals: 'poisson',
  through: [],
  joinsWithinSec: null,
  lastsSec: 1800,
  loginAfterSec: 300,
  subjects: [],
}
const heat: ClientClass = { ...users, name: 'heat', members: 8, everySec: 60, arrivals: 'constant' }
const fullTraffic: readonly Stretch[] = [{ untilSec: 20_000, speed: 60, traffic: 1 }]

interface Wanted {
  readonly seed?: number
  readonly clientClass?: ClientClass
  readonly member?: number
  readonly stretches?: readonly Stretch[]
  readonly durationSec?: number
}

const instants = (wanted: Wanted = {}): number[] => {
  const arrivals = createArrivals({
    seed: 1,
    clientClass: users,
    member: 0,
    stretches: fullTraffic,
    durationSec: 20_000,
    ...wanted,
  })
  const all: number[] = []
  for (let atSec = arrivals.next(); atSec !== Infinity; atSec = arrivals.next()) all.push(atSec)
  return all
}

const members = (clientClass: ClientClass): number[] =>
  Array.from({ length: clientClass.members }, (_, i) => i)
const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length
const variance = (list: readonly number[]): number => {
  const middle = mean(list)
  return mean(list.map((value) => (value - middle) ** 2))
}
const gapsOf = (list: readonly number[]): number[] => list.map((atSec, i) => atSec - (list[i - 1] ?? 0))

/** Largest distance between the distribution of a sample and a distribution function. */
const kolmogorovSmirnov = (sample: readonly number[], distribution: (x: number) => number): number => {
  const sorted = sample.toSorted((a, b) => a - b)
  return Math.max(
    ...sorted.map((x, i) => {
      const expected = distribution(x)
      return Math.max(Math.abs(expected - i / sorted.length), Math.abs((i + 1) / sorted.length - expected))
    }),
  )
}

/** Distance that a sample of the right distribution exceeds once in a thousand times. */
const criticalDistance = (size: number): number => 1.95 / Math.sqrt(size)

describe('arrivals of a Poisson process', () => {
  const gaps = members(users).flatMap((member) => gapsOf(instants({ member })))

  test('the gaps, the first included, have the mean and the variance of the exponential distribution', () => {
    expect(gaps.length).toBeGreaterThan(45_000)
    expect(Math.abs(mean(gaps) / users.everySec - 1)).toBeLessThan(4 / Math.sqrt(gaps.length))
    // The variance of the sample variance of an exponential is 8/n of its square.
    expect(Math.abs(variance(gaps) / users.everySec ** 2 - 1)).toBeLessThan(4 * Math.sqrt(8 / gaps.length))
  })

  test('the gaps are distributed exponentially (Kolmogorov and Smirnov)', () => {
    const distance = kolmogorovSmirnov(gaps, (x) => 1 - Math.exp(-x / users.everySec))
    expect(distance).toBeLessThan(criticalDistance(gaps.length))
  })

  test('the process is stationary: the first minute sees as many arrivals as any other', () => {
    const many: ClientClass = { ...users, name: 'many', members: 4000 }
    const counts = [0, 0, 0, 0]
    const stretches = [{ untilSec: 240, speed: 1, traffic: 1 }]
    for (const member of members(many)) {
      for (const atSec of instants({ clientClass: many, member, stretches, durationSec: 240 })) {
        const minute = Math.floor(atSec / 60)
        counts[minute] = (counts[minute] ?? 0) + 1
      }
    }
    for (const count of counts) expect(Math.abs(count - 12_000)).toBeLessThan(4 * Math.sqrt(12_000))
  })

  test('the counts of equal windows vary as much as their mean says', () => {
    const counts = members(users).flatMap((member) => {
      const perWindow = Array.from({ length: 200 }, () => 0)
      for (const atSec of instants({ member })) {
        const window = Math.floor(atSec / 100)
        perWindow[window] = (perWindow[window] ?? 0) + 1
      }
      return perWindow
    })
    expect(mean(counts)).toBeCloseTo(5, 1)
    expect(variance(counts) / mean(counts)).toBeCloseTo(1, 1)
  })

  test('two members are not correlated', () => {
    const first = gapsOf(instants({ member: 0, durationSec: 20_000 }))
    const second = gapsOf(instants({ member: 1, durationSec: 20_000 }))
    const pairs = Math.min(first.length, second.length)
    const a = first.slice(0, pairs)
    const b = second.slice(0, pairs)
    const covariance = mean(a.map((value, i) => (value - mean(a)) * ((b[i] ?? 0) - mean(b))))
    expect(Math.abs(covariance / Math.sqrt(variance(a) * variance(b)))).toBeLessThan(4 / Math.sqrt(pairs))
  })
})

describe('constant arrivals', () => {
  test('come exactly every period, without drift over a long run', () => {
    const stretches = [{ untilSec: 6_000_000, speed: 1, traffic: 1 }]
    const all = instants({ clientClass: heat, stretches, durationSec: 6_000_000 })
    expect(all).toHaveLength(100_000)
    const phase = all[0] ?? NaN
    expect(phase).toBeGreaterThanOrEqual(0)
    expect(phase).toBeLessThan(60)
    expect(Math.abs((all.at(-1) ?? 0) - (phase + 99_999 * 60))).toBeLessThan(1e-6)
  })

  test('have phases that are uniform over the period', () => {
    const many: ClientClass = { ...heat, name: 'many', members: 5000 }
    const phases = members(many).map(
      (member) => instants({ clientClass: many, member, durationSec: 60 })[0] ?? NaN,
    )
    expect(kolmogorovSmirnov(phases, (x) => x / 60)).toBeLessThan(criticalDistance(phases.length))
  })
})

describe('streams', () => {
  test('are the same for the same seed, class and member, and differ for any other', () => {
    expect(instants()).toEqual(instants())
    expect(instants({ seed: 2 })).not.toEqual(instants())
    expect(instants({ member: 1 })).not.toEqual(instants())
    expect(instants({ clientClass: { ...users, name: 'others' } })).not.toEqual(instants())
  })

  test('do not change when a class grows or its behaviour changes', () => {
    const changed: ClientClass = { ...users, members: 500, behaviour: 'one-shot', through: ['nova'] }
    expect(instants({ clientClass: changed })).toEqual(instants())
  })

  test('do not depend on how streams of other classes are drawn in between', () => {
    const alone = instants()
    const options = { seed: 1, member: 0, stretches: fullTraffic, durationSec: 20_000 }
    const mine = createArrivals({ ...options, clientClass: users })
    const others = createArrivals({ ...options, clientClass: heat })
    const interleaved = alone.map(() => {
      others.next()
      return mine.next()
    })
    expect(interleaved).toEqual(alone)
  })

  test('ascend, stay below the end of the run and then are at Infinity for good', () => {
    const all = instants({ durationSec: 500 })
    expect(all).toEqual(all.toSorted((a, b) => a - b))
    expect(all.at(-1)).toBeLessThan(500)
    const arrivals = createArrivals({
      seed: 1,
      clientClass: users,
      member: 0,
      stretches: fullTraffic,
      durationSec: 0,
    })
    expect([arrivals.next(), arrivals.next()]).toEqual([Infinity, Infinity])
  })
})

describe('shares of traffic', () => {
  const lapse: readonly Stretch[] = [
    { untilSec: 5000, speed: 60, traffic: 1 },
    { untilSec: 10_000, speed: 1440, traffic: 0.1 },
    { untilSec: 15_000, speed: 1440, traffic: 0.02 },
    { untilSec: 20_000, speed: 60, traffic: 1 },
  ]
  const activeBetween = (fromSec: number, toSec: number): number[] =>
    members(users).filter((member) =>
      instants({ member, stretches: lapse }).some((atSec) => atSec >= fromSec && atSec < toSec),
    )

  test('a share of a class is rounded, and never none of it', () => {
    expect(activeMembers(users, 1)).toBe(50)
    expect(activeMembers(users, 0.1)).toBe(5)
    expect(activeMembers(users, 0.001)).toBe(1)
    expect(activeMembers({ members: 8 }, 0.02)).toBe(1)
  })

  test('only that many members are active, and smaller shares lie within larger ones', () => {
    const ten = activeBetween(5000, 10_000)
    const two = activeBetween(10_000, 15_000)
    expect(ten).toHaveLength(5)
    expect(two).toHaveLength(1)
    expect(ten).toEqual(expect.arrayContaining(two))
  })

  test('stretches of full traffic have the very arrivals of a run without shares', () => {
    for (const member of members(users)) {
      const full = instants({ member }).filter((atSec) => atSec < 5000 || atSec >= 15_000)
      const shared = instants({ member, stretches: lapse }).filter((atSec) => atSec < 5000 || atSec >= 15_000)
      expect(shared).toEqual(full)
    }
  })

  test('active members keep the very arrivals that they would have had', () => {
    const member =
      members(users).find((each) => memberRank({ seed: 1, clientClass: users, member: each }) === 0) ?? NaN
    expect(instants({ member, stretches: lapse })).toEqual(instants({ member }))
  })

  test('ranks are each number once, and are drawn anew for another seed', () => {
    const ranks = (seed: number): number[] =>
      members(users).map((member) => memberRank({ seed, clientClass: users, member }))
    expect(ranks(1).toSorted((a, b) => a - b)).toEqual(members(users))
    expect(ranks(2)).not.toEqual(ranks(1))
    expect(ranks(1)).toEqual(ranks(1))
  })

  test('the last stretch holds to the end of the run', () => {
    const short: readonly Stretch[] = [{ untilSec: 10, speed: 1, traffic: 1 }]
    expect(instants({ stretches: short })).toEqual(instants())
  })
})
