// What requests cost a simulated backend: how validation slows down with revocation events, and what a hash takes.
// The truths are the figures of Keystone's own commit and of measurements, not this program's.
import { describe, expect, test } from '@jest/globals'
import type { ApiRequest } from '../../src/clients/exchange.js'
import type { IdentitySettings } from '../../src/scenario/scenario.js'
import { revocationUs } from '../../src/worlds/costs/revocations.js'
import type { Meter } from '../../src/worlds/costs/meter.js'
import { realHash } from '../../src/worlds/costs/serviceTimes.js'
import { costTable } from '../../src/worlds/simulated/costs.js'

const validate: ApiRequest = { op: 'validate', authToken: 'a', subjectToken: 'b' }
const identity = {
  release: 'mitaka',
  costs: 'native',
  passwordHash: { scheme: 'plain', rounds: 1 },
} as IdentitySettings

describe('revocation events', () => {
  test.each([
    [100, 18.224],
    [1000, 110.155],
    [10_000, 1998.22],
  ])('lengthen a validation by Mitaka as its authors measured: %i events', (events, ms) => {
    const grownMs = (revocationUs('mitaka', events) - revocationUs('mitaka', 10)) / 1000
    expect(grownMs).toBeCloseTo(ms - 7.908, 6)
  })

  test.each([
    [526, 118],
    [5526, 1101],
  ])('lengthen a validation by Newton as was measured: %i events', (events, ms) => {
    expect((revocationUs('newton', events) - revocationUs('newton', 26)) / 1000).toBeCloseTo(ms - 18, 6)
  })

  test('lengthen it from none on: what the first measurement took without them is no part of it', () => {
    // The line through the first two measurements of each, from 0 to the first.
    expect(revocationUs('mitaka', 10) / 1000).toBeCloseTo(((18.224 - 7.908) / 90) * 10, 6)
    expect(revocationUs('newton', 26) / 1000).toBeCloseTo(((118 - 18) / 500) * 26, 6)
  })

  test('lengthen it without a jump, from nothing, and beyond what was measured', () => {
    for (const release of ['mitaka', 'newton'] as const) {
      expect(revocationUs(release, 0)).toBe(0)
      let before = 0
      for (let events = 1; events <= 20_000; events += 97) {
        const us = revocationUs(release, events)
        expect(us).toBeGreaterThan(before)
        // Never more for an event than at the steepest, two tenths of a millisecond.
        expect(us - before).toBeLessThan(97 * 215)
        before = us
      }
    }
  })

  test.each(['ocata', 'queens', 'zed'] as const)(
    'do not matter to %s, which filters them in SQL',
    (release) => {
      expect(revocationUs(release, 10_000)).toBe(0)
      expect(costTable({ ...identity, release }, 1, 1).byEvents).toBe(false)
    },
  )

  test('lengthen validations alone, whether costs are native or stated', () => {
    const stated = { validateUs: 7, notFoundUs: 6, unauthorizedUs: 5, issueUs: 4 }
    for (const costs of ['native', stated] as const) {
      const table = costTable({ ...identity, costs }, 1, 1)
      const us = (request: ApiRequest, events: number): number =>
        table.us({ request, mode: 'uuid', status: 200, events, inSystem: 1, meter: null })
      expect(us(validate, 1000) - us(validate, 0)).toBeCloseTo(revocationUs('mitaka', 1000))
      expect(us({ op: 'issue' } as ApiRequest, 1000)).toBe(us({ op: 'issue' } as ApiRequest, 0))
    }
  })
})

test('a validation and an issue with rows cost our servers more than those without', () => {
  const us = (request: ApiRequest, mode: 'uuid' | 'dual-uuid' | 'dual-fernet' | 'fernet'): number =>
    costTable(identity, 1, 1).us({ request, mode, status: 200, events: 0, inSystem: 1, meter: null })
  for (const request of [validate, { op: 'issue' } as ApiRequest]) {
    expect(us(request, 'uuid')).toBeGreaterThan(us(request, 'fernet'))
    expect([us(request, 'dual-uuid'), us(request, 'dual-fernet')]).toEqual([
      us(request, 'uuid'),
      us(request, 'fernet'),
    ])
  }
})

describe('a stated cost', () => {
  test('varies about its mean as it says, the longer times further out', () => {
    const stated = { validateUs: 1000, notFoundUs: 6, unauthorizedUs: 5, issueUs: 4, variation: 0.5 }
    const table = costTable({ ...identity, release: 'queens', costs: stated }, 1, 1)
    const costed = {
      request: validate,
      mode: 'uuid',
      status: 200,
      events: 0,
      inSystem: 1,
      meter: null,
    } as const
    const drawn = Array.from({ length: 20_000 }, () => table.us(costed)).toSorted((a, b) => a - b)
    const mean = drawn.reduce((sum, us) => sum + us, 0) / drawn.length
    const variance = drawn.reduce((sum, us) => sum + (us - mean) ** 2, 0) / drawn.length
    expect(mean / 1000).toBeCloseTo(1, 1)
    expect(Math.sqrt(variance) / mean).toBeCloseTo(0.5, 1)
    // The median of a log-normal distribution is its mean over √(1 + v²).
    expect((drawn[10_000] ?? 0) / 1000).toBeCloseTo(1 / Math.sqrt(1.25), 1)
  })
})

describe('a stated cost of what Keystone’s cache does not have', () => {
  const uncached = { uuidUs: 20, fernetUs: 30, uuidTrustUs: 40, fernetTrustUs: 50 }
  const costs = { validateUs: 7, uncached, notFoundUs: 6, unauthorizedUs: 5, issueUs: 4 }
  const us = (
    mode: 'uuid' | 'fernet',
    meter: { readonly missed: boolean; readonly missedTrust: boolean } | null,
    status = 200,
    request: ApiRequest = validate,
  ): number =>
    costTable({ ...identity, release: 'queens', costs }, 1, 1).us({
      request,
      mode,
      status,
      events: 0,
      inSystem: 1,
      meter: meter as Meter | null,
    })

  test('is that of the token’s format, and its own for a trust’s', () => {
    const plain = { missed: true, missedTrust: false }
    const trust = { missed: true, missedTrust: true }
    expect([us('uuid', plain), us('fernet', plain), us('uuid', trust), us('fernet', trust)]).toEqual([
      20, 30, 40, 50,
    ])
  })

  test('is asked of nothing that was there, of no refusal and of no issue', () => {
    const hit = { missed: false, missedTrust: false }
    const missed = { missed: true, missedTrust: true }
    expect([us('uuid', hit), us('uuid', null)]).toEqual([7, 7])
    expect([us('uuid', missed, 404), us('uuid', missed, 401)]).toEqual([6, 5])
    expect(us('uuid', missed, 201, { op: 'issue' } as ApiRequest)).toBe(4)
  })

  test('is asked of a revocation as well, which reads its token as a validation does', () => {
    const revoke: ApiRequest = { op: 'revoke', authToken: 'a', subjectToken: 'b' }
    expect(us('uuid', { missed: true, missedTrust: false }, 204, revoke)).toBe(20)
  })
})

describe('password hashes', () => {
  const issue = { op: 'issue' } as ApiRequest
  const issueUs = (
    passwordHash: IdentitySettings['passwordHash'],
    costs: IdentitySettings['costs'] = 'native',
  ) =>
    costTable({ ...identity, passwordHash, costs }, 1, 1).us({
      request: issue,
      mode: 'fernet',
      status: 201,
      events: 0,
      inSystem: 1,
      meter: null,
    })
  const plain = issueUs({ scheme: 'plain', rounds: 1 })

  test('make an issue as long as bcrypt was measured to take, 200.6 ms for 12 rounds', () => {
    const ms = (issueUs({ scheme: 'bcrypt', rounds: 12 }) - plain) / 1000
    expect(ms).toBeGreaterThan(180)
    expect(ms).toBeLessThan(220)
  })

  test('double with each round that is an exponent, and grow with those that are iterations', () => {
    const us = (scheme: 'bcrypt' | 'scrypt' | 'sha512_crypt' | 'pbkdf2_sha512', rounds: number) =>
      issueUs({ scheme, rounds }) - plain
    for (const scheme of ['bcrypt', 'scrypt'] as const) expect(us(scheme, 11) / us(scheme, 10)).toBeCloseTo(2)
    for (const scheme of ['sha512_crypt', 'pbkdf2_sha512'] as const)
      expect(us(scheme, 30_000) / us(scheme, 10_000)).toBeCloseTo(3)
  })

  test('are in the cost of an issue where that is stated', () => {
    const stated = { validateUs: 7, notFoundUs: 6, unauthorizedUs: 5, issueUs: 4 }
    expect(issueUs({ scheme: 'bcrypt', rounds: 12 }, stated)).toBe(4)
    const bcrypt = { scheme: 'bcrypt', rounds: 12 } as const
    expect(realHash({ costs: stated, passwordHash: bcrypt })).toEqual({ scheme: 'plain', rounds: 1 })
    expect(realHash({ costs: 'native', passwordHash: bcrypt })).toBe(bcrypt)
  })
})
