// Traffic that follows the hours of the day: where an even day's instants go, and that nobody calls more or less for it.
// Expected places are worked out by hand from the areas under the profile.
import { describe, expect, test } from '@jest/globals'
import { createArrivals } from '../../src/scenario/arrivals.js'
import { DayProfile } from '../../src/scenario/dayProfile.js'
import type { ClientClass } from '../../src/scenario/scenario.js'

const hour = 3600
const day = 24 * hour
/** Nobody at night, everybody from noon on. */
const afternoon = Array.from({ length: 24 }, (_, i) => (i < 12 ? 0 : 7))

describe('a profile', () => {
  test('of equal hours changes nothing', () => {
    const even = new DayProfile(Array<number>(24).fill(3), 12_345)
    for (const sec of [0, 1, 5000, day, 3 * day + 17]) expect(even.scenarioSec(sec)).toBeCloseTo(sec, 6)
  })

  test('puts a day’s calls into the hours that have some', () => {
    const busy = new DayProfile(afternoon, 0)
    // Half of the even day has passed at six in the evening.
    expect(busy.scenarioSec(day / 2)).toBeCloseTo(18 * hour, 6)
    expect(busy.scenarioSec(day + 2 * hour)).toBeCloseTo(day + 13 * hour, 6)
  })

  test('begins at the hour at which the run starts', () => {
    const busy = new DayProfile(afternoon, 5 * day + 18 * hour)
    // At six in the evening the afternoon has six hours left, which hold half a day's calls.
    expect(busy.scenarioSec(6 * hour)).toBeCloseTo(3 * hour, 6)
    expect(busy.scenarioSec(12 * hour + 1)).toBeCloseTo(18 * hour + 0.5, 6)
  })
})

test('arrivals keep their number over whole days, and come only when there is traffic', () => {
  const clientClass: ClientClass = {
    name: 'users',
    behaviour: 'password-session',
    members: 50,
    everySec: 600,
    arrivals: 'poisson',
    through: [],
    joinsWithinSec: null,
    lastsSec: 1800,
    loginAfterSec: 300,
    subjects: [],
    byHour: afternoon,
  }
  let n = 0
  for (let member = 0; member < 50; member++) {
    const arrivals = createArrivals({
      seed: 1,
      clientClass,
      member,
      stretches: [{ untilSec: 2 * day, speed: 1, traffic: 1 }],
      durationSec: 2 * day,
      startsAtEpochSec: 0,
    })
    for (let sec = arrivals.next(); sec < Infinity; sec = arrivals.next()) {
      expect(sec % day).toBeGreaterThanOrEqual(12 * hour)
      n++
    }
  }
  const expected = (50 * 2 * day) / 600
  expect(Math.abs(n - expected)).toBeLessThan(4 * Math.sqrt(expected))
})
