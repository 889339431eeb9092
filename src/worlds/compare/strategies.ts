// Strategies over one cloud: each rehearsed with the same seed, all in processes of their own, then laid side by side.
// It leaves a folder with the folder of every run and compare.json, so that anything in the table can be looked into.
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { StoppedError } from '../../base/errors.js'
import { claimFolder } from '../../io/runFolder.js'
import type { StoreChoice } from '../../io/store/open.js'
import { compareRuns, type Comparison } from '../../measure/comparison.js'
import type { ParsedStrategy } from '../../scenario/strategy.js'
import type { WorldName } from '../world.js'
import { runJobs, type FinishedJob, type JobsOptions } from './jobs.js'

/** A strategy that was read, and the command that runs it alone. */
export interface Contender {
  readonly parsed: ParsedStrategy
  readonly command: string
}

export interface StrategiesOptions extends Omit<JobsOptions, 'jobs'> {
  /** What people call the cloud: it names the folder. */
  readonly cloudName: string
  readonly contenders: readonly Contender[]
  /** The name of the contender that does nothing; null if there is none. */
  readonly unchanged: string | null
  readonly world: WorldName
  readonly store: StoreChoice
  readonly reportsRoot: string
  readonly out?: string
}

export interface Compared {
  readonly comparison: Comparison
  /** The finished runs, in the order of the comparison. */
  readonly runs: readonly FinishedJob[]
  readonly folder: string
}

/** The file with the figures of all runs, in the folder of a comparison. */
export const comparisonFile = 'compare.json'

/** Writes the figures into the folder; once more where something came to them. */
export const writeComparison = (folder: string, figures: unknown): Promise<void> =>
  writeFile(path.join(folder, comparisonFile), `${JSON.stringify(figures, null, 2)}\n`)

/** Rehearses all contenders. Throws InputError for the folder before anything runs, WorldError if a world did not start. */
export const compareStrategies = async (options: StrategiesOptions): Promise<Compared> => {
  const { contenders, world, store } = options
  const folder = await claimFolder({
    root: options.reportsRoot,
    scenarioName: `compare-${options.cloudName}`,
    now: new Date(),
    ...(options.out === undefined ? {} : { out: options.out }),
  })
  const jobs = contenders.map(({ parsed: { scenario, scenarioText }, command }) => {
    const { name } = scenario
    return { name, order: { scenario, scenarioText, world, store, command, out: path.join(folder, name) } }
  })
  const finished = await runJobs({ ...options, jobs })
  if (finished.length === 0) throw new StoppedError('Stopped before a run had begun: nothing to compare.')
  const comparison = compareRuns(finished, options.unchanged)
  await writeComparison(folder, comparison)
  return { comparison, runs: finished, folder }
}
