// How a client gets a token: by password, or by password and a trust. One place, because every behaviour needs it.
// keystoneauth1 sends it once: `connect_retries` is for the requests that carry a token, not for the one that gets it.
import { isUuidToken } from '../token/uuid.js'
import type { ApiReply, ApiRequest, Credentials, HeldToken, Steps } from './exchange.js'

const requestFor = (credentials: Credentials): ApiRequest =>
  credentials.trustId === null
    ? {
        op: 'issue',
        userId: credentials.userId,
        password: credentials.password,
        projectId: credentials.projectId,
      }
    : {
        op: 'trust-issue',
        userId: credentials.userId,
        password: credentials.password,
        trustId: credentials.trustId,
      }

/** Asks for a token. Returns the token, or the reply that was not one. */
export function* authenticate(by: string, credentials: Credentials): Steps<HeldToken | ApiReply> {
  const request = requestFor(credentials)
  const reply = (yield { kind: 'keystone', request, by, judged: by, format: null }) as ApiReply
  if (reply.subjectToken === null || reply.expiresAtSec === null) return reply
  return {
    id: reply.subjectToken,
    format: isUuidToken(reply.subjectToken) ? 'uuid' : 'fernet',
    expiresAtSec: reply.expiresAtSec,
  }
}

/** Tells a token from a refusal. */
export const isToken = (result: HeldToken | ApiReply): result is HeldToken => 'id' in result
