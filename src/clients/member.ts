// A member of a class of clients: who it is, the token it holds, and the services it calls.
// What it does at each of its arrivals is the behaviour of its class.
import type { Random } from '../base/random.js'
import type { CallContext, Credentials, HeldToken, Steps } from './exchange.js'
import type { Service } from './middleware.js'

export interface Member {
  readonly className: string
  readonly index: number
  readonly credentials: Credentials
  readonly services: readonly Service[]
  /** Its own choices (which service, which worker, which backend), apart from its arrivals. */
  readonly random: Random
  token: HeldToken | null
  /** The service and the worker of the call that is about to begin, once they are drawn. */
  choice: { readonly service: Service; readonly worker: number } | null
}

/** One small state machine: what a member does when it is due. */
export interface Behaviour {
  call(member: Member, context: CallContext): Steps<void>
  /** The processes that hold the members' tokens are restarted; null: nobody can restart them. */
  readonly restart: ((member: Member) => void) | null
}
