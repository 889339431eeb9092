// Changes to a Keystone key repository on disk: setup, rotation, copy to another node, step by step.
// The only place where keys are made and where key files are written.

import { randomBytes } from 'node:crypto'
import {
  chownSync,
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { fernetKeyFromBytes, formatFernetKey } from '../token/fernet.js'
import type { FernetKey } from '../token/fernet.js'
import { entryOfKey, lockName } from '../token/keyFolder.js'
import type { KeyFolder, Owner } from '../token/keyFolder.js'
import { distributeRing, rotateRing, setupRing } from '../token/keyring.js'
import type { RingChange, RingStep } from '../token/keyring.js'
import { withLock } from './keyLock.js'
import {
  KeyRepositoryError,
  readRing,
  readSnapshot,
  refuseEmpty,
  requireKeys,
  statDirectory,
} from './keyRepository.js'
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

/**
 * Does something as the user to whom its files shall belong, where this process may choose (it is root's). As in Keystone: a file
 * that is handed over after it was made is closed to Keystone for a moment, and for good if this process dies then; and
 * Keystone, which opens every file of the folder, answers nobody meanwhile.
 */
const asOwner = (owner: Owner, work: () => void): void => {
  const { getegid, geteuid, setegid, seteuid } = process
  const chooses = geteuid?.() === 0 && (owner.uid !== 0 || owner.gid !== getegid?.())
  if (!chooses || setegid === undefined || seteuid === undefined) {
    work()
    return
  }
  const group = getegid?.() ?? 0
  setegid(owner.gid)
  try {
    seteuid(owner.uid)
    work()
  } finally {
    seteuid(0)
    setegid(group)
  }
}

/** Makes the file anew: a leftover would keep its mode and its owner, and a link would be followed. */
const writeKeyFile = (path: string, key: FernetKey): void => {
  rmSync(path, { force: true })
  const handle = openSync(path, 'wx', fileMode)
  try {
    // Whatever the process's mask takes away.
    fchmodSync(handle, fileMode)
    writeSync(handle, formatFernetKey(key))
    fsyncSync(handle)
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(handle)
  }
}

/** To whom a new key shall belong: as the key that it follows, else as the folder. */
const ownerIn = (folder: KeyFolder): Owner => entryOfKey(folder, 0) ?? folder

/**
 * Carries out steps, each of them on disk for good before the next begins.
 * @param owner of new files; this process's own user if left out
 * @throws KeyRepositoryError `unwritable`; the steps before it are done, and the repository is usable
 */
export const applySteps = (directory: string, steps: readonly RingStep[], owner?: Owner): void => {
  for (const step of steps) {
    const path = join(directory, step.kind === 'rename' ? step.from : step.file)
    try {
      if (step.kind === 'rename') renameSync(path, join(directory, step.to))
      else if (step.kind === 'remove') rmSync(path)
      else if (owner === undefined) writeKeyFile(path, step.key)
      else asOwner(owner, () => writeKeyFile(path, step.key))
      syncDirectory(directory)
    } catch (error) {
      throw new KeyRepositoryError('unwritable', `cannot ${step.kind} a key file (${systemCode(error)})`, [
        path,
      ])
    }
  }
}

/** Makes the folder if it is not there; one that is stays as it is, with its mode and owner, as in Keystone. */
const makeDirectory = (directory: string, owner?: Owner): void => {
  try {
    const made = mkdirSync(directory, { recursive: true, mode: directoryMode })
    if (made !== undefined && owner !== undefined) chownSync(directory, owner.uid, owner.gid)
  } catch (error) {
    const code = systemCode(error)
    throw code === 'EEXIST' || code === 'ENOTDIR'
      ? new KeyRepositoryError('not-a-directory', 'the key repository is not a folder', [directory])
      : new KeyRepositoryError('unwritable', `cannot make the key repository (${code})`, [directory])
  }
}

/**
 * Makes a repository, 0700 with files of 0600, that holds a staged key 0 and a primary key 1. A repository that has a
 * staged key and others is left as it is; one that lost it in a crash gets a new one. See `setupRing`.
 * @param options.owner of a folder that is made, and of new keys; if left out, keys are given to the owner of the folder
 * @returns the ring, and the steps that were done
 */
export const setupRepository = (
  directory: string,
  options: { readonly makeKey?: () => FernetKey; readonly owner?: Owner } = {},
): RingChange => {
  const { makeKey = randomFernetKey, owner } = options
  makeDirectory(directory, owner)
  const plan = () => {
    const { folder } = readSnapshot(directory)
    return { folder, ...setupRing({ ring: requireKeys(folder), primary: makeKey(), staged: makeKey() }) }
  }
  // A folder in good order may be closed to us, and needs no lock.
  const { ring, steps, folder } = plan()
  if (steps.length === 0 && folder.entries.every(({ name }) => name !== lockName)) return { ring, steps }
  return withLock(directory, { purpose: 'setup', waits: true }, () => {
    const change = plan()
    applySteps(directory, change.steps, owner ?? ownerIn(change.folder))
    return { ring: change.ring, steps: change.steps }
  })
}

/**
 * Rotates a repository once; see `rotateRing`. Copy it to the other nodes before the next rotation. New keys belong to
 * whom the old ones belonged. Refused while another process changes the keys: two rotations without a copy between them
 * would leave the other nodes behind.
 * @param options.stopAfter only so many of the steps are done, as if the rotation had crashed; the ring is what is then there
 * @throws KeyRepositoryError · TokenError `bad-max-active-keys`, `no-staged-key`
 */
export const rotateRepository = (
  directory: string,
  options: {
    readonly maxActiveKeys: number
    readonly makeKey?: () => FernetKey
    readonly stopAfter?: number
  },
): RingChange => {
  const { maxActiveKeys, makeKey = randomFernetKey, stopAfter } = options
  statDirectory(directory)
  return withLock(directory, { purpose: 'rotation', waits: false }, () => {
    const { folder } = readSnapshot(directory)
    const ring = refuseEmpty(directory, requireKeys(folder))
    const change = rotateRing(ring, { maxActiveKeys, fresh: makeKey() })
    const steps = change.steps.slice(0, stopAfter)
    applySteps(directory, steps, ownerIn(folder))
    return steps.length === change.steps.length ? change : { ring: readRing(directory), steps }
  })
}

/**
 * Makes the repository of a node equal to the master's, in the safe order of `distributeRing`. The folder is made if
 * it is missing.
 * @returns the ring, and the steps that were done
 */
export const copyRepository = (from: string, to: string): RingChange => {
  statDirectory(from)
  const source = withLock(from, { purpose: 'copy', waits: true }, () => readRing(from))
  makeDirectory(to)
  return withLock(to, { purpose: 'copy', waits: true }, () => {
    const { folder } = readSnapshot(to)
    const change = distributeRing({ from: source, to: requireKeys(folder) })
    applySteps(to, change.steps, ownerIn(folder))
    return change
  })
}
