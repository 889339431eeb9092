// Histograms of microseconds, and what is read from them: the one range and precision of all distributions here.
// It exists so that the recorder and the readers of its log cannot differ in them.
import { build, type Histogram } from 'hdr-histogram-js'
import type { LatencySummary } from './record.js'

/** Ten minutes: ten times the longest request timeout in use, so only a broken clock gets beyond it. */
export const highestUs = 600_000_000

/** 3 significant digits from 1 µs to 10 min are 87 KB; the range never grows, so neither does the memory. */
export const createHistogram = (): Histogram =>
  build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: highestUs,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: true,
  })

/** A value at a percentile in milliseconds; 0 if nothing was recorded. */
export const percentileMs = (histogram: Histogram, percentile: number): number =>
  histogram.totalCount === 0 ? 0 : Math.min(histogram.getValueAtPercentile(percentile), highestUs) / 1000

export const summaryOf = (histogram: Histogram | undefined): LatencySummary => {
  if (histogram === undefined) return { count: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0, maxMs: 0 }
  const count = histogram.totalCount
  return {
    count,
    p50Ms: percentileMs(histogram, 50),
    p95Ms: percentileMs(histogram, 95),
    p99Ms: percentileMs(histogram, 99),
    maxMs: percentileMs(histogram, 100),
  }
}
