// Method `application_credential`: a secret that stands for a user on one project, with some of the user's roles.
// It exists apart from the other methods because it brings its own scope with it.
// Sources: `keystone/auth/core.py`, `auth/plugins/core.py`, `application_credential/backends/sql.py`, all @13.0.4.
import type { Context } from './context.js'
import { isLive } from './derived.js'
import { textOf, textOrNull } from './documents.js'
import { ApiError, refusals } from './errors.js'
import { parseInstant } from './instants.js'
import { member, textMember } from './json.js'
import { named } from './lookup.js'
import { proofOf } from './proof.js'
import type { Proof } from './proof.js'
import { ask } from './questions.js'
import type { IdentityCase } from './questions.js'
import type { Document } from './store.js'

/**
 * The credential that is named by its id, or by its name and its user.
 * An unknown id is a 404 that says so (Queens and on, its source), an unknown name a 401 that says nothing.
 */
const credentialNamed = (context: Context, payload: unknown): Document => {
  const { facts, config } = context
  const id = textMember(payload, 'id')
  if (id !== null) {
    const credential = facts.get('application_credential', id)
    if (credential !== null) return credential
    throw new ApiError(refusals.notFound('Application Credential', id, config.profile))
  }
  const name = textMember(payload, 'name')
  if (name === null) throw new ApiError(refusals.expecting('name or ID', 'application credential'))
  const reference = member(payload, 'user')
  if (reference === undefined) throw new ApiError(refusals.expecting('user', 'application credential'))
  const user = named(facts, 'user', reference)
  const credential =
    user === null
      ? undefined
      : facts
          .find('application_credential', 'user_id', user.id)
          .find((candidate) => textOf(candidate, 'name') === name)
  if (credential === undefined) throw new ApiError(refusals.unauthorized())
  return credential
}

/** Whether a credential's time has come. Its tokens live on until their own end, as up to Yoga. */
const hasExpired = (context: Context, credential: Document): boolean => {
  const ends = parseInstant(textOrNull(credential, 'expires_at') ?? '')
  return ends !== null && context.nowSec >= ends
}

export function* applicationCredential(
  context: Context,
  payload: unknown,
  scope: unknown,
): IdentityCase<Proof> {
  if (scope !== undefined) throw new ApiError(refusals.credentialScope())
  const credential = credentialNamed(context, payload)
  const user = context.facts.get('user', textOf(credential, 'user_id'))
  if (user === null || !isLive(context.facts, user)) throw new ApiError(refusals.unauthorized())
  const secret = textMember(payload, 'secret') ?? ''
  if (!(yield* ask.verifyPassword(secret, textOf(credential, 'secret_hash'))))
    throw new ApiError(refusals.unauthorized())
  if (hasExpired(context, credential)) throw new ApiError(refusals.unauthorized())
  return proofOf(user, { credential })
}
