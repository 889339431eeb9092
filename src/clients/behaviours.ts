// Which behaviour a word in a scenario names: who recovers by itself, who needs a person, who a restart.
// One small state machine each, in `behaviours/`, with its source.
import type { BehaviourName } from '../scenario/scenario.js'
import { heatMitaka, magnum, magnumVm } from './behaviours/cachedTrustToken.js'
import { directValidator } from './behaviours/directValidator.js'
import { forwardedToken } from './behaviours/forwardedToken.js'
import { horizon, twoFactorUser } from './behaviours/horizon.js'
import { glanceUpload, longOperation } from './behaviours/longOperation.js'
import { monitoringProbe } from './behaviours/monitoringProbe.js'
import { oneShot } from './behaviours/oneShot.js'
import { federatedSession, heatNewton, ldapSession, passwordSession } from './behaviours/passwordSession.js'
import { savedTokenScript } from './behaviours/savedTokenScript.js'
import type { Behaviour } from './member.js'

export const behaviours: Readonly<Record<BehaviourName, Behaviour>> = {
  'password-session': passwordSession,
  'saved-token-script': savedTokenScript,
  'one-shot': oneShot,
  'heat-mitaka': heatMitaka,
  'heat-newton': heatNewton,
  magnum,
  'magnum-vm': magnumVm,
  horizon,
  'forwarded-token': forwardedToken,
  'long-operation': longOperation,
  'glance-upload': glanceUpload,
  'ldap-session': ldapSession,
  'federated-session': federatedSession,
  'two-factor-user': twoFactorUser,
  'direct-validator': directValidator,
  'monitoring-probe': monitoringProbe,
}
