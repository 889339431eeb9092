// cutover calibrate: holds the load generator against a stub whose answers are known, and tells its error on this machine.
// Reads the options, calls one use, prints; exit code 0 within the limits, 1 not, 4 inconclusive.
import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { renderCalibration } from '../render/calibration.js'
import { readRate, type Reading } from '../scenario/units.js'
import { calibrate } from '../worlds/calibrate/calibrate.js'
import { calibrationCases } from '../worlds/calibrate/cases.js'
import { verdictCode } from './exit.js'
import { OptionReader } from './optionReader.js'
import { onceInterrupted } from './work.js'
import { colourOf, columnsOf, createProgressLine, type Surroundings } from './terminal.js'

interface Options {
  readonly rate: string
  readonly seconds: string
  readonly out?: string
  readonly json?: boolean
}

const leastPerSec = 10
const mostPerSec = 20_000

/** `4000` or `4000/s`. */
const readPerSec = (text: string): Reading => readRate(/^[\d.]+$/.test(text) ? `${text}/s` : text)

const readOptions = (
  { rate, seconds, out }: Options,
  reader: OptionReader,
): { perSec: number; seconds: number } => {
  const reading = readPerSec(rate)
  if (!reading.ok) reader.add({ path: '--rate', message: reading.message, remedy: reading.remedy })
  else if (reading.value < leastPerSec || reading.value > mostPerSec) {
    const remedy = `write a rate from ${leastPerSec} to ${mostPerSec}: --rate 4000`
    reader.add({ path: '--rate', message: `${rate} is out of range`, remedy })
  }
  const wholeSec = reader.whole('--seconds', seconds, 2, 600)
  reader.outputFile('--out', out)
  reader.done({})
  return { perSec: reading.ok ? reading.value : 0, seconds: wholeSec ?? 0 }
}

const run = async (options: Options, reader: OptionReader, surroundings: Surroundings): Promise<number> => {
  const { stdout } = surroundings
  const { perSec, seconds } = readOptions(options, reader)
  const line = createProgressLine(surroundings, () => performance.now())
  const signal = onceInterrupted(surroundings, line)
  const calibration = await calibrate({
    cases: calibrationCases(perSec, seconds),
    seed: 1,
    onProgress: (text) => line.show(text),
    signal,
  })
  line.end()
  const json = `${JSON.stringify(calibration, null, 2)}\n`
  if (options.out !== undefined) await writeFile(options.out, json)
  const style = { columns: columnsOf(surroundings), colour: colourOf(surroundings) }
  stdout.write(options.json === true ? json : renderCalibration(calibration, style))
  return verdictCode[calibration.verdict]
}

export const addCalibrate = (
  program: Command,
  surroundings: Surroundings,
  ended: (code: number) => void,
): void => {
  program
    .command('calibrate')
    .description(
      "prove the load generator's own error on this machine, against a stub whose answers are known",
    )
    .option('--rate <rate>', 'the highest rate, requests a second', '4000')
    .option('--seconds <number>', 'of each case', '10')
    .option('--out <file>', 'keep the figures in a file, as JSON')
    .option('--json', 'print the figures as JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 within the limits · 1 not · 4 inconclusive: stopped, or the generator or the stub was late or starved.\n\nExample:\n  cutover calibrate --rate 2000 --out calibration.json',
    )
    .action(async (options: Options, command: Command) => {
      ended(await run(options, new OptionReader(command), surroundings))
    })
}
