// One simulated backend: the identity logic that the servers run, its keys, its clock, and when its one process is free again.
// It stands apart because the target asks it and the control changes it.
import type { KeyRing } from '../../token/keyring.js'
import type { IdentityNode } from '../identityNode.js'
import { Gate } from './gate.js'

/** One backend. */
export interface SimulatedNode {
  readonly identity: IdentityNode
  /** Null: its key files cannot be read. */
  ring: KeyRing | null
  /** When its one process has done all that was sent to it, microseconds of the virtual clock. */
  freeAt: number
  /** How far its clock is ahead, seconds. */
  aheadSec: number
  /** Whether its process is there. */
  up: boolean
  /** How often its process has ended: what was sent to an earlier one is lost. */
  life: number
  /** Closed while the process is stopped by a signal. */
  readonly gate: Gate
}

export const simulatedNode = (identity: IdentityNode, ring: KeyRing): SimulatedNode => ({
  identity,
  ring,
  freeAt: 0,
  aheadSec: 0,
  up: true,
  life: 0,
  gate: new Gate(),
})
