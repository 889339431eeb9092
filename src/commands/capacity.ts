// cutover capacity: how much issuing and validating the servers take on a store, and how many workers a load needs.
// Reads the options, calls one use, prints; exit code 4 where too little was measured to say so.
import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { MeasuredCapacity } from '../plan/measuredCapacity.js'
import { renderCapacity } from '../render/capacity.js'
import { renderCapacityPage } from '../render/capacityPage.js'
import { duration } from '../render/text.js'
import { measureCapacity } from '../worlds/capacity/measure.js'
import type { CapacityProgress } from '../worlds/capacity/steps.js'
import { readCapacityOptions, type CapacityWords } from './capacityOptions.js'
import { exitCodes } from './exit.js'
import { OptionReader } from './optionReader.js'
import { onceInterrupted } from './work.js'
import { colourOf, columnsOf, createProgressLine, type Surroundings } from './terminal.js'

const progressText = ({ text, share, leftSec }: CapacityProgress): string =>
  `${Math.floor(100 * share)} %, about ${duration(Math.max(1, Math.round(leftSec)))} left  ${text}`

/** Every mode has its answer, measured on a quiet machine, and nobody ended it early. */
const isConclusive = ({ stopped, answers }: MeasuredCapacity, modes: readonly string[]): boolean =>
  !stopped &&
  modes.every((mode) =>
    answers.some((answer) => answer.mode === mode && answer.rowWritesPerSec !== null && !answer.disturbed),
  )

const run = async (
  words: CapacityWords,
  reader: OptionReader,
  surroundings: Surroundings,
): Promise<number> => {
  const { stdout } = surroundings
  const choice = readCapacityOptions(reader, words)
  const line = createProgressLine(surroundings, () => performance.now())
  const signal = onceInterrupted(surroundings, line)
  const measured = await measureCapacity({
    ...choice,
    signal,
    onProgress: (progress) => line.show(progressText(progress)),
  })
  line.end()
  const json = `${JSON.stringify(measured, null, 2)}\n`
  if (words.out !== undefined) await writeFile(words.out, json)
  if (words.html !== undefined) await writeFile(words.html, renderCapacityPage(measured))
  const style = { columns: columnsOf(surroundings), colour: colourOf(surroundings) }
  stdout.write(words.json === true ? json : renderCapacity(measured, style))
  return isConclusive(measured, choice.modes) ? exitCodes.pass : exitCodes.inconclusive
}

export const addCapacity = (
  program: Command,
  surroundings: Surroundings,
  ended: (code: number) => void,
): void => {
  program
    .command('capacity')
    .description('saturate issue and validate, and tell how many workers a load needs with UUID and Fernet')
    .option(
      '--store <store>',
      'sqlite, mariadb (a private server) or mysql://user:password@host:port/database',
      'sqlite',
    )
    .option('--providers <list>', 'uuid, fernet, dual (both phases)', 'uuid,fernet,dual')
    .option('--connections <list>', 'requests under way at a time', '1,2,4,8,16,32')
    .option('--backends <list>', 'backends, each a single-threaded process', '1,2,4')
    .option('--duration <duration>', 'of each point', '2s')
    .option('--live <rows>', 'tokens issued before, such as 50000 or 1M', '50k')
    .option('--table <list>', 'also the costs of a table of these sizes, such as 10k,100k,1M,3M')
    .option('--release <name>', 'the release of Keystone that is played', 'mitaka')
    .option('--password-hash <scheme[:rounds]>', 'how passwords are hashed; default: as the release does')
    .option('--validations <rate>', 'the load that is planned for: validations', '300/s')
    .option('--issues <rate>', 'and issues', '20/s')
    .option('--within <duration>', 'response time wished for', '100ms')
    .option('--share <percent>', 'share of requests of each operation that shall keep it', '99%')
    .option('--busy <percent>', 'how busy a worker may be', '70%')
    .option('--seed <number>', 'of users and tokens', '1')
    .option('--out <file>', 'keep the figures in a file, as JSON; `cutover plan --measured` reads it')
    .option('--html <file>', 'write them as a page')
    .option('--json', 'print the figures as JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 measured · 4 inconclusive: stopped, too few good points, or other programs in the way.\n\nExamples:\n  cutover capacity --store mariadb --out capacity.json\n  cutover capacity --store mariadb --providers uuid,fernet --table 10k,100k,1M',
    )
    .action(async (words: CapacityWords, command: Command) => {
      ended(await run(words, new OptionReader(command), surroundings))
    })
}
