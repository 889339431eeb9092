// cutover compare --search: plans with other numbers than the strategies', those that none beats, and what both worlds say of the best.
// Reads its options, calls two uses, prints; kept apart from the verb's other two ways.
import path from 'node:path'
import { claimFolder } from '../io/runFolder.js'
import { compareRuns } from '../measure/comparison.js'
import { renderConfirmations, renderFront } from '../render/search.js'
import { unchangedName } from '../scenario/strategy.js'
import { confirmPlans } from '../worlds/compare/confirm.js'
import { comparisonPage, writePage } from '../worlds/compare/page.js'
import { searchPlans } from '../worlds/compare/search.js'
import { writeComparison } from '../worlds/compare/strategies.js'
import { commandOf, type Inputs, type Options, type Search } from './compareInputs.js'
import { exitCodes } from './exit.js'
import { colourOf, columnsOf, type Surroundings } from './terminal.js'
import { createWork } from './work.js'

/** How many of the best are tried in both worlds. */
export const bestCount = 2
/** How many of those that none beats are laid over one another. */
const drawnMost = 7

export const searchInputs = async (
  inputs: Inputs,
  { plans, share }: Search,
  options: Options,
  surroundings: Surroundings,
): Promise<number> => {
  const { stdout, stderr } = surroundings
  const strategies = inputs.contenders
    .map(({ parsed }) => parsed)
    .filter(({ scenario }) => scenario.name !== unchangedName)
  const folder = await claimFolder({
    root: 'reports',
    scenarioName: `search-${inputs.cloudName}`,
    now: new Date(),
    ...(options.out === undefined ? {} : { out: options.out }),
  })
  const work = createWork(surroundings)
  const command = commandOf([], options)
  const seed = strategies[0]?.scenario.seed ?? 1
  const { atOnce, read } = inputs
  const common = { ...work.hooks, atOnce, folder, command, read }
  const found = await searchPlans({ ...common, strategies, plans, share, seed }, bestCount)
  work.line.end()
  const shown = { columns: columnsOf(surroundings), colour: colourOf(surroundings) }
  const { tried, front } = found.result
  const planOf = (name: string) => tried.filter((plan) => plan.name === name)
  if (options.json !== true) stdout.write(renderFront(front.flatMap(planOf), tried.length, share, shown))
  const confirms = options.confirm !== false && work.state.interrupts === 0 && found.best.length > 0
  const confirmed = confirms
    ? await confirmPlans({
        ...common,
        plans: found.best,
        simulated: new Map(),
        store: { kind: 'sqlite', file: null },
      })
    : []
  work.line.end()
  const result = { ...found.result, confirmed }
  await writeComparison(folder, result)
  const page = options.html ?? path.join(folder, comparisonPage)
  await writePage({
    title: `Plans for ${inputs.cloudName}`,
    comparison: compareRuns(found.frontRuns.slice(0, drawnMost), null),
    runs: found.frontRuns.slice(0, drawnMost),
    command,
    search: { tried, front, share },
    confirmed,
    file: page,
  })
  if (options.json === true) stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  else if (confirmed.length > 0) stdout.write(renderConfirmations(confirmed, shown))
  stderr.write(`${tried.length} plans tried, each in a folder of ${folder}\nPage  ${page}\n`)
  const doubtful = confirmed.some(({ verdict }) => verdict === 'inconclusive')
  return work.state.interrupts > 0 || doubtful || tried.length === 0 ? exitCodes.inconclusive : exitCodes.pass
}
