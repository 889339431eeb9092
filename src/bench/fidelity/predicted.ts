// Replays a recorded cutover: its scenario in one of our worlds, with a seed, watched exchange by exchange.
// The run leaves nothing behind; only what its clients and Keystone saw is kept.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { readNamedBeside } from '../../commands/inputFile.js'
import { Random } from '../../base/random.js'
import { checkGate } from '../../measure/gates.js'
import type { ArrivalSource } from '../../rehearsal/arrivalFeed.js'
import { Engine, type EngineOptions } from '../../rehearsal/engine.js'
import { createArrivals } from '../../scenario/arrivals.js'
import { parseScenario } from '../../scenario/parse.js'
import type { ClientClass, Scenario } from '../../scenario/scenario.js'
import { openLocalWorld } from '../../worlds/local/world.js'
import { openSimulatedWorld } from '../../worlds/simulated/world.js'
import type { World } from '../../worlds/world.js'
import type { Exchange, Observed } from './figures.js'
import type { Schedule } from './recorded.js'

/** The warm-up of the recorded runs: their clock begins after it. */
const warmUpSec = 60

/** Where their scenarios lie, if nobody says otherwise. */
const scenariosFolder = new URL('../../../scenarios/fidelity/', import.meta.url)

/**
 * What is taken over from the recording. `recorded`: when each call was due. `joined`: when each member called first, and from
 * there on it calls as its class does; its gaps follow from the seed. `drawn`: nothing, all follows from the seed.
 */
export type Known =
  | { readonly arrivals: 'recorded'; readonly schedule: Schedule; readonly offsetSec: number }
  | {
      readonly arrivals: 'joined'
      readonly firstCalls: ReadonlyMap<string, readonly number[]>
      readonly offsetSec: number
    }
  | { readonly arrivals: 'drawn' }

/** One replay. */
export interface Replay {
  readonly name: string
  readonly seed: number
  readonly known: Known
  /** The folder of the scenario. */
  readonly scenarios?: URL
}

/** auth_token remembers in whole seconds, so a replay that keeps to recorded instants begins where between two of them the run did. */
const offsetSec = ({ known }: Replay): number => (known.arrivals === 'drawn' ? 0 : known.offsetSec)

/** The scenario of a replay, all of it later by the offset. */
const replayScenario = (replay: Replay, speed?: number): Scenario => {
  const { name, seed, scenarios = scenariosFolder } = replay
  const file = fileURLToPath(new URL(`${name}.yaml`, scenarios))
  const overrides = speed === undefined ? { seed } : { seed, speed }
  const { scenario } = parseScenario({
    file,
    text: readFileSync(file, 'utf8'),
    overrides,
    checkGate,
    readNamed: readNamedBeside(file),
  })
  const offset = offsetSec(replay)
  const timeline = scenario.timeline.map((step) => ({ ...step, atSec: step.atSec + offset }))
  return { ...scenario, durationSec: scenario.durationSec + offset, timeline }
}

/** The recorded due instants of one member; an arrival of a stream without members goes to the next of its workers. */
const replaying = (
  schedule: Schedule,
  beganSec: number,
  { name, members }: ClientClass,
  member: number,
): ArrivalSource => {
  const due = schedule
    .filter((call) => call.clientClass === name && call.member % members === member)
    .map(({ dueSec }) => dueSec + beganSec)
    .toSorted((a, b) => a - b)
  let next = 0
  return { next: () => due[next++] ?? Infinity }
}

/** The instants of one member from its first call on. */
const joining = (
  firstSec: number,
  seed: number,
  { name, everySec, arrivals }: ClientClass,
  member: number,
): ArrivalSource => {
  const random = new Random(seed, 'arrivals', name, member)
  let atSec = firstSec
  let count = 0
  const next = (): number => {
    if (arrivals === 'constant') return firstSec + count++ * everySec
    if (count++ > 0) atSec += random.exponential(everySec)
    return atSec
  }
  return { next }
}

/** Due instants in place of the plan's own; none where the plan's own are wanted. */
const scheduleOf = (
  { known, seed }: Replay,
  scenario: Scenario,
  beganSec: number,
): Partial<Pick<EngineOptions, 'schedule'>> => {
  if (known.arrivals === 'drawn') return {}
  if (known.arrivals === 'recorded') {
    return { schedule: (...of) => replaying(known.schedule, beganSec, ...of) }
  }
  const { durationSec, startsAtEpochSec } = scenario
  return {
    schedule: (clientClass, member) => {
      const first =
        clientClass.joinsWithinSec === null ? undefined : known.firstCalls.get(clientClass.name)?.[member]
      return first === undefined
        ? createArrivals({ seed, clientClass, member, stretches: [], durationSec, startsAtEpochSec })
        : joining(first + beganSec, seed, clientClass, member)
    },
  }
}

/** Lets a scenario run through in an open world and returns what was seen in it. */
const watch = async (replay: Replay, scenario: Scenario, world: World): Promise<Observed> => {
  const seen: Exchange[] = []
  const keystone: Exchange[] = []
  let finished = (): void => {}
  const ended = new Promise<void>((resolve) => {
    finished = resolve
  })
  const beganSec = warmUpSec + offsetSec(replay)
  const { timeMap, population, clock, target, control } = world
  const engine = new Engine({
    scenario,
    timeMap,
    population,
    clock,
    target,
    control,
    ...scheduleOf(replay, scenario, beganSec),
    recording: {
      record: ({ leg, op, clientClass, status, outcome, atSec }) => {
        if (outcome === 'shed') return
        const what = op === 'call' || op === 'validate' ? op : 'issue'
        const exchange = { clientClass, op: what, status, atSec: atSec - beganSec } as const
        if (leg === 'client') seen.push(exchange)
        else keystone.push(exchange)
      },
      table: () => {},
      event: () => {},
      markCutover: () => {},
      uuidSeenSec: () => null,
      memberHit: () => {},
      memberWithout: () => {},
      advance: () => {},
    },
    intervalSec: scenario.durationSec,
    onInterval: () => {},
    onEnd: () => finished(),
  })
  engine.start()
  try {
    await world.run(ended)
  } finally {
    await world.close()
  }
  return { seen, keystone }
}

export const replaySimulated = async (replay: Replay): Promise<Observed> => {
  const scenario = replayScenario(replay)
  const nothing = { onProgress: () => {}, onFault: () => {} }
  const world = await openSimulatedWorld({ scenario, store: { kind: 'memory' }, folder: '', ...nothing })
  return watch(replay, scenario, world)
}

/** In the local world: real servers, real connections. Above real time, Keystone's own work does not shrink along. */
export const replayLocal = async (replay: Replay, speed: number): Promise<Observed> => {
  const scenario = replayScenario(replay, speed)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'cutover-fidelity-'))
  try {
    const world = await openLocalWorld({
      scenario,
      store: { kind: 'sqlite', file: null },
      folder,
      onProgress: () => {},
      onFault: ({ label, note }) => process.stderr.write(`${label}: ${note}\n`),
    })
    return await watch(replay, scenario, world)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
