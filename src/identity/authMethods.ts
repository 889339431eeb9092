// The ways to prove who one is: one function each, chosen by the names in `auth.identity.methods`.
// It exists as a record so that a further method is one more entry.
import { textOrNull } from './documents.js'
import { isLive } from './derived.js'
import { ApiError, refusals } from './errors.js'
import { named } from './lookup.js'
import type { Context } from './context.js'
import { member, textMember } from './json.js'
import { ask } from './questions.js'
import type { IdentityCase } from './questions.js'
import { checkToken, refusalOf } from './tokenCheck.js'
import type { GoodToken } from './tokenCheck.js'

/** What a method found out. */
export interface Proof {
  readonly userId: string
  /** The token that is exchanged, for method `token`. */
  readonly parent: GoodToken | null
}

/** Judges the part of the body that a method is given. @throws ApiError */
export type AuthMethod = (context: Context, payload: unknown) => IdentityCase<Proof>

function* password(context: Context, payload: unknown): IdentityCase<Proof> {
  const reference = member(payload, 'user')
  if (reference === undefined) throw new ApiError(refusals.expecting('user', 'password'))
  const secret = textMember(reference, 'password')
  if (secret === null) throw new ApiError(refusals.expecting('password', 'user'))
  const user = named(context.facts, 'user', reference)
  const hash = user === null ? null : textOrNull(user, 'password_hash')
  // One answer to every mistake: the API does not tell which users exist (`keystone/auth/plugins/core.py`).
  if (user === null || hash === null || !isLive(context.facts, user))
    throw new ApiError(refusals.unauthorized())
  if (!(yield* ask.verifyPassword(secret, hash))) throw new ApiError(refusals.unauthorized())
  return { userId: user.id, parent: null }
}

function* token(context: Context, payload: unknown): IdentityCase<Proof> {
  const id = textMember(payload, 'id')
  if (id === null) throw new ApiError(refusals.expecting('id', 'token'))
  const checked = yield* checkToken(context, id)
  if (!checked.good) throw new ApiError(refusalOf(checked, 'rescoped'), 'rescoped')
  if (checked.claims.scope.kind === 'trust') {
    const { profile } = context.config
    throw new ApiError(
      profile.explainsTrustRescoping
        ? refusals.forbiddenAction(
            'Using trust-scoped token to create another token. Create a new trust-scoped token instead',
            profile,
          )
        : refusals.forbidden(),
    )
  }
  return { userId: checked.claims.userId, parent: checked }
}

/** All methods, by the name that a request gives them. */
export const authMethods: Readonly<Record<string, AuthMethod>> = { password, token }
