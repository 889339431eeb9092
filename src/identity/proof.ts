// What an authentication method finds out, in one shape for all of them.
// It exists so that methods can stand in files of their own without knowing of each other.
import type { FederatedClaims } from '../token/claims.js'
import type { Context } from './context.js'
import type { IdentityCase } from './questions.js'
import type { Document } from './store.js'
import type { GoodToken } from './tokenCheck.js'

/** What a method found out. */
export interface Proof {
  readonly user: Document
  /** The token that is exchanged, for method `token`. */
  readonly parent: GoodToken | null
  /** The application credential that was shown: it says what the token is for. */
  readonly credential: Document | null
  /** What an identity provider said of the user. */
  readonly federated: FederatedClaims | null
}

/**
 * Judges the part of the body that a method is given. Answers at once if it has nothing to ask.
 * @param scope `auth.scope`, for the methods that depend on what is asked for
 * @throws ApiError
 */
export type AuthMethod = (context: Context, payload: unknown, scope: unknown) => Proof | IdentityCase<Proof>

export const proofOf = (user: Document, more: Partial<Omit<Proof, 'user'>> = {}): Proof => ({
  user,
  parent: null,
  credential: null,
  federated: null,
  ...more,
})
