// One call of a member while it runs: its instants, and what the behaviour reports of it.
// A call may need several exchanges with Keystone and with services, one after the other.
import { toSec, type Micros } from '../base/time.js'
import type { CallContext, TokenOnNode } from '../clients/exchange.js'
import type { Cause, Op, Outcome } from '../measure/sample.js'
import type { Lane } from './lanes.js'
import type { Lapses } from './lapses.js'
import type { Notes } from './notes.js'
import type { Clock } from './ports.js'

/** What all calls of a run share. */
export interface CallSurroundings {
  readonly clock: Clock
  readonly startsAtEpochSec: number
  readonly notes: Notes
  readonly lapses: Lapses
}

export class Call implements CallContext {
  private readonly surroundings: CallSurroundings
  private readonly lane: Lane
  private readonly due: Micros
  /** The exchange with a service that comes next: first due with the call, later when the one before it ended. */
  private legDue: Micros
  private legSent: Micros
  private asked = false
  /** When the reply was there with which the call goes on; null where it goes on for another reason, which is always now. */
  private repliedAt: Micros | null = null
  waited: boolean

  /** @param instants.waited the member itself was busy when the call was due */
  constructor(
    surroundings: CallSurroundings,
    lane: Lane,
    { due, begun, waited }: { readonly due: Micros; readonly begun: Micros; readonly waited: boolean },
  ) {
    this.surroundings = surroundings
    this.lane = lane
    this.due = due
    this.legDue = due
    this.legSent = begun
    this.waited = waited
  }

  nowSec(): number {
    return toSec(this.surroundings.clock.now())
  }

  epochSec(): number {
    return this.surroundings.startsAtEpochSec + this.nowSec()
  }

  /** Goes on because a reply came at this measured instant; null: for another reason. */
  goesOn(repliedAt: Micros | null): void {
    this.repliedAt = repliedAt
  }

  startsAnew(): void {
    const now = this.instant()
    this.legDue = now
    this.legSent = now
    this.waited = true
    this.asked = true
  }

  /** The first request to Keystone was due when the call was; each later one when the reply before it came. */
  takeDue(): Micros {
    if (this.asked) return this.instant()
    this.asked = true
    return this.due
  }

  /** What it asks now was not due before: it stood in a queue of its service, which is no lateness of the generator. */
  waitedForOthers(): void {
    this.asked = true
  }

  saw(op: Op, outcome: Outcome, status: number, cause: Cause | null, of?: TokenOnNode): void {
    const now = this.instant()
    const { className } = this.lane.member
    this.surroundings.notes.note(
      className,
      'client',
      op,
      outcome,
      status,
      cause,
      0,
      null,
      this.legDue,
      this.legSent,
      now,
      this.waited,
      outcome === 'rejected' && of !== undefined ? this.surroundings.notes.describe(of) : null,
    )
    this.surroundings.lapses.felt(this.lane, op, outcome)
    this.legDue = now
    this.legSent = now
    // What comes next is sent at once, and says nothing of the generator's lateness.
    this.waited = true
  }

  private instant(): Micros {
    return this.repliedAt ?? this.surroundings.clock.measured()
  }
}
