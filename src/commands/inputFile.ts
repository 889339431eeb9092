// A file that the user names, read as text.
// It exists so that a file that is not there is told of in one way by every verb.
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { InputError } from '../base/errors.js'
import type { ReadNamedFile } from '../scenario/costs/resolveCosts.js'

const problemOf = (file: string, error: unknown, remedy: string): InputError => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const message = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`
  return new InputError([{ file, message, remedy }])
}

/** @throws InputError with the remedy, where the file cannot be read */
export const readFileOrProblem = async (file: string, remedy: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw problemOf(file, error, remedy)
  }
}

/** Reads files that a scenario names, beside the scenario's own; `scenario` is where they are looked for if nobody knows better. */
export const readNamedBeside =
  (scenario: string): ReadNamedFile =>
  (name, from) => {
    const file = path.join(path.isAbsolute(name) ? '' : path.dirname(from === '' ? scenario : from), name)
    try {
      return { file, text: readFileSync(file, 'utf8') }
    } catch (error) {
      throw problemOf(
        file,
        error,
        '`identity.costs` names it, from the folder of the scenario; `cutover profile` writes one',
      )
    }
  }
