// Replays a recorded cutover: its scenario in one of our worlds, with a seed, watched exchange by exchange.
// The run leaves nothing behind; only what its clients and Keystone saw is kept.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkGate } from '../../measure/gates.js'
import type { ArrivalSource } from '../../rehearsal/arrivalFeed.js'
import { Engine } from '../../rehearsal/engine.js'
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

/** One replay. `schedule`: the recorded instants; null: the scenario's own, from the seed. */
export interface Replay {
  readonly name: string
  readonly seed: number
  readonly schedule: Schedule | null
  /** The folder of the scenario. */
  readonly scenarios?: URL
}

/**
 * Where between two whole seconds a recorded run began is not known, and auth_token remembers in whole seconds. So each seed
 * begins elsewhere, a golden ratio on from the one before, which spreads them evenly. A schedule that is drawn has no need of it.
 */
const offsetSec = ({ seed, schedule }: Replay): number =>
  schedule === null ? 0 : (seed * 0.618_033_988_75) % 1

/** The scenario of a replay, all of it later by the offset. */
const replayScenario = (replay: Replay, speed?: number): Scenario => {
  const { name, seed, scenarios = scenariosFolder } = replay
  const file = fileURLToPath(new URL(`${name}.yaml`, scenarios))
  const overrides = speed === undefined ? { seed } : { seed, speed }
  const { scenario } = parseScenario({ file, text: readFileSync(file, 'utf8'), overrides, checkGate })
  const offset = offsetSec(replay)
  const timeline = scenario.timeline.map((step) => ({ ...step, atSec: step.atSec + offset }))
  return { ...scenario, durationSec: scenario.durationSec + offset, timeline }
}

/** The recorded due instants of one member; an arrival of a stream without members goes to the next of its workers. */
const replaying = (
  replay: Replay,
  schedule: Schedule,
  clientClass: ClientClass,
  member: number,
): ArrivalSource => {
  const due = schedule
    .filter((call) => call.clientClass === clientClass.name)
    .filter((call) => call.member % clientClass.members === member)
    .map(({ dueSec }) => dueSec + warmUpSec + offsetSec(replay))
    .toSorted((a, b) => a - b)
  let next = 0
  return { next: () => due[next++] ?? Infinity }
}

/** Lets a scenario run through in an open world and returns what was seen in it. */
const watch = async (replay: Replay, scenario: Scenario, world: World): Promise<Observed> => {
  const seen: Exchange[] = []
  const keystone: Exchange[] = []
  let finished = (): void => {}
  const ended = new Promise<void>((resolve) => {
    finished = resolve
  })
  const { schedule } = replay
  const beganSec = warmUpSec + offsetSec(replay)
  const { timeMap, population, clock, target, control } = world
  const engine = new Engine({
    scenario,
    timeMap,
    population,
    clock,
    target,
    control,
    ...(schedule === null
      ? {}
      : { schedule: (clientClass, member) => replaying(replay, schedule, clientClass, member) }),
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
