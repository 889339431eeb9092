// People at a web page: the dashboard, and log-ins with a one-time password. Their session dies with its token.
// No program brings it back, so how long they are away depends on how soon somebody logs in again.
import { authenticate, isToken } from '../authenticate.js'
import { stillFresh } from '../exchange.js'
import type { Behaviour } from '../member.js'
import { callService } from '../serviceCall.js'

/** Whoever was thrown out does nothing for `login_after`, then logs in at the next click. */
const person: Omit<Behaviour, 'identity'> = {
  *call(member, context) {
    const nowSec = context.nowSec()
    if (nowSec < member.awayUntilSec) return
    if (member.token === null || !stillFresh(member.token, nowSec)) {
      const got = yield* authenticate(member.className, member.credentials, context)
      member.token = isToken(got) ? got : null
    }
    if (member.token === null) return
    const answer = yield* callService(member, member.token, context)
    if (answer.status !== 401) return
    member.token = null
    member.awayUntilSec = context.nowSec() + member.loginAfterSec
  },
  // The session is kept in the browser's cookie or a memcached, and outlives the dashboard's processes.
  restart: null,
  startsWithToken: true,
}

/**
 * Horizon: the token is kept in the user's session; a 401 from a service ends that, and the user is sent to the login page.
 * Sources: `openstack_auth/user.py` and `horizon/exceptions.py` (`handle_unauthorized` → `LOGIN_URL`).
 */
export const horizon: Behaviour = { ...person, identity: 'user' }

/**
 * A user with password and one-time password (Keystone's `multi_factor_auth_rules`). A library cannot authenticate again by
 * itself, since the passcode that it holds is spent after 30 s (keystoneauth1 `identity/v3/totp.py`), so a person must.
 */
export const twoFactorUser: Behaviour = { ...person, startsWithToken: false, identity: 'two-factor-user' }
