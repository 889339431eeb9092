// One call of a member at one of its services: which service and worker, what is answered, and the short way for the common case.
// Every behaviour that calls a service calls it through here.
import type { ApiReply, CallContext, HeldToken, Steps } from './exchange.js'
import { stillFresh } from './exchange.js'
import type { Member } from './member.js'
import type { Service, ServiceAnswer, ServiceToken } from './middleware.js'

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
export function* callService(
  member: Member,
  token: HeldToken,
  context: CallContext,
): Steps<{ readonly status: number }> {
  if (member.services.length === 0) {
    const { className } = member
    return (yield {
      kind: 'keystone',
      request: { op: 'validate', authToken: token.id, subjectToken: token.id },
      by: className,
      judged: className,
      format: token.format,
      tokens: { caller: token, subject: token },
    }) as ApiReply
  }
  const { service, worker } = member.choice ?? choose(member)
  member.choice = null
  return answerOf(yield* service.judge(token, member.className, worker, context), token, context)
}

/** Reports what a service answered to a member's call. */
export const answerOf = (answer: ServiceAnswer, token: HeldToken, context: CallContext): ServiceAnswer => {
  const outcome = answer.status === 200 ? 'ok' : answer.status === 401 ? 'rejected' : 'failed'
  context.saw('call', outcome, answer.status, answer.cause, { token, node: answer.node })
  return answer
}

/** Has one service judge a member's token, at a worker chosen by chance. Nothing is reported. */
export function* callOne(
  member: Member,
  service: Service,
  token: HeldToken,
  context: CallContext,
  along: ServiceToken | null,
): Steps<ServiceAnswer> {
  const worker = member.random.int(service.workerCount)
  return yield* service.judge(token, member.className, worker, context, along)
}
