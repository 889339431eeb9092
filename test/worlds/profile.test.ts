// What `cutover profile` makes of a server whose times and workers are known, and what it refuses before it sends anything.
// The server answers as a Keystone does, from a fixed number of workers that each take a fixed time.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { StoppedError } from '../../src/base/errors.js'
import { findCloud } from '../../src/io/cloud/findCloud.js'
import type { CostProfile, MeasuredPoint } from '../../src/scenario/costs/profile.js'
import { shippedCosts } from '../../src/scenario/costs/shipped.js'
import {
  measureProfile,
  mergeProfiles,
  workersBy,
  type ProfileOrder,
} from '../../src/worlds/profile/measure.js'

jest.setTimeout(120_000)

const workers = 3
/** Long beside what a busy machine adds. */
const takesMs = 100

let server: Server
let url = ''
let issued = 0

beforeAll(async () => {
  let busy = 0
  const queue: (() => void)[] = []
  const known = new Set<string>()
  server = createServer((message, response) => {
    const answer = (): void => {
      const headers = message.headers
      if (message.method === 'POST') {
        const token = (++issued).toString(16).padStart(32, '0')
        known.add(token)
        response.writeHead(201, { 'x-subject-token': token })
      } else if (!known.has(String(headers['x-auth-token']))) response.writeHead(401)
      else response.writeHead(known.has(String(headers['x-subject-token'])) ? 200 : 404)
      response.end('{}')
      busy--
      queue.shift()?.()
    }
    const take = (): void => {
      busy++
      const { headers } = message
      const tokens = [headers['x-auth-token'], headers['x-subject-token']].map(String)
      const good = message.method === 'POST' || tokens.every((token) => known.has(token))
      setTimeout(answer, good ? takesMs : 0)
    }
    message.resume().on('end', () => {
      if (busy < workers) take()
      else queue.push(take)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  server.close()
  server.closeAllConnections()
})

const order = (clients: readonly number[]): ProfileOrder => ({
  ...findCloud({
    env: { OS_AUTH_URL: `${url}/v3`, OS_USERNAME: 'admin', OS_PASSWORD: 'secret', OS_PROJECT_NAME: 'admin' },
    folder: '/nonexistent',
  }),
  signal: new AbortController().signal,
  name: 'stub',
  seconds: 1,
  clients,
  workers: null,
  cache: 'none',
  timeoutMs: 20_000,
  onProgress: () => {},
})

/** Measures until something is said of it, and is stopped then. */
const stoppedAt = (said: string): Promise<CostProfile> => {
  const ended = new AbortController()
  const onProgress = (text: string): void => {
    if (text === said) ended.abort()
  }
  return measureProfile({ ...order([1, 9]), signal: ended.signal, onProgress })
}

test('a measurement that is stopped tells the loops that had ended, and says that it is not whole', async () => {
  const { points, rows, about } = await stoppedAt('validate, 9 clients')
  expect(points.map(({ op, concurrency }) => [op, concurrency])).toEqual([['validate', 1]])
  expect(rows.map(({ op, refused }) => [op, refused])).toEqual([['validate', undefined]])
  expect(about).toMatch(/^Not whole: stopped before all was measured\. /)
})

test('a measurement that is stopped before a loop had ended has nothing to report', async () => {
  await expect(stoppedAt('logging in')).rejects.toThrow(StoppedError)
})

test('the profile of a server tells its times and its workers', async () => {
  const profile = await measureProfile(order([1, 9]))
  expect(profile.workers).toBe(workers)
  for (const { provider, alone } of profile.rows) {
    expect(provider).toBe('uuid')
    expect(alone.p50Ms).toBeGreaterThanOrEqual(takesMs - 1)
    expect(alone.p50Ms).toBeLessThan(2 * takesMs)
  }
  expect(profile.rows.map(({ op }) => op)).toEqual(['validate', 'issue'])
  expect(profile.rows[0]?.refused?.unauthorized).toBeLessThan(1)
  expect(JSON.stringify(profile)).not.toContain('secret')
})

describe('the number of workers', () => {
  const point = (
    concurrency: number,
    perSec: number,
    op: MeasuredPoint['op'] = 'validate',
  ): MeasuredPoint => ({
    ...(shippedCosts.zed.points[0] as MeasuredPoint),
    op,
    concurrency,
    perSec,
  })

  test('is by Little’s law how many are busy at the highest throughput', () => {
    expect(workersBy([point(1, 10), point(4, 39), point(8, 41)])).toBe(4)
    expect(workersBy([point(1, 10), point(8, 9)])).toBe(1)
    expect(workersBy([point(1, 10), point(8, 28), point(1, 5, 'issue'), point(8, 10, 'issue')])).toBe(3)
  })
})

test('measurements are joined with those of before: the newer rows of a kind are kept', () => {
  const newer: CostProfile = { ...shippedCosts.zed, name: 'newer', workers: 9 }
  const merged = mergeProfiles(shippedCosts.queens, newer)
  expect(merged).toMatchObject({ name: 'newer', workers: 9 })
  for (const row of newer.rows) expect(merged.rows).toContain(row)
  expect(merged.rows.filter(({ provider }) => provider === 'uuid')).toEqual(
    shippedCosts.queens.rows.filter(({ provider }) => provider === 'uuid'),
  )
  expect(merged.rows).toHaveLength(shippedCosts.queens.rows.length)
})
