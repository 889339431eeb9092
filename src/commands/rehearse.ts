// cutover rehearse SCENARIO: runs a scenario and prints what came of it.
// Reads the file and the options, calls one use, prints; exit code by the verdict.
import type { Command } from 'commander'
import { formatProblem } from '../base/errors.js'
import { checkGate } from '../measure/gates.js'
import { renderTerminal } from '../render/terminal.js'
import { parseScenario } from '../scenario/parse.js'
import { formatDuration } from '../scenario/units.js'
import { rehearse, type Pulse } from '../worlds/rehearse.js'
import type { Progress } from '../worlds/world.js'
import { exitCodes, verdictCode } from './exit.js'
import { readFileOrProblem } from './inputFile.js'
import { readStore, readWorld } from './place.js'
import { colourOf, columnsOf, createProgressLine, type Surroundings } from './terminal.js'

interface Options {
  readonly world: string
  readonly store?: string
  readonly seed?: string
  readonly speed?: string
  readonly out?: string
  readonly json?: boolean
}

const progressText = ({ phase, done, total, text }: Progress): string =>
  total > 1
    ? `${phase}: ${done.toLocaleString('en')} of ${total.toLocaleString('en')} ${text}`
    : `${phase}: ${text}`

const pulseText = ({ nowSec, durationSec, speed, calls, rejected, rows }: Pulse): string =>
  `${formatDuration(Math.floor(nowSec))} of ${formatDuration(durationSec)} (×${speed})  calls ${calls.toLocaleString('en')}  ` +
  `refused ${rejected.toLocaleString('en')}  rows ${rows === null ? '–' : rows.toLocaleString('en')}`

/** The command as somebody would type it; a database's URL may hold a password, so it is cut. */
const commandText = (file: string, options: Options): string => {
  const words = ['cutover', 'rehearse', file]
  if (options.world !== 'local') words.push('--world', options.world)
  if (options.store !== undefined) words.push('--store', options.store.replace(/:\/\/.*@/, '://…@'))
  if (options.seed !== undefined) words.push('--seed', options.seed)
  if (options.speed !== undefined) words.push('--speed', options.speed)
  return words.join(' ')
}

const run = async (file: string, options: Options, surroundings: Surroundings): Promise<number> => {
  const { stdout, stderr } = surroundings
  const world = readWorld(options.world)
  const store = readStore(options.store, world)
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
    place: { world, store: store.kind, superuser: surroundings.superuser === true },
  })
  for (const warning of warnings) stderr.write(`warning: ${formatProblem(warning)}\n`)

  const line = createProgressLine(
    stderr,
    () => performance.now(),
    columnsOf({ ...surroundings, stdout: stderr }),
  )
  let interrupts = 0
  let stop: ((reason: string) => void) | null = null
  surroundings.onInterrupt(() => {
    interrupts++
    if (interrupts === 1 && stop !== null) {
      stop('stopped by the user')
      line.end()
      stderr.write('Stopping: what was measured is reported. Once more ends at once.\n')
    } else process.exit(exitCodes.inconclusive)
  })
  const { summary, view, folder } = await rehearse({
    scenario,
    scenarioText: text,
    world,
    store,
    command: commandText(file, options),
    reportsRoot: 'reports',
    ...(options.out === undefined ? {} : { out: options.out }),
    onProgress: (progress) => line.show(progressText(progress)),
    onPulse: (pulse) => line.show(pulseText(pulse)),
    onFolderProblem: (problem) => stderr.write(`warning: ${problem.message}\n`),
    onStarted: (given) => {
      stop = given
    },
  })
  line.end()
  if (options.json === true) stdout.write(`${JSON.stringify(summary, null, 2)}\n`)
  else {
    const reportPath = `${folder}/report.html`
    stdout.write(
      renderTerminal(view, { columns: columnsOf(surroundings), colour: colourOf(surroundings), reportPath }),
    )
  }
  return verdictCode[summary.verdict]
}

export const addRehearse = (
  program: Command,
  surroundings: Surroundings,
  ended: (code: number) => void,
): void => {
  program
    .command('rehearse')
    .argument('<scenario>', 'a scenario file (YAML)')
    .description('run a scenario, print its charts and verdict, write its run folder')
    .option(
      '--world <world>',
      'local (real servers on this machine) or simulated (a day in seconds)',
      'local',
    )
    .option(
      '--store <store>',
      'sqlite, sqlite:FILE, mariadb (a private server) or mysql://user:password@host:port/database',
    )
    .option('--seed <number>', "instead of the scenario's")
    .option('--speed <factor>', "scenario seconds in a real second, instead of the scenario's stretches")
    .option('--out <folder>', 'the run folder; default: reports/<scenario>-<UTC time>')
    .option('--json', 'print summary.json instead of charts')
    .addHelpText(
      'after',
      '\nExamples:\n  cutover rehearse scenarios/cern-2017.yaml\n  cutover rehearse scenarios/cern-2017.yaml --world simulated --seed 7',
    )
    .action(async (file: string, options: Options) => {
      ended(await run(file, options, surroundings))
    })
}
