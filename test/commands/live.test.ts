// `rehearse --live` as a user meets it in a terminal: what is refused, and that a page nobody looks at keeps nobody waiting.
// What the page shows and does is tested in a browser.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, jest, test } from '@jest/globals'
import { runProgram } from '../support/program.js'

jest.setTimeout(60_000)

const home = mkdtempSync(path.join(os.tmpdir(), 'cutover-live-option-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const steady = fileURLToPath(new URL('../worlds/fixtures/steady.yaml', import.meta.url))
const rehearse = (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runProgram(['rehearse', steady, '--world', 'simulated', '--out', path.join(home, 'out'), ...words], {
    cwd: home,
    env,
  })

test('a port that is none and a token that could be guessed are refused, both at once', async () => {
  const { code, stderr } = await rehearse(['--live', '70000'], { CUTOVER_LIVE_TOKEN: 'secret' })
  expect(code).toBe(2)
  expect(stderr).toMatch(
    /^--live: 70000 is no port; .*\nCUTOVER_LIVE_TOKEN: is no token: .*\n2 problems; nothing was started\.\n$/,
  )
  expect(readdirSync(home)).toEqual([])
})

test('a port that is taken is told before anything else is started', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as AddressInfo
  const { code, stderr } = await rehearse(['--live', String(port)])
  taken.close()
  expect(code).toBe(3)
  expect(stderr).toContain(`the live page cannot be served on 127.0.0.1:${port}: the port is taken`)
  expect(readdirSync(home)).toEqual([])
})

test('a run that nobody looks at ends as without a page', async () => {
  const token = 'a-token-of-my-own-0123456789'
  const { code, stderr } = await rehearse(['--live'], { CUTOVER_LIVE_TOKEN: token })
  expect(code).toBe(0)
  expect(stderr).toMatch(new RegExp(`^Live page: http://127\\.0\\.0\\.1:\\d+/\\?token=${token}$`, 'm'))
})
