// The counts of the open interval: one for each combination of class, leg, op, outcome, cause, status and node.
// It exists so that counting a sample costs two look-ups and leaves nothing behind.
import type { Count } from './record.js'
import type { Cause, Leg, Op, Outcome, Sample } from './sample.js'

const legs: readonly Leg[] = ['client', 'keystone']
/** In the order in which they are listed everywhere. */
export const ops: readonly Op[] = ['call', 'validate', 'issue', 'trust-issue', 'revoke']
export const outcomes: readonly Outcome[] = ['ok', 'rejected', 'failed', 'timeout', 'shed']
export const causes: readonly (Cause | null)[] = [
  null,
  'uuid-on-fernet-node',
  'fernet-on-uuid-node',
  'key-not-distributed',
  'key-rotated-away',
  'expired',
  'flushed',
  'revoked',
  'trust-gone',
  'user-gone',
  'unknown-token',
  'stale-cache',
  'service-unavailable',
]
const positions = <T>(list: readonly T[]): ReadonlyMap<T, number> => new Map(list.map((item, i) => [item, i]))
const legAt = positions(legs)
const opAt = positions(ops)
const outcomeAt = positions(outcomes)
const causeAt = positions(causes)

/** A status has three digits, so a node and a status make one key. */
const statusesMax = 1000

/** One combination, with its count in the open interval. */
interface Cell {
  readonly labels: Omit<Count, 'n'>
  /** What it is sorted by. */
  readonly order: readonly (number | string)[]
  n: number
}

const compareOrder = (a: Cell, b: Cell): number => {
  for (let i = 0; i < a.order.length; i++) {
    const left = a.order[i] ?? 0
    const right = b.order[i] ?? 0
    if (left !== right) return left < right ? -1 : 1
  }
  return 0
}

/** The place of an op in `ops`. */
export const opPosition = (op: Op): number => opAt.get(op) ?? 0

/** Counts samples until they are drained. Its memory is bounded by the combinations that occur, not by the run. */
export class Tally {
  private readonly classAt: Map<string, number>
  private readonly classesNamed: number
  private readonly cells: (Map<number, Cell> | undefined)[] = []
  private readonly touched: Cell[] = []

  /** The classes in the order in which they shall be listed. Others may occur (a service's own requests): they come last. */
  constructor(classes: readonly string[]) {
    this.classAt = new Map(classes.map((name, i) => [name, i]))
    this.classesNamed = this.classAt.size
  }

  get empty(): boolean {
    return this.touched.length === 0
  }

  /** Counts a sample, or `n` equal ones. */
  add(sample: Sample, n = 1): void {
    const classIndex = this.classAt.get(sample.clientClass) ?? this.addClass(sample.clientClass)
    const leg = legAt.get(sample.leg) ?? 0
    const outcome = outcomeAt.get(sample.outcome) ?? 0
    const cause = causeAt.get(sample.cause) ?? 0
    const legAndOp = (classIndex * legs.length + leg) * ops.length + opPosition(sample.op)
    const row = (legAndOp * outcomes.length + outcome) * causes.length + cause
    const column = sample.node * statusesMax + sample.status
    const cells = (this.cells[row] ??= new Map<number, Cell>())
    let cell = cells.get(column)
    if (cell === undefined) {
      cell = this.createCell(sample, classIndex)
      cells.set(column, cell)
    }
    if (cell.n === 0) this.touched.push(cell)
    cell.n += n
  }

  /** The counts that are not zero, in an order that does not depend on the order of the samples; all are zero after. */
  drain(): Count[] {
    const counts = this.touched.sort(compareOrder).map((cell) => ({ ...cell.labels, n: cell.n }))
    for (const cell of this.touched) cell.n = 0
    this.touched.length = 0
    return counts
  }

  private addClass(name: string): number {
    const index = this.classAt.size
    this.classAt.set(name, index)
    return index
  }

  private createCell(sample: Sample, classIndex: number): Cell {
    const { clientClass, leg, op, outcome, status, cause, node } = sample
    // Classes that no scenario named are listed by name: their order of arrival may differ between two runs.
    const place = classIndex < this.classesNamed ? [classIndex, ''] : [this.classesNamed, clientClass]
    const rest = [
      legAt.get(leg) ?? 0,
      opPosition(op),
      outcomeAt.get(outcome) ?? 0,
      status,
      causeAt.get(cause) ?? 0,
      node,
    ]
    return {
      labels: { clientClass, leg, op, outcome, status, cause, node },
      order: [...place, ...rest],
      n: 0,
    }
  }
}
