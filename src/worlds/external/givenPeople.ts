// The users of an external run that exist already: each is looked up by a login of its own, and all that is wrong is told at once.
// It exists so that a run with given users makes nothing and removes nothing, and is not begun with one who cannot get in.
import { InputError, type Problem } from '../../base/errors.js'
import { wordsOf, type ApiAnswer, type KeystoneApi } from '../../io/keystoneApi.js'
import type { MemberPlan } from '../../rehearsal/cloudPlan.js'
import type { Cast } from '../../rehearsal/population.js'
import type { GivenUser, People } from '../../scenario/external.js'
import { eachOf } from './eachOf.js'
import type { PeoplePlan } from './peoplePlan.js'
import { idIn, listIn, type Person } from './removal.js'
import { givenPath, type ExternalPermit } from './settings.js'

export interface GivenPeopleOptions {
  readonly api: KeystoneApi
  readonly people: Extract<People, { kind: 'given' }>
  readonly plan: PeoplePlan
  readonly passwords: ExternalPermit['passwords']
  readonly onProgress: (done: number, total: number, text: string) => void
}

/** @throws InputError with every user who cannot get in, and why as far as Keystone tells */
export const givenPeople = async (options: GivenPeopleOptions): Promise<Cast> => {
  const { api, people, plan, passwords, onProgress } = options
  const all = people.users.map((given, i) => ({ given, path: givenPath(i) }))
  if (people.service !== null) all.push({ given: people.service, path: 'external.service' })
  const problems: Problem[] = []
  let done = 0
  const found = await eachOf(all.length, async (i): Promise<Person | null> => {
    const { given, path } = all[i] as (typeof all)[number]
    const looked = await lookUp(api, given, passwords.get(given)?.reveal() ?? '')
    onProgress(++done, all.length, 'given users looked up')
    if (!('key' in looked)) return looked
    problems.push({ path: `${path}.${looked.key}`, message: looked.message, remedy: looked.remedy })
    return null
  })
  if (problems.length > 0) throw new InputError(problems.sort(inOrderOf(all.map(({ path }) => path))))
  const users = found.slice(0, people.users.length) as readonly Person[]
  const service = found[people.users.length] ?? null
  const members = new Map<string, readonly MemberPlan[]>()
  for (const [name, needs] of plan.members) {
    const plans = needs.map(({ user }): MemberPlan => {
      const { userId, projectId, password } = (user === null ? service : users[user]) as Person
      return { credentials: { userId, password, projectId, trustId: null }, tokenUserId: userId, projectId }
    })
    members.set(name, plans)
  }
  const services = service === null ? [] : plan.services.map((name): [string, Person] => [name, service])
  return { services: new Map(services), members }
}

/** As they stand in the scenario: answers come in any order. */
const inOrderOf =
  (paths: readonly string[]) =>
  (one: Problem, other: Problem): number => {
    const placeOf = ({ path = '' }: Problem): number => paths.findIndex((each) => path.startsWith(`${each}.`))
    return placeOf(one) - placeOf(other)
  }

/** What is wrong with a given user, and with which of its keys. */
interface Wrong {
  readonly key: 'password' | 'project'
  readonly message: string
  readonly remedy: string
}

const lookUp = async (
  api: KeystoneApi,
  { user, project, passwordVariable }: GivenUser,
  password: string,
): Promise<Person | Wrong> => {
  const who = 'id' in user ? user : { name: user.name, domain: { id: user.domainId } }
  const identity = { methods: ['password'], password: { user: { ...who, password } } }
  const scope = { project: { name: project.name, domain: { id: project.domainId } } }
  const logIn = (inScope: object): Promise<ApiAnswer> =>
    api.raw('POST', '/auth/tokens', { auth: { identity, scope: inScope } }, null)
  const answer = await logIn(scope)
  const token = answer.body?.['token'] as Readonly<Record<string, unknown>> | undefined
  if (answer.token !== null && token !== undefined)
    return { userId: idIn(token, 'user'), projectId: idIn(token, 'project'), password }
  // A wrong password, an unknown user, a project without a role: Keystone says the same of all. Without a scope the first two stay.
  const bare = await logIn({ unscoped: {} })
  const name = 'id' in user ? user.id : user.name
  if (bare.token === null) {
    const message = `no login as ${name}: ${wordsOf(bare)}`
    const where = 'id' in user ? 'its id' : `its name in the domain with the id \`${user.domainId}\``
    return { key: 'password', message, remedy: `check ${where}, and the value of ${passwordVariable}` }
  }
  const listed = await api.raw('GET', '/auth/projects', undefined, bare.token)
  const has = listIn(listed.body, 'projects')
    .map((each) => `${String(each['name'])} (domain ${String(each['domain_id'])})`)
    .sort()
  return {
    key: 'project',
    message: `${name} cannot get into the project \`${project.name}\` of the domain with the id \`${project.domainId}\`: ${wordsOf(answer)}`,
    remedy: has.length === 0 ? 'it has a role in no project' : `it has a role in ${has.join(', ')}`,
  }
}
