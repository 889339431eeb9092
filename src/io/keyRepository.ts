// A Keystone key repository on disk: a folder with one file a key, named by its index.
// The only place where keys are made and where key files are touched.

import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { join } from 'node:path'
import { fernetKeyFromBytes, formatFernetKey } from '../token/fernet.js'
import type { FernetKey } from '../token/fernet.js'
import {
  distributeRing,
  indexOfFile,
  ringFromFiles,
  rotateRing,
  sameKey,
  setupRing,
} from '../token/keyring.js'
import type { KeyRing, RingChange, RingStep } from '../token/keyring.js'
import { TokenError } from '../token/tokenError.js'

const directoryMode = 0o700
const fileMode = 0o600
/** How often a folder is read again when it changes while being read. */
const readAttemptsMax = 5

/**
 * What is wrong with a key repository.
 *
 * - `missing-directory`, `not-a-directory`, `unreadable-directory`
 * - `no-keys`: the folder holds no key file
 * - `unreadable-key-file`: a key file that this user may not read
 * - `bad-key-file`: files that hold no Fernet key
 * - `unwritable`: a change was refused by the system
 */
export type KeyRepositoryErrorCode =
  | 'missing-directory'
  | 'not-a-directory'
  | 'unreadable-directory'
  | 'no-keys'
  | 'unreadable-key-file'
  | 'bad-key-file'
  | 'unwritable'

/** An error about a key repository. Names paths, never key material. */
export class KeyRepositoryError extends Error {
  override readonly name = 'KeyRepositoryError'
  readonly code: KeyRepositoryErrorCode
  /** The folder, or the files at fault. */
  readonly paths: readonly string[]
  constructor(code: KeyRepositoryErrorCode, message: string, paths: readonly string[]) {
    super(`${message}: ${paths.join(', ')}`)
    this.code = code
    this.paths = paths
  }
}

/**
 * Something that works but should not be left so.
 *
 * - `directory-mode`, `file-mode`: open to the group or to others
 * - `empty-file`: ignored (before Rocky, Keystone fails on it)
 * - `leftover`: `0.tmp` and the like, from a rotation or copy that did not finish
 * - `ignored-file`: any other name that is no index
 * - `no-staged-key`: the next rotation will fail
 */
export interface KeyRepositoryWarning {
  readonly code: 'directory-mode' | 'file-mode' | 'empty-file' | 'leftover' | 'ignored-file' | 'no-staged-key'
  readonly path: string
  /** Permission bits as found, for the two `mode` warnings. */
  readonly mode?: number
}

/** A repository as it is. */
export interface KeyRepository {
  readonly ring: KeyRing
  readonly warnings: readonly KeyRepositoryWarning[]
}

/** The system's code of a failed call. Not by class: an error of another realm (a test runner's) is no `Error` here. */
const errorCode = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : ''

/** A fresh key from the system's random source. */
export const randomFernetKey = (): FernetKey => fernetKeyFromBytes(randomBytes(32))

const statDirectory = (directory: string): BigIntStats => {
  let stats: BigIntStats
  try {
    stats = statSync(directory, { bigint: true })
  } catch (error) {
    const missing = ['ENOENT', 'ENOTDIR'].includes(errorCode(error))
    throw missing
      ? new KeyRepositoryError('missing-directory', 'the key repository does not exist', [directory])
      : new KeyRepositoryError('unreadable-directory', 'the key repository cannot be looked at', [directory])
  }
  if (stats.isDirectory()) return stats
  throw new KeyRepositoryError('not-a-directory', 'the key repository is not a folder', [directory])
}

const listNames = (directory: string): string[] => {
  try {
    return readdirSync(directory).sort()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') statDirectory(directory)
    throw new KeyRepositoryError('unreadable-directory', 'the key repository cannot be listed', [directory])
  }
}

/** The key files of a folder, or null if one of them went away in between. */
const readKeyFiles = (directory: string, names: readonly string[]): Map<string, string> | null => {
  const files = new Map<string, string>()
  const unreadable: string[] = []
  for (const name of names) {
    if (indexOfFile(name) === null) continue
    try {
      files.set(name, readFileSync(join(directory, name), 'latin1'))
    } catch (error) {
      const code = errorCode(error)
      if (code === 'ENOENT') return null
      if (code !== 'EISDIR') unreadable.push(join(directory, name))
    }
  }
  if (unreadable.length === 0) return files
  throw new KeyRepositoryError('unreadable-key-file', 'key files that cannot be read', unreadable)
}

const toRing = (directory: string, files: ReadonlyMap<string, string>): KeyRing => {
  try {
    return ringFromFiles(files)
  } catch (error) {
    if (!(error instanceof TokenError)) throw error
    const paths = error.files.map((name) => join(directory, name))
    throw new KeyRepositoryError('bad-key-file', 'key files that hold no Fernet key', paths)
  }
}

interface Snapshot {
  readonly ring: KeyRing
  readonly names: readonly string[]
  readonly files: ReadonlyMap<string, string>
  /** Of the folder, from before it was read. */
  readonly stats: BigIntStats
}

const sameState = (a: BigIntStats, b: BigIntStats): boolean =>
  a.mtimeNs === b.mtimeNs && a.ino === b.ino && a.dev === b.dev

/** Reads a folder as it was at one moment: when it changes while being read, it is read again. */
const readSnapshot = (directory: string): Snapshot => {
  for (let attempt = 1; ; attempt++) {
    const stats = statDirectory(directory)
    const names = listNames(directory)
    const files = readKeyFiles(directory, names)
    const settled =
      sameState(stats, statDirectory(directory)) && listNames(directory).join('/') === names.join('/')
    if (files !== null && (settled || attempt >= readAttemptsMax)) {
      return { ring: toRing(directory, files), names, files, stats }
    }
    if (attempt >= readAttemptsMax) {
      throw new KeyRepositoryError('unreadable-directory', 'the key repository never stands still', [
        directory,
      ])
    }
  }
}

const refuseEmpty = (directory: string, ring: KeyRing): KeyRing => {
  if (ring.keys.size > 0) return ring
  throw new KeyRepositoryError('no-keys', 'the key repository holds no keys', [directory])
}

const findWarnings = (directory: string, snapshot: Snapshot): KeyRepositoryWarning[] => {
  const warnings: KeyRepositoryWarning[] = []
  const openBits = 0o077
  const mode = Number(snapshot.stats.mode) & 0o777
  if ((mode & openBits) !== 0) warnings.push({ code: 'directory-mode', path: directory, mode })
  for (const name of snapshot.names) {
    const path = join(directory, name)
    if (!snapshot.files.has(name)) {
      warnings.push({ code: /^\d+\.tmp$/.test(name) ? 'leftover' : 'ignored-file', path })
      continue
    }
    if (snapshot.files.get(name) === '') warnings.push({ code: 'empty-file', path })
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats === undefined) continue
    const bits = stats.mode & 0o777
    if ((bits & openBits) !== 0) warnings.push({ code: 'file-mode', path, mode: bits })
  }
  if (!snapshot.ring.keys.has(0)) warnings.push({ code: 'no-staged-key', path: join(directory, '0') })
  return warnings
}

/**
 * Reads a repository.
 * @throws KeyRepositoryError for anything that keeps Keystone from working with it
 */
export const readRepository = (directory: string): KeyRepository => {
  const snapshot = readSnapshot(directory)
  refuseEmpty(directory, snapshot.ring)
  return { ring: snapshot.ring, warnings: findWarnings(directory, snapshot) }
}

const syncDirectory = (directory: string): void => {
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

const writeKeyFile = (path: string, key: FernetKey): void => {
  const handle = openSync(path, 'w', fileMode)
  try {
    // A leftover keeps its old mode when it is opened again.
    fchmodSync(handle, fileMode)
    writeSync(handle, formatFernetKey(key))
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/**
 * Carries out steps, each of them on disk for good before the next begins.
 * @throws KeyRepositoryError `unwritable`; the steps before it are done, and the repository is usable
 */
export const applySteps = (directory: string, steps: readonly RingStep[]): void => {
  for (const step of steps) {
    const path = join(directory, step.kind === 'rename' ? step.from : step.file)
    try {
      if (step.kind === 'write') writeKeyFile(path, step.key)
      else if (step.kind === 'rename') renameSync(path, join(directory, step.to))
      else rmSync(path)
      syncDirectory(directory)
    } catch (error) {
      throw new KeyRepositoryError('unwritable', `cannot ${step.kind} a key file (${errorCode(error)})`, [
        path,
      ])
    }
  }
}

const makeDirectory = (directory: string): void => {
  try {
    mkdirSync(directory, { recursive: true, mode: directoryMode })
  } catch (error) {
    const code = errorCode(error)
    throw code === 'EEXIST' || code === 'ENOTDIR'
      ? new KeyRepositoryError('not-a-directory', 'the key repository is not a folder', [directory])
      : new KeyRepositoryError('unwritable', `cannot make the key repository (${code})`, [directory])
  }
}

/**
 * Makes a repository, 0700 with files of 0600, that holds a staged key 0 and a primary key 1. A repository that has a
 * staged key is left as it is; one that lost it in a crash gets a new one. See `setupRing`.
 * @returns the ring, and the steps that were done
 */
export const setupRepository = (
  directory: string,
  makeKey: () => FernetKey = randomFernetKey,
): RingChange => {
  makeDirectory(directory)
  const { ring } = readSnapshot(directory)
  const change = setupRing({ ring, primary: makeKey(), staged: makeKey() })
  applySteps(directory, change.steps)
  return change
}

/**
 * Rotates a repository once; see `rotateRing`. Copy it to the other nodes before the next rotation.
 * @throws KeyRepositoryError · TokenError `bad-max-active-keys`, `no-staged-key`
 */
export const rotateRepository = (
  directory: string,
  options: { readonly maxActiveKeys: number; readonly makeKey?: () => FernetKey },
): RingChange => {
  const { maxActiveKeys, makeKey = randomFernetKey } = options
  const { ring } = readSnapshot(directory)
  const change = rotateRing(refuseEmpty(directory, ring), { maxActiveKeys, fresh: makeKey() })
  applySteps(directory, change.steps)
  return change
}

/**
 * Makes the repository of a node equal to the master's, in the safe order of `distributeRing`. The folder is made if
 * it is missing.
 * @returns the ring, and the steps that were done
 */
export const copyRepository = (from: string, to: string): RingChange => {
  const { ring: source } = readSnapshot(from)
  refuseEmpty(from, source)
  makeDirectory(to)
  const change = distributeRing({ from: source, to: readSnapshot(to).ring })
  applySteps(to, change.steps)
  return change
}

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
    const { ring, stats } = readSnapshot(directory)
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
