// A member of a class of clients: who it is, the token it holds, and the services it calls.
// What it does at each of its arrivals is the behaviour of its class.
import type { Random } from '../base/random.js'
import type { CallContext, Steps } from './exchange.js'
import type { Service } from './middleware.js'
import type { SessionState } from './session.js'

export interface Member extends SessionState {
  readonly className: string
  readonly index: number
  readonly services: readonly Service[]
  /** Whose tokens it validates, for those that do nothing else. */
  readonly subjects: () => readonly Member[]
  /** Its own choices (which service, which worker, which backend), apart from its arrivals. */
  readonly random: Random
  /** The service and the worker of the call that is about to begin, once they are drawn. */
  choice: { readonly service: Service; readonly worker: number } | null
}

/** One small state machine: what a member does when it is due. */
export interface Behaviour {
  call(member: Member, context: CallContext): Steps<void>
  /** The processes that hold the members' tokens are restarted; null: nobody can restart them. */
  readonly restart: ((member: Member) => void) | null
  /** Whether its members hold a token when the run starts. */
  readonly startsWithToken: boolean
  /** What its members are in Keystone: a user, a service's own user, or a trustee with a trust from a user. */
  readonly identity: 'user' | 'service-user' | 'shared-trustee' | 'own-trustee'
}
