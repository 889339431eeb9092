// Recorded cutovers of a real Keystone, replayed at the instants at which their calls were due.
// The recordings are the outside truth: what the simulated world does with the same calls must come out as it did there.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { describe, expect, jest, test } from '@jest/globals'
import {
  compareFigures,
  figuresOf,
  missesOfReplays,
  type Exchange,
  type Observed,
} from '../../src/bench/fidelity/figures.js'
import { replaySimulated } from '../../src/bench/fidelity/predicted.js'
import {
  readFirstCalls,
  readOffsetSec,
  readRecorded,
  readSchedule,
} from '../../src/bench/fidelity/recorded.js'

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

describe('where between two whole seconds a recording began', () => {
  test('follows from what auth_token answered from its cache', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'recording-'))
    const call = (member: number, sent: number, done: number, asked: string): string =>
      `scripts,${member},get,${sent},${done},${asked}`
    // Put there at 0.95 and still good at 60.2: put in the second before that of 60.2 − 59, so 0.05 ≤ offset < 0.8.
    // Put there at 0.35 likewise: 0.65 ≤ offset < 0.8.
    const rows = [
      'class,member,op,sent,done,service_to_keystone',
      call(0, 0.9, 0.95, 'v200@40'),
      call(1, 0.3, 0.35, 'v200@40'),
      call(0, 60.2, 60.21, ''),
      call(1, 60.2, 60.21, ''),
    ]
    writeFileSync(path.join(folder, 'two.samples.csv.gz'), gzipSync(rows.join('\n')))
    const settings = {
      timeline: [{ t: 90, what: 'switch' }],
      service: { effective: { token_cache_time: 60 } },
    }
    writeFileSync(path.join(folder, 'two.json'), JSON.stringify(settings))
    const offsetSec = readOffsetSec('two', pathToFileURL(`${folder}/`))
    rmSync(folder, { recursive: true })
    expect(Math.abs(offsetSec - 0.725)).toBeLessThan(0.01)
  })
})

describe.each(['queens-nocache', 'newton-memcached'])('the replay of %s', (name) => {
  test('gives the same counts within a tenth, and the same instants within 5 s, whatever calls its members draw', async () => {
    const recorded = readRecorded(name)
    const known = {
      arrivals: 'joined',
      firstCalls: readFirstCalls(name),
      offsetSec: readOffsetSec(name),
    } as const
    const replays: Observed[] = []
    for (const seed of [1, 2, 3, 4]) replays.push(await replaySimulated({ name, seed, known }))
    const far = compareFigures(recorded, replays).filter(({ near }) => near === false)
    expect(far).toEqual([])
  })

  test('gives who was refused, how often, from when to when', async () => {
    const recorded = readRecorded(name)
    const known = {
      arrivals: 'recorded',
      schedule: readSchedule(name),
      offsetSec: readOffsetSec(name),
    } as const
    const replay = await replaySimulated({ name, seed: 1, known })
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

  test('misses for a replay, too, that is the least or the most of all', () => {
    expect(missesOfReplays([95, 100, 105].map(refusals))).toEqual([1, 0, 1])
  })

  test('of fewer than twenty is judged by the spread alone', () => {
    expect(holds(10, [10, 16])).toBe(true)
    expect(holds(10, [11, 12])).toBe(false)
  })
})
