// `npm test`: everything that must hold, one heading each: programs, build, types, lint, format, jest. All steps run even
// after one failed, so that one run tells everything; parameters after `--` go to jest. The tests beside a real Keystone
// need some minutes and large packages more: `npm run test:keystone` (`--keystone`) runs those alone.

import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensurePrograms, keystonePrograms } from './programs.mjs'
import { tally } from './tally.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'cutover-test-'))
const keystoneAlone = process.argv[2] === '--keystone'
const parameters = process.argv.slice(keystoneAlone ? 3 : 2)

/** Where jest leaves what each of its runs came to. @type {string[]} */
const resultFiles = []

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

/**
 * @param {readonly string[]} options
 * @returns {() => boolean}
 */
function jest(options) {
  const file = path.join(scratch, `jest-${resultFiles.length}.json`)
  resultFiles.push(file)
  return npmScript('test:unit', ['--json', `--outputFile=${file}`, ...options])
}

/** @typedef {{ name: string, run: () => boolean }} Step */

/** @type {Step} */
const build = { name: 'Build', run: npmScript('build') }

/** @returns {Step[]} what runs beside a real Keystone, for which jest's own configuration leaves the tests out */
const keystoneSteps = () => [
  { name: 'Keystone programs', run: () => ensurePrograms(keystonePrograms) },
  {
    name: 'Beside a real Keystone',
    run: jest(['test/keystone/', ...parameters, '--testPathIgnorePatterns=/node_modules/']),
  },
]

/** Tests in which real processes keep real time: beside others they would be late, and late runs decide nothing. */
const realTime = ['test/worlds/', 'test/scenarios/']

/** @returns {Step[]} all tests; parameters of the user go to one run of jest, else those in real time run alone, after the others */
const testSteps = () => {
  if (parameters.length > 0) return [{ name: 'Tests', run: jest(parameters) }]
  const left = ['/node_modules/', '/test/keystone/', ...realTime.map((folder) => `/${folder}`)]
  return [
    {
      name: 'Tests',
      run: jest(['--maxWorkers=100%', ...left.map((pattern) => `--testPathIgnorePatterns=${pattern}`)]),
    },
    { name: 'Tests in real time', run: jest(['--runInBand', ...realTime]) },
  ]
}

/** @returns {Step[]} */
const ordinarySteps = () => [
  { name: 'System programs', run: () => ensurePrograms() },
  build,
  { name: 'Types', run: npmScript('typecheck') },
  { name: 'Lint', run: npmScript('lint') },
  { name: 'Format', run: npmScript('format:check') },
  ...testSteps(),
]

const steps = keystoneAlone ? [build, ...keystoneSteps()] : ordinarySteps()

/**
 * @param {string} file
 * @returns {import('./tally.mjs').JestResult | null}
 */
function readResult(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'))
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
console.log(tally(resultFiles.map(readResult)))
fs.rmSync(scratch, { recursive: true, force: true })
process.exitCode = failures.length === 0 ? 0 : 1
