// A plan as a whole: CERN's figures, what too few keys mean, and that nothing is said of what is not known.
import { describe, expect, test } from '@jest/globals'
import { makePlan, type PlanInput } from '../../src/plan/plan.js'
import { requiredKeys } from '../../src/token/keyring.js'

const hour = 3600
const cern: PlanInput = {
  issuesPerSec: 300_000 / (24 * hour),
  validitySec: 24 * hour,
  windowSec: 0,
  flushEverySec: hour,
  rowBytes: 5000,
  rotationSec: 6 * hour,
  maxActiveKeys: null,
  flush: { transaction: 'one', batchRows: 1000, rowsPerSec: null },
  loads: [],
  measured: [],
  target: { share: 0.99, withinSec: 0.1, busyMost: 0.7 },
}

const figure = (input: PlanInput, name: string) => makePlan(input).find((each) => each.name.startsWith(name))

describe('the plan of a cloud like CERN', () => {
  test('is six keys, as CERN had', () => {
    expect(figure(cern, 'keys needed')?.value).toBe(6)
    expect(figure({ ...cern, maxActiveKeys: 6 }, 'tokens die early')).toBeUndefined()
  })

  test('says how early tokens die with too few keys', () => {
    expect(figure({ ...cern, maxActiveKeys: 3 }, 'tokens die early')?.value).toBe(18 * hour)
  })

  test('has the table empty a day and a flush after the last UUID token', () => {
    expect(figure(cern, 'table empty')?.value).toBe(25 * hour)
    expect(figure({ ...cern, windowSec: 48 * hour }, 'table empty')?.value).toBe(73 * hour)
  })

  test('has each UUID token cost the database two rows: one inserted, one deleted', () => {
    expect(figure(cern, 'rows written')?.value).toBeCloseTo((2 * 300_000) / 86_400, 9)
    expect(figure(cern, 'rows deleted by each flush')?.value).toBeCloseTo(300_000 / 24, 9)
  })

  test('says that it does not know how long a flush takes, and nothing of workers', () => {
    expect(figure(cern, 'each flush takes')).toMatchObject({
      value: null,
      how: expect.stringContaining('--flush-rate'),
    })
    expect(figure(cern, 'workers')).toBeUndefined()
  })

  test('has no number of workers where one request takes longer than is wished for', () => {
    const loads = [{ op: 'validate', perSec: 1, serviceSec: 0.2 }] as const
    expect(figure({ ...cern, loads }, 'workers')).toMatchObject({
      value: null,
      how: expect.stringContaining('200 ms'),
    })
  })
})

test('the keys of a plan are those that the key ring asks for', () => {
  for (const hoursOfLife of [1, 5, 6, 7, 24, 25, 168]) {
    for (const rotation of [1, 5, 6, 12, 24]) {
      const input = { ...cern, validitySec: hoursOfLife * hour, rotationSec: rotation * hour }
      expect(figure(input, 'keys needed')?.value).toBe(
        requiredKeys({ validitySec: input.validitySec, rotationSec: input.rotationSec }),
      )
    }
  }
})
