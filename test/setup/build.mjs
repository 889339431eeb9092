// Builds src into dist: TypeScript compiled by tsc, everything else in src (styles, templates) copied.
// Each file is put in place by a rename and only when it changed, so a build never disturbs a program
// that is running from dist, and files whose source is gone disappear.
//
//   node test/setup/build.mjs [--quiet] [--if-possible]
//
// --if-possible is for `npm ci`: it ends well where the compiler is not installed (`--omit=dev`), and where
// src has errors, which are shown; to refuse them is the business of `npm test`, with all else it finds.

import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const source = path.join(root, 'src')
const output = path.join(root, 'dist')
const quiet = process.argv.includes('--quiet')
const ifPossible = process.argv.includes('--if-possible')

/** @param {string} text */
function say(text) {
  if (!quiet) process.stderr.write(`build: ${text}\n`)
}

/**
 * Every file below a folder, as paths relative to it, sorted.
 * @param {string} folder
 * @returns {string[]}
 */
function filesBelow(folder) {
  if (!fs.existsSync(folder)) return []
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort()
}

/** @returns {string | null} the path of tsc's program, or null where it is not installed */
function findCompiler() {
  try {
    const manifest = createRequire(import.meta.url).resolve('@typescript/native/package.json')
    return path.join(path.dirname(manifest), 'bin', 'tsc')
  } catch {
    return null
  }
}

/**
 * @param {string} compiler
 * @param {string} into
 * @returns {number} the compiler's exit code
 */
function compile(compiler, into) {
  const config = path.join(root, 'tsconfig.build.json')
  // The compiler's messages go to stderr: stdout belongs to the program that is run after the build.
  const run = spawnSync(process.execPath, [compiler, '-p', config, '--outDir', into], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  return run.status ?? 1
}

/**
 * @param {string} from
 * @param {string} to
 */
function putInPlace(from, to) {
  const content = fs.readFileSync(from)
  if (fs.existsSync(to) && fs.readFileSync(to).equals(content)) return
  fs.mkdirSync(path.dirname(to), { recursive: true })
  fs.renameSync(from, to)
}

/** @returns {number} the exit code */
function build() {
  const sources = filesBelow(source)
  if (!sources.some((file) => file.endsWith('.ts'))) {
    say('src holds no TypeScript yet, nothing to do')
    return 0
  }
  const compiler = findCompiler()
  if (compiler === null) {
    if (ifPossible) {
      say('the compiler is not installed, dist is left as it is')
      return 0
    }
    process.stderr.write('build: the compiler is not installed; run `npm ci` with the development packages\n')
    return 1
  }

  // A sibling of dist, so that the relative paths in source maps are already right.
  const fresh = fs.mkdtempSync(path.join(root, '.dist-'))
  try {
    const code = compile(compiler, fresh)
    for (const file of sources) {
      if (file.endsWith('.ts') || file.endsWith('.md')) continue
      fs.mkdirSync(path.dirname(path.join(fresh, file)), { recursive: true })
      fs.copyFileSync(path.join(source, file), path.join(fresh, file))
    }
    const main = path.join(fresh, 'main.js')
    if (fs.existsSync(main)) fs.chmodSync(main, 0o755)

    const built = filesBelow(fresh)
    for (const file of built) putInPlace(path.join(fresh, file), path.join(output, file))
    for (const file of filesBelow(output)) {
      if (!built.includes(file)) fs.rmSync(path.join(output, file), { force: true })
    }
    say(code === 0 ? `${sources.length} files of src built into dist` : 'src has errors, see above')
    return ifPossible ? 0 : code
  } finally {
    fs.rmSync(fresh, { recursive: true, force: true })
  }
}

process.exitCode = build()
