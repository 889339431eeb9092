// What the engine knows of a world: a clock, a target and a control. It never asks which world it is in.
// A world is one choice of these three; see `worlds/`.
import type { Micros } from '../base/time.js'
import type { ApiReply, ApiRequest } from '../clients/exchange.js'
import type { Recorder } from '../measure/recorder.js'
import type { TimelineStep } from '../scenario/scenario.js'

/** Scenario time, and the time in which responses are measured. */
export interface Clock {
  /** Scenario time since the start of the run. */
  now(): Micros
  /** Runs something when scenario time reaches `when`; at once (but never synchronously) if it has passed. */
  at(when: Micros, run: () => void): void
  /** The time in which responses are measured: real time here, virtual time in a simulation. */
  measured(): Micros
  /** That time's value when scenario time reached (or will reach) `when`. */
  measuredAt(when: Micros): Micros
  /** Present where time jumps from entry to entry: what is sure to happen before a step may be counted in advance. */
  readonly jumps?: true
}

/** What a reply is given to: it, when its request was sent, and when it was there if that was before now; both measured. */
export type Receive = (reply: ApiReply, sent: Micros, received?: Micros) => void

export interface Target {
  /** Sends to backend `node` (from 1), or to the balancer (0). `done` is called exactly once, never synchronously. */
  send(node: number, request: ApiRequest, done: Receive): void
  readonly nodes: number
  /** Where a client may send to: the backends that are believed to be in service; 0 if a balancer stands before them. */
  healthy(): readonly number[]
}

/** What a step did. */
export interface StepResult {
  readonly ok: boolean
  readonly note: string
  /** Rows of the token table that it deleted. */
  readonly rowsDeleted?: number
}

/** What the operator knows of keys: which it has put where, and which there ever were. */
export interface Evidence {
  /** Fingerprints of the keys of a backend (from 1) as the operator left them; null: it cannot read them. */
  keysOn(node: number): readonly string[] | null
  /** The fingerprint of the key that sealed a token, of all keys that there were in this run; null: of none. */
  sealedWith(token: string): string | null
  /** Present where the target says no word on why it refuses: what comes as its cause was inferred by the holder. */
  readonly silent?: true
}

export interface Control {
  /** Changes the world as one step says. `node` is given where a step is applied backend after backend. */
  apply(step: TimelineStep, node: number | null, done: (result: StepResult) => void): void
  /** Asks the store how large the token table is. */
  table(done: (size: { rows: number; bytes: number | null } | null) => void): void
  /**
   * Asks the store when the last of its rows expires, scenario seconds; `atSec` null: there is no row. The answer is null
   * where nobody can say.
   */
  lastExpiry(done: (answer: { readonly atSec: number | null } | null) => void): void
}

/** What the engine tells of a run. Without `quietCall` every call is a sample of its own. */
export type Recording = Omit<Recorder, 'finish' | 'quietCall'> & Partial<Pick<Recorder, 'quietCall'>>
