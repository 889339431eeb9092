// Long work as a user sees it: progress with the time that is left, warnings, and Ctrl-C.
// It exists so that comparisons, searches and measurements tell and end alike.
import { duration } from '../render/text.js'
import type { JobsProgress } from '../worlds/compare/jobs.js'
import { exitCodes } from './exit.js'
import { createProgressLine, type Surroundings } from './terminal.js'

const progressText = ({ done, total, share, leftSec, running }: JobsProgress): string => {
  const left = leftSec === null ? '' : `, about ${duration(Math.max(1, Math.round(leftSec)))} left`
  return `${done} of ${total} runs, ${Math.floor(100 * share)} %${left}  ${running.join(', ')}`
}

const stopping = 'Stopping: what was measured is shown. Once more ends at once.\n'

/** A signal that the first Ctrl-C gives; the second ends the program at once. */
export const onceInterrupted = (
  { stderr, onInterrupt }: Surroundings,
  line: { readonly end: () => void },
): AbortSignal => {
  const ended = new AbortController()
  onInterrupt(() => {
    if (ended.signal.aborted) process.exit(exitCodes.inconclusive)
    line.end()
    stderr.write(stopping)
    ended.abort()
  })
  return ended.signal
}

/** Progress on stderr, and Ctrl-C: what the pieces of work have in common. */
export const createWork = (surroundings: Surroundings) => {
  const { stderr } = surroundings
  const line = createProgressLine(surroundings, () => performance.now())
  let stop: ((reason: string) => void) | null = null
  const state = { interrupts: 0 }
  surroundings.onInterrupt(() => {
    state.interrupts++
    if (state.interrupts > 1) process.exit(exitCodes.inconclusive)
    stop?.('stopped by the user')
    line.end()
    stderr.write(stopping)
  })
  return {
    state,
    line,
    hooks: {
      onProgress: (progress: JobsProgress): void => line.show(progressText(progress)),
      onWarning: (text: string): void => void stderr.write(`warning: ${text}\n`),
      onStarted: (given: (reason: string) => void): void => {
        stop = given
        if (state.interrupts > 0) given('stopped by the user')
      },
    },
  }
}
