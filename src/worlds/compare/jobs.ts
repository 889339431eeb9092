// Runs that are independent of one another, so many at a time, each in a process of its own.
// It exists apart from what is compared, because strategies and a search over plans both want it.
import { timeLeftSec } from '../../base/timeLeft.js'
import { Child } from '../../io/childProcess.js'
import type { JobNotice, JobOrder, JobResult } from './calls.js'

export interface Job {
  readonly name: string
  readonly order: JobOrder
}

/** How far all of them are. */
export interface JobsProgress {
  readonly done: number
  readonly total: number
  /** The share of the whole work that is done, 0 … 1. */
  readonly share: number
  /** Estimated from what has been done so far; null while nothing can be said. Real seconds. */
  readonly leftSec: number | null
  readonly running: readonly string[]
}

export interface JobsOptions {
  readonly jobs: readonly Job[]
  readonly atOnce: number
  readonly onProgress: (progress: JobsProgress) => void
  readonly onWarning: (text: string) => void
  /** Handed a function that ends what runs and begins nothing more. */
  readonly onStarted: (stop: (reason: string) => void) => void
}

export interface FinishedJob extends JobResult {
  readonly name: string
}

/** As the program's own first line asks for it: a simulated day makes millions of objects that are soon gone. */
const roomForTheYoung = ['--max-semi-space-size=64', '--min-semi-space-size=32']

/** Runs all; the results are in the order of the jobs. Those that had not begun are missing after a stop. */
export const runJobs = async (options: JobsOptions): Promise<readonly FinishedJob[]> => {
  const { jobs, atOnce } = options
  const startedMs = performance.now()
  const results = new Map<Job, FinishedJob>()
  const shares = new Map<Job, number>()
  const children = new Set<Child>()
  /** Jobs that wait for a process; emptied by a stop. */
  const queue = [...jobs]
  const tell = (): void => {
    const share = (results.size + [...shares.values()].reduce((sum, each) => sum + each, 0)) / jobs.length
    const elapsedSec = (performance.now() - startedMs) / 1000
    const done = share * jobs.length
    options.onProgress({
      done: results.size,
      total: jobs.length,
      share,
      leftSec: timeLeftSec({ done, total: jobs.length, elapsedSec }),
      running: [...shares.keys()].map(({ name }) => name),
    })
  }
  const runOne = async (job: Job): Promise<void> => {
    shares.set(job, 0)
    tell()
    const child = new Child({
      name: `the run of ${job.name}`,
      module: new URL('./job.js', import.meta.url),
      nodeOptions: roomForTheYoung,
      onNotice: (given) => {
        const notice = given as JobNotice
        if ('warning' in notice) options.onWarning(`${job.name}: ${notice.warning}`)
        else shares.set(job, notice.share)
        tell()
      },
    })
    children.add(child)
    try {
      const result = await child.call<JobResult | null>('rehearse', job.order)
      if (result !== null) results.set(job, { ...result, name: job.name })
    } catch (error) {
      // The comparison has failed, so nobody waits for the others.
      queue.length = 0
      await Promise.all([...children].map((each) => each.end()))
      throw error
    } finally {
      shares.delete(job)
      children.delete(child)
      await child.end()
    }
    tell()
  }
  const work = async (): Promise<void> => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) await runOne(job)
  }
  options.onStarted((reason) => {
    queue.length = 0
    for (const child of children) void child.call('stop', reason).catch(() => {})
  })
  await Promise.all(Array.from({ length: Math.max(1, Math.min(atOnce, jobs.length)) }, work))
  return jobs.flatMap((job) => results.get(job) ?? [])
}
