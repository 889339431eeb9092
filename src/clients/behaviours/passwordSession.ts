// A program with a keystoneauth1 session: Terraform, a CI job, the dashboard's back end, Heat from Newton on.
// It recovers by itself, at the price of one refused call and one token.
import type { Behaviour } from '../member.js'
import { callService } from '../serviceCall.js'
import { request } from '../session.js'

/**
 * Renews a token that is about to expire, and on 401 drops it, authenticates again and repeats the call once. Source:
 * keystoneauth1 `session.py`, `Session.request`. A call that could get no token is not made.
 */
export const passwordSession: Behaviour = {
  *call(member, context) {
    yield* request({ name: member.className, session: member }, context, (token) =>
      callService(member, token, context),
    )
  },
  restart: (member) => {
    member.token = null
  },
  startsWithToken: true,
  identity: 'user',
}

/**
 * Heat from Newton on: the same session on a trust. Source: `heat/common/context.py` (Newton), `StoredContext.auth_plugin`, a
 * keystoneauth1 plugin that authenticates again.
 */
export const heatNewton: Behaviour = { ...passwordSession, identity: 'shared-trustee' }

/** The same for a user of a directory, whose id has 64 hexadecimal digits: its Fernet tokens are longer, nothing else. */
export const ldapSession: Behaviour = { ...passwordSession, identity: 'ldap-user' }

/**
 * The same for a federated user: each login is two requests, an unscoped token on the word of the identity provider and a scoped
 * one for that (keystoneauth1 `identity/v3/federation.py`).
 */
export const federatedSession: Behaviour = {
  ...passwordSession,
  startsWithToken: false,
  identity: 'federated-user',
}
