// One point of a saturation sweep: what was offered, what came back, what the machine gave, and whether it may be used.
// It exists so that no figure is drawn from a point whose answers were not all good, or which measured the generator.
import type { ProviderMode } from '../token/mode.js'

export type CapacityOp = 'issue' | 'validate'

/** Cores: processor time a second, or time a second in which something was ready to run and had none. */
export interface CoreUse {
  readonly used: number
  readonly waited: number
}

export interface PointFigures {
  readonly mode: ProviderMode
  readonly op: CapacityOp
  readonly backends: number
  /** Requests under way at a time: each connection sends its next one when it has its answer. */
  readonly connections: number
  readonly seconds: number
  readonly perSec: number
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number }
  /** What the load generator saw. */
  readonly seen: { readonly good: number; readonly not2xx: number; readonly errors: number }
  /** What the backends say that they answered: `validate 200` → how often. */
  readonly served: Readonly<Record<string, number>>
  readonly rowsBefore: number
  readonly rowsAdded: number
  readonly cores: {
    readonly generator: CoreUse
    /** All backends together. */
    readonly backends: CoreUse
    /** Of a private database; null where its process is not ours, or is the backend itself. */
    readonly database: number | null
    /** Of everything else on the machine. */
    readonly others: number
  }
}

/** What kept a point from more: its backends, the load generator, or neither (too few requests, or a wait elsewhere). */
export type Bound = 'backends' | 'generator' | 'neither'

export interface JudgedPoint extends PointFigures {
  /** Why it counts for nothing; empty: it is good. */
  readonly rejected: readonly string[]
  readonly bound: Bound
  /** Other programs took more than `othersMost` of the machine meanwhile: its times are too long. */
  readonly disturbed: boolean
}

const goodStatus = { issue: 201, validate: 200 } as const

/** Whether a mode writes a row of the table for each token. */
const writesRows = (mode: ProviderMode): boolean => mode === 'uuid' || mode === 'dual-uuid'

const countOf = (value: number, what: string): string => `${value.toLocaleString('en-US')} ${what}`

/** All that is wrong with the answers of a point. */
const flawsOf = (point: PointFigures): string[] => {
  const { seen, served, mode, op, connections, rowsAdded } = point
  const flaws: string[] = []
  if (seen.not2xx > 0) flaws.push(countOf(seen.not2xx, 'answers were not 2xx'))
  if (seen.errors > 0) flaws.push(countOf(seen.errors, 'requests failed or timed out'))
  if (seen.good === 0) flaws.push('nothing was answered')
  const answered = served[`${op} ${goodStatus[op]}`] ?? 0
  const others = Object.values(served).reduce((sum, value) => sum + value, 0) - answered
  if (others > 0) flaws.push(countOf(others, 'answers of the backends were something else'))
  // What is under way on a connection when the generator stops is answered, and nobody sees it.
  const unseen = answered - seen.good
  if (unseen < 0 || unseen > connections) {
    flaws.push(
      `the backends answered ${countOf(answered, 'requests')}, the generator saw ${seen.good.toLocaleString('en-US')}`,
    )
  }
  const rows = op === 'issue' && writesRows(mode) ? answered : 0
  if (rowsAdded !== rows) flaws.push(`the table grew by ${rowsAdded} rows, not by ${rows}`)
  return flaws
}

/** Busy, or ready to be: from here on a process has nothing to spare. */
const fullShare = 0.9

const boundOf = ({ cores, backends }: PointFigures): Bound => {
  if ((cores.backends.used + cores.backends.waited) / backends >= fullShare) return 'backends'
  return cores.generator.used + cores.generator.waited >= fullShare ? 'generator' : 'neither'
}

/** Cores that other programs may take before a point tells of them, too. */
const othersMost = 0.25

export const judgePoint = (point: PointFigures): JudgedPoint => ({
  ...point,
  rejected: flawsOf(point),
  bound: boundOf(point),
  disturbed: point.cores.others > othersMost,
})

/** Whether a point says something of the service. */
export const isUsable = ({ rejected, bound }: JudgedPoint): boolean =>
  rejected.length === 0 && bound !== 'generator'
