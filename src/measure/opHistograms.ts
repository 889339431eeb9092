// The distributions of one operation: of the open interval, of the log, and of each window of the run.
// Equal samples that follow each other are entered together: a simulated day has many, and each entry has its price.
import type { Histogram } from 'hdr-histogram-js'
import { createHistogram, summaryOf } from './histograms.js'
import type { LatencySummary, OpLatency } from './record.js'
import type { LatencyWindow } from './windows.js'

const windows: readonly LatencyWindow[] = ['before', 'after', 'timeLapse']

type WindowHistograms = Partial<Record<LatencyWindow, Histogram>>

const summariesOf = (own: WindowHistograms): Record<LatencyWindow, LatencySummary> => ({
  before: summaryOf(own.before),
  after: summaryOf(own.after),
  timeLapse: summaryOf(own.timeLapse),
})

/** Microseconds as milliseconds, to a nanosecond. */
const thousandth = (us: number): number => Math.round(us * 1000) / 1e6

export class OpHistograms {
  /** Response times since the last line of the log. */
  readonly log = createHistogram()
  private readonly interval = createHistogram()
  private readonly response: WindowHistograms = {}
  private readonly service: WindowHistograms = {}
  /** Of the interval: the histogram would have to walk through all its places for them. */
  private sumUs = 0
  private squaresUs2 = 0
  /** Samples that wait to be entered, and what they are like. */
  private alike = 0
  private responseUs = 0
  private serviceUs = 0
  private window: LatencyWindow | null = null

  /** Takes a sample, in whole microseconds within the range; `window` null: it counts in none. */
  add(responseUs: number, serviceUs: number, window: LatencyWindow | null): void {
    if (this.responseUs !== responseUs || this.serviceUs !== serviceUs || this.window !== window) {
      this.enter()
      this.responseUs = responseUs
      this.serviceUs = serviceUs
      this.window = window
    }
    this.alike++
  }

  private enter(): void {
    const { alike: n, responseUs, serviceUs, window } = this
    if (n === 0) return
    this.alike = 0
    this.sumUs += n * responseUs
    this.squaresUs2 += n * responseUs ** 2
    this.interval.recordValueWithCount(responseUs, n)
    this.log.recordValueWithCount(responseUs, n)
    if (window === null) return
    ;(this.response[window] ??= createHistogram()).recordValueWithCount(responseUs, n)
    ;(this.service[window] ??= createHistogram()).recordValueWithCount(serviceUs, n)
  }

  /** Ends the interval; null if it had no sample. */
  closeInterval(): OpLatency | null {
    this.enter()
    const { interval, sumUs, squaresUs2 } = this
    if (interval.totalCount === 0) return null
    const { count: n, ...rest } = summaryOf(interval)
    const meanUs = sumUs / n
    const sdUs = Math.sqrt(Math.max(0, squaresUs2 / n - meanUs ** 2))
    interval.reset()
    this.sumUs = 0
    this.squaresUs2 = 0
    return { n, ...rest, meanMs: thousandth(meanUs), sdMs: thousandth(sdUs) }
  }

  /** Begins the window `after` anew. */
  clearAfter(): void {
    this.enter()
    this.response.after?.reset()
    this.service.after?.reset()
  }

  /** Response and service times by window. */
  summaries(): Readonly<Record<'response' | 'service', Record<LatencyWindow, LatencySummary>>> {
    this.enter()
    return { response: summariesOf(this.response), service: summariesOf(this.service) }
  }

  /** Frees the memory outside the heap. */
  destroy(): void {
    this.interval.destroy()
    this.log.destroy()
    for (const window of windows) {
      this.response[window]?.destroy()
      this.service[window]?.destroy()
    }
  }
}
