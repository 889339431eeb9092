// What the process list shows of a command line that holds a password or a token.
// The words as they are typed, and a real process whose line is read as any user may read it.
import { readFileSync } from 'node:fs'
import { afterEach, expect, jest, test } from '@jest/globals'
import { concealedTitle } from '../../src/commands/processTitle.js'
import { Program, until } from '../support/program.js'

jest.setTimeout(120_000)

const token = `gAAAAABY5${'x'.repeat(170)}==`
let program: Program | null = null
afterEach(() => program?.clear())

test.each([
  [
    ['rehearse', 'a.yaml', '--store', 'mysql://u:p@ss@h:3306/d'],
    'cutover rehearse a.yaml --store mysql://…@h:3306/d',
  ],
  [['rehearse', 'a.yaml', '--store=mysql://u:pass@h/d'], 'cutover rehearse a.yaml --store=mysql://…@h/d'],
  [['serve', '--bootstrap-password', 'pass', '--json'], 'cutover serve --bootstrap-password … --json'],
  [['serve', '--bootstrap-password=pa=ss'], 'cutover serve --bootstrap-password=…'],
  [['inspect', token, '--keys', 'd'], 'cutover inspect gAAAAABY5xxx… --keys d'],
  [['inspect', '0123456789abcdef0123456789abcdef'], 'cutover inspect …'],
])('the words %j', (words, title) => {
  expect(concealedTitle(words)).toBe(title)
})

test('words without a secret are left as they are', () => {
  expect(concealedTitle(['serve', '--store', 'mariadb', '--public-url', 'http://h:5000/v3'])).toBe(null)
})

test('a process that is given a password does not show it', async () => {
  const running = new Program(['serve', '--listen', '127.0.0.1:0', '--bootstrap-password', 'hunter2secret'])
  program = running
  await until('it serves', () => running.said.stdout.includes('Ready at'))
  const line = readFileSync(`/proc/${running.pid}/cmdline`, 'latin1')
  expect(line).toContain('cutover serve --listen 127.0.0.1:0 --bootstrap-password')
  expect(line).not.toContain('hunter2')
  running.signal('SIGTERM')
  await running.ended
})
