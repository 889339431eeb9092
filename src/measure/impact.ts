// What a change did to a cloud, in the figures by which strategies are compared: who was hit, for how long, what it cost.
// All of it is computed from the record, so that a finished run, a killed one and an old folder are compared alike.
import type { EventLine, RunRecord } from './record.js'
import { classesSeen, emptyAtSec, longestOutageSec, sumCounts } from './series.js'
import { firstSwitchSec, switchSteps } from './windows.js'

/** What became of one class of clients. */
export interface ClassImpact {
  /** Members of the class; null for services' workers, which are no class of the scenario. */
  readonly members: number | null
  /** Members that were refused at least once, by a service or by Keystone. Null for a service. */
  readonly membersHit: number | null
  /**
   * The longest time without a good call that one member had, seconds: from its first bad call (refused, failed, timed out)
   * to its next good one, or to the end of the run. Null for a service.
   */
  readonly memberWithoutSec: number | null
  /**
   * The longest time in which no member had a good call, though some called, seconds; see `longestOutageSec`. Its resolution is
   * one interval. Null where the class made no call.
   */
  readonly outageSec: number | null
}

/** One restart of the plan, as it was done. */
export interface RestartDone {
  readonly target: string
  readonly atSec: number
}

/** The change from its first step to its last, steps that recur by the clock left out. */
export interface Change {
  readonly fromSec: number
  readonly toSec: number
  /** From the one to the other. */
  readonly durationSec: number
  readonly restarts: readonly RestartDone[]
  /** The mode of the provider that the last switch led to; null where there was none. A rollback ends where it began. */
  readonly endsIn: string | null
}

/** Rows and documents written into Keystone's database by the API and by token_flush over the whole run. */
export interface Writes {
  /** Rows of `token` inserted: one for each UUID token that was issued. */
  readonly rowsInserted: number
  /** Rows of `token` deleted by flushes. */
  readonly rowsDeleted: number
  /** Revocation events written by clients that revoke a token; each also marks the token's row, if it has one. */
  readonly revocations: number
  readonly total: number
}

export interface Impact {
  readonly membersHit: number
  readonly byClass: Readonly<Record<string, ClassImpact>>
  /** Null where nobody changed anything. */
  readonly change: Change | null
  readonly writes: Writes
  /** From the first switch to when the table was empty for good, seconds; null if it never was. */
  readonly drainSec: number | null
}

/** Adds up figures by class over all intervals. */
const combine = (
  record: RunRecord,
  field: 'membersHit' | 'memberWithoutSec',
  join: (a: number, b: number) => number,
): ReadonlyMap<string, number> => {
  const all = new Map<string, number>()
  for (const line of record.intervals) {
    for (const [name, value] of Object.entries(line[field] ?? {}))
      all.set(name, join(all.get(name) ?? 0, value))
  }
  return all
}

const byClassOf = (record: RunRecord): Readonly<Record<string, ClassImpact>> => {
  const hit = combine(record, 'membersHit', (a, b) => a + b)
  const without = combine(record, 'memberWithoutSec', Math.max)
  const whole = { fromSec: 0, toSec: Infinity }
  const entries = classesSeen(record).map((name): [string, ClassImpact] => {
    const members = record.header.classes.find((each) => each.name === name)?.members ?? null
    const ofMembers = (figures: ReadonlyMap<string, number>): number | null =>
      members === null ? null : (figures.get(name) ?? 0)
    const outageSec = longestOutageSec(record, name, whole)
    return [name, { members, membersHit: ofMembers(hit), memberWithoutSec: ofMembers(without), outageSec }]
  })
  return Object.fromEntries(entries)
}

/** Steps that a person wrote; faults that the scenario brings about are no part of the change. */
const isPlanned = ({ origin, event }: EventLine): boolean =>
  origin === 'scenario' && !event.startsWith('fault') && !event.startsWith('repair')

const changeOf = (record: RunRecord): Change | null => {
  const steps = record.events.filter(isPlanned)
  if (steps.length === 0) return null
  const fromSec = Math.min(...steps.map((line) => line.startedSec))
  const toSec = Math.max(...steps.map((line) => line.endedSec))
  const restarts = steps
    .filter(({ event, ok }) => event === 'restart' && ok)
    .map(({ target = '', startedSec }) => ({ target, atSec: startedSec }))
    .sort((a, b) => a.atSec - b.atSec)
  const endsIn = switchSteps(record.events).at(-1)?.to ?? null
  return { fromSec, toSec, durationSec: toSec - fromSec, restarts, endsIn }
}

const writesOf = (record: RunRecord): Writes => {
  const rowsInserted = record.intervals.reduce((sum, line) => sum + (line.rowsInserted ?? 0), 0)
  const rowsDeleted = record.events.reduce((sum, line) => sum + (line.rowsDeleted ?? 0), 0)
  const revocations = sumCounts(record, { leg: 'keystone', op: 'revoke', outcome: 'ok' })
  return { rowsInserted, rowsDeleted, revocations, total: rowsInserted + rowsDeleted + revocations }
}

/** What the change of a run did. */
export const impactOf = (record: RunRecord): Impact => {
  const byClass = byClassOf(record)
  const switchSec = firstSwitchSec(record.events)
  const emptySec = emptyAtSec(record)
  return {
    membersHit: Object.values(byClass).reduce((sum, { membersHit }) => sum + (membersHit ?? 0), 0),
    byClass,
    change: changeOf(record),
    writes: writesOf(record),
    drainSec: switchSec === null || emptySec === null ? null : Math.max(0, emptySec - switchSec),
  }
}
