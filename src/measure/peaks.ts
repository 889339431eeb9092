// Peaks: the stretches in which one class's refusals stand out, whose they are, and what began and ended them.
// What an operator asks of a rehearsal is how high and how long each peak will be, and what ends it.
import { TimeMap } from '../base/time.js'
import { beginningOf, endingOf, type Ending } from './peakActions.js'
import type { RunRecord } from './record.js'
import { classesSeen, refusalsOfClass, sumCounts } from './series.js'
import {
  backgroundOf,
  findStretches,
  standsOut,
  sumOf,
  type Background,
  type ClassGrid,
  type GridStretch,
} from './standingOut.js'
import { ceilToInterval, firstSwitchSec, floorToInterval, recordedUntilSec, switchSteps } from './windows.js'

/** A stretch of refusals of one class. Seconds are scenario seconds from the start of the run. */
export interface Peak {
  readonly class: string
  readonly fromSec: number
  readonly toSec: number
  /** Start of the ten seconds (of the interval, if that is wider) with the most refusals. */
  readonly peakAtSec: number
  /** Refusals per second in them. Only from times of full traffic, if the peak has any refusals there. */
  readonly peakPerSec: number
  /** True if the peak has none: `peakPerSec` was then divided by the share of traffic, and is an estimate. */
  readonly scaled: boolean
  /** The smallest share of traffic in the peak; below 1 `total` counts a sample of what the whole cloud would feel. */
  readonly leastTraffic: number
  /** All refusals in the stretch, the background among them. */
  readonly total: number
  readonly byClass: Readonly<Record<string, number>>
  readonly byCause: Readonly<Record<string, number>>
  readonly mainCause: string
  /** By then 95 % of its refusals had come; what follows is the tail of those who call seldom. */
  readonly mostUntilSec: number
  /** The action that began it, in words; null if none explains it. */
  readonly begunBy: string | null
  /** What ended it, in words; null if nothing in the record explains it. */
  readonly endedBy: string | null
  readonly ending: Ending
}

/**
 * The height of a peak is taken over so many seconds, or over one interval if that is wider: in a single second the
 * highest count is mostly chance, and ten seconds is as close as the monitoring of a cloud looks.
 */
const heightOverSec = 10

/** A stretch with one main cause. */
interface Piece extends GridStretch {
  readonly cause: string
}

/** Puts the refusals of one class on the grid, with the traffic that each interval had. */
const gridOf = (record: RunRecord, clientClass: string): ClassGrid => {
  const { intervalSec, clock } = record.header
  const untilSec = recordedUntilSec(record)
  const lastLine = record.intervals.at(-1)
  const lineCount = lastLine === undefined ? 0 : Math.round(lastLine.fromSec / intervalSec) + 1
  const counts = new Array<number>(lineCount).fill(0)
  for (const { fromSec, n } of refusalsOfClass(record, clientClass)) {
    const i = Math.round(fromSec / intervalSec)
    counts[i] = (counts[i] ?? 0) + n
  }
  const time = new TimeMap(clock)
  const exposureSec = counts.map((_, i) => {
    const fromSec = i * intervalSec
    // What ends after the planned end is counted in a last interval of no length; it is given its full width.
    const seconds = untilSec > fromSec ? Math.min(intervalSec, untilSec - fromSec) : intervalSec
    return seconds * time.stretchAt(fromSec + seconds / 2).traffic
  })
  return { intervalSec, counts, exposureSec }
}

/** When the first thing was done to the cloud: the switch, else any step that a person wrote, or a fault. */
const firstActionSec = (record: RunRecord): number => {
  const steps = record.events.filter((line) => line.origin !== 'clock').map((line) => line.startedSec)
  return firstSwitchSec(record.events) ?? Math.min(Infinity, ...steps)
}

/** The intervals in which nothing had been done yet. Where there are none, nothing is known of the background. */
const quietOf = (record: RunRecord, intervals: number): GridStretch => {
  const { warmupSec, intervalSec } = record.header
  const until = Math.min(firstActionSec(record), intervals * intervalSec)
  const from = Math.round(ceilToInterval(warmupSec, intervalSec) / intervalSec)
  return { from, to: Math.max(from, Math.round(floorToInterval(until, intervalSec) / intervalSec)) }
}

const causesIn = (
  record: RunRecord,
  clientClass: string,
  { from, to }: GridStretch,
): Record<string, number> => {
  const { intervalSec } = record.header
  const causes = new Map<string, number>()
  for (const { fromSec, cause, n } of refusalsOfClass(record, clientClass)) {
    const i = Math.round(fromSec / intervalSec)
    if (i >= from && i < to) causes.set(cause, (causes.get(cause) ?? 0) + n)
  }
  return Object.fromEntries([...causes].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The most frequent cause; of equals the first by name. */
const mainOf = (causes: Readonly<Record<string, number>>): string | null => {
  let main: string | null = null
  for (const [cause, n] of Object.entries(causes)) if (main === null || n > (causes[main] ?? 0)) main = cause
  return main
}

/** Where an action may have changed what is refused: a whole step of a switch, and what was done to keys; a fault. */
const turningPointsSec = (record: RunRecord): readonly number[] => [
  ...switchSteps(record.events).map((step) => step.fromSec),
  ...record.events.flatMap((line) =>
    line.event.startsWith('keys.') || line.origin === 'fault' ? [line.startedSec] : [],
  ),
]

/** Stretches with their main cause: cut at turning points, then joined again wherever the cause stayed the same. */
const pieces = (
  record: RunRecord,
  clientClass: string,
  grid: ClassGrid,
  background: Background,
): readonly Piece[] => {
  const { intervalSec } = record.header
  const turns = turningPointsSec(record).map((sec) =>
    Math.round(floorToInterval(sec, intervalSec) / intervalSec),
  )
  const out: Piece[] = []
  for (const stretch of findStretches(grid, background)) {
    const inside = [...new Set(turns)].filter((i) => i > stretch.from && i < stretch.to)
    const edges = [stretch.from, ...inside.sort((a, b) => a - b), stretch.to]
    edges.slice(1).forEach((to, k) => {
      const from = edges[k] ?? 0
      const last = out.at(-1)
      const cause = mainOf(causesIn(record, clientClass, { from, to }))
      // A pause that is shorter than what lies beside it is a pause in one stretch, unless something was done in it.
      const gap = last === undefined ? Infinity : from - last.to
      const longer = last === undefined ? 0 : Math.max(last.to - last.from, to - from)
      const acted = last !== undefined && gap > 0 && turns.some((i) => i >= last.to && i <= from)
      const weak = cause === null || !standsOut(grid, background, { from, to })
      const joins = last !== undefined && !acted && gap <= longer && (weak || cause === last.cause)
      if (joins) out[out.length - 1] = { ...last, to }
      else if (!weak) out.push({ from, to, cause })
    })
  }
  return out
}

/** Where the refusals of a stretch came fastest, and how fast, per second of full traffic. */
const heightOf = (
  grid: ClassGrid,
  { from, to }: GridStretch,
  counted: (i: number) => boolean,
): { readonly at: number; readonly perSec: number } => {
  const width = Math.min(to - from, Math.max(1, Math.round(heightOverSec / grid.intervalSec)))
  let highest = { at: from, perSec: 0 }
  for (let at = from; at + width <= to; at++) {
    let refusals = 0
    let seconds = 0
    for (let i = at; i < at + width; i++) {
      if (!counted(i)) seconds = Infinity
      refusals += grid.counts[i] ?? 0
      seconds += grid.exposureSec[i] ?? 0
    }
    if (refusals / seconds > highest.perSec) highest = { at, perSec: refusals / seconds }
  }
  return highest
}

const describePeak = (record: RunRecord, clientClass: string, grid: ClassGrid, piece: Piece): Peak => {
  const { intervalSec, counts } = grid
  const time = new TimeMap(record.header.clock)
  const trafficAt = (i: number): number => time.stretchAt(i * intervalSec).traffic
  const atFullTraffic = heightOf(grid, piece, (i) => trafficAt(i) === 1)
  const scaled = atFullTraffic.perSec === 0
  const highest = scaled ? heightOf(grid, piece, () => true) : atFullTraffic
  const total = sumOf(counts, piece.from, piece.to)
  let most = piece.from
  for (let n = 0; most < piece.to && n < 0.95 * total; most++) n += counts[most] ?? 0
  let leastTraffic = 1
  for (let i = piece.from; i < piece.to; i++) leastTraffic = Math.min(leastTraffic, trafficAt(i))
  const span = { fromSec: piece.from * intervalSec, toSec: piece.to * intervalSec }
  const beginning = beginningOf(record, piece.cause, span)
  const ending = endingOf(record, clientClass, piece.cause, span, grid)
  return {
    class: clientClass,
    fromSec: Math.max(span.fromSec, beginning?.atSec ?? 0),
    toSec: Math.min(span.toSec, Math.max(recordedUntilSec(record), span.fromSec + intervalSec)),
    peakAtSec: highest.at * intervalSec,
    peakPerSec: highest.perSec,
    scaled,
    leastTraffic,
    total,
    byClass: { [clientClass]: total },
    byCause: causesIn(record, clientClass, piece),
    mainCause: piece.cause,
    mostUntilSec: most * intervalSec,
    begunBy: beginning?.words ?? null,
    endedBy: ending.words,
    ending,
  }
}

/** All peaks of a run, of all classes, in the order in which they began. They may overlap in time. */
export const findPeaks = (record: RunRecord): readonly Peak[] => {
  const peaks: Peak[] = []
  for (const clientClass of classesSeen(record)) {
    const grid = gridOf(record, clientClass)
    const seconds = sumOf(grid.exposureSec, 0, grid.exposureSec.length)
    const requestsPerSec = seconds === 0 ? 0 : sumCounts(record, { clientClass }) / seconds
    const background = backgroundOf(grid, quietOf(record, grid.counts.length), requestsPerSec)
    for (const piece of pieces(record, clientClass, grid, background))
      peaks.push(describePeak(record, clientClass, grid, piece))
  }
  return peaks.sort((a, b) => a.fromSec - b.fromSec || b.total - a.total || (a.class < b.class ? -1 : 1))
}
