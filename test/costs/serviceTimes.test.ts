// What is drawn from a cost profile: the distribution, the row, and what stands in where none was measured.
// Bounds are four standard errors of what the lognormal distribution says; the seed is fixed.
import { describe, expect, test } from '@jest/globals'
import {
  burdened,
  busyMeanMs,
  hashMs,
  rowFor,
  type CostProfile,
  type CostRow,
} from '../../src/scenario/costs/profile.js'
import { shippedCosts } from '../../src/scenario/costs/shipped.js'
import { parseScenario } from '../../src/scenario/parse.js'
import type { IdentitySettings } from '../../src/scenario/scenario.js'
import { providerOf, realHash, ServiceTimes, type Served } from '../../src/worlds/costs/serviceTimes.js'

const row = (more: Partial<CostRow>): CostRow => ({
  provider: 'fernet',
  cache: 'none',
  op: 'validate',
  alone: { p50Ms: 100, spread: 0 },
  busy: [],
  statements: null,
  selects: null,
  inserts: null,
  from: 'a test',
  ...more,
})

const profileWith = (rows: readonly CostRow[], more: Partial<CostProfile> = {}): CostProfile => ({
  format: 'cutover/costs@1',
  name: 'test',
  about: '',
  workers: 2,
  passwordHashes: [],
  rows,
  points: [],
  ...more,
})

const settings = (profile: CostProfile, text = ''): IdentitySettings => {
  const yaml = `{ name: t, duration: 1h, identity: { release: queens${text} }, clients: { c: { behaviour: password-session, members: 1, every: 1m } } }`
  const { scenario } = parseScenario({ file: 't', text: yaml, checkGate: () => [] })
  return { ...scenario.identity, costs: profile, processes: profile.workers }
}

const served: Served = {
  op: 'validate',
  provider: 'fernet',
  status: 200,
  missed: false,
  missedTrust: false,
  passwords: 0,
  inSystem: 1,
  events: 0,
}

const timesOf = (profile: CostProfile, text = ''): ServiceTimes =>
  new ServiceTimes({ profile, identity: settings(profile, text), seed: 1, node: 1 })

describe('drawn times', () => {
  test('are lognormal: median, 95 % point and mean', () => {
    const spread = 0.5
    const times = timesOf(profileWith([row({ alone: { p50Ms: 100, spread } })]))
    const n = 40_000
    const drawn = Array.from({ length: n }, () => times.drawMs(served)).sort((a, b) => a - b)
    const at = (share: number): number => Math.log(drawn[Math.floor(share * n)] as number)
    // A quantile's standard error is √(p(1 − p)/n) / density; of a normal distribution the density at z is φ(z)/σ.
    const error = (share: number, z: number): number =>
      (Math.sqrt((share * (1 - share)) / n) * spread) / (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI))
    expect(Math.abs(at(0.5) - Math.log(100))).toBeLessThan(4 * error(0.5, 0))
    expect(Math.abs(at(0.95) - Math.log(100) - 1.644854 * spread)).toBeLessThan(4 * error(0.95, 1.644854))
    const mean = drawn.reduce((sum, ms) => sum + ms, 0) / n
    const expected = 100 * Math.exp(spread ** 2 / 2)
    expect(Math.abs(mean / expected - 1)).toBeLessThan(
      (4 * Math.sqrt(Math.exp(spread ** 2) - 1)) / Math.sqrt(n),
    )
  })

  test('are the same for equal seeds, and others on another backend', () => {
    const profile = profileWith([row({ alone: { p50Ms: 100, spread: 0.3 } })])
    const first = timesOf(profile)
    const again = timesOf(profile)
    const other = new ServiceTimes({ profile, identity: settings(profile), seed: 1, node: 2 })
    const drawn = [1, 2, 3].map(() => first.drawMs(served))
    expect([1, 2, 3].map(() => again.drawMs(served))).toEqual(drawn)
    expect([1, 2, 3].map(() => other.drawMs(served))).not.toEqual(drawn)
  })

  test('follow provider, cache and answer', () => {
    const ms = (value: number): CostRow['alone'] => ({ p50Ms: value, spread: 0 })
    const refused = { notFound: 0.5, unauthorized: 0.1 }
    const profile = profileWith([
      row({ provider: 'uuid', cache: 'hit', alone: ms(1), refused }),
      row({ provider: 'uuid', cache: 'miss', alone: ms(2) }),
      row({ cache: 'hit', alone: ms(3) }),
      row({ cache: 'none', alone: ms(4) }),
      row({ op: 'issue', cache: 'hit', alone: ms(5) }),
    ])
    const cached = timesOf(profile, ', cache: memcached')
    const draw = (more: Partial<Served>): number => cached.drawMs({ ...served, ...more })
    expect(draw({ provider: 'uuid' })).toBeCloseTo(1)
    expect(draw({ provider: 'uuid', missed: true })).toBeCloseTo(2)
    expect(draw({ provider: 'uuid', status: 404 })).toBeCloseTo(0.5)
    expect(draw({ provider: 'uuid', status: 401 })).toBeCloseTo(0.1)
    expect(draw({})).toBeCloseTo(3)
    expect(draw({ op: 'issue', missed: true })).toBeCloseTo(5)
    expect(timesOf(profile).drawMs(served)).toBeCloseTo(4)
  })

  test('take the provider in force, and in dual mode that of the token', () => {
    const uuid = 'f'.repeat(32)
    expect(providerOf('fernet', uuid)).toBe('fernet')
    expect(providerOf('dual-fernet', uuid)).toBe('uuid')
    expect(providerOf('dual-fernet', null)).toBe('fernet')
    expect(providerOf('dual-uuid', null)).toBe('uuid')
  })

  test('hold the hash of the scenario, once for each password, and servers then hash nothing', () => {
    const hashes = [{ scheme: 'bcrypt', rounds: 12, ms: 200 }] as const
    const profile = profileWith([row({ op: 'issue' })], { passwordHashes: hashes })
    const times = timesOf(profile, ', password_hash: { scheme: bcrypt, rounds: 11 }')
    expect(times.drawMs({ ...served, op: 'issue', passwords: 1 })).toBeCloseTo(200)
    expect(times.drawMs({ ...served, op: 'issue' })).toBeCloseTo(100)
    expect(realHash(settings(profile)).scheme).toBe('plain')
  })
})

describe('the time at a load', () => {
  const loaded = row({
    busy: [
      { inSystem: 8, meanMs: 150 },
      { inSystem: 32, meanMs: 250 },
    ],
  })

  test('goes from alone to all workers busy, then along what was measured, and on as at the last', () => {
    const at = [1, 2, 8, 20, 32, 500].map((inSystem) => busyMeanMs(loaded, 2, inSystem))
    expect(at).toEqual([100, 150, 150, 200, 250, 250])
  })

  test('on a machine of which others use a part is as much longer as less of it is left', () => {
    // Three quarters taken: a quarter is left, and work takes four times as long; a single request finds a processor.
    const hashes = [{ scheme: 'bcrypt', rounds: 12, ms: 200 }] as const
    const { rows, passwordHashes } = burdened(profileWith([loaded], { passwordHashes: hashes }), 0.75)
    expect(rows[0]?.busy.map(({ meanMs }) => meanMs)).toEqual([600, 1000])
    expect(rows[0]?.alone).toEqual(loaded.alone)
    expect(passwordHashes).toEqual([{ scheme: 'bcrypt', rounds: 12, ms: 800 }])
  })

  test('of more processes than were measured is that of the same load for each', () => {
    const profile = profileWith([loaded])
    const identity = { ...settings(profile), processes: 4 }
    const times = new ServiceTimes({ profile, identity, seed: 1, node: 1 })
    expect(times.drawMs({ ...served, inSystem: 16 })).toBeCloseTo(150)
    expect(times.drawMs({ ...served, inSystem: 64 })).toBeCloseTo(250)
  })
})

describe('the shipped profiles', () => {
  test.each([
    ['bcrypt', 4, 0.84],
    ['bcrypt', 8, 13.1],
    ['bcrypt', 10, 53.4],
    ['bcrypt', 12, 200.6],
    ['sha512_crypt', 1000, 0.34],
    ['sha512_crypt', 10_000, 2.45],
  ] as const)('check %s with %d rounds as long as was measured, %d ms', (scheme, rounds, ms) => {
    expect(hashMs(shippedCosts.queens, { scheme, rounds })).toBeCloseTo(ms, 6)
  })

  test('have a row for everything that the release can be, and the nearest for what it cannot', () => {
    for (const profile of [shippedCosts.newton, shippedCosts.queens]) {
      for (const provider of ['uuid', 'fernet'] as const) {
        for (const cache of ['none', 'hit', 'miss'] as const)
          expect(rowFor(profile, { provider, cache, op: 'validate' })).toMatchObject({ provider, cache })
        expect(rowFor(profile, { provider, cache: 'miss', op: 'issue' })).toMatchObject({
          provider,
          cache: 'hit',
        })
      }
    }
    expect(rowFor(shippedCosts.zed, { provider: 'uuid', cache: 'none', op: 'issue' })?.provider).toBe(
      'fernet',
    )
  })
})
