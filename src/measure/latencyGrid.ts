// Response times over time as a grid: for each column of time the share of responses in each range of milliseconds.
// It is put together from the quantiles of intervals, so that a killed run and an old folder have one too.
import { shareAtMost } from './fold.js'
import type { OpLatency, RunRecord } from './record.js'
import type { Op } from './sample.js'
import type { Span } from './windows.js'

export interface LatencyGrid {
  readonly op: Op
  readonly span: Span
  /** Lower edges of the ranges in milliseconds, and the upper edge of the last; each is the same multiple of the one before. */
  readonly edgesMs: readonly number[]
  /** By column, then by range: a share from 0 to 1. An empty column had no response. */
  readonly columns: readonly (readonly number[])[]
}

/** Ranges in one factor of ten. */
const rangesPerDecade = 8

/** The grid of one operation; null if nothing was measured in the span. */
export function latencyGridOf(
  record: RunRecord,
  op: Op,
  { span, columnsMost }: { readonly span: Span; readonly columnsMost: number },
): LatencyGrid | null {
  const { intervalSec } = record.header
  const columnSec = Math.max(intervalSec, (span.toSec - span.fromSec) / columnsMost)
  const parts: OpLatency[][] = Array.from(
    { length: Math.ceil((span.toSec - span.fromSec) / columnSec - 1e-6) },
    () => [],
  )
  let least = Infinity
  let most = 0
  for (const line of record.intervals) {
    const own = line.latency[op]
    if (own === undefined || own.n === 0) continue
    const column = Math.floor((line.fromSec + intervalSec / 2 - span.fromSec) / columnSec)
    if (column < 0 || column >= parts.length) continue
    parts[column]?.push(own)
    least = Math.min(least, own.p50Ms)
    most = Math.max(most, own.maxMs)
  }
  if (!(most > 0)) return null
  const step = 10 ** (1 / rangesPerDecade)
  const low = Math.max(least, most / 1e5)
  const ranges = Math.max(1, Math.ceil(Math.log(most / low) / Math.log(step) + 1e-9))
  const edgesMs = Array.from({ length: ranges + 1 }, (_, i) => low * step ** i)
  return { op, span, edgesMs, columns: parts.map((own) => sharesOf(own, edgesMs)) }
}

function sharesOf(parts: readonly OpLatency[], edgesMs: readonly number[]): number[] {
  const n = parts.reduce((sum, each) => sum + each.n, 0)
  if (n === 0) return []
  // An interval says that half of its responses took at most so long, and nothing of how they lay below it: they are
  // counted in the range of its median.
  const atMost = (each: OpLatency, ms: number): number => (ms < each.p50Ms ? 0 : shareAtMost(each, ms))
  const below = edgesMs.map((ms) => parts.reduce((sum, each) => sum + each.n * atMost(each, ms), 0) / n)
  return below
    .slice(1)
    .map((share, i) => Math.max(0, (i === edgesMs.length - 2 ? 1 : share) - (i === 0 ? 0 : (below[i] ?? 0))))
}
