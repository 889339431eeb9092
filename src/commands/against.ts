// cutover rehearse SCENARIO --against BUILD: runs of this build and of another in turns, for `cutover gate --baseline`.
// It makes the runs and judges nothing; what a pipeline needs to know of them it asks of the verb that judges.
import { fileURLToPath } from 'node:url'
import { claimFolder } from '../io/runFolder.js'
import { findBuild, runBuild } from '../io/otherBuild.js'
import { counted, duration } from '../render/text.js'
import type { Scenario } from '../scenario/scenario.js'
import type { WorldName } from '../worlds/world.js'
import { runInTurns } from '../worlds/compare/turns.js'
import { exitCodes } from './exit.js'
import type { OptionReader } from './optionReader.js'
import { createProgressLine, type Surroundings } from './terminal.js'

export interface AgainstOptions {
  readonly against?: string
  readonly repeat?: string
}

/** Runs in turns with another build. */
export interface Turns {
  /** The main module of the other build. */
  readonly other: string
  readonly repetitions: number
}

const repetitionsDefault = 10
const repetitionsMost = 999

/** Reads the options; null if nobody asked for turns. */
export const readTurns = async (
  reader: OptionReader,
  options: AgainstOptions,
  world: WorldName | undefined,
): Promise<Turns | null | undefined> => {
  const { against } = options
  const repetitions = reader.whole('--repeat', options.repeat, 1, repetitionsMost)
  if (against === undefined) {
    reader.idle(['--repeat'], 'is how often --against runs both builds', 'add --against, or leave it away')
    return null
  }
  const apart = 'leave it or --against away'
  reader.idle(['--live'], 'there is no page of runs in turns', apart)
  reader.idle(['--json'], 'runs in turns have no summary of their own', `${apart}; gate --json judges them`)
  if (world === 'external') {
    const message = 'a Keystone that is there is no build of ours'
    reader.add({ path: '--against', message, remedy: 'use the world local or simulated' })
  }
  const other = await reader.attemptAsync(() => findBuild(against, '--against'))
  return other === undefined ? undefined : { other, repetitions: repetitions ?? repetitionsDefault }
}

/**
 * Makes the runs: `candidate-01` … of this build, `baseline-01` … of the other, all in one folder.
 * @param words what both are told: the scenario and its options
 */
export const rehearseInTurns = async (
  {
    scenario,
    words,
    turns,
    out,
  }: {
    readonly scenario: Scenario
    readonly words: readonly string[]
    readonly turns: Turns
    readonly out: string | undefined
  },
  surroundings: Surroundings,
): Promise<number> => {
  const { stdout, stderr } = surroundings
  const { other, repetitions } = turns
  const own = fileURLToPath(new URL('../main.js', import.meta.url))
  const root = await claimFolder({
    root: 'reports',
    scenarioName: `turns-${scenario.name}`,
    now: new Date(),
    ...(out === undefined ? {} : { out }),
  })
  const startedMs = performance.now()
  const line = createProgressLine(surroundings, () => performance.now())
  const state = { interrupts: 0 }
  surroundings.onInterrupt(() => {
    state.interrupts++
    if (state.interrupts > 1) process.exit(exitCodes.inconclusive)
    line.end()
    stderr.write('Stopping after this run. Once more ends at once.\n')
  })
  const whole = await runInTurns({
    root,
    repetitions,
    run: {
      baseline: (folder) => runBuild(other, [...words, '--out', folder]),
      candidate: (folder) => runBuild(own, [...words, '--out', folder]),
    },
    onTurn: ({ side, repetition }, done, total) => {
      const spentSec = (performance.now() - startedMs) / 1000
      const left = done === 0 ? '' : `, about ${duration(Math.ceil((spentSec * (total - done)) / done))} left`
      line.hurry()
      line.show(`${done} of ${total} runs${left}  ${side} ${repetition}`)
    },
    stopped: () => state.interrupts > 0,
  })
  line.end()
  const seconds = duration(Math.round((performance.now() - startedMs) / 1000))
  stdout.write(
    `${counted(whole, 'repetition')} in turns, in ${seconds}. To judge them:\n  cutover gate ${root}/candidate-* --baseline ${root}/baseline-*\n`,
  )
  return state.interrupts > 0 ? exitCodes.inconclusive : exitCodes.pass
}
