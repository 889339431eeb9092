// Commands of an operator as real processes: what they are told, what is kept of what they say, and that none outlives its limit.
// Everything is seen from outside: exit codes, the file that is left, and which processes are still there.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { hookProblem, hookText, runHook } from '../../src/io/hookCommand.js'
import { isRunning, until } from '../support/program.js'

const root = mkdtempSync(path.join(tmpdir(), 'cutover-hooks-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let logs = 0
const run = async (command: string | readonly string[], timeoutMs = 10_000) => {
  const logFile = path.join(root, `${++logs}.log`)
  const secrets = ['of-admin']
  const env = { PATH: process.env['PATH'], CUTOVER_NODE: '2', CUTOVER_STEP: 'cutover' }
  const result = await runHook({ run: command, timeoutMs, env, logFile, name: 'cutover node 2', secrets })
  return { ...result, log: readFileSync(logFile, 'utf8'), mode: statSync(logFile).mode & 0o777 }
}

test('a text is for the shell, and is told of its step', async () => {
  const { ok, note, log, mode } = await run('echo "node $CUTOVER_NODE"; echo done >&2')
  expect({ ok, note, mode }).toEqual({ ok: true, note: 'done', mode: 0o600 })
  expect(log).toContain('--- cutover node 2: ')
  expect(log).toContain('node 2\n')
  expect(log).toContain('--- exit code 0\n')
})

test('neither what is known to be secret is kept, nor a whole token or a key', async () => {
  const token = `gAAAAABY${'aB_-'.repeat(40)}`
  const key = 'TCVPulcesEDn5Syiowp7sJo3_TKvK_wDXsyH8USFbVU='
  const { note, log } = await run(
    `echo 'password=of-admin'; echo ${key}; echo '0123456789abcdef0123456789abcdef'; echo 'id | ${token}== |'`,
  )
  expect(note).toBe('id | gAAAAABYaB_-… |')
  for (const hidden of ['of-admin', key, token]) expect(log).not.toContain(hidden)
  expect(log).toContain('password=***\n***\n0123456789abcdef0123456789abcdef\n')
})

test('a list of words is run as it is', async () => {
  expect(await run(['printf', '%s', '$CUTOVER_NODE; echo no'])).toMatchObject({
    ok: true,
    note: '$CUTOVER_NODE; echo no',
  })
})

test('a failure is told with its exit code and its last line', async () => {
  expect(await run('echo "no such host"; exit 3')).toMatchObject({
    ok: false,
    note: 'exit code 3: no such host',
  })
})

test('a program that is not there is a failure, and can be seen before', async () => {
  expect((await run(['/nowhere/at-all'])).note).toContain('cannot be run')
  expect(hookProblem(['/nowhere/at-all'])).toBe('/nowhere/at-all cannot be run')
  expect(hookProblem(['no-such-program'])).toBe('there is no program no-such-program')
  expect([hookProblem(['sh', '-c', 'true']), hookProblem('anything')]).toEqual([null, null])
})

test('at its time limit all that it has started is ended', async () => {
  const { ok, note } = await run('sleep 600 & echo $!; wait', 300)
  expect(ok).toBe(false)
  expect(note).toMatch(/^ended after 0.3 s, its time limit: \d+$/)
  const child = Number(note.split(' ').at(-1))
  await until('the child of the command is gone', () => !isRunning(child))
})

test('what it leaves running neither delays it nor is ended', async () => {
  const startedMs = performance.now()
  const { ok, note } = await run('sleep 60 & echo $!')
  const child = Number(note)
  try {
    expect(ok).toBe(true)
    expect(performance.now() - startedMs).toBeLessThan(30_000)
    expect(isRunning(child)).toBe(true)
  } finally {
    process.kill(child)
  }
})

test('of a flood only so much is kept', async () => {
  const { ok, log } = await run('yes | head -c 3000000')
  expect(ok).toBe(true)
  expect(log.length).toBeLessThan(1_100_000)
  expect(log).toContain('[1951424 bytes more were not kept]')
})

test('control characters do not reach the record', async () => {
  expect((await run(String.raw`printf 'a\033[31mb\n'`)).note).toBe('a [31mb')
})

test('a command is shown as somebody would type it', () => {
  expect([hookText('a && b'), hookText(['ssh', 'k1', 'x y'])]).toEqual(["sh -c 'a && b'", "ssh k1 'x y'"])
})
