// One simulated backend: the identity logic that the servers run, its keys, and when its one process is free again.
// It stands apart because the target asks it and the control changes it.
import type { KeyRing } from '../../token/keyring.js'
import type { IdentityNode } from '../identityNode.js'

/** One backend. */
export interface SimulatedNode {
  readonly identity: IdentityNode
  ring: KeyRing
  /** When its one process has done all that was sent to it, microseconds of the virtual clock. */
  freeAt: number
}
