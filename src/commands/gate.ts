// cutover gate RUN: the verdict on a finished run, by its own gates or by others, for people and for pipelines.
// Nothing is measured anew; the exit code is the verdict's.
import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { InputError, type Problem } from '../base/errors.js'
import { readRecord } from '../io/readRecord.js'
import {
  comparedRun,
  compareWithBaseline,
  timeKinds,
  unlike,
  type BaselineComparison,
  type BaselineOptions,
} from '../measure/baseline.js'
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

/** The gates of a file, checked against what the run knows. @throws InputError with all problems */
const gatesOf = async (file: string, { header, events }: RunRecord) => {
  const kinds = events.flatMap(({ event }) =>
    event.startsWith('fault ') ? [event.slice('fault '.length)] : [],
  )
  const text = await readFileOrProblem(file, 'name a file with one gate on a line')
  const { gates, problems } = readGateList(text, {
    classes: header.classes.map(({ name }) => name),
    // What nobody had planned is a fault of the kind `died`.
    faults: [...new Set([...kinds, 'died'])],
    durationSec: header.durationSec,
  })
  if (problems.length > 0) throw new InputError(problems.map((problem) => ({ file, ...problem })))
  return gates
}

/** What the options say about a comparison. @throws InputError with all problems */
const baselineOptions = (options: Options): BaselineOptions => {
  const problems: Problem[] = []
  const margin = readShare(options.margin)
  if (!margin.ok || margin.value === 0)
    problems.push({
      path: '--margin',
      message: `${options.margin} is no rise that could be missed`,
      remedy: 'write a share above 0, such as 10%',
    })
  const wanted = options.times === 'none' ? [] : options.times.split(',').map((text) => text.trim())
  for (const text of wanted)
    if (!timeKinds.some((known) => known === text))
      problems.push({
        path: '--times',
        message: `there is no time ${text === '' ? 'without a name' : text}`,
        remedy: `some of ${timeKinds.join(',')}, or none`,
      })
  if (problems.length > 0) throw new InputError(problems)
  return {
    margin: margin.ok ? margin.value : 0,
    times: timeKinds.filter((known) => wanted.includes(known)),
  }
}

const compare = async (
  candidate: readonly RunRecord[],
  folders: readonly string[],
  options: BaselineOptions,
): Promise<BaselineComparison> => {
  const baseline = await Promise.all(folders.map((folder) => readRecord(folder)))
  const differing = unlike([...candidate, ...baseline])
  if (differing.length > 0) {
    throw new InputError([
      {
        path: '--baseline',
        message: `these are not runs of the same thing: they differ in ${differing.join(', ')}`,
        remedy: 'name runs of one scenario file, with the same options',
      },
    ])
  }
  return compareWithBaseline(baseline.map(comparedRun), candidate.map(comparedRun), options)
}

const run = async (
  folders: readonly string[],
  options: Options,
  surroundings: Surroundings,
): Promise<number> => {
  const about = baselineOptions(options)
  const records = await Promise.all(folders.map((folder) => readRecord(folder)))
  const differing = unlike(records)
  const [record] = records
  if (record === undefined || differing.length > 0) {
    throw new InputError([
      {
        message: `runs that are judged together are of one scenario; these differ in ${differing.join(', ')}`,
        remedy: 'judge each by itself',
      },
    ])
  }
  const gates = options.gates === undefined ? undefined : await gatesOf(options.gates, record)
  const summary = summariseMany(records.map((each) => summarise(each, gates)))
  const comparison = options.baseline === undefined ? null : await compare(records, options.baseline, about)
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
    .action(async (folders: readonly string[], options: Options) => {
      ended(await run(folders, options, surroundings))
    })
}
