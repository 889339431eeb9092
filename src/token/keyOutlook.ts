// What rotations will do to a key, and so to the tokens that it sealed.
// It exists so that the fate of a token that is out can be told before the rotation that decides it.

import { checkMaxActiveKeys } from './keyring.js'
import type { KeyRing } from './keyring.js'

/**
 * After how many rotations from now a key is removed. A rotation puts one key above each key that is there and keeps
 * the max − 1 highest besides the staged one; so a key with h keys above it goes with rotation max − 1 − h. A staged key
 * is first promoted, which takes one rotation more. Where more keys are there than max, the next rotation takes them.
 * @throws TokenError `bad-max-active-keys`
 */
export const rotationsUntilPruned = (
  ring: KeyRing,
  key: { readonly index: number; readonly maxActiveKeys: number },
): number => {
  checkMaxActiveKeys(key.maxActiveKeys)
  if (key.index === 0) return key.maxActiveKeys
  const above = [...ring.keys.keys()].filter((index) => index > key.index).length
  return Math.max(1, key.maxActiveKeys - 1 - above)
}

/** When a key goes, and whether a token outlives it. Instants in seconds since 1970. */
export interface KeyOutlook {
  readonly rotations: number
  /** The span in which the rotation lies that removes the key; equal ends where the last rotation is known. */
  readonly prunedFromSec: number
  readonly prunedUntilSec: number
  /** `expires-first`: rotation does the token no harm; `pruned-first`: it is refused before its time. */
  readonly fate: 'expires-first' | 'pruned-first' | 'undecided'
}

/**
 * The outlook for a token. When the next rotation is due follows from the last one: the staged key was written then.
 * A copy of the folder may have lost that time, so one that is older than a rotation, or in the future, does not count, and
 * the next rotation may then come at any time within one.
 * @param input.rotations from {@link rotationsUntilPruned}
 * @param input.stagedAtSec when the staged key was written; null if there is none
 */
export const keyOutlook = (input: {
  readonly rotations: number
  readonly rotationSec: number
  readonly stagedAtSec: number | null
  readonly nowSec: number
  readonly expiresAtSec: number
}): KeyOutlook => {
  const { rotations, rotationSec, stagedAtSec, nowSec, expiresAtSec } = input
  const sinceSec = stagedAtSec === null ? -1 : nowSec - stagedAtSec
  const known = sinceSec >= 0 && sinceSec <= rotationSec
  const nextFromSec = known ? nowSec - sinceSec + rotationSec : nowSec
  const nextUntilSec = known ? nextFromSec : nowSec + rotationSec
  const laterSec = (rotations - 1) * rotationSec
  const prunedFromSec = nextFromSec + laterSec
  const prunedUntilSec = nextUntilSec + laterSec
  const fate =
    expiresAtSec <= prunedFromSec
      ? 'expires-first'
      : expiresAtSec > prunedUntilSec
        ? 'pruned-first'
        : 'undecided'
  return { rotations, prunedFromSec, prunedUntilSec, fate }
}
