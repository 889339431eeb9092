// The life of each Fernet key in a run: staged, primary, secondary, removed; and until when tokens need it.
// It follows the rotations and distributions of the record by Keystone's own rule, so that no key has to be looked at.
import type { EventLine, RunRecord } from './record.js'
import { recordedUntilSec, switchSteps, type Span } from './windows.js'

/** One key. Seconds are scenario seconds; null: not within the run. */
export interface KeyLife {
  /** By the order in which keys become primary, from 1; the number of its file once it is. */
  readonly number: number
  readonly stagedSec: number
  readonly primarySec: number | null
  readonly secondarySec: number | null
  readonly removedSec: number | null
  /** When backends seal tokens with it; null if they never did. */
  readonly seals: Span | null
  /** When the last token that was sealed with it ends. */
  readonly neededUntilSec: number | null
  /** When the backends have lost it. */
  readonly lostSec: number | null
}

export interface KeyLives {
  readonly keys: readonly KeyLife[]
  /** A fault changed the keys then, and what came of it is not known here; else the end of the record. */
  readonly knownUntilSec: number
  readonly fault: string | null
  /** From the start to when the last UUID token ends; null where no backend stopped to issue them. */
  readonly uuid: { readonly issuedUntilSec: number; readonly validUntilSec: number } | null
}

type Changing = { -readonly [key in keyof KeyLife]: KeyLife[key] }

const newKey = (number: number, stagedSec: number): Changing => ({
  number,
  stagedSec,
  primarySec: null,
  secondarySec: null,
  removedSec: null,
  seals: null,
  neededUntilSec: null,
  lostSec: null,
})

/** Faults that change which keys there are, by what no later event tells. */
const unknowable = /^fault (keys-rotated|staged-key-lost|rotation-crash)/

const instants = (events: readonly EventLine[], name: string, untilSec: number): number[] =>
  events
    .filter(({ event, ok, startedSec }) => event === name && ok && startedSec <= untilSec)
    .map(({ endedSec }) => endedSec)

/**
 * Keys of a run; null where the record does not say how many may be active. Keystone's `rotate_keys`: the staged key becomes
 * primary, a new one is staged, and while there are more than `max_active_keys` the oldest secondary is removed
 * (`keystone/common/fernet_utils.py`).
 */
export function keyLivesOf(record: RunRecord): KeyLives | null {
  const { header, events } = record
  const most = header.maxActiveKeys
  if (most === undefined) return null
  const spoilt = events.find(({ event }) => unknowable.test(event))
  const knownUntilSec = spoilt?.startedSec ?? recordedUntilSec(record)
  const rotations = instants(events, 'keys.rotate', knownUntilSec)
  const keys = rotated(rotations, most)
  const told = instants(events, 'keys.distribute', knownUntilSec)
  const arrivals = told.length > 0 ? told : rotations
  const arrivalOf = (sec: number | null): number | null =>
    sec === null ? null : (arrivals.find((each) => each >= sec) ?? null)
  const steps = switchSteps(events)
  const fernetSec =
    steps.find(({ to }) => to !== 'dual-uuid' && to !== 'uuid')?.fromSec ?? (steps.length > 0 ? Infinity : 0)
  for (const key of keys) {
    key.lostSec = arrivalOf(key.removedSec)
    const began = key.primarySec === 0 ? 0 : arrivalOf(key.primarySec)
    const fromSec = Math.max(began ?? Infinity, fernetSec)
    const endSec = arrivalOf(key.secondarySec)
    const toSec = Math.min(endSec ?? knownUntilSec, knownUntilSec)
    if (!(toSec > fromSec)) continue
    key.seals = { fromSec, toSec }
    key.neededUntilSec = toSec + header.expirationSec
  }
  const issuedUntilSec = steps.find(({ to }) => to === 'dual-fernet' || to === 'fernet')?.toSec
  const uuid =
    issuedUntilSec === undefined
      ? null
      : { issuedUntilSec, validUntilSec: issuedUntilSec + header.expirationSec }
  return { keys, knownUntilSec, fault: spoilt?.label ?? null, uuid }
}

/** A repository as `fernet_setup` leaves it, one primary and one staged key, and then its rotations. */
function rotated(rotations: readonly number[], most: number): Changing[] {
  const keys: Changing[] = [{ ...newKey(1, 0), primarySec: 0 }, newKey(2, 0)]
  for (const atSec of rotations) {
    const primary = keys.at(-2)
    const staged = keys.at(-1)
    if (primary === undefined || staged === undefined) break
    primary.secondarySec = atSec
    staged.primarySec = atSec
    keys.push(newKey(keys.length + 1, atSec))
    const kept = keys.filter(({ removedSec }) => removedSec === null)
    const secondary = kept.filter(({ secondarySec }) => secondarySec !== null)
    for (const key of secondary.slice(0, Math.max(0, kept.length - most))) key.removedSec = atSec
  }
  return keys
}
