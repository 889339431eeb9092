// cutover compare: finished runs side by side, or strategies rehearsed over one cloud.
// Reads files and options, calls one use, prints a table; exit code by the worst verdict.
import { availableParallelism } from 'node:os'
import type { Command } from 'commander'
import { formatProblem, InputError, type Problem } from '../base/errors.js'
import { readRecord } from '../io/readRecord.js'
import { compareRuns, type Comparison } from '../measure/comparison.js'
import { checkGate } from '../measure/gates.js'
import { summarise } from '../measure/summary.js'
import { renderComparison } from '../render/comparison.js'
import { duration } from '../render/text.js'
import { parseStrategy, parseUnchanged, unchangedName, type NamedText } from '../scenario/strategy.js'
import type { ReadOptions } from '../scenario/parse.js'
import type { JobsProgress } from '../worlds/compare/jobs.js'
import { compareStrategies, type Compared, type Contender } from '../worlds/compare/strategies.js'
import type { WorldName } from '../worlds/world.js'
import { exitCodes } from './exit.js'
import { readFileOrProblem } from './inputFile.js'
import { readStore, readWorld } from './place.js'
import { colourOf, columnsOf, createProgressLine, type Surroundings } from './terminal.js'

interface Options {
  readonly strategies?: readonly string[]
  readonly cloud?: string
  readonly world: string
  readonly store?: string
  readonly seed?: string
  readonly unchanged: boolean
  readonly jobs?: string
  readonly out?: string
  readonly json?: boolean
}

const input = (path: string, message: string, remedy: string): InputError =>
  new InputError([{ path, message, remedy }])

const print = (comparison: Comparison, json: boolean, surroundings: Surroundings): void => {
  const { stdout } = surroundings
  if (json) stdout.write(`${JSON.stringify(comparison, null, 2)}\n`)
  else
    stdout.write(
      renderComparison(comparison, { columns: columnsOf(surroundings), colour: colourOf(surroundings) }),
    )
}

/** Names for columns: the scenario’s, and the folder’s where two runs have the same. */
const namesOf = (
  runs: readonly { readonly scenario: string; readonly folder: string }[],
): readonly string[] =>
  runs.map(({ scenario, folder }) => {
    const others = runs.filter((run) => run.scenario === scenario)
    return others.length === 1 ? scenario : (folder.split(/[\\/]/).findLast((part) => part !== '') ?? folder)
  })

const compareFinished = async (
  folders: readonly string[],
  options: Options,
  surroundings: Surroundings,
): Promise<number> => {
  const summaries = await Promise.all(folders.map(async (folder) => summarise(await readRecord(folder))))
  const names = namesOf(summaries.map(({ scenario }, i) => ({ scenario, folder: folders[i] ?? '' })))
  const runs = summaries.map((summary, i) => ({ name: names[i] ?? '', summary }))
  const unchanged = runs.find(({ summary }) => summary.scenario === unchangedName)?.name ?? null
  print(compareRuns(runs, unchanged), options.json === true, surroundings)
  return exitCodes.pass
}

const readJobs = (text: string | undefined, world: WorldName): number => {
  // Processes of the local world want every processor themselves.
  if (text === undefined) return world === 'local' ? 1 : availableParallelism()
  const jobs = Number(text)
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= 256) return jobs
  throw input('--jobs', `${text} is no number of processes`, 'give a whole number from 1')
}

/** Reads all strategies; throws with the problems of all of them, each once. */
const readContenders = (
  cloud: NamedText,
  strategies: readonly NamedText[],
  options: Options,
  read: ReadOptions,
  warn: (problem: Problem) => void,
): readonly Contender[] => {
  const problems = new Map<string, Problem>()
  const warnings = new Map<string, Problem>()
  const contenders: Contender[] = []
  const seed = options.seed === undefined ? '' : ` --seed ${options.seed}`
  const world = options.world === 'simulated' ? '' : ` --world ${options.world}`
  const add = (file: string | null, parse: () => Contender['parsed']): void => {
    try {
      const parsed = parse()
      for (const warning of parsed.warnings) warnings.set(formatProblem(warning), warning)
      const what = file === null ? '' : ` --strategies ${file}`
      contenders.push({ parsed, command: `cutover compare${what} --cloud ${cloud.file}${world}${seed}` })
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      for (const problem of error.problems) problems.set(formatProblem(problem), problem)
    }
  }
  if (options.unchanged) add(null, () => parseUnchanged(cloud, read))
  for (const strategy of strategies) {
    add(strategy.file, () => parseStrategy(cloud, strategy, read))
    const name = contenders.at(-1)?.parsed.scenario.name
    if (contenders.filter(({ parsed }) => parsed.scenario.name === name).length < 2) continue
    const message = `there is another strategy of the name ${name ?? ''}`
    problems.set(strategy.file, {
      file: strategy.file,
      path: 'name',
      message,
      remedy: 'give each its own name',
    })
  }
  if (problems.size > 0) throw new InputError([...problems.values()])
  for (const warning of warnings.values()) warn(warning)
  return contenders
}

const progressText = ({ done, total, share, leftSec, running }: JobsProgress): string => {
  const left = leftSec === null ? '' : `, about ${duration(Math.max(1, Math.round(leftSec)))} left`
  return `${done} of ${total} runs, ${Math.floor(100 * share)} %${left}  ${running.join(', ')}`
}

const runStrategies = async (options: Options, surroundings: Surroundings): Promise<number> => {
  const { stderr } = surroundings
  const files = options.strategies ?? []
  if (options.cloud === undefined)
    throw input('--cloud', 'is missing', 'name the file of the cloud, such as scenarios/clouds/cern.yaml')
  const world = readWorld(options.world)
  const store = readStore(options.store, world)
  const atOnce = readJobs(options.jobs, world)
  const cloudFile = options.cloud
  const cloud = { file: cloudFile, text: await readFileOrProblem(cloudFile, 'name the file of a cloud') }
  const strategies = await Promise.all(
    files.map(async (file) => ({ file, text: await readFileOrProblem(file, 'name the file of a strategy') })),
  )
  const read: ReadOptions = {
    overrides: options.seed === undefined ? {} : { seed: Number(options.seed) },
    checkGate,
    place: { world, store: store.kind, superuser: surroundings.superuser === true },
  }
  const contenders = readContenders(cloud, strategies, options, read, (warning) =>
    stderr.write(`warning: ${formatProblem(warning)}\n`),
  )
  const line = createProgressLine(
    stderr,
    () => performance.now(),
    columnsOf({ ...surroundings, stdout: stderr }),
  )
  let stop: ((reason: string) => void) | null = null
  let interrupts = 0
  surroundings.onInterrupt(() => {
    interrupts++
    if (interrupts > 1) process.exit(exitCodes.inconclusive)
    stop?.('stopped by the user')
    line.end()
    stderr.write('Stopping: what was measured is compared. Once more ends at once.\n')
  })
  const startedMs = performance.now()
  const compared: Compared = await compareStrategies({
    cloudName: cloudFile.replace(/^.*[\\/]|\.ya?ml$/g, ''),
    contenders,
    unchanged: options.unchanged ? unchangedName : null,
    world,
    store,
    atOnce,
    reportsRoot: 'reports',
    ...(options.out === undefined ? {} : { out: options.out }),
    onProgress: (progress) => line.show(progressText(progress)),
    onWarning: (text) => stderr.write(`warning: ${text}\n`),
    onStarted: (given) => {
      stop = given
    },
  })
  line.end()
  print(compared.comparison, options.json === true, surroundings)
  const { runs } = compared.comparison
  const processes = Math.min(atOnce, contenders.length)
  stderr.write(
    `${runs.length} runs in ${duration(Math.round((performance.now() - startedMs) / 1000))}, ${processes} at a time; each in a folder of ${compared.folder}\n`,
  )
  if (interrupts > 0 || runs.some(({ verdict }) => verdict === 'inconclusive')) return exitCodes.inconclusive
  return runs.some(({ verdict }) => verdict === 'fail') ? exitCodes.gateFailed : exitCodes.pass
}

const run = async (
  folders: readonly string[],
  options: Options,
  surroundings: Surroundings,
): Promise<number> => {
  const strategies = options.strategies ?? []
  if (folders.length > 0 && strategies.length > 0)
    throw input(
      '--strategies',
      'runs and strategies cannot be compared in one table',
      'name the one or the other',
    )
  if (strategies.length > 0) return runStrategies(options, surroundings)
  if (folders.length < 2)
    throw input('', 'there is nothing to compare', 'name two folders of runs, or --strategies and --cloud')
  return compareFinished(folders, options, surroundings)
}

export const addCompare = (
  program: Command,
  surroundings: Surroundings,
  ended: (code: number) => void,
): void => {
  program
    .command('compare')
    .argument('[runs...]', 'folders of finished runs, to lay side by side')
    .description('lay finished runs side by side, or rehearse strategies over one cloud and compare them')
    .option('--strategies <files...>', 'files of strategies: a name, a timeline, and what it changes')
    .option('--cloud <file>', 'the rest of a scenario, the same for every strategy')
    .option('--world <world>', 'simulated, or local (one after the other)', 'simulated')
    .option('--store <store>', 'of the local world: as for rehearse')
    .option('--seed <number>', "instead of the cloud's")
    .option('--no-unchanged', 'without the run in which nothing is done')
    .option('--jobs <number>', 'runs at a time; default: as many as there are processors')
    .option(
      '--out <folder>',
      'the folder of all runs and compare.json; default: reports/compare-<cloud>-<UTC time>',
    )
    .option('--json', 'print compare.json instead of a table')
    .addHelpText(
      'after',
      '\nExamples:\n  cutover compare --strategies scenarios/strategies/*.yaml --cloud scenarios/clouds/cern.yaml\n  cutover compare reports/first-run reports/second-run',
    )
    .action(async (folders: readonly string[], options: Options) => {
      ended(await run(folders, options, surroundings))
    })
}
