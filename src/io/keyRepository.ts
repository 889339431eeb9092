// A Keystone key repository on disk: a folder with one file a key, named by its index, read as it was at one moment.
// It exists so that whoever reads keys meets the same errors, which name paths and never key material.

import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import type { BigIntStats, Stats } from 'node:fs'
import { join } from 'node:path'
import { ringOfFolder } from '../token/keyFolder.js'
import type { FolderEntry, KeyContent, KeyFolder } from '../token/keyFolder.js'
import { indexOfFile, keyOfFile } from '../token/keyring.js'
import type { KeyRing } from '../token/keyring.js'
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
 * - `locked`: another process is changing it
 */
export type KeyRepositoryErrorCode =
  | 'missing-directory'
  | 'not-a-directory'
  | 'unreadable-directory'
  | 'no-keys'
  | 'unreadable-key-file'
  | 'bad-key-file'
  | 'unwritable'
  | 'locked'

/** An error about a key repository. Names paths, never key material. */
export class KeyRepositoryError extends Error {
  override readonly name = 'KeyRepositoryError'
  readonly code: KeyRepositoryErrorCode
  /** The folder, or the files at fault. */
  readonly paths: readonly string[]
  /** The message without the paths. */
  readonly reason: string
  constructor(code: KeyRepositoryErrorCode, reason: string, paths: readonly string[], remedy?: string) {
    super(`${reason}: ${paths.join(', ')}${remedy === undefined ? '' : `; ${remedy}`}`)
    this.code = code
    this.reason = reason
    this.paths = paths
  }
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

const permissionBits = 0o777

const readKey = (path: string): KeyContent => {
  try {
    return keyOfFile(readFileSync(path, 'latin1'))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw error
    return 'unreadable'
  }
}

/** What a link leads to; undefined if that is nowhere, a circle, or a place where this process may not look. */
const behindLink = (path: string): Stats | undefined => {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

/** @throws Error `ENOENT` if the name is gone meanwhile */
const readEntry = (directory: string, name: string): FolderEntry => {
  const path = join(directory, name)
  const itself = lstatSync(path)
  const target = itself.isSymbolicLink() ? behindLink(path) : itself
  const stats = target ?? itself
  const kind = target?.isFile() === true ? 'file' : 'other'
  return {
    name,
    kind,
    mode: stats.mode & permissionBits,
    uid: stats.uid,
    gid: stats.gid,
    writtenAtSec: stats.mtimeMs / 1000,
    content: kind === 'file' && indexOfFile(name) !== null ? readKey(path) : null,
  }
}

/** The entries of a folder, or null if one of them went away in between. */
const readEntries = (directory: string, names: readonly string[]): FolderEntry[] | null => {
  try {
    return names.map((name) => readEntry(directory, name))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw new KeyRepositoryError('unreadable-directory', 'the key repository cannot be looked at', [
      directory,
    ])
  }
}

/** Whether nothing in a folder was made, renamed or removed between two looks at it. */
export const sameState = (a: BigIntStats, b: BigIntStats): boolean =>
  a.mtimeNs === b.mtimeNs && a.ino === b.ino && a.dev === b.dev

/** A folder as it was at one moment, and its state before it was read. */
export interface RepositorySnapshot {
  readonly folder: KeyFolder
  readonly stats: BigIntStats
}

/**
 * Reads a folder as it was at one moment: when it changes while being read, it is read again. It may hold no keys, and
 * files that hold none.
 * @throws KeyRepositoryError if it cannot be read
 */
export const readSnapshot = (directory: string): RepositorySnapshot => {
  for (let attempt = 1; ; attempt++) {
    const stats = statDirectory(directory)
    const names = listNames(directory)
    const entries = readEntries(directory, names)
    const settled =
      sameState(stats, statDirectory(directory)) && listNames(directory).join('/') === names.join('/')
    if (entries !== null && (settled || attempt >= readAttemptsMax)) {
      const mode = Number(stats.mode) & permissionBits
      const owner = { uid: Number(stats.uid), gid: Number(stats.gid) }
      return { folder: { path: directory, mode, ...owner, entries }, stats }
    }
    if (attempt >= readAttemptsMax) {
      throw new KeyRepositoryError('unreadable-directory', 'the key repository never stands still', [
        directory,
      ])
    }
  }
}

/**
 * The keys of a folder, as a node needs them: all that are there must be whole. What is no file under the name of a key,
 * and a link that leads nowhere, are passed over, as in Keystone.
 * @throws KeyRepositoryError `unreadable-key-file`, `bad-key-file`
 */
export const requireKeys = (folder: KeyFolder): KeyRing => {
  const pathsOf = (entries: readonly FolderEntry[]): string[] =>
    entries.map(({ name }) => join(folder.path, name))
  const unreadable = folder.entries.filter(({ content }) => content === 'unreadable')
  if (unreadable.length > 0) {
    const paths = pathsOf(unreadable)
    throw new KeyRepositoryError('unreadable-key-file', 'key files that cannot be read', paths)
  }
  const bad = folder.entries.filter(({ content }) => content === 'malformed')
  if (bad.length === 0) return ringOfFolder(folder)
  throw new KeyRepositoryError('bad-key-file', 'key files that hold no Fernet key', pathsOf(bad))
}

/** @throws KeyRepositoryError `no-keys` */
export const refuseEmpty = (directory: string, ring: KeyRing): KeyRing => {
  if (ring.keys.size > 0) return ring
  throw new KeyRepositoryError('no-keys', 'the key repository holds no keys', [directory])
}

/**
 * The ring of a repository.
 * @throws KeyRepositoryError for anything that keeps Keystone from working with it
 */
export const readRing = (directory: string): KeyRing =>
  refuseEmpty(directory, requireKeys(readSnapshot(directory).folder))
