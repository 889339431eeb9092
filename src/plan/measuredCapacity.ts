// The result of a measurement of capacity as it is kept in a file, and the part of it that a plan reads back.
// It exists so that figures measured on one day, or on another machine, can be planned with.
import { z } from 'zod'
import type { CapacityAnswer, Curve, Need, OperationCost } from './capacity.js'
import type { JudgedPoint } from './capacityPoint.js'
import type { GrowthFigures } from './tableCost.js'

const capacityFormat = 'cutover/capacity@1'

/** `cutover capacity --json`. */
export interface MeasuredCapacity {
  readonly format: typeof capacityFormat
  readonly version: string
  readonly startedAt: string
  readonly machine: {
    readonly cpus: number
    readonly memoryBytes: number
    readonly node: string
    readonly platform: string
  }
  /** It was ended before its time. */
  readonly stopped: boolean
  readonly settings: {
    readonly store: string
    readonly release: string
    readonly passwordHash: { readonly scheme: string; readonly rounds: number }
    /** Rows of the table when the sweep began. */
    readonly rows: number
    /** Of each point. */
    readonly seconds: number
    readonly seed: number
  }
  /** Bytes of the column `extra`, on average; null: not measured. */
  readonly rowBytes: number | null
  readonly points: readonly JudgedPoint[]
  readonly curves: readonly Curve[]
  readonly costs: readonly OperationCost[]
  readonly need: Need
  readonly answers: readonly CapacityAnswer[]
  readonly growth: readonly GrowthFigures[]
}

const amount = z.number().nonnegative()
const flushSchema = z.object({ rows: amount, seconds: z.number().positive(), databaseSec: amount.nullable() })
const fitSchema = z.object({
  lambda: z.number().positive(),
  sigma: amount,
  kappa: amount,
  errors: z.object({ lambda: amount.nullable(), sigma: amount.nullable(), kappa: amount.nullable() }),
  residual: amount.nullable(),
  points: z.int().positive(),
})

const planPart = z.object({
  format: z.literal(capacityFormat),
  startedAt: z.string(),
  machine: z.object({ cpus: z.int().positive() }),
  settings: z.object({
    store: z.string(),
    release: z.string(),
    passwordHash: z.object({ scheme: z.string(), rounds: z.number() }),
  }),
  rowBytes: amount.nullable(),
  costs: z.array(
    z.object({
      mode: z.enum(['uuid', 'dual-uuid', 'dual-fernet', 'fernet']),
      op: z.enum(['issue', 'validate']),
      busySec: z.number().positive(),
      saturated: z.boolean(),
      alone: z.object({ p50Sec: amount, p99Sec: amount, connections: z.int().positive() }),
      disturbed: z.boolean(),
      databaseSec: amount.nullable(),
      rowsWritten: amount,
      byWorkers: fitSchema.nullable(),
      coresMost: amount,
    }),
  ),
  growth: z.array(
    z.object({
      rows: z.int().positive(),
      flush: z.object({ alone: flushSchema }),
    }),
  ),
})

/** What a plan reads. */
export type PlannedFrom = z.output<typeof planPart>

/** Reads the text of such a file; what is wrong with it as path and message. */
export const readMeasured = (
  text: string,
):
  | { readonly ok: true; readonly measured: PlannedFrom }
  | {
      readonly ok: false
      readonly problems: readonly { readonly path: string; readonly message: string }[]
    } => {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    return { ok: false, problems: [{ path: '', message: 'is no JSON' }] }
  }
  if (!z.object({ format: z.literal(capacityFormat) }).safeParse(data).success)
    return { ok: false, problems: [{ path: 'format', message: `is not ${capacityFormat}` }] }
  const shape = planPart.safeParse(data)
  if (shape.success) return { ok: true, measured: shape.data }
  return {
    ok: false,
    problems: shape.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })),
  }
}
