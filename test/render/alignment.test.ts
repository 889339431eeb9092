// Runs on one axis: where second 0 is, what a point stands for, and that no height of a peak is lost on the way.
// The expected values are counted by hand from runs of a few intervals.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  commonAxis,
  commonFocus,
  highestAligned,
  lapsesOf,
  refusedOf,
  rowsAligned,
  zeroOf,
} from '../../src/render/alignment.js'
import type { RunCurves } from '../../src/render/comparisonView.js'

const runOf = (given: Partial<RunCurves> = {}): RunCurves => ({
  scenario: 'any',
  description: '',
  version: '0',
  command: '',
  intervalSec: 10,
  coveredSec: 100,
  switchSec: 30.2,
  focus: null,
  classes: [],
  refused: { total: [], byClass: {} },
  rows: { atSec: [], rows: [] },
  p99Ms: { validate: [], issue: [] },
  lapses: [],
  steps: [],
  ...given,
})

describe('second 0', () => {
  test('is the start of the interval in which the first backend began to switch', () => {
    expect(zeroOf({ switchSec: 30.2, intervalSec: 10 })).toEqual({ atSec: 30, at: 'switch' })
    expect(zeroOf({ switchSec: 30, intervalSec: 10 })).toEqual({ atSec: 30, at: 'switch' })
    expect(zeroOf({ switchSec: 29.99, intervalSec: 10 })).toEqual({ atSec: 20, at: 'switch' })
  })

  test('is the start of a run in which nobody switched', () => {
    expect(zeroOf({ switchSec: null, intervalSec: 10 })).toEqual({ atSec: 0, at: 'start' })
  })
})

describe('the common axis', () => {
  test('holds every run, and a point of it begins at second 0', () => {
    const early = runOf({ switchSec: 30 })
    const late = runOf({ switchSec: 80, coveredSec: 120 })
    const still = runOf({ switchSec: null })
    expect(commonAxis([early, late])).toEqual({ fromSec: -80, toSec: 70, stepSec: 10, points: 15 })
    expect(commonAxis([early, late, still])).toEqual({ fromSec: -80, toSec: 100, stepSec: 10, points: 18 })
  })

  test('is as coarse as the coarsest run, and coarser where runs are long, always in whole intervals', () => {
    expect(commonAxis([runOf(), runOf({ intervalSec: 60 })]).stepSec).toBe(60)
    const day = runOf({ coveredSec: 10 * 86_400 })
    const { stepSec, points, fromSec } = commonAxis([day])
    expect(stepSec % 10).toBe(0)
    expect(points).toBeLessThanOrEqual(9001)
    expect(Math.abs(fromSec % stepSec)).toBe(0)
    // Twenty such runs together have no more values than a page of seven may have.
    expect(20 * commonAxis(Array.from({ length: 20 }, () => day)).points).toBeLessThanOrEqual(63_020)
  })

  test('opens where the reports of its runs would, all of them in sight', () => {
    const one = runOf({ focus: { fromSec: 20, toSec: 60 } })
    const two = runOf({ switchSec: 50, focus: { fromSec: 20, toSec: 70 } })
    const axis = commonAxis([one, two])
    expect(commonFocus([one, two, runOf()], axis)).toEqual({ fromSec: -30, toSec: 30 })
    expect(commonFocus([runOf(), runOf({ switchSec: null })], axis)).toEqual({ fromSec: -50, toSec: 70 })
  })
})

describe('a curve on it', () => {
  test('lies so that what followed the switch of each run stands in one place', () => {
    const values = [0, 0, 0, 7, 5, 0, 0, 0, 0, 0]
    const early = runOf({ switchSec: 30 })
    const late = runOf({ switchSec: 60 })
    const span = { fromSec: 0, toSec: 40 }
    expect(highestAligned(early, values, span, 4)).toEqual([7, 5, 0, 0])
    expect(highestAligned(late, [0, 0, 0, ...values.slice(0, 7)], span, 4)).toEqual([7, 5, 0, 0])
  })

  test('keeps the highest of the intervals that a point stands for, and has a gap where the run is not', () => {
    const run = runOf({ switchSec: 30 })
    const values = [1, 2, 3, 9, 4, 8, 0, 0, 0, 6]
    expect(highestAligned(run, values, { fromSec: -60, toSec: 90 }, 5)).toEqual([null, 3, 9, 0, 6])
  })

  test('loses no height and makes none up, whatever the run', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 400 }),
        fc.nat({ max: 4000 }),
        fc.constantFrom(1, 10, 20),
        (values, switchSec, intervalSec) => {
          const coveredSec = values.length * intervalSec
          const run = runOf({ intervalSec, coveredSec, switchSec: switchSec < coveredSec ? switchSec : null })
          const coarse = runOf({ intervalSec: intervalSec * 7, coveredSec: 9000 })
          const axis = commonAxis([run, coarse])
          const drawn = highestAligned(run, values, axis, axis.points)
          expect(Math.max(...drawn.map((value) => value ?? -1))).toBe(Math.max(...values))
          for (const value of drawn) if (value !== null) expect(values).toContain(value)
        },
      ),
    )
  })

  test('of the table holds the last look at the end of each point', () => {
    const run = runOf({ switchSec: 30, rows: { atSec: [0, 25, 45], rows: [300, 200, 100] } })
    expect(rowsAligned(run, { fromSec: -40, toSec: 30 }, 7)).toEqual([300, 300, 300, 200, 200, 100, null])
  })
})

test('a run without a class has no refusals of it, not unknown ones', () => {
  const run = runOf({ refused: { total: [1, 2], byClass: { users: [1, 2] } } })
  expect(refusedOf(run, 'users')).toEqual([1, 2])
  expect(refusedOf(run, 'heat')).toEqual([0, 0])
  expect(refusedOf(run, null)).toEqual([1, 2])
})

test('time-lapses of the same span are one, and say whose they are', () => {
  const lapses = [{ fromSec: 60, toSec: 100 }]
  const runs = [runOf({ lapses }), runOf(), runOf({ lapses }), runOf({ lapses, switchSec: null })]
  expect(lapsesOf(runs)).toEqual([
    { fromSec: 30, toSec: 70, runs: [0, 2] },
    { fromSec: 60, toSec: 100, runs: [3] },
  ])
})
