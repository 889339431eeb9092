// What a flush deletes in each release, as `keystone-manage token_flush` of that release does.
// One that took too much would end live tokens; one that took too little would let the table grow.
import { expect, test } from '@jest/globals'
import type { Scenario, TimelineStep } from '../../src/scenario/scenario.js'
import { flushOrder } from '../../src/worlds/flushOrder.js'

const orderOf = (release: string, everything = false) =>
  flushOrder(
    { startsAtEpochSec: 1_500_000_000, identity: { release } } as Scenario,
    { atSec: 3600, action: { kind: 'flush', everything } } as TimelineStep,
  )

test.each([
  ['mitaka', 0],
  ['newton', 0],
  // `[token] allow_expired_window`, two days: rows are kept for services that ask late (`_expiry_upper_bound_func`).
  ['ocata', 172_800],
  ['queens', 172_800],
] as const)(
  '%s deletes what had expired when the flush was due, %d s of grace left out',
  (release, windowSec) => {
    expect(orderOf(release).beforeSec).toBe(1_500_003_600 - windowSec)
  },
)

test('Mitaka and Newton delete in one transaction what expired by then, Ocata in batches what expired before', () => {
  expect([orderOf('newton').strict, orderOf('newton').transaction]).toEqual([false, 'one'])
  expect([orderOf('ocata').strict, orderOf('ocata').transaction]).toEqual([true, 'each'])
})

test('a flush of everything deletes whatever can stand in a table', () => {
  // 9999-12-31T23:59:59Z, where MySQL's DATETIME ends.
  expect(orderOf('queens', true).beforeSec).toBe(Date.UTC(9999, 11, 31, 23, 59, 59) / 1000)
})
