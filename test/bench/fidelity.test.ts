// Recorded cutovers of a real Keystone, replayed at the instants at which their calls were due.
// The recordings are the outside truth: what the simulated world does with the same calls must come out as it did there.
import { describe, expect, jest, test } from '@jest/globals'
import { compareFigures, figuresOf, type Exchange, type Observed } from '../../src/bench/fidelity/figures.js'
import { replaySimulated } from '../../src/bench/fidelity/predicted.js'
import { readRecorded, readSchedule } from '../../src/bench/fidelity/recorded.js'

jest.setTimeout(120_000)

const valueOf = (observed: Observed, name: string): number | null | undefined =>
  figuresOf(observed).find((figure) => figure.name === name)?.value

describe('a recording', () => {
  test('is counted as its own summary counts it', () => {
    const recorded = readRecorded('queens-nocache')
    expect(valueOf(recorded, 'saved-token-scripts: refused')).toBe(435)
    expect(valueOf(recorded, 'heat-like: refused')).toBe(91)
    expect(valueOf(recorded, 'direct-validators: refused')).toBe(234)
    expect(valueOf(recorded, 'session-users: new tokens')).toBe(40)
    expect(valueOf(recorded, 'Keystone: validate 404')).toBe(800)
  })
})

describe.each(['queens-nocache', 'newton-memcached'])('the replay of %s', (name) => {
  test('gives who was refused, how often, from when to when', async () => {
    const recorded = readRecorded(name)
    const replay = await replaySimulated({ name, seed: 1, schedule: readSchedule(name) })
    for (const { name: figure, kind, value } of figuresOf(recorded)) {
      const predicted = valueOf(replay, figure)
      if (value === null || predicted === null || predicted === undefined) {
        expect([figure, predicted]).toEqual([figure, value])
        continue
      }
      // One seed: chance is the subjects that validators draw (√N of 234 is 7 %), and a single member of six for Heat.
      const tolerance = kind === 'instant' ? 5 : Math.max(2, 0.12 * value)
      expect([figure, Math.abs(predicted - value) <= tolerance]).toEqual([figure, true])
    }
  })
})

describe('a figure', () => {
  const refusals = (count: number): Observed => {
    const one: Exchange = { clientClass: 'heat-like', op: 'call', status: 401, atSec: 100 }
    return { seen: Array.from({ length: count }, () => one), keystone: [] }
  }
  const holds = (recorded: number, predicted: readonly number[]): boolean | undefined =>
    compareFigures(refusals(recorded), predicted.map(refusals)).find(
      (row) => row.name === 'heat-like: refused',
    )?.holds

  test('holds within the spread of the seeds and a tenth of their mean', () => {
    expect(holds(100, [95, 105])).toBe(true)
    expect(holds(100, [101, 105])).toBe(false)
    expect(holds(100, [100, 130])).toBe(false)
  })

  test('of fewer than twenty is judged by the spread alone', () => {
    expect(holds(10, [10, 16])).toBe(true)
    expect(holds(10, [11, 12])).toBe(false)
  })
})
