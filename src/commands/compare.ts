// cutover compare: finished runs side by side, or strategies rehearsed over one cloud.
// Reads files and options, calls one use, prints a table; exit code by the worst verdict.
import type { Command } from 'commander'
import { readRecord } from '../io/readRecord.js'
import { compareRuns, type Comparison } from '../measure/comparison.js'
import { summarise } from '../measure/summary.js'
import { renderComparison } from '../render/comparison.js'
import { duration } from '../render/text.js'
import { unchangedName } from '../scenario/strategy.js'
import { compareStrategies } from '../worlds/compare/strategies.js'
import { input, readInputs, type Inputs, type Options } from './compareInputs.js'
import { searchInputs } from './compareSearch.js'
import { exitCodes } from './exit.js'
import { colourOf, columnsOf, type Surroundings } from './terminal.js'
import { createWork } from './work.js'

const print = (comparison: Comparison, json: boolean, surroundings: Surroundings): void => {
  const { stdout } = surroundings
  if (json) stdout.write(`${JSON.stringify(comparison, null, 2)}\n`)
  else
    stdout.write(
      renderComparison(comparison, { columns: columnsOf(surroundings), colour: colourOf(surroundings) }),
    )
}

/** Names for columns: the scenario’s, and the folder’s where two runs have the same. */
const namesOf = (
  runs: readonly { readonly scenario: string; readonly folder: string }[],
): readonly string[] =>
  runs.map(({ scenario, folder }) => {
    const others = runs.filter((run) => run.scenario === scenario)
    return others.length === 1 ? scenario : (folder.split(/[\\/]/).findLast((part) => part !== '') ?? folder)
  })

const compareFinished = async (
  folders: readonly string[],
  options: Options,
  surroundings: Surroundings,
): Promise<number> => {
  const summaries = await Promise.all(folders.map(async (folder) => summarise(await readRecord(folder))))
  const names = namesOf(summaries.map(({ scenario }, i) => ({ scenario, folder: folders[i] ?? '' })))
  const runs = summaries.map((summary, i) => ({ name: names[i] ?? '', summary }))
  const unchanged = runs.find(({ summary }) => summary.scenario === unchangedName)?.name ?? null
  print(compareRuns(runs, unchanged), options.json === true, surroundings)
  return exitCodes.pass
}

const compareInputs = async (
  inputs: Inputs,
  options: Options,
  surroundings: Surroundings,
): Promise<number> => {
  const { stderr } = surroundings
  const { contenders, atOnce } = inputs
  const work = createWork(surroundings)
  const startedMs = performance.now()
  const { comparison, folder } = await compareStrategies({
    ...inputs,
    ...work.hooks,
    unchanged: options.unchanged ? unchangedName : null,
    reportsRoot: 'reports',
    ...(options.out === undefined ? {} : { out: options.out }),
  })
  work.line.end()
  print(comparison, options.json === true, surroundings)
  const { runs } = comparison
  const seconds = Math.round((performance.now() - startedMs) / 1000)
  const processes = Math.min(atOnce, contenders.length)
  stderr.write(
    `${runs.length} runs in ${duration(seconds)}, ${processes} at a time; each in a folder of ${folder}\n`,
  )
  if (work.state.interrupts > 0 || runs.some(({ verdict }) => verdict === 'inconclusive'))
    return exitCodes.inconclusive
  return runs.some(({ verdict }) => verdict === 'fail') ? exitCodes.gateFailed : exitCodes.pass
}

const run = async (
  folders: readonly string[],
  options: Options,
  surroundings: Surroundings,
): Promise<number> => {
  const strategies = options.strategies ?? []
  if (folders.length > 0 && strategies.length > 0)
    throw input(
      '--strategies',
      'runs and strategies cannot be compared in one table',
      'name the one or the other',
    )
  if (strategies.length > 0) {
    const inputs = await readInputs(options, surroundings)
    return options.search === undefined
      ? compareInputs(inputs, options, surroundings)
      : searchInputs(inputs, options, surroundings)
  }
  if (folders.length < 2)
    throw input('', 'there is nothing to compare', 'name two folders of runs, or --strategies and --cloud')
  return compareFinished(folders, options, surroundings)
}

export const addCompare = (
  program: Command,
  surroundings: Surroundings,
  ended: (code: number) => void,
): void => {
  program
    .command('compare')
    .argument('[runs...]', 'folders of finished runs, to lay side by side')
    .description('lay finished runs side by side, or rehearse strategies over one cloud and compare them')
    .option('--strategies <files...>', 'files of strategies: a name, a timeline, and what it changes')
    .option('--cloud <file>', 'the rest of a scenario, the same for every strategy')
    .option('--world <world>', 'simulated, or local (one after the other)', 'simulated')
    .option('--store <store>', 'of the local world: as for rehearse')
    .option('--seed <number>', "instead of the cloud's")
    .option('--no-unchanged', 'without the run in which nothing is done')
    .option(
      '--search [plans]',
      'vary hour, validity, rotation and phases of the strategies, and show the plans that none beats',
    )
    .option('--sample <share>', 'the share of the cloud that --search tries its plans in', '10%')
    .option('--confirm', 'try the best two plans of --search in the local world, too; the default')
    .option('--no-confirm', 'do not')
    .option('--jobs <number>', 'runs at a time; default: as many as there are processors')
    .option(
      '--out <folder>',
      'the folder of all runs and compare.json; default: reports/compare-<cloud>-<UTC time>',
    )
    .option('--json', 'print compare.json instead of a table')
    .addHelpText(
      'after',
      '\nExamples:\n  cutover compare --strategies scenarios/strategies/*.yaml --cloud scenarios/clouds/cern.yaml\n  cutover compare reports/first-run reports/second-run',
    )
    .action(async (folders: readonly string[], options: Options) => {
      ended(await run(folders, options, surroundings))
    })
}
