// What each fault did: downtime, time to recovery and degradation, in the terms of OpenStack's reliability reports.
// Each is computed against the calm before the fault, and told with its 95 % interval.
import { TimeMap, timeLapseSpeed } from '../base/time.js'
import { fitAffected, type Affected, type Degradation } from './affected.js'
import type { EventLine, RunRecord } from './record.js'
import { causeName } from './series.js'
import type { Figure } from './spread.js'
import { lastSwitchEndSec, recordedUntilSec, type Span } from './windows.js'

/** One fault and what came of it. Seconds are scenario seconds. */
export interface FaultEffect {
  /** The kind of a planned fault; `died` for what nobody had planned. */
  readonly kind: string
  readonly label: string
  readonly planned: boolean
  readonly atSec: number
  /** When it was undone; null if it was not. */
  readonly repairedSec: number | null
  /** Requests of clients that went wrong from its beginning to the recovery, or to where it was watched. */
  readonly effect: {
    readonly refused: number
    readonly failed: number
    readonly timeout: number
    readonly byCause: Readonly<Record<string, number>>
    /** Steps of the timeline that failed meanwhile. */
    readonly failedSteps: number
  }
  /** The calm with which it is compared; null if there was none, and then nothing is known of the figures below. */
  readonly baseline: (Span & { readonly badShare: number }) | null
  /** The end of what it was watched for: the next fault, another speed of the clock, or the end of the record. */
  readonly watchedUntilSec: number
  readonly recovered: boolean | null
  /** Time in which more requests went wrong than before. */
  readonly downtimeSec: Figure | null
  /** The stretches of that time, and those in which Keystone was slower than before. */
  readonly downtime: readonly Span[]
  readonly slow: readonly Span[]
  /** From its beginning until requests went well again, as quickly as before; null also if that was not seen. */
  readonly recoverySec: Figure | null
  readonly degradation: readonly Degradation[]
}

const isBeginning = (event: EventLine): boolean =>
  event.event.startsWith('fault ') || event.origin === 'fault'

const endOf = (fault: EventLine, events: readonly EventLine[]): EventLine | undefined =>
  fault.fault === undefined
    ? undefined
    : events.find(({ event, fault: id }) => event.startsWith('repair ') && id === fault.fault)

/** Where a stretch of one speed that holds an instant begins and ends. */
const stretchAround = (record: RunRecord, atSec: number): Span => {
  let fromSec = 0
  for (const { untilSec } of record.header.clock) {
    if (atSec < untilSec) return { fromSec, toSec: untilSec }
    fromSec = untilSec
  }
  return { fromSec, toSec: Infinity }
}

/** The effects of all faults of a run, in their order. */
export const faultEffects = (record: RunRecord): readonly FaultEffect[] => {
  const faults = record.events.filter(isBeginning)
  const effects: FaultEffect[] = []
  for (const [i, fault] of faults.entries()) {
    const calmFromSec = i === 0 ? 0 : endOfUnrest(effects[i - 1] as FaultEffect, record.header.intervalSec)
    effects.push(effectOf(record, fault, calmFromSec, faults[i + 1]?.startedSec ?? Infinity))
  }
  return effects
}

/** When it was calm again after a fault: never, if no recovery was seen. What it held up may end in the next interval. */
const endOfUnrest = (effect: FaultEffect, intervalSec: number): number =>
  effect.recoverySec === null
    ? effect.watchedUntilSec
    : Math.max(effect.repairedSec ?? effect.atSec, effect.atSec + effect.recoverySec.high) + 2 * intervalSec

const effectOf = (record: RunRecord, fault: EventLine, calmFromSec: number, nextSec: number): FaultEffect => {
  const { header, events } = record
  const atSec = fault.startedSec
  const stretch = stretchAround(record, atSec)
  const switches = events.filter(({ endedSec }) => endedSec <= atSec)
  const calm: Span = {
    fromSec: Math.max(calmFromSec, stretch.fromSec, header.warmupSec, lastSwitchEndSec(switches) ?? 0),
    toSec: atSec,
  }
  const watchedUntilSec = Math.min(nextSec, stretch.toSec, recordedUntilSec(record))
  // The next fault that begins at the same instant takes all that comes.
  const watched: Span = { fromSec: atSec, toSec: watchedUntilSec }
  const timeLapse = new TimeMap(header.clock).stretchAt(atSec).speed > timeLapseSpeed
  const affected = fitAffected(record, calm, watched, { withTimes: !timeLapse })
  const repaired = endOf(fault, events)
  const untilSec = affected?.recoveredSec ?? watchedUntilSec
  return {
    kind: fault.event.startsWith('fault ') ? fault.event.slice('fault '.length) : 'died',
    label: fault.label,
    planned: fault.origin !== 'fault',
    atSec,
    repairedSec: repaired?.endedSec ?? null,
    effect: {
      ...countEffect(record, { fromSec: atSec, toSec: untilSec }),
      failedSteps: failedSteps(events, {
        fromSec: atSec,
        toSec: Math.max(untilSec, repaired?.endedSec ?? watchedUntilSec),
      }),
    },
    baseline: affected?.baseline ?? null,
    watchedUntilSec,
    ...figuresOf(affected),
  }
}

const figuresOf = (
  affected: Affected | null,
): Pick<FaultEffect, 'recovered' | 'downtimeSec' | 'downtime' | 'slow' | 'recoverySec' | 'degradation'> =>
  affected === null
    ? { recovered: null, downtimeSec: null, downtime: [], slow: [], recoverySec: null, degradation: [] }
    : {
        recovered: affected.recoveredSec !== null,
        downtimeSec: affected.downtimeSec,
        downtime: affected.downtime,
        slow: affected.slow,
        recoverySec: affected.recoverySec,
        degradation: affected.degradation,
      }

/** Steps that failed while a fault was in force, whether or not a client noticed it. */
const failedSteps = (events: readonly EventLine[], span: Span): number =>
  events.filter(
    ({ ok, origin, startedSec }) =>
      !ok && origin !== 'fault' && startedSec >= span.fromSec && startedSec < span.toSec,
  ).length

const countEffect = (
  { header, intervals }: RunRecord,
  span: Span,
): Omit<FaultEffect['effect'], 'failedSteps'> => {
  const sums = { refused: 0, failed: 0, timeout: 0 }
  const byCause: Record<string, number> = {}
  for (const { fromSec, counts } of intervals) {
    if (fromSec + header.intervalSec <= span.fromSec || fromSec >= span.toSec) continue
    for (const count of counts) {
      if (count.leg !== 'client') continue
      if (count.outcome === 'failed' || count.outcome === 'timeout') sums[count.outcome] += count.n
      if (count.outcome !== 'rejected') continue
      sums.refused += count.n
      const cause = causeName(count)
      byCause[cause] = (byCause[cause] ?? 0) + count.n
    }
  }
  const sorted = Object.fromEntries(Object.entries(byCause).sort(([a], [b]) => (a < b ? -1 : 1)))
  return { ...sums, byCause: sorted }
}
