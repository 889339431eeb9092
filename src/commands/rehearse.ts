// cutover rehearse SCENARIO: runs a scenario and prints what came of it.
// Reads the file and the options, calls one use, prints; exit code by the verdict.
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { formatProblem } from '../base/errors.js'
import { checkFreeFolder } from '../io/runFolder.js'
import { checkGate } from '../measure/gates.js'
import { renderTerminal } from '../render/terminal.js'
import { parseScenario } from '../scenario/parse.js'
import { permit } from '../worlds/external/settings.js'
import { rehearse, type Rehearsed } from '../worlds/rehearse.js'
import { readTurns, rehearseInTurns } from './against.js'
import { exitCodes, verdictCode } from './exit.js'
import { readFileOrProblem, readNamedBeside } from './inputFile.js'
import { openLive, readLive } from './live.js'
import { addExternalOptions, checkExternalOptions, cleanUp, dryRun, readExternal } from './external.js'
import { OptionReader } from './optionReader.js'
import { readOverrides, readPlace } from './place.js'
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
  readonly repeat?: string
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

/** What was asked, understood; all that is wrong with it is refused at once. */
const readOrder = async (
  file: string,
  options: Options,
  reader: OptionReader,
  surroundings: Surroundings,
) => {
  const { world, store } = readPlace(reader, options)
  // Where a speed means nothing, that is what is said of it.
  const { speed: _speed, ...speedless } = options
  const overrides = readOverrides(reader, world === undefined || world === 'local' ? options : speedless)
  const liveOptions = reader.attempt(() => readLive(options.live, surroundings.env))
  if (world !== undefined) checkExternalOptions(reader, world)
  if (world === 'simulated') reader.idle(['--speed'], 'the simulated world has no speed', 'leave it away')
  const turns = await readTurns(reader, options, world)
  const external =
    world === 'external' ? readExternal(reader, commandText(file, options), options, surroundings) : null
  const { out } = options
  if (out !== undefined) await reader.attemptAsync(() => checkFreeFolder(out))
  const remedy = 'name a scenario file, such as scenarios/cern-2017.yaml'
  const text = await reader.attemptAsync(() => readFileOrProblem(file, remedy))
  const superuser = surroundings.superuser === true
  const parsed =
    text === undefined
      ? undefined
      : reader.attempt(() =>
          parseScenario({
            file,
            text,
            overrides,
            checkGate,
            readNamed: readNamedBeside(file),
            // What a place cannot play is left out where the place is not known.
            ...(world === undefined || store === undefined
              ? {}
              : { place: { world, store: store.kind, superuser } }),
          }),
        )
  if (parsed !== undefined && external !== undefined && external !== null)
    await reader.attemptAsync(() => permit(parsed.scenario, external))
  return reader.done({ world, store, liveOptions, turns, external, text, parsed })
}

const run = async (
  file: string,
  options: Options,
  reader: OptionReader,
  surroundings: Surroundings,
): Promise<number> => {
  const { stdout, stderr } = surroundings
  const order = await readOrder(file, options, reader, surroundings)
  const { world, store, liveOptions, turns, external, text } = order
  const { scenario, warnings } = order.parsed
  for (const warning of warnings) stderr.write(`${sentences(`warning: ${formatProblem(warning)}`, stderr)}\n`)
  if (turns !== null) {
    const words = commandWords(file, options)
    return rehearseInTurns({ scenario, words, turns, out: options.out }, surroundings)
  }
  const json = options.json === true
  if (external !== null && options.dryRun === true) return dryRun(scenario, external, json, stdout)
  if (external !== null && options.cleanup === true) return cleanUp(scenario, external, json, stdout)

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
    .option('--repeat <number>', 'with --against: how many runs of each build; default: 10')
    .addHelpText(
      'after',
      '\nExamples:\n  cutover rehearse scenarios/cern-2017.yaml\n  cutover rehearse scenarios/cern-2017.yaml --world simulated --seed 7\n  cutover rehearse scenarios/hard.yaml --live\n  cutover rehearse scenarios/ci-smoke.yaml --against ../main --repeat 10 --out reports/turns',
    )
    .action(async (file: string, options: Options, command: Command) => {
      ended(await run(file, options, new OptionReader(command), surroundings))
    })
  addExternalOptions(verb)
}
