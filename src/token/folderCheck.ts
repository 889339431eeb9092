// What is wrong with one key folder, taken by itself.
// Pure judgement over facts; what Keystone does with each oddity was tried on Keystone 22 (`FernetUtils`).

import { holdsKey, lockName, ringOfFolder } from './keyFolder.js'
import type { FolderEntry, KeyFolder, Owner } from './keyFolder.js'
import type { FolderFinding, KeyFinding, Severity } from './keyFindings.js'
import { indexOfFile } from './keyring.js'

/** Whom Keystone runs as. */
export interface KeystoneUser {
  readonly uid: number
  readonly gids: readonly number[]
}

const severities: Readonly<Record<FolderFinding['code'], Severity>> = {
  'no-keys': 'refuses',
  'malformed-key': 'refuses',
  'empty-key': 'refuses',
  'misread-name': 'refuses',
  'closed-file': 'refuses',
  'closed-folder': 'refuses',
  'missing-keys': 'refuses',
  'key-not-a-file': 'risk',
  'open-folder': 'risk',
  'open-file': 'risk',
  'no-staged-key': 'risk',
  'interrupted-rotation': 'risk',
  'unfinished-copy': 'risk',
  'only-staged-key': 'risk',
  lock: 'note',
  'owned-by-root': 'note',
  'foreign-name': 'note',
}

/** What Python's `int()` accepts, in ASCII. */
const pythonInteger = /^\s*[+-]?\d+(?:_\d+)*\s*$/
const groupAndOthers = 0o077

/** The number that Keystone takes a name for although it is no index as Keystone writes it; else null. */
const misreadIndex = (name: string): number | null =>
  indexOfFile(name) === null && pythonInteger.test(name) ? Number(name.trim().replaceAll('_', '')) : null

/** Whether a user may do what `bits` (4 read, 1 enter) say, by the system's rules: one of the three classes decides. */
const mayUse = (
  user: KeystoneUser,
  { uid, gid, mode }: Owner & { readonly mode: number },
  bits: number,
): boolean => {
  if (user.uid === 0) return true
  const shift = user.uid === uid ? 6 : user.gids.includes(gid) ? 3 : 0
  return ((mode >> shift) & bits) === bits
}

const checkName = ({ name, kind }: FolderEntry, stagedMissing: boolean): FolderFinding[] => {
  if (indexOfFile(name) !== null) return kind === 'file' ? [] : [{ code: 'key-not-a-file', file: name }]
  const readAs = misreadIndex(name)
  if (readAs !== null && kind === 'file') return [{ code: 'misread-name', file: name, readAs }]
  if (kind !== 'file' && name.replace(/~+$/, '') === lockName) return [{ code: 'lock', file: name }]
  if (name === '0.tmp') return [{ code: 'interrupted-rotation', stagedMissing }]
  return [{ code: /^\d+\.tmp$/.test(name) ? 'unfinished-copy' : 'foreign-name', file: name }]
}

const checkContent = ({ name, content }: FolderEntry): FolderFinding[] =>
  content === 'malformed' || content === 'empty'
    ? [{ code: content === 'empty' ? 'empty-key' : 'malformed-key', file: name }]
    : []

const checkAccess = (folder: KeyFolder, user: KeystoneUser | null): FolderFinding[] => {
  const found: FolderFinding[] = []
  const reader = user ?? { uid: folder.uid, gids: [folder.gid] }
  if (user === null && folder.uid === 0) found.push({ code: 'owned-by-root' })
  if (!mayUse(reader, folder, 5))
    found.push({ code: 'closed-folder', uid: folder.uid, readerUid: reader.uid })
  if ((folder.mode & groupAndOthers) !== 0) found.push({ code: 'open-folder', mode: folder.mode })
  for (const entry of folder.entries) {
    if (entry.kind !== 'file') continue
    const { name: file, mode, uid } = entry
    if (!mayUse(reader, entry, 4)) found.push({ code: 'closed-file', file, uid, readerUid: reader.uid })
    if (holdsKey(entry) && (mode & groupAndOthers) !== 0) found.push({ code: 'open-file', file, mode })
  }
  return found
}

const missingBetween = (indices: readonly number[]): number[] => {
  const secondary = indices.filter((index) => index > 0).sort((a, b) => a - b)
  const lowest = secondary[0] ?? 0
  const span = (secondary.at(-1) ?? 0) - lowest + 1
  // A stray file `900` would make a list that nobody reads.
  if (span > 2 * secondary.length + 100) return []
  return Array.from({ length: span }, (_, i) => lowest + i).filter(
    (index) => index > 0 && !indices.includes(index),
  )
}

/**
 * Judges one folder.
 * @param user whom Keystone runs as; null: taken to be the folder's owner
 */
export const checkFolder = (folder: KeyFolder, user: KeystoneUser | null): readonly KeyFinding[] => {
  const ring = ringOfFolder(folder)
  const indices = [...ring.keys.keys()]
  const names = folder.entries.map(({ name }) => name)
  const stagedMissing = !names.includes('0')
  const found: FolderFinding[] = [
    ...(indices.length === 0 ? [{ code: 'no-keys' } as const] : []),
    ...folder.entries.flatMap(checkContent),
    ...folder.entries.flatMap((entry) => checkName(entry, stagedMissing)),
    ...checkAccess(folder, user),
  ]
  const missing = missingBetween(indices)
  if (missing.length > 0) found.push({ code: 'missing-keys', indices: missing })
  if (stagedMissing && indices.length > 0 && !names.includes('0.tmp')) found.push({ code: 'no-staged-key' })
  if (indices.length === 1 && indices[0] === 0) found.push({ code: 'only-staged-key' })
  return found.map((finding) => ({ ...finding, severity: severities[finding.code], folder: folder.path }))
}
