// A closed loop on one backend of a world: so many clients, each of which sends its next request when it has its answer.
// It exists to play a cost profile's own measurements again, in either world by the same lines.
import { rm, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { micros } from '../../base/time.js'
import type { ApiRequest } from '../../clients/exchange.js'
import { quantileOf } from '../../measure/script.js'
import { burdened, type CostProfile, type MeasuredPoint } from '../../scenario/costs/profile.js'
import { parseScenario } from '../../scenario/parse.js'
import type { Release, Scenario } from '../../scenario/scenario.js'
import { openLocalWorld } from '../../worlds/local/world.js'
import { openSimulatedWorld } from '../../worlds/simulated/world.js'
import type { World, WorldName } from '../../worlds/world.js'

/** Different subjects, as many as in the measurement. */
const subjects = 20

/** When the loop begins, seconds: by then the backends have been told that the run has. */
export const beginsSec = 0.5

/** What a closed loop came to. */
export interface Loop {
  readonly count: number
  readonly perSec: number
  readonly p50Ms: number
  readonly p95Ms: number
  /** For how long this process got nothing done although it wanted to; the virtual clock does not know that. */
  readonly stalledMs?: number
}

/** Response times of a loop, milliseconds, over its length. */
export const loopOf = (times: readonly number[], seconds: number): Loop => ({
  count: times.length,
  perSec: times.length / seconds,
  p50Ms: quantileOf(times, 0.5),
  p95Ms: quantileOf(times, 0.95),
})

const scenarioText = (
  { provider, cache, passwordHash }: MeasuredPoint,
  release: Release,
  seconds: number,
): string => `
name: closed-loop
duration: ${seconds + 2}s
cloud: { users: ${subjects}, projects: 1, services: [nova] }
identity:
  release: ${release}
  provider: ${provider}
  expiration: 1h
  cache: ${cache === 'none' ? 'none' : 'process'}
  # What is cached for no time is never found.
  cache_time: ${cache === 'miss' ? '1ms' : '600s'}
  password_hash: ${passwordHash === null ? '{ scheme: plain }' : `{ scheme: ${passwordHash.scheme}, rounds: ${passwordHash.rounds} }`}
tokens: { live: ${subjects} }
limits: { request_timeout: 1h }
clients:
  users: { behaviour: password-session, members: ${subjects}, every: 1h, through: [nova] }
`

/** The conditions of a measured point as a scenario, with the part of the machine that other programs had. */
export const pointScenario = (
  profile: CostProfile,
  point: MeasuredPoint,
  release: Release,
  seed: number,
): Scenario => {
  const text = scenarioText(point, release, point.seconds)
  const { scenario } = parseScenario({ file: 'closed loop', text, checkGate: () => [] })
  const costs = point.concurrency === 1 ? profile : burdened(profile, point.otherLoad)
  return { ...scenario, seed, identity: { ...scenario.identity, costs, processes: profile.workers } }
}

export const requestsOf = ({ population }: World, op: MeasuredPoint['op']): readonly ApiRequest[] =>
  population.membersOf('users').map(({ credentials: { userId, password, projectId }, token }) => {
    const id = token?.id ?? ''
    return op === 'issue' ? { op, userId, password, projectId } : { op, authToken: id, subjectToken: id }
  })

const lookMs = 20
const stallMs = 60

/** Adds up for how long nothing was done here: the machine was busy with others, or had us stopped. */
export const watchStalls = (): { end(): number } => {
  let stalledMs = 0
  let lastMs = performance.now()
  const timer = setInterval(() => {
    const nowMs = performance.now()
    if (nowMs - lastMs > stallMs) stalledMs += nowMs - lastMs
    lastMs = nowMs
  }, lookMs)
  return {
    end: () => {
      clearInterval(timer)
      return stalledMs
    },
  }
}

/** @throws Error if an answer was not 2xx: then something else was measured */
const playLoop = async (world: World, point: MeasuredPoint): Promise<Loop> => {
  const { clock, target } = world
  const requests = requestsOf(world, point.op)
  const times: number[] = []
  let problem: string | null = null
  let sent = 0
  const endUs = micros(beginsSec + point.seconds)
  const next = (): void => {
    const sentUs = clock.measured()
    const request = requests[sent++ % requests.length] as ApiRequest
    target.send(1, request, ({ status, failure }) => {
      const nowUs = clock.measured()
      if (clock.now() > endUs) return
      if (status < 200 || status >= 300) problem = `${point.op} was answered with ${failure ?? status}`
      times.push((nowUs - sentUs) / 1000)
      next()
    })
  }
  let stalls: ReturnType<typeof watchStalls> | null = null
  if (clock.jumps !== true) clock.at(micros(beginsSec), () => (stalls = watchStalls()))
  let stalledMs = 0
  const ended = new Promise<void>((resolve) => {
    clock.at(endUs, () => {
      stalledMs = stalls?.end() ?? 0
      resolve()
    })
  })
  for (let i = 0; i < point.concurrency; i++) clock.at(micros(beginsSec), next)
  await world.run(ended)
  if (problem !== null) throw new Error(problem)
  return { ...loopOf(times, point.seconds), stalledMs }
}

/** Opens a world for a scenario, plays something in it and closes it. */
export const inWorld = async <T>(
  name: WorldName,
  scenario: Scenario,
  play: (world: World) => Promise<T>,
): Promise<T> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'cutover-costs-'))
  try {
    const open = name === 'local' ? openLocalWorld : openSimulatedWorld
    const world = await open({
      scenario,
      store: name === 'local' ? { kind: 'sqlite', file: null } : { kind: 'memory' },
      folder,
      onProgress: () => {},
      onFault: () => {},
    })
    try {
      return await play(world)
    } finally {
      await world.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Plays a measured point again in a world. */
export const replayPoint = (options: {
  readonly world: WorldName
  readonly profile: CostProfile
  readonly point: MeasuredPoint
  readonly release: Release
  readonly seed: number
}): Promise<Loop> => {
  const { world: name, profile, point, release, seed } = options
  const scenario = pointScenario(profile, point, release, seed)
  return inWorld(name, scenario, (world) => playLoop(world, point))
}
