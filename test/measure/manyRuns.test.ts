// Several runs of one scenario judged as one: what fails in any fails, what decides nothing is left out, and reasons name their runs.
import { describe, expect, test } from '@jest/globals'
import type { GateResult } from '../../src/measure/gates.js'
import { summariseMany } from '../../src/measure/manyRuns.js'
import { summarise, type Summary } from '../../src/measure/summary.js'
import { cernRecord } from '../support/cernRecord.js'

const whole = summarise(cernRecord({}))

const gateOf = (result: GateResult['result']): GateResult => ({
  gate: 'rejected() < 9',
  result,
  observed: result === 'no-data' ? null : 7,
  limit: 9,
  unit: 'requests',
  note: '',
  approximate: false,
})

const run = (
  verdict: Summary['verdict'],
  reasons: readonly string[],
  result: GateResult['result'] = verdict === 'fail' ? 'fail' : 'pass',
): Summary => ({ ...whole, verdict, reasons, gates: [gateOf(result)] })

const passed = run('pass', ['all gates hold'])
const late = run('inconclusive', ['sent late by 30 ms'])

describe('runs of one scenario', () => {
  test('fail together if one fails, and the reason names it', () => {
    const together = summariseMany([passed, run('fail', ['12 requests']), passed])
    expect(together.verdict).toBe('fail')
    expect(together.reasons).toEqual(['run 2: 12 requests'])
    expect(together.gates).toMatchObject([{ result: 'fail', note: 'in 1 of 3 runs' }])
  })

  test('of which one failed and one decides nothing have failed: what failed is certain', () => {
    const blank = run('inconclusive', ['gate without data'], 'no-data')
    const failed = run('fail', ['12 requests'])
    for (const runs of [
      [failed, blank],
      [blank, failed],
    ])
      expect(summariseMany(runs)).toMatchObject({ verdict: 'fail', gates: [{ result: 'fail' }] })
    expect(summariseMany([passed, blank]).verdict).toBe('inconclusive')
  })

  test('pass with the runs that decide something, and tell of those that do not', () => {
    const together = summariseMany([late, passed, passed])
    expect(together.verdict).toBe('pass')
    expect(together.reasons).toEqual([
      'all gates hold',
      '1 of 3 runs decides nothing by itself and is left out',
    ])
  })

  test('are inconclusive if none of them decides anything, each for its own reasons', () => {
    const other = run('inconclusive', ['sent late by 50 ms', 'starved'])
    const third = run('inconclusive', ['starved'])
    const { verdict, reasons } = summariseMany([late, other, third])
    expect(verdict).toBe('inconclusive')
    expect(reasons).toEqual(['run 1: sent late by 30 ms', 'run 2: sent late by 50 ms', 'runs 2, 3: starved'])
  })

  test('say once what is true of all of them', () => {
    expect(summariseMany([passed, passed]).reasons).toEqual(['all gates hold'])
    expect(summariseMany([late, late]).reasons).toEqual(['sent late by 30 ms'])
  })

  test('have no data if one of them has none: that is never a pass', () => {
    const blank = run('inconclusive', ['no data'], 'no-data')
    const together = summariseMany([passed, blank])
    expect(together.verdict).toBe('inconclusive')
    expect(together.gates).toMatchObject([{ result: 'no-data', note: 'in 1 of 2 runs' }])
  })

  test('are one run where there is one', () => {
    expect(summariseMany([late])).toBe(late)
  })
})
