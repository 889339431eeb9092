// cutover rehearse SCENARIO: runs a scenario and prints what came of it.
// Reads the file and the options, calls one use, prints; exit code by the verdict.
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { formatProblem, InputError } from '../base/errors.js'
import { checkGate } from '../measure/gates.js'
import { renderTerminal } from '../render/terminal.js'
import { parseScenario } from '../scenario/parse.js'
import { rehearse, type Rehearsed } from '../worlds/rehearse.js'
import { rehearseInTurns } from './against.js'
import { exitCodes, verdictCode } from './exit.js'
import { readFileOrProblem, readNamedBeside } from './inputFile.js'
import { openLive, readLive } from './live.js'
import { addExternalOptions, checkExternalOptions, cleanUp, dryRun, readExternal } from './external.js'
import { readStore, readWorld } from './place.js'
import { createRunScreen } from './runScreen.js'
import { colourOf, columnsOf, sentences, type Surroundings } from './terminal.js'

interface Options {
  readonly world: string
  readonly store?: string
  readonly seed?: string
  readonly speed?: string
  readonly out?: string
  readonly live?: string | true
  readonly json?: boolean
  readonly target?: string
  readonly osCloud?: string
  readonly tableDsn?: string
  readonly dryRun?: boolean
  readonly cleanup?: boolean
  readonly against?: string
  readonly repeat: string
}

/** What was asked, as it is typed. */
const commandWords = (file: string, options: Options): readonly string[] => {
  const words = ['rehearse', file]
  if (options.world !== 'local') words.push('--world', options.world)
  if (options.store !== undefined) words.push('--store', options.store)
  if (options.seed !== undefined) words.push('--seed', options.seed)
  if (options.speed !== undefined) words.push('--speed', options.speed)
  if (options.target !== undefined) words.push('--target', options.target)
  if (options.osCloud !== undefined) words.push('--os-cloud', options.osCloud)
  if (options.tableDsn !== undefined) words.push('--table-dsn', '…')
  return words
}

/** The command as somebody would type it; a database's URL may hold a password, so it is cut. */
const commandText = (file: string, options: Options): string =>
  ['cutover', ...commandWords(file, options)].join(' ').replace(/:\/\/\S*@/, '://…@')

const stopping = 'Stopping: what was measured is reported. Once more ends at once.'
const stoppingExternal =
  'Stopping: a command that is running may end, what was made is removed, what was measured is reported. Once more ends at once.'

const run = async (file: string, options: Options, surroundings: Surroundings): Promise<number> => {
  const { stdout, stderr } = surroundings
  const world = readWorld(options.world)
  const store = readStore(options.store, world)
  const liveOptions = readLive(options.live, surroundings.env)
  checkExternalOptions(world, options)
  const text = await readFileOrProblem(file, 'name a scenario file, such as scenarios/cern-2017.yaml')
  const overrides = {
    ...(options.seed === undefined ? {} : { seed: Number(options.seed) }),
    ...(options.speed === undefined ? {} : { speed: Number(options.speed) }),
  }
  const { scenario, warnings } = parseScenario({
    file,
    text,
    overrides,
    checkGate,
    readNamed: readNamedBeside(file),
    place: { world, store: store.kind, superuser: surroundings.superuser === true },
  })
  for (const warning of warnings) stderr.write(`${sentences(`warning: ${formatProblem(warning)}`, stderr)}\n`)
  const { against } = options
  if (against !== undefined) {
    if (liveOptions !== null) {
      const message = 'there is no page of runs in turns'
      throw new InputError([{ path: '--live', message, remedy: 'leave --live or --against away' }])
    }
    const words = commandWords(file, options)
    return rehearseInTurns({ scenario, world, words }, { ...options, against }, surroundings)
  }

  const external =
    world === 'external' ? readExternal(commandText(file, options), options, surroundings) : null
  if (external !== null && options.dryRun === true)
    return dryRun(scenario, external, options.json === true, stdout)
  if (external !== null && options.cleanup === true) return cleanUp(scenario, external, stdout)

  const screen = createRunScreen({ surroundings, scenario, world, nowMs: () => performance.now() })
  const makesUsers = scenario.external.people.kind === 'made'
  let interrupts = 0
  let stop: ((reason: string) => void) | null = null
  surroundings.onInterrupt(() => {
    interrupts++
    if (interrupts > 1 || stop === null) {
      if (external !== null && makesUsers)
        screen.say(`What was made at the target is still there. To remove it: ${external.cleanupCommand}`)
      process.exit(exitCodes.inconclusive)
    }
    screen.say(external === null ? stopping : stoppingExternal)
    screen.windDown()
    stop('stopped by the user')
  })
  const live = await openLive(liveOptions, scenario.name, screen.say)
  let rehearsed: Rehearsed
  try {
    rehearsed = await rehearse({
      scenario,
      scenarioText: text,
      world,
      store,
      command: commandText(file, options),
      reportsRoot: 'reports',
      ...(options.out === undefined ? {} : { out: options.out }),
      onProgress: (progress) => {
        screen.progress(progress)
        live?.tell(progress)
      },
      onPulse: screen.pulse,
      onlookers: [screen.onlooker, ...(live === null ? [] : [live])],
      ...(external === null ? {} : { external }),
      onWarning: (warning) => screen.say(`warning: ${warning}`),
      onFolderProblem: (problem) => screen.say(`warning: ${problem.message}`),
      onStarted: (given) => {
        stop = given
        live?.stoppable(given)
      },
    })
  } finally {
    screen.end()
    await live?.close()
  }
  const { summary, view, folder, complete } = rehearsed
  if (options.json === true) stdout.write(`${JSON.stringify(summary, null, 2)}\n`)
  else {
    const reportPath = `${folder}/report.html`
    stdout.write(
      renderTerminal(view, {
        columns: columnsOf(surroundings),
        colour: colourOf(surroundings),
        // A full disk may have kept it from being written.
        ...(existsSync(reportPath) ? { reportPath } : {}),
      }),
    )
  }
  if (complete || summary.verdict !== 'pass') return verdictCode[summary.verdict]
  screen.say(`The run passed, but ${folder} is not complete: nobody can look it up later. Exit code 4.`)
  return exitCodes.inconclusive
}

export const addRehearse = (
  program: Command,
  surroundings: Surroundings,
  ended: (code: number) => void,
): void => {
  const verb = program
    .command('rehearse')
    .argument('<scenario>', 'a scenario file (YAML)')
    .description('run a scenario, print its charts and verdict, write its run folder')
    .option(
      '--world <world>',
      'local (real servers on this machine), simulated (a day in seconds) or external (a given Keystone)',
      'local',
    )
    .option(
      '--store <store>',
      'sqlite, sqlite:FILE, mariadb (a private server) or mysql://user:password@host:port/database',
    )
    .option('--seed <number>', "instead of the scenario's")
    .option('--speed <factor>', "scenario seconds in a real second, instead of the scenario's stretches")
    .option('--out <folder>', 'the run folder; default: reports/<scenario>-<UTC time>')
    .option(
      '--live [port]',
      'serve the page of the run on 127.0.0.1 while it goes, with buttons for the operator and /metrics; default: any free port',
    )
    .option('--json', 'print summary.json instead of charts')
    .option('--against <build>', 'make runs of another build in turns with this one, for gate --baseline')
    .option('--repeat <number>', 'with --against: how many runs of each build', '10')
    .addHelpText(
      'after',
      '\nExamples:\n  cutover rehearse scenarios/cern-2017.yaml\n  cutover rehearse scenarios/cern-2017.yaml --world simulated --seed 7\n  cutover rehearse scenarios/hard.yaml --live\n  cutover rehearse scenarios/ci-smoke.yaml --against ../main --repeat 10 --out reports/turns',
    )
    .action(async (file: string, options: Options) => {
      ended(await run(file, options, surroundings))
    })
  addExternalOptions(verb)
}
