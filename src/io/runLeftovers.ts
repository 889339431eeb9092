// What a run keeps in its folder only while it goes on (keys, a store), and what of it a killed run has left there.
// It exists so that no key outlives its run by more than the next look at it, and nothing of a living run is touched.
import { existsSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { describeMark, markOfOurs, parseMark, stateOf, type ProcessMark } from './processMark.js'

/** Folders within that of a run, which the run removes at its end. */
export const privateFolders = {
  keys: 'keys',
  store: 'store',
  mariadb: 'mariadb',
  haproxy: 'haproxy',
} as const

const markName = '.running'

const readMark = (folder: string): ProcessMark | null => {
  try {
    return parseMark(readlinkSync(path.join(folder, markName)))
  } catch {
    return null
  }
}

/** Says in a run's folder that this process works there. Returns how to take that back. */
export const markRunning = (folder: string): (() => Promise<void>) => {
  const link = path.join(folder, markName)
  try {
    symlinkSync(markOfOurs('run'), link)
  } catch {
    // A disk without links, or a full one: then nobody will clean up behind a kill, only name what is left.
  }
  return () => Promise.resolve(rmSync(link, { force: true }))
}

/** What was found in the folder of a run beside what is kept. */
export interface Leftovers {
  /** The process that still works there, in words. */
  readonly running: string | null
  /** Folders of a run that was killed: they are removed. */
  readonly removed: readonly string[]
  /** Folders of which it is not known whose they are, or that cannot be removed: they are still there. */
  readonly left: readonly string[]
}

/** Removes what a killed run has left in its folder, if that run is known to have ended. */
export const clearLeftovers = async (folder: string): Promise<Leftovers> => {
  const found = Object.values(privateFolders)
    .map((name) => path.join(folder, name))
    .filter((place) => existsSync(place))
  const mark = readMark(folder)
  if (mark === null) return { running: null, removed: [], left: found }
  const state = stateOf(mark)
  if (state === 'there') return { running: describeMark(mark), removed: [], left: [] }
  if (state === 'unknown') return { running: null, removed: [], left: found }
  const removed: string[] = []
  for (const place of found) {
    // Servers of the killed run may still be ending.
    const gone = await rm(place, { recursive: true, force: true, maxRetries: 5 }).then(
      () => true,
      () => false,
    )
    if (gone) removed.push(place)
  }
  const left = found.filter((place) => !removed.includes(place))
  if (left.length === 0) rmSync(path.join(folder, markName), { force: true })
  return { running: null, removed, left }
}
