// The record of a run: what is written while it goes, line by line, and what every view is drawn from.
// A record folded from the lines of a killed run is as good as one that ended, only shorter.
import type { Stretch } from '../base/time.js'
import type { TokenFormat } from '../token/uuid.js'
import type { Cause, Leg, Op, Outcome, RefusalDetail } from './sample.js'

/** First part of run.json: known before the first request. */
/** What requests cost in a run: as our own servers, as the scenario states, or as a cost profile has it. */
export type CostsOfRun =
  | { readonly kind: 'native' | 'stated' }
  | { readonly kind: 'profile'; readonly profile: string; readonly workers: number }

export interface RunHeader {
  readonly format: 'cutover/run@1'
  readonly scenario: string
  readonly description: string
  readonly seed: number
  readonly world: 'local' | 'simulated' | 'external'
  readonly store: string
  readonly version: string
  readonly machine: {
    readonly cpus: number
    readonly memoryBytes: number
    readonly node: string
    readonly platform: string
  }
  readonly startedAt: string
  /** The exact command that runs it again. */
  readonly command: string
  readonly scenarioText: string
  readonly durationSec: number
  /** Width of one interval line in scenario seconds. */
  readonly intervalSec: number
  readonly clock: readonly Stretch[]
  readonly classes: readonly {
    readonly name: string
    readonly behaviour: string
    readonly members: number
    readonly everySec: number
  }[]
  readonly backends: number
  readonly expirationSec: number
  /** Whose response times these are; absent in records of older versions. */
  readonly costs?: CostsOfRun
  /** Fernet keys that may be active; absent in records of older versions. */
  readonly maxActiveKeys?: number
  readonly gates: readonly string[]
  readonly latenessLimitMs: number
  /** The first seconds of the run, in which caches fill; left out of `before`. */
  readonly warmupSec: number
}

/** One count in an interval line. */
export interface Count {
  readonly clientClass: string
  readonly leg: Leg
  readonly op: Op
  readonly outcome: Outcome
  readonly status: number
  readonly cause: Cause | null
  readonly node: number
  readonly n: number
}

/** Refusals of one interval that are alike in everything that is known of them. */
export interface RefusalCount {
  readonly clientClass: string
  readonly leg: Leg
  readonly cause: Cause | null
  /** Backend that refused, from 1; of what a service remembered, the backend that it had asked. 0: unknown. */
  readonly node: number
  readonly format: TokenFormat | null
  /** How old the token was, in words; null if unknown. */
  readonly age: string | null
  /** The fingerprint of the key that sealed it. */
  readonly key: string | null
  readonly inferred: Cause | null
  readonly verdict: RefusalDetail['verdict']
  readonly n: number
}

/** Response times of one op at Keystone in one interval, milliseconds of real (simulated: virtual) time. */
export interface OpLatency {
  readonly n: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Mean and standard deviation; absent in records of older versions. */
  readonly meanMs?: number
  readonly sdMs?: number
}

/** One line of series.ndjson: everything that ended in [fromSec, fromSec + intervalSec). */
export interface IntervalLine {
  readonly kind: 'interval'
  readonly fromSec: number
  readonly counts: readonly Count[]
  readonly latency: Readonly<Partial<Record<Op, OpLatency>>>
  readonly lateness: {
    readonly n: number
    readonly p50Ms: number
    readonly p99Ms: number
    readonly maxMs: number
  } | null
  /** Absent where nothing was refused. */
  readonly refusals?: readonly RefusalCount[]
  /** UUID tokens that Keystone still accepted in this interval, in whatever mode; absent where none was validated. */
  readonly uuidTokensSeen?: number
  /** Rows that were written into the token table: UUID tokens that were issued. Absent: none. */
  readonly rowsInserted?: number
  /** Members of each class whose first refusal of the run came in this interval. Absent: none. */
  readonly membersHit?: Readonly<Record<string, number>>
  /** The longest time without a good call that ended in this interval, for one member of each class, seconds. */
  readonly memberWithoutSec?: Readonly<Record<string, number>>
}

/** The token table as the store said it was. */
export interface TableLine {
  readonly kind: 'table'
  readonly atSec: number
  readonly rows: number
  /** Sum of the lengths of `extra`; null where the store was not asked (it costs a full scan). */
  readonly bytes: number | null
}

/** A step of the timeline, or something that happened by itself, as it was. */
export interface EventLine {
  readonly kind: 'event'
  /**
   * `cutover`, `cutover node 2`, `restart`, `keys.rotate`, `keys.distribute`, `flush`, `expiration`; `fault backend-killed` and
   * `repair backend-killed`, brought about by the timeline; `fault` alone: nobody's plan.
   */
  readonly event: string
  readonly label: string
  /** Written by the user, following from a period, or nobody's plan. */
  readonly origin: 'scenario' | 'clock' | 'fault'
  readonly dueSec: number
  readonly startedSec: number
  readonly endedSec: number
  readonly ok: boolean
  /** What went wrong, or what was done (`12,480 rows deleted`). */
  readonly note: string
  /** Real milliseconds that the step took. */
  readonly tookMs: number
  readonly node?: number
  readonly target?: string
  readonly to?: string
  /** Of `fault …` and `repair …`: the number of the fault, which joins its beginning and its end. */
  readonly fault?: number
  /** Rows of the token table that it deleted. */
  readonly rowsDeleted?: number
}

export type SeriesLine = IntervalLine | TableLine | EventLine

/** Latency over a window. */
export interface LatencySummary {
  readonly count: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** What the load generator's process had of the machine while it sent. */
export interface GeneratorLoad {
  /** Its processor time as a share of one core. To wait exactly for an instant that is near costs processor time, too. */
  readonly cpuShare: number
  /** The share of the time in which it was ready to run and had no core; null where the system does not tell. */
  readonly cpuWaitShare: number | null
  /** How much later than asked its event loop came round: so late are replies read. */
  readonly loopDelayP50Ms: number
  readonly loopDelayP99Ms: number
  readonly loopDelayMaxMs: number
}

/** The last part: known when the run has ended (or was ended). */
export interface RunEnd {
  readonly endedAt: string
  readonly wallSec: number
  /** Where scenario time stood at the end. */
  readonly scenarioSec: number
  /** Null: it ran to its end. */
  readonly interrupted: string | null
  /** sha256 of the series: equal for equal runs of the simulated world. */
  readonly runHash: string
  /** Distributions over whole windows, which lines of intervals cannot be added up to. */
  readonly latency: Readonly<
    Partial<
      Record<
        Op,
        {
          readonly before: LatencySummary
          readonly after: LatencySummary
          readonly timeLapse: LatencySummary
        }
      >
    >
  >
  /**
   * As `latency`, of service times: from when a request was sent, so without the lateness of the generator. It is what builds are
   * compared by. Absent in records of older versions.
   */
  readonly service?: RunEnd['latency']
  /** Processor time of all backends over the run, seconds; absent where nobody looked, or one was started anew. */
  readonly backendsCpuSec?: number
  readonly lateness: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number }
  /** Absent where time jumps: a generator that takes no part in the run's time cannot be late. */
  readonly generator?: GeneratorLoad
  /** What the recorder had to bend: samples moved to a later interval, values clamped to the histograms' range. */
  readonly recording?: { readonly movedSamples: number; readonly overRange: number }
}

/** Everything a view needs. `end` is null for a run that was killed. */
export interface RunRecord {
  readonly header: RunHeader
  readonly intervals: readonly IntervalLine[]
  readonly table: readonly TableLine[]
  readonly events: readonly EventLine[]
  readonly end: RunEnd | null
}
