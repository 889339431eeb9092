// The summary of a run: the numbers and the verdict that other programs read from `summary.json`.
// It is computed from the record alone, so that a killed run and an old folder get one too.
import { TimeMap, timeLapseSpeed } from '../base/time.js'
import { faultEffects, type FaultEffect } from './faultEffects.js'
import { forensicsOf, type ForensicsSummary } from './forensics.js'
import { latencyOf, latenessOf, noLatency } from './fold.js'
import { evaluateGate, evaluateGateText, type Gate, type GateResult } from './gates.js'
import { impactOf, type Impact } from './impact.js'
import { findPeaks, type Peak } from './peaks.js'
import type { EventLine, LatencySummary, RunRecord } from './record.js'
import type { Outcome } from './sample.js'
import {
  bytesAt,
  causeName,
  causesAddUp,
  emptyAtSec,
  rowsAt,
  sumBy,
  sumCounts,
  tableAtSwitch,
  uuidTokensSeen,
} from './series.js'
import { ops, outcomes } from './tally.js'
import { judge, type Verdict } from './verdict.js'
import { firstSwitchSec, recordedUntilSec, type LatencyWindow, type Span } from './windows.js'

/** Refused requests: the total, and how it is made up. Each of the parts adds up to the total exactly. */
export interface Refusals {
  readonly total: number
  readonly byCause: Readonly<Record<string, number>>
  /** Keys are `class/cause`. */
  readonly byClassAndCause: Readonly<Record<string, number>>
}

/** A step of the timeline, or a fault, as it was. */
export interface SummaryEvent {
  readonly event: string
  readonly label: string
  readonly origin: EventLine['origin']
  readonly dueSec: number
  readonly startedSec: number
  readonly endedSec: number
  readonly ok: boolean
  readonly note: string
}

/** A part of the run with one speed and one share of the traffic. */
export interface SummaryStretch extends Span {
  readonly speed: number
  readonly traffic: number
  /** Too fast for response times to predict anything. */
  readonly timeLapse: boolean
}

/** `summary.json`. Seconds are scenario seconds from the start of the run, milliseconds are response times. */
export interface Summary {
  readonly format: 'cutover/summary@1'
  readonly scenario: string
  readonly seed: number
  readonly world: string
  /** `native`, `stated`, or the name of the cost profile; absent in records of older versions. */
  readonly costs?: string
  readonly store: string
  readonly verdict: Verdict
  /** Why, in an operator's words; what decided comes first. */
  readonly reasons: readonly string[]
  readonly gates: readonly GateResult[]
  /** Real seconds; for a killed run what the speeds of its clock make of its scenario seconds. */
  readonly wallSec: number
  readonly scenarioSec: number
  /** True for a run that never wrote its end: latency and lateness are put together from intervals. */
  readonly approximate: boolean
  /** Requests of members of the classes, to services and to Keystone. */
  readonly requests: {
    readonly total: number
    readonly byStatus: Readonly<Record<string, number>>
    readonly byOutcome: Readonly<Record<Outcome, number>>
  }
  readonly rejections: Refusals & {
    readonly byClass: Readonly<Record<string, number>>
    readonly peaks: readonly Peak[]
  }
  /** Requests that Keystone answered, whoever sent them. */
  readonly keystone: {
    readonly total: number
    readonly byOp: Readonly<Record<string, number>>
    readonly byStatus: Readonly<Record<string, number>>
    readonly refusals: Refusals
  }
  /** Null where there was no switch, no look at the table, or no look that asked for bytes. */
  readonly tokenTable: {
    readonly rowsAtCutover: number | null
    readonly rowsMax: number | null
    readonly rowsEnd: number | null
    readonly bytesAtCutover: number | null
    readonly bytesEnd: number | null
    readonly emptyAtSec: number | null
  }
  /** What the change did: who was hit, for how long, what it wrote. */
  readonly impact: Impact
  /** Of each op at Keystone; `issue` and `validate` always, with a count of 0 if there were none. */
  readonly latency: Readonly<Record<string, Readonly<Record<LatencyWindow, LatencySummary>>>>
  readonly generator: {
    readonly latenessP50Ms: number
    readonly latenessP99Ms: number
    readonly latenessMaxMs: number
    readonly shed: number
    /** What its process had of the machine (see `GeneratorLoad`); null where nobody watched. */
    readonly cpuShare: number | null
    readonly cpuWaitShare: number | null
    readonly loopDelayP50Ms: number | null
    readonly loopDelayP99Ms: number | null
    readonly loopDelayMaxMs: number | null
  }
  readonly timeline: readonly SummaryEvent[]
  readonly stretches: readonly SummaryStretch[]
  /** What is known of what was refused. */
  readonly forensics: ForensicsSummary
  /** What nobody had planned. */
  readonly faults: readonly SummaryEvent[]
  /** What each fault did, planned or not. */
  readonly faultEffects: readonly FaultEffect[]
  /** UUID tokens that Keystone still accepted over the whole run; absent where nobody looked. */
  readonly uuidTokensSeen?: number
}

/** Sums up a run and judges it by gates: those of its scenario, unless others are given. */
export const summarise = (
  record: RunRecord,
  gates: readonly (Gate | string)[] = record.header.gates,
): Summary => {
  const { header, end } = record
  const results = gates.map((gate) =>
    typeof gate === 'string' ? evaluateGateText(gate, record) : evaluateGate(gate, record),
  )
  const lateness = latenessOf(record)
  const load = end?.generator
  const scenarioSec = recordedUntilSec(record)
  const total = sumCounts(record)
  const shed = sumCounts(record, { outcome: 'shed' })
  const { verdict, reasons } = judge({
    record,
    results,
    lateness,
    requests: total,
    shed,
    causes: causesAddUp(record),
  })
  const seen = uuidTokensSeen(record)
  const timeline = record.events.map(summaryEvent)
  return {
    format: 'cutover/summary@1',
    scenario: header.scenario,
    seed: header.seed,
    world: header.world,
    ...(header.costs === undefined
      ? {}
      : { costs: header.costs.kind === 'profile' ? header.costs.profile : header.costs.kind }),
    store: header.store,
    verdict,
    reasons,
    gates: results,
    wallSec: end?.wallSec ?? new TimeMap(header.clock).realSec(scenarioSec),
    scenarioSec,
    approximate: end === null,
    requests: {
      total,
      byStatus: sumBy(record, {}, (count) => String(count.status)),
      byOutcome: byOutcome(record),
    },
    rejections: {
      ...refusalsOf(record, 'client'),
      byClass: sumBy(record, { outcome: 'rejected' }, (count) => count.clientClass),
      peaks: findPeaks(record),
    },
    keystone: {
      total: sumCounts(record, { leg: 'keystone' }),
      byOp: sumBy(record, { leg: 'keystone' }, (count) => count.op),
      byStatus: sumBy(record, { leg: 'keystone' }, (count) => String(count.status)),
      refusals: refusalsOf(record, 'keystone'),
    },
    tokenTable: tokenTable(record),
    impact: impactOf(record),
    latency: latencyTable(record),
    generator: {
      latenessP50Ms: lateness?.p50Ms ?? 0,
      latenessP99Ms: lateness?.p99Ms ?? 0,
      latenessMaxMs: lateness?.maxMs ?? 0,
      shed,
      cpuShare: load?.cpuShare ?? null,
      cpuWaitShare: load?.cpuWaitShare ?? null,
      loopDelayP50Ms: load?.loopDelayP50Ms ?? null,
      loopDelayP99Ms: load?.loopDelayP99Ms ?? null,
      loopDelayMaxMs: load?.loopDelayMaxMs ?? null,
    },
    timeline,
    stretches: stretchesOf(record, scenarioSec),
    forensics: forensicsOf(record),
    faults: timeline.filter((event) => event.origin === 'fault'),
    faultEffects: faultEffects(record),
    ...(seen === null ? {} : { uuidTokensSeen: seen }),
  }
}

const byOutcome = (record: RunRecord): Record<Outcome, number> => {
  const sums = sumBy(record, {}, (count) => count.outcome)
  return Object.fromEntries(outcomes.map((outcome) => [outcome, sums[outcome] ?? 0])) as Record<
    Outcome,
    number
  >
}

const refusalsOf = (record: RunRecord, leg: 'client' | 'keystone'): Refusals => {
  const refused = { leg, outcome: 'rejected' } as const
  return {
    total: sumCounts(record, refused),
    byCause: sumBy(record, refused, causeName),
    byClassAndCause: sumBy(record, refused, (count) => `${count.clientClass}/${causeName(count)}`),
  }
}

const tokenTable = (record: RunRecord): Summary['tokenTable'] => {
  const atSwitch = tableAtSwitch(record)
  const switchSec = firstSwitchSec(record.events)
  const rows = record.table.map((look) => look.rows)
  return {
    rowsAtCutover: atSwitch?.rows ?? null,
    rowsMax: rows.length === 0 ? null : rows.reduce((most, n) => Math.max(most, n), 0),
    rowsEnd: rowsAt(record, Infinity),
    bytesAtCutover: atSwitch?.bytes ?? (switchSec === null ? null : bytesAt(record, switchSec)),
    bytesEnd: bytesAt(record, Infinity),
    emptyAtSec: emptyAtSec(record),
  }
}

const latencyTable = (record: RunRecord): Summary['latency'] => {
  const { byOp } = latencyOf(record)
  const none = { before: noLatency, after: noLatency, timeLapse: noLatency }
  const table: Record<string, Readonly<Record<LatencyWindow, LatencySummary>>> = {
    issue: none,
    validate: none,
  }
  for (const op of ops) {
    const own = byOp[op]
    if (own !== undefined) table[op] = own
  }
  return table
}

const summaryEvent = (line: EventLine): SummaryEvent => {
  const { event, label, origin, dueSec, startedSec, endedSec, ok, note } = line
  return { event, label, origin, dueSec, startedSec, endedSec, ok, note }
}

const stretchesOf = (record: RunRecord, untilSec: number): readonly SummaryStretch[] => {
  const stretches: SummaryStretch[] = []
  let fromSec = 0
  for (const stretch of record.header.clock) {
    const toSec = Math.min(stretch.untilSec, untilSec)
    const { speed, traffic } = stretch
    if (toSec > fromSec) stretches.push({ fromSec, toSec, speed, traffic, timeLapse: speed > timeLapseSpeed })
    fromSec = Math.max(fromSec, toSec)
  }
  return stretches
}
