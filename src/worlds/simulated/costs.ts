// What an operation costs a simulated backend: the time for which it keeps one of its processes busy.
// By default these are the local servers' own costs, so that both worlds tell one story; a scenario may state a real Keystone's,
// or name the profile of one: then the local servers draw from the same.
import type { ApiRequest } from '../../clients/exchange.js'
import type { IdentitySettings } from '../../scenario/scenario.js'
import type { ProviderMode } from '../../token/mode.js'
import { issues } from '../../token/mode.js'
import { hashUs } from '../costs/hashes.js'
import type { Meter } from '../costs/meter.js'
import { revocationUs, slowedByRevocations } from '../costs/revocations.js'
import { providerOf, type Served } from '../costs/serviceTimes.js'
import { workerTimes } from '../costs/workerTimes.js'

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

/** Busy time of a process for one request, microseconds. */
export interface CostTable {
  readonly us: (costed: Costed) => number
  /** Whether the answer must be known before its cost is. */
  readonly byAnswer: boolean
  /** Whether the number of revocation events must. */
  readonly byEvents: boolean
}

/** What times are drawn for. A revocation reads a token as a validation does; it was not measured. */
const servedOf = ({ request, mode, status, events, inSystem, meter }: Costed): Served => {
  const isIssue = request.op === 'issue' || request.op === 'trust-issue'
  return {
    op: isIssue ? 'issue' : 'validate',
    provider: providerOf(mode, isIssue ? null : request.subjectToken),
    status: status ?? 200,
    missed: meter?.missed ?? false,
    missedTrust: meter?.missedTrust ?? false,
    passwords: meter?.passwords ?? 0,
    inSystem,
    events,
  }
}

/** The costs of a scenario's Keystone, at one of its backends. */
export const costTable = (identity: IdentitySettings, seed: number, node: number): CostTable => {
  const { passwordHash, release } = identity
  const byEvents = slowedByRevocations(release)
  const times = workerTimes(identity, seed, node)
  if (times !== null) {
    return { us: (costed) => times.drawMs(servedOf(costed)) * 1000, byAnswer: true, byEvents }
  }
  const passwordUs = hashUs[passwordHash.scheme](passwordHash.rounds)
  return {
    us: (costed) =>
      costed.events > 0 && costed.request.op === 'validate'
        ? nativeCostUs(costed, passwordUs) + revocationUs(release, costed.events)
        : nativeCostUs(costed, passwordUs),
    byAnswer: false,
    byEvents,
  }
}
