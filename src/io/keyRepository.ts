// A Keystone key repository on disk: a folder with one file a key, named by its index, read as it was at one moment.
// It exists so that whoever reads keys meets the same errors, which name paths and never key material.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { join } from 'node:path'
import { indexOfFile, ringFromFiles } from '../token/keyring.js'
import type { KeyRing } from '../token/keyring.js'
import { TokenError } from '../token/tokenError.js'
import { systemCode } from './systemCode.js'

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

/** @throws KeyRepositoryError if it is no folder, or cannot be looked at */
export const statDirectory = (directory: string): BigIntStats => {
  let stats: BigIntStats
  try {
    stats = statSync(directory, { bigint: true })
  } catch (error) {
    const missing = ['ENOENT', 'ENOTDIR'].includes(systemCode(error))
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
    if (systemCode(error) === 'ENOENT') statDirectory(directory)
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
      const code = systemCode(error)
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

/** A folder as it was at one moment. */
export interface RepositorySnapshot {
  readonly ring: KeyRing
  readonly names: readonly string[]
  readonly files: ReadonlyMap<string, string>
  /** Of the folder, from before it was read. */
  readonly stats: BigIntStats
}

/** Whether nothing in a folder was made, renamed or removed between two looks at it. */
export const sameState = (a: BigIntStats, b: BigIntStats): boolean =>
  a.mtimeNs === b.mtimeNs && a.ino === b.ino && a.dev === b.dev

/**
 * Reads a folder as it was at one moment: when it changes while being read, it is read again. It may hold no keys.
 * @throws KeyRepositoryError
 */
export const readSnapshot = (directory: string): RepositorySnapshot => {
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

/** @throws KeyRepositoryError `no-keys` */
export const refuseEmpty = (directory: string, ring: KeyRing): KeyRing => {
  if (ring.keys.size > 0) return ring
  throw new KeyRepositoryError('no-keys', 'the key repository holds no keys', [directory])
}

const findWarnings = (directory: string, snapshot: RepositorySnapshot): KeyRepositoryWarning[] => {
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
