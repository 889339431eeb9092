// Changes to a Keystone key repository on disk: setup, rotation, copy to another node, step by step.
// The only place where keys are made and where key files are written.

import { randomBytes } from 'node:crypto'
import { closeSync, fchmodSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fernetKeyFromBytes, formatFernetKey } from '../token/fernet.js'
import type { FernetKey } from '../token/fernet.js'
import { distributeRing, rotateRing, setupRing } from '../token/keyring.js'
import type { RingChange, RingStep } from '../token/keyring.js'
import { KeyRepositoryError, readSnapshot, refuseEmpty } from './keyRepository.js'
import { systemCode } from './systemCode.js'

const directoryMode = 0o700
const fileMode = 0o600

/** A fresh key from the system's random source. */
export const randomFernetKey = (): FernetKey => fernetKeyFromBytes(randomBytes(32))

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
      throw new KeyRepositoryError('unwritable', `cannot ${step.kind} a key file (${systemCode(error)})`, [
        path,
      ])
    }
  }
}

const makeDirectory = (directory: string): void => {
  try {
    mkdirSync(directory, { recursive: true, mode: directoryMode })
  } catch (error) {
    const code = systemCode(error)
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
