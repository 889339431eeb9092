// How large the table `token` becomes, what a flush has to delete, and how it drains once nothing is added to it.
// Little's law (J. Little, Operations Research 9, 1961): what is there = rate of arrival × time that each stays.

/** What a cloud does with UUID tokens. Seconds, and events a second. */
export interface TableInput {
  readonly issuesPerSec: number
  /** `[token] expiration`. */
  readonly validitySec: number
  /** How long a row is kept after it expired: `[token] allow_expired_window` from Ocata on, 0 before. */
  readonly windowSec: number
  /** Time from one token_flush to the next. */
  readonly flushEverySec: number
  /** Bytes that a row takes: its `extra` and what the database adds. */
  readonly rowBytes: number
}

export interface TableSize {
  /** Rows whose tokens are good. */
  readonly liveRows: number
  /** Just before a flush, when the table is largest. */
  readonly mostRows: number
  /** Just after one. */
  readonly leastRows: number
  readonly mostBytes: number
}

/**
 * The table in its steady state. A row stays from its issue until the first flush after validity + window: right after a
 * flush λ · (V + W) rows are left, and λ · F more come until the next.
 */
export const tableSize = (input: TableInput): TableSize => {
  const { issuesPerSec, validitySec, windowSec, flushEverySec, rowBytes } = input
  const leastRows = issuesPerSec * (validitySec + windowSec)
  const mostRows = leastRows + issuesPerSec * flushEverySec
  return { liveRows: issuesPerSec * validitySec, leastRows, mostRows, mostBytes: mostRows * rowBytes }
}

/** The rate at which a cloud issues tokens whose live ones are so many: λ = N / V. */
export const issuesPerSecOf = (liveRows: number, validitySec: number): number => liveRows / validitySec

export interface FlushWork {
  readonly rows: number
  /** token_flush deletes batch after batch. */
  readonly batches: number
  /** Commits: one, or one a batch, as the release does it. */
  readonly transactions: number
  /** Null where nobody measured how fast the database deletes. */
  readonly seconds: number | null
}

/** What each flush deletes: whatever was issued in a period expires in a period. */
export const flushWork = (
  input: TableInput,
  release: {
    readonly transaction: 'one' | 'each'
    readonly batchRows: number
    readonly rowsPerSec: number | null
  },
): FlushWork => {
  const rows = input.issuesPerSec * input.flushEverySec
  const batches = Math.ceil(rows / release.batchRows)
  return {
    rows,
    batches,
    transactions: release.transaction === 'one' ? Math.min(1, batches) : batches,
    seconds: release.rowsPerSec === null ? null : rows / release.rowsPerSec,
  }
}

/** Rows left so many seconds after the last UUID token was issued, if a flush ran then: the ages are spread evenly. */
export const rowsAfter = ({ issuesPerSec, validitySec, windowSec }: TableInput, sec: number): number =>
  issuesPerSec * Math.max(0, validitySec + windowSec - sec)

/** When the table is empty at the latest, seconds after the last UUID token: its row's end, and one flush after it. */
export const emptyAfterSec = ({ validitySec, windowSec, flushEverySec }: TableInput): number =>
  validitySec + windowSec + flushEverySec
