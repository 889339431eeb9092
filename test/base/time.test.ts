// The map between scenario time and real time, checked by hand-made stretches and by properties.
// Both ends of a process boundary compute instants with it, so a second lost here is a second between two processes.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { micros, TimeMap, toSec, type Stretch } from '../../src/base/time.js'

/** A minute at 60 times the speed, then an hour in two seconds, with a tenth of the traffic. */
const minuteAndHour: readonly Stretch[] = [
  { untilSec: 60, speed: 60, traffic: 1 },
  { untilSec: 3660, speed: 1800, traffic: 0.1 },
]

describe('microseconds', () => {
  test('are seconds times a million, and back', () => {
    expect(micros(1.5)).toBe(1_500_000)
    expect(toSec(250_000)).toBe(0.25)
  })
})

describe('the map of times', () => {
  const map = new TimeMap(minuteAndHour)

  test('gives the real instant of a scenario second, each stretch at its speed', () => {
    expect(map.realSec(0)).toBe(0)
    expect(map.realSec(30)).toBe(0.5)
    expect(map.realSec(60)).toBe(1)
    expect(map.realSec(60 + 900)).toBe(1.5)
    expect(map.realSec(3660)).toBe(3)
  })

  test('gives the scenario second of a real instant', () => {
    expect(map.scenarioSec(0.5)).toBe(30)
    expect(map.scenarioSec(1)).toBe(60)
    expect(map.scenarioSec(2)).toBe(60 + 1800)
    expect(map.scenarioSec(3)).toBe(3660)
  })

  test('goes on at the speed of the last stretch after its end', () => {
    expect(map.realSec(3660 + 1800)).toBe(4)
    expect(map.scenarioSec(4)).toBe(3660 + 1800)
    expect(map.stretchAt(1e9)).toBe(minuteAndHour[1])
  })

  test('counts the second at which a stretch ends to the stretch that begins', () => {
    expect(map.stretchAt(59.999)).toBe(minuteAndHour[0])
    expect(map.stretchAt(60)).toBe(minuteAndHour[1])
  })

  test('is real time and all of the traffic where there are no stretches', () => {
    const plain = new TimeMap([])
    expect(plain.realSec(7)).toBe(7)
    expect(plain.scenarioSec(7)).toBe(7)
    expect(plain.stretchAt(7)).toMatchObject({ speed: 1, traffic: 1 })
  })

  const stretchesOf = (lengths: readonly { readonly sec: number; readonly speed: number }[]): Stretch[] => {
    let untilSec = 0
    return lengths.map(({ sec, speed }) => ({ untilSec: (untilSec += sec), speed, traffic: 1 }))
  }
  const lengths = fc.array(
    fc.record({ sec: fc.integer({ min: 1, max: 100_000 }), speed: fc.integer({ min: 1, max: 5000 }) }),
    { minLength: 1, maxLength: 6 },
  )

  test('leads back to where it came from, whatever the stretches', () => {
    fc.assert(
      fc.property(lengths, fc.double({ min: 0, max: 1.2, noNaN: true }), (parts, share) => {
        const stretches = stretchesOf(parts)
        const sec = share * (stretches.at(-1)?.untilSec ?? 0)
        const random = new TimeMap(stretches)
        expect(random.scenarioSec(random.realSec(sec))).toBeCloseTo(sec, 6)
      }),
    )
  })

  test('takes as long as its stretches take together, and never runs backwards', () => {
    fc.assert(
      fc.property(lengths, (parts) => {
        const stretches = stretchesOf(parts)
        const random = new TimeMap(stretches)
        const endSec = stretches.at(-1)?.untilSec ?? 0
        const wallSec = parts.reduce((sum, { sec, speed }) => sum + sec / speed, 0)
        expect(random.realSec(endSec)).toBeCloseTo(wallSec, 6)
        let beforeSec = -1
        for (let i = 0; i <= 50; i++) {
          const nowSec = random.realSec((endSec * i) / 50)
          expect(nowSec).toBeGreaterThan(beforeSec)
          beforeSec = nowSec
        }
      }),
    )
  })
})
