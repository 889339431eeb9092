// What is selected from a record for drawing: counts on one axis that add up, and the window that shows the switch.
// A wrong window or a lost refusal would make every chart a lie, however well it is drawn.
import { describe, expect, test } from '@jest/globals'
import { cernRecord, emptyRecord } from '../support/cernRecord.js'
import { viewOf } from '../support/viewOf.js'

const record = cernRecord()
const view = viewOf(record)
const total = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0)

describe('the selection of a record', () => {
  test('counts each refusal once by class, once by cause and once in the table', () => {
    const refused = view.summary.rejections.total
    expect(refused).toBeGreaterThan(1000)
    expect(total(view.refusals.byClass.map((each) => each.total))).toBe(refused)
    expect(total(view.refusals.byCause.map((each) => each.total))).toBe(refused)
    expect(total(view.classes.map((each) => each.rejected))).toBe(refused)
    for (const each of view.classes) expect(total(each.byCause.map((part) => part.total))).toBe(each.rejected)
    for (const each of view.refusals.byClass) expect(total(each.perInterval)).toBe(each.total)
  })

  test('counts requests of clients only, not what Keystone answered to services', () => {
    expect(view.requests.total).toBe(view.summary.requests.total)
    expect(total(view.classes.map((each) => each.requests))).toBe(view.summary.requests.total)
  })

  test('puts every interval of the record on one axis', () => {
    expect(view.intervals).toBe(record.intervals.length)
    for (const series of view.latency) expect(series.p99Ms).toHaveLength(view.intervals)
  })

  test('zooms to the switch, the restart and the peaks that end, not to a tail of hours', () => {
    const { fromSec, toSec, reason } = view.focus
    expect(reason).toBe('switch')
    expect(fromSec).toBeLessThan(1800)
    expect(toSec).toBeGreaterThan(3300)
    expect(toSec).toBeLessThanOrEqual(5400)
  })

  test('never zooms into the time-lapse', () => {
    const early = viewOf(
      cernRecord({
        intervalSec: 60,
        clock: [
          { untilSec: 2000, speed: 60, traffic: 1 },
          { untilSec: 93_600, speed: 1440, traffic: 0.02 },
        ],
      }),
    )
    expect(early.focus.toSec).toBeLessThanOrEqual(2000)
  })

  test('shows the whole run where the switch itself was in a time-lapse', () => {
    const all = viewOf(
      cernRecord({ intervalSec: 60, clock: [{ untilSec: 93_600, speed: 1440, traffic: 1 }] }),
    )
    expect(all.focus).toEqual({ fromSec: 0, toSec: 93_600, reason: 'whole-run' })
  })

  test('knows how long the fleet was mixed', () => {
    expect(view.mixedFleet).toHaveLength(1)
    expect(view.mixedFleet[0]?.fromSec).toBeCloseTo(1800.2)
    expect(view.mixedFleet[0]?.toSec).toBeCloseTo(1892.2)
  })

  test('of a run that was killed ends where its record ends', () => {
    const killed = viewOf(cernRecord({ coveredSec: 2500 }))
    expect(killed.coveredSec).toBe(2500)
    expect(killed.focus.toSec).toBeLessThanOrEqual(2500)
    expect(killed.interrupted).toContain('0:41:40 of 26:00:00')
    expect(killed.latencyApproximate).toBe(true)
  })

  test('of a run without a single interval is empty, not broken', () => {
    const empty = viewOf(emptyRecord())
    expect(empty.intervals).toBe(0)
    expect(empty.rows.rows).toEqual([300_000])
    expect(empty.focus.toSec).toBeGreaterThan(empty.focus.fromSec)
  })
})
