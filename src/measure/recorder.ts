// The recorder: takes samples one at a time and turns them into lines of counts and distributions as the run goes.
// It exists so that a run of any length is kept in bounded memory and can be reported on when it was killed.
import { encodeIntoCompressedBase64, initWebAssemblySync } from 'hdr-histogram-js'
import { DefectError } from '../base/errors.js'
import { micros, timeLapseSpeed, TimeMap, type Stretch } from '../base/time.js'
import { createHistogram, highestUs, percentileMs, summaryOf } from './histograms.js'
import { OpHistograms } from './opHistograms.js'
import type { EventLine, LatencySummary, OpLatency, RunEnd, SeriesLine, TableLine } from './record.js'
import type { Op, Sample } from './sample.js'
import { RefusalTally } from './refusalTally.js'
import { opPosition, ops, Tally } from './tally.js'
import { isSwitch, type LatencyWindow } from './windows.js'

export interface RecorderOptions {
  /** Width of an interval line, scenario seconds. */
  readonly intervalSec: number
  readonly durationSec: number
  readonly warmupSec: number
  /** Names of the classes; their order is the order of the counts in a line. */
  readonly classes: readonly string[]
  readonly stretches: readonly Stretch[]
  /** A line of the series, to be written as it is. */
  readonly emit: (line: SeriesLine) => void
  /** A line of the HdrHistogram log, without its newline. */
  readonly emitHlog: (line: string) => void
}

/** What only the recorder knows when a run ends: the distributions of `RunEnd`, and what it had to bend. */
export interface RecorderEnd {
  readonly latency: RunEnd['latency']
  readonly service: RunEnd['latency']
  readonly lateness: RunEnd['lateness']
  readonly recording: NonNullable<RunEnd['recording']>
}

export interface Recorder {
  /**
   * Counts a sample in the interval in which it ended, and closes the intervals before that one. The sample is not kept.
   * @throws DefectError for a time that is no number, or after `finish`
   */
  record(sample: Sample): void
  /** Counts a call that a service answers from memory at `atSec`, sent in time: in that interval, also if it lies ahead. */
  quietCall(clientClass: string, atSec: number): void
  table(line: TableLine): void
  /** A line of the timeline; that of a switch moves the windows `before` and `after`. */
  event(line: EventLine): void
  /**
   * The nodes of a step are about to switch: `before` ends here, and `after` begins anew. An event is told when it has
   * ended, so without this mark the samples of the switch itself would be counted in `before`.
   */
  markCutover(atSec: number): void
  /** When Keystone last accepted a UUID token in a validation, scenario seconds; null if it never did. */
  uuidSeenSec(): number | null
  /** A member of a class was refused for the first time. */
  memberHit(clientClass: string): void
  /** A member of a class was without a good call for so long, until now. */
  memberWithout(clientClass: string, seconds: number): void
  /** Closes every interval that ended by now, in order. */
  advance(nowSec: number): void
  /** Closes all, the last interval even if it is not full. Frees the histograms: nothing can be recorded after. */
  finish(nowSec: number): RecorderEnd
}

/** Lines of the log for one tag in a whole run: a pixel each on the widest chart. */
const hlogLinesMax = 1500

/** A call that a service answered from memory, sent in time. */
const quietSample: Omit<Sample, 'clientClass'> = {
  leg: 'client',
  op: 'call',
  outcome: 'ok',
  status: 200,
  cause: null,
  node: 0,
  format: null,
  waited: false,
  atSec: 0,
  due: micros(0),
  sent: micros(0),
  done: micros(0),
}

/** A number of seconds on the grid without the dust of floating point. */
const tidySec = (sec: number): number => Math.round(sec * 1e6) / 1e6

/** A field with figures by class, in order of their names; no field where there are none. The figures are gone after. */
const drained = <Name extends string>(
  name: Name,
  figures: Map<string, number>,
): { readonly [key in Name]?: Readonly<Record<string, number>> } => {
  if (figures.size === 0) return {}
  const byClass = Object.fromEntries([...figures].sort(([a], [b]) => (a < b ? -1 : 1)))
  figures.clear()
  return { [name]: byClass } as { [key in Name]: Record<string, number> }
}

class StreamRecorder implements Recorder {
  private readonly options: RecorderOptions
  private readonly time: TimeMap
  private readonly tally: Tally
  private readonly refusals = new RefusalTally()
  private readonly opHistograms: (OpHistograms | undefined)[] = []
  private readonly latenessRun = createHistogram()
  private readonly latenessInterval = createHistogram()
  /** Samples of the interval without any lateness, which are entered together. */
  private inTime = 0
  /** Calls that were counted in advance: for each class, by interval. */
  private readonly quiet = new Map<string, Uint32Array>()
  private uuidSeen: number | null = null
  private lastUuidSeenSec: number | null = null
  private rowsInserted = 0
  private readonly membersHit = new Map<string, number>()
  private readonly memberWithoutSec = new Map<string, number>()

  private interval = 0
  private intervalEndSec: number
  private readonly hlogEvery: number
  private hlogFrom = 0

  private firstSwitch = Infinity
  private lastSwitchEnd = Infinity
  private movedSamples = 0
  private overRange = 0
  private finished = false

  constructor(options: RecorderOptions) {
    this.options = options
    this.time = new TimeMap(options.stretches)
    this.tally = new Tally(options.classes)
    this.intervalEndSec = options.intervalSec
    this.hlogEvery = Math.max(1, Math.ceil(options.durationSec / options.intervalSec / hlogLinesMax))
    options.emitHlog('#[Histogram log format version 1.3]')
    options.emitHlog('#[StartTime: 0.000 (seconds since epoch), scenario second 0; values in microseconds]')
    options.emitHlog('"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"')
  }

  record(sample: Sample): void {
    if (this.finished) throw new DefectError('a sample came after the recorder had finished')
    const { atSec } = sample
    if (atSec >= this.intervalEndSec) this.advance(atSec)
    else if (atSec < this.intervalEndSec - this.options.intervalSec) this.movedSamples++
    this.tally.add(sample)
    if (sample.outcome === 'rejected') this.refusals.add(sample)
    if (sample.outcome === 'shed') return
    // A request of a member to Keystone gives a sample of each leg with the same instants: one of them counts here.
    if (!sample.waited && (sample.leg === 'keystone' || sample.op === 'call')) {
      const latenessUs = this.inRange(sample.sent - sample.due)
      if (latenessUs === 0) this.inTime++
      else {
        this.latenessRun.recordValue(latenessUs)
        this.latenessInterval.recordValue(latenessUs)
      }
    }
    if (sample.leg === 'client') return
    if (sample.op === 'validate' && sample.format !== null) {
      const seen = sample.format === 'uuid' && sample.outcome === 'ok'
      if (seen) this.lastUuidSeenSec = atSec
      this.uuidSeen = (this.uuidSeen ?? 0) + (seen ? 1 : 0)
    } else if (sample.format === 'uuid' && (sample.op === 'issue' || sample.op === 'trust-issue')) {
      this.rowsInserted++
    }
    // An answer has a response time, and so has the vain wait for one; a refused connection says nothing of Keystone.
    if (sample.status > 0 || sample.outcome === 'timeout') this.respond(sample)
  }

  quietCall(clientClass: string, atSec: number): void {
    let ahead = this.quiet.get(clientClass)
    if (ahead === undefined) {
      const intervals = Math.ceil(this.options.durationSec / this.options.intervalSec) + 1
      this.quiet.set(clientClass, (ahead = new Uint32Array(intervals)))
    }
    const interval = Math.floor(atSec / this.options.intervalSec)
    ahead[interval] = (ahead[interval] ?? 0) + 1
  }

  table(line: TableLine): void {
    this.options.emit(line)
  }

  event(line: EventLine): void {
    if (isSwitch(line)) {
      this.firstSwitch = Math.min(this.firstSwitch, line.startedSec)
      // The end of a later node: what came since the end of the one before it is not `after` any more.
      if (line.endedSec > this.lastSwitchEnd) this.clearAfter()
      if (line.endedSec > this.lastSwitchEnd || this.lastSwitchEnd === Infinity)
        this.lastSwitchEnd = line.endedSec
    }
    this.options.emit(line)
  }

  markCutover(atSec: number): void {
    this.firstSwitch = Math.min(this.firstSwitch, atSec)
    this.lastSwitchEnd = Infinity
    this.clearAfter()
  }

  uuidSeenSec(): number | null {
    return this.lastUuidSeenSec
  }

  memberHit(clientClass: string): void {
    this.membersHit.set(clientClass, (this.membersHit.get(clientClass) ?? 0) + 1)
  }

  memberWithout(clientClass: string, seconds: number): void {
    const longest = this.memberWithoutSec.get(clientClass) ?? 0
    this.memberWithoutSec.set(clientClass, Math.max(longest, tidySec(seconds)))
  }

  advance(nowSec: number): void {
    while (this.intervalEndSec <= nowSec) this.close()
  }

  finish(nowSec: number): RecorderEnd {
    if (this.finished) throw new DefectError('the recorder was finished twice')
    this.advance(nowSec)
    if (
      !this.tally.empty ||
      this.memberWithoutSec.size > 0 ||
      nowSec > this.intervalEndSec - this.options.intervalSec
    )
      this.close()
    this.writeHlog()
    const latency: { -readonly [op in Op]?: Record<LatencyWindow, LatencySummary> } = {}
    const service: typeof latency = {}
    ops.forEach((op, i) => {
      const own = this.opHistograms[i]?.summaries()
      if (own === undefined) return
      latency[op] = own.response
      service[op] = own.service
    })
    const { p50Ms, p99Ms, maxMs } = summaryOf(this.latenessRun)
    const { movedSamples, overRange } = this
    this.destroy()
    return { latency, service, lateness: { p50Ms, p99Ms, maxMs }, recording: { movedSamples, overRange } }
  }

  private respond(sample: Sample): void {
    const at = opPosition(sample.op)
    const own = (this.opHistograms[at] ??= new OpHistograms())
    const responseUs = this.inRange(sample.done - sample.due)
    // A value beyond the range has been counted above.
    const serviceUs = this.inRange(Math.min(sample.done - sample.sent, highestUs))
    own.add(responseUs, serviceUs, this.windowAt(sample.atSec))
  }

  private windowAt(atSec: number): LatencyWindow | null {
    if (this.time.stretchAt(atSec).speed > timeLapseSpeed) return 'timeLapse'
    if (atSec < this.firstSwitch) return atSec >= this.options.warmupSec ? 'before' : null
    return atSec >= this.lastSwitchEnd ? 'after' : null
  }

  /** Whole microseconds that a histogram can take: nothing below 0 (a timer that was early), nothing above its range. */
  private inRange(us: number): number {
    if (us <= highestUs) return us > 0 ? Math.round(us) : 0
    if (Number.isNaN(us)) throw new DefectError('a sample has an instant that is no number')
    this.overRange++
    return highestUs
  }

  private clearAfter(): void {
    for (const own of this.opHistograms) own?.clearAfter()
  }

  private takeQuiet(): void {
    for (const [clientClass, ahead] of this.quiet) {
      const n = ahead[this.interval] ?? 0
      if (n === 0) continue
      this.tally.add({ ...quietSample, clientClass }, n)
      this.inTime += n
    }
  }

  private close(): void {
    const { intervalSec, emit } = this.options
    this.takeQuiet()
    const counts = this.tally.drain()
    const refusals = this.refusals.drain()
    const latency: { -readonly [op in Op]?: OpLatency } = {}
    ops.forEach((op, i) => {
      const closed = this.opHistograms[i]?.closeInterval() ?? null
      if (closed !== null) latency[op] = closed
    })
    const fromSec = tidySec(this.interval * intervalSec)
    const refused = refusals.length === 0 ? {} : { refusals }
    const seen = this.uuidSeen === null ? {} : { uuidTokensSeen: this.uuidSeen }
    const rows = this.rowsInserted === 0 ? {} : { rowsInserted: this.rowsInserted }
    const hit = drained('membersHit', this.membersHit)
    const without = drained('memberWithoutSec', this.memberWithoutSec)
    const lateness = this.closeLateness()
    emit({
      kind: 'interval',
      fromSec,
      counts,
      latency,
      lateness,
      ...refused,
      ...seen,
      ...rows,
      ...hit,
      ...without,
    })
    this.uuidSeen = null
    this.rowsInserted = 0
    this.interval++
    this.intervalEndSec = tidySec((this.interval + 1) * intervalSec)
    if (this.interval - this.hlogFrom >= this.hlogEvery) this.writeHlog()
  }

  private closeLateness(): { n: number; p50Ms: number; p99Ms: number; maxMs: number } | null {
    if (this.inTime > 0) {
      this.latenessRun.recordValueWithCount(0, this.inTime)
      this.latenessInterval.recordValueWithCount(0, this.inTime)
      this.inTime = 0
    }
    if (this.latenessInterval.totalCount === 0) return null
    const { count: n, p50Ms, p99Ms, maxMs } = summaryOf(this.latenessInterval)
    this.latenessInterval.reset()
    return { n, p50Ms, p99Ms, maxMs }
  }

  /** Format 1.3 of the HdrHistogram log: the maximum is in milliseconds, as its readers expect of a scale of 1000. */
  private writeHlog(): void {
    const { intervalSec, emitHlog } = this.options
    const fromSec = this.hlogFrom * intervalSec
    const lengthSec = (this.interval - this.hlogFrom) * intervalSec
    this.hlogFrom = this.interval
    ops.forEach((op, i) => {
      const histogram = this.opHistograms[i]?.log
      if (histogram === undefined || histogram.totalCount === 0) return
      const most = percentileMs(histogram, 100).toFixed(3)
      const packed = encodeIntoCompressedBase64(histogram)
      emitHlog(`Tag=${op},${fromSec.toFixed(3)},${lengthSec.toFixed(3)},${most},${packed}`)
      histogram.reset()
    })
  }

  private destroy(): void {
    this.finished = true
    this.latenessRun.destroy()
    this.latenessInterval.destroy()
    for (const own of this.opHistograms) own?.destroy()
  }
}

/** A recorder for one run. Its first lines of the HdrHistogram log are written at once. */
export const createRecorder = (options: RecorderOptions): Recorder => {
  initWebAssemblySync()
  return new StreamRecorder(options)
}
