// How a client gets a token: by password, by password and a trust, through an identity provider, or with a one-time password.
// keystoneauth1 sends it once: `connect_retries` is for the requests that carry a token, not for the one that gets it.
import { decodeBase32, totp } from '../token/totp.js'
import { isUuidToken } from '../token/uuid.js'
import type { ApiReply, ApiRequest, CallContext, Credentials, HeldToken, Steps } from './exchange.js'

function* send(by: string, request: ApiRequest): Steps<ApiReply> {
  return (yield { kind: 'keystone', request, by, judged: by, format: null }) as ApiReply
}

/**
 * A federated user: an unscoped token on the word of the identity provider, then a scoped one for that (keystoneauth1
 * `identity/v3/federation.py`, `FederationBaseAuth.get_auth_ref`).
 */
function* federatedLogin(by: string, credentials: Credentials): Steps<ApiReply> {
  const { userId, projectId, federated } = credentials
  const common = { op: 'issue', userId, password: '' } as const
  const unscoped = yield* send(by, {
    ...common,
    projectId: null,
    ...(federated === undefined ? {} : { federated }),
  })
  if (unscoped.subjectToken === null) return unscoped
  return yield* send(by, { ...common, projectId, fromToken: unscoped.subjectToken })
}

/**
 * Password and one-time password: the password alone first. A Keystone with receipts (Stein) answers 401 with one, and the
 * passcode goes with that; an older one wants both at once.
 */
function* twoFactorLogin(
  by: string,
  { userId, password, projectId }: Credentials,
  secret: string,
  context: CallContext,
): Steps<ApiReply> {
  const common = { op: 'issue', userId, password, projectId } as const
  const first = yield* send(by, common)
  if (first.status !== 401) return first
  const passcode = totp(decodeBase32(secret) ?? new Uint8Array(), context.epochSec())
  const { receipt } = first
  return yield* send(by, { ...common, passcode, ...(receipt === undefined ? {} : { receipt }) })
}

function* login(by: string, credentials: Credentials, context: CallContext): Steps<ApiReply> {
  const { userId, password, projectId, trustId, totpSecret, federated } = credentials
  if (federated !== undefined) return yield* federatedLogin(by, credentials)
  if (totpSecret !== undefined) return yield* twoFactorLogin(by, credentials, totpSecret, context)
  return yield* send(
    by,
    trustId === null
      ? { op: 'issue', userId, password, projectId }
      : { op: 'trust-issue', userId, password, trustId },
  )
}

/** Asks for a token. Returns the token, or the reply that was not one. */
export function* authenticate(
  by: string,
  credentials: Credentials,
  context: CallContext,
): Steps<HeldToken | ApiReply> {
  const reply = yield* login(by, credentials, context)
  if (reply.subjectToken === null || reply.expiresAtSec === null) return reply
  return {
    id: reply.subjectToken,
    format: isUuidToken(reply.subjectToken) ? 'uuid' : 'fernet',
    expiresAtSec: reply.expiresAtSec,
  }
}

/** Tells a token from a refusal. */
export const isToken = (result: HeldToken | ApiReply): result is HeldToken => 'id' in result
