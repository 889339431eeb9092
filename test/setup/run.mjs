// `npm test`: everything that must hold, one heading each: system programs, build, types, lint, format, jest.
// All steps run even after one failed, so that one run tells everything; parameters after `--` go to jest.

import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensurePrograms } from './programs.mjs'
import { tally } from './tally.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'cutover-test-'))
const resultFile = path.join(scratch, 'jest.json')

/**
 * @param {string} script a script of package.json, so that `npm run` by hand does the same
 * @param {readonly string[]} [parameters]
 * @returns {() => boolean}
 */
function npmScript(script, parameters = []) {
  return () => {
    const run = spawnSync('npm', ['run', '--silent', script, '--', ...parameters], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    if (run.error) console.error(String(run.error))
    return run.status === 0
  }
}

/** @type {readonly { name: string, run: () => boolean }[]} */
const steps = [
  { name: 'System programs', run: () => ensurePrograms() },
  { name: 'Build', run: npmScript('build') },
  { name: 'Types', run: npmScript('typecheck') },
  { name: 'Lint', run: npmScript('lint') },
  { name: 'Format', run: npmScript('format:check') },
  {
    name: 'Tests',
    run: npmScript('test:unit', ['--json', `--outputFile=${resultFile}`, ...process.argv.slice(2)]),
  },
]

/** @returns {import('./tally.mjs').JestResult | null} */
function readResult() {
  try {
    return JSON.parse(fs.readFileSync(resultFile, 'utf8'))
  } catch {
    return null
  }
}

/** @type {string[]} */
const failures = []
for (const { name, run } of steps) {
  console.log(`\n== ${name}`)
  const startedMs = performance.now()
  const passed = run()
  if (!passed) failures.push(name)
  console.log(
    `== ${name}: ${passed ? 'ok' : 'FAILED'}, ${((performance.now() - startedMs) / 1000).toFixed(1)} s`,
  )
}

console.log(failures.length === 0 ? '\nAll steps passed.' : `\nFailed: ${failures.join(', ')}`)
console.log(tally(readResult()))
fs.rmSync(scratch, { recursive: true, force: true })
process.exitCode = failures.length === 0 ? 0 : 1
