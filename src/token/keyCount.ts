// Whether there are keys enough: what max_active_keys means for the tokens that are out.
// Apart from the ring itself, since validity and rotation are the operator's plan and stand in no folder.

import type { CountFinding, KeyFinding, PolicyFinding } from './keyFindings.js'
import { ringOfFolder } from './keyFolder.js'
import type { KeyFolder } from './keyFolder.js'
import { primaryIndex, requiredKeys } from './keyring.js'
import type { KeyRing } from './keyring.js'

/** How keys are used, as far as the user has said. */
export interface KeyPolicy {
  /** `[token] expiration`, seconds. */
  readonly validitySec?: number
  /** Time from one rotation to the next, seconds. */
  readonly rotationSec?: number
  /** `[token] allow_expired_window`, seconds, where services send service tokens; none if left out. */
  readonly allowExpiredWindowSec?: number
  /** `[fernet_tokens] max_active_keys`. */
  readonly maxActiveKeys?: number
}

/** How long a token must stay readable, seconds, and how often keys turn; null where the user has not said both. */
export const lifeAndRotation = (
  policy: KeyPolicy,
): { readonly lifeSec: number; readonly rotationSec: number } | null => {
  const { validitySec, rotationSec, allowExpiredWindowSec = 0 } = policy
  if (validitySec === undefined || rotationSec === undefined) return null
  return { lifeSec: validitySec + allowExpiredWindowSec, rotationSec }
}

/** How many keys a policy needs (see `requiredKeys`); null where it does not say. */
export const keysRequiredBy = (policy: KeyPolicy): number | null => {
  const known = lifeAndRotation(policy)
  return known === null ? null : requiredKeys({ validitySec: known.lifeSec, rotationSec: known.rotationSec })
}

/**
 * How long before its end a token may become unreadable, seconds: with K keys the last token of a key is sealed just
 * before a rotation and its key goes K − 2 rotations later (see `requiredKeys`), so it is life − (K − 2) · rotation.
 * With one key every rotation takes all keys, so K counts as 2.
 */
export const earlySecOf = (keys: number, known: { lifeSec: number; rotationSec: number }): number =>
  Math.max(0, known.lifeSec - (Math.max(2, keys) - 2) * known.rotationSec)

/** Whether `max_active_keys` is enough; independent of any folder. */
export const checkPolicy = (policy: KeyPolicy): readonly KeyFinding[] => {
  const required = keysRequiredBy(policy)
  const { maxActiveKeys } = policy
  const known = lifeAndRotation(policy)
  if (required === null || known === null || maxActiveKeys === undefined || maxActiveKeys >= required)
    return []
  const finding: PolicyFinding = {
    code: 'max-active-keys-too-small',
    maxActiveKeys,
    required,
    earlySec: earlySecOf(maxActiveKeys, known),
  }
  return [{ ...finding, severity: 'refuses', folder: null }]
}

/**
 * Whether keys have been removed from a ring. Setup makes [0, 1] and each rotation adds one key, so a ring whose
 * primary is p has p + 1 keys until the first one is removed.
 */
const wasPruned = (ring: KeyRing): boolean => ring.keys.size < primaryIndex(ring) + (ring.keys.has(0) ? 1 : 0)

/**
 * Whether a folder holds keys enough. A folder that has not yet been rotated often enough holds few and lacks none;
 * one that has lost keys already was pruned for too small a `max_active_keys`, or by hand.
 */
export const checkCount = (folder: KeyFolder, policy: KeyPolicy): readonly KeyFinding[] => {
  const ring = ringOfFolder(folder)
  if (ring.keys.size === 0) return []
  // The staged key counts even where it is missing: it will be there, and has sealed nothing yet.
  const keys = ring.keys.size + (ring.keys.has(0) ? 0 : 1)
  const required = keysRequiredBy(policy)
  const known = lifeAndRotation(policy)
  const { maxActiveKeys } = policy
  const found: KeyFinding[] = []
  const add = (finding: CountFinding, severity: KeyFinding['severity']): void => {
    found.push({ ...finding, severity, folder: folder.path })
  }
  // With as many as configured the fault is in the configuration, which `checkPolicy` tells.
  const asConfigured = maxActiveKeys !== undefined && keys >= maxActiveKeys
  if (required !== null && known !== null && keys < required && wasPruned(ring) && !asConfigured) {
    add({ code: 'too-few-keys', keys, required, earlySec: earlySecOf(keys, known) }, 'refuses')
  }
  if (maxActiveKeys !== undefined && keys > maxActiveKeys) {
    add({ code: 'more-keys-than-configured', keys, maxActiveKeys }, 'risk')
  }
  return found
}
