// What a world must offer to be rehearsed in, and how it is opened. The engine sees only clock, target and control.
// Each folder beside this file is one world; nothing outside `worlds/` knows which there are but the table at the end.
import type { TimeMap } from '../base/time.js'
import type { StoreChoice } from '../io/store/open.js'
import type { EventLine } from '../measure/record.js'
import type { Clock, Control, Evidence, Target } from '../rehearsal/ports.js'
import type { Population } from '../rehearsal/population.js'
import type { Scenario } from '../scenario/scenario.js'
import type { BackendWord } from './onlooker.js'
import type { ExternalOptions } from './external/settings.js'

export type WorldName = 'simulated' | 'local' | 'external'

/** A long piece of work before or after the run itself, or, as a flush, beside it. */
export interface Progress {
  readonly phase: 'starting' | 'seeding' | 'flushing' | 'ending'
  readonly done: number
  readonly total: number
  readonly text: string
}

export interface OpenWorldOptions {
  readonly scenario: Scenario
  readonly store: StoreChoice
  /** A folder of the run for what the world keeps on disk (key repositories, an embedded database). */
  readonly folder: string
  /** Aborted when somebody stops the run before it has begun: `open` then ends what it started, and throws the reason. */
  readonly signal?: AbortSignal
  readonly onProgress: (progress: Progress) => void
  /** Told of what happened by itself: a backend that died. */
  readonly onFault: (fault: EventLine) => void
  /** Where a Keystone is given: which, and as whom. */
  readonly external?: ExternalOptions
  /** Called by a world that wants the run to end, with the reason. */
  readonly onStop?: (reason: string) => void
  /** Told of what a person must know beside the record: something that could not be removed. */
  readonly onWarning?: (text: string) => void
}

export interface World {
  readonly clock: Clock
  readonly target: Target
  readonly control: Control
  readonly evidence: Evidence
  readonly population: Population
  /** Speeds and shares of traffic as this world runs them. */
  readonly timeMap: TimeMap
  /** `sqlite`, `mariadb`, `mysql`, `memory`, of a given Keystone its address: for the summary. */
  readonly storeName: string
  /** Lets time pass until `ended` is settled. */
  run(ended: Promise<void>): Promise<void>
  /** Processor time of the backends since the run began, seconds; null if one was started anew. Absent: not to be had. */
  backendsCpuSec?(): Promise<number | null>
  /** What each backend says of itself right now. Absent: they cannot be asked. */
  backendWords?(): Promise<readonly BackendWord[]>
  /** Ends every process, removes what was only needed for the run. */
  close(): Promise<void>
}
