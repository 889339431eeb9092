// What the engine tells of a run while it goes.
// It stands alone so that whoever keeps a run need not know the engine, nor the engine who keeps it.
import type { EventLine, TableLine } from '../measure/record.js'
import type { Sample } from '../measure/sample.js'

/** What the engine tells of a run; the recorder of `measure/` is one. */
export interface Recording {
  record(sample: Sample): void
  table(line: TableLine): void
  event(line: EventLine): void
  /** The first node is about to switch: `before` ends here. */
  markCutover(atSec: number): void
  /** When Keystone last accepted a UUID token in a validation, scenario seconds; null if it never did. */
  uuidSeenSec(): number | null
  /** A member of a class was refused for the first time. */
  memberHit(clientClass: string): void
  /** A member was without a good call for so long: from its first bad one to its next good one, or the end of the run. */
  memberWithout(clientClass: string, seconds: number): void
  advance(nowSec: number): void
  /** A call that a service will answer from memory at `atSec`, now or later: like a sample of it, without its price. */
  quietCall?(clientClass: string, atSec: number): void
}
