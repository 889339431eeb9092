// Users and groups of this system by name, as its own programs know them (files, LDAP, whatever is configured).
// It exists because Node.js reads neither, and key files must belong to the user that Keystone runs as.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { KeystoneUser } from '../token/folderCheck.js'

/** What a program prints, or null if it fails. */
const answerOf = (program: string, words: readonly string[]): string | null => {
  try {
    return execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return null
  }
}

/** A user by name or number, with all groups, the main one first; null if there is none. */
export const findUser = (name: string): KeystoneUser | null => {
  const [uid, main, groups] = ['-u', '-g', '-G'].map((option) => answerOf('id', [option, '--', name]))
  if (uid && main && groups) {
    return { uid: Number(uid), gids: [...new Set([Number(main), ...groups.split(' ').map(Number)])] }
  }
  // A number need not have a name, as in a container.
  return /^\d+$/.test(name) ? { uid: Number(name), gids: [Number(name)] } : null
}

/** The number of a group by name or number; null if there is none. */
export const findGroup = (name: string): number | null => {
  const entry = answerOf('getent', ['group', name])?.split(':')[2]
  if (entry !== undefined && entry !== '') return Number(entry)
  return /^\d+$/.test(name) ? Number(name) : null
}

const namesIn = (file: string): ReadonlyMap<number, string> => {
  try {
    const lines = readFileSync(file, 'utf8').split('\n')
    return new Map(
      lines.map((line) => line.split(':')).map(([name = '', , number]) => [Number(number), name]),
    )
  } catch {
    return new Map()
  }
}

/** Tells owners by name where this system's own files know them, else by number: `keystone:keystone`, `42:42`. */
export const createOwnerNames = (): ((owner: { readonly uid: number; readonly gid: number }) => string) => {
  const users = namesIn('/etc/passwd')
  const groups = namesIn('/etc/group')
  return ({ uid, gid }) => `${users.get(uid) ?? uid}:${groups.get(gid) ?? gid}`
}

/** Whether this process may make files that belong to a user: root may for anybody. */
export const mayMakeFilesFor = (uid: number): boolean => {
  const own = process.geteuid?.()
  return own === 0 || own === uid
}
