// A lock on a key repository: while one process changes the keys, any other is told who does.
// It exists because two rotations in one another lose a key; Keystone itself locks nothing.

import { readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { lockName } from '../token/keyFolder.js'
import { KeyRepositoryError } from './keyRepository.js'
import { describeMark, markOfOurs, parseMark, stateOf, type ProcessMark } from './processMark.js'
import { systemCode } from './systemCode.js'

/** Between two tries of somebody who waits. */
const retryMs = 20
/** A change takes milliseconds, unless the disk hangs. */
const patienceMs = 5000
/** After this time a holder of whom this process can learn nothing (on another host) is taken to be gone. */
const strangerPatienceSec = 600

/** What the holder of a lock is doing. */
export type LockPurpose = 'setup' | 'rotation' | 'copy'

/** Whether the process that took a lock has ended without giving it back. */
const isGone = (holder: ProcessMark): boolean => {
  const state = stateOf(holder)
  return (
    state === 'gone' || (state === 'unknown' && Date.now() / 1000 - holder.sinceSec > strangerPatienceSec)
  )
}

/** What stands at a lock's name: its text, or null if nothing does. */
const look = (file: string): string | null => {
  try {
    return readlinkSync(file)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    return 'something that is no lock'
  }
}

/** A way to give the lock back, or null if somebody else has it. */
const tryTake = (file: string, purpose: LockPurpose): (() => void) | null => {
  const text = markOfOurs(purpose)
  try {
    symlinkSync(text, file)
    return () => {
      // Whoever hung for long may have been taken for gone.
      if (look(file) === text) rmSync(file, { force: true })
    }
  } catch (error) {
    const code = systemCode(error)
    if (code === 'EEXIST') return null
    throw new KeyRepositoryError('unwritable', `cannot lock the key repository (${code})`, [file])
  }
}

/**
 * Removes a lock whose holder is gone, and none else. Several may try at once, and one that is slow must not remove what
 * a quick one has taken since; so this is done under a lock of its own, and what is removed is looked at under that.
 */
const breakLock = (file: string, purpose: LockPurpose): void => {
  const isLeft = (link: string): boolean => {
    const holder = parseMark(look(link) ?? '')
    return holder !== null && isGone(holder)
  }
  const breaking = `${file}~`
  const giveBack = tryTake(breaking, purpose)
  if (giveBack === null) {
    if (isLeft(breaking)) breakLock(breaking, purpose)
    return
  }
  try {
    if (isLeft(file)) rmSync(file, { force: true })
  } finally {
    giveBack()
  }
}

const locked = (directory: string, file: string, holder: ProcessMark | null): KeyRepositoryError =>
  holder === null
    ? new KeyRepositoryError('locked', 'what stands at the name of the lock is no lock', [file], 'remove it')
    : new KeyRepositoryError(
        'locked',
        `the key repository is being changed by ${describeMark(holder)}`,
        [directory],
        'wait until it has ended, and look at the keys (`cutover keys list`) before you change them again; ' +
          `if it has ended on another host, remove ${file}`,
      )

const pause = (): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs)
}

/** Takes a lock, from a dead holder too. Returns how to give it back. */
const take = (directory: string, file: string, purpose: LockPurpose, waits: boolean): (() => void) => {
  const giveUpMs = performance.now() + patienceMs
  for (;;) {
    const giveBack = tryTake(file, purpose)
    if (giveBack !== null) return giveBack
    const text = look(file)
    if (text === null) continue
    const holder = parseMark(text)
    const gone = holder !== null && isGone(holder)
    if (holder === null || (!gone && !waits) || performance.now() > giveUpMs)
      throw locked(directory, file, holder)
    if (gone) breakLock(file, purpose)
    else pause()
  }
}

/**
 * Does something to a repository while no other process of this kind does. The lock is a link in the folder that leads
 * nowhere and names its holder: made with its text in one step, and passed over by Keystone, which opens every *file*.
 * A lock whose holder has died is taken over.
 * @param options.waits whether to wait for some seconds; for what may be done twice, which a rotation may not
 * @throws KeyRepositoryError `locked`, `unwritable`
 */
export const withLock = <T>(
  directory: string,
  { purpose, waits }: { readonly purpose: LockPurpose; readonly waits: boolean },
  work: () => T,
): T => {
  const giveBack = take(directory, join(directory, lockName), purpose, waits)
  try {
    return work()
  } finally {
    giveBack()
  }
}
