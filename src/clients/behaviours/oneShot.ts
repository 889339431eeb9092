// A command such as `openstack server list`: a new token, one call, and the token is forgotten (but its row stays).
// Most tokens of a cloud are made this way, so these decide how large the table is.
import { authenticate, isToken } from '../authenticate.js'
import type { Behaviour } from '../member.js'
import { callService } from '../serviceCall.js'

/** Gets a token, uses it once and drops it. Source: python-openstackclient, which keeps no token between two commands. */
export const oneShot: Behaviour = {
  *call(member, context) {
    const got = yield* authenticate(member.className, member.credentials, context)
    if (isToken(got)) yield* callService(member, got, context)
  },
  restart: null,
  startsWithToken: false,
  identity: 'user',
}
