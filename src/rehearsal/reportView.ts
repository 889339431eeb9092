// A run's record as the renderers want it: series on one axis, the window to zoom to, tables that add up.
// It stands between measuring and drawing, so that neither has to know the other.
import { hourSec, minuteSec } from '../base/time.js'
import { mergeLatency } from '../measure/fold.js'
import { keyLivesOf } from '../measure/keyLives.js'
import { latencyGridOf } from '../measure/latencyGrid.js'
import { dualModeOf } from '../measure/dualMode.js'
import type {
  Count,
  EventLine,
  IntervalLine,
  LatencySummary,
  OpLatency,
  RunRecord,
} from '../measure/record.js'
import { causeName, rowsOverTime, totalsOf } from '../measure/series.js'
import type { Peak } from '../measure/peaks.js'
import type { Summary } from '../measure/summary.js'
import {
  firstSwitchSec,
  lastSwitchEndSec,
  reachedItsEnd,
  recordedUntilSec,
  switchSteps,
} from '../measure/windows.js'
import type {
  ClassRow,
  CountSeries,
  DrawnOp,
  EventKind,
  Focus,
  LatencyRow,
  LatencySeries,
  ReportView,
  Span,
  ViewEvent,
  ViewStretch,
} from '../render/view.js'
import { clockTime } from '../render/text.js'

/** More than any recorder writes; a record with more is drawn up to here. */
const intervalsMost = 200_000

/** Selects what the renderers draw. `summary` must be that of the same record. */
export function reportView(record: RunRecord, summary: Summary): ReportView {
  const { header } = record
  const { intervalSec } = header
  const coveredSec = recordedUntilSec(record)
  const intervals = Math.max(0, Math.min(intervalsMost, Math.ceil(coveredSec / intervalSec - 1e-6)))
  const axis: Axis = { intervals, intervalSec }
  const looks = rowsOverTime(record)
  const focus = focusOf(record, summary.stretches, summary.rejections.peaks)
  return {
    header,
    summary,
    interrupted: interruption(record, coveredSec),
    coveredSec,
    intervals,
    intervalSec,
    refusals: {
      byClass: refusalsBy(record, axis, (count) => count.clientClass),
      byCause: refusalsBy(record, axis, (count) => causeName(count)),
    },
    requests: requestsOf(record, axis),
    rows: { atSec: looks.map((look) => look.atSec), rows: looks.map((look) => look.rows) },
    latency: (['validate', 'issue'] as const).map((op) => latencySeries(record, axis, op)),
    latencyRows: latencyRows(record, summary),
    latencyGrids: (['validate', 'issue'] as const).flatMap(
      (op) => latencyGridOf(record, op, { span: focus, columnsMost: gridColumns }) ?? [],
    ),
    latencyApproximate: summary.approximate,
    classes: classRows(record),
    // A whole step before its parts: it began with the first of them and ended with the last.
    events: record.events
      .map(viewEvent)
      .sort((a, b) => a.startedSec - b.startedSec || b.endedSec - a.endedSec),
    stretches: summary.stretches,
    focus,
    mixedFleet: switchSteps(record.events).filter((step) => step.toSec > step.fromSec + 1),
    dualMode: dualModeOf(record),
    keyLives: keyLivesOf(record),
  }
}

interface Axis {
  readonly intervals: number
  readonly intervalSec: number
}

const indexOf = (line: IntervalLine, axis: Axis): number => Math.round(line.fromSec / axis.intervalSec)

function interruption(record: RunRecord, coveredSec: number): string | null {
  const reached = `${clockTime(coveredSec)} of ${clockTime(record.header.durationSec)}`
  const partial = 'what follows is true of that part only.'
  if (record.end === null) return `The run was interrupted: its record ends at ${reached}; ${partial}`
  if (record.end.interrupted !== null) {
    return `The run was interrupted at ${reached} (${record.end.interrupted}); ${partial}`
  }
  return reachedItsEnd(record) ? null : `The run ended early, at ${reached}; ${partial}`
}

/** Refusals of clients split by one label, the largest part first. Classes without refusals are listed too. */
function refusalsBy(record: RunRecord, axis: Axis, labelOf: (count: Count) => string): CountSeries[] {
  const series = new Map<string, { perInterval: number[]; total: number }>()
  for (const line of record.intervals) {
    const at = indexOf(line, axis)
    for (const count of line.counts) {
      if (count.leg !== 'client') continue
      const label = labelOf(count)
      const refused = count.outcome === 'rejected' ? count.n : 0
      if (refused === 0 && (count.cause !== null || label !== count.clientClass)) continue
      let own = series.get(label)
      if (own === undefined) {
        own = { perInterval: new Array<number>(axis.intervals).fill(0), total: 0 }
        series.set(label, own)
      }
      if (at >= 0 && at < axis.intervals) own.perInterval[at] = (own.perInterval[at] ?? 0) + refused
      own.total += refused
    }
  }
  return [...series]
    .map(([name, own]) => ({ name, ...own }))
    .sort((a, b) => b.total - a.total || (a.name < b.name ? -1 : 1))
}

function requestsOf(record: RunRecord, axis: Axis): CountSeries {
  const perInterval = new Array<number>(axis.intervals).fill(0)
  let total = 0
  for (const line of record.intervals) {
    const at = indexOf(line, axis)
    const n = line.counts.reduce((sum, count) => (count.leg === 'client' ? sum + count.n : sum), 0)
    if (at >= 0 && at < axis.intervals) perInterval[at] = n
    total += n
  }
  return { name: 'requests', perInterval, total }
}

function latencySeries(record: RunRecord, axis: Axis, op: DrawnOp): LatencySeries {
  const p50Ms = new Array<number | null>(axis.intervals).fill(null)
  const p99Ms = new Array<number | null>(axis.intervals).fill(null)
  for (const line of record.intervals) {
    const measured = line.latency[op]
    const at = indexOf(line, axis)
    if (measured === undefined || measured.n === 0 || at < 0 || at >= axis.intervals) continue
    p50Ms[at] = measured.p50Ms
    p99Ms[at] = measured.p99Ms
  }
  return { op, p50Ms, p99Ms }
}

/** Columns of time in the heat maps: enough to see a backend switch, few enough for a small page. */
const gridColumns = 120

/** Response times of the intervals that touch a step of the switch, from its first backend to its last. */
function duringSwitch(record: RunRecord, stretches: readonly ViewStretch[], op: string): LatencySummary {
  const touches = (spans: readonly Span[], fromSec: number): boolean =>
    spans.some((span) => fromSec + record.header.intervalSec > span.fromSec && fromSec < span.toSec)
  const steps = switchSteps(record.events)
  const timeLapses = stretches.filter(({ timeLapse }) => timeLapse)
  return mergeLatency(
    record.intervals.flatMap(({ fromSec, latency }) => {
      const own = (latency as Readonly<Record<string, OpLatency>>)[op]
      return own === undefined || own.n === 0 || !touches(steps, fromSec) || touches(timeLapses, fromSec)
        ? []
        : [own]
    }),
  )
}

function latencyRows(record: RunRecord, summary: Summary): LatencyRow[] {
  const first = ['validate', 'issue']
  const others = Object.keys(summary.latency).filter((op) => !first.includes(op))
  return [...first, ...others].flatMap((op) => {
    const own = summary.latency[op]
    return own === undefined
      ? []
      : [{ op, before: own.before, during: duringSwitch(record, summary.stretches, op), after: own.after }]
  })
}

function classRows(record: RunRecord): ClassRow[] {
  const rows = new Map<string, { -readonly [key in keyof ClassRow]: ClassRow[key] }>()
  const causes = new Map<string, Map<string, number>>()
  const rowOf = (name: string): { -readonly [key in keyof ClassRow]: ClassRow[key] } => {
    let row = rows.get(name)
    if (row === undefined) {
      row = {
        name,
        behaviour: '',
        members: 0,
        everySec: 0,
        requests: 0,
        ok: 0,
        rejected: 0,
        failed: 0,
        timeout: 0,
        shed: 0,
        byCause: [],
      }
      rows.set(name, row)
      causes.set(name, new Map())
    }
    return row
  }
  for (const each of record.header.classes) Object.assign(rowOf(each.name), each)
  for (const count of totalsOf(record)) {
    if (count.leg !== 'client') continue
    const row = rowOf(count.clientClass)
    row.requests += count.n
    row[count.outcome] += count.n
    if (count.outcome !== 'rejected') continue
    const own = causes.get(count.clientClass)
    const cause = causeName(count)
    own?.set(cause, (own.get(cause) ?? 0) + count.n)
  }
  for (const row of rows.values()) {
    row.byCause = [...(causes.get(row.name) ?? [])]
      .map(([cause, total]) => ({ cause, total }))
      .sort((a, b) => b.total - a.total || (a.cause < b.cause ? -1 : 1))
  }
  return [...rows.values()]
}

function kindOf(event: string): EventKind {
  if (event === 'cutover' || event.startsWith('cutover ')) return 'cutover'
  if (event === 'restart' || event === 'flush' || event === 'fault') return event
  if (event.startsWith('fault ')) return 'fault'
  return event.startsWith('keys') ? 'keys' : 'other'
}

function viewEvent(line: EventLine): ViewEvent {
  const { event, label, origin, dueSec, startedSec, endedSec, ok, note, tookMs } = line
  const kind = origin === 'fault' ? 'fault' : kindOf(event)
  return { kind, event, label, origin, dueSec, startedSec, endedSec, ok, note, tookMs }
}

/** Longest window of interest after the switch: a peak that lasts longer is shown by its beginning. */
const afterSwitchMostSec = 2 * hourSec

/**
 * The window that shows the switch: from before the first backend to after the last thing that belongs to it (a
 * planned step or the end of a peak), inside the stretch of real-time or moderate speed in which the switch was.
 */
function focusOf(record: RunRecord, stretches: readonly ViewStretch[], peaks: readonly Peak[]): Focus {
  const coveredSec = Math.max(recordedUntilSec(record), record.header.intervalSec)
  const whole: Focus = { fromSec: 0, toSec: coveredSec, reason: 'whole-run' }
  const switchSec = firstSwitchSec(record.events)
  const calm = calmSpan(stretches, switchSec ?? 0)
  if (calm === null) return whole
  const rest = (span: Span, reason: Focus['reason']): Focus =>
    span.fromSec <= 0 && span.toSec >= coveredSec ? whole : { ...span, reason }
  if (switchSec === null) return rest({ fromSec: calm.fromSec, toSec: calm.toSec }, 'full-traffic')
  const latest = switchSec + afterSwitchMostSec
  const ends = [
    lastSwitchEndSec(record.events) ?? switchSec,
    ...record.events.filter(({ origin }) => origin !== 'clock').map(({ endedSec }) => endedSec),
    ...peaks.map(({ mostUntilSec, peakAtSec }) => (mostUntilSec <= latest ? mostUntilSec : peakAtSec)),
  ].filter((sec) => sec >= switchSec && sec <= latest)
  const activitySec = Math.max(...ends, switchSec) - switchSec
  const marginSec = Math.max(10 * minuteSec, 0.3 * activitySec)
  const span = {
    fromSec: Math.max(calm.fromSec, round(switchSec - marginSec)),
    toSec: Math.min(calm.toSec, round(switchSec + activitySec + marginSec)),
  }
  return span.toSec > span.fromSec ? rest(span, 'switch') : whole
}

/** To whole minutes, so that titles and axes are easy to read. */
const round = (sec: number): number => Math.round(sec / minuteSec) * minuteSec

/** The neighbouring stretches without time-lapse around an instant; null if it lies in a time-lapse. */
function calmSpan(stretches: readonly ViewStretch[], atSec: number): Span | null {
  const at = stretches.findIndex((each) => atSec >= each.fromSec && atSec < each.toSec)
  if (at === -1 || stretches[at]?.timeLapse !== false) return null
  let [first, last] = [at, at]
  while (stretches[first - 1]?.timeLapse === false) first--
  while (stretches[last + 1]?.timeLapse === false) last++
  return { fromSec: stretches[first]?.fromSec ?? 0, toSec: stretches[last]?.toSec ?? 0 }
}
