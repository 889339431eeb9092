// The clock of the local world before its start: what is asked then must not be dated by the program's own age.
// What it does while it runs is seen in the local world's tests, with real processes.
import { expect, test } from '@jest/globals'
import { micros, TimeMap } from '../../src/base/time.js'
import { ScaledClock } from '../../src/worlds/local/scaledClock.js'

test('stands still at the beginning of the scenario until it is started', () => {
  const clock = new ScaledClock(new TimeMap([{ untilSec: 3600, speed: 60, traffic: 1 }]))
  expect(performance.now()).toBeGreaterThan(0)
  expect([clock.now(), clock.measured()]).toEqual([0, 0])
  const originMs = clock.start()
  clock.stop()
  expect(Math.abs(originMs - (performance.timeOrigin + performance.now()))).toBeLessThan(60_000)
  expect(clock.measuredAt(micros(120))).toBe(micros(2))
})
