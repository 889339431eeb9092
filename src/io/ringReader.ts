// The ring of a node as it uses it: what its folder holds at this moment, mostly for the price of one look.
// It exists because Keystone reads the folder again at each use, and a server that did so would measure the disk.

import type { BigIntStats } from 'node:fs'
import type { FolderEntry, KeyFolder, Owner } from '../token/keyFolder.js'
import { sameKey } from '../token/keyring.js'
import type { KeyRing } from '../token/keyring.js'
import { readSnapshot, refuseEmpty, requireKeys, sameState, statDirectory } from './keyRepository.js'

/** Gives the ring of a folder as it is now. */
export interface RingReader {
  /**
   * The current ring. The same object as before while the folder has not changed.
   * @throws KeyRepositoryError when the folder is gone, empty or unreadable, as Keystone answers 500
   */
  read(): KeyRing
  /** Reads again in any case: finds key files that were rewritten in place, which do not change the folder. */
  refresh(): KeyRing
}

const ourselves = (): Owner | null =>
  process.getuid?.() === 0 ? { uid: 0, gid: process.getgid?.() ?? 0 } : null

/** What the kernel asks of an ordinary user who opens a file to read it; further groups and ACLs are left out. */
const mayRead = ({ uid, gid, mode }: FolderEntry, user: Owner): boolean =>
  (mode & (uid === user.uid ? 0o400 : gid === user.gid ? 0o040 : 0o004)) !== 0

/** A folder as a user sees it who has no more rights than its modes and owners give; null: as it was read. */
const asSeenBy = (folder: KeyFolder, user: Owner | null): KeyFolder => {
  if (user === null || folder.entries.every((entry) => mayRead(entry, user))) return folder
  const entries = folder.entries.map((entry): FolderEntry =>
    entry.content === null || mayRead(entry, user) ? entry : { ...entry, content: 'unreadable' },
  )
  return { ...folder, entries }
}

/** A file system's clock ticks every 1 to 10 ms; within this time of a change another one may hide behind it. */
const settleMs = 100

/**
 * A reader that behaves as if the folder were read at each use, as Keystone does, but mostly costs one `stat`: the
 * folder's mtime and inode change whenever a file in it is made, renamed or removed. An mtime younger than 100 ms (or
 * in the future) is not trusted, since a second change within one tick of the file system's clock leaves it as it is.
 * @param options.ordinary as whom to read; default: as root, its own id without root's power to read everything, since no
 * Keystone runs as root; as anybody else, whatever the kernel allows
 * @param options.nowMs a clock in milliseconds since 1970, for tests
 */
export const createRingReader = (
  directory: string,
  options: { readonly nowMs?: () => number; readonly ordinary?: Owner | null } = {},
): RingReader => {
  const nowMs = options.nowMs ?? Date.now
  const ordinary = options.ordinary === undefined ? ourselves() : options.ordinary
  let last: { readonly stats: BigIntStats; readonly ring: KeyRing; readonly trusted: boolean } | null = null
  const readAgain = (): KeyRing => {
    const startMs = nowMs()
    const { folder, stats } = readSnapshot(directory)
    const ring = requireKeys(asSeenBy(folder, ordinary))
    const trusted = Number(stats.mtimeNs) / 1e6 < startMs - settleMs
    const unchanged = last !== null && sameKeys(last.ring, ring)
    last = { stats, ring: unchanged && last !== null ? last.ring : ring, trusted }
    return refuseEmpty(directory, last.ring)
  }
  return {
    read() {
      if (last === null || !last.trusted) return readAgain()
      return sameState(statDirectory(directory), last.stats) ? refuseEmpty(directory, last.ring) : readAgain()
    },
    refresh: readAgain,
  }
}

const sameKeys = (a: KeyRing, b: KeyRing): boolean =>
  a.keys.size === b.keys.size &&
  [...a.keys].every(([index, key]) => {
    const other = b.keys.get(index)
    return other !== undefined && sameKey(other, key)
  })
