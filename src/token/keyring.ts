// The ring of Fernet keys and how it turns: setup, rotation, pruning, distribution, each as single file steps.
// Steps are data, so that a crash or a copy between two of them can be rehearsed and not only hoped about.

import { formatFernetKey, openFernetWithAny, parseFernetKey } from './fernet.js'
import type { FernetEnvelope, FernetKey, OpenedFernet } from './fernet.js'
import { TokenError } from './tokenError.js'

/** The keys of a node by index: 0 is staged, the highest is primary, the rest are secondary. All of them open. */
export interface KeyRing {
  readonly keys: ReadonlyMap<number, FernetKey>
}

/**
 * One change to a key folder. File names are Keystone's: the index in decimal, and `0.tmp` for a key that is still
 * being written. A step is atomic; between two steps a node may crash, or be read by another process.
 */
export type RingStep =
  | { readonly kind: 'write'; readonly file: string; readonly key: FernetKey }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'remove'; readonly file: string }

/** A ring after a change, and the steps that lead there. */
export interface RingChange {
  readonly ring: KeyRing
  readonly steps: readonly RingStep[]
}

/** The files of a key folder: name → text. */
export type KeyFiles = ReadonlyMap<string, string>

const stagedFile = '0'
const temporaryFile = '0.tmp'
const indexName = /^(?:0|[1-9]\d{0,14})$/

/** `[fernet_tokens] max_active_keys` at least, as this project accepts it. */
export const maxActiveKeysMin = 2

/**
 * Refuses a `max_active_keys` that cannot work, although Keystone accepts 1.
 *
 * With 1 a rotation removes the new primary as well, so that only the staged key is left, which no other node has
 * yet: each rotation kills every token, and nodes cannot read each other's until the next copy. With 2 nodes agree,
 * but the old primary goes with each rotation and its tokens with it ({@link requiredKeys} is never below 3).
 * @throws TokenError `bad-max-active-keys`
 */
export const checkMaxActiveKeys = (maxActiveKeys: number): void => {
  if (Number.isSafeInteger(maxActiveKeys) && maxActiveKeys >= maxActiveKeysMin) return
  const why =
    maxActiveKeys === 1
      ? 'with max_active_keys = 1 each rotation removes the primary key and kills every live token'
      : `max_active_keys is a whole number of at least ${maxActiveKeysMin}`
  throw new TokenError('bad-max-active-keys', `${why}; got ${maxActiveKeys}`)
}

/**
 * The keys that a ring must hold so that no token dies before its time.
 *
 *     keys = ⌈(validity + allow_expired_window) / rotation⌉ + 2
 *
 * Why: with K keys one is staged, so a key is primary for one rotation R and then secondary for K−2 more; it is
 * removed (K−1)·R after it became primary. Its last token is sealed just before R and must be readable until
 * R + validity, so (K−2)·R ≥ validity. One key fewer, and those last tokens die early.
 * Source: Keystone's admin guide, "Fernet - Frequently Asked Questions" (`max_active_keys = (token_expiration /
 * rotation_frequency) + 2`); the window enters since Ocata, where a service may ask for expired tokens.
 * @param input.validitySec `[token] expiration`
 * @param input.rotationSec time from one rotation to the next
 * @param input.allowExpiredWindowSec `[token] allow_expired_window`, if services rely on it; 0 if left out
 * @throws TokenError `bad-duration`
 */
export const requiredKeys = (input: {
  readonly validitySec: number
  readonly rotationSec: number
  readonly allowExpiredWindowSec?: number
}): number => {
  const { validitySec, rotationSec, allowExpiredWindowSec = 0 } = input
  if (
    !(validitySec > 0 && rotationSec > 0 && allowExpiredWindowSec >= 0) ||
    !Number.isFinite(validitySec + allowExpiredWindowSec)
  ) {
    throw new TokenError('bad-duration', 'validity and rotation must be positive, the window not negative')
  }
  return Math.ceil((validitySec + allowExpiredWindowSec) / rotationSec) + 2
}

/**
 * The index of the key that seals: the highest. That is 0 in a folder that holds nothing but a staged key.
 * @throws TokenError `no-keys`
 */
export const primaryIndex = (ring: KeyRing): number => {
  let highest = -1
  for (const index of ring.keys.keys()) if (index > highest) highest = index
  if (highest < 0) throw new TokenError('no-keys', 'the key ring is empty')
  return highest
}

/** A key with its place in the ring. */
export interface IndexedKey extends FernetKey {
  readonly index: number
}

const orders = new WeakMap<KeyRing, readonly IndexedKey[]>()

/** The keys in the order in which Keystone tries them: from the highest index down, the staged key last. */
export const openingOrder = (ring: KeyRing): readonly IndexedKey[] => {
  const known = orders.get(ring)
  if (known !== undefined) return known
  const order = [...ring.keys].sort(([a], [b]) => b - a).map(([index, key]) => ({ ...key, index }))
  orders.set(ring, order)
  return order
}

/** Opens an envelope with the first key of the ring that fits. */
export const openWithRing = (
  envelope: FernetEnvelope,
  ring: KeyRing,
): (OpenedFernet & { readonly key: IndexedKey }) | null => openFernetWithAny(envelope, openingOrder(ring))

/** A ring from keys by index; the map is copied. */
export const keyRing = (keys: Iterable<readonly [number, FernetKey]>): KeyRing => ({ keys: new Map(keys) })

/**
 * A first ring, [0, 1], by the steps of `keystone-manage fernet_setup`: a key is staged, then promoted by a rotation.
 * Given an old ring that lost its staged key in a crash, it only stages a new one. (Keystone would promote that key at
 * once, a primary that no other node has.) Given a staged key alone, it does the promotion that is missing. (Keystone
 * leaves it so.)
 * @param input.primary becomes key 1; not used when the old ring has keys
 * @param input.staged becomes key 0
 * @param input.ring what is there already; with a staged key and others nothing is done
 */
export const setupRing = (input: {
  readonly primary: FernetKey
  readonly staged: FernetKey
  readonly ring?: KeyRing
}): RingChange => {
  const { primary, staged, ring } = input
  // With nothing else in the ring, its first setup died halfway: the rotation is still to come.
  if (ring?.keys.has(0) === true) {
    return ring.keys.size > 1
      ? { ring, steps: [] }
      : rotateRing(ring, { maxActiveKeys: maxActiveKeysMin, fresh: staged })
  }
  const stage = (key: FernetKey): RingStep[] => [
    { kind: 'write', file: temporaryFile, key },
    { kind: 'rename', from: temporaryFile, to: stagedFile },
  ]
  if (ring !== undefined && ring.keys.size > 0) {
    return { ring: keyRing([...ring.keys, [0, staged]]), steps: stage(staged) }
  }
  const rotation = rotateRing(keyRing([[0, primary]]), { maxActiveKeys: maxActiveKeysMin, fresh: staged })
  return { ring: rotation.ring, steps: [...stage(primary), ...rotation.steps] }
}

/**
 * Turns the ring once: the staged key becomes primary under the next index, a fresh key is staged, and the lowest
 * secondary keys go until `maxActiveKeys` are left. Steps and their order are those of `rotate_keys` in
 * `keystone/common/fernet_utils.py`.
 * @throws TokenError `bad-max-active-keys`, `no-staged-key`
 */
export const rotateRing = (
  ring: KeyRing,
  options: { readonly maxActiveKeys: number; readonly fresh: FernetKey },
): RingChange => {
  checkMaxActiveKeys(options.maxActiveKeys)
  const staged = ring.keys.get(0)
  if (staged === undefined) {
    throw new TokenError(
      'no-staged-key',
      'there is no staged key (file 0); set the repository up again to stage one',
    )
  }
  const next = primaryIndex(ring) + 1
  const turned = new Map(ring.keys).set(next, staged).set(0, options.fresh)
  const pruned = pruneRing({ keys: turned }, options.maxActiveKeys)
  return {
    ring: pruned.ring,
    steps: [
      { kind: 'write', file: temporaryFile, key: options.fresh },
      { kind: 'rename', from: stagedFile, to: String(next) },
      { kind: 'rename', from: temporaryFile, to: stagedFile },
      ...pruned.steps,
    ],
  }
}

/**
 * Removes the lowest secondary keys until `maxActiveKeys` are left, the staged key among them.
 * @throws TokenError `bad-max-active-keys`
 */
export const pruneRing = (ring: KeyRing, maxActiveKeys: number): RingChange => {
  checkMaxActiveKeys(maxActiveKeys)
  const active = [...ring.keys.keys()].filter((index) => index !== 0).sort((a, b) => a - b)
  const excess = active.slice(0, Math.max(0, active.length - (maxActiveKeys - 1)))
  const keys = new Map(ring.keys)
  for (const index of excess) keys.delete(index)
  return { ring: { keys }, steps: excess.map((index) => ({ kind: 'remove', file: String(index) })) }
}

/**
 * The steps that make a node's ring equal to the master's, in an order that never takes a key away too early:
 * the new primary first, then the other keys downwards, the staged key after them, and removals at the end.
 *
 * Why: before the copy the new primary is on this node as its *staged* key. A copy that begins with file 0 overwrites
 * it, and until the primary's own file arrives, tokens of nodes that have rotated cannot be read here (bug 1816927).
 * Each key is written beside its place and renamed over it, so no reader meets half a key.
 */
export const distributeRing = (input: { readonly from: KeyRing; readonly to: KeyRing }): RingChange => {
  const steps: RingStep[] = []
  for (const { index, ...key } of openingOrder(input.from)) {
    const present = input.to.keys.get(index)
    if (present !== undefined && sameKey(present, key)) continue
    steps.push({ kind: 'write', file: `${index}.tmp`, key })
    steps.push({ kind: 'rename', from: `${index}.tmp`, to: String(index) })
  }
  for (const { index } of openingOrder(input.to)) {
    if (!input.from.keys.has(index)) steps.push({ kind: 'remove', file: String(index) })
  }
  return { ring: keyRing(input.from.keys), steps }
}

/** Whether two keys are the same 32 bytes. Not in constant time: both sides are ours. */
export const sameKey = (a: FernetKey, b: FernetKey): boolean =>
  Buffer.compare(a.signing, b.signing) === 0 && Buffer.compare(a.encryption, b.encryption) === 0

/**
 * The files after one step.
 * @throws TokenError `no-such-file` for a rename or removal of a file that is not there
 */
export const applyStep = (files: KeyFiles, step: RingStep): Map<string, string> => {
  const next = new Map(files)
  if (step.kind === 'write') return next.set(step.file, formatFernetKey(step.key))
  const source = step.kind === 'rename' ? step.from : step.file
  const text = next.get(source)
  if (text === undefined) throw new TokenError('no-such-file', `no such key file: ${source}`, [source])
  next.delete(source)
  return step.kind === 'rename' ? next.set(step.to, text) : next
}

/** The index that a file name stands for, or null for a name that Keystone ignores (`0.tmp`, `README`). */
export const indexOfFile = (name: string): number | null => (indexName.test(name) ? Number(name) : null)

/**
 * The key in the text of a key file. White space around it is allowed, since Keystone's decoder skips it and editors
 * add it.
 */
export const keyOfFile = (text: string): FernetKey | 'empty' | 'malformed' => {
  if (text.length === 0) return 'empty'
  try {
    return parseFernetKey(text.trim())
  } catch (error) {
    if (error instanceof TokenError) return 'malformed'
    throw error
  }
}

/**
 * The ring that a folder's files make. Names that are no index are ignored, and so are empty files (as since Rocky).
 * @throws TokenError `bad-key` with the names of *all* files that hold no key
 */
export const ringFromFiles = (files: KeyFiles): KeyRing => {
  const keys = new Map<number, FernetKey>()
  const bad: string[] = []
  for (const [name, text] of files) {
    const index = indexOfFile(name)
    const key = index === null ? 'empty' : keyOfFile(text)
    if (key === 'malformed') bad.push(name)
    else if (index !== null && key !== 'empty') keys.set(index, key)
  }
  if (bad.length > 0) throw new TokenError('bad-key', `no Fernet key in: ${bad.join(', ')}`, bad)
  return { keys }
}

/** The files of a ring. */
export const filesFromRing = (ring: KeyRing): Map<string, string> =>
  new Map([...ring.keys].map(([index, key]) => [String(index), formatFernetKey(key)]))
