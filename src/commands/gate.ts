// cutover gate RUN: the verdict on a finished run, by its own gates or by others, for people and for pipelines.
// Nothing is measured anew; the exit code is the verdict's.
import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { InputError } from '../base/errors.js'
import { readRecord } from '../io/readRecord.js'
import {
  comparedRun,
  compareWithBaseline,
  timeKinds,
  unlike,
  type BaselineOptions,
} from '../measure/baseline.js'
import type { Gate, GateNames } from '../measure/gateParser.js'
import { readGateList } from '../measure/gateList.js'
import { summariseMany, worseVerdict } from '../measure/manyRuns.js'
import type { RunRecord } from '../measure/record.js'
import { summarise } from '../measure/summary.js'
import { renderBaseline } from '../render/baseline.js'
import { renderJunit } from '../render/junit.js'
import { renderMarkdown } from '../render/markdown.js'
import { renderVerdict } from '../render/terminal.js'
import { reportView } from '../rehearsal/reportView.js'
import { readShare } from '../scenario/units.js'
import { verdictCode } from './exit.js'
import { readFileOrProblem } from './inputFile.js'
import { OptionReader } from './optionReader.js'
import { colourOf, columnsOf, type Surroundings } from './terminal.js'

interface Options {
  readonly gates?: string
  readonly baseline?: readonly string[]
  readonly margin: string
  readonly times: string
  readonly junit?: string
  readonly markdown?: string
  readonly json?: boolean
}

/** What gates may name in a run. */
const namesOf = ({ header, events }: RunRecord): GateNames => {
  const kinds = events.flatMap(({ event }) =>
    event.startsWith('fault ') ? [event.slice('fault '.length)] : [],
  )
  return {
    classes: header.classes.map(({ name }) => name),
    // What nobody had planned is a fault of the kind `died`.
    faults: [...new Set([...kinds, 'died'])],
    durationSec: header.durationSec,
  }
}

/** The gates of a file; without a run, the names in them are not looked at. @throws InputError with all problems */
const gatesOf = async (file: string, record: RunRecord | undefined): Promise<readonly Gate[]> => {
  const text = await readFileOrProblem(file, 'name a file with one gate on a line')
  const { gates, problems } = readGateList(text, record === undefined ? {} : namesOf(record))
  if (problems.length > 0) throw new InputError(problems.map((problem) => ({ file, ...problem })))
  return gates
}

/** What the options say about a comparison. */
const readBaselineOptions = (reader: OptionReader, options: Options): BaselineOptions => {
  if (options.baseline === undefined) {
    const message = 'says how runs are compared with --baseline'
    reader.idle(['--margin', '--times'], message, 'add --baseline, or leave it away')
    return { margin: 0, times: [] }
  }
  const margin = readShare(options.margin)
  if (!margin.ok || margin.value === 0)
    reader.add({
      path: '--margin',
      message: `${options.margin} is no rise that could be missed`,
      remedy: 'write a share above 0, such as 10%',
    })
  const wanted = options.times === 'none' ? [] : options.times.split(',').map((text) => text.trim())
  for (const text of wanted)
    if (!timeKinds.some((known) => known === text))
      reader.add({
        path: '--times',
        message: `there is no time ${text === '' ? 'without a name' : text}`,
        remedy: `some of ${timeKinds.join(',')}, or none`,
      })
  return {
    margin: margin.ok ? margin.value : 0,
    times: timeKinds.filter((known) => wanted.includes(known)),
  }
}

/** The records of folders; undefined if one of them cannot be read. */
const readRecords = async (
  reader: OptionReader,
  folders: readonly string[],
): Promise<readonly RunRecord[] | undefined> => {
  const read = await Promise.all(folders.map((folder) => reader.attemptAsync(() => readRecord(folder))))
  const records = read.filter((record) => record !== undefined)
  return records.length === folders.length ? records : undefined
}

/** What is judged, against what, by which gates; all that is wrong with it is refused at once. */
const readOrder = async (folders: readonly string[], options: Options, reader: OptionReader) => {
  const about = readBaselineOptions(reader, options)
  reader.outputFile('--junit', options.junit)
  reader.outputFile('--markdown', options.markdown)
  const records = await readRecords(reader, folders)
  const baseline = options.baseline === undefined ? null : await readRecords(reader, options.baseline)
  const differing = unlike(records ?? [])
  if (differing.length > 0)
    reader.add({
      message: `runs that are judged together are of one scenario; these differ in ${differing.join(', ')}`,
      remedy: 'judge each by itself',
    })
  else if (records !== undefined && baseline !== null && baseline !== undefined) {
    const other = unlike([...records, ...baseline])
    if (other.length > 0)
      reader.add({
        path: '--baseline',
        message: `these are not runs of the same thing: they differ in ${other.join(', ')}`,
        remedy: 'name runs of one scenario file, with the same options',
      })
  }
  const [record] = records ?? []
  const { gates: file } = options
  const gates = file === undefined ? null : await reader.attemptAsync(() => gatesOf(file, record))
  return reader.done({ about, records, record, baseline, gates })
}

const run = async (
  folders: readonly string[],
  options: Options,
  reader: OptionReader,
  surroundings: Surroundings,
): Promise<number> => {
  const { about, records, record, baseline, gates } = await readOrder(folders, options, reader)
  const summary = summariseMany(records.map((each) => summarise(each, gates ?? undefined)))
  const comparison =
    baseline === null ? null : compareWithBaseline(baseline.map(comparedRun), records.map(comparedRun), about)
  if (options.junit !== undefined) await writeFile(options.junit, renderJunit(summary, comparison))
  if (options.markdown !== undefined) await writeFile(options.markdown, renderMarkdown(summary, comparison))
  const verdict = comparison === null ? summary.verdict : worseVerdict(summary.verdict, comparison.verdict)
  const { stdout } = surroundings
  if (options.json === true) {
    const { reasons, gates: results } = summary
    const told = { verdict, reasons: [...reasons, ...(comparison?.reasons ?? [])], gates: results }
    stdout.write(`${JSON.stringify({ ...told, ...(comparison === null ? {} : { comparison }) }, null, 2)}\n`)
  } else {
    const style = { columns: columnsOf(surroundings), colour: colourOf(surroundings) }
    stdout.write(renderVerdict(reportView(record, summary), style))
    if (comparison !== null) stdout.write(`\n${renderBaseline(comparison, style)}`)
  }
  return verdictCode[verdict]
}

export const addGate = (
  program: Command,
  surroundings: Surroundings,
  ended: (code: number) => void,
): void => {
  program
    .command('gate')
    .argument('<runs...>', 'the folder of a run, or of several repetitions of one')
    .description('judge a finished run: exit 0 pass, 1 a gate failed or slower, 4 inconclusive')
    .option('--gates <file>', "a file with one gate on a line, in place of the scenario's own")
    .option('--baseline <runs...>', 'runs of another build to compare with: outcomes first, then times')
    .option('--margin <share>', 'the rise of a time that must not go unseen', '10%')
    .option(
      '--times <list>',
      'what is compared: cpu (processor time for a request), p50, p95, p99 of service times, or none',
      'cpu,p50',
    )
    .option('--junit <file>', 'write the verdict there as JUnit XML')
    .option('--markdown <file>', 'write it there as Markdown, for a pull request')
    .option('--json', 'print verdict, reasons and gates as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  cutover gate reports/cern-2017-20170404T080000Z --gates limits.txt --junit gates.xml\n  cutover gate reports/turns/candidate-* --baseline reports/turns/baseline-* --markdown summary.md',
    )
    .action(async (folders: readonly string[], options: Options, command: Command) => {
      ended(await run(folders, options, new OptionReader(command), surroundings))
    })
}
