// The figures of a run that goes on, summed up line by line as its record is written.
// It exists so that whoever looks on need not fold the whole record again at each look.
import type { EventLine, IntervalLine, OpLatency, SeriesLine } from './record.js'
import type { Outcome } from './sample.js'
import { causeName } from './series.js'
import { isSwitch } from './windows.js'

/** Intervals that make up what is called recent: one alone is too coarse for a rate. */
const recentIntervals = 5

/** What one interval adds. */
interface Slice {
  readonly calls: number
  readonly atKeystone: number
  readonly byCause: ReadonlyMap<string, number>
}

/** Refusals for one cause. */
export interface CauseFigure {
  readonly cause: string
  readonly total: number
  /** Of these, in the recent intervals. */
  readonly recent: number
}

export class LiveFigures {
  /** What senders saw so far, by outcome. */
  readonly outcomes: Record<Outcome, number> = { ok: 0, rejected: 0, failed: 0, timeout: 0, shed: 0 }
  /** Refusals in each interval from the start of the run. */
  readonly refusedPerInterval: number[] = []
  readonly rows: { readonly atSec: number[]; readonly rows: number[] } = { atSec: [], rows: [] }
  /** What was written in the timeline, and what went wrong; periods of the clock only where they failed. */
  readonly events: EventLine[] = []
  /** Of the last interval in which the operation was measured. */
  readonly latency: { validate: OpLatency | null; issue: OpLatency | null } = { validate: null, issue: null }
  latenessP99Ms: number | null = null
  private readonly intervalSec: number
  private readonly causes = new Map<string, number>()
  private readonly recent: Slice[] = []
  private readonly switches: EventLine[] = []

  /** @param intervalSec width of an interval of the record, scenario seconds */
  constructor(intervalSec: number) {
    this.intervalSec = intervalSec
  }

  add(line: SeriesLine): void {
    if (line.kind === 'interval') this.addInterval(line)
    else if (line.kind === 'table') {
      this.rows.atSec.push(line.atSec)
      this.rows.rows.push(line.rows)
    } else {
      if (line.origin !== 'clock' || !line.ok) this.events.push(line)
      if (isSwitch(line)) this.switches.push(line)
    }
  }

  /** Scenario seconds that the recent figures cover; 0 before the first interval was closed. */
  get recentSec(): number {
    return this.recent.length * this.intervalSec
  }

  /** Calls of clients, and requests to Keystone, in a second of scenario time; null before the first interval was closed. */
  rates(): { readonly callsPerSec: number; readonly atKeystonePerSec: number } | null {
    if (this.recent.length === 0) return null
    const sum = (pick: (slice: Slice) => number): number => this.recent.reduce((n, each) => n + pick(each), 0)
    return {
      callsPerSec: sum(({ calls }) => calls) / this.recentSec,
      atKeystonePerSec: sum(({ atKeystone }) => atKeystone) / this.recentSec,
    }
  }

  /** Causes of refusals, the most frequent first. */
  byCause(): CauseFigure[] {
    const recentOf = (cause: string): number =>
      this.recent.reduce((n, slice) => n + (slice.byCause.get(cause) ?? 0), 0)
    return [...this.causes]
      .map(([cause, total]) => ({ cause, total, recent: recentOf(cause) }))
      .sort((a, b) => b.total - a.total || (a.cause < b.cause ? -1 : 1))
  }

  /** Where the run stands: the whole step of a switch is told when its last backend has switched. */
  get phase(): 'before the switch' | 'fleet mixed' | 'after the switch' {
    const last = this.switches.at(-1)
    if (last === undefined) return 'before the switch'
    return last.event === 'cutover' ? 'after the switch' : 'fleet mixed'
  }

  private addInterval(line: IntervalLine): void {
    let calls = 0
    let atKeystone = 0
    let refused = 0
    const byCause = new Map<string, number>()
    for (const count of line.counts) {
      const { leg, outcome, n } = count
      if (leg === 'keystone') {
        atKeystone += n
        continue
      }
      calls += n
      this.outcomes[outcome] += n
      if (outcome !== 'rejected') continue
      refused += n
      const name = causeName(count)
      byCause.set(name, (byCause.get(name) ?? 0) + n)
      this.causes.set(name, (this.causes.get(name) ?? 0) + n)
    }
    this.refusedPerInterval[Math.round(line.fromSec / this.intervalSec)] = refused
    this.latency.validate = line.latency.validate ?? this.latency.validate
    this.latency.issue = line.latency.issue ?? this.latency.issue
    this.latenessP99Ms = line.lateness?.p99Ms ?? this.latenessP99Ms
    this.recent.push({ calls, atKeystone, byCause })
    if (this.recent.length > recentIntervals) this.recent.shift()
  }
}
