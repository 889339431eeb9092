// From the lines of a series back to the record of a run, also of one that was killed while it wrote.
// Everything that is drawn or judged after a run goes through here.
import { InputError } from '../base/errors.js'
import type {
  EventLine,
  IntervalLine,
  LatencySummary,
  OpLatency,
  RunEnd,
  RunHeader,
  RunRecord,
  SeriesLine,
  TableLine,
} from './record.js'
import type { Op } from './sample.js'
import { latencyWindowOf, type LatencyWindow } from './windows.js'

/** The lines of a series by kind, each kind in the order of time. */
export interface ParsedSeries {
  readonly intervals: readonly IntervalLine[]
  readonly table: readonly TableLine[]
  readonly events: readonly EventLine[]
  /** Whether the last line was cut off: the run was killed while it wrote. */
  readonly torn: boolean
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** Whether a value has what every reader of its kind relies on. */
const isSeriesLine = (value: unknown): value is SeriesLine => {
  if (!isObject(value)) return false
  if (value['kind'] === 'interval')
    return (
      typeof value['fromSec'] === 'number' && Array.isArray(value['counts']) && isObject(value['latency'])
    )
  if (value['kind'] === 'table')
    return typeof value['atSec'] === 'number' && typeof value['rows'] === 'number'
  return (
    value['kind'] === 'event' && typeof value['event'] === 'string' && typeof value['startedSec'] === 'number'
  )
}

const parseLine = (text: string): SeriesLine | null => {
  try {
    const value: unknown = JSON.parse(text)
    return isSeriesLine(value) ? value : null
  } catch {
    return null
  }
}

/**
 * Reads the lines of a series. A last line that is cut off is left out, since that is how a killed run ends.
 * @throws InputError naming the first line before the last that is no line of a series
 */
export const parseSeries = (lines: Iterable<string>): ParsedSeries => {
  const intervals: IntervalLine[] = []
  const table: TableLine[] = []
  const events: EventLine[] = []
  let number = 0
  let unread: number | null = null
  for (const text of lines) {
    number++
    if (text.trim() === '') continue
    if (unread !== null) {
      const message = 'this is no line of a series'
      throw new InputError([
        { line: unread, message, remedy: 'the record was changed or damaged after the run' },
      ])
    }
    const line = parseLine(text)
    if (line === null) unread = number
    else if (line.kind === 'interval') intervals.push(line)
    else if (line.kind === 'table') table.push(line)
    else events.push(line)
  }
  intervals.sort((a, b) => a.fromSec - b.fromSec)
  table.sort((a, b) => a.atSec - b.atSec)
  events.sort((a, b) => a.startedSec - b.startedSec)
  return { intervals, table, events, torn: unread !== null }
}

/** The record of a run whose lines are at hand. */
export const collectRecord = (
  header: RunHeader,
  lines: Iterable<SeriesLine>,
  end: RunEnd | null,
): RunRecord => {
  const intervals: IntervalLine[] = []
  const table: TableLine[] = []
  const events: EventLine[] = []
  for (const line of lines) {
    if (line.kind === 'interval') intervals.push(line)
    else if (line.kind === 'table') table.push(line)
    else events.push(line)
  }
  intervals.sort((a, b) => a.fromSec - b.fromSec)
  table.sort((a, b) => a.atSec - b.atSec)
  events.sort((a, b) => a.startedSec - b.startedSec)
  return { header, intervals, table, events, end }
}

/** The record of a run from its three parts; `end` null for a run that was killed. */
export const foldRecord = (header: RunHeader, lines: Iterable<string>, end: RunEnd | null): RunRecord => {
  const { intervals, table, events } = parseSeries(lines)
  return { header, intervals, table, events, end }
}

/** Response times of each op over the windows of a run. */
export interface RunLatency {
  /**
   * True for a run without an end: its distributions were never written, so quantiles are put together from those of
   * the intervals (see `mergeLatency`): the median is good to a few percent, p95 and p99 to about a tenth.
   */
  readonly approximate: boolean
  readonly byOp: Readonly<Partial<Record<Op, Readonly<Record<LatencyWindow, LatencySummary>>>>>
}

/** A window without a single response. */
export const noLatency: LatencySummary = { count: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0, maxMs: 0 }

/** Response times over the windows: as the recorder wrote them, else approximated from the intervals. */
export const latencyOf = (record: RunRecord): RunLatency => {
  if (record.end !== null) return { approximate: false, byOp: record.end.latency }
  const windowOf = latencyWindowOf(record)
  const parts = new Map<Op, Record<LatencyWindow, OpLatency[]>>()
  for (const line of record.intervals) {
    const window = windowOf(line.fromSec)
    for (const [op, own] of Object.entries(line.latency) as [Op, OpLatency][]) {
      const lists = parts.get(op) ?? { before: [], after: [], timeLapse: [] }
      if (window !== null) lists[window].push(own)
      parts.set(op, lists)
    }
  }
  const byOp: { -readonly [op in Op]?: Record<LatencyWindow, LatencySummary> } = {}
  for (const [op, lists] of parts) {
    byOp[op] = {
      before: mergeLatency(lists.before),
      after: mergeLatency(lists.after),
      timeLapse: mergeLatency(lists.timeLapse),
    }
  }
  return { approximate: true, byOp }
}

/** What an interval tells of its distribution: p50, p95, p99 and the maximum. */
const knownShares = [0.5, 0.95, 0.99, 1]

/**
 * The share of an interval's responses that took at most x. Between two known quantiles the share that took longer falls
 * exponentially, as the tails of response times do: a straight line would put too many of them far out. Below the median
 * the line is straight. A single response is all that there is.
 */
export const shareAtMost = (part: OpLatency, x: number): number => {
  const { n, maxMs } = part
  if (x >= maxMs) return 1
  if (n === 1) return 0
  let fromMs = 0
  let fromShare = 0
  for (let k = 0; k < knownShares.length; k++) {
    const toMs = k === 0 ? part.p50Ms : k === 1 ? part.p95Ms : k === 2 ? part.p99Ms : maxMs
    // Of n responses half of the longest one's share lies below it: nothing is known of what would have taken longer.
    const toShare = Math.min(knownShares[k] ?? 1, 1 - 0.5 / n)
    if (x < toMs) {
      const way = (x - fromMs) / (toMs - fromMs)
      return k === 0 ? way * toShare : 1 - (1 - fromShare) * ((1 - toShare) / (1 - fromShare)) ** way
    }
    fromMs = toMs
    fromShare = toShare
  }
  return 1
}

/**
 * Joins distributions of which only some quantiles are known. Quantiles cannot be averaged, but shares can: the share
 * of all responses that took at most x is the mean of the intervals' shares, weighted by their counts. That sum rises
 * with x, so a quantile is found by halving; 30 halvings are closer than a histogram of three digits.
 */
export const mergeLatency = (parts: readonly OpLatency[]): LatencySummary => {
  const count = parts.reduce((sum, { n }) => sum + n, 0)
  if (count === 0) return noLatency
  const maxMs = parts.reduce((most, part) => Math.max(most, part.maxMs), 0)
  const quantile = (q: number): number => {
    let low = 0
    let high = maxMs
    for (let i = 0; i < 30; i++) {
      const middle = (low + high) / 2
      const share = parts.reduce((sum, part) => sum + part.n * shareAtMost(part, middle), 0) / count
      if (share < q) low = middle
      else high = middle
    }
    return Math.round(high * 1000) / 1000
  }
  return { count, p50Ms: quantile(0.5), p95Ms: quantile(0.95), p99Ms: quantile(0.99), maxMs }
}

/** Lateness of the generator over the run: as the recorder wrote it, else approximated. Null if that knows of none. */
export const latenessOf = (record: RunRecord): RunEnd['lateness'] | null => {
  const parts = record.intervals.flatMap(({ lateness }) =>
    // Its p95 is where an exponential from p50 to p99 has it: see `shareAtMost`.
    lateness === null
      ? []
      : [
          {
            ...lateness,
            p95Ms: lateness.p50Ms + ((lateness.p99Ms - lateness.p50Ms) * Math.log(10)) / Math.log(50),
          },
        ],
  )
  if (record.end !== null) return record.end.lateness
  if (parts.length === 0) return null
  const { p50Ms, p99Ms, maxMs } = mergeLatency(parts)
  return { p50Ms, p99Ms, maxMs }
}
