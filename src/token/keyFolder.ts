// A key folder as it was found: names, modes, owners, and what each key file holds. Facts, no judgement.
// It exists so that what is wrong with a folder can be judged without a disk.

import type { FernetKey } from './fernet.js'
import { indexOfFile } from './keyring.js'
import type { KeyRing } from './keyring.js'

/** Numbers of a user and a group of the system. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** What a file whose name is an index holds. `unreadable`: this process may not read it. */
export type KeyContent = FernetKey | 'empty' | 'malformed' | 'unreadable'

/** One name in a key folder. */
export interface FolderEntry extends Owner {
  readonly name: string
  /** Of the file that a link leads to; `other`: a folder, a pipe, or a link that leads nowhere. */
  readonly kind: 'file' | 'other'
  /** Permission bits. */
  readonly mode: number
  /** When its content was last written, seconds since 1970. A rotation renames and keeps it, a copy may not. */
  readonly writtenAtSec: number
  /** Null for a name that is no index, and for what is no file. */
  readonly content: KeyContent | null
}

/** A key folder at one moment. */
export interface KeyFolder extends Owner {
  /** As the user named it. */
  readonly path: string
  /** Permission bits. */
  readonly mode: number
  /** In the order of their names. */
  readonly entries: readonly FolderEntry[]
}

/** The name of the lock of whoever changes the keys; with `~` added that of whoever removes a lock that was left. */
export const lockName = '.cutover-lock'

/** Whether an entry holds a key that opens tokens. */
export const holdsKey = (entry: FolderEntry): entry is FolderEntry & { readonly content: FernetKey } =>
  typeof entry.content === 'object' && entry.content !== null

/** The ring of the keys that are whole; what is empty, malformed or unreadable is left out. */
export const ringOfFolder = (folder: KeyFolder): KeyRing => {
  const keys = new Map<number, FernetKey>()
  for (const entry of folder.entries) {
    const index = indexOfFile(entry.name)
    if (index !== null && holdsKey(entry)) keys.set(index, entry.content)
  }
  return { keys }
}

/** The entry of a key, or null. */
export const entryOfKey = (folder: KeyFolder, index: number): FolderEntry | null =>
  folder.entries.find(({ name }) => name === String(index)) ?? null

/** What a key is for: the staged one is the next primary, the primary seals, all of them open. */
export type KeyRole = 'staged' | 'primary' | 'secondary'

/** The role of a key in a ring. A staged key without company seals, so it is the primary. */
export const roleOfKey = (ring: KeyRing, index: number): KeyRole =>
  index === Math.max(...ring.keys.keys()) ? 'primary' : index === 0 ? 'staged' : 'secondary'
