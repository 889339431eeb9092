// A plan from a few numbers: keys, the table, its flushes and its drain, workers. Each figure comes with its derivation.
// It exists so that an operator can check on paper what a rehearsal will show.
import type { CapacityAnswer } from './capacity.js'
import { responseQuantileSec, serversFor, utilisation } from './queueing.js'
import { emptyAfterSec, flushWork, tableSize, type TableInput } from './tableGrowth.js'

export type PlanUnit = 'keys' | 'rows' | 'bytes' | 'rows/s' | 's' | 'workers' | '/s' | 'transactions'

/** One figure; `value` null: it cannot be had, and `how` says why. */
export interface PlanFigure {
  readonly name: string
  readonly value: number | null
  readonly unit: PlanUnit
  /** How it follows from what was given. */
  readonly how: string
}

/** A kind of request that Keystone's workers answer. */
export interface PlannedLoad {
  readonly op: 'issue' | 'validate'
  readonly perSec: number
  /** Mean time that one request keeps a worker busy, seconds. */
  readonly serviceSec: number
}

/** What `cutover capacity` measured, for a load of both operations. */
export interface PlannedWorkers {
  readonly answer: CapacityAnswer
  readonly perSec: { readonly validate: number; readonly issue: number }
}

export interface PlanInput extends TableInput {
  readonly rotationSec: number
  /** `max_active_keys` as it is; null where the plan shall say what it should be. */
  readonly maxActiveKeys: number | null
  readonly flush: {
    readonly transaction: 'one' | 'each'
    readonly batchRows: number
    /** Rows that the database deletes in a second, as measured; null: not known. */
    readonly rowsPerSec: number | null
  }
  /** What the workers are to answer; empty: nothing is said of workers. */
  readonly loads: readonly PlannedLoad[]
  readonly target: { readonly share: number; readonly withinSec: number; readonly busyMost: number }
  /** By provider, as measured; empty: nothing was. */
  readonly measured: readonly PlannedWorkers[]
}

const words = (value: number, digits = 3): string =>
  Number(value.toPrecision(digits)).toLocaleString('en-US', { maximumFractionDigits: 6 })

const hours = (sec: number): string => `${words(sec / 3600)} h`

/** Keys that must be there at once (see `requiredKeys` in `token/keyring.ts`): life / rotation, rounded up, and two. */
const keyFigures = ({ validitySec, windowSec, rotationSec, maxActiveKeys }: PlanInput): PlanFigure[] => {
  const lifeSec = validitySec + windowSec
  const needed = Math.ceil(lifeSec / rotationSec) + 2
  const life = windowSec === 0 ? hours(validitySec) : `(${hours(validitySec)} + ${hours(windowSec)})`
  const figures: PlanFigure[] = [
    {
      name: 'keys needed (max_active_keys)',
      value: needed,
      unit: 'keys',
      how: `${life} / ${hours(rotationSec)}, rounded up, + 2 (the staged one, and the primary that is still sealing)`,
    },
  ]
  if (maxActiveKeys === null || maxActiveKeys >= needed) return figures
  const earlySec = Math.max(0, lifeSec - (Math.max(2, maxActiveKeys) - 2) * rotationSec)
  return [
    ...figures,
    {
      name: 'tokens die early by up to',
      value: earlySec,
      unit: 's',
      how: `with ${maxActiveKeys} keys: ${life} − (${Math.max(2, maxActiveKeys)} − 2) × ${hours(rotationSec)}`,
    },
  ]
}

const tableFigures = (input: PlanInput): PlanFigure[] => {
  const { issuesPerSec, validitySec, windowSec, flushEverySec, rowBytes, flush } = input
  const size = tableSize(input)
  const work = flushWork(input, flush)
  const rate = `${words(issuesPerSec)}/s`
  const kept = windowSec === 0 ? hours(validitySec) : `(${hours(validitySec)} + ${hours(windowSec)} kept)`
  return [
    { name: 'live UUID tokens', value: size.liveRows, unit: 'rows', how: `${rate} × ${hours(validitySec)}` },
    {
      name: 'rows at most, before a flush',
      value: size.mostRows,
      unit: 'rows',
      how: `${rate} × (${kept} + ${hours(flushEverySec)} between flushes)`,
    },
    {
      name: 'bytes at most',
      value: size.mostBytes,
      unit: 'bytes',
      how: `${words(size.mostRows, 6)} rows × ${words(rowBytes)} B`,
    },
    {
      name: 'rows deleted by each flush',
      value: work.rows,
      unit: 'rows',
      how: `${rate} × ${hours(flushEverySec)}`,
    },
    {
      name: 'transactions of each flush',
      value: work.transactions,
      unit: 'transactions',
      how:
        flush.transaction === 'one'
          ? 'this release deletes in one transaction'
          : `one for each ${words(flush.batchRows)} rows`,
    },
    {
      name: 'each flush takes',
      value: work.seconds,
      unit: 's',
      how:
        work.seconds === null
          ? 'not known: give --flush-rate, as measured on your database'
          : `${words(work.rows, 6)} rows / ${words(flush.rowsPerSec ?? 0)} rows/s`,
    },
    {
      name: 'rows written with UUID tokens',
      value: 2 * issuesPerSec,
      unit: 'rows/s',
      how: `${rate} inserted, and as many deleted; none with Fernet tokens`,
    },
  ]
}

const drainFigures = (input: PlanInput): PlanFigure[] => {
  const { validitySec, windowSec, flushEverySec } = input
  const kept = windowSec === 0 ? '' : ` + ${hours(windowSec)} kept`
  return [
    {
      name: 'dual mode may end after',
      value: validitySec + windowSec,
      unit: 's',
      how: `from the last UUID token on: ${hours(validitySec)} validity${windowSec === 0 ? '' : ` + ${hours(windowSec)} in which services may still use it`}`,
    },
    {
      name: 'table empty at the latest after',
      value: emptyAfterSec(input),
      unit: 's',
      how: `${hours(validitySec)}${kept} + ${hours(flushEverySec)} until the next flush`,
    },
  ]
}

const loadFigures = ({ loads, target }: PlanInput): PlanFigure[] => {
  const perSec = loads.reduce((sum, load) => sum + load.perSec, 0)
  if (perSec === 0) return []
  const busy = loads.reduce((sum, load) => sum + load.perSec * load.serviceSec, 0)
  const load = { arrivalsPerSec: perSec, serviceSec: busy / perSec }
  const servers = serversFor(load, target)
  const offered = loads
    .map((each) => `${words(each.perSec)}/s × ${words(each.serviceSec * 1000)} ms`)
    .join(' + ')
  const wish = `p${words(target.share * 100)} ≤ ${words(target.withinSec * 1000)} ms`
  if (servers === null) {
    return [
      {
        name: 'workers needed',
        value: null,
        unit: 'workers',
        how: `${wish} cannot be had: one request alone takes ${words(load.serviceSec * 1000)} ms on average`,
      },
    ]
  }
  const pool = { ...load, servers }
  const quantile = responseQuantileSec(pool, target.share)
  return [
    {
      name: 'workers needed',
      value: servers,
      unit: 'workers',
      how:
        `${offered} = ${words(busy)} workers' worth; for ${wish} and at most ${words(target.busyMost * 100)} % busy ` +
        `(M/M/c: ${words(utilisation(pool) * 100)} % busy, ${words(quantile * 1000)} ms)`,
    },
  ]
}

/** The workers of each provider, by the figures of a measurement. */
const measuredFigures = ({ measured, target }: PlanInput): PlanFigure[] =>
  measured.flatMap(({ answer, perSec }) => {
    const { mode, needed, why, rowWritesPerSec, databaseCores, disturbed, scaled } = answer
    const wish = `p${words(target.share * 100)} ≤ ${words(target.withinSec * 1000)} ms and at most ${words(target.busyMost * 100)} % busy`
    const load = `${words(perSec.validate)} validations/s and ${words(perSec.issue)} issues/s`
    const database = databaseCores === null ? '' : `; the database is busy for ${words(databaseCores)} cores`
    const workers: PlanFigure = {
      name: `workers with ${mode}, as measured`,
      value: needed?.workers ?? null,
      unit: 'workers',
      how:
        needed === null
          ? `${load}, ${wish}: ${why ?? ''}`
          : `${load}, ${wish} (M/G/c: ${words(needed.busyShare * 100)} % busy, ` +
            needed.response.map(({ op, sec }) => `${op} ${words(sec * 1000)} ms`).join(', ') +
            `${scaled ? ', with what workers cost each other' : ''})${database}` +
            (disturbed ? '; measured beside other programs, so too many' : ''),
    }
    if (rowWritesPerSec === null) return [workers]
    const writes: PlanFigure = {
      name: `rows written with ${mode}, as measured`,
      value: rowWritesPerSec,
      unit: 'rows/s',
      how: 'rows of the table `token` for each issue, and as many deleted by flushes',
    }
    return [workers, writes]
  })

/** All figures, in the order in which an operator asks for them. */
export const makePlan = (input: PlanInput): readonly PlanFigure[] => [
  ...keyFigures(input),
  ...tableFigures(input),
  ...drainFigures(input),
  ...loadFigures(input),
  ...measuredFigures(input),
]
