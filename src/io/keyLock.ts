// A lock on a key repository: while one process changes the keys, any other is told who does.
// It exists because two rotations in one another lose a key; Keystone itself locks nothing.

import { readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { lockName } from '../token/keyFolder.js'
import { KeyRepositoryError } from './keyRepository.js'
import { systemCode } from './systemCode.js'

/** Between two tries of somebody who waits. */
const retryMs = 20
/** A change takes milliseconds, unless the disk hangs. */
const patienceMs = 5000
/** After this time a holder of whom this process can learn nothing (on another host) is taken to be gone. */
const strangerPatienceSec = 600

/** What the holder of a lock is doing. */
export type LockPurpose = 'setup' | 'rotation' | 'copy'

interface Holder {
  readonly purpose: string
  readonly pid: number
  /** When the process began, in the kernel's own count: a later one with its number began at another time. */
  readonly startedTicks: string
  /** The boot of the machine and the name space in which the number counts. */
  readonly boot: string
  readonly pidSpace: string
  readonly host: string
  readonly sinceSec: number
}

const textOf = (read: () => string): string => {
  try {
    return read().trim()
  } catch {
    // No Linux, or a closed /proc.
    return ''
  }
}

/** Field 22 of `/proc/PID/stat` (proc_pid_stat(5)), counted from the end of the name, which may hold anything. */
const startOf = (pid: number | 'self'): string =>
  textOf(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  })

const thisPlace = () => ({
  boot: textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
  pidSpace: textOf(() => readlinkSync('/proc/self/ns/pid')).replace(/\D/g, ''),
  host: encodeURIComponent(hostname()),
})

const ourselves = (purpose: LockPurpose): Holder => ({
  purpose,
  pid: process.pid,
  startedTicks: startOf('self'),
  ...thisPlace(),
  sinceSec: Math.floor(Date.now() / 1000),
})

const write = ({ purpose, pid, startedTicks, boot, pidSpace, host, sinceSec }: Holder): string =>
  ['cutover', purpose, pid, startedTicks, boot, pidSpace, host, sinceSec].join(':')

/** Null for what no lock of ours says. */
const parse = (text: string): Holder | null => {
  const [mark, purpose = '', pid, startedTicks = '', boot = '', pidSpace = '', host = '', since, more] =
    text.split(':')
  if (mark !== 'cutover' || !(Number(pid) > 0) || !(Number(since) > 0) || more !== undefined) return null
  return { purpose, pid: Number(pid), startedTicks, boot, pidSpace, host, sinceSec: Number(since) }
}

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) !== 'ESRCH'
  }
}

/** Whether the process that took a lock has ended without giving it back. */
const isGone = (holder: Holder): boolean => {
  const here = thisPlace()
  if (holder.host === here.host && holder.boot !== here.boot) return true
  if (holder.host !== here.host || holder.pidSpace !== here.pidSpace) {
    return Date.now() / 1000 - holder.sinceSec > strangerPatienceSec
  }
  if (!exists(holder.pid)) return true
  const started = startOf(holder.pid)
  return started !== '' && started !== holder.startedTicks
}

const describeHolder = (holder: Holder): string => {
  const elsewhere = holder.host === thisPlace().host ? '' : ` on ${decodeURIComponent(holder.host)}`
  const since = new Date(holder.sinceSec * 1000).toISOString().replace('.000', '')
  return `process ${holder.pid}${elsewhere} (${holder.purpose}, since ${since})`
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
  const text = write(ourselves(purpose))
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
    const holder = parse(look(link) ?? '')
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

const locked = (directory: string, file: string, holder: Holder | null): KeyRepositoryError =>
  holder === null
    ? new KeyRepositoryError('locked', 'what stands at the name of the lock is no lock', [file], 'remove it')
    : new KeyRepositoryError(
        'locked',
        `the key repository is being changed by ${describeHolder(holder)}`,
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
    const holder = parse(text)
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
