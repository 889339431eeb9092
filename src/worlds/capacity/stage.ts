// What a saturation sweep plays on: a store with a cloud and tokens that were issued before, keys, backends of any mode.
// It exists so that the sweep and the growth of the table measure the same servers in the same way.
import path from 'node:path'
import { Random } from '../../base/random.js'
import { releaseProfiles } from '../../identity/release.js'
import type { FlushOrder } from '../../identity/store.js'
import { Child } from '../../io/childProcess.js'
import { setupRepository } from '../../io/keyChanges.js'
import { readRing } from '../../io/keyRepository.js'
import { authBody } from '../../io/keystoneClient.js'
import type { StoreChoice } from '../../io/store/open.js'
import type { CapacityOp } from '../../plan/capacityPoint.js'
import { planCloud, rehearsalPassword } from '../../rehearsal/cloudPlan.js'
import { TokenPlan } from '../../rehearsal/tokenPlan.js'
import { parseScenario } from '../../scenario/parse.js'
import type { IdentitySettings, Scenario } from '../../scenario/scenario.js'
import type { ProviderMode } from '../../token/mode.js'
import { createSealer } from '../../token/sealer.js'
import type { AnswersSoFar, BackendSetup, KeeperNotice, KeeperSetup } from '../local/calls.js'
import type { Endings } from '../local/endings.js'
import { openStoreAddress } from '../local/storeAddress.js'
import { unlessStopped } from '../unlessStopped.js'

export interface StageOptions {
  readonly store: StoreChoice
  readonly identity: IdentitySettings
  /** Rows of the table `token` at the start. */
  readonly rows: number
  /** Over how long they were issued, evenly, up to now. */
  readonly issuedWithinSec: number
  readonly seed: number
  /** For what is thrown away at the end. */
  readonly folder: string
  /** Told how many rows are written. */
  readonly onRows: (rows: number) => void
  readonly signal: AbortSignal
}

/** A request as the load generator takes it. */
export interface LoadRequest {
  readonly method: 'GET' | 'POST'
  readonly path: '/v3/auth/tokens'
  readonly headers: Record<string, string>
  readonly body?: string
}

/** The backends of one mode, each a process on its own port. */
export interface BackendPool {
  readonly mode: ProviderMode
  readonly backends: readonly { readonly pid: number; readonly port: number; readonly child: Child }[]
  end(): Promise<void>
}

export interface Stage {
  readonly scenario: Scenario
  /** Of a private database; null where it is not ours. */
  readonly databasePid: number | null
  openPool(mode: ProviderMode, backends: number): Promise<BackendPool>
  /** Different requests that are all answered well, tokens taken from all over the table. */
  requests(mode: ProviderMode, op: CapacityOp, count: number): readonly LoadRequest[]
  rows(): Promise<number>
  bytes(): Promise<number>
  flush(order: FlushOrder): Promise<number>
}

const daySec = 86_400
/** Tokens that are validated live at least so much longer. */
const leftSec = 6 * 3600

const scenarioText = `
name: capacity
cloud: { users: 1000, projects: 300, services: [nova, neutron, glance, cinder, swift, heat, magnum] }
identity: { expiration: 24h }
clients: { users: { behaviour: password-session, members: 1, every: 1h, through: [nova] } }
duration: 1h
`

const scenarioOf = ({ identity, rows, issuedWithinSec, seed }: StageOptions): Scenario => {
  const { scenario } = parseScenario({ file: 'capacity', text: scenarioText, checkGate: () => [] })
  return {
    ...scenario,
    seed,
    identity: { ...identity, provider: 'uuid', expirationSec: daySec },
    startsAtEpochSec: Math.floor(Date.now() / 1000),
    tokens: { ...scenario.tokens, live: rows, issuedWithinSec },
  }
}

const url = '/v3/auth/tokens'

/** The answers of all backends together. */
export const servedBy = async ({ backends }: BackendPool): Promise<AnswersSoFar> => {
  const counts: Record<string, number> = {}
  let underWay = 0
  for (const one of await Promise.all(backends.map(({ child }) => child.call<AnswersSoFar>('answers')))) {
    underWay += one.underWay
    for (const [key, count] of Object.entries(one.counts)) counts[key] = (counts[key] ?? 0) + count
  }
  return { counts, underWay }
}

/** Opens it; what must be ended is added to `endings`. @throws WorldError */
export const openStage = async (options: StageOptions, endings: Endings): Promise<Stage> => {
  const { folder, onRows } = options
  const { address, server } = await openStoreAddress({ store: options.store, folder }, endings)
  const scenario = scenarioOf(options)
  const keysFolder = path.join(folder, 'fernet-keys')
  setupRepository(keysFolder)
  const keeper = new Child({
    name: 'the keeper of the store',
    module: new URL('../local/keeper.js', import.meta.url),
    onNotice: (given) => {
      const notice = given as KeeperNotice
      if ('seeded' in notice) onRows(notice.seeded)
    },
  })
  endings.add(() => keeper.end())
  // Rows are written for minutes; whoever stops waiting ends the keeper with the rest.
  await unlessStopped(options.signal, keeper.call('seed', { store: address, scenario } satisfies KeeperSetup))

  const cloud = planCloud(scenario, '')
  const plan = new TokenPlan(scenario, cloud)
  const { payload } = releaseProfiles[scenario.identity.release]
  const sealer = createSealer({ ring: readRing(keysFolder), payloadOptions: payload })
  const tokenOf = (format: 'uuid' | 'fernet', index: number): string =>
    format === 'uuid'
      ? plan.uuid(index)
      : sealer.issue(plan.claims(index), { iv: new Random(scenario.seed, 'iv', index).bytes(16) })
  // Behind the token of the one member come those of the services' workers, who may validate.
  let serviceToken = 1
  while (plan.expiresAtSec(serviceToken) < scenario.startsAtEpochSec + leftSec) serviceToken++
  const validations = (mode: ProviderMode, count: number): LoadRequest[] => {
    const step = Math.max(1, Math.floor(plan.total / count))
    const requests: LoadRequest[] = []
    for (let index = 0; index < plan.total && requests.length < count; index += step) {
      if (plan.expiresAtSec(index) < scenario.startsAtEpochSec + leftSec) continue
      // In the middle of a cutover half of the tokens that are out are still UUID.
      const uuid =
        mode === 'uuid' || mode === 'dual-uuid' || (mode === 'dual-fernet' && requests.length % 2 === 0)
      const own = mode === 'uuid' || mode === 'dual-uuid' ? 'uuid' : 'fernet'
      const headers = {
        'x-auth-token': tokenOf(own, serviceToken),
        'x-subject-token': tokenOf(uuid ? 'uuid' : 'fernet', index),
      }
      requests.push({ method: 'GET', path: url, headers })
    }
    return requests
  }
  const logins = (count: number): LoadRequest[] =>
    Array.from({ length: count }, (_, i) => {
      const user = cloud.users[i % cloud.users.length]
      const credentials = { userId: user?.userId ?? '', projectId: user?.projectId ?? '' }
      const body = authBody({ op: 'issue', ...credentials, password: rehearsalPassword(scenario.seed) })
      return {
        method: 'POST',
        path: url,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }
    })

  const openPool = async (mode: ProviderMode, count: number): Promise<BackendPool> => {
    const children = Array.from(
      { length: count },
      (_, i) =>
        new Child({ name: `backend ${i + 1}`, module: new URL('../local/backend.js', import.meta.url) }),
    )
    const end = async (): Promise<void> => {
      await Promise.all(children.map((child) => child.end()))
    }
    endings.add(end)
    const ports = await Promise.all(
      children.map((child, i) =>
        child.call<{ port: number }>('open', {
          node: i + 1,
          store: address,
          port: 0,
          keysFolder,
          identity: { ...scenario.identity, provider: mode },
          publicUrl: `https://${scenario.cloud.host}:5000`,
          explain: false,
          memcached: null,
          time: null,
          seed: scenario.seed,
        } satisfies BackendSetup),
      ),
    )
    const backends = children.map((child, i) => ({ child, pid: child.pid ?? 0, port: ports[i]?.port ?? 0 }))
    return { mode, backends, end }
  }

  return {
    scenario,
    databasePid: server?.pid ?? null,
    openPool,
    requests: (mode, op, count) => (op === 'issue' ? logins(count) : validations(mode, count)),
    rows: async () => (await keeper.call<{ rows: number }>('table', false)).rows,
    bytes: async () => (await keeper.call<{ bytes: number | null }>('table', true)).bytes ?? 0,
    flush: (order) => keeper.call<number>('flush', order),
  }
}
