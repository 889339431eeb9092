// The header of a run: what is known of it before its first request, so that any folder can be drawn.
// It stands apart because it grows with what scenarios can say, and a rehearsal does not.
import { cpus, totalmem } from 'node:os'
import { version } from '../base/version.js'
import type { CostsOfRun, RunHeader } from '../measure/record.js'
import { intervalWidthSec } from '../rehearsal/interval.js'
import type { Scenario } from '../scenario/scenario.js'
import { profileOf } from './costs/serviceTimes.js'
import type { RehearseOptions } from './rehearse.js'

/** Caches fill for as long as the middleware remembers; until then a run is not what it will be. */
const warmupSec = (scenario: Scenario): number =>
  Math.min(scenario.middleware.tokenCacheSec, scenario.durationSec / 10)

/** Whose response times a run shows. */
const costsOf = ({ identity }: Scenario): CostsOfRun => {
  const profile = profileOf(identity)
  if (profile !== null) return { kind: 'profile', profile: profile.name, workers: identity.processes }
  return { kind: identity.costs === 'native' ? 'native' : 'stated' }
}

/** What of a rehearsal's options a header tells. */
export type HeaderOptions = Pick<RehearseOptions, 'scenario' | 'scenarioText' | 'world' | 'command'>

export const headerOf = (options: HeaderOptions, storeName: string, startedAt: Date): RunHeader => {
  const { scenario } = options
  return {
    format: 'cutover/run@1',
    scenario: scenario.name,
    description: scenario.description,
    seed: scenario.seed,
    world: options.world,
    store: storeName,
    version,
    machine: {
      cpus: cpus().length,
      memoryBytes: totalmem(),
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
    },
    startedAt: startedAt.toISOString(),
    command: options.command,
    scenarioText: options.scenarioText,
    durationSec: scenario.durationSec,
    intervalSec: intervalWidthSec(scenario.durationSec),
    clock:
      options.world === 'simulated'
        ? [{ untilSec: scenario.durationSec, speed: 1, traffic: 1 }]
        : scenario.clock,
    classes: scenario.clients.map(({ name, behaviour, members, everySec }) => ({
      name,
      behaviour,
      members,
      everySec,
    })),
    backends: scenario.identity.backends,
    expirationSec: scenario.identity.expirationSec,
    ...(options.world === 'external' ? {} : { costs: costsOf(scenario) }),
    maxActiveKeys: scenario.identity.keys.maxActiveKeys,
    gates: scenario.gates,
    latenessLimitMs: scenario.limits.latenessP99Ms,
    warmupSec: warmupSec(scenario),
  }
}
