// Ceph's RADOS Gateway as an object store: it asks Keystone itself, without auth_token, and does not notice that its own token died.
// One dead admin token makes everybody's calls fail, which no cache of users' tokens can bridge for long.
import type { ApiReply, CallContext, HeldToken, Steps } from './exchange.js'
import { Service, whyRefused, type Judged, type Question, type ServiceAnswer } from './middleware.js'
import { isToken } from './authenticate.js'
import { bearer, type SessionState } from './session.js'
import type { ValidationCache } from './validationCache.js'

/**
 * Source: `src/rgw/rgw_keystone.cc`, `TokenCache`: the admin token is kept until it nominally expires, whatever Keystone
 * answers to it, and a user's token that was good is kept until it expires (Ceph tracker 21226: after the admin token is
 * dead every request with a token that is not in the cache ends in 401). A restart empties both.
 */
export class RadosGateway extends Service {
  protected override *validate(
    worker: SessionState,
    question: Question,
    context: CallContext,
  ): Steps<ApiReply> {
    const own = yield* bearer({ name: this.name, session: worker }, context)
    return isToken(own) ? ((yield this.question(own, question)) as ApiReply) : own
  }

  protected override conclude(reply: ApiReply, token: HeldToken, nowSec: number): ServiceAnswer {
    if (reply.status !== 401) return super.conclude(reply, token, nowSec)
    return { status: 401, cause: whyRefused(reply.cause, token, nowSec), node: reply.node }
  }

  protected override keep(
    cache: ValidationCache,
    token: HeldToken,
    { cause, node }: Judged,
    nowSec: number,
  ): void {
    if (cause === null) cache.set(token.id, null, nowSec, Math.floor(token.expiresAtSec - nowSec), node)
  }
}
