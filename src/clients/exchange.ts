// What clients ask of Keystone, as plain data, and what they learn from the answer.
// Behaviours are generators: they yield an ask and are resumed with what became of it.
import type { Cause, Op, Outcome } from '../measure/sample.js'
import type { TokenFormat } from '../token/uuid.js'

/** A request to Keystone. The world turns it into HTTP, or into a call of the identity logic. */
export type ApiRequest =
  | { readonly op: 'validate'; readonly authToken: string; readonly subjectToken: string }
  | {
      readonly op: 'issue'
      readonly userId: string
      readonly password: string
      readonly projectId: string | null
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
  | { readonly kind: 'pause'; readonly seconds: number }
  /** Stands still until what `enter` was handed is called, once. */
  | { readonly kind: 'wait'; readonly enter: (resume: () => void) => void }

/** A part of a behaviour: resumed with the reply to what it asked (null after a pause or a wait). */
export type Steps<T> = Generator<Ask, T, ApiReply | null>

/** A token that was judged, and the backend of Keystone that did; 0 if none was asked. */
export interface TokenOnNode {
  readonly token: HeldToken
  readonly node: number
}

/** What a call can see and say while it runs. */
export interface CallContext {
  /** Scenario seconds since the start of the run. */
  nowSec(): number
  /** Reports the end of one exchange of a member with a service. */
  saw(op: Op, outcome: Outcome, status: number, cause: Cause | null, of?: TokenOnNode): void
}

/** The user, or the trust, by which a token is to be had. */
export interface Credentials {
  readonly userId: string
  readonly password: string
  readonly projectId: string | null
  readonly trustId: string | null
}

/**
 * A token is renewed before it is sent when it would expire within these seconds
 * (`keystoneauth1.access.access.STALE_TOKEN_DURATION`).
 */
export const staleTokenSec = 30

/** Whether a client that knows its token's expiry would still send it. */
export const stillFresh = (token: HeldToken, nowSec: number): boolean =>
  token.expiresAtSec - nowSec > staleTokenSec
