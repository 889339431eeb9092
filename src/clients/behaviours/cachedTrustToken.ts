// Holders of a trust that keep the token as a string: Heat to Mitaka, and Magnum's periodic tasks.
// Nothing reacts to a 401, so only their nominal expiry or a restart ends their refusals; CERN had to restart both.
import { authenticate, isToken } from '../authenticate.js'
import { stillFresh } from '../exchange.js'
import type { Behaviour } from '../member.js'
import { callService } from '../serviceCall.js'

const cachedTrustToken: Pick<Behaviour, 'call' | 'restart' | 'startsWithToken'> = {
  *call(member, context) {
    if (member.token === null || !stillFresh(member.token, context.nowSec())) {
      const got = yield* authenticate(member.className, member.credentials, context)
      member.token = isToken(got) ? got : null
    }
    if (member.token !== null) yield* callService(member, member.token, context)
  },
  restart: (member) => {
    member.token = null
  },
  startsWithToken: true,
}

/**
 * Heat to Mitaka: the engine's context holds a trust-scoped token as a string, handed to its clients; these are rebuilt only
 * when it nominally ends. Sources: `heat/common/context.py`, `heat/engine/clients/client_plugin.py` (Mitaka). One service
 * user is the trustee of all stacks.
 */
export const heatMitaka: Behaviour = { ...cachedTrustToken, identity: 'shared-trustee' }

/** Magnum's periodic tasks: a trustee and a trust for each cluster. Source: `magnum/common/keystone.py`. */
export const magnum: Behaviour = { ...cachedTrustToken, identity: 'own-trustee' }

/**
 * What Magnum has put into the users' VMs: a cluster's own trust, used there by whatever talks to the cloud. Operators cannot
 * restart it, so it ends with the nominal expiry. Source: `magnum/drivers/common/templates/…/write-heat-params.yaml`.
 */
export const magnumVm: Behaviour = { ...cachedTrustToken, restart: null, identity: 'own-trustee' }
