// What cutover compare is told: its options, the strategies and the cloud, read and checked together.
// It exists so that comparing and searching start from the same, and every problem of every file is told at once.
import { availableParallelism } from 'node:os'
import { formatProblem, InputError, type Problem } from '../base/errors.js'
import { checkFreeFolder } from '../io/runFolder.js'
import type { StoreChoice } from '../io/store/open.js'
import { checkGate } from '../measure/gates.js'
import type { ReadOptions } from '../scenario/parse.js'
import { parseStrategy, parseUnchanged, type NamedText } from '../scenario/strategy.js'
import { readFile } from '../scenario/sources.js'
import { readShare } from '../scenario/units.js'
import type { Contender } from '../worlds/compare/strategies.js'
import type { WorldName } from '../worlds/world.js'
import { readFileOrProblem, readNamedBeside } from './inputFile.js'
import type { OptionReader } from './optionReader.js'
import { readOverrides, readPlace } from './place.js'
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

/** Options that would do nothing: who gives one expects something of it. */
const checkIdle = (reader: OptionReader, folders: readonly string[], options: Options): void => {
  const { search, confirm, world } = options
  if (folders.length > 0) {
    reader.idle(
      [
        '--cloud',
        '--world',
        '--store',
        '--seed',
        '--no-unchanged',
        '--search',
        '--sample',
        '--confirm',
        '--no-confirm',
        '--jobs',
        '--out',
      ],
      'changes nothing in finished runs',
      'leave it away, or name --strategies and --cloud in place of finished runs',
    )
    return
  }
  if (search === undefined)
    reader.idle(
      ['--sample'],
      'is the share in which --search tries its plans',
      'add --search, or leave it away',
    )
  if (world === 'local' && search !== undefined)
    reader.idle(
      ['--world'],
      'plans of --search are tried in the simulated world',
      'leave it away; --confirm tries the best in the local one',
    )
  else if (world === 'local' && confirm === true)
    reader.idle(['--confirm'], 'these runs are in the local world already', 'leave the one or the other away')
}

/** Reads which of the two is compared: finished runs, or strategies; null where it is neither. */
export const readKind = (
  reader: OptionReader,
  folders: readonly string[],
  options: Options,
): 'runs' | 'strategies' | null => {
  const isStrategies = options.strategies !== undefined
  if (folders.length > 0 && isStrategies) {
    const message = 'runs and strategies cannot be compared in one table'
    reader.add({ path: '--strategies', message, remedy: 'name the one or the other' })
    return null
  }
  checkIdle(reader, folders, options)
  reader.outputFile('--html', options.html)
  if (isStrategies) return 'strategies'
  if (folders.length >= 2) return 'runs'
  const remedy = 'name two folders of runs, or --strategies and --cloud'
  reader.add({ message: 'there is nothing to compare', remedy })
  return folders.length === 0 ? null : 'runs'
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

const jobsMost = 256

const readJobs = (reader: OptionReader, text: string | undefined, world: WorldName | undefined): number =>
  reader.whole('--jobs', text, 1, jobsMost) ??
  // Processes of the local world want every processor themselves.
  (world === 'local' ? 1 : availableParallelism())

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
  /** Null: nothing is searched for. */
  readonly search: Search | null
}

/** How many plans are tried, and in which share of the cloud. */
export interface Search {
  readonly plans: number
  readonly share: number
}

/** Plans that are tried where no number is given. */
const plansDefault = 24
const plansMost = 1000

const readSearch = (reader: OptionReader, { search, sample }: Options): Search | null => {
  if (search === undefined) return null
  const plans = search === true ? plansDefault : reader.whole('--search', search, 2, plansMost)
  const share = reader.quantity('--sample', sample, readShare)
  if (share === 0) reader.add({ path: '--sample', message: 'must be above zero', remedy: 'for example 10%' })
  return { plans: plans ?? plansDefault, share: share ?? 0 }
}

const readText = async (reader: OptionReader, file: string, what: string): Promise<NamedText | undefined> => {
  const text = await reader.attemptAsync(() => readFileOrProblem(file, `name the file of a ${what}`))
  return text === undefined ? undefined : { file, text }
}

/** How and where runs are made, whatever they are of. */
export const readRunOptions = async (reader: OptionReader, options: Options) => {
  const { out, seed } = options
  const { world, store } = readPlace(reader, options, ['local', 'simulated'])
  const atOnce = readJobs(reader, options.jobs, world)
  const search = readSearch(reader, options)
  const overrides = readOverrides(reader, seed === undefined ? {} : { seed })
  if (out !== undefined) await reader.attemptAsync(() => checkFreeFolder(out))
  return { world, store, atOnce, search, overrides }
}

/** @throws InputError where a file is no YAML */
const checkSyntax = (texts: readonly NamedText[]): undefined => {
  const problems = texts.flatMap(({ file, text }) =>
    readFile(file, text).document.problems.map((problem) => ({ file, ...problem })),
  )
  if (problems.length > 0) throw new InputError(problems)
}

/** @throws InputError with all that is wrong with the options and the files */
export const readInputs = async (
  reader: OptionReader,
  options: Options,
  surroundings: Surroundings,
): Promise<Inputs> => {
  const { stderr } = surroundings
  const { cloud: cloudFile = '', strategies: files = [] } = options
  const { world, store, atOnce, search, overrides } = await readRunOptions(reader, options)
  if (options.cloud === undefined) {
    const remedy = 'name the file of the cloud, such as scenarios/clouds/cern.yaml'
    reader.add({ path: '--cloud', message: 'is missing', remedy })
  }
  const cloud = cloudFile === '' ? undefined : await readText(reader, cloudFile, 'cloud')
  const texts = await Promise.all(files.map((file) => readText(reader, file, 'strategy')))
  const strategies = texts.filter((text) => text !== undefined)
  const superuser = surroundings.superuser === true
  const warnings: Problem[] = []
  const read: ReadOptions = {
    overrides,
    checkGate,
    readNamed: readNamedBeside(cloudFile),
    ...(world === undefined || store === undefined ? {} : { place: { world, store: store.kind, superuser } }),
  }
  // Without its cloud, nothing can be said of a strategy but whether it is YAML.
  const contenders =
    cloud === undefined
      ? reader.attempt(() => checkSyntax(strategies))
      : reader.attempt(() =>
          readContenders(cloud, strategies, options, read, (warning) => warnings.push(warning)),
        )
  const cloudName = cloudFile.replace(/^.*[\\/]|\.ya?ml$/g, '')
  const inputs = reader.done({ cloudName, contenders, world, store, atOnce, read, search })
  for (const warning of warnings) stderr.write(`warning: ${formatProblem(warning)}\n`)
  return inputs
}
