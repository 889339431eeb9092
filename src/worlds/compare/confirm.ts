// The best plans once more: each in the simulated world at full scale, and with real processes in the local one.
// What both say is laid side by side, so that a choice does not rest on a model alone.
import path from 'node:path'
import { readRecord } from '../../io/readRecord.js'
import { agreementOf, type Agreement } from '../../measure/agreement.js'
import type { ReadOptions } from '../../scenario/parse.js'
import { parseData, type ParsedStrategy } from '../../scenario/strategy.js'
import { clockAround } from '../../scenario/clockAround.js'
import type { StoreChoice } from '../../io/store/open.js'
import { runJobs, type Job, type JobsOptions } from './jobs.js'

export interface ConfirmOptions extends Omit<JobsOptions, 'jobs'> {
  readonly plans: readonly ParsedStrategy[]
  /** Folders of plans that have been simulated at full scale already, by name. */
  readonly simulated: ReadonlyMap<string, string>
  /** The store of the local world. */
  readonly store: StoreChoice
  readonly folder: string
  readonly command: string
  readonly read: ReadOptions
}

/** A plan that was confirmed. */
export interface Confirmation extends Agreement {
  readonly name: string
  /** The verdict in the local world, and why: a late load generator decides nothing. */
  readonly verdict: string
  readonly reasons: readonly string[]
}

const worldFolder = (folder: string, name: string, world: string): string =>
  path.join(folder, `${name}-${world}`)

/** Runs the plans in both worlds: all simulations first, so many at a time, then real processes, one plan after the other. */
export const confirmPlans = async (options: ConfirmOptions): Promise<readonly Confirmation[]> => {
  const { plans, simulated, folder, command, read, store } = options
  const simulatedFolder = (name: string): string =>
    simulated.get(name) ?? worldFolder(folder, name, 'simulated')
  const unknown = plans.filter(({ scenario }) => !simulated.has(scenario.name))
  const simulations = unknown.map(({ scenario, scenarioText }): Job => ({
    name: `${scenario.name}, simulated`,
    order: {
      scenario: { ...scenario, gates: [] },
      scenarioText,
      world: 'simulated',
      store: { kind: 'memory' },
      command,
      out: simulatedFolder(scenario.name),
    },
  }))
  await runJobs({ ...options, jobs: simulations })
  const rehearsals = await Promise.all(
    plans.map(async ({ scenario, data }): Promise<Job> => {
      const { events } = await readRecord(simulatedFolder(scenario.name))
      const stepsSec = events
        .filter(({ origin }) => origin === 'scenario')
        .flatMap(({ startedSec, endedSec }) => [startedSec, endedSec])
      const clock = clockAround(stepsSec, scenario.durationSec).map(({ untilSec, speed, traffic }) => {
        return { until: `${untilSec}s`, speed, traffic }
      })
      const timed = parseData({ ...data, clock, gates: [] }, `${scenario.name} in the local world`, read)
      const out = worldFolder(folder, scenario.name, 'local')
      const order = { scenario: timed.scenario, scenarioText: timed.scenarioText, store, command, out }
      return { name: `${scenario.name}, local`, order: { ...order, world: 'local' } }
    }),
  )
  const finished = await runJobs({ ...options, atOnce: 1, jobs: rehearsals })
  return Promise.all(
    finished.map(async ({ summary }, i) => {
      const name = plans[i]?.scenario.name ?? summary.scenario
      const [modelled, real] = await Promise.all([
        readRecord(simulatedFolder(name)),
        readRecord(worldFolder(folder, name, 'local')),
      ])
      return { name, verdict: summary.verdict, reasons: summary.reasons, ...agreementOf(modelled, real) }
    }),
  )
}
