// The closed loops that the shipped profiles were made of, in the simulated world; and its queue against queueing theory.
// `npm run bench:costs` plays them in the local world as well.
import { describe, expect, jest, test } from '@jest/globals'
import { inWorld, loopOf, replayPoint, requestsOf } from '../../src/bench/costs/closedLoop.js'
import { arrivalsOf } from '../../src/bench/costs/openLoop.js'
import { holds, isJudged, meanLoop, nameOf } from '../../src/bench/costs/proof.js'
import { micros } from '../../src/base/time.js'
import type { ApiRequest } from '../../src/clients/exchange.js'
import type { CostProfile } from '../../src/scenario/costs/profile.js'
import { shippedCostNames, shippedCosts } from '../../src/scenario/costs/shipped.js'
import { parseScenario } from '../../src/scenario/parse.js'

jest.setTimeout(120_000)

describe.each(shippedCostNames)('with the profile of %s the simulated world', (release) => {
  const profile = shippedCosts[release]
  const judged = profile.points.filter(isJudged)

  test.each(judged.map((point) => [nameOf(profile, point), point] as const))(
    'gives throughput and median of %s within 15 %',
    async (_, point) => {
      const seeds = [1, 2]
      const loops = await Promise.all(
        seeds.map((seed) => replayPoint({ world: 'simulated', profile, point, release, seed })),
      )
      const mean = meanLoop(loops)
      expect({ ...mean, holds: holds(point, mean) }).toEqual({ ...mean, holds: true })
    },
  )
})

/** A Keystone whose validations take 10 ms on average, with this spread. */
const queueOf = (workers: number, spread: number): CostProfile => ({
  format: 'cutover/costs@1',
  name: 'queue',
  about: '',
  workers,
  passwordHashes: [],
  rows: (['validate', 'issue'] as const).map((op) => ({
    provider: 'fernet',
    cache: 'none',
    op,
    alone: { p50Ms: 10 * Math.exp((-spread * spread) / 2), spread },
    busy: [],
    statements: null,
    selects: null,
    inserts: null,
    from: 'a test',
  })),
  points: [],
})

const scenarioOf = (profile: CostProfile, seconds: number) => {
  const text = `{ name: queue, duration: ${seconds}s, identity: { release: queens, provider: fernet }, cloud: { users: 2, projects: 1, services: [nova] },
    limits: { request_timeout: 1h }, tokens: { live: 2 }, clients: { users: { behaviour: password-session, members: 2, every: 1h, through: [nova] } } }`
  const { scenario } = parseScenario({ file: 'queue', text, checkGate: () => [] })
  return { ...scenario, identity: { ...scenario.identity, costs: profile, processes: profile.workers } }
}

/** The way of a request over the loopback interface, which the simulated world adds to its time. */
const wireMs = 0.2

describe('the simulated queue', () => {
  test.each([
    [0, 0.5],
    [0.6, 0.5],
    [0.6, 0.8],
  ])('has the mean wait of Pollaczek and Khinchine: spread %d, busy for %d', async (spread, busy) => {
    const seconds = 900
    const load = { perSec: busy * 100, seconds, issueShare: 0, seed: 3 }
    const times = await inWorld('simulated', scenarioOf(queueOf(1, spread), seconds + 10), async (world) => {
      const { clock, target } = world
      const [request] = requestsOf(world, 'validate') as [ApiRequest]
      const seen: number[] = []
      for (const { dueSec } of arrivalsOf(load)) {
        clock.at(micros(dueSec), () => {
          const sentUs = clock.measured()
          target.send(1, request, () => seen.push((clock.measured() - sentUs) / 1000))
        })
      }
      const ended = new Promise<void>((resolve) => {
        clock.at(micros(seconds + 9), resolve)
      })
      await world.run(ended)
      return seen
    })
    const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length
    // M/G/1: W = λ·E[S²] / (2·(1 − ρ)), with E[S²] = m²·e^σ² for a lognormal distribution (Kleinrock 1975, §5.7).
    const lambda = load.perSec / 1000
    const expected = 10 + (lambda * 100 * Math.exp(spread * spread)) / (2 * (1 - busy)) + wireMs
    expect(Math.abs(mean / expected - 1)).toBeLessThan(0.06)
  })

  test.each([
    [1, 3],
    [2, 8],
    [4, 32],
  ])('keeps %d workers busy with %d clients: X = c / S, R = n / X', async (workers, clients) => {
    const seconds = 60
    const profile = queueOf(workers, 0.4)
    const loop = await inWorld('simulated', scenarioOf(profile, seconds + 1), async (world) => {
      const { clock, target } = world
      const [request] = requestsOf(world, 'validate') as [ApiRequest]
      const times: number[] = []
      const next = (): void => {
        const sentUs = clock.measured()
        target.send(1, request, () => {
          if (clock.now() > micros(seconds)) return
          times.push((clock.measured() - sentUs) / 1000)
          next()
        })
      }
      for (let i = 0; i < clients; i++) clock.at(micros(0), next)
      await world.run(
        new Promise<void>((resolve) => {
          clock.at(micros(seconds), resolve)
        }),
      )
      return { ...loopOf(times, seconds), meanMs: times.reduce((sum, ms) => sum + ms, 0) / times.length }
    })
    expect(Math.abs(loop.perSec / (workers * 100) - 1)).toBeLessThan(0.02)
    expect(Math.abs(loop.meanMs / ((clients * 10) / workers) - 1)).toBeLessThan(0.03)
  })
})
