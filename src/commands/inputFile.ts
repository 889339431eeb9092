// A file that the user names, read as text.
// It exists so that a file that is not there, or holds no text, is told of in one way by every verb.
import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { InputError } from '../base/errors.js'
import { systemCode } from '../io/systemCode.js'
import type { ReadNamedFile } from '../scenario/costs/resolveCosts.js'

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'is a folder, not a file',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
}

const problemOf = (file: string, error: unknown, remedy: string): InputError => {
  const code = systemCode(error)
  return new InputError([{ file, message: reasons[code] ?? `cannot be read (${code})`, remedy }])
}

/** @throws InputError for what is no text: every file that is read here is one that a person or a tool wrote as UTF-8 */
const textOf = (file: string, bytes: Buffer, remedy: string): string => {
  if (bytes.length === 0) throw new InputError([{ file, message: 'is empty', remedy }])
  if (!isUtf8(bytes) || bytes.includes(0)) {
    throw new InputError([{ file, message: 'is no text in UTF-8', remedy: `save it as UTF-8, or ${remedy}` }])
  }
  return bytes.toString('utf8')
}

/** @throws InputError with the remedy, where the file cannot be read */
export const readFileOrProblem = async (file: string, remedy: string): Promise<string> => {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw problemOf(file, error, remedy)
  })
  return textOf(file, bytes, remedy)
}

const namedRemedy =
  'name a cost profile in `identity.costs`, from the folder of the scenario; `cutover profile` writes one'

/** Reads files that a scenario names, beside the scenario's own; `scenario` is where they are looked for if nobody knows better. */
export const readNamedBeside =
  (scenario: string): ReadNamedFile =>
  (name, from) => {
    const file = path.join(path.isAbsolute(name) ? '' : path.dirname(from === '' ? scenario : from), name)
    let bytes: Buffer
    try {
      bytes = readFileSync(file)
    } catch (error) {
      throw problemOf(file, error, namedRemedy)
    }
    return { file, text: textOf(file, bytes, namedRemedy) }
  }
