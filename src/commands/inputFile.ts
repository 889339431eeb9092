// A file that the user names, read as text.
// It exists so that a file that is not there is told of in one way by every verb.
import { readFile } from 'node:fs/promises'
import { InputError } from '../base/errors.js'

/** @throws InputError with the remedy, where the file cannot be read */
export const readFileOrProblem = async (file: string, remedy: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const message = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`
    throw new InputError([{ file, message, remedy }])
  }
}
