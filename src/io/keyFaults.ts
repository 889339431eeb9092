// What goes wrong with key files on a disk, done on purpose: files that Keystone may not read, a staged key that is gone.
// Files are replaced and not changed in place, as a copy by the wrong user would do it, so that every reader notices.
import {
  chmodSync,
  chownSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { indexOfFile } from '../token/keyring.js'

/** How key files come to be unreadable: nobody may read them, or they belong to somebody else. */
export type Spoiling = 'mode' | 'owner'

/** `nobody` of Debian and most others; any user that is not ours would do. */
const nobody = 65_534

const keyFilesOf = (directory: string): readonly string[] =>
  readdirSync(directory).filter((name) => indexOfFile(name) !== null)

const replaceKeyFiles = (directory: string, change: (file: string) => void): void => {
  for (const name of keyFilesOf(directory)) {
    const file = join(directory, name)
    const copy = `${file}.tmp`
    writeFileSync(copy, readFileSync(file), { mode: 0o600 })
    change(copy)
    renameSync(copy, file)
  }
}

/** Makes every key file of a folder unreadable for its user. `owner` needs the right to give files away. */
export const spoilKeyFiles = (directory: string, how: Spoiling): void =>
  replaceKeyFiles(directory, (file) => {
    if (how === 'mode') chmodSync(file, 0)
    else chownSync(file, nobody, nobody)
  })

/** Makes the key files of a folder readable for its user again. */
export const mendKeyFiles = (directory: string): void => {
  const { uid, gid } = statSync(directory)
  for (const name of keyFilesOf(directory)) {
    const file = join(directory, name)
    chmodSync(file, 0o600)
    if (statSync(file).uid !== uid) chownSync(file, uid, gid)
  }
  // The folder itself changes as well, so that its readers look again.
  replaceKeyFiles(directory, () => {})
}

/** Removes the staged key, if there is one. */
export const loseStagedKey = (directory: string): void => rmSync(join(directory, '0'), { force: true })
