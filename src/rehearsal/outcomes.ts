// What an answer of Keystone means: for Keystone's own statistics, and for whoever asked.
// A 404 for somebody else's token is a good answer to a service, and a refusal to the token's holder.
import type { ApiReply, Ask } from '../clients/exchange.js'
import type { Outcome } from '../measure/sample.js'

/** What Keystone did with a request. Nobody follows a redirection: it is no answer of Keystone's. */
export const outcomeAtKeystone = (reply: ApiReply): Outcome => {
  if (reply.status === 0) return reply.failure === 'timeout' ? 'timeout' : 'failed'
  if (reply.status < 300) return 'ok'
  return reply.status === 401 || reply.status === 403 || reply.status === 404 ? 'rejected' : 'failed'
}

/** What the sender of the request made of it. */
export const outcomeForSender = (ask: Extract<Ask, { kind: 'keystone' }>, reply: ApiReply): Outcome =>
  ask.request.op === 'validate' && reply.status === 404 && ask.by !== ask.judged
    ? 'ok'
    : outcomeAtKeystone(reply)
