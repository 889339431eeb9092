// The users that an external run makes at the target, under a marked prefix; and everything that was made, removed again.
// It exists so that a target is left as it was found, and where that fails, with the exact names of what is left.
import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { InputError, WorldError } from '../../base/errors.js'
import { wordsOf, type KeystoneApi } from '../../io/keystoneApi.js'
import type { MemberPlan } from '../../rehearsal/cloudPlan.js'
import type { Cast } from '../../rehearsal/population.js'
import type { People } from '../../scenario/external.js'
import { eachOf } from './eachOf.js'
import {
  findLeftovers,
  idIn,
  listIn,
  loginAs,
  mark,
  removeAll,
  type Left,
  type Made,
  type Person,
} from './removal.js'
import type { PeoplePlan } from './peoplePlan.js'

/** How long a target that does not answer is waited for before what was made there is given up. */
const removePatienceMs = 30_000
const removeRetryMs = 500

export interface MadePeopleOptions {
  readonly api: KeystoneApi
  readonly people: Extract<People, { kind: 'made' }>
  readonly plan: PeoplePlan
  readonly onProgress: (done: number, total: number, text: string) => void
}

/** Makes users, projects and trusts, and knows at any time what it has made. */
export class MadePeople {
  private readonly options: MadePeopleOptions
  /** Names of this run, so that it meets neither what another has left nor what one makes just now. */
  private readonly stem: string
  /** One for all: it opens nothing but what was made here, and is never written down. */
  private readonly password = `Cut0ver-${randomBytes(18).toString('base64url')}`
  private readonly made: Made[] = []
  /** Whether anything was asked for: also what gave no answer may have been made. */
  private begun = false

  constructor(options: MadePeopleOptions) {
    this.options = options
    this.stem = `${options.people.prefix}${randomBytes(3).toString('hex')}`
  }

  async make(): Promise<Cast> {
    const { plan, onProgress, people } = this.options
    const roles = await this.rolesNeeded()
    this.begun = true
    const steps = plan.projects + plan.users + plan.trustees + plan.services.length + (plan.validator ? 1 : 0)
    let done = 0
    const one = <T>(work: Promise<T>): Promise<T> =>
      work.finally(() => onProgress(++done, steps, 'users and projects made'))
    const projects = await eachOf(plan.projects, (i) => one(this.project(`project-${i + 1}`)))
    const needsService = plan.services.length > 0 || plan.validator
    const home = needsService ? await this.project('service') : ''
    const users = await eachOf(plan.users, (i) =>
      one(
        this.person(`user-${i + 1}`, projects[i % projects.length] as string, roles.get(people.role) ?? ''),
      ),
    )
    const trustees = await eachOf(plan.trustees, (i) => one(this.user(`trustee-${i + 1}`)))
    const role = roles.get(people.serviceRole) ?? ''
    const services = new Map<string, Person>()
    for (const service of plan.services) services.set(service, await one(this.person(service, home, role)))
    const validator = plan.validator ? await one(this.person('validator', home, role)) : null
    return {
      services,
      members: await this.membersOf(users, trustees, validator, roles.get(people.role) ?? ''),
    }
  }

  private async membersOf(
    users: readonly Person[],
    trustees: readonly string[],
    validator: Person | null,
    roleId: string,
  ): Promise<Cast['members']> {
    const members = new Map<string, readonly MemberPlan[]>()
    for (const [name, needs] of this.options.plan.members) {
      const plans = await eachOf(needs.length, async (i): Promise<MemberPlan> => {
        const { user, trustee } = needs[i] as (typeof needs)[number]
        const person = user === null ? (validator as Person) : (users[user] as Person)
        const { userId, projectId, password } = person
        if (trustee === null) {
          return {
            credentials: { userId, password, projectId, trustId: null },
            tokenUserId: userId,
            projectId,
          }
        }
        const trusteeId = trustees[trustee] as string
        const trustId = await this.trust(person, trusteeId, roleId)
        const credentials = { userId: trusteeId, password: this.password, projectId: null, trustId }
        return { credentials, tokenUserId: userId, projectId }
      })
      members.set(name, plans)
    }
    return members
  }

  /** Removes everything that was made, the last first. Returns what could not be removed, with the reason. */
  async remove(): Promise<readonly Left[]> {
    const { api, onProgress } = this.options
    const total = this.made.length
    if (!this.begun) return []
    const silent = await this.awaitTarget()
    if (silent !== null) return this.made.map((made) => ({ made, reason: silent }))
    let done = 0
    const left = await removeAll(api, [...this.made], this.password, (made) => {
      this.made.splice(this.made.indexOf(made), 1)
      onProgress(++done, total, 'users and projects removed')
    })
    return [...left, ...(await this.lost())]
  }

  /** The target may just be restarting. Returns why it lets nobody in; null: it does. */
  private async awaitTarget(): Promise<string | null> {
    const giveUpMs = performance.now() + removePatienceMs
    for (;;) {
      try {
        await this.options.api.login()
        return null
      } catch (error) {
        if (performance.now() > giveUpMs) return error instanceof Error ? error.message : String(error)
        await wait(removeRetryMs)
      }
    }
  }

  /** What was made although its answer never came; what that leaves is unknown if the target does not answer. */
  private async lost(): Promise<readonly Left[]> {
    const { api, people } = this.options
    try {
      const known = new Set(this.made.map(({ id }) => id))
      const found = await findLeftovers(api, { prefix: this.stem, domainId: people.domainId })
      const unknown = found.filter(({ id }) => !known.has(id))
      return await removeAll(api, unknown, '', () => {})
    } catch {
      return []
    }
  }

  private async rolesNeeded(): Promise<ReadonlyMap<string, string>> {
    const { api, people, plan } = this.options
    const body = await api.must('GET', '/roles', 'the roles of the target cannot be listed')
    const roles = new Map(listIn(body, 'roles').map(({ name, id }) => [String(name), String(id)]))
    const needed = plan.services.length > 0 || plan.validator ? ['role', 'service_role'] : ['role']
    const problems = needed.flatMap((key) => {
      const role = key === 'role' ? people.role : people.serviceRole
      if (roles.has(role)) return []
      const message = `the target has no role \`${role}\``
      return [
        {
          path: `external.create.${key}`,
          message,
          remedy: `name one of ${[...roles.keys()].sort().join(', ')}, or make it there`,
        },
      ]
    })
    if (problems.length > 0) throw new InputError(problems)
    return roles
  }

  private async project(name: string): Promise<string> {
    const { api, people } = this.options
    const full = `${this.stem}-${name}`
    const project = { name: full, domain_id: people.domainId, description: mark }
    const id = idIn(
      await api.must('POST', '/projects', `the project ${full} cannot be made`, { project }),
      'project',
    )
    this.made.push({ kind: 'project', id, name: full })
    return id
  }

  private async user(name: string): Promise<string> {
    const { api, people } = this.options
    const full = `${this.stem}-${name}`
    const user = { name: full, domain_id: people.domainId, password: this.password, description: mark }
    const id = idIn(await api.must('POST', '/users', `the user ${full} cannot be made`, { user }), 'user')
    this.made.push({ kind: 'user', id, name: full })
    return id
  }

  private async person(name: string, projectId: string, roleId: string): Promise<Person> {
    const userId = await this.user(name)
    const path = `/projects/${projectId}/users/${userId}/roles/${roleId}`
    await this.options.api.must('PUT', path, `the user ${name} cannot be given its role`)
    return { userId, projectId, password: this.password }
  }

  private async trust(trustor: Person, trusteeId: string, roleId: string): Promise<string> {
    const { api } = this.options
    const token = await loginAs(api, trustor)
    const trust = {
      trustor_user_id: trustor.userId,
      trustee_user_id: trusteeId,
      project_id: trustor.projectId,
      impersonation: true,
      roles: [{ id: roleId }],
    }
    const answer = await api.raw('POST', '/OS-TRUST/trusts', { trust }, token)
    if (answer.status !== 201) throw new WorldError(`a trust cannot be made: ${wordsOf(answer)}`)
    const id = idIn(answer.body ?? {}, 'trust')
    const { userId, projectId } = trustor
    this.made.push({ kind: 'trust', id, name: id, trustor: { userId, projectId } })
    return id
  }
}
