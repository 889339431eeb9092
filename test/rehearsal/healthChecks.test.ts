// Health checks by HAProxy's rule, on a virtual clock: when a backend is taken out, and when it is back.
// Instants are worked out from interval, rise and fall by hand.
import { expect, test } from '@jest/globals'
import { toSec } from '../../src/base/time.js'
import { HealthChecks } from '../../src/rehearsal/healthChecks.js'
import { VirtualClock } from '../../src/worlds/simulated/virtualClock.js'

/** Two backends, checked every 2 s at odd and at even seconds; `ill` says how the second one answers at an instant. */
const play = (ill: (nowSec: number) => 'well' | 'refused' | 'silent', untilSec = 60) => {
  const clock = new VirtualClock()
  const checks = new HealthChecks({
    nodes: 2,
    clock,
    intervalSec: () => 2,
    rise: 2,
    fall: 3,
    untilSec,
    probe: (node, done) => {
      const how = node === 1 ? 'well' : ill(toSec(clock.now()))
      if (how !== 'silent') done(how === 'well')
    },
  })
  checks.start()
  const changes: [number, readonly number[]][] = []
  let last = checks.inService().join()
  while (clock.run(1)) {
    if (checks.inService().join() === last) continue
    last = checks.inService().join()
    changes.push([toSec(clock.now()), checks.inService()])
  }
  return changes
}

const between = (fromSec: number, toSecond: number, how: 'refused' | 'silent') => (nowSec: number) =>
  nowSec >= fromSec && nowSec < toSecond ? how : 'well'

test('a backend that refuses goes with its third check, and comes back with the second good one', () => {
  // Checks at 2, 4, …: bad ones at 10, 12, 14; good ones again from 20 on.
  expect(play(between(10, 20, 'refused'))).toEqual([
    [14, [1]],
    [22, [1, 2]],
  ])
})

test('a silent one is found an interval later, when the check has timed out', () => {
  expect(play(between(10, 20, 'silent'))).toEqual([
    [16, [1]],
    [22, [1, 2]],
  ])
})

test('two bad answers between good ones change nothing', () => {
  expect(play((nowSec) => (nowSec % 6 === 0 ? 'well' : 'refused'))).toEqual([])
})

test('no check is made after the end', () => {
  expect(play(between(10, 20, 'refused'), 15)).toEqual([[14, [1]]])
})
