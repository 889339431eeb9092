// What an operation costs a simulated backend: the time for which it keeps one of its processes busy.
// By default these are the local servers' own costs, so that both worlds tell one story; a scenario may state a real Keystone's.
import type { ApiRequest } from '../../clients/exchange.js'
import type { IdentitySettings, PasswordScheme, Release, StatedCosts } from '../../scenario/scenario.js'
import type { ProviderMode } from '../../token/mode.js'
import { issues } from '../../token/mode.js'

/** Microseconds, as `npm run bench` finds them on one core for the local servers, rounded. */
const nativeUs = {
  validateRow: 150,
  validateFernet: 120,
  issueRow: 300,
  issueFernet: 200,
  revoke: 300,
} as const

/** On its way to a backend and back over the loopback interface. */
export const wireUs = 200

/** What is known of a request when its cost is asked for. */
export interface Costed {
  readonly request: ApiRequest
  readonly mode: ProviderMode
  /** The answer, where costs follow from it. */
  readonly status: number | null
  /** Rows of `revocation_event`. */
  readonly events: number
}

/**
 * What one hash takes a backend of ours, microseconds: bcrypt as it was measured in a real Keystone (200.6 ms for 12
 * rounds), the others by their time beside bcrypt's on one machine. sha512_crypt takes a third of this in a real one.
 */
const hashUs: Readonly<Record<PasswordScheme, (rounds: number) => number>> = {
  bcrypt: (rounds) => 49 * 2 ** rounds,
  scrypt: (rounds) => 2.9 * 2 ** rounds,
  pbkdf2_sha512: (rounds) => 0.5 * rounds,
  sha512_crypt: (rounds) => 0.8 * rounds,
  plain: () => 0,
}

/**
 * What a validation takes in a Keystone with so many revocation events, milliseconds. Mitaka: the message of Keystone's
 * commit 9e8437146. Newton: measured on 10.0.3, without a cache.
 */
const revocationMs: Readonly<Partial<Record<Release, readonly (readonly [events: number, ms: number])[]>>> = {
  mitaka: [
    [10, 7.908],
    [100, 18.224],
    [1000, 110.155],
    [10_000, 1998.22],
  ],
  newton: [
    [26, 18],
    [526, 118],
    [5526, 1101],
  ],
}

/** A straight line through two points of a measurement, at `events`. */
const between = (
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
  events: number,
): number => y0 + ((y1 - y0) / (x1 - x0)) * (events - x0)

/**
 * By how much revocation events lengthen a validation, microseconds: straight lines between what was measured, the first and
 * the last drawn out. Since Ocata a filter in SQL leaves few of them, and the time is the same whatever their number.
 */
export const revocationUs = (release: Release, events: number): number => {
  const points = revocationMs[release]
  if (points === undefined || events === 0) return 0
  const last = points.length - 1
  const upper = points.findIndex(([at]) => at >= events)
  const to = Math.max(1, upper < 0 ? last : upper)
  const [first, second] = points as readonly [readonly [number, number], readonly [number, number]]
  const msNow = between(points[to - 1] ?? first, points[to] ?? second, events)
  return (msNow - between(first, second, 0)) * 1000
}

const nativeCostUs = ({ request, mode }: Costed, passwordUs: number): number => {
  const rows = issues(mode) === 'uuid'
  switch (request.op) {
    case 'validate':
      return rows ? nativeUs.validateRow : nativeUs.validateFernet
    case 'issue':
    case 'trust-issue':
      return (rows ? nativeUs.issueRow : nativeUs.issueFernet) + passwordUs
    case 'revoke':
      return nativeUs.revoke
  }
}

/** A validation that ends early costs less: at the caller's own token (401), or at the subject (404). */
const statedCostUs = (stated: StatedCosts, { request, status }: Costed): number => {
  if (status === 401 && request.op === 'validate') return stated.unauthorizedUs
  if (request.op !== 'validate') return stated.issueUs
  return status === 200 ? stated.validateUs : stated.notFoundUs
}

/** Busy time of a process for one request, microseconds. */
export interface CostTable {
  readonly us: (costed: Costed) => number
  /** Whether the answer must be known before its cost is. */
  readonly byAnswer: boolean
  /** Whether the number of revocation events must. */
  readonly byEvents: boolean
}

/** The costs of a scenario's Keystone. A stated cost of an issue includes the hash; no other includes revocation events. */
export const costTable = ({ costs, passwordHash, release }: IdentitySettings): CostTable => {
  const own = hashUs[passwordHash.scheme](passwordHash.rounds)
  const baseUs = (costed: Costed): number =>
    costs === 'native' ? nativeCostUs(costed, own) : statedCostUs(costs, costed)
  return {
    us: (costed) =>
      costed.events > 0 && costed.request.op === 'validate'
        ? baseUs(costed) + revocationUs(release, costed.events)
        : baseUs(costed),
    byAnswer: costs !== 'native',
    byEvents: release in revocationMs,
  }
}
