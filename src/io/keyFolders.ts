// Several key folders read for a report: all of them, or all that is wrong with the places that were named.
// It exists because a report on three of four nodes would be taken for one on all.
import { resolve } from 'node:path'
import { InputError, type Problem } from '../base/errors.js'
import type { KeyFolder } from '../token/keyFolder.js'
import { KeyRepositoryError, readSnapshot } from './keyRepository.js'

const remedies: Readonly<Partial<Record<KeyRepositoryError['code'], string>>> = {
  'missing-directory': 'name the folder that `[fernet_tokens] key_repository` names, or a copy of it',
  'not-a-directory': 'name the folder that holds the keys',
  'unreadable-directory': 'run this as root, or as the user that Keystone runs as',
}

const unreadableKeys = (folder: KeyFolder): Problem[] =>
  folder.entries
    .filter(({ content }) => content === 'unreadable')
    .map(({ name }) => ({
      file: `${folder.path}/${name}`,
      message: 'this user may not read the key file',
      remedy: 'run this as root, or as the user that Keystone runs as',
    }))

/** Throws InputError with every folder that is not there, cannot be read, or was named twice. */
export const readKeyFolders = (paths: readonly string[]): readonly KeyFolder[] => {
  const problems: Problem[] = []
  const folders: KeyFolder[] = []
  const seen = new Set<string>()
  for (const path of paths) {
    const place = resolve(path)
    if (seen.has(place)) {
      problems.push({ file: path, message: 'the folder was named twice', remedy: 'name each node’s once' })
      continue
    }
    seen.add(place)
    try {
      const { folder } = readSnapshot(path)
      problems.push(...unreadableKeys(folder))
      folders.push(folder)
    } catch (error) {
      if (!(error instanceof KeyRepositoryError)) throw error
      const remedy = remedies[error.code]
      problems.push({ file: path, message: error.reason, ...(remedy === undefined ? {} : { remedy }) })
    }
  }
  if (problems.length > 0) throw new InputError(problems)
  return folders
}
