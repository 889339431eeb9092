// What a table of a size costs: each validation, and each flush of an hour's tokens.
// It exists as plain figures, so that the chart, the file of measured figures and the plan read the same.
import type { ProviderMode } from '../token/mode.js'

export interface TableCost {
  readonly mode: ProviderMode
  readonly perSec: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Processor time of the backend for one validation. */
  readonly backendMs: number
  /** That of the database; null: not seen. */
  readonly databaseMs: number | null
  /** Why the figures count for nothing; empty: they are good. */
  readonly rejected: readonly string[]
  /** Other programs took a part of the machine: the times are too long. */
  readonly disturbed: boolean
}

export interface FlushCost {
  readonly rows: number
  readonly seconds: number
  /** Processor time of the database; null: not seen. */
  readonly databaseSec: number | null
}

export interface GrowthFigures {
  readonly rows: number
  /** How long it took to fill the table. */
  readonly filledSec: number
  readonly validate: readonly TableCost[]
  readonly flush: {
    readonly alone: FlushCost
    readonly whileValidating: FlushCost & {
      readonly validate: {
        readonly answered: number
        readonly perSec: number
        readonly p50Ms: number
        readonly p99Ms: number
        readonly failed: number
      }
    }
  }
}

/** What a plan needs to know of a table. */
export interface FlushedTable {
  readonly rows: number
  readonly flush: { readonly alone: Pick<FlushCost, 'rows' | 'seconds'> }
}

/** Rows that the database deletes in a second, where the table is nearest to a size; null if nothing was measured. */
export const flushRateNear = (growth: readonly FlushedTable[], rows: number): number | null => {
  const distance = (figures: FlushedTable): number => Math.abs(Math.log(figures.rows / Math.max(1, rows)))
  const [first, ...others] = growth
  if (first === undefined) return null
  const nearest = others.reduce((best, each) => (distance(each) < distance(best) ? each : best), first)
  const { alone } = nearest.flush
  return alone.rows / alone.seconds
}
