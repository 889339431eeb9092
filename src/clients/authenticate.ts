// How a client gets a token: by password, or by password and a trust. One place, because every behaviour needs it.
// No answer is tried once more, on whatever backend the balancer then offers.
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

/** Keystone gave no usable answer: no connection, a time-out, or an error of its own. */
export const unanswered = (reply: ApiReply): boolean => reply.status === 0 || reply.status >= 500

/** Asks for a token. Returns the token, or the reply that was not one. */
export function* authenticate(by: string, credentials: Credentials): Steps<HeldToken | ApiReply> {
  const request = requestFor(credentials)
  let reply = (yield { kind: 'keystone', request, by, judged: by, format: null }) as ApiReply
  if (unanswered(reply)) {
    yield { kind: 'pause', seconds: 0.5 }
    reply = (yield { kind: 'keystone', request, by, judged: by, format: null }) as ApiReply
  }
  if (reply.subjectToken === null || reply.expiresAtSec === null) return reply
  return {
    id: reply.subjectToken,
    format: isUuidToken(reply.subjectToken) ? 'uuid' : 'fernet',
    expiresAtSec: reply.expiresAtSec,
  }
}

/** Tells a token from a refusal. */
export const isToken = (result: HeldToken | ApiReply): result is HeldToken => 'id' in result
