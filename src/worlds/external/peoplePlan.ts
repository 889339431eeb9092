// Who is needed at a given Keystone for a scenario: how many users, whose trusts, which services.
// A pure function of the scenario, so that `--dry-run` says what would be made, and exactly that is made.
import { behaviours } from '../../clients/behaviours.js'
import type { Scenario } from '../../scenario/scenario.js'

/** A member of a class, by numbers: which user it is, and by whose trust it acts. */
export interface MemberNeed {
  /** Index among the users, from 0; null: the service's own user. */
  readonly user: number | null
  /** Index among the trustees; null: it acts as itself. */
  readonly trustee: number | null
}

export interface PeoplePlan {
  readonly users: number
  /** Members that are somebody's; more than there are users: they share. */
  readonly membersOfUsers: number
  readonly projects: number
  readonly trustees: number
  /** Services that classes call, each with a user of its own. */
  readonly services: readonly string[]
  /** Whether a user with the services' role is needed for a class that validates by itself. */
  readonly validator: boolean
  readonly members: ReadonlyMap<string, readonly MemberNeed[]>
}

/** Members are dealt to users in turn, as in a cloud that is planned (`cloudPlan.ts`); to those that are given, if any are. */
export const planPeople = ({ clients, cloud, external: { people } }: Scenario): PeoplePlan => {
  const most = people.kind === 'given' ? people.users.length : cloud.users
  const members = new Map<string, readonly MemberNeed[]>()
  let dealt = 0
  let trustees = 0
  let validator = false
  for (const { name, behaviour, members: count } of clients) {
    const { identity } = behaviours[behaviour]
    if (identity === 'service-user') validator = true
    const first = trustees
    const own = identity === 'own-trustee' ? count : identity === 'shared-trustee' ? 1 : 0
    trustees += own
    members.set(
      name,
      Array.from({ length: count }, (_, i) => ({
        user: identity === 'service-user' ? null : dealt++ % most,
        trustee: own === 0 ? null : first + (i % own),
      })),
    )
  }
  const users = Math.min(most, dealt)
  const called = new Set(clients.flatMap(({ through }) => through))
  return {
    users,
    membersOfUsers: dealt,
    projects: Math.min(cloud.projects, users),
    trustees,
    services: cloud.services.filter((service) => called.has(service)),
    validator,
    members,
  }
}
