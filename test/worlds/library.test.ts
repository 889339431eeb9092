// Every behaviour of clients in one simulated cloud that is moved: who is refused, until when, and what ends it.
// The unit tests show each as a dialogue; here the identity logic itself answers, so that its words and theirs fit.
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import type { RunRecord } from '../../src/measure/record.js'
import { sumCounts } from '../../src/measure/series.js'
import { fixture, Scratch, simulate } from '../support/storedRun.js'

const scratch = new Scratch()
afterAll(() => scratch.remove())
jest.setTimeout(120_000)

const minute = 60
const library = fixture('library.yaml')
const switchSec = 20 * minute
/** The middleware's memory is over at 25 min, and everybody has called since. */
const settledSec = 35 * minute
const restartSec = 50 * minute
const endSec = 70 * minute

const count = (
  record: RunRecord,
  clientClass: string,
  outcome: 'ok' | 'rejected' | 'failed',
  fromSec: number,
  toSec: number,
): number => sumCounts(record, { clientClass, leg: 'client', outcome }, { fromSec, toSec })

describe('a cloud with every behaviour', () => {
  let record: RunRecord
  beforeAll(async () => {
    ;({ record } = await simulate(scratch, library))
  })

  test('refuses nobody before the switch, and everybody gets through', () => {
    const classes = record.header.classes.map(({ name }) => name)
    for (const name of classes) {
      const before = [
        count(record, name, 'rejected', 0, switchSec),
        count(record, name, 'failed', 0, switchSec),
      ]
      // Where receipts are not known, a password alone is refused before the passcode is asked for.
      if (name !== 'careful') expect([name, ...before]).toEqual([name, 0, 0])
      expect(count(record, name, 'ok', 0, switchSec)).toBeGreaterThan(0)
    }
  })

  test.each([['users'], ['stacks'], ['directory'], ['federated']])(
    'has %s back by itself, one refusal a session',
    (name) => {
      const members = record.header.classes.find((each) => each.name === name)?.members ?? 0
      expect(count(record, name, 'rejected', switchSec, settledSec)).toBe(members)
      expect(count(record, name, 'rejected', settledSec + minute, endSec)).toBe(0)
    },
  )

  test('has Heat of Mitaka back by its restart, and not before', () => {
    expect(count(record, 'heat', 'rejected', restartSec - 10 * minute, restartSec)).toBeGreaterThan(50)
    expect(count(record, 'heat', 'ok', restartSec - 10 * minute, restartSec)).toBe(0)
    expect(count(record, 'heat', 'rejected', restartSec + minute, endSec)).toBe(0)
  })

  test.each([['scripts'], ['magnum'], ['vms']])('never has %s back', (name) => {
    expect(count(record, name, 'ok', settledSec, endSec)).toBe(0)
    expect(count(record, name, 'rejected', endSec - 10 * minute, endSec)).toBeGreaterThan(20)
  })

  test('has people back who log in again, those with a one-time password as well', () => {
    for (const name of ['people', 'careful']) {
      expect(count(record, name, 'rejected', switchSec, 35 * minute)).toBeGreaterThan(0)
      expect(count(record, name, 'ok', 40 * minute, endSec)).toBeGreaterThan(100)
    }
    expect(count(record, 'people', 'rejected', 40 * minute, endSec)).toBe(0)
  })

  test('loses what was being uploaded, and Glance’s own uploads not', () => {
    // Begun before the switch, ended after it.
    expect(count(record, 'uploads', 'rejected', switchSec, switchSec + 15 * minute)).toBeGreaterThan(5)
    const images = [switchSec, endSec] as const
    expect(count(record, 'images', 'rejected', ...images)).toBeGreaterThan(0)
    expect(count(record, 'images', 'ok', ...images)).toBeGreaterThan(
      count(record, 'images', 'rejected', ...images),
    )
  })

  test('shows errors of the service where a forwarded token died behind it', () => {
    expect(count(record, 'launches', 'failed', switchSec, settledSec)).toBeGreaterThan(0)
    expect(count(record, 'launches', 'failed', settledSec + 6 * minute, endSec)).toBe(0)
  })

  test('has a RADOS Gateway refuse everybody who is new to it, with good tokens, until its restart', () => {
    expect(count(record, 'objects', 'rejected', switchSec + minute, restartSec)).toBeGreaterThan(500)
    expect(count(record, 'objects', 'rejected', restartSec + minute, endSec)).toBe(0)
    expect(count(record, 'objects', 'ok', restartSec + minute, endSec)).toBeGreaterThan(300)
  })

  test('never shows a refusal to a probe', () => {
    expect(count(record, 'probe', 'rejected', 0, endSec)).toBe(0)
    expect(count(record, 'probe', 'ok', switchSec, endSec)).toBeGreaterThan(200)
  })

  test('counts a class and a service of one name apart', () => {
    expect(count(record, 'heat-service', 'ok', 0, switchSec)).toBeGreaterThan(0)
    expect(
      sumCounts(
        record,
        { clientClass: 'heat', leg: 'client', op: 'validate' },
        { fromSec: 0, toSec: endSec },
      ),
    ).toBe(0)
  })
})

describe('a memory of refusals', () => {
  const rollback = (negative: boolean): string => `
name: rollback
duration: 40m
cloud: { users: 50, projects: 5, services: [nova] }
identity: { release: queens, provider: uuid, expiration: 24h, password_hash: { scheme: plain } }
middleware: { token_cache_time: 5m, negative_cache: ${negative}, workers: 2 }
tokens: { issued_within: 1h }
clients:
  scripts: { behaviour: saved-token-script, members: 20, every: 10s, through: [nova] }
timeline:
  - { at: 10m, cutover: { to: fernet } }
  - { at: 20m, cutover: { to: uuid } }
`
  test('refuses good tokens for up to 300 s after a rollback; without it they are good at once', async () => {
    const rejected = async (negative: boolean, fromSec: number, toSec: number): Promise<number> => {
      const { record } = await simulate(scratch, rollback(negative))
      return count(record, 'scripts', 'rejected', fromSec, toSec)
    }
    const back = 20 * minute
    expect(await rejected(true, back + 1, back + 300)).toBeGreaterThan(100)
    expect(await rejected(true, back + 301, 40 * minute)).toBe(0)
    expect(await rejected(false, back + 1, 40 * minute)).toBe(0)
  })
})

describe('a stampede', () => {
  test('is as large as there are worker processes', async () => {
    const tokens = async (workers: number): Promise<number> => {
      const text = `
name: stampede
duration: 30m
cloud: { users: 50, projects: 5, services: [nova] }
identity: { release: queens, provider: uuid, expiration: 24h, password_hash: { scheme: plain } }
middleware: { token_cache_time: 0s, workers: ${workers} }
tokens: { issued_within: 1h }
clients:
  scripts: { behaviour: saved-token-script, members: 50, every: 5s, through: [nova] }
timeline: [{ at: 10m, cutover: { to: fernet } }]
`
      const { record } = await simulate(scratch, text)
      return sumCounts(
        record,
        { clientClass: 'nova', leg: 'client', op: 'issue' },
        { fromSec: 600, toSec: 1800 },
      )
    }
    expect(await tokens(3)).toBe(3)
    expect(await tokens(12)).toBe(12)
  })
})
