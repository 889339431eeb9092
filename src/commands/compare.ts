// cutover compare: finished runs side by side, or strategies rehearsed over one cloud.
// Reads files and options, calls one use, prints a table; exit code by the worst verdict.
import path from 'node:path'
import type { Command } from 'commander'
import { readRecord } from '../io/readRecord.js'
import { compareRuns, type Comparison } from '../measure/comparison.js'
import type { Summary } from '../measure/summary.js'
import { curvesOf } from '../rehearsal/runCurves.js'
import { renderComparison } from '../render/comparison.js'
import { renderConfirmations } from '../render/search.js'
import { counted, duration } from '../render/text.js'
import { unchangedName } from '../scenario/strategy.js'
import { confirmPlans, type Confirmation } from '../worlds/compare/confirm.js'
import { comparisonPage, writePage, type PlacedRun } from '../worlds/compare/page.js'
import { compareStrategies, writeComparison, type Compared } from '../worlds/compare/strategies.js'
import { judge } from '../worlds/rehearse.js'
import {
  commandOf,
  readInputs,
  readKind,
  readRunOptions,
  sampleDefault,
  type Inputs,
  type Options,
} from './compareInputs.js'
import { bestCount, searchInputs } from './compareSearch.js'
import { exitCodes } from './exit.js'
import { OptionReader } from './optionReader.js'
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
  reader: OptionReader,
  surroundings: Surroundings,
): Promise<number> => {
  const read: (PlacedRun & { readonly summary: Summary })[] = []
  // One after the other: a record may be many megabytes, and only its curves are kept.
  for (const folder of folders) {
    const record = await reader.attemptAsync(() => readRecord(folder))
    if (record === undefined) continue
    const { summary, view } = judge(record)
    read.push({ name: summary.scenario, summary, curves: curvesOf(view), folder })
  }
  reader.done({})
  const names = namesOf(read.map(({ name, folder }) => ({ scenario: name, folder })))
  const runs = read.map((run, i) => ({ ...run, name: names[i] ?? '' }))
  const unchanged = runs.find(({ summary }) => summary.scenario === unchangedName)?.name ?? null
  const comparison = compareRuns(runs, unchanged)
  print(comparison, options.json === true, surroundings)
  if (options.html === undefined) return exitCodes.pass
  const command = commandOf(folders, options)
  const file = options.html
  const title = counted(runs.length, 'finished run')
  await writePage({ title, comparison, runs, command, search: null, confirmed: [], file })
  surroundings.stderr.write(`Page  ${file}\n`)
  return exitCodes.pass
}

/** The best two strategies once more, with real processes. */
const confirmBest = async (
  inputs: Inputs,
  { comparison, runs, folder }: Compared,
  work: ReturnType<typeof createWork>,
  command: string,
): Promise<readonly Confirmation[]> => {
  if (work.state.interrupts > 0) return []
  const best = comparison.ranking.names.slice(0, bestCount)
  const plans = best.flatMap(
    (name) => inputs.contenders.find(({ parsed }) => parsed.scenario.name === name)?.parsed ?? [],
  )
  const simulated = new Map(runs.map((run) => [run.name, run.folder]))
  const store = { kind: 'sqlite', file: null } as const
  const { atOnce, read } = inputs
  const confirmed = await confirmPlans({
    ...work.hooks,
    atOnce,
    folder,
    command,
    read,
    plans,
    simulated,
    store,
  })
  work.line.end()
  return confirmed
}

const compareInputs = async (
  inputs: Inputs,
  options: Options,
  surroundings: Surroundings,
): Promise<number> => {
  const { stdout, stderr } = surroundings
  const { contenders, atOnce, cloudName } = inputs
  const work = createWork(surroundings)
  const startedMs = performance.now()
  const compared = await compareStrategies({
    ...inputs,
    ...work.hooks,
    unchanged: options.unchanged ? unchangedName : null,
    reportsRoot: 'reports',
    ...(options.out === undefined ? {} : { out: options.out }),
  })
  work.line.end()
  const { comparison, runs, folder } = compared
  const seconds = Math.round((performance.now() - startedMs) / 1000)
  const json = options.json === true
  if (!json) print(comparison, false, surroundings)
  const processes = Math.min(atOnce, contenders.length)
  stderr.write(
    `${runs.length} runs in ${duration(seconds)}, ${processes} at a time; each in a folder of ${folder}\n`,
  )
  const command = commandOf([], options)
  const confirmed = options.confirm === true ? await confirmBest(inputs, compared, work, command) : []
  const figures = options.confirm === true ? { ...comparison, confirmed } : comparison
  if (options.confirm === true) await writeComparison(folder, figures)
  if (json) stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
  else if (confirmed.length > 0)
    stdout.write(
      renderConfirmations(confirmed, { columns: columnsOf(surroundings), colour: colourOf(surroundings) }),
    )
  const file = options.html ?? path.join(folder, comparisonPage)
  const title = `Strategies over ${cloudName}`
  await writePage({ title, comparison, runs, command, search: null, confirmed, file })
  stderr.write(`Page  ${file}\n`)
  const verdicts = [...comparison.runs, ...confirmed].map(({ verdict }) => verdict)
  if (work.state.interrupts > 0 || verdicts.includes('inconclusive')) return exitCodes.inconclusive
  return verdicts.includes('fail') ? exitCodes.gateFailed : exitCodes.pass
}

const run = async (
  folders: readonly string[],
  options: Options,
  reader: OptionReader,
  surroundings: Surroundings,
): Promise<number> => {
  const kind = readKind(reader, folders, options)
  if (kind === null) reader.done(await readRunOptions(reader, options))
  if (kind === 'runs') return compareFinished(folders, options, reader, surroundings)
  const inputs = await readInputs(reader, options, surroundings)
  return inputs.search === null
    ? compareInputs(inputs, options, surroundings)
    : searchInputs(inputs, inputs.search, options, surroundings)
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
    .option('--sample <share>', 'the share of the cloud that --search tries its plans in', sampleDefault)
    .option('--confirm', 'try the best two in the local world, too; the default with --search')
    .option('--no-confirm', 'do not')
    .option('--jobs <number>', 'runs at a time; default: as many as there are processors')
    .option(
      '--out <folder>',
      'the folder of all runs, compare.json and comparison.html; default: reports/compare-<cloud>-<UTC time>',
    )
    .option(
      '--html <file>',
      'write the page with the curves of all runs there; of strategies there is always one, in --out',
    )
    .option('--json', 'print compare.json instead of a table')
    .addHelpText(
      'after',
      '\nExamples:\n  cutover compare --strategies scenarios/strategies/*.yaml --cloud scenarios/clouds/cern.yaml\n  cutover compare reports/first-run reports/second-run --html both.html',
    )
    .action(async (folders: readonly string[], options: Options, command: Command) => {
      ended(await run(folders, options, new OptionReader(command), surroundings))
    })
}
