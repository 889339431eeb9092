// Which behaviour a word in a scenario names: who recovers by itself, who needs a person, who a restart.
// One small state machine each, in `behaviours/`, with its source.
import type { BehaviourName } from '../scenario/scenario.js'
import { heatMitaka, magnum } from './behaviours/cachedTrustToken.js'
import { directValidator } from './behaviours/directValidator.js'
import { oneShot } from './behaviours/oneShot.js'
import { passwordSession } from './behaviours/passwordSession.js'
import { savedTokenScript } from './behaviours/savedTokenScript.js'
import type { Behaviour } from './member.js'

export const behaviours: Readonly<Record<BehaviourName, Behaviour>> = {
  'password-session': passwordSession,
  'saved-token-script': savedTokenScript,
  'one-shot': oneShot,
  'heat-mitaka': heatMitaka,
  magnum,
  'direct-validator': directValidator,
}
