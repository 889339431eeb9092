// A process that rehearses: one scenario after another, as its parent asks, and tells how far it is.
// It exists so that runs of a comparison use all processors, and a run's memory ends with its process.
import { StoppedError } from '../../base/errors.js'
import { answerParent, notifyParent } from '../../io/childProcess.js'
import { curvesOf } from '../../rehearsal/runCurves.js'
import { rehearse } from '../rehearse.js'
import type { JobCalls, JobNotice } from './calls.js'

let stop: ((reason: string) => void) | null = null
let stopped: string | null = null

const notify = (notice: JobNotice): void => notifyParent(notice)

const calls: JobCalls = {
  rehearse: async (order) => {
    const ended = await rehearse({
      ...order,
      reportsRoot: order.out,
      onProgress: () => {},
      onPulse: ({ nowSec, durationSec }) => notify({ share: nowSec / durationSec }),
      onFolderProblem: (problem) => notify({ warning: problem.message }),
      onStarted: (given) => {
        stop = given
        if (stopped !== null) given(stopped)
      },
    }).catch((error: unknown) => {
      if (error instanceof StoppedError) return null
      throw error
    })
    return ended === null
      ? null
      : { summary: ended.summary, curves: curvesOf(ended.view), folder: ended.folder }
  },
  stop: (reason) => {
    stopped = reason
    stop?.(reason)
  },
}

answerParent({ ...calls }, () => Promise.resolve())
