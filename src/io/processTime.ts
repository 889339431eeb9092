// What the machine has given a process so far: processor time, and time in which it was ready to run and got no core.
// It exists because on a machine that is shared a throughput says nothing without what it was had with.
import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessTime {
  /** Processor time of all its threads, seconds. */
  readonly cpuSec: number
  /** How long its main thread has stood in the scheduler's queue, seconds. */
  readonly waitedSec: number
}

/**
 * Reads `/proc/PID/task/TID/schedstat` (Linux, Documentation/scheduler/sched-stats.rst): nanoseconds on a processor, and
 * nanoseconds in the queue for one. Null where there is no such thing, or no such process.
 */
export const processTime = (pid: number): ProcessTime | null => {
  try {
    let cpuNs = 0
    let waitedNs = 0
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const [ran = NaN, waited = NaN] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')
        .split(' ')
        .map(Number)
      cpuNs += ran
      if (Number(thread) === pid) waitedNs = waited
    }
    return Number.isFinite(cpuNs + waitedNs) ? { cpuSec: cpuNs / 1e9, waitedSec: waitedNs / 1e9 } : null
  } catch {
    return null
  }
}
