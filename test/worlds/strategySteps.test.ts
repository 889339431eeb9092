// The steps that strategies are made of, in a whole simulated rehearsal: measured ends, rollback, validity, restarts.
// Expected instants and counts are worked out from the scenario by hand.
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import type { RunRecord } from '../../src/measure/record.js'
import { sumCounts } from '../../src/measure/series.js'
import { fixture, Scratch, simulate, type PastRun } from '../support/storedRun.js'

const scratch = new Scratch()
afterAll(() => scratch.remove())
jest.setTimeout(120_000)

const minute = 60
/** A cloud whose tokens live for half an hour and are remembered for three minutes, with another timeline. */
const withSteps = (...steps: readonly string[]): string =>
  fixture('dual.yaml')
    .replace(/timeline:\n(?: {2}- .*\n)+/, `timeline:\n${steps.map((step) => `  - ${step}\n`).join('')}`)
    .replace(/gates:\n(?: {2}- .*\n)+/, '')

const refused = (record: RunRecord, clientClass: string, fromSec: number, toSec: number): number =>
  sumCounts(record, { clientClass, outcome: 'rejected' }, { fromSec, toSec })

/** When the last UUID token is issued: three backends, ten seconds apart, from 10 min on. */
const ceasedSec = 10 * minute + 20
const phases = [
  '{ at: 5m, cutover: { to: dual-uuid, nodes: rolling, gap: 10s } }',
  '{ at: 10m, cutover: { to: dual-fernet, nodes: rolling, gap: 10s } }',
]

describe('hybrid phases that end by a measure', () => {
  test('end when the last row has expired, half an hour after the last one was written, and refuse nobody', async () => {
    const { summary } = await simulate(
      scratch,
      withSteps(...phases, '{ at: { after: last-uuid-expired, latest: 45m }, cutover: { to: fernet } }'),
    )
    const end = summary.timeline.find(({ label }) => label === 'switch to fernet')
    // The cli alone issues a token every two seconds, so the last row is only seconds older than the end of the phase.
    expect(end?.startedSec).toBeLessThanOrEqual(ceasedSec + 30 * minute + 1)
    expect(end?.startedSec).toBeGreaterThan(ceasedSec + 30 * minute - 30)
    expect(end?.note).toMatch(/^the last UUID token expired by 40m\d+s; 3 backends$/)
    expect(summary.rejections.total).toBe(0)
  })

  test('end when nobody has used a UUID token for long enough', async () => {
    const { summary, record } = await simulate(
      scratch,
      withSteps(...phases, '{ at: { after: no-uuid-token, for: 5m, latest: 49m }, cutover: { to: fernet } }'),
    )
    const end = summary.timeline.find(({ label }) => label === 'switch to fernet')
    const seenSec = record.intervals.filter((line) => (line.uuidTokensSeen ?? 0) > 0).at(-1)?.fromSec ?? 0
    expect(end?.startedSec).toBeGreaterThanOrEqual(seenSec + 5 * minute)
    expect(end?.startedSec).toBeLessThanOrEqual(seenSec + 5 * minute + 1)
    // Every session renews its token half a minute before its end, so the last one is used until then at most.
    expect(seenSec).toBeLessThan(ceasedSec + 30 * minute)
    expect(summary.rejections.total).toBe(0)
  })
})

describe('a rollback', () => {
  let run: PastRun
  beforeAll(async () => {
    run = await simulate(
      scratch,
      withSteps('{ at: 10m, cutover: { to: fernet } }', '{ at: 14m, cutover: { to: uuid } }'),
    )
  })

  test('has a peak of its own: the sessions that had renewed themselves do so again', () => {
    const { record, summary } = run
    expect(summary.rejections.byCause['fernet-on-uuid-node']).toBeGreaterThan(50)
    expect(refused(record, 'users', 14 * minute, 25 * minute)).toBeGreaterThan(50)
  })

  test('leaves good tokens refused until the services have forgotten the refusal', () => {
    const { record } = run
    const stale = (fromSec: number, toSec: number): number =>
      sumCounts(
        record,
        { clientClass: 'heat', outcome: 'rejected', cause: 'stale-cache' },
        { fromSec, toSec },
      )
    // Heat's stacks still hold their UUID tokens, which are good again; the memory of three minutes says otherwise.
    expect(stale(0, 14 * minute)).toBe(0)
    expect(stale(14 * minute, 17 * minute)).toBeGreaterThan(10)
    expect(stale(17 * minute, 50 * minute)).toBe(0)
  })

  test('ends the refusals of those who do not renew, without a restart', () => {
    expect(refused(run.record, 'heat', 10 * minute, 14 * minute)).toBeGreaterThan(20)
    // One who renewed between the two switches, since its token ended, holds a Fernet token until a restart.
    expect(refused(run.record, 'heat', 18 * minute, 25 * minute)).toBeLessThan(
      refused(run.record, 'heat', 10 * minute, 14 * minute),
    )
  })
})

describe('a shorter validity', () => {
  test('holds for tokens that are issued from then on, so the table shrinks to its share', async () => {
    const { summary, record } = await simulate(scratch, withSteps('{ at: 6m, expiration: 5m }'))
    expect(summary.timeline.find(({ event }) => event === 'expiration')).toMatchObject({
      startedSec: 6 * minute,
      label: 'tokens valid 5m',
      ok: true,
    })
    // What was issued before has ended half an hour later; at the flush at 44 min only tokens of 5 min are left:
    // 60 commands every 2 min, and 222 sessions, trusts and workers that renew theirs twelve times an hour.
    const rows = record.table.findLast(({ atSec }) => atSec > 44 * minute && atSec < 45 * minute)?.rows ?? 0
    expect(rows).toBeGreaterThan(0.7 * (150 + 222))
    expect(rows).toBeLessThan(1.5 * (150 + 222))
    expect(summary.rejections.total).toBe(0)
  })
})

describe('emptying the table at a hard switch', () => {
  test('leaves no row, and refuses nobody that the switch does not refuse', async () => {
    const switched = '{ at: 10m, cutover: { to: fernet } }'
    const [kept, emptied] = [
      await simulate(scratch, withSteps(switched)),
      await simulate(scratch, withSteps(switched, '{ at: { after: previous-step }, flush: all }')),
    ]
    expect(emptied.summary.tokenTable).toMatchObject({ rowsEnd: 0, emptyAtSec: 10 * minute })
    expect(kept.summary.tokenTable.emptyAtSec).toBe(44 * minute)
    expect(emptied.summary.rejections).toEqual(kept.summary.rejections)
    const flush = emptied.record.events.find(({ label }) => label === 'flush of all rows')
    expect(flush?.rowsDeleted).toBe(emptied.summary.tokenTable.rowsAtCutover)
  })
})

describe('a plan of restarts', () => {
  test('restarts every service and the classes of their names, one after the other', async () => {
    const { summary } = await simulate(
      scratch,
      withSteps(
        '{ at: 10m, cutover: { to: fernet } }',
        '{ at: { after: previous-step, for: 5m }, restart: { targets: all, gap: 20s } }',
      ),
    )
    const restarts = summary.timeline.filter(({ event }) => event === 'restart')
    expect(restarts.map(({ label, startedSec, note }) => [label, startedSec, note])).toEqual([
      ['restart nova', 15 * minute, '4 workers restarted'],
      ['restart neutron', 15 * minute + 20, '4 workers restarted'],
      // 4 workers and 40 stacks.
      ['restart heat', 15 * minute + 40, '4 workers and 40 members restarted'],
    ])
  })
})
