// A user's token that a service hands on to other services: nova to neutron, glance and cinder while it makes a server.
// The services behind cannot have it renewed, so users see errors of a kind that their session does not react to.
import type { Behaviour } from '../member.js'
import { answerOf, callOne } from '../serviceCall.js'
import { request } from '../session.js'

/**
 * The first service of `through` takes the call and hands the token on to each of the others in turn, with its own service
 * token where `service_tokens` are in use (keystoneauth1 `service_token.py`). A 401 of the first renews the user's session. A 401
 * behind it makes the first answer 500: a forwarded token has nothing to be renewed by (keystonemiddleware
 * `auth_token/_user_plugin.py` has no `reauthenticate`).
 */
export const forwardedToken: Behaviour = {
  *call(member, context) {
    const [front, ...behind] = member.services
    if (front === undefined) return
    const worker = member.random.int(front.workerCount)
    yield* request({ name: member.className, session: member }, context, function* (token) {
      const answer = yield* front.judge(token, member.className, worker, context)
      if (answer.status !== 200) return answerOf(answer, token, context)
      const along = yield* front.serviceToken(worker, context)
      for (const service of behind) {
        const there = yield* callOne(member, service, token, context, along)
        if (there.status === 200) continue
        context.saw('call', 'failed', 500, there.cause, { token, node: there.node })
        return { status: 500 }
      }
      return answerOf(answer, token, context)
    })
  },
  restart: (member) => {
    member.token = null
  },
  startsWithToken: true,
  identity: 'user',
  severalSteps: true,
}
