// Compares text with a file that a person has looked at; `UPDATE_GOLDEN=1` writes it anew.
// What people see is tested as a whole: a change of it has to be seen, too, in the diff of such a file.
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The text that is expected, after writing it if that was asked for. `file` is relative to `test/`. */
export function goldenFile(file: string, actual: string): string {
  const where = fileURLToPath(new URL(`../${file}`, import.meta.url))
  if (process.env['UPDATE_GOLDEN'] === '1') fs.writeFileSync(where, actual)
  return fs.existsSync(where) ? fs.readFileSync(where, 'utf8') : ''
}
