// Whose times keep the workers of a scenario busy: a profile's, those that it states, or nobody's.
// It stands apart so that both worlds choose alike.
import type { IdentitySettings } from '../../scenario/scenario.js'
import { profileOf, ServiceTimes, type WorkerTimes } from './serviceTimes.js'
import { StatedTimes } from './statedTimes.js'

/** Of one backend, numbered from 1; null: requests cost what they cost this program's own servers. */
export const workerTimes = (identity: IdentitySettings, seed: number, node: number): WorkerTimes | null => {
  const { costs, release } = identity
  const profile = profileOf(identity)
  if (profile !== null) return new ServiceTimes({ profile, identity, seed, node })
  if (costs === 'native' || 'format' in costs) return null
  return new StatedTimes({ stated: costs, release, seed, node })
}
