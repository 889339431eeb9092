// An open loop: requests that come when they come, whether earlier ones were answered or not, as a cloud's do.
// It exists to hold what a measured profile predicts against the Keystone that it was measured on.
import { Random } from '../../base/random.js'
import { micros } from '../../base/time.js'
import { quantileOf } from '../../measure/script.js'
import type { CostProfile } from '../../scenario/costs/profile.js'
import { parseScenario } from '../../scenario/parse.js'
import type { Release } from '../../scenario/scenario.js'
import type { TokenFormat } from '../../token/uuid.js'
import type { World, WorldName } from '../../worlds/world.js'
import { beginsSec, inWorld, requestsOf } from './closedLoop.js'

export interface OpenLoad {
  readonly perSec: number
  readonly seconds: number
  /** Of all requests, 0 … 1; the others validate. */
  readonly issueShare: number
  readonly seed: number
}

export interface Arrival {
  readonly dueSec: number
  readonly op: 'issue' | 'validate'
}

/** A Poisson process. Equal loads give equal arrivals, whoever sends them. */
export const arrivalsOf = ({ perSec, seconds, issueShare, seed }: OpenLoad): readonly Arrival[] => {
  const random = new Random(seed, 'open loop')
  const arrivals: Arrival[] = []
  for (
    let dueSec = random.exponential(1 / perSec);
    dueSec < seconds;
    dueSec += random.exponential(1 / perSec)
  ) {
    arrivals.push({ dueSec, op: random.unit() < issueShare ? 'issue' : 'validate' })
  }
  return arrivals
}

/** Response times, from when a request was due, milliseconds. */
export interface Responses {
  readonly count: number
  readonly p50Ms: number
  readonly p95Ms: number
}

export type ResponsesByOp = Readonly<Record<Arrival['op'], Responses>>

export const responsesOf = (
  seen: readonly { readonly op: Arrival['op']; readonly ms: number }[],
): ResponsesByOp => {
  const of = (op: Arrival['op']): Responses => {
    const times = seen.filter((each) => each.op === op).map(({ ms }) => ms)
    return { count: times.length, p50Ms: quantileOf(times, 0.5), p95Ms: quantileOf(times, 0.95) }
  }
  return { issue: of('issue'), validate: of('validate') }
}

const scenarioText = (release: Release, provider: TokenFormat, seconds: number): string => `
name: open-loop
duration: ${Math.ceil(seconds) + 60}s
cloud: { users: 20, projects: 1, services: [nova] }
identity: { release: ${release}, provider: ${provider}, expiration: 2h, password_hash: { scheme: plain } }
tokens: { live: 20 }
limits: { request_timeout: 1h }
clients:
  users: { behaviour: password-session, members: 20, every: 1h, through: [nova] }
`

const play = async (world: World, load: OpenLoad): Promise<ResponsesByOp> => {
  const { clock, target } = world
  const seen: { op: Arrival['op']; ms: number }[] = []
  const arrivals = arrivalsOf(load)
  let left = arrivals.length
  let settle = (): void => {}
  const ended = new Promise<void>((resolve) => {
    settle = resolve
  })
  arrivals.forEach(({ dueSec, op }, index) => {
    const due = micros(beginsSec + dueSec)
    clock.at(due, () => {
      const requests = requestsOf(world, op)
      const request = requests[index % requests.length]
      if (request === undefined) return
      target.send(1, request, () => {
        seen.push({ op, ms: (clock.measured() - clock.measuredAt(due)) / 1000 })
        if (--left === 0) settle()
      })
    })
  })
  await world.run(ended)
  return responsesOf(seen)
}

/** What a profile predicts for a load, in a world. */
export const predictOpenLoop = (options: {
  readonly world: WorldName
  readonly profile: CostProfile
  readonly release: Release
  readonly load: OpenLoad
}): Promise<ResponsesByOp> => {
  const { profile, release, load } = options
  const provider = profile.rows[0]?.provider ?? 'fernet'
  const text = scenarioText(release, provider, load.seconds)
  const { scenario } = parseScenario({ file: 'open loop', text, checkGate: () => [] })
  const identity = { ...scenario.identity, costs: profile, processes: profile.workers }
  return inWorld(options.world, { ...scenario, seed: load.seed, identity }, (world) => play(world, load))
}
