// How each class of clients behaves when its token dies: who recovers by itself, who needs a person, who a restart.
// One small state machine each; sources stand with it.
import type { BehaviourName } from '../scenario/scenario.js'
import { authenticate, isToken } from './authenticate.js'
import type { ApiReply, CallContext, HeldToken, Steps } from './exchange.js'
import { stillFresh } from './exchange.js'
import type { Behaviour, Member } from './member.js'

/** Draws the service and the worker that the next call goes to. */
const choose = (member: Member): NonNullable<Member['choice']> => {
  const service = member.random.pick(member.services)
  return { service, worker: member.random.int(service.workerCount) }
}

/**
 * The common case of every behaviour: a token that is fresh, and that the service remembers as good. It answers 200, and
 * nothing is asked and nothing changes, so there is no need to begin the behaviour's own steps. If it is not the case,
 * these go on with the service that was drawn here.
 */
export const answeredFromMemory = (member: Member, nowSec: number): boolean => {
  const { token } = member
  if (token === null || member.services.length === 0 || !stillFresh(token, nowSec)) return false
  // As `choose` draws, without an object for each of millions of calls.
  const service = member.random.pick(member.services)
  const worker = member.random.int(service.workerCount)
  if (service.remembersAsGood(token, worker, nowSec)) return true
  member.choice = { service, worker }
  return false
}

/**
 * Calls one of the member's services, chosen by chance, with a token, and reports what it answered. A member without
 * services validates its own token at Keystone instead.
 */
function* callService(
  member: Member,
  token: HeldToken,
  context: CallContext,
): Steps<{ readonly status: number }> {
  if (member.services.length === 0) {
    const request = { op: 'validate', authToken: token.id, subjectToken: token.id } as const
    const { className } = member
    return (yield {
      kind: 'keystone',
      request,
      by: className,
      judged: className,
      format: token.format,
    }) as ApiReply
  }
  const { service, worker } = member.choice ?? choose(member)
  member.choice = null
  const answer = yield* service.judge(token, member.className, worker, context)
  const outcome = answer.status === 200 ? 'ok' : answer.status === 401 ? 'rejected' : 'failed'
  context.saw('call', outcome, answer.status, answer.cause)
  return answer
}

/** Gets a token for the member; null if Keystone would not give one. */
function* renew(member: Member): Steps<HeldToken | null> {
  const got: HeldToken | ApiReply = yield* authenticate(member.className, member.credentials)
  member.token = isToken(got) ? got : null
  return member.token
}

/**
 * A keystoneauth1 session: renews a token that is about to expire, and on 401 drops it, authenticates again and repeats
 * the call once (keystoneauth1 `session.py`, `Session.request`).
 */
const passwordSession: Behaviour = {
  *call(member, context) {
    const held = member.token
    const token = held !== null && stillFresh(held, context.nowSec()) ? held : yield* renew(member)
    if (token === null) return
    const answer = yield* callService(member, token, context)
    if (answer.status !== 401) return
    const fresh = yield* renew(member)
    if (fresh !== null) yield* callService(member, fresh, context)
  },
  restart: (member) => {
    member.token = null
  },
}

/** A script with a token in a file: sends it for ever and renews nothing until a person does. */
const savedTokenScript: Behaviour = {
  *call(member, context) {
    if (member.token !== null) yield* callService(member, member.token, context)
  },
  restart: null,
}

/** A command such as `openstack server list`: a new token, one call, and the token is forgotten (but its row stays). */
const oneShot: Behaviour = {
  *call(member, context) {
    const token = yield* renew(member)
    member.token = null
    if (token !== null) yield* callService(member, token, context)
  },
  restart: null,
}

/**
 * A holder of a trust that caches the token as a string: nothing reacts to a 401. A new token is asked for only when
 * the old one nominally ends, or after a restart. Heat to Mitaka (`heat/common/context.py`, `clients/client_plugin.py`)
 * and Magnum's periodic tasks (`magnum/common/keystone.py`) behave so; CERN had to restart both.
 */
const cachedTrustToken: Behaviour = {
  *call(member, context) {
    const held = member.token
    const token = held !== null && stillFresh(held, context.nowSec()) ? held : yield* renew(member)
    if (token !== null) yield* callService(member, token, context)
  },
  restart: (member) => {
    member.token = null
  },
}

export const behaviours: Readonly<Record<BehaviourName, Behaviour>> = {
  'password-session': passwordSession,
  'saved-token-script': savedTokenScript,
  'one-shot': oneShot,
  'heat-mitaka': cachedTrustToken,
  magnum: cachedTrustToken,
}

/** The behaviours that live on a trust: their members need one, and a trustee's password. */
export const holdsTrust = (name: BehaviourName): boolean => behaviours[name] === cachedTrustToken

/** The behaviours whose members hold a token when the run starts. */
export const startsWithToken = (name: BehaviourName): boolean => name !== 'one-shot'
