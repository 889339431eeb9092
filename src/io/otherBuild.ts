// Another build of this program, found by a path and run as a process: what its command line promises is all that is used of it.
// It exists so that two versions can be measured by the same hand on the same machine.
import { spawn } from 'node:child_process'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { InputError, WorldError } from '../base/errors.js'

/** Exit codes with which a run was made, whatever its verdict. */
const made: readonly (number | null)[] = [0, 1, 4]

/**
 * The main module of a build: a file, or a checkout's folder with `dist/main.js` in it.
 * @throws InputError where there is none
 */
export const findBuild = async (named: string, option: string): Promise<string> => {
  const tried = [named, path.join(named, 'dist', 'main.js')]
  for (const file of tried)
    if ((await stat(file).catch(() => null))?.isFile() === true) return path.resolve(file)
  throw new InputError([
    {
      path: option,
      message: `there is no build in ${named}`,
      remedy: 'name a checkout in which `npm ci` was run, or its dist/main.js',
    },
  ])
}

/** Runs a build to its end. @throws WorldError with its last words if it made no run */
export const runBuild = (main: string, words: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4000)))
    child.once('error', (error) => reject(new WorldError(`${main} cannot be run: ${error.message}`)))
    child.once('close', (code, signal) => {
      if (made.includes(code)) resolve()
      else reject(new WorldError(`${main} ended with ${signal ?? `exit code ${code}`}: ${said.trim()}`))
    })
  })
