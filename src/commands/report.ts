// cutover report RUN: draws a run again, whether it ended or was killed.
// Everything is drawn from the run's folder; nothing is measured anew.
import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { exportCsv, exportJson } from '../io/exportSeries.js'
import { readRunFolder } from '../io/readRunFolder.js'
import { readReportAssets } from '../io/reportAssets.js'
import { readRecord } from '../io/readRecord.js'
import { clearLeftovers } from '../io/runLeftovers.js'
import { renderHtml } from '../render/html.js'
import { renderTerminal } from '../render/terminal.js'
import { judge } from '../worlds/rehearse.js'
import { exitCodes } from './exit.js'
import { OptionReader } from './optionReader.js'
import { colourOf, columnsOf, type Surroundings } from './terminal.js'

interface Options {
  readonly html?: string
  readonly csv?: string
  readonly series?: string
  readonly json?: boolean
}

/** A killed run could not remove its keys and its store; who looks at it next does. */
const tidy = async (folder: string, { stderr }: Surroundings): Promise<void> => {
  const { running, removed, left } = await clearLeftovers(folder)
  if (running !== null) stderr.write(`The run is still going on, in ${running}.\n`)
  if (removed.length > 0)
    stderr.write(`The run was killed; removed what it had left: ${removed.join(', ')}\n`)
  if (left.length > 0) {
    const remedy = 'remove it yourself once no run works there'
    stderr.write(`warning: a run has left ${left.join(', ')}, and may still go on; ${remedy}\n`)
  }
}

const run = async (
  folder: string,
  options: Options,
  reader: OptionReader,
  surroundings: Surroundings,
): Promise<number> => {
  // First, as a run that was killed early has leftovers and no record.
  if (folder !== '') await tidy(folder, surroundings)
  reader.outputFile('--html', options.html)
  reader.outputFile('--series', options.series)
  reader.outputFolder('--csv', options.csv)
  const { record } = reader.done({ record: await reader.attemptAsync(() => readRecord(folder)) })
  const { incomplete } = await readRunFolder(folder)
  if (incomplete !== null) surroundings.stderr.write(`warning: ${folder} is not complete: ${incomplete}\n`)
  const { summary, view } = judge(record)
  if (options.csv !== undefined) await exportCsv(await readRunFolder(folder), options.csv)
  if (options.series !== undefined) await exportJson(await readRunFolder(folder), options.series)
  if (options.html !== undefined) await writeFile(options.html, renderHtml(view, await readReportAssets()))
  if (options.json === true) surroundings.stdout.write(`${JSON.stringify(summary, null, 2)}\n`)
  else {
    const reportPath = options.html ?? `${folder}/report.html`
    surroundings.stdout.write(
      renderTerminal(view, { columns: columnsOf(surroundings), colour: colourOf(surroundings), reportPath }),
    )
  }
  return exitCodes.pass
}

export const addReport = (
  program: Command,
  surroundings: Surroundings,
  ended: (code: number) => void,
): void => {
  program
    .command('report')
    .argument('<run>', "a run's folder")
    .description('draw a run again: the terminal charts, or an HTML file')
    .option('--html <file>', 'write the HTML report there, too')
    .option('--csv <folder>', 'write every series there as CSV, a file for each')
    .option('--series <file>', 'write every series there as one JSON document')
    .option('--json', 'print the summary as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  cutover report reports/cern-2017-20170404T080000Z --html cern.html\n  cutover report reports/cern-2017-20170404T080000Z --csv cern-csv',
    )
    .action(async (folder: string, options: Options, command: Command) => {
      ended(await run(folder, options, new OptionReader(command), surroundings))
    })
}
