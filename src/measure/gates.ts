// Gates at work: what a run showed for each, and whether that passes. No data is never a pass.
// The same evaluation serves a finished run, a killed one, and a second look at an old folder.
import { formatProblem } from '../base/errors.js'
import { faultEffects, type FaultEffect } from './faultEffects.js'
import { disagreementsIn } from './forensics.js'
import { latencyOf, mergeLatency, noLatency } from './fold.js'
import {
  parseGate,
  type Gate,
  type GateUnit,
  type GateWindow,
  type Instant,
  type Metric,
} from './gateParser.js'
import type { LatencySummary, OpLatency, RunRecord } from './record.js'
import type { Op } from './sample.js'
import { longestOutageSec, rowsAt, sumCounts, tableAtSwitch, uuidTokensSeen } from './series.js'
import type { Figure } from './spread.js'
import {
  ceilToInterval,
  firstSwitchSec,
  floorToInterval,
  lastSwitchEndSec,
  latencyWindowOf,
  reachedItsEnd,
  recordedUntilSec,
  type Span,
} from './windows.js'

export {
  checkGate,
  parseGate,
  type Gate,
  type GateNames,
  type GateUnit,
  type ParsedGate,
} from './gateParser.js'

export interface GateResult {
  /** The gate as it was written. */
  readonly gate: string
  readonly result: 'pass' | 'fail' | 'no-data'
  /** In `unit`; null where nothing was observed. */
  readonly observed: number | null
  /** In `unit`; null where it depends on a window without data. */
  readonly limit: number | null
  readonly unit: GateUnit
  /** Why there is no data, or what to keep in mind; empty if there is nothing to say. */
  readonly note: string
  /** True where a quantile was put together from the quantiles of intervals. */
  readonly approximate: boolean
}

/** What a metric showed: a number, or null and why. */
interface Observation {
  readonly value: number | null
  readonly note: string
  readonly approximate: boolean
}

const seen = (value: number, note = ''): Observation => ({ value, note, approximate: false })
const unseen = (note: string): Observation => ({ value: null, note, approximate: false })

/** Judges a gate as it was written. One that this version cannot read (in the folder of another one) has no data. */
export const evaluateGateText = (text: string, record: RunRecord): GateResult => {
  const parsed = parseGate(text)
  if (parsed.ok) return evaluateGate(parsed.gate, record)
  const note = `this gate cannot be read: ${parsed.problems.map(formatProblem).join('; ')}`
  return { gate: text, result: 'no-data', observed: null, limit: null, unit: '', note, approximate: false }
}

/** Judges one gate on a record. */
export const evaluateGate = (gate: Gate, record: RunRecord): GateResult => {
  const left = observe(gate.metric, record)
  const right = limitOf(gate, record)
  const note = [left.note, right.note].filter((text) => text !== '').join('; ')
  const observed = tidy(left.value)
  const limit = tidy(right.value)
  const approximate = left.approximate || right.approximate
  const told = { gate: gate.text, observed, limit, unit: gate.unit, note, approximate }
  if (observed === null || limit === null) return { ...told, result: 'no-data' }
  return { ...told, result: holds(observed, gate.comparison, limit) ? 'pass' : 'fail' }
}

/** Without the dust of floating point: 1.2 times 3 ms is 3.6 ms, and 3.6 ms is within that. */
const tidy = (value: number | null): number | null => (value === null ? null : Math.round(value * 1e6) / 1e6)

const holds = (left: number, comparison: Gate['comparison'], right: number): boolean => {
  switch (comparison) {
    case '==':
      return left === right
    case '!=':
      return left !== right
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
  }
}

const limitOf = (gate: Gate, record: RunRecord): Observation => {
  const { limit, metric } = gate
  if (typeof limit === 'number') return seen(limit)
  if (!('window' in metric)) return unseen('this has no window before')
  const before = observe({ ...metric, window: 'before' }, record)
  return before.value === null
    ? { ...before, note: `before: ${before.note}` }
    : { ...before, value: limit.timesBefore * before.value }
}

const observe = (metric: Metric, record: RunRecord): Observation => {
  if (metric.kind === 'rows') return observeRows(metric.at, record)
  if (!('window' in metric)) return observeFaults(metric, record)
  const window = resolveWindow(metric.window, record)
  if (typeof window === 'string') return unseen(window)
  switch (metric.kind) {
    case 'response':
      return observeResponse(metric.quantile, metric.op, metric.window, window, record)
    case 'outage': {
      const { clientClass } = metric
      const longest = longestOutageSec(record, clientClass, window)
      return longest === null ? unseen(noRequests(clientClass)) : seen(longest)
    }
    case 'uuid-seen': {
      const tokens = uuidTokensSeen(record, window)
      return tokens === null
        ? unseen('no validation told the format of its token in this window')
        : seen(tokens)
    }
    case 'disagreements': {
      const n = disagreementsIn(record, window)
      return n === null ? unseen('Keystone refused nothing whose cause a holder could tell') : seen(n)
    }
    case 'count':
    case 'ratio':
      return observeCount(metric, window, record)
  }
}

/** The worst of the faults of a kind, or of all. A fault of which nothing is known may have been worse. */
const observeFaults = (
  metric: Extract<Metric, { readonly fault: unknown }>,
  record: RunRecord,
): Observation => {
  const { fault } = metric
  const effects = faultEffects(record).filter(({ kind }) => fault === null || kind === fault)
  if (effects.length === 0)
    return unseen(fault === null ? 'there was no fault' : `there was no fault ${fault}`)
  let worst: Observation | null = null
  for (const effect of effects) {
    const own = observeFault(metric, effect)
    if (own.value === null) return own
    if (worst?.value === undefined || worst.value === null || own.value > worst.value) worst = own
  }
  return worst ?? unseen('there was no fault')
}

const observeFault = (
  metric: Extract<Metric, { readonly fault: unknown }>,
  effect: FaultEffect,
): Observation => {
  const { baseline, downtimeSec, recoverySec, watchedUntilSec, label } = effect
  if (baseline === null) return unseen(`${label}: too little calm before it to tell what is normal`)
  if (metric.kind === 'degradation') {
    const own = effect.degradation.find(({ op }) => op === metric.op)
    return own === undefined
      ? seen(0)
      : seen(
          100 * (own.ratio.value - 1),
          intervalNote(own.ratio, (x) => 100 * (x - 1)),
        )
  }
  if (metric.kind === 'downtime') {
    return downtimeSec === null
      ? unseen(`${label}: no downtime can be told`)
      : seen(downtimeSec.value, intervalNote(downtimeSec))
  }
  return recoverySec === null
    ? unseen(`${label}: no recovery was seen up to second ${watchedUntilSec}`)
    : seen(recoverySec.value, intervalNote(recoverySec))
}

const intervalNote = ({ low, high }: Figure, of: (value: number) => number = (value) => value): string =>
  `95 % interval ${of(low).toFixed(1)} to ${of(high).toFixed(1)}`

const noRequests = (clientClass: string | null): string =>
  clientClass === null
    ? 'no request was made in this window'
    : `${clientClass} made no request in this window`

const observeCount = (
  metric: Extract<Metric, { readonly kind: 'count' | 'ratio' }>,
  window: Span,
  record: RunRecord,
): Observation => {
  const whose = metric.clientClass === null ? {} : { clientClass: metric.clientClass }
  const requests = sumCounts(record, whose, window)
  if (requests === 0) return unseen(noRequests(metric.clientClass))
  const n = sumCounts(
    record,
    {
      ...whose,
      ...(metric.outcome === null ? {} : { outcome: metric.outcome }),
      ...(metric.cause === null ? {} : { cause: metric.cause }),
    },
    window,
  )
  if (metric.kind === 'ratio') return seen((100 * n) / requests)
  return seen(n, sampledNote(window, record))
}

/** In a stretch with less than all the traffic a count is a sample, which a limit for the whole cloud would not expect. */
const sampledNote = (window: Span, record: RunRecord): string => {
  let fromSec = 0
  for (const { untilSec, traffic } of record.header.clock) {
    if (
      traffic < 1 &&
      fromSec < window.toSec &&
      untilSec > window.fromSec &&
      recordedUntilSec(record) > fromSec
    )
      return `counts from second ${fromSec} on are a sample of ${100 * traffic} % of the traffic`
    fromSec = untilSec
  }
  return ''
}

/** Where an instant lies in scenario seconds, or why it does not. */
const resolveInstant = (instant: Instant, record: RunRecord): number | string => {
  const { anchor, offsetSec } = instant
  if (anchor === 'start') return offsetSec
  if (anchor === 'end') return record.header.durationSec + offsetSec
  if (anchor === 'cutover') {
    const atSec = firstSwitchSec(record.events)
    return atSec === null ? 'no node switched in this run' : atSec + offsetSec
  }
  const restart = record.events.find((line) => line.event === 'restart' && line.target === anchor.restartOf)
  return restart === undefined
    ? `${anchor.restartOf} was not restarted in this run`
    : restart.startedSec + offsetSec
}

const beyond = (sec: number, record: RunRecord): string | null => {
  const { intervalSec } = record.header
  const untilSec = recordedUntilSec(record)
  if (sec <= untilSec + intervalSec) return null
  return `the record ends at second ${Math.round(untilSec)}, before second ${Math.round(sec)}`
}

const observeRows = (at: Instant, record: RunRecord): Observation => {
  const atSec = resolveInstant(at, record)
  if (typeof atSec === 'string') return unseen(atSec)
  const ended = beyond(atSec, record)
  if (ended !== null) return unseen(ended)
  // The last look of a run is taken when it has ended, a moment after the planned second.
  const atTheEnd = at.anchor === 'end' && at.offsetSec === 0 && reachedItsEnd(record)
  const atSwitch = at.anchor === 'cutover' && at.offsetSec === 0 ? tableAtSwitch(record) : null
  const rows = atSwitch?.rows ?? rowsAt(record, atTheEnd ? Infinity : atSec)
  return rows === null ? unseen('nobody had looked at the table by then') : seen(rows)
}

/**
 * The intervals of a window, or why there are none. Edges fall back to the edge of the interval that they lie in, so that
 * windows that meet share no interval and leave none out. Only `before` and `after` keep clear of the switch: they leave
 * out the interval that it began in, and the one that it ended in.
 */
const resolveWindow = (window: GateWindow, record: RunRecord): Span | string => {
  const { intervalSec, warmupSec, durationSec } = record.header
  if (window === 'before') {
    const until = firstSwitchSec(record.events) ?? durationSec
    return spanOf(ceilToInterval(warmupSec, intervalSec), until, record)
  }
  if (window === 'after') {
    const from = lastSwitchEndSec(record.events)
    if (from === null) return 'no node switched in this run'
    return spanOf(ceilToInterval(from, intervalSec), durationSec, record)
  }
  const from = window === 'all' ? 0 : resolveInstant(window.from, record)
  const to = window === 'all' ? durationSec : resolveInstant(window.to, record)
  if (typeof from === 'string') return from
  return typeof to === 'string' ? to : spanOf(from, to, record)
}

const spanOf = (from: number, to: number, record: RunRecord): Span | string => {
  const { intervalSec, durationSec } = record.header
  const ended = beyond(to, record)
  if (ended !== null) return ended
  const fromSec = Math.max(0, floorToInterval(from, intervalSec))
  // What was under way at the planned end still ends, in an interval after it.
  const toSec = to >= durationSec ? Infinity : floorToInterval(to, intervalSec)
  if (toSec <= fromSec) return `the window is empty in intervals of ${intervalSec} s`
  return { fromSec, toSec }
}

const observeResponse = (
  quantile: 'p50' | 'p95' | 'p99' | 'max',
  op: Op,
  window: GateWindow,
  span: Span,
  record: RunRecord,
): Observation => {
  const named = window === 'before' || window === 'after'
  const whole = latencyOf(record)
  const summary = named ? (whole.byOp[op]?.[window] ?? noLatency) : mergedOver(op, span, record)
  if (summary.count === 0)
    return unseen(`Keystone answered no ${op} in this window (a time-lapse does not count)`)
  return { value: summary[`${quantile}Ms`], note: '', approximate: !named || whole.approximate }
}

/** Response times over any span, from the intervals that lie in it whole; a time-lapse predicts nothing and is left out. */
const mergedOver = (op: Op, span: Span, record: RunRecord): LatencySummary => {
  const windowOf = latencyWindowOf(record)
  const parts: OpLatency[] = []
  for (const line of record.intervals) {
    const own = line.latency[op]
    if (own === undefined || line.fromSec < span.fromSec || line.fromSec >= span.toSec) continue
    if (windowOf(line.fromSec) !== 'timeLapse') parts.push(own)
  }
  return mergeLatency(parts)
}
