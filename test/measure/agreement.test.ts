// What two worlds say of one plan, side by side: which counts agree, and which part of a run is compared.
// Bars are those that the project states: a tenth, or three standard errors of a count.
import { describe, expect, test } from '@jest/globals'
import { agreementByCause, countsAgree } from '../../src/measure/agreement.js'
import { recordOf, refusedOf } from './handMade.js'

describe('counts of two worlds', () => {
  test.each([
    [1000, 1100, true], // a tenth
    [1000, 1111, false], // 3.3 standard errors, and more than a tenth
    [100, 131, true], // 2.7 standard errors
    [100, 140, false], // 3.4
    [0, 9, true], // 3
    [0, 10, false],
    [0, 0, true],
  ])('%i and %i: %s', (simulated, local, agrees) => {
    expect(countsAgree({ simulated, local }).agrees).toBe(agrees)
  })
})

test('refusals are compared by class and cause, where the local world had all members active', () => {
  const run = (keysGone: number, clock: readonly { untilSec: number; speed: number; traffic: number }[]) =>
    recordOf({
      header: { durationSec: 40, clock },
      counts: () => [refusedOf(5), refusedOf(keysGone, { clientClass: 'heat', cause: 'key-rotated-away' })],
    })
  const simulated = run(20, [{ untilSec: 40, speed: 1, traffic: 1 }])
  const local = run(40, [
    { untilSec: 20, speed: 60, traffic: 1 },
    { untilSec: 40, speed: 600, traffic: 0.02 },
  ])
  const rows = agreementByCause(simulated, local).map((row) => [
    row.class,
    row.cause,
    row.simulated,
    row.local,
    row.agrees,
  ])
  expect(rows).toEqual([
    ['heat', 'key-rotated-away', 40, 80, false],
    ['users', 'uuid-on-fernet-node', 10, 10, true],
  ])
})
