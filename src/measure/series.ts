// Selections from a run's record: what was counted, by interval, by window and by any name on a count.
// Views, gates and the summary all count through these, so that two of them cannot disagree.
import { firstSwitchSec, recordedUntilSec, type Span } from './windows.js'
import type { Count, OpLatency, RunRecord } from './record.js'
import type { Cause, Leg, Op, Outcome } from './sample.js'

/** What a count must be to be taken; a field that is absent takes all. `leg` is `client` unless it is said. */
export interface CountFilter {
  readonly leg?: Leg
  readonly clientClass?: string
  readonly op?: Op
  readonly outcome?: Outcome
  readonly cause?: Cause
}

/** Requests of one interval. */
export interface IntervalCount {
  readonly fromSec: number
  readonly n: number
}

const matches = (count: Count, filter: CountFilter): boolean =>
  count.leg === (filter.leg ?? 'client') &&
  (filter.clientClass === undefined || count.clientClass === filter.clientClass) &&
  (filter.op === undefined || count.op === filter.op) &&
  (filter.outcome === undefined || count.outcome === filter.outcome) &&
  (filter.cause === undefined || count.cause === filter.cause)

/** Records do not change once they are folded, so what a whole record adds up to is added up once. */
const totalsOfRecord = new WeakMap<RunRecord, readonly Count[]>()

/** Each combination of names that occurs in a record, once, with its sum over all intervals. */
export const totalsOf = (record: RunRecord): readonly Count[] => {
  const known = totalsOfRecord.get(record)
  if (known !== undefined) return known
  const sums = new Map<string, { -readonly [key in keyof Count]: Count[key] }>()
  for (const line of record.intervals) {
    for (const count of line.counts) {
      const { clientClass, leg, op, outcome, status, cause, node, n } = count
      const name = `${clientClass} ${leg} ${op} ${outcome} ${status} ${cause ?? ''} ${node}`
      const sum = sums.get(name)
      if (sum === undefined) sums.set(name, { ...count })
      else sum.n += n
    }
  }
  const totals = [...sums.values()]
  totalsOfRecord.set(record, totals)
  return totals
}

/** Refusals of one interval for one cause. */
export interface IntervalRefusals {
  readonly fromSec: number
  readonly cause: string
  readonly n: number
}

const refusalsOfRecord = new WeakMap<RunRecord, ReadonlyMap<string, readonly IntervalRefusals[]>>()

/** What the clients of a class were refused, in the order of the record: only intervals that have some. */
export const refusalsOfClass = (record: RunRecord, clientClass: string): readonly IntervalRefusals[] => {
  let byClass = refusalsOfRecord.get(record)
  if (byClass === undefined) {
    const lists = new Map<string, IntervalRefusals[]>()
    for (const { fromSec, counts } of record.intervals) {
      for (const count of counts) {
        if (count.leg !== 'client' || count.outcome !== 'rejected') continue
        const refusals = { fromSec, cause: causeName(count), n: count.n }
        const list = lists.get(count.clientClass)
        if (list === undefined) lists.set(count.clientClass, [refusals])
        else list.push(refusals)
      }
    }
    refusalsOfRecord.set(record, (byClass = lists))
  }
  return byClass.get(clientClass) ?? []
}

/** How many requests each interval counts, in the order of the record. */
export const countPerInterval = (record: RunRecord, filter: CountFilter = {}): readonly IntervalCount[] =>
  record.intervals.map((line) => {
    let n = 0
    for (const count of line.counts) if (matches(count, filter)) n += count.n
    return { fromSec: line.fromSec, n }
  })

/** What clients asked, by interval; of one class if it is named. */
export const requestsPerInterval = (record: RunRecord, clientClass?: string): readonly IntervalCount[] =>
  countPerInterval(record, clientClass === undefined ? {} : { clientClass })

/** What clients were refused, by interval; of one class and for one cause if they are named. */
export const refusalsPerInterval = (
  record: RunRecord,
  only: { readonly clientClass?: string; readonly cause?: Cause } = {},
): readonly IntervalCount[] => countPerInterval(record, { ...only, outcome: 'rejected' })

/** The sum over the intervals that begin in a window; over all without one. */
export const sumCounts = (record: RunRecord, filter: CountFilter = {}, window?: Span): number => {
  let sum = 0
  if (window === undefined) {
    for (const count of totalsOf(record)) if (matches(count, filter)) sum += count.n
    return sum
  }
  for (const line of record.intervals) {
    if (line.fromSec < window.fromSec || line.fromSec >= window.toSec) continue
    for (const count of line.counts) if (matches(count, filter)) sum += count.n
  }
  return sum
}

/** Sums by a name on each count (its class, its cause, its status …), the names in alphabetical order. */
export const sumBy = (
  record: RunRecord,
  filter: CountFilter,
  nameOf: (count: Count) => string,
): Readonly<Record<string, number>> => {
  const sums = new Map<string, number>()
  for (const count of totalsOf(record)) {
    if (!matches(count, filter)) continue
    const name = nameOf(count)
    sums.set(name, (sums.get(name) ?? 0) + count.n)
  }
  return Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** What stands for a cause that nobody found; a record that holds it does not add up. */
export const unexplained = 'unexplained'

/** The cause of a refusal as a name. */
export const causeName = (count: Count): string => count.cause ?? unexplained

/** Classes of which something was counted: those of the scenario in its order, then others by name. */
export const classesSeen = (record: RunRecord): readonly string[] => {
  const seen = new Set<string>()
  for (const count of totalsOf(record)) if (count.leg === 'client') seen.add(count.clientClass)
  const named = record.header.classes.map(({ name }) => name).filter((name) => seen.delete(name))
  return [...named, ...[...seen].sort()]
}

/** The token table as it was looked at; between two looks the earlier one holds (a step curve). */
export const rowsOverTime = (
  record: RunRecord,
): readonly { readonly atSec: number; readonly rows: number; readonly bytes: number | null }[] =>
  record.table.map(({ atSec, rows, bytes }) => ({ atSec, rows, bytes })).sort((a, b) => a.atSec - b.atSec)

/** Rows at an instant: the last look at or before it, null if there was none. */
export const rowsAt = (record: RunRecord, atSec: number): number | null =>
  rowsOverTime(record).findLast((look) => look.atSec <= atSec)?.rows ?? null

/** Bytes at an instant: the last look at or before it that asked for them, null if there was none. */
export const bytesAt = (record: RunRecord, atSec: number): number | null =>
  rowsOverTime(record).findLast((look) => look.atSec <= atSec && look.bytes !== null)?.bytes ?? null

/**
 * The table as the first switch found it; null if nobody switched, or nobody had looked by then. The timeline looks right
 * before a switch; a step that follows within the same instant may look again.
 */
export const tableAtSwitch = (
  record: RunRecord,
): { readonly rows: number; readonly bytes: number | null } | null => {
  const switchSec = firstSwitchSec(record.events)
  if (switchSec === null) return null
  const looks = rowsOverTime(record).filter((look) => look.atSec <= switchSec)
  return looks.find((look) => look.atSec === switchSec) ?? looks.at(-1) ?? null
}

/** When the table became empty for good; null if it was not empty at the last look, or never looked at. */
export const emptyAtSec = (record: RunRecord): number | null => {
  const looks = rowsOverTime(record)
  const lastFull = looks.findLastIndex((look) => look.rows > 0)
  return looks[lastFull + 1]?.atSec ?? null
}

/** Response times of one op at Keystone, only the intervals that have some. */
export const latencyOverTime = (
  record: RunRecord,
  op: Op,
): readonly (OpLatency & { readonly fromSec: number })[] =>
  record.intervals.flatMap((line) => {
    const own = line.latency[op]
    return own === undefined ? [] : [{ fromSec: line.fromSec, ...own }]
  })

/** UUID tokens that Keystone still accepted in a window; null if nobody looked in any of its intervals. */
export const uuidTokensSeen = (record: RunRecord, window?: Span): number | null => {
  let seen: number | null = null
  for (const line of record.intervals) {
    if (window !== undefined && (line.fromSec < window.fromSec || line.fromSec >= window.toSec)) continue
    if (line.uuidTokensSeen !== undefined) seen = (seen ?? 0) + line.uuidTokensSeen
  }
  return seen
}

/** Whether every refusal of a client has a cause, and what is missing. */
export interface CauseCheck {
  readonly holds: boolean
  readonly refusals: number
  readonly explained: number
  /** Refusals without a cause, by class; empty if it holds. */
  readonly missing: Readonly<Record<string, number>>
}

/** The check that the causes add up to the total, exactly, for every class. */
export const causesAddUp = (record: RunRecord): CauseCheck => {
  const refusals = sumCounts(record, { outcome: 'rejected' })
  const missing: Record<string, number> = {}
  let explained = 0
  for (const count of totalsOf(record)) {
    if (!matches(count, { outcome: 'rejected' })) continue
    if (count.cause !== null) explained += count.n
    else missing[count.clientClass] = (missing[count.clientClass] ?? 0) + count.n
  }
  return { holds: explained === refusals, refusals, explained, missing }
}

/** Calls of one class in one interval. */
interface IntervalCalls {
  readonly fromSec: number
  good: number
  bad: number
}

const callsOfRecord = new WeakMap<RunRecord, ReadonlyMap<string | null, readonly IntervalCalls[]>>()

/** Calls of a class, or of all (null), answered well and badly: only intervals that have some. */
const callsOfClass = (record: RunRecord, clientClass: string | null): readonly IntervalCalls[] => {
  let byClass = callsOfRecord.get(record)
  if (byClass === undefined) {
    const lists = new Map<string | null, IntervalCalls[]>()
    const add = (whose: string | null, fromSec: number, good: boolean, n: number): void => {
      const list = lists.get(whose) ?? []
      if (list.length === 0) lists.set(whose, list)
      let last = list.at(-1)
      if (last?.fromSec !== fromSec) list.push((last = { fromSec, good: 0, bad: 0 }))
      if (good) last.good += n
      else last.bad += n
    }
    for (const { fromSec, counts } of record.intervals) {
      for (const { leg, op, outcome, clientClass: whose, n } of counts) {
        if (leg !== 'client' || (op !== 'call' && op !== 'validate')) continue
        add(whose, fromSec, outcome === 'ok', n)
        add(null, fromSec, outcome === 'ok', n)
      }
    }
    callsOfRecord.set(record, (byClass = lists))
  }
  return byClass.get(clientClass) ?? []
}

/**
 * The longest unbroken time in a window in which calls of a class were answered badly and none well: from the start of
 * the first interval with a bad answer to the start of the next one with a good answer (or the end of the record).
 * Intervals without any call belong to the spell that they lie in. Calls are what a member is there for (`call`,
 * `validate`); that it may log in does not mean that it can work. Resolution: one interval. Null without calls.
 */
export const longestOutageSec = (
  record: RunRecord,
  clientClass: string | null,
  window: Span,
): number | null => {
  let since: number | null = null
  let longest = 0
  let called = false
  const until = Math.min(window.toSec, Math.max(recordedUntilSec(record), window.fromSec))
  for (const { fromSec, good, bad } of callsOfClass(record, clientClass)) {
    if (fromSec < window.fromSec || fromSec >= window.toSec) continue
    called ||= good + bad > 0
    if (good > 0) {
      if (since !== null) longest = Math.max(longest, fromSec - since)
      since = null
    } else if (bad > 0) since ??= fromSec
  }
  if (since !== null) longest = Math.max(longest, until - since)
  return called ? longest : null
}
