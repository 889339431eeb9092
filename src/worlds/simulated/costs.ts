// What an operation costs a simulated backend: the time for which it keeps one of its processes busy.
// By default these are the local servers' own costs, so that both worlds tell one story; a scenario may state a real Keystone's.
import type { ApiRequest } from '../../clients/exchange.js'
import type { IdentitySettings, StatedCosts } from '../../scenario/scenario.js'
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

/** What is known of a request when its cost is asked for. `status`: the answer, where costs follow from it. */
export interface Costed {
  readonly request: ApiRequest
  readonly mode: ProviderMode
  readonly status: number | null
}

const nativeCostUs = ({ request, mode }: Costed): number => {
  const rows = issues(mode) === 'uuid'
  switch (request.op) {
    case 'validate':
      return rows ? nativeUs.validateRow : nativeUs.validateFernet
    case 'issue':
    case 'trust-issue':
      return rows ? nativeUs.issueRow : nativeUs.issueFernet
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
}

export const costTable = (costs: IdentitySettings['costs']): CostTable =>
  costs === 'native'
    ? { us: nativeCostUs, byAnswer: false }
    : { us: (costed) => statedCostUs(costs, costed), byAnswer: true }
