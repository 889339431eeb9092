// The figures by which strategies are compared, on records made by hand with known answers.
// Each is checked against the sentence in its docstring.
import { describe, expect, test } from '@jest/globals'
import { impactOf } from '../../src/measure/impact.js'
import { countOf, eventOf, recordOf, refusedOf, tableOf } from './handMade.js'

describe('members', () => {
  test('that were hit are added up over the run, and the longest time without a good call is kept', () => {
    const { membersHit, byClass } = impactOf(
      recordOf({
        counts: () => [countOf(1), countOf(1, { clientClass: 'heat' }), countOf(1, { clientClass: 'nova' })],
        line: (fromSec) => {
          if (fromSec === 600) return { membersHit: { users: 3, heat: 8 }, memberWithoutSec: { users: 2 } }
          if (fromSec === 900)
            return { membersHit: { users: 1 }, memberWithoutSec: { users: 7.5, heat: 290 } }
          return {}
        },
      }),
    )
    expect(membersHit).toBe(12)
    expect(byClass).toEqual({
      users: { members: 100, membersHit: 4, memberWithoutSec: 7.5, outageSec: 0 },
      heat: { members: 8, membersHit: 8, memberWithoutSec: 290, outageSec: 0 },
      nova: { members: null, membersHit: null, memberWithoutSec: null, outageSec: 0 },
    })
  })

  test('all without a good call are an outage of their class, from the first bad interval to the next good one', () => {
    const { byClass } = impactOf(
      recordOf({ counts: (fromSec) => (fromSec >= 600 && fromSec < 690 ? [refusedOf(2)] : [countOf(5)]) }),
    )
    expect(byClass['users']?.outageSec).toBe(90)
  })
})

describe('the change', () => {
  test('lasts from the first step that somebody wrote to the last, and lists its restarts', () => {
    const events = [
      eventOf('flush', 60, { origin: 'clock', rowsDeleted: 10 }),
      eventOf('cutover node 1', 600),
      eventOf('cutover', 600, { endedSec: 690 }),
      eventOf('restart', 900, { target: 'magnum' }),
      eventOf('restart', 800, { target: 'heat' }),
      eventOf('restart', 950, { target: 'nova', ok: false }),
      eventOf('fault backend-killed', 2000),
      eventOf('flush', 3000, { origin: 'clock', rowsDeleted: 7 }),
    ]
    expect(impactOf(recordOf({ events })).change).toEqual({
      fromSec: 600,
      toSec: 951,
      durationSec: 351,
      restarts: [
        { target: 'heat', atSec: 800 },
        { target: 'magnum', atSec: 900 },
      ],
      endsIn: null,
    })
  })

  test('ends in the mode that the last switch led to, which after a rollback is the first one', () => {
    const switches = [
      eventOf('cutover', 600, { to: 'fernet', endedSec: 690 }),
      eventOf('cutover node 1', 600, { to: 'fernet' }),
      eventOf('cutover', 1800, { to: 'uuid' }),
    ]
    expect(impactOf(recordOf({ events: switches })).change?.endsIn).toBe('uuid')
    expect(impactOf(recordOf({ events: switches.slice(0, 2) })).change?.endsIn).toBe('fernet')
  })

  test('is none where only the clock did anything', () => {
    const { change, drainSec } = impactOf(recordOf({ events: [eventOf('flush', 60, { origin: 'clock' })] }))
    expect([change, drainSec]).toEqual([null, null])
  })
})

test('writes are rows inserted by issues, rows deleted by flushes, and revocations that Keystone took', () => {
  const revoke = { leg: 'keystone', op: 'revoke' } as const
  const { writes } = impactOf(
    recordOf({
      counts: (fromSec) =>
        fromSec === 100
          ? [countOf(4, { ...revoke, status: 204 }), refusedOf(3, revoke), countOf(9, { op: 'revoke' })]
          : [],
      line: (fromSec) => (fromSec % 100 === 0 ? { rowsInserted: 5 } : {}),
      events: [eventOf('flush', 60, { rowsDeleted: 11 }), eventOf('flush', 90, { rowsDeleted: 2 })],
    }),
  )
  expect(writes).toEqual({ rowsInserted: 36 * 5, rowsDeleted: 13, revocations: 4, total: 180 + 13 + 4 })
})

describe('the table', () => {
  const events = [eventOf('cutover', 600)]
  test('drains from the first switch to when it is empty for good', () => {
    const table = [tableOf(0, 50), tableOf(100, 0), tableOf(600, 60), tableOf(1200, 0), tableOf(3600, 0)]
    expect(impactOf(recordOf({ events, table })).drainSec).toBe(600)
  })

  test('that is not empty at the end has not drained', () => {
    const table = [tableOf(600, 60), tableOf(1200, 0), tableOf(3600, 1)]
    expect(impactOf(recordOf({ events, table })).drainSec).toBeNull()
  })
})
