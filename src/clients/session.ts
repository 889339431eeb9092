// A keystoneauth1 session: one token, renewed when it is about to expire or was refused, by one caller at a time.
// Command lines, services' workers and Heat from Newton on all are sessions; only how many share one differs.
import { authenticate, isToken } from './authenticate.js'
import type { ApiReply, Ask, CallContext, Credentials, HeldToken, Steps } from './exchange.js'
import { stillFresh } from './exchange.js'

/** A request to Keystone, with what is to be counted of it. */
export type KeystoneAsk = Extract<Ask, { kind: 'keystone' }>

/** What a session holds between two requests. */
export interface SessionState {
  readonly credentials: Credentials
  token: HeldToken | null
  /** Callers that wait while one of them authenticates; null: nobody does. */
  renewing: (() => void)[] | null
}

/** Whoever sends: the class or service that it is counted as, and its session. */
export interface Sender {
  readonly name: string
  readonly session: SessionState
}

/**
 * A token to send: the one held while it is fresh, else a new one. Callers that come while one authenticates wait for it
 * (the lock in keystoneauth1 `identity/base.py`, `get_access`). Returns the reply that was no token if there is none to be had.
 */
export function* bearer({ name, session }: Sender, context: CallContext): Steps<HeldToken | ApiReply> {
  while (session.renewing !== null) {
    const { renewing } = session
    yield { kind: 'wait', enter: (resume) => renewing.push(resume) }
  }
  if (session.token !== null && stillFresh(session.token, context.nowSec())) return session.token
  session.renewing = []
  const got = yield* authenticate(name, session.credentials, context)
  session.token = isToken(got) ? got : null
  const waiting = session.renewing
  session.renewing = null
  for (const resume of waiting) resume()
  return got
}

/**
 * Sends with the session's token; on 401 drops that, authenticates again and sends once more (keystoneauth1 `session.py`,
 * `Session.request`). Nothing compares the token that was refused with the one now held: of several requests that are refused
 * together, each drops what the one before has got, unless it finds nothing to drop.
 *
 * @param send what to send with a token; it answers with something that has a status
 * @returns the last answer; Keystone's reply instead if it would not give a token
 */
export function* request<Answer extends { readonly status: number }>(
  sender: Sender,
  context: CallContext,
  send: (token: HeldToken) => Steps<Answer>,
): Steps<Answer | ApiReply> {
  const { session } = sender
  // As `bearer` would, without its steps: most requests find a token that is fresh.
  const held = session.renewing === null ? session.token : null
  const token = held !== null && stillFresh(held, context.nowSec()) ? held : yield* bearer(sender, context)
  if (!isToken(token)) return token
  const answer = yield* send(token)
  if (answer.status !== 401 || session.token === null) return answer
  session.token = null
  const fresh = yield* bearer(sender, context)
  return isToken(fresh) ? yield* send(fresh) : fresh
}

/** Waits before the tries of a request that got no connection: half a second, then twice as long each time. */
const firstRetrySec = 0.5
const longestRetrySec = 60

/**
 * One request to Keystone, sent again when there was no connection or it broke: at most `retries` times, after 0.5, 1, 2 … s
 * (keystoneauth1 `session.py`, `connect_retries`). An answer of whatever status ends it.
 */
export function* askPatiently(ask: KeystoneAsk, retries: number): Steps<ApiReply> {
  let delaySec = firstRetrySec
  for (let left = retries; ; left--) {
    const reply = (yield ask) as ApiReply
    if (reply.status !== 0 || left <= 0) return reply
    yield { kind: 'pause', seconds: delaySec }
    delaySec = Math.min(2 * delaySec, longestRetrySec)
  }
}
