// A script with a token in a file or a variable (`OS_TOKEN`), which nobody renews.
// It fails until a person acts, so it is the part of a peak that has no end of its own.
import type { Behaviour } from '../member.js'
import { callService } from '../serviceCall.js'

/** Sends its token for ever and reacts to nothing. Source: keystoneauth1 `token_endpoint.py`, whose `invalidate` does nothing. */
export const savedTokenScript: Behaviour = {
  *call(member, context) {
    if (member.token !== null) yield* callService(member, member.token, context)
  },
  restart: null,
  startsWithToken: true,
  identity: 'user',
}
