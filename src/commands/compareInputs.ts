// What cutover compare is told: its options, the strategies and the cloud, read and checked together.
// It exists so that comparing and searching start from the same, and every problem of every file is told at once.
import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { formatProblem, InputError, type Problem } from '../base/errors.js'
import type { StoreChoice } from '../io/store/open.js'
import { checkGate } from '../measure/gates.js'
import type { ReadOptions } from '../scenario/parse.js'
import { parseStrategy, parseUnchanged, type NamedText } from '../scenario/strategy.js'
import type { Contender } from '../worlds/compare/strategies.js'
import type { WorldName } from '../worlds/world.js'
import { readFileOrProblem, readNamedBeside } from './inputFile.js'
import { readStore, readWorld } from './place.js'
import type { Surroundings } from './terminal.js'

/** The options of the verb. */
export interface Options {
  readonly strategies?: readonly string[]
  readonly cloud?: string
  readonly world: string
  readonly store?: string
  readonly seed?: string
  readonly unchanged: boolean
  /** True: so many plans as by default. */
  readonly search?: string | true
  readonly sample: string
  readonly confirm?: boolean
  readonly jobs?: string
  readonly out?: string
  /** Where the page goes. */
  readonly html?: string
  readonly json?: boolean
}

/** The share that --search tries its plans in, unless another is asked for. */
export const sampleDefault = '10%'

/** One problem of an option. */
export const input = (option: string, message: string, remedy: string): InputError =>
  new InputError([{ path: option, message, remedy }])

/** Options that would do nothing: who gives one expects something of it. */
const idleOptions = (folders: readonly string[], options: Options): readonly Problem[] => {
  const idle = (path: string, message: string, remedy: string): Problem => ({ path, message, remedy })
  const { search, confirm, sample, world } = options
  if (folders.length > 0) {
    const given: [string, boolean][] = [
      ['--cloud', options.cloud !== undefined],
      ['--world', world !== 'simulated'],
      ['--store', options.store !== undefined],
      ['--seed', options.seed !== undefined],
      ['--search', search !== undefined],
      ['--sample', sample !== sampleDefault],
      ['--confirm', confirm === true],
      ['--jobs', options.jobs !== undefined],
      ['--out', options.out !== undefined],
    ]
    const remedy = 'leave it away, or name --strategies and --cloud in place of finished runs'
    return given.flatMap(([name, is]) => (is ? [idle(name, 'changes nothing in finished runs', remedy)] : []))
  }
  const problems: Problem[] = []
  if (search === undefined && sample !== sampleDefault)
    problems.push(
      idle('--sample', 'is the share in which --search tries its plans', 'add --search, or leave it away'),
    )
  if (world !== 'simulated' && search !== undefined)
    problems.push(
      idle(
        '--world',
        'plans of --search are tried in the simulated world',
        'leave it away; --confirm tries the best in the local one',
      ),
    )
  else if (world !== 'simulated' && confirm === true)
    problems.push(
      idle('--confirm', 'these runs are in the local world already', 'leave the one or the other away'),
    )
  return problems
}

/** Whether a file can be written there, as far as that can be told before: hours of runs may come first. */
const pageProblem = async (file: string): Promise<Problem | null> => {
  const isFolder = async (name: string): Promise<boolean> =>
    stat(name).then(
      (found) => found.isDirectory(),
      () => false,
    )
  const problem = (message: string, remedy: string): Problem => ({ path: '--html', message, remedy })
  if (await isFolder(file)) return problem(`${file} is a folder`, 'name a file in it')
  const folder = path.dirname(path.resolve(file))
  return (await isFolder(folder)) ? null : problem(`there is no folder ${folder}`, 'make it first')
}

/** @throws InputError with all that is wrong with the options themselves, before any file is read */
export const checkOptions = async (folders: readonly string[], options: Options): Promise<void> => {
  const page = options.html === undefined ? null : await pageProblem(options.html)
  const problems = [...idleOptions(folders, options), ...(page === null ? [] : [page])]
  if (problems.length > 0) throw new InputError(problems)
}

/** The command that makes the same comparison again. */
export const commandOf = (folders: readonly string[], options: Options): string => {
  const { strategies = [], cloud, world, store, seed, unchanged, search, sample, confirm } = options
  return [
    'cutover compare',
    ...folders,
    ...(strategies.length > 0 ? ['--strategies', ...strategies] : []),
    ...(cloud === undefined ? [] : ['--cloud', cloud]),
    ...(world === 'simulated' ? [] : ['--world', world]),
    ...(store === undefined ? [] : ['--store', store.replace(/(:\/\/[^:@/]*):[^@]*@/, '$1@')]),
    ...(seed === undefined ? [] : ['--seed', seed]),
    ...(unchanged ? [] : ['--no-unchanged']),
    ...(search === undefined ? [] : search === true ? ['--search'] : ['--search', search]),
    ...(sample === sampleDefault ? [] : ['--sample', sample]),
    ...(confirm === undefined ? [] : [confirm ? '--confirm' : '--no-confirm']),
  ].join(' ')
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
      // The run in which nothing is done has no file; it comes with any strategy.
      const what = ` --strategies ${file ?? strategies[0]?.file ?? ''}`
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

/** What is run, read and checked. */
export interface Inputs {
  readonly cloudName: string
  readonly contenders: readonly Contender[]
  readonly world: WorldName
  readonly store: StoreChoice
  readonly atOnce: number
  readonly read: ReadOptions
}

export const readInputs = async (options: Options, surroundings: Surroundings): Promise<Inputs> => {
  const { stderr } = surroundings
  const files = options.strategies ?? []
  if (options.cloud === undefined)
    throw input('--cloud', 'is missing', 'name the file of the cloud, such as scenarios/clouds/cern.yaml')
  const world = readWorld(options.world, ['local', 'simulated'])
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
    readNamed: readNamedBeside(cloudFile),
    place: { world, store: store.kind, superuser: surroundings.superuser === true },
  }
  const contenders = readContenders(cloud, strategies, options, read, (warning) =>
    stderr.write(`warning: ${formatProblem(warning)}\n`),
  )
  const cloudName = cloudFile.replace(/^.*[\\/]|\.ya?ml$/g, '')
  return { cloudName, contenders, world, store, atOnce, read }
}
