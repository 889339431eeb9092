// Keystone's cache in whole rehearsals: who is spared a log-in at the switch, in the simulated world and with a real memcached.
// The truth is a recorded switch of Newton with memcached: none of its validators had to log in again.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, jest, test } from '@jest/globals'
import type { RunRecord } from '../../src/measure/record.js'
import type { Summary } from '../../src/measure/summary.js'
import { runProgram } from '../support/program.js'
import { fixture, readRecord, Scratch, simulate } from '../support/storedRun.js'

jest.setTimeout(300_000)

const scratch = new Scratch()
afterAll(() => scratch.remove())

const validators = fixture('validators.yaml')
const withIdentity = (lines: string): string => validators.replace('  cache: none\n', lines)

/** Refusals of the validators' own tokens. */
const loggedInAgain = ({ rejections }: Summary): number => rejections.byClass['validators'] ?? 0
const members = 6

const rehearseLocally = async (text: string, out = scratch.next()): Promise<Summary> => {
  const file = path.join(scratch.root, 'memcached.yaml')
  writeFileSync(file, text)
  const ended = await runProgram(
    ['rehearse', file, '--world', 'local', '--store', 'sqlite', '--out', out, '--json'],
    { cwd: scratch.root },
  )
  const summary = JSON.parse(ended.stdout) as Summary
  expect(summary.faults).toEqual([])
  expect(summary.requests.byOutcome).toMatchObject({ failed: 0, timeout: 0 })
  return summary
}

test('the recorded validators asked to the end of the run, and not one of them logged in again', () => {
  const recorded = JSON.parse(
    readFileSync(new URL('../vectors/cutovers/newton-memcached.json', import.meta.url), 'utf8'),
  ) as { keystone_by_caller: Readonly<Record<string, number>> }
  const { keystone_by_caller: calls } = recorded
  expect(calls['direct-validators validate 200']).toBe(1332)
  expect(Object.keys(calls).filter((call) => call.startsWith('direct-validators'))).toEqual([
    'direct-validators validate 200',
    'direct-validators validate 404',
  ])
})

describe('validators with tokens of their own', () => {
  test.each([
    ['are all refused once without a cache', '  cache: none\n', members],
    ['are refused nothing on Newton with a memcached that is kept', '  cache: memcached\n', 0],
    [
      'are all refused once where each process has a cache, which ends with it',
      '  cache: process\n',
      members,
    ],
    [
      'are all refused once when the cached validations have ended',
      '  cache: memcached\n  cache_time: 30s\n',
      members,
    ],
  ])('%s', async (_, lines, refused) => {
    const { summary } = await simulate(scratch, withIdentity(lines))
    expect(loggedInAgain(summary)).toBe(refused)
  })

  test('are refused nothing in the local world with a real memcached, either', async () => {
    const summary = await rehearseLocally(withIdentity('  cache: memcached\n'))
    expect(summary.rejections.byClass['users']).toBeGreaterThan(0)
    expect(loggedInAgain(summary)).toBe(0)
  })
})

describe('where what Keystone’s cache lacks is stated to cost more', () => {
  const stated = `
name: stated
seed: 1
duration: 15s
cloud: { users: 4, projects: 1, services: [nova] }
identity:
  release: newton
  provider: uuid
  password_hash: { scheme: plain }
  cache: memcached
  costs:
    { validate: 10ms, uncached: { uuid: 150ms, fernet: 90ms, uuid_trust: 400ms, fernet_trust: 900ms }, not_found: 5ms, unauthorized: 5ms, issue: 30ms }
middleware: { token_cache_time: 4s, at_start: empty, workers: 1 }
clients: { members: { behaviour: WHO, members: 1, every: 2s, arrivals: constant, through: [nova] } }
limits: { lateness_p99: 1s }
`
  /** The longest validation of each interval that has one, milliseconds. */
  const longest = ({ intervals }: RunRecord): readonly number[] =>
    intervals.flatMap(({ latency: { validate } }) => (validate === undefined ? [] : [validate.maxMs]))
  const simulated = async (who: string): Promise<readonly number[]> =>
    longest((await simulate(scratch, stated.replace('WHO', who))).record)
  const local = async (who: string): Promise<readonly number[]> => {
    const out = scratch.next()
    await rehearseLocally(stated.replace('WHO', who), out)
    return longest(await readRecord(out))
  }

  test('the first validation of a trust’s token takes longest, and each later one what a cached one does', async () => {
    const [first, ...later] = await simulated('heat-mitaka')
    expect(first).toBeCloseTo(400, -1)
    expect(later.length).toBeGreaterThan(1)
    for (const each of later) expect(each).toBeCloseTo(10, -1)
  })

  test('that of a token without a trust takes what is stated for its format', async () => {
    expect((await simulated('saved-token-script'))[0]).toBeCloseTo(150, -1)
  })

  test('it is so in the local world, too, whose workers are busy for as long', async () => {
    const [first = 0, ...later] = await local('heat-mitaka')
    expect(first).toBeGreaterThan(395)
    expect(later.length).toBeGreaterThan(1)
    for (const each of later) {
      expect(each).toBeGreaterThan(9)
      expect(each).toBeLessThan(first)
    }
  })
})

describe('tokens that were issued shortly before the run, on a Queens with a memcached that is kept', () => {
  // Measured of Queens 13.0.4: a UUID token survives the switch exactly if it was issued less than the lifetime before.
  const queens = (lines: string): string =>
    `${withIdentity(`  cache: memcached\n${lines}`).replace('newton', 'queens')}tokens: { issued_within: 1m }\n`

  test.each([
    ['outlive the switch, whoever shows them', '', false],
    ['die with it where their time in the cache is over by then', '  cache_time: 2m\n', true],
    ['die with it where issued tokens are not cached', '  cache_on_issue: false\n', true],
  ])('%s', async (_, lines, die) => {
    const { summary } = await simulate(scratch, queens(lines))
    const { users = 0, validators: ofValidators = 0 } = summary.rejections.byClass
    expect([users, ofValidators]).toEqual(die ? [10, members] : [0, 0])
  })

  test('outlive it in the local world, too', async () => {
    const summary = await rehearseLocally(queens(''))
    expect(summary.rejections.total).toBe(0)
    expect(summary.requests.byStatus['404']).toBeUndefined()
  })
})
