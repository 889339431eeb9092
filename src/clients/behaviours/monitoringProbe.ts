// A probe of the monitoring: does Keystone issue a token, and take it back?
// It tells outages of Keystone apart from refusals of tokens, and never notices the latter: it holds none.
import { authenticate, isToken } from '../authenticate.js'
import type { ApiReply } from '../exchange.js'
import type { Behaviour } from '../member.js'

/**
 * Gets a token, validates it and revokes it, all at Keystone, as checks such as `check_keystone_api` of Monitoring for
 * OpenStack or Rally's `KeystoneBasic.authenticate_user_and_validate_token` do.
 */
export const monitoringProbe: Behaviour = {
  *call(member, context) {
    const { className } = member
    const token = yield* authenticate(className, member.credentials, context)
    if (!isToken(token)) return
    const ask = { kind: 'keystone', by: className, judged: className, format: token.format } as const
    const tokens = { authToken: token.id, subjectToken: token.id }
    const reply = (yield { ...ask, request: { op: 'validate', ...tokens } }) as ApiReply
    if (reply.status === 200) yield { ...ask, request: { op: 'revoke', ...tokens } }
  },
  restart: null,
  startsWithToken: false,
  identity: 'user',
}
