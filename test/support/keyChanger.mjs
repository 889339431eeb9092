// A process that sets a key repository up or rotates it, and dies or holds still before a step of its choice.
// It exists because only a process of its own can be killed halfway, or hold a lock against another.

import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const [modules = '', verb, folder = '', how = 'run', at = '0'] = process.argv.slice(2)

/** Says a word to whoever started this, at once. */
const say = (/** @type {string} */ word) => original.writeSync(1, `${word}\n`)
const original = { ...fs }
let step = 0

/** Before each change to the disk. */
const before = () => {
  step++
  if (step !== Number(at)) return
  if (how === 'die') process.kill(process.pid, 'SIGKILL')
  if (how !== 'hold') return
  say('holding')
  // Until the other end is closed.
  original.readSync(0, Buffer.alloc(1))
}

for (const name of /** @type {const} */ (['mkdirSync', 'writeSync', 'renameSync', 'rmSync'])) {
  const call = /** @type {(...given: unknown[]) => unknown} */ (original[name])
  Object.assign(fs, {
    [name]: (/** @type {unknown[]} */ ...given) => {
      before()
      return call(...given)
    },
  })
}
fs.openSync = (path, flags, mode) => {
  if (flags !== 'r') before()
  return original.openSync(path, flags, mode)
}
let told = false
fs.symlinkSync = (target, path) => {
  before()
  try {
    original.symlinkSync(target, path)
  } catch (error) {
    if (!told) say('locked out')
    told = true
    throw error
  }
}
syncBuiltinESMExports()

/** @type {typeof import('../../src/io/keyChanges.js')} */
const { copyRepository, rotateRepository, setupRepository } = await import(`${modules}io/keyChanges.js`)
try {
  if (verb === 'setup') setupRepository(folder)
  else if (verb === 'copy') copyRepository(folder, `${folder}-copy`)
  else rotateRepository(folder, { maxActiveKeys: verb === 'rotate' ? 4 : 100 })
  say('done')
} catch (error) {
  say(`refused: ${error instanceof Error ? error.message : String(error)}`)
}
