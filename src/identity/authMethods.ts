// The ways to prove who one is: one function each, chosen by the names in `auth.identity.methods`.
// It exists as a record so that a further method is one more entry.
import { isTotpPasscode } from '../token/totp.js'
import { applicationCredential } from './applicationCredentialMethod.js'
import type { Context } from './context.js'
import { isLive } from './derived.js'
import { textOf, textOrNull } from './documents.js'
import { ApiError, refusals } from './errors.js'
import { isObject, member, textMember } from './json.js'
import { named } from './lookup.js'
import { mapped } from './mappedMethod.js'
import { proofOf } from './proof.js'
import type { AuthMethod, Proof } from './proof.js'
import { ask } from './questions.js'
import type { IdentityCase } from './questions.js'
import type { Document } from './store.js'
import { checkToken, refusalOf } from './tokenCheck.js'

/** The user that a method's payload names, if it may log in at all; else null. @throws ApiError 400 */
const userOf = (context: Context, payload: unknown, method: string): Document | null => {
  const reference = member(payload, 'user')
  if (reference === undefined) throw new ApiError(refusals.expecting('user', method))
  const user = named(context.facts, 'user', reference)
  return user !== null && isLive(context.facts, user) ? user : null
}

function* password(context: Context, payload: unknown): IdentityCase<Proof> {
  const reference = member(payload, 'user')
  const secret = textMember(reference, 'password')
  if (reference !== undefined && secret === null) throw new ApiError(refusals.expecting('password', 'user'))
  const user = userOf(context, payload, 'password')
  const hash = user === null ? null : textOrNull(user, 'password_hash')
  // One answer to every mistake: the API does not tell which users exist (`keystone/auth/plugins/core.py`).
  if (user === null || hash === null) throw new ApiError(refusals.unauthorized())
  if (!(yield* ask.verifyPassword(secret ?? '', hash))) throw new ApiError(refusals.unauthorized())
  return proofOf(user)
}

/**
 * What a token may not be exchanged for: nothing at all with a trust's; with the system's, since Queens, nothing but
 * another of the system; and an application credential's makes Queens stumble: 500 (measured q).
 */
const checkRescoping = (context: Context, parent: Proof['parent'], scope: unknown): void => {
  if (parent === null) return
  const { profile } = context.config
  const { kind } = parent.claims.scope
  if (kind === 'trust') {
    const action = 'Using trust-scoped token to create another token. Create a new trust-scoped token instead'
    throw new ApiError(refusals.forbiddenBecause(action, profile))
  }
  const narrower = isObject(scope) && ('project' in scope || 'domain' in scope)
  if (kind === 'system' && narrower && profile.keepsSystemScope) {
    const action =
      'Using a system-scoped token to create a project-scoped or domain-scoped token is not allowed.'
    throw new ApiError(refusals.forbiddenBecause(action, profile))
  }
  if (!parent.claims.methods.includes('application_credential')) return
  throw new ApiError(
    profile.rescopesDelegated === 'stumbles'
      ? refusals.unexpected()
      : refusals.forbiddenBecause('Using a delegated token to create another token is not allowed.', profile),
  )
}

function* token(context: Context, payload: unknown, scope: unknown): IdentityCase<Proof> {
  const id = textMember(payload, 'id')
  if (id === null) throw new ApiError(refusals.expecting('id', 'token'))
  const checked = yield* checkToken(context, id)
  if (!checked.good) throw new ApiError(refusalOf(checked, 'rescoped'), 'rescoped')
  checkRescoping(context, checked, scope)
  const user = checked.standing?.user ?? context.facts.get('user', checked.claims.userId)
  if (user === null || !isLive(context.facts, user)) throw new ApiError(refusals.unauthorized('user-gone'))
  return proofOf(user, { parent: checked, federated: checked.claims.federated ?? null })
}

/**
 * A passcode of an authenticator app, checked with every credential of type `totp` that the user has; its `blob` is the
 * secret in base32. Source: `keystone/auth/plugins/totp.py`; previous periods since Train.
 */
const totp = (context: Context, payload: unknown): Proof => {
  const user = userOf(context, payload, 'totp')
  const passcode = textMember(member(payload, 'user'), 'passcode')
  if (user === null || passcode === null) throw new ApiError(refusals.unauthorized())
  const { nowSec, config, facts } = context
  const matches = facts
    .find('credential', 'user_id', user.id)
    .filter((credential) => credential['type'] === 'totp')
    .some((credential) =>
      isTotpPasscode({
        secretBase32: textOf(credential, 'blob'),
        passcode,
        nowSec,
        previousWindows: config.totpPreviousWindows,
      }),
    )
  if (!matches) throw new ApiError(refusals.unauthorized())
  return proofOf(user)
}

/**
 * All methods, by the name that a request gives them. `external` and `oauth1` are in Keystone's default list, but need
 * a web server's login or an OAuth consumer; here they are refused as methods that are not supported.
 */
export const authMethods: Readonly<Record<string, AuthMethod>> = {
  password,
  token,
  totp,
  application_credential: applicationCredential,
  mapped,
}
