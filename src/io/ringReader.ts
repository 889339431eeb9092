// The ring of a node as it uses it: what its folder holds at this moment, mostly for the price of one look.
// It exists because Keystone reads the folder again at each use, and a server that did so would measure the disk.

import type { BigIntStats } from 'node:fs'
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

/** A file system's clock ticks every 1 to 10 ms; within this time of a change another one may hide behind it. */
const settleMs = 100

/**
 * A reader that behaves as if the folder were read at each use, as Keystone does, but mostly costs one `stat`: the
 * folder's mtime and inode change whenever a file in it is made, renamed or removed. An mtime younger than 100 ms (or
 * in the future) is not trusted, since a second change within one tick of the file system's clock leaves it as it is.
 * @param options.nowMs a clock in milliseconds since 1970, for tests
 */
export const createRingReader = (
  directory: string,
  options: { readonly nowMs?: () => number } = {},
): RingReader => {
  const nowMs = options.nowMs ?? Date.now
  let last: { readonly stats: BigIntStats; readonly ring: KeyRing; readonly trusted: boolean } | null = null
  const readAgain = (): KeyRing => {
    const startMs = nowMs()
    const { folder, stats } = readSnapshot(directory)
    const ring = requireKeys(folder)
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
