// Whether the users by whom services validate tokens may do that at the target.
// It exists because Keystone's policy decides which role that takes, and without it a run would show nothing but its own mistake.
import { InputError } from '../../base/errors.js'
import { wordsOf, type KeystoneApi } from '../../io/keystoneApi.js'
import type { Cast } from '../../rehearsal/population.js'
import type { People } from '../../scenario/external.js'
import type { PeoplePlan } from './peoplePlan.js'
import { loginAs, type Person } from './removal.js'

/** One validation by each of the services' users, of a token that is not its own. @throws InputError if one is refused */
export const checkValidationRight = async (
  api: KeystoneApi,
  { services, members }: Cast,
  plan: PeoplePlan,
  { kind }: People,
): Promise<void> => {
  const validators = [...plan.members]
    .filter(([, needs]) => needs[0]?.user === null)
    .flatMap(([name]) => members.get(name)?.[0]?.credentials ?? [])
  const users = new Map([...services.values(), ...validators].map((each) => [each.userId, each as Person]))
  for (const person of users.values()) {
    const answer = await api.validatedBy(await loginAs(api, person))
    if (answer.status !== 403) continue
    const path = kind === 'given' ? 'external.service' : 'external.create.service_role'
    const message = `the services’ user may not validate tokens: ${wordsOf(answer)}`
    const remedy = 'it needs a role that the policy of the target accepts, such as service or admin'
    throw new InputError([{ path, message, remedy }])
  }
}
