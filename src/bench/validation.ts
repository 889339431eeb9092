// How fast one backend validates tokens of either format, against a bare route of the same HTTP server.
// All three take turns in one run; an answer that is not 200 ends the benchmark.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import autocannon from 'autocannon'
import { WorldError } from '../base/errors.js'
import { Child } from '../io/childProcess.js'
import { copyRepository, setupRepository } from '../io/keyChanges.js'
import { readRing } from '../io/keyRepository.js'
import { releaseProfiles } from '../identity/release.js'
import { planCloud } from '../rehearsal/cloudPlan.js'
import { TokenPlan } from '../rehearsal/tokenPlan.js'
import { parseScenario } from '../scenario/parse.js'
import type { Scenario } from '../scenario/scenario.js'
import { createSealer } from '../token/sealer.js'
import type { BackendSetup, KeeperSetup } from '../worlds/local/calls.js'
import type { BenchRow } from './fernetCodec.js'

const connections = 32
const rounds = 5
/** Different subject tokens, so that no answer is the one before. */
const subjects = 500

const scenarioText = (live: number): string => `
name: bench-validation
cloud: { users: 1000, projects: 300, services: [nova, neutron, glance, cinder, swift, heat, magnum] }
identity: { release: mitaka, provider: uuid, backends: 1, expiration: 24h, password_hash: { scheme: plain } }
tokens: { live: ${live} }
clients: { users: { behaviour: password-session, members: ${subjects}, every: 1h, through: [nova] } }
duration: 1h
`

interface Contender {
  readonly name: string
  readonly server: Child
  readonly port: number
  readonly requests: readonly { readonly headers: Record<string, string> }[]
  readonly perSec: number[]
}

/**
 * One round at saturation. What counts is requests per second of the server's own processor time: what one core of it can
 * do, whatever the load generator and other programs take of the machine meanwhile.
 */
const playRound = async (
  { name, server, port, requests, perSec }: Contender,
  seconds: number,
): Promise<void> => {
  const before = await server.cpuUs()
  const result = await autocannon({
    url: `http://127.0.0.1:${port}/v3/auth/tokens`,
    connections,
    duration: seconds,
    requests: [...requests],
  })
  if (result.non2xx + result.errors > 0) {
    throw new WorldError(`${name}: ${result.non2xx} answers were not 2xx, ${result.errors} requests failed`)
  }
  perSec.push((result.requests.total * 1e6) / ((await server.cpuUs()) - before))
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

/** @param seconds for each round of each of the three; `live` rows in the token table */
export const benchValidation = async (options: {
  readonly seconds: number
  readonly live: number
}): Promise<BenchRow[]> => {
  const { scenario } = parseScenario({ file: 'bench', text: scenarioText(options.live), checkGate: () => [] })
  const folder = await mkdtemp(path.join(tmpdir(), 'cutover-bench-'))
  const children: Child[] = []
  const child = (name: string, module: string): Child => {
    const started = new Child({ name, module: new URL(module, import.meta.url) })
    children.push(started)
    return started
  }
  try {
    const contenders = await open(scenario, folder, child)
    for (const contender of contenders) await playRound(contender, options.seconds)
    for (const { perSec } of contenders) perSec.length = 0
    for (let round = 0; round < rounds; round++) {
      for (const contender of contenders) await playRound(contender, options.seconds)
    }
    return rowsOf(contenders)
  } finally {
    await Promise.all(children.map((each) => each.end()))
    await rm(folder, { recursive: true, force: true })
  }
}

const open = async (
  scenario: Scenario,
  folder: string,
  child: (name: string, module: string) => Child,
): Promise<Contender[]> => {
  const store = { kind: 'sqlite', file: path.join(folder, 'keystone.sqlite') } as const
  const origin = path.join(folder, 'origin')
  setupRepository(origin)
  const keeper = child('the keeper of the store', '../worlds/local/keeper.js')
  await keeper.call('seed', { store, scenario } satisfies KeeperSetup)
  const openBackend = async (provider: 'uuid' | 'fernet'): Promise<{ server: Child; port: number }> => {
    const keysFolder = path.join(folder, provider)
    copyRepository(origin, keysFolder)
    const backend = child(`backend ${provider}`, '../worlds/local/backend.js')
    const { port } = await backend.call<{ port: number }>('open', {
      node: 1,
      store,
      port: 0,
      keysFolder,
      identity: { ...scenario.identity, provider },
      publicUrl: 'https://openstack.example.org:5000',
      explain: true,
      seed: scenario.seed,
      memcached: null,
      time: { startsAtEpochSec: scenario.startsAtEpochSec, stretches: scenario.clock },
    } satisfies BackendSetup)
    return { server: backend, port }
  }
  const cloud = planCloud(scenario, '')
  const tokens = new TokenPlan(scenario, cloud)
  const sealer = createSealer({
    ring: readRing(origin),
    payloadOptions: releaseProfiles[scenario.identity.release].payload,
  })
  const asFernet = new TokenPlan(
    { ...scenario, identity: { ...scenario.identity, provider: 'fernet' } },
    cloud,
  )
  const requestsOf = (plan: TokenPlan) => {
    const service = plan.heldByWorker('nova', 0, sealer)?.id ?? ''
    return Array.from({ length: subjects }, (_, i) => ({
      headers: { 'x-auth-token': service, 'x-subject-token': plan.heldBy('users', i, sealer)?.id ?? '' },
    }))
  }
  const uuid = {
    name: 'validate uuid on sqlite',
    ...(await openBackend('uuid')),
    requests: requestsOf(tokens),
    perSec: [],
  }
  const fernet = {
    name: 'validate fernet',
    ...(await openBackend('fernet')),
    requests: requestsOf(asFernet),
    perSec: [],
  }
  const bytes = await bodyBytes(fernet)
  const server = child('bare server', './bareServer.js')
  const { port } = await server.call<{ port: number }>('open', { bytes })
  return [{ name: 'bare route', server, port, requests: fernet.requests, perSec: [] }, fernet, uuid]
}

/** Length of a validation's answer, which the bare route then sends too. */
const bodyBytes = async ({ port, requests }: Contender): Promise<number> => {
  const answer = await fetch(`http://127.0.0.1:${port}/v3/auth/tokens`, requests[0] ?? {})
  if (answer.status !== 200) throw new WorldError(`the backend answered ${answer.status} to a good token`)
  return (await answer.text()).length
}

const rowsOf = ([bare, fernet, uuid]: Contender[]): BenchRow[] => {
  if (bare === undefined || fernet === undefined || uuid === undefined) return []
  return (
    [
      [fernet, 0.5],
      [uuid, 0.4],
    ] as const
  ).map(([contender, bar]) => {
    // Round by round, since only rounds that ran side by side met the same machine.
    const ratio = median(contender.perSec.map((value, i) => value / (bare.perSec[i] ?? Infinity)))
    const value = median(contender.perSec)
    return {
      name: `${contender.name} against a bare route`,
      value,
      unit: 'requests per CPU second',
      floor: median(bare.perSec),
      ratio,
      bar,
      holds: ratio >= bar,
    }
  })
}
