// What the load generator's own process has of the machine: processor time, waits for a core, delays of its event loop.
// It exists because a generator that is starved of CPU measures itself, and that must be seen in the run.
import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { GeneratorLoad } from '../measure/record.js'

/** The loop is asked to come round this often; what it takes longer is its delay. */
const resolutionMs = 10

/**
 * Nanoseconds that the main thread has stood in the scheduler's queue so far, ready to run and without a core: the second
 * number of `/proc/self/schedstat` (Linux, Documentation/scheduler/sched-stats.rst). Null where there is no such file.
 */
const waitedNs = (): number | null => {
  try {
    const waited = Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1])
    return Number.isFinite(waited) ? waited : null
  } catch {
    return null
  }
}

export interface GeneratorWatch {
  /** What was seen since the watch began. */
  look(): GeneratorLoad
  /** The same; the watch ends with this. */
  end(): GeneratorLoad
}

/** Begins to watch this process. */
export const watchGenerator = (): GeneratorWatch => {
  const startMs = performance.now()
  const cpu = process.cpuUsage()
  const waited = waitedNs()
  const delays = monitorEventLoopDelay({ resolution: resolutionMs })
  delays.enable()
  const delayMs = (ns: number): number => Math.max(0, Math.round(ns / 1e3 - resolutionMs * 1e3) / 1e3)
  // A histogram names the upper end of a bucket, which may lie above all that was seen.
  const percentileMs = (percent: number): number => delayMs(Math.min(delays.percentile(percent), delays.max))
  const watch: GeneratorWatch = {
    end: () => {
      delays.disable()
      return watch.look()
    },
    look: () => {
      const spentMs = Math.max(performance.now() - startMs, 1e-3)
      const { user, system } = process.cpuUsage(cpu)
      const waitedSince = waited === null ? null : waitedNs()
      return {
        cpuShare: share((user + system) / 1e3, spentMs),
        cpuWaitShare:
          waited === null || waitedSince === null ? null : share((waitedSince - waited) / 1e6, spentMs),
        loopDelayP50Ms: percentileMs(50),
        loopDelayP99Ms: percentileMs(99),
        loopDelayMaxMs: delayMs(delays.max),
      }
    },
  }
  return watch
}

const share = (partMs: number, wholeMs: number): number => Math.round((partMs / wholeMs) * 1e4) / 1e4
