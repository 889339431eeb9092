// Who looks on while a run goes: what they are told, and what they may ask and do.
// It exists so that screens and pages know of a run only this.
import type { GeneratorLoad, RunHeader, SeriesLine } from '../measure/record.js'
import type { ManualStep } from '../rehearsal/manualSteps.js'
import type { ProviderMode } from '../token/mode.js'

/** What there is to see while a run goes on. */
export interface Pulse {
  readonly nowSec: number
  readonly durationSec: number
  readonly speed: number
  readonly calls: number
  readonly rejected: number
  readonly rows: number | null
  /** Real seconds to the end of the run: by the scenario's speeds, or estimated where time jumps; null while nothing can be said. */
  readonly leftSec: number | null
}

/** Told of a run while it goes on. Nothing here may take long: the load generator waits for it. */
export interface Onlooker {
  /** Once, how it begins. */
  begun(header: RunHeader): void
  /** Each line of its record as it is written. */
  line(line: SeriesLine): void
  /** The first request is about to be sent. */
  running?(run: RunUnderWay): void
  /** The report is written; settled when it was shown. */
  ended?(reportHtml: string): Promise<void>
}

/** What may be asked of a run while it goes on. */
export interface RunUnderWay {
  /** The provider of all backends when it starts. */
  readonly provider: ProviderMode
  /** How it stands right now. */
  readonly look: () => RunMoment
  /** Does a step that waits for the operator; false if none with this number does. */
  readonly trigger: (number: number) => boolean
}

/** What a backend says of itself; it knows of every request that reached it, the warm-up's included. */
export interface BackendWord {
  readonly node: number
  /** Null: it is down, or hangs. */
  readonly said: {
    /** `validate 200` → how often since its process was started. */
    readonly answers: Readonly<Record<string, number>>
    /** Requests that it has read and not answered yet. */
    readonly underWay: number
    /** Processor time of its process. */
    readonly cpuSec: number
  } | null
}

/** How a run stands between two lines of its record. */
export interface RunMoment {
  readonly nowSec: number
  /** Scenario seconds in a real second; null where time jumps. */
  readonly speed: number | null
  /** Calls begun so far. */
  readonly calls: number
  /** What the generator had of the machine so far; null where it takes no part in the run's time. */
  readonly generator: GeneratorLoad | null
  /** What the backends said of themselves a moment ago; empty where they cannot be asked. */
  readonly backends: readonly BackendWord[]
  /** Steps of the timeline that wait for the operator. */
  readonly manual: readonly ManualStep[]
}
