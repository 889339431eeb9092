// The tokens that clients and services hold when an external run starts: real ones, from real logins before it.
// It exists because nobody can make up a token that a given Keystone accepts.
import { WorldError } from '../../base/errors.js'
import { behaviours } from '../../clients/behaviours.js'
import type { Credentials, HeldToken } from '../../clients/exchange.js'
import { authBody } from '../../io/keystoneClient.js'
import { wordsOf, type KeystoneApi } from '../../io/keystoneApi.js'
import type { Cast, PopulationOptions } from '../../rehearsal/population.js'
import type { Scenario } from '../../scenario/scenario.js'
import { isUuidToken } from '../../token/uuid.js'
import { eachOf } from './eachOf.js'

/** A token and when it expires, seconds since 1970. */
export interface IssuedToken {
  readonly id: string
  readonly expiresAtEpochSec: number
}

export interface Logins {
  /** Of each class, by member; of each service, by worker. */
  readonly members: ReadonlyMap<string, readonly IssuedToken[]>
  readonly services: ReadonlyMap<string, readonly IssuedToken[]>
}

const login = async (
  api: KeystoneApi,
  who: string,
  credentials: Omit<Credentials, 'totpSecret' | 'federated'>,
): Promise<IssuedToken> => {
  const { userId, password, projectId, trustId } = credentials
  const request =
    trustId === null
      ? ({ op: 'issue', userId, password, projectId } as const)
      : ({ op: 'trust-issue', userId, password, trustId } as const)
  const answer = await api.raw('POST', '/auth/tokens', authBody(request), null)
  const token = answer.body?.['token'] as { readonly expires_at?: unknown } | undefined
  const expiresMs = Date.parse(String(token?.expires_at))
  if (answer.token === null || Number.isNaN(expiresMs))
    throw new WorldError(`no login as ${who}: ${wordsOf(answer)}`)
  return { id: answer.token, expiresAtEpochSec: expiresMs / 1000 }
}

/** Logs everybody in who holds a token when the run starts. */
export const logIn = async (
  api: KeystoneApi,
  scenario: Scenario,
  cast: Cast,
  onProgress: (done: number, total: number, text: string) => void,
): Promise<Logins> => {
  const { clients, middleware } = scenario
  const workers = middleware.atStart === 'filled' ? middleware.workers : 0
  const holders = clients.filter(({ behaviour }) => behaviours[behaviour].startsWithToken)
  const total = holders.reduce((sum, { members }) => sum + members, 0) + cast.services.size * workers
  let done = 0
  const one = async (who: string, credentials: Parameters<typeof login>[2]): Promise<IssuedToken> => {
    const token = await login(api, who, credentials)
    onProgress(++done, total, 'logins')
    return token
  }
  const members = new Map<string, readonly IssuedToken[]>()
  for (const { name } of holders) {
    const plans = cast.members.get(name) ?? []
    members.set(
      name,
      await eachOf(plans.length, (i) =>
        one(`a member of ${name}`, (plans[i] as (typeof plans)[number]).credentials),
      ),
    )
  }
  const services = new Map<string, readonly IssuedToken[]>()
  for (const [name, { userId, projectId, password = '' }] of cast.services) {
    const credentials = { userId, projectId, password, trustId: null }
    services.set(name, await eachOf(workers, () => one(`the service ${name}`, credentials)))
  }
  return { members, services }
}

/** The tokens as clients hold them, in seconds of a run that starts at `startsAtEpochSec`. */
export const heldTokens = (
  { members, services }: Logins,
  startsAtEpochSec: number,
): PopulationOptions['tokens'] => {
  const held = (token: IssuedToken | undefined): HeldToken | null =>
    token === undefined
      ? null
      : {
          id: token.id,
          format: isUuidToken(token.id) ? 'uuid' : 'fernet',
          expiresAtSec: token.expiresAtEpochSec - startsAtEpochSec,
        }
  return {
    heldBy: (className, member) => held(members.get(className)?.[member]),
    heldByWorker: (service, worker) => held(services.get(service)?.[worker]),
  }
}
