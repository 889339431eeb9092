// What an operation costs a simulated backend: the time for which it keeps one of its processes busy.
// By default these are the local servers' own costs, so that both worlds tell one story; a scenario may state a real Keystone's,
// or name the profile of one, from which the local servers draw, too.
import { Random } from '../../base/random.js'
import type { ApiRequest } from '../../clients/exchange.js'
import type { IdentitySettings, StatedCosts } from '../../scenario/scenario.js'
import type { ProviderMode } from '../../token/mode.js'
import { issues } from '../../token/mode.js'
import { hashUs } from '../costs/hashes.js'
import type { Meter } from '../costs/meter.js'
import { revocationUs, slowedByRevocations } from '../costs/revocations.js'
import { profileOf, providerOf, ServiceTimes, type Served } from '../costs/serviceTimes.js'

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
  /** Requests in this backend, itself included. */
  readonly inSystem: number
  /** What answering it took, where that is known. */
  readonly meter: Meter | null
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

/**
 * A validation that ends early costs less: at the caller's own token (401), or at the subject (404). One of a token that is not in
 * Keystone's cache may cost more.
 */
const statedCostUs = (stated: StatedCosts, costed: Costed): number => {
  const { request, mode, status, meter } = costed
  if (status === 401 && request.op === 'validate') return stated.unauthorizedUs
  if (request.op !== 'validate') return stated.issueUs
  if (status !== 200) return stated.notFoundUs
  if (stated.uncached === undefined || meter?.missed !== true) return stated.validateUs
  const { uuidUs, fernetUs, uuidTrustUs, fernetTrustUs } = stated.uncached
  const uuid = providerOf(mode, request.subjectToken) === 'uuid'
  if (meter.missedTrust) return uuid ? uuidTrustUs : fernetTrustUs
  return uuid ? uuidUs : fernetUs
}

/** Log-normal factors with a mean of 1: σ² = ln(1 + v²) for a standard deviation of v times the mean. */
const varying = (variation: number, random: Random): (() => number) => {
  const variance = Math.log(1 + variation ** 2)
  return variance === 0 ? () => 1 : () => Math.exp(Math.sqrt(variance) * random.normal() - variance / 2)
}

/** Busy time of a process for one request, microseconds. */
export interface CostTable {
  readonly us: (costed: Costed) => number
  /** Whether the answer must be known before its cost is. */
  readonly byAnswer: boolean
  /** Whether the number of revocation events must. */
  readonly byEvents: boolean
}

/** What a profile is asked with. A revocation reads a token as a validation does; it was not measured. */
const servedOf = ({ request, mode, status, events, inSystem, meter }: Costed): Served => {
  const isIssue = request.op === 'issue' || request.op === 'trust-issue'
  return {
    op: isIssue ? 'issue' : 'validate',
    provider: providerOf(mode, isIssue ? null : request.subjectToken),
    status: status ?? 200,
    missed: meter?.missed ?? false,
    passwords: meter?.passwords ?? 0,
    inSystem,
    events,
  }
}

/**
 * The costs of a scenario's Keystone, at one of its backends. A stated cost of an issue includes the hash; no other includes
 * revocation events.
 */
export const costTable = (identity: IdentitySettings, seed: number, node: number): CostTable => {
  const { costs, passwordHash, release } = identity
  const byEvents = slowedByRevocations(release)
  const profile = profileOf(identity)
  if (profile !== null) {
    const times = new ServiceTimes({ profile, identity, seed, node })
    return { us: (costed) => times.drawMs(servedOf(costed)) * 1000, byAnswer: true, byEvents }
  }
  const own = hashUs[passwordHash.scheme](passwordHash.rounds)
  const stated = costs as 'native' | StatedCosts
  const factor =
    stated === 'native' ? () => 1 : varying(stated.variation ?? 0, new Random(seed, 'stated costs', node))
  const baseUs = (costed: Costed): number =>
    stated === 'native' ? nativeCostUs(costed, own) : statedCostUs(stated, costed) * factor()
  return {
    us: (costed) =>
      costed.events > 0 && costed.request.op === 'validate'
        ? baseUs(costed) + revocationUs(release, costed.events)
        : baseUs(costed),
    byAnswer: stated !== 'native',
    byEvents,
  }
}
