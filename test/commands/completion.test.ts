// Shell completion, tried in bash itself: what is offered at each place of a command line.
// Every verb and option of the program is looked for, so that none can be forgotten.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from '@jest/globals'
import { createProgram } from '../../src/commands/program.js'
import { InputError } from '../../src/base/errors.js'

const home = mkdtempSync(path.join(os.tmpdir(), 'cutover-completion-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))
mkdirSync(path.join(home, 'reports/first-run'), { recursive: true })
mkdirSync(path.join(home, 'scenarios'))
for (const file of ['reports/first-run/run.json', 'mine.yaml', 'notes.txt', 'scenarios/a b.yaml'])
  writeFileSync(path.join(home, file), '')

const said = async (...argv: readonly string[]): Promise<string> => {
  let stdout = ''
  await createProgram({
    argv,
    env: {},
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: () => {} },
    readStdin: () => Promise.resolve(''),
    onInterrupt: () => {},
    onExit: () => {},
  })
    .run()
    .catch((error: unknown) => {
      if (error instanceof InputError || argv.at(-1) !== '--help') throw error
    })
  return stdout
}

/** What bash offers for the last of the words, with the script sourced. */
const offered = async (...words: readonly string[]): Promise<readonly string[]> => {
  const script = `${await said('completion', 'bash')}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cutover; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = await promisify(execFile)('bash', ['-c', script, 'bash', ...words], { cwd: home })
  return stdout.split('\n').filter((line) => line !== '')
}

/** Verbs, or options, as a help text lists them. */
const listed = (help: string, pattern: RegExp): readonly string[] =>
  [...help.matchAll(pattern)].map(([, word = '']) => word).filter((word) => word !== 'help')

const verbsOf = async (): Promise<readonly string[]> => {
  const [, commands = ''] = /Commands:\n([\s\S]*?)\n\n/.exec(await said('--help')) ?? []
  return listed(commands, /^ {2}([a-z]+) /gm)
}

describe('bash', () => {
  test('offers every verb that the help lists', async () => {
    const verbs = await verbsOf()
    expect(verbs).toEqual(expect.arrayContaining(['rehearse', 'init', 'completion', 'keys']))
    expect(await offered('cutover', '')).toEqual(expect.arrayContaining([...verbs]))
  })

  test('offers every option of every verb', async () => {
    for (const verb of await verbsOf()) {
      const options = listed(await said(verb, '--help'), /^ {2}(?:-\w, )?(--[a-z-]+)/gm)
      expect(options.length).toBeGreaterThan(0)
      expect(await offered('cutover', verb, '--')).toEqual(expect.arrayContaining([...options]))
    }
  })

  test.each([
    { words: ['reh'], gives: ['rehearse'] },
    { words: ['keys', 'ro'], gives: ['rotate'] },
    { words: ['keys', 'rotate', '--max'], gives: ['--max-active-keys'] },
    { words: ['rehearse', 'm'], gives: ['mine.yaml'] },
    { words: ['rehearse', 'n'], gives: [] },
    { words: ['rehearse', 'scenarios/'], gives: ['scenarios/a b.yaml'] },
    { words: ['gate', 'reports/'], gives: ['reports/first-run'] },
    { words: ['gate', 'reports/first-run', '--gates', 'n'], gives: ['notes.txt'] },
    { words: ['completion', 'z'], gives: ['zsh'] },
  ])('offers $gives after $words', async ({ words, gives }) => {
    expect(await offered('cutover', ...words)).toEqual(gives)
  })

  test('offers runs of the folder reports where nothing is typed yet', async () => {
    expect(await offered('cutover', 'report', '')).toContain('reports/first-run')
  })
})

test('the scripts of zsh and fish name every verb', async () => {
  const verbs = await verbsOf()
  for (const shell of ['zsh', 'fish']) {
    const script = await said('completion', shell)
    for (const verb of verbs) expect(script).toMatch(new RegExp(`\\b${verb}\\b`))
  }
})

test('a shell without a script is refused with those that there are', async () => {
  await expect(said('completion', 'bsh')).rejects.toThrow('there is no script for bsh; did you mean bash?')
})
