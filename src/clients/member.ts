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
  /** How long an operation of it lasts that does, seconds. */
  readonly lastsSec: number
  /** How long it takes the person behind it to log in again, seconds. */
  readonly loginAfterSec: number
  /** Until then nobody has logged in again. */
  awayUntilSec: number
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
  /** What its members are in Keystone. */
  readonly identity: MemberIdentity
  /** Its calls are more than one exchange with one service, so that what a service remembers does not answer them. */
  readonly severalSteps?: true
}

/**
 * `user`: a user of the cloud; `service-user`: a user of its class with the role of a service; `shared-trustee`, `own-trustee`: a
 * trust from a user, to one trustee for all or to one each; `ldap-user`: a user with an id of 64 digits; `federated-user`: one
 * whose identity provider vouches for it; `two-factor-user`: one who needs a one-time password beside the password.
 */
export type MemberIdentity =
  | 'user'
  | 'service-user'
  | 'shared-trustee'
  | 'own-trustee'
  | 'ldap-user'
  | 'federated-user'
  | 'two-factor-user'
