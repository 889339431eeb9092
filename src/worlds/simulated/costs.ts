// What an operation costs a simulated backend: the time for which it keeps its one process busy.
// These are the local servers' own costs, so that both worlds tell one story; they predict no real Keystone.
import type { ApiRequest } from '../../clients/exchange.js'
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

/** Busy time of the backend for one request, microseconds. */
export const costUs = (request: ApiRequest, mode: ProviderMode): number => {
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
