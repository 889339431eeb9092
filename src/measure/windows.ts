// The windows of a run: where the switch began and ended, and what lies before, after and in a time-lapse.
// The recorder, the gates and the summary must mean the same by `before` and `after`, so it is said once, here.
import { timeLapseSpeed, TimeMap } from '../base/time.js'
import type { EventLine, RunRecord } from './record.js'

/** A stretch of scenario time, [fromSec, toSec). */
export interface Span {
  readonly fromSec: number
  readonly toSec: number
}

/** Whether an event line tells of a switch of the provider: of a whole step (`cutover`) or of one node of it. */
export const isSwitch = (line: EventLine): boolean =>
  line.event === 'cutover' || line.event.startsWith('cutover ')

/** When the first node began to switch; null if none did. A switch that failed has disturbed the cloud too. */
export const firstSwitchSec = (events: readonly EventLine[]): number | null => {
  const starts = events.filter(isSwitch).map((line) => line.startedSec)
  return starts.length === 0 ? null : Math.min(...starts)
}

/** When the last node had switched, in the last step of several; null if none did. */
export const lastSwitchEndSec = (events: readonly EventLine[]): number | null => {
  const ends = events.filter(isSwitch).map((line) => line.endedSec)
  return ends.length === 0 ? null : Math.max(...ends)
}

/** One step of a switch: all its nodes, from the start of the first to the end of the last. */
export interface SwitchStep extends Span {
  /** The provider mode that it led to; null if the record does not say. */
  readonly to: string | null
  readonly label: string
  readonly ok: boolean
}

/** The steps of all switches in order. Lines of nodes that go to the same mode one after another are one step. */
export const switchSteps = (events: readonly EventLine[]): readonly SwitchStep[] => {
  const steps: SwitchStep[] = []
  const lines = events.filter(isSwitch).sort((a, b) => a.startedSec - b.startedSec)
  for (const line of lines) {
    const last = steps.at(-1)
    const to = line.to ?? null
    const same =
      last !== undefined && (to !== null && last.to !== null ? last.to === to : line.startedSec <= last.toSec)
    if (last !== undefined && same) {
      const whole = line.event === 'cutover' ? line.label : last.label
      const toSec = Math.max(last.toSec, line.endedSec)
      steps[steps.length - 1] = { ...last, to: last.to ?? to, label: whole, toSec, ok: last.ok && line.ok }
    } else steps.push({ fromSec: line.startedSec, toSec: line.endedSec, to, label: line.label, ok: line.ok })
  }
  return steps
}

/** How far the record reaches, scenario seconds: the end of a run, or of the last line of a killed one. */
export const recordedUntilSec = (record: RunRecord): number => {
  if (record.end !== null) return record.end.scenarioSec
  const last = record.intervals.at(-1)
  return last === undefined ? 0 : last.fromSec + record.header.intervalSec
}

/** Whether the run reached its planned end; one interval of slack, for a clock that stops between two ticks. */
export const reachedItsEnd = (record: RunRecord): boolean =>
  record.end !== null &&
  record.end.interrupted === null &&
  record.end.scenarioSec >= record.header.durationSec - record.header.intervalSec

/**
 * The window in which an interval's response times belong, by the rules of the recorder: time-lapse first, then
 * `before` and `after`; null for the warm-up, for the switch itself, and for an interval that crosses an edge.
 */
export type LatencyWindow = 'before' | 'after' | 'timeLapse'

/** A function of an interval's start that names its window; built once for a record. */
export const latencyWindowOf = (record: RunRecord): ((fromSec: number) => LatencyWindow | null) => {
  const { header, events } = record
  const time = new TimeMap(header.clock)
  const beforeUntil = firstSwitchSec(events) ?? Infinity
  const afterFrom = lastSwitchEndSec(events) ?? Infinity
  return (fromSec) => {
    const toSec = fromSec + header.intervalSec
    if (time.stretchAt(fromSec).speed > timeLapseSpeed) return 'timeLapse'
    if (fromSec >= header.warmupSec && toSec <= beforeUntil) return 'before'
    return fromSec >= afterFrom ? 'after' : null
  }
}

/** Intervals lie on a grid from second 0; a division that should be whole may miss by a rounding error. */
const gridSlack = 1e-6

/** The last edge of an interval at or before an instant. */
export const floorToInterval = (sec: number, intervalSec: number): number =>
  Math.floor(sec / intervalSec + gridSlack) * intervalSec

/** The first edge of an interval at or after an instant. */
export const ceilToInterval = (sec: number, intervalSec: number): number =>
  Math.ceil(sec / intervalSec - gridSlack) * intervalSec
