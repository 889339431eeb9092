// cutover rehearse SCENARIO --against BUILD: runs of this build and of another in turns, for `cutover gate --baseline`.
// It makes the runs and judges nothing; what a pipeline needs to know of them it asks of the verb that judges.
import { fileURLToPath } from 'node:url'
import { InputError } from '../base/errors.js'
import { claimFolder } from '../io/runFolder.js'
import { findBuild, runBuild } from '../io/otherBuild.js'
import { counted, duration } from '../render/text.js'
import type { Scenario } from '../scenario/scenario.js'
import type { WorldName } from '../worlds/world.js'
import { runInTurns } from '../worlds/compare/turns.js'
import { exitCodes } from './exit.js'
import { createProgressLine, type Surroundings } from './terminal.js'

export interface AgainstOptions {
  readonly against: string
  readonly repeat: string
  readonly out?: string
}

const repetitionsOf = (text: string): number => {
  const repetitions = Number(text)
  if (Number.isInteger(repetitions) && repetitions >= 1 && repetitions <= 999) return repetitions
  throw new InputError([
    {
      path: '--repeat',
      message: `${text} is no number of repetitions`,
      remedy: 'a whole number from 1 to 999',
    },
  ])
}

/**
 * Makes the runs: `candidate-01` … of this build, `baseline-01` … of the other, all in one folder.
 * @param words what both are told: the scenario and its options
 */
export const rehearseInTurns = async (
  {
    scenario,
    world,
    words,
  }: { readonly scenario: Scenario; readonly world: WorldName; readonly words: readonly string[] },
  options: AgainstOptions,
  surroundings: Surroundings,
): Promise<number> => {
  const { stdout, stderr } = surroundings
  if (world === 'external') {
    const message = 'a Keystone that is there is no build of ours'
    throw new InputError([{ path: '--against', message, remedy: 'use the world local or simulated' }])
  }
  const repetitions = repetitionsOf(options.repeat)
  const other = await findBuild(options.against, '--against')
  const own = fileURLToPath(new URL('../main.js', import.meta.url))
  const root = await claimFolder({
    root: 'reports',
    scenarioName: `turns-${scenario.name}`,
    now: new Date(),
    ...(options.out === undefined ? {} : { out: options.out }),
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
