// What can be wrong with key folders, as data: codes and the facts that belong to them.
// Apart from the words for it, so that tests and programs need not read sentences.

/**
 * How bad it is.
 *
 * - `refuses`: tokens are refused now, or will be before their time
 * - `risk`: none is refused yet; the next rotation, or somebody with bad intent, changes that
 * - `note`: odd, and harmless to tokens
 */
export type Severity = 'refuses' | 'risk' | 'note'

/** About the files of one folder. */
export type FolderFinding =
  | { readonly code: 'no-keys' }
  /** Keystone makes all keys of the folder before it opens one token, so one such file stops the node. */
  | { readonly code: 'malformed-key'; readonly file: string }
  /** As malformed before Rocky, ignored since. */
  | { readonly code: 'empty-key'; readonly file: string }
  /** Python's `int()` takes more for a number than the names that Keystone gives: ` 2`, `01`, `1_0`, `-1`. */
  | { readonly code: 'misread-name'; readonly file: string; readonly readAs: number }
  | { readonly code: 'key-not-a-file'; readonly file: string }
  /** Keystone opens every file of the folder before it looks at the name, so one that it may not open stops the node. */
  | { readonly code: 'closed-file'; readonly file: string; readonly uid: number; readonly readerUid: number }
  | { readonly code: 'closed-folder'; readonly uid: number; readonly readerUid: number }
  /** Belongs to root, and nobody said whom Keystone runs as. */
  | { readonly code: 'owned-by-root' }
  | { readonly code: 'open-folder'; readonly mode: number }
  | { readonly code: 'open-file'; readonly file: string; readonly mode: number }
  | { readonly code: 'no-staged-key' }
  | { readonly code: 'interrupted-rotation'; readonly stagedMissing: boolean }
  | { readonly code: 'unfinished-copy'; readonly file: string }
  /** Nothing but a staged key, which Keystone then seals with. */
  | { readonly code: 'only-staged-key' }
  /** Somebody changes the keys at this moment, or died over it. */
  | { readonly code: 'lock'; readonly file: string }
  | { readonly code: 'foreign-name'; readonly file: string }
  /** Secondary keys between others that are there. */
  | { readonly code: 'missing-keys'; readonly indices: readonly number[] }

/** About the number of keys, given validity and rotation. */
export type CountFinding =
  /** The last token of a key is refused `earlySec` before it expires. */
  | {
      readonly code: 'too-few-keys'
      readonly keys: number
      readonly required: number
      readonly earlySec: number
    }
  | { readonly code: 'more-keys-than-configured'; readonly keys: number; readonly maxActiveKeys: number }

/** About one folder beside others. */
export type PeerFinding =
  | { readonly code: 'no-key-in-common'; readonly with: readonly string[] }
  /**
   * Lacks the primary key of other nodes: what they seal now is refused here. `they`: whether they are rotations ahead of
   * this node (it missed a copy) or behind it (they did, and their key has been pruned here).
   */
  | {
      readonly code: 'cannot-read-new'
      readonly of: readonly string[]
      readonly fingerprint: string
      readonly they: 'ahead' | 'level' | 'behind'
    }
  /**
   * Lacks a secondary key of other nodes, the file `index` of the first of them. `live`: true where its tokens may be out,
   * null where that cannot be told.
   */
  | {
      readonly code: 'cannot-read-old'
      readonly of: readonly string[]
      readonly fingerprint: string
      readonly index: number
      readonly live: true | null
    }
  /** Another key under the same index: rotated apart. */
  | { readonly code: 'rotated-apart'; readonly with: readonly string[]; readonly indices: readonly number[] }
  | { readonly code: 'behind'; readonly of: readonly string[]; readonly rotations: number }
  | { readonly code: 'staged-differs'; readonly with: readonly string[] }

/** About the configuration itself, whatever the folders hold. */
export type PolicyFinding = {
  readonly code: 'max-active-keys-too-small'
  readonly maxActiveKeys: number
  readonly required: number
  readonly earlySec: number
}

/** A finding, how bad it is, and the folder that it is about; null: the configuration. */
export type KeyFinding = (FolderFinding | CountFinding | PeerFinding | PolicyFinding) & {
  readonly severity: Severity
  readonly folder: string | null
}
