// What runs have left at a given Keystone, found by prefix and mark, and removed.
// It exists for runs that were killed before they could take their users away themselves.
import { InputError } from '../../base/errors.js'
import { KeystoneApi } from '../../io/keystoneApi.js'
import type { Scenario } from '../../scenario/scenario.js'
import { Ceiling } from './ceiling.js'
import { findLeftovers, removeAll, type Left, type Made } from './removal.js'
import { permit, type ExternalOptions } from './settings.js'

export interface CleanedUp {
  readonly removed: readonly Made[]
  readonly left: readonly Left[]
}

/** @throws InputError if the target may not be asked, WorldError if it does not let us in */
export const findAndRemove = async (scenario: Scenario, external: ExternalOptions): Promise<CleanedUp> => {
  const { people, ceilingPerSec } = scenario.external
  if (people.kind === 'given') {
    const message = 'this scenario makes no users, so it leaves none'
    throw new InputError([{ path: '--cleanup', message, remedy: 'name a scenario without `external.users`' }])
  }
  await permit(scenario, external)
  const ceiling = new Ceiling(ceilingPerSec)
  const { access, tls } = external
  const timeoutMs = scenario.limits.requestTimeoutMs
  const api = new KeystoneApi({ access, tls, timeoutMs, admit: () => ceiling.admitted() })
  try {
    const found = await findLeftovers(api, people)
    const removed: Made[] = []
    const left = await removeAll(api, found, '', (made) => removed.push(made))
    return { removed, left }
  } finally {
    await api.close()
  }
}
