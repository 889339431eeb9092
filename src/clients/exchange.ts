// What clients ask of Keystone, as plain data, and what they learn from the answer.
// Behaviours are generators: they yield an ask and are resumed with what became of it.
import type { Cause, Op, Outcome } from '../measure/sample.js'
import type { TokenFormat } from '../token/uuid.js'

/** A request to Keystone. The world turns it into HTTP, or into a call of the identity logic. */
export type ApiRequest =
  | {
      readonly op: 'validate'
      readonly authToken: string
      readonly subjectToken: string
      /** `?allow_expired=1`: a subject that has expired is still good, within Keystone's window. */
      readonly allowExpired?: boolean
    }
  | {
      readonly op: 'issue'
      readonly userId: string
      readonly password: string
      readonly projectId: string | null
      /** Instead of the password: an identity provider vouches for the user (method `mapped`). */
      readonly federated?: Federated
      /** Instead of the password: a token that the user has (method `token`). */
      readonly fromToken?: string
      /** Beside the password, or alone if there is a receipt for that: a one-time password (method `totp`). */
      readonly passcode?: string
      /** What Keystone gave for the password alone. */
      readonly receipt?: string
    }
  | {
      readonly op: 'trust-issue'
      readonly userId: string
      readonly password: string
      readonly trustId: string
    }
  | { readonly op: 'revoke'; readonly authToken: string; readonly subjectToken: string }

/** What became of a request. `status` 0: no answer, and `failure` says why. */
export interface ApiReply {
  readonly status: number
  readonly failure: 'refused' | 'reset' | 'timeout' | null
  /** Header X-Subject-Token of an issued token. */
  readonly subjectToken: string | null
  /** When the issued token expires, scenario seconds from the start of the run; null if none was issued. */
  readonly expiresAtSec: number | null
  /** The server's own word on why it refused. */
  readonly cause: Cause | null
  /** The backend that answered, from 1. */
  readonly node: number
  /** Header Openstack-Auth-Receipt: the methods so far were passed, and more are wanted. */
  readonly receipt?: string
}

/** A token as a client holds it. */
export interface HeldToken {
  readonly id: string
  readonly format: TokenFormat
  /** Scenario seconds from the start of the run. */
  readonly expiresAtSec: number
}

/** What a behaviour yields: one request to Keystone, a pause before the next try, or a wait for somebody else. */
export type Ask =
  | {
      readonly kind: 'keystone'
      readonly request: ApiRequest
      /** The class that sends it: a class of the scenario, or a service. */
      readonly by: string
      /** The class whose token is being judged. */
      readonly judged: string
      /** The format of the token being judged; null for an issue. */
      readonly format: TokenFormat | null
      /** Of a validation: the token that asks, and the one that it asks about. */
      readonly tokens?: { readonly caller: HeldToken; readonly subject: HeldToken }
    }
  /** `leftAtEnd`: it is part of an operation that the end of the run leaves unfinished. */
  | { readonly kind: 'pause'; readonly seconds: number; readonly leftAtEnd?: true }
  /** Stands still until what `enter` was handed is called, once. */
  | { readonly kind: 'wait'; readonly enter: (resume: () => void) => void }

/** A part of a behaviour: resumed with the reply to what it asked (null after a pause or a wait). */
export type Steps<T> = Generator<Ask, T, ApiReply | null>

/** A token that was judged, and the backend of Keystone that did; 0 if none was asked. */
export interface TokenOnNode {
  readonly token: HeldToken
  readonly node: number
}

/** Where a federated user comes from, and the groups by which it has its roles. */
export interface Federated {
  readonly idpId: string
  readonly protocolId: string
  readonly groupIds: readonly string[]
}

/** What a call can see and say while it runs. */
export interface CallContext {
  /** Scenario seconds since the start of the run. */
  nowSec(): number
  /** The date, seconds since 1970. */
  epochSec(): number
  /** What comes next is a step of its own, due now: what was before it is no part of its response time. */
  startsAnew(): void
  /** Reports the end of one exchange of a member with a service. */
  saw(op: Op, outcome: Outcome, status: number, cause: Cause | null, of?: TokenOnNode): void
}

/** The user, or the trust, by which a token is to be had. */
export interface Credentials {
  readonly userId: string
  readonly password: string
  readonly projectId: string | null
  readonly trustId: string | null
  /** Of a user who needs one-time passwords beside the password: the secret of the authenticator app, base32. */
  readonly totpSecret?: string
  readonly federated?: Federated
}

/**
 * A token is renewed before it is sent when it would expire within these seconds
 * (`keystoneauth1.access.access.STALE_TOKEN_DURATION`).
 */
export const staleTokenSec = 30

/** Whether a client that knows its token's expiry would still send it. */
export const stillFresh = (token: HeldToken, nowSec: number): boolean =>
  token.expiresAtSec - nowSec > staleTokenSec
