// A sample: what became of one exchange, with its three instants and, if it was refused, why.
// Every number in every chart is a count or a distribution of these.
import type { Micros } from '../base/time.js'
import type { TokenFormat } from '../token/uuid.js'

/**
 * Who asked. `client`: a sender, which is a member of a class or a service's worker, asked a service or Keystone; this is
 * what senders feel, and what `requests` and `rejections` count. That somebody else's token is refused is a good answer to
 * a service that validates it. `keystone`: the same exchange as Keystone saw it, counted for the class whose
 * token was judged; this is what `latency` and the `keystone` block count.
 */
export type Leg = 'client' | 'keystone'

/** `call`: a call of a service's API; the rest are Keystone's operations. */
export type Op = 'call' | 'validate' | 'issue' | 'trust-issue' | 'revoke'

/** `rejected`: answered, and the answer was that a token is no good. `failed`: any other error. */
export type Outcome = 'ok' | 'rejected' | 'failed' | 'timeout' | 'shed'

/** Why a token was refused. */
export type Cause =
  | 'uuid-on-fernet-node'
  | 'fernet-on-uuid-node'
  | 'key-not-distributed'
  | 'key-rotated-away'
  | 'expired'
  | 'flushed'
  | 'revoked'
  | 'trust-gone'
  | 'user-gone'
  | 'unknown-token'
  | 'stale-cache'
  | 'service-unavailable'

/** What is known of a refused token, and what its holder would have said is the cause. */
export interface RefusalDetail {
  /** The backend that refused, from 1; of what a service remembered, the one that it had asked. 0: unknown. */
  readonly node: number
  readonly format: TokenFormat | null
  /** Seconds since its issue; null if nobody knows. */
  readonly ageSec: number | null
  /** The fingerprint of the key that sealed it; null for a UUID token, and for one that none of our keys sealed. */
  readonly keyId: string | null
  /** The cause as the holder would tell it from what it and the operator know; null: no reason is known. */
  readonly inferred: Cause | null
  /** Whether that is the server's word; undecided where the holder cannot know. */
  readonly verdict: 'agrees' | 'disagrees' | 'undecided'
}

/**
 * One exchange. `due`, `sent`, `done` are microseconds of the clock in which response times are measured (real time in
 * the local world, virtual time in the simulated one), since the start of the run.
 * response = done − due · service = done − sent · lateness = sent − due.
 */
export interface Sample {
  clientClass: string
  leg: Leg
  op: Op
  outcome: Outcome
  /** HTTP status; 0 if there was no answer. */
  status: number
  cause: Cause | null
  /** Backend that answered, from 1; 0 if none (a service's own answer). */
  node: number
  /** Format of the token that was judged or issued; null where there was none (a failed issue, a call of a service). */
  format: TokenFormat | null
  /** Its member was still busy when it was due: it waited for itself, which is no lateness of the generator. */
  waited: boolean
  /** Of a refusal; absent where nothing more is known of it. */
  detail?: RefusalDetail | null
  /** Scenario seconds from the start of the run at which it ended: the bin that it is counted in. */
  atSec: number
  due: Micros
  sent: Micros
  done: Micros
}
