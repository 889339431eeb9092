// One simulated backend: the identity logic that the servers run, its keys, its clock, its processes and what waits for them.
// It stands apart because the target asks it and the control changes it.
import type { Micros } from '../../base/time.js'
import type { ApiReply, ApiRequest } from '../../clients/exchange.js'
import type { Answer } from '../../identity/drive.js'
import type { KeyRing } from '../../token/keyring.js'
import type { Receive } from '../../rehearsal/ports.js'
import type { IdentityNode } from '../identityNode.js'
import { Gate } from './gate.js'

/** A request on its way through a backend. */
export interface Job {
  readonly node: number
  readonly request: ApiRequest
  readonly sent: Micros
  readonly done: Receive
}

/** What a client learns where no answer comes. */
export const noAnswer = (failure: NonNullable<ApiReply['failure']>, node: number): ApiReply => ({
  status: 0,
  failure,
  subjectToken: null,
  expiresAtSec: null,
  cause: null,
  node,
})

/** Instants of a restart, microseconds of the virtual clock: until when connections are reset, then refused, then hang. */
export interface Away {
  readonly refusedFrom: number
  readonly hangsFrom: number
  readonly backAt: number
}

/** One backend. */
export interface SimulatedNode {
  readonly identity: IdentityNode
  readonly answer: Answer
  /** Forgets what its process has cached: the process ends, or takes another configuration. */
  readonly forget: () => void
  /** Null: its key files cannot be read. */
  ring: KeyRing | null
  /** Processes that are at work. */
  busy: number
  /** Requests that wait for a process, in the order in which they came. */
  readonly queue: Job[]
  /** How far its clock is ahead, seconds. */
  aheadSec: number
  /** Whether its processes are there. */
  up: boolean
  /** A restart that is under way. */
  away: Away | null
  /** How often its processes have ended: what was sent to earlier ones is lost. */
  life: number
  /** Closed while the processes are stopped by a signal. */
  readonly gate: Gate
}

export const simulatedNode = (
  made: Pick<SimulatedNode, 'identity' | 'answer' | 'forget'>,
  ring: KeyRing,
): SimulatedNode => ({
  ...made,
  ring,
  busy: 0,
  queue: [],
  aheadSec: 0,
  up: true,
  away: null,
  life: 0,
  gate: new Gate(),
})

/** Its processes end: what they had under way, and what waited for them, is lost. */
export const endLife = (node: SimulatedNode): void => {
  node.life++
  node.busy = 0
  node.forget()
  for (const job of node.queue.splice(0)) job.done(noAnswer('reset', job.node), job.sent)
}
