// cutover gate RUN: the verdict on a finished run, by its own gates or by others, for people and for pipelines.
// Nothing is measured anew; the exit code is the verdict's.
import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { InputError } from '../base/errors.js'
import { readRecord } from '../io/readRecord.js'
import { readGateList } from '../measure/gateList.js'
import type { RunHeader } from '../measure/record.js'
import { summarise } from '../measure/summary.js'
import { renderJunit } from '../render/junit.js'
import { renderMarkdown } from '../render/markdown.js'
import { renderVerdict } from '../render/terminal.js'
import { reportView } from '../rehearsal/reportView.js'
import { verdictCode } from './exit.js'
import { readFileOrProblem } from './inputFile.js'
import { colourOf, columnsOf, type Surroundings } from './terminal.js'

interface Options {
  readonly gates?: string
  readonly junit?: string
  readonly markdown?: string
  readonly json?: boolean
}

/** The gates of a file, checked against what the run knows. @throws InputError with all problems */
const gatesOf = async (file: string, header: RunHeader) => {
  const text = await readFileOrProblem(file, 'name a file with one gate on a line')
  const { gates, problems } = readGateList(text, {
    classes: header.classes.map(({ name }) => name),
    durationSec: header.durationSec,
  })
  if (problems.length > 0) throw new InputError(problems.map((problem) => ({ file, ...problem })))
  return gates
}

const run = async (folder: string, options: Options, surroundings: Surroundings): Promise<number> => {
  const record = await readRecord(folder)
  const gates = options.gates === undefined ? undefined : await gatesOf(options.gates, record.header)
  const summary = summarise(record, gates)
  if (options.junit !== undefined) await writeFile(options.junit, renderJunit(summary))
  if (options.markdown !== undefined) await writeFile(options.markdown, renderMarkdown(summary))
  if (options.json === true) {
    const { verdict, reasons, gates: results } = summary
    surroundings.stdout.write(`${JSON.stringify({ verdict, reasons, gates: results }, null, 2)}\n`)
  } else {
    surroundings.stdout.write(
      renderVerdict(reportView(record, summary), {
        columns: columnsOf(surroundings),
        colour: colourOf(surroundings),
      }),
    )
  }
  return verdictCode[summary.verdict]
}

export const addGate = (
  program: Command,
  surroundings: Surroundings,
  ended: (code: number) => void,
): void => {
  program
    .command('gate')
    .argument('<run>', "a run's folder")
    .description('judge a finished run: exit 0 pass, 1 a gate failed, 4 inconclusive')
    .option('--gates <file>', "a file with one gate on a line, in place of the scenario's own")
    .option('--junit <file>', 'write the verdict there as JUnit XML')
    .option('--markdown <file>', 'write it there as Markdown, for a pull request')
    .option('--json', 'print verdict, reasons and gates as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  cutover gate reports/cern-2017-20170404T080000Z --gates limits.txt --junit gates.xml',
    )
    .action(async (folder: string, options: Options) => {
      ended(await run(folder, options, surroundings))
    })
}
