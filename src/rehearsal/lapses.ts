// Who was refused, and who was how long without a good call.
// What users of a cloud feel of a change are not requests that failed, but the time until things work again.
import { toSec } from '../base/time.js'
import type { Op, Outcome } from '../measure/sample.js'
import type { Lane } from './lanes.js'
import type { Clock, Recording } from './ports.js'

export class Lapses {
  private readonly clock: Clock
  private readonly recording: Pick<Recording, 'memberHit' | 'memberWithout'>
  /** Members whose last call failed. */
  private readonly down = new Set<Lane>()

  constructor(clock: Clock, recording: Pick<Recording, 'memberHit' | 'memberWithout'>) {
    this.clock = clock
    this.recording = recording
  }

  /** What an exchange was to the member: its first refusal, the beginning or the end of a time without a good call. */
  felt(lane: Lane, op: Op, outcome: Outcome): void {
    if (outcome === 'rejected' && !lane.refused) {
      lane.refused = true
      this.recording.memberHit(lane.member.className)
    }
    if (outcome !== 'ok') {
      if (lane.badSinceSec < 0) {
        lane.badSinceSec = toSec(this.clock.now())
        this.down.add(lane)
      }
    } else if (lane.badSinceSec >= 0 && (op === 'call' || op === 'validate')) this.recovered(lane)
  }

  recovered(lane: Lane): void {
    const seconds = toSec(this.clock.now()) - lane.badSinceSec
    lane.badSinceSec = -1
    this.down.delete(lane)
    this.recording.memberWithout(lane.member.className, seconds)
  }

  /** The run is over: who is still without a good call was so until now. */
  end(): void {
    for (const lane of this.down) this.recovered(lane)
  }
}
