// Which action began a peak and which one ended it, as far as the record holds evidence.
// It exists apart from the finding of peaks, because it reads events and causes where that reads only counts.
import type { EventLine, RunRecord } from './record.js'
import type { Cause, Leg } from './sample.js'
import { sumCounts } from './series.js'
import { stoppedEvidence, type ClassGrid } from './standingOut.js'
import { recordedUntilSec, switchSteps, type Span } from './windows.js'

/** The action that a peak began with. */
export interface Beginning {
  readonly atSec: number
  readonly words: string
}

/**
 * How a peak ended. `renewed`: at least every second refusal was followed by a new token of the class, and no action
 * explains the end. `still-going-on`: the record ends too soon after the last refusals to say that they have stopped.
 */
export interface Ending {
  readonly how:
    | 'restart'
    | 'rollback'
    | 'switch-completed'
    | 'keys-distributed'
    | 'repair'
    | 'renewed'
    | 'still-going-on'
    | 'unknown'
  /** When the action that ended it began; null where none did. */
  readonly atSec: number | null
  readonly words: string | null
}

const isKeys = (line: EventLine, event: 'keys.rotate' | 'keys.distribute'): boolean => line.event === event

/** Causes that only one kind of action can bring about; the last such action before the peak began it, however long ago. */
const begins: Readonly<Partial<Record<Cause, (record: RunRecord) => readonly Beginning[]>>> = {
  'uuid-on-fernet-node': (record) =>
    switches(record, (to) => to === 'fernet' || to === null).map(({ fromSec, label }) => ({
      atSec: fromSec,
      words: label,
    })),
  'fernet-on-uuid-node': (record) =>
    switches(record, () => true).map(({ fromSec, label }) => ({ atSec: fromSec, words: label })),
  'stale-cache': (record) =>
    switches(record, () => true).map(({ fromSec, label }) => ({ atSec: fromSec, words: label })),
  'key-not-distributed': (record) => lines(record, (line) => isKeys(line, 'keys.rotate')),
  'key-rotated-away': (record) => lines(record, (line) => line.event.startsWith('keys.')),
  flushed: (record) => lines(record, (line) => line.event === 'flush'),
}

const switches = (record: RunRecord, leadsTo: (to: string | null) => boolean) =>
  switchSteps(record.events).filter((step) => leadsTo(step.to))

const lines = (record: RunRecord, take: (line: EventLine) => boolean): readonly Beginning[] =>
  record.events.filter(take).map((line) => ({ atSec: line.startedSec, words: line.label }))

/**
 * The action that began a peak: the last one that can bring about its main cause; for a cause that anything may bring
 * about, the last action that was no matter of routine and came within two intervals before it.
 */
export const beginningOf = (record: RunRecord, cause: string, peak: Span): Beginning | null => {
  const { intervalSec } = record.header
  const own = begins[cause as Cause]
  const near = (line: EventLine): boolean =>
    line.origin !== 'clock' && line.startedSec >= peak.fromSec - 2 * intervalSec
  const faults = faultsDuring(record, peak).map(({ fault }) => fault)
  const candidates =
    own === undefined ? lines(record, (line) => near(line) || faults.includes(line)) : own(record)
  return candidates.filter(({ atSec }) => atSec < peak.fromSec + intervalSec).at(-1) ?? null
}

/** Causes that a switch alone brings about: no fault explains them. */
const ofSwitches: ReadonlySet<string> = new Set(['uuid-on-fernet-node', 'fernet-on-uuid-node', 'stale-cache'])

/** Faults that were there when a peak began, each with its end if it was undone. */
const faultsDuring = (
  record: RunRecord,
  peak: Span,
): readonly { readonly fault: EventLine; readonly repair: EventLine | undefined }[] =>
  record.events
    .filter(
      ({ event, startedSec }) =>
        event.startsWith('fault ') && startedSec < peak.fromSec + record.header.intervalSec,
    )
    .map((fault) => ({
      fault,
      repair: record.events.find((line) => line.event.startsWith('repair ') && line.fault === fault.fault),
    }))
    .filter(({ repair }) => repair === undefined || repair.startedSec > peak.fromSec)

/** An action that can end a peak, from its beginning to its end. */
interface Cure extends Span {
  readonly how: Ending['how']
  readonly words: string
}

/** The actions that can end refusals of a class for a cause. */
const curesOf = (record: RunRecord, clientClass: string, cause: string, peak: Span): readonly Cure[] => {
  const restarts = record.events
    .filter((line) => line.event === 'restart' && line.target === clientClass && line.ok)
    .map((line): Cure => ({
      how: 'restart',
      words: line.label,
      fromSec: line.startedSec,
      toSec: line.endedSec,
    }))
  const keys = record.events
    .filter((line) => isKeys(line, 'keys.distribute') && line.ok)
    .map((line): Cure => ({
      how: 'keys-distributed',
      words: line.label,
      fromSec: line.startedSec,
      toSec: line.endedSec,
    }))
  const rollbacks = switches(record, (to) => to !== null && to !== 'fernet').map((step): Cure => ({
    how: 'rollback',
    words: `rollback to ${step.to ?? ''}`,
    fromSec: step.fromSec,
    toSec: step.toSec,
  }))
  // Only the last node of a step ends what its mixture of nodes brought about.
  const completions = switches(record, (to) => to !== 'uuid').map((step): Cure => ({
    how: 'switch-completed',
    words: 'the last node had switched',
    fromSec: step.toSec,
    toSec: step.toSec,
  }))
  const repairs = faultsDuring(record, peak).flatMap(({ fault, repair }): Cure[] =>
    repair?.ok !== true
      ? []
      : [
          {
            how: 'repair',
            words: `the end of ${fault.label}`,
            fromSec: repair.startedSec,
            toSec: repair.endedSec,
          },
        ],
  )
  if (cause === 'uuid-on-fernet-node') {
    const fromOthers = { clientClass, outcome: 'rejected', cause: 'fernet-on-uuid-node' } as const
    // Tokens of both kinds refused in one peak: it was the mixture that went on, and ended with it.
    const mixed =
      10 * sumCounts(record, fromOthers, peak) >= sumCounts(record, { ...fromOthers, cause }, peak)
    return [...restarts, ...rollbacks, ...(mixed ? completions : [])]
  }
  if (cause === 'fernet-on-uuid-node') return [...restarts, ...completions]
  if (cause === 'key-not-distributed') return [...restarts, ...keys, ...repairs]
  return ofSwitches.has(cause) ? restarts : [...restarts, ...repairs]
}

/** Refusals per second of full traffic over the last ten refusals of a peak: how often they came when they ceased. */
const tailRate = (grid: ClassGrid, from: number, to: number): number => {
  let refusals = 0
  let seconds = 0
  for (let i = to - 1; i >= from && refusals < 10; i--) {
    refusals += grid.counts[i] ?? 0
    seconds += grid.exposureSec[i] ?? 0
  }
  return seconds === 0 ? 0 : refusals / seconds
}

/**
 * What ended a peak. An action is believed to have ended it only if the last refusal lies as near to it as the rhythm of
 * the last refusals allows (a pause of ln 100 mean gaps is no chance), and not farther than a tenth of the peak.
 */
export const endingOf = (
  record: RunRecord,
  clientClass: string,
  cause: string,
  peak: Span,
  grid: ClassGrid,
): Ending => {
  const { intervalSec } = grid
  const from = Math.round(peak.fromSec / intervalSec)
  const to = Math.round(peak.toSec / intervalSec)
  const rate = tailRate(grid, from, to)
  const quietSec = grid.exposureSec.slice(to).reduce((all, seconds) => all + seconds, 0)
  const ceased = quietSec * rate >= stoppedEvidence && recordedUntilSec(record) > peak.toSec
  const pauseSec = rate === 0 ? 0 : stoppedEvidence / rate
  const slackSec = Math.max(2 * intervalSec, Math.min(pauseSec, (peak.toSec - peak.fromSec) / 10))
  const cure = curesOf(record, clientClass, cause, peak)
    .filter((each) => each.fromSec > peak.fromSec)
    .filter((each) => peak.toSec >= each.fromSec - slackSec && peak.toSec <= each.toSec + slackSec)
    .at(-1)
  if (!ceased) return { how: 'still-going-on', atSec: null, words: 'still going on at the end' }
  if (cure !== undefined) return { how: cure.how, atSec: cure.fromSec, words: cure.words }
  const refused = sumCounts(record, { clientClass, outcome: 'rejected' }, peak)
  // A log-in of a member is seen from both sides; a record may hold only one of them.
  const logins = (leg: Leg): number =>
    sumCounts(record, { leg, clientClass, op: 'issue', outcome: 'ok' }, peak) +
    sumCounts(record, { leg, clientClass, op: 'trust-issue', outcome: 'ok' }, peak)
  const issued = Math.max(logins('client'), logins('keystone'))
  return 2 * issued >= refused
    ? { how: 'renewed', atSec: null, words: 'sessions renewed themselves' }
    : { how: 'unknown', atSec: null, words: null }
}
