// Dual mode as a record shows it: its span, the last UUID token that was accepted, and what ending it too early cost.
// From this an operator reads when dual mode may end, so each way in which a run can go is here.
import { describe, expect, test } from '@jest/globals'
import { dualModeOf } from '../../src/measure/dualMode.js'
import type { EventLine, RunRecord } from '../../src/measure/record.js'
import { dualModeStory } from '../../src/render/outcomeStory.js'
import { cernRecord } from '../support/cernRecord.js'
import { viewOf } from '../support/viewOf.js'
import { eventOf } from './handMade.js'

const hourSec = 3600

/** UUID tokens are accepted until an instant; the steps of the switch are given. */
const dualRecord = (
  steps: readonly EventLine[],
  uuidUntilSec: number,
  coveredSec = 26 * hourSec,
): RunRecord => {
  const record = cernRecord({ intervalSec: 60, coveredSec })
  return {
    ...record,
    events: steps,
    intervals: record.intervals.map((line) => ({
      ...line,
      counts: line.counts.filter(({ outcome }) => outcome === 'ok'),
      ...(line.fromSec < uuidUntilSec ? { uuidTokensSeen: 3 } : {}),
    })),
  }
}

const toDual = eventOf('cutover', 1800, { to: 'dual-fernet', endedSec: 1890 })
const toFernet = eventOf('cutover', 25 * hourSec, { to: 'fernet', endedSec: 25 * hourSec + 60 })

describe('dual mode', () => {
  test('may end when the last UUID token was accepted, counted from when none was issued any more', () => {
    const record = dualRecord([toDual, toFernet], 24 * hourSec)
    expect(dualModeOf(record)).toEqual({
      fromSec: 1800,
      toSec: 25 * hourSec + 60,
      issuedUntilSec: 1890,
      uuidUntilSec: 24 * hourSec,
      leftSec: 25 * hourSec,
      refusedSince: 0,
    })
    expect(dualModeStory(viewOf(record))).toEqual([
      'Safe to end dual mode after 23 h 28 min: the last UUID token was accepted before 24:00:00.',
    ])
  })

  test('counts no UUID token that was used while some backend still issued them', () => {
    const record = dualRecord([toDual, toFernet], 1200)
    expect(dualModeOf(record)).toMatchObject({ issuedUntilSec: 1890, uuidUntilSec: null })
    // The interval in which the last backend changed may hold uses from after it.
    expect(dualModeOf(dualRecord([toDual, toFernet], 1880))?.uuidUntilSec).toBe(1920)
  })

  test('that was left too early is told by what was refused afterwards', () => {
    const early = eventOf('cutover', 2 * hourSec, { to: 'fernet', endedSec: 2 * hourSec + 60 })
    const record = dualRecord([toDual, early], 2 * hourSec)
    const refused = {
      clientClass: 'users',
      leg: 'client' as const,
      op: 'call' as const,
      outcome: 'rejected' as const,
      status: 401,
      cause: 'uuid-on-fernet-node' as const,
      node: 1,
      n: 7,
    }
    const intervals = record.intervals.map((line) =>
      line.fromSec === 3 * hourSec
        ? { ...line, counts: [...line.counts, refused, { ...refused, leg: 'keystone' as const }] }
        : line,
    )
    expect(dualModeStory(viewOf({ ...record, intervals })).join()).toContain(
      'ended too early, after 1 h 28 min: 7 requests with UUID tokens were refused after it.',
    )
  })

  test('of a run that ended before the last UUID token had is safe only by the end of its validity', () => {
    const record = dualRecord([toDual], 5 * hourSec, 5 * hourSec)
    expect(dualModeStory(viewOf(record)).join()).toContain('at 24:31:30')
  })

  test('is nothing where no backend was in it', () => {
    const record = cernRecord({ intervalSec: 60 })
    expect(dualModeOf(record)).toBeNull()
    expect(dualModeStory(viewOf(record))).toEqual([])
  })
})
