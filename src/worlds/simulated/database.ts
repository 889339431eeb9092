// The database of the simulated world as far as faults go: whether it answers, how late, and whether it takes rows.
// Its tables are the store in memory; this says only what a backend would meet that asks it.
import type { ApiRequest } from '../../clients/exchange.js'
import { issues, type ProviderMode } from '../../token/mode.js'
import { Gate } from './gate.js'

export class SimulatedDatabase {
  /** Closed while the server is stopped by a signal. */
  readonly gate = new Gate()
  up = true
  /** What each answer takes longer, microseconds. */
  latencyUs = 0
  readOnly = false
  full = false

  /** Whether it is as it should be, so that nobody need look further. */
  get isWell(): boolean {
    return this.up && this.gate.isOpen && this.latencyUs === 0 && !this.readOnly && !this.full
  }

  /** How many times a backend waits for it, one after the other: news of the facts, then rows of tokens. */
  delayUs(request: ApiRequest, mode: ProviderMode): number {
    const rows = issues(mode) === 'uuid'
    const rowsAsked = !rows ? 0 : request.op === 'validate' || request.op === 'revoke' ? 2 : 1
    return this.latencyUs * (1 + rowsAsked)
  }

  /** Whether it does what the request needs of it. */
  serves(request: ApiRequest, mode: ProviderMode): boolean {
    if (!this.up) return false
    const writes = request.op === 'revoke' || (request.op !== 'validate' && issues(mode) === 'uuid')
    return !(writes && (this.readOnly || this.full))
  }
}
