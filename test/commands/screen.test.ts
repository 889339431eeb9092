// A run as it looks on a screen: the block is drawn over itself, leaves nothing behind, and gives the cursor back.
// The verb runs in this process, in the simulated world, against a terminal without a window.
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, jest, test } from '@jest/globals'
import { createLiveBlock } from '../../src/commands/liveBlock.js'
import { createProgram } from '../../src/commands/program.js'
import { createProgressLine, type Surroundings } from '../../src/commands/terminal.js'
import { Screen } from '../support/screen.js'

jest.setTimeout(60_000)

const home = mkdtempSync(path.join(os.tmpdir(), 'cutover-screen-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const steady = fileURLToPath(new URL('../worlds/fixtures/steady.yaml', import.meta.url))
const numbered = (n: number, word = 'line'): string[] =>
  Array.from({ length: n }, (_, i) => `${word} ${i + 1}`)

const surroundingsOf = (screen: Screen, env: Record<string, string> = {}): Surroundings => ({
  argv: ['rehearse', steady, '--world', 'simulated', '--out', mkdtempSync(path.join(home, 'run-'))],
  env,
  stdout: screen,
  stderr: screen,
  readStdin: () => Promise.resolve(''),
  onInterrupt: () => {},
  onExit: () => {},
})

describe('a block at the end of a terminal’s text', () => {
  const block = (screen: Screen) => createLiveBlock(screen, () => {})

  test('is drawn over itself, also at the bottom of the screen, and does not touch what stands above it', async () => {
    const screen = new Screen(100, 24)
    const above = numbered(40, 'above')
    screen.write(`${above.join('\n')}\n`)
    const live = block(screen)
    for (let frame = 1; frame <= 20; frame++) live.draw(numbered(10, `frame ${frame}, line`))
    expect(await screen.lines()).toEqual([...above, ...numbered(10, 'frame 20, line')])
    expect(screen.cursorShown).toBe(false)
    live.draw(['short'])
    expect(await screen.lines()).toEqual([...above, 'short'])
    live.clear()
    expect(await screen.lines()).toEqual(above)
    expect(screen.cursorShown).toBe(true)
  })

  test('lets text that stays stand above it', async () => {
    const screen = new Screen(100, 24)
    const live = block(screen)
    live.draw(numbered(5))
    live.above('warning: the disk is full\n')
    live.draw(numbered(5))
    expect(await screen.lines()).toEqual(['warning: the disk is full', ...numbered(5)])
  })

  test('leaves nothing behind when the terminal becomes narrower', async () => {
    const screen = new Screen(120, 40)
    const live = block(screen)
    const wide = numbered(6).map((line) => line.padEnd(118, '·'))
    screen.write('before\n')
    live.draw([...wide, 'end'])
    screen.resize(100, 40)
    live.draw(numbered(4))
    expect(await screen.lines()).toEqual(['before', ...numbered(4)])
  })

  test('writes each frame in one write', () => {
    const writes: string[] = []
    const live = createLiveBlock({ isTTY: true, write: (text) => writes.push(text) }, () => {})
    live.draw(numbered(3))
    live.draw(numbered(3))
    expect(writes).toHaveLength(2)
  })

  test('gives the cursor back when the program ends in the middle', async () => {
    const screen = new Screen(100, 24)
    let ends = (): void => {}
    const live = createLiveBlock(screen, (run) => {
      ends = run
    })
    live.draw(numbered(3))
    ends()
    expect(screen.cursorShown).toBe(true)
    expect(await screen.lines()).toEqual([])
  })
})

describe('a rehearsal on a terminal', () => {
  test('of 120 columns shows a block while it runs, and nothing but the report after it', async () => {
    const screen = new Screen(120, 30)
    expect(await createProgram(surroundingsOf(screen)).run()).toBe(0)
    expect(screen.raw).toContain('\u001b[?25l')
    expect(screen.raw).toContain('refused per second of scenario time')
    expect(screen.cursorShown).toBe(true)
    const lines = await screen.lines()
    expect(lines[0]).toMatch(/^PASS {2}small-steady/)
    expect(lines.at(-1)).toMatch(/^Again {3}cutover rehearse /)
    expect(lines.join('\n')).not.toMatch(/Ctrl-C|refused per second of scenario time/)
  })

  test.each([
    ['of 80 columns', 80, {}],
    ['with NO_COLOR', 120, { NO_COLOR: '1' }],
    ['in CI', 120, { CI: 'true' }],
    ['that is dumb', 120, { TERM: 'dumb' }],
  ])('%s shows lines that stay, none of them wider than 80 columns', async (_, columns, env) => {
    const screen = new Screen(columns, 30)
    const surroundings = surroundingsOf(screen, env)
    const stdout = new Screen(columns, 30)
    expect(await createProgram({ ...surroundings, stdout }).run()).toBe(0)
    expect(screen.raw).not.toContain('\u001b')
    const lines = await screen.lines()
    expect(lines[0]).toMatch(/^starting|^seeding|^running/)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
  })
})

describe('one line of progress', () => {
  test('is written over again where somebody looks, and stands where nobody does', async () => {
    const shown = async (env: Record<string, string>): Promise<readonly string[]> => {
      const screen = new Screen(80, 24)
      let nowMs = 0
      const line = createProgressLine(surroundingsOf(screen, env), () => (nowMs += 6000))
      for (let n = 1; n <= 3; n++) line.show(`${n} of 3 runs ${'x'.repeat(100)}`)
      const lines = await screen.lines()
      line.end()
      expect((await screen.lines()).length).toBe(env['CI'] === undefined ? 0 : 3)
      return lines.map((each) => each.slice(0, 6))
    }
    expect(await shown({})).toEqual(['3 of 3'])
    expect(await shown({ CI: '1' })).toEqual(['1 of 3', '2 of 3', '3 of 3'])
  })
})
