// Whole rehearsals in the simulated world: the story that CERN told, and the one of the hybrid phases.
// Expected numbers are worked out from the scenario by hand, with the spread that chance allows them.
import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import type { RunRecord } from '../../src/measure/record.js'
import { refusalsPerInterval, sumCounts, uuidTokensSeen } from '../../src/measure/series.js'
import { fixture, Scratch, simulate, type PastRun } from '../support/storedRun.js'

const scratch = new Scratch()
afterAll(() => scratch.remove())

// A rehearsal takes a second or two, and more on a machine that has other things to do.
jest.setTimeout(120_000)

const minute = 60
const hard = fixture('hard.yaml')
const dual = fixture('dual.yaml')
const switchSec = 15 * minute
/** Three backends, ten seconds apart. */
const switchedSec = switchSec + 20
const endSec = 60 * minute
const heatRestartSec = 28 * minute
const magnumRestartSec = 31 * minute
const memorySec = 3 * minute

const sumOf = (parts: Readonly<Record<string, number>>): number =>
  Object.values(parts).reduce((sum, n) => sum + n, 0)

/** Refusals of a class in a window. */
const refused = (record: RunRecord, clientClass: string, fromSec: number, toSec: number): number =>
  sumCounts(record, { clientClass, outcome: 'rejected' }, { fromSec, toSec })

describe('a hard switch', () => {
  let run: PastRun
  beforeAll(async () => {
    run = await simulate(scratch, hard)
  })

  test('is the same run again for the same seed, and another for another seed', async () => {
    const short = hard
      .replace('duration: 1h', 'duration: 18m')
      .replace(/ {2}- \{ at: \d+m, restart: .*\n/g, '')
    const [one, again, other] = [
      await simulate(scratch, short),
      await simulate(scratch, short),
      await simulate(scratch, short, { seed: 2 }),
    ]
    expect(again.record.end?.runHash).toBe(one.record.end?.runHash)
    expect(again.summary.rejections).toEqual(one.summary.rejections)
    expect(other.record.end?.runHash).not.toBe(one.record.end?.runHash)
    expect(other.summary.seed).toBe(2)
  })

  test('leaves a folder with all that a run leaves, and passes its gate', () => {
    expect(readdirSync(run.folder).sort()).toEqual([
      'junit.xml',
      'latency.hlog',
      'report.html',
      'run.json',
      'series.ndjson',
      'summary.json',
    ])
    expect(run.summary).toMatchObject({
      verdict: 'pass',
      world: 'simulated',
      store: 'memory',
      scenarioSec: endSec,
    })
  })

  test('counts each refusal once: by class, by cause and in all', () => {
    const { rejections, requests } = run.summary
    expect(rejections.total).toBeGreaterThan(500)
    expect(sumOf(rejections.byClass)).toBe(rejections.total)
    expect(sumOf(rejections.byCause)).toBe(rejections.total)
    expect(sumOf(rejections.byClassAndCause)).toBe(rejections.total)
    expect(requests.byOutcome.rejected).toBe(rejections.total)
    expect(sumOf(requests.byOutcome)).toBe(requests.total)
    expect(rejections.byCause['unexplained']).toBeUndefined()
  })

  test('refuses no session before it, and each of them about once after it', () => {
    const { record } = run
    const first = refusalsPerInterval(record, { clientClass: 'users' }).find(({ n }) => n > 0)
    expect(first?.fromSec).toBeGreaterThanOrEqual(switchSec)
    expect(first?.fromSec).toBeLessThan(switchSec + 5 * minute)
    // 150 sessions, of which some renew their token by its nominal end before their next call; some are refused
    // twice, by a backend that has not switched yet.
    const all = refused(record, 'users', switchSec, endSec)
    expect(all).toBeGreaterThan(0.75 * 150)
    expect(all).toBeLessThan(1.5 * 150)
    // A session calls every 90 s, and the middleware remembers its old token for 3 min: one in e⁶ is left after 12 min.
    expect(refused(record, 'users', switchSec + 12 * minute, endSec)).toBeLessThan(6)
  })

  test('has refusals of Heat from the end of the middleware’s memory to the restart, and none after', () => {
    const { record } = run
    expect(refused(record, 'heat', 0, switchSec)).toBe(0)
    for (let atSec = switchSec + memorySec + minute; atSec < heatRestartSec; atSec += minute) {
      expect(refused(record, 'heat', atSec, atSec + minute)).toBeGreaterThan(8)
    }
    // 40 stacks, once a minute for 13 min; a token that was validated before the switch stays good for 3 min at most;
    // 13 in 30 of them end nominally before the restart, half of the time away.
    const expected = 40 * (13 - 1.5) * (1 - 13 / 30 / 2)
    const all = refused(record, 'heat', switchSec, heatRestartSec)
    expect(all).toBeGreaterThan(0.8 * expected)
    expect(all).toBeLessThan(1.2 * expected)
    expect(refused(record, 'heat', heatRestartSec + 1, endSec)).toBe(0)
    expect(refused(record, 'magnum', heatRestartSec, magnumRestartSec)).toBeGreaterThan(20)
    expect(refused(record, 'magnum', magnumRestartSec + 1, endSec)).toBe(0)
  })

  test('refuses for the reason that UUID tokens met a backend of the new kind, or the other way about', () => {
    const { byClassAndCause } = run.summary.rejections
    const causesOf = (name: string): readonly string[] =>
      Object.keys(byClassAndCause)
        .filter((key) => key.startsWith(`${name}/`))
        .map((key) => key.slice(name.length + 1))
    expect(new Set([...causesOf('users'), ...causesOf('heat'), ...causesOf('magnum')])).toEqual(
      // What a backend refused that had not switched yet is remembered for 3 min, when all have.
      new Set(['uuid-on-fernet-node', 'fernet-on-uuid-node', 'stale-cache']),
    )
    // The scripts' tokens end in the course of the run, before the switch by their expiry.
    expect(causesOf('scripts')).toContain('uuid-on-fernet-node')
    expect(refused(run.record, 'scripts', 0, switchSec)).toBeGreaterThan(0)
  })

  test('stops the growth of the table, which then falls at flushes only, to nothing', () => {
    const { table, events } = run.record
    const flushes = events.filter(({ event }) => event === 'flush').map(({ startedSec }) => startedSec)
    expect(flushes.map((sec) => Math.round(sec / minute))).toEqual([4, 14, 24, 34, 44, 54])
    const after = table.filter(({ atSec }) => atSec > switchedSec)
    after.slice(1).forEach(({ atSec, rows }, i) => {
      const before = after[i] ?? { atSec: 0, rows: 0 }
      expect(rows).toBeLessThanOrEqual(before.rows)
      if (rows < before.rows) {
        expect(flushes.some((sec) => sec >= before.atSec && sec <= atSec)).toBe(true)
      }
    })
    expect(after.length).toBeGreaterThan(2500)
    expect(run.summary.tokenTable).toMatchObject({ rowsEnd: 0, bytesEnd: 0 })
    // The last UUID token is issued at the end of the switch and lives for half an hour; the next flush is at 54 min.
    expect(run.summary.tokenTable.emptyAtSec).toBe(54 * minute)
  })

  test('finds the table as large as the issues before it have made it', () => {
    const { rowsAtCutover, bytesAtCutover } = run.summary.tokenTable
    // 1,500 of which 14 in 30 had expired by the flush at 14 min; 60 commands that each take a token every 2 min;
    // half of 150 sessions, 60 trusts and 12 workers renew theirs within 15 of 30 min.
    const expected = 1500 * (1 - 14 / 30) + (60 / 120) * switchSec + (150 + 60 + 12) / 2
    expect(Math.abs((rowsAtCutover ?? 0) - expected)).toBeLessThan(4 * Math.sqrt(800 + 450 + 111))
    // A body with the catalog of four services is some kilobytes long.
    expect((bytesAtCutover ?? 0) / (rowsAtCutover ?? 1)).toBeGreaterThan(2000)
    expect((bytesAtCutover ?? 0) / (rowsAtCutover ?? 1)).toBeLessThan(20_000)
  })

  test('records its steps when they were, each with its place', () => {
    const steps = run.summary.timeline.filter(({ origin }) => origin === 'scenario')
    expect(steps.map(({ event, startedSec, ok }) => [event, startedSec, ok])).toEqual([
      ['cutover node 1', 900, true],
      ['cutover', 900, true],
      ['cutover node 2', 910, true],
      ['cutover node 3', 920, true],
      ['restart', 1680, true],
      ['restart', 1860, true],
    ])
    const keys = run.summary.timeline.filter(({ event }) => event.startsWith('keys.'))
    expect(keys.map(({ event, dueSec, note }) => [event, dueSec / minute, note])).toEqual([
      ['keys.rotate', 20, '3 keys'],
      ['keys.distribute', 21, ''],
      ['keys.rotate', 40, '4 keys'],
      ['keys.distribute', 41, ''],
    ])
  })

  test('takes no token for bad because of its key: rotation leaves enough of them', () => {
    expect(Object.keys(run.summary.rejections.byCause).filter((cause) => cause.startsWith('key-'))).toEqual(
      [],
    )
  })
})

describe('hybrid phases', () => {
  let run: PastRun
  beforeAll(async () => {
    run = await simulate(scratch, dual)
  })

  test('refuse nobody, to the end of the last one', () => {
    expect(run.summary.rejections.total).toBe(0)
    expect(run.summary.verdict).toBe('pass')
    expect(run.summary.requests.byOutcome).toMatchObject({ rejected: 0, failed: 0, timeout: 0, shed: 0 })
  })

  test('see fewer and fewer UUID tokens, and none when the last one has expired', () => {
    const seen = (fromSec: number, toSec: number): number =>
      uuidTokensSeen(run.record, { fromSec, toSec }) ?? -1
    const inPhase = [10, 20, 30].map((from) => seen(from * minute + 20, (from + 10) * minute))
    expect(inPhase[0]).toBeGreaterThan(inPhase[1] ?? 0)
    expect(inPhase[1]).toBeGreaterThan(inPhase[2] ?? 0)
    expect(inPhase[2]).toBeGreaterThan(0)
    // Issued until 10 min 20 s, good for half an hour.
    expect(seen(40 * minute + 21, 42 * minute)).toBe(0)
    expect(seen(42 * minute, 50 * minute)).toBe(0)
  })

  test('refuse the UUID tokens that are left if the last one begins too early, and not before it does', async () => {
    const early = await simulate(
      scratch,
      dual.replace('at: 42m', 'at: 20m').replace('duration: 50m', 'duration: 30m'),
    )
    const first = refusalsPerInterval(early.record).find(({ n }) => n > 0)
    expect(first?.fromSec).toBeGreaterThanOrEqual(20 * minute)
    expect(Object.keys(early.summary.rejections.byCause)).toEqual(['uuid-on-fernet-node'])
    // Two thirds of the sessions' tokens were issued before the second phase and have not ended since.
    const left = (150 * 2) / 3
    expect(Math.abs((early.summary.rejections.byClass['users'] ?? 0) - left)).toBeLessThan(0.35 * left)
    expect(early.summary.rejections.byClass['heat']).toBeGreaterThan(40)
    expect(early.summary.verdict).toBe('fail')
  })
})

describe('keys that reach one backend alone', () => {
  test('make the others refuse its tokens, until they have the keys and what was refused is forgotten', async () => {
    const text = hard
      .replace('duration: 1h', 'duration: 45m')
      .replace(
        'keys: { rotation: 20m, max_active_keys: 4, distribute_after: 1m }',
        'keys: { max_active_keys: 4 }',
      )
      .replace(
        'clock:',
        `  # Twice, so that the new primary key is not the one that the others hold as staged.
  - { at: 32m, keys.rotate: true }
  - { at: 32m, keys.rotate: true }
  - { at: 33m, keys.distribute: [1] }
  - { at: 38m, keys.distribute: all }
clock:`,
      )
    const { record } = await simulate(scratch, text)
    const unknown = (fromSec: number, toSec: number): number =>
      sumCounts(record, { outcome: 'rejected', cause: 'key-not-distributed' }, { fromSec, toSec })
    // Commands alone: one in two seconds, a third of them served by that backend, two thirds of these judged by others.
    expect(unknown(33 * minute, 38 * minute)).toBeGreaterThan(0.6 * (300 / 2) * (1 / 3) * (2 / 3))
    expect(unknown(0, 33 * minute)).toBe(0)
    expect(unknown(38 * minute + memorySec + 1, 45 * minute)).toBe(0)
  })
})

describe('a simulated run that is stopped', () => {
  test('is a record up to that instant, and decides nothing', async () => {
    const { summary, record } = await simulate(scratch, hard, {
      onPulse: ({ nowSec }, stop) => {
        if (nowSec === 3 * minute) stop('stopped by the user')
      },
    })
    expect(summary.verdict).toBe('inconclusive')
    expect(record.end?.interrupted).toBe('stopped by the user')
    expect(summary.scenarioSec).toBeGreaterThanOrEqual(3 * minute)
    expect(summary.scenarioSec).toBeLessThan(3 * minute + 1)
  })
})
