// Ctrl-C as a user presses it: once winds down and reports, twice ends at once; before the first request there is nothing to report.
// The built program is run in a process group of its own, and what it started is looked for afterwards.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, jest, test } from '@jest/globals'
import type { Calibration } from '../../src/worlds/calibrate/calibrate.js'
import { childrenOf, isRunning, Program, runProgram, until } from '../support/program.js'

jest.setTimeout(120_000)

const home = mkdtempSync(path.join(os.tmpdir(), 'cutover-interrupt-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const steady = readFileSync(fileURLToPath(new URL('../worlds/fixtures/steady.yaml', import.meta.url)), 'utf8')
let files = 0
const fileOf = (text: string): string => {
  const file = path.join(home, `scenario-${++files}.yaml`)
  writeFileSync(file, text)
  return file
}
/** Of twenty hours: it does not end by itself while a test waits. */
const long = steady.replaceAll('20m', '20h')

/** A program that has said something on stderr, and the processes that it had started then. */
const saying = async (said: RegExp, ...words: readonly string[]) => {
  const program = new Program(words)
  await until(`it says ${String(said)}`, () => said.test(program.said.stderr))
  const processes = childrenOf(program.pid)
  const backends = processes.filter(({ command }) => command.includes('backend')).map(({ pid }) => pid)
  return { program, children: processes.map(({ pid }) => pid), backends }
}

describe('Ctrl-C', () => {
  test('while the store is filled ends all processes and leaves no folder, as there is nothing to report', async () => {
    const out = path.join(home, 'seeding')
    const many = fileOf(steady.replace('live: 200', 'live: 300000'))
    const { program, children } = await saying(/^seeding: /m, 'rehearse', many, '--out', out)
    expect(children.length).toBeGreaterThan(0)
    program.signalGroup('SIGINT')
    const { code, stdout, stderr } = await program.ended
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    expect(stderr).toMatch(/\nStopped before the first request: nothing to report\.\n$/)
    expect(children.filter(isRunning)).toEqual([])
    expect(existsSync(out)).toBe(false)
  })

  test('pressed twice ends a run at once, with all of its processes', async () => {
    const out = path.join(home, 'twice')
    const { program, children, backends } = await saying(
      /^running: /m,
      'rehearse',
      fileOf(long),
      '--out',
      out,
    )
    expect([children.length, backends.length]).toEqual([4, 3])
    // One that hangs, so that winding down takes longer than it takes to press a key again.
    process.kill(backends[0] ?? 0, 'SIGSTOP')
    program.signalGroup('SIGINT')
    await until('it was told once', () => program.said.stderr.includes('Stopping'))
    program.signalGroup('SIGINT')
    const { code, stdout } = await program.ended
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    await until('its processes have ended by themselves', () => !children.some(isRunning), 20_000)
    const drawn = await runProgram(['report', out])
    expect(drawn.code).toBe(0)
    expect(drawn.stderr).toMatch(/^The run was killed; removed what it had left: /)
  })

  test('in the simulated world reports what was simulated so far', async () => {
    const out = path.join(home, 'simulated')
    const file = fileOf(long.replaceAll('20h', '4800h').replace('members: 20', 'members: 200'))
    const { program } = await saying(
      /^running: /m,
      'rehearse',
      file,
      '--world',
      'simulated',
      '--json',
      '--out',
      out,
    )
    program.signalGroup('SIGINT')
    const { code, stdout } = await program.ended
    expect(code).toBe(4)
    const { verdict, reasons } = JSON.parse(stdout) as { verdict: string; reasons: readonly string[] }
    expect(verdict).toBe('inconclusive')
    expect(reasons[0]).toMatch(/^the run was interrupted at .*: stopped by the user$/)
    expect(existsSync(path.join(out, 'report.html'))).toBe(true)
  })

  test('ends a comparison whose processes are still being loaded, as no fault of theirs', async () => {
    const strategy = fileOf('name: hard\ntimeline:\n  - { at: 5m, cutover: { to: fernet } }\n')
    const cloud = fileOf(long)
    const out = path.join(home, 'compared')
    const words = ['compare', '--strategies', strategy, '--cloud', cloud, '--out', out, '--jobs', '1']
    const { program, children } = await saying(/^0 of 2 runs/m, ...words)
    program.signalGroup('SIGINT')
    const { code, stderr } = await program.ended
    expect(code).toBe(4)
    expect(stderr).toContain('\nStopping: what was measured is shown. Once more ends at once.\n')
    expect(stderr).not.toMatch(/ended \(/)
    expect(children.filter(isRunning)).toEqual([])
  })

  test('during a calibration gives the case up and reports those that had ended, as not whole', async () => {
    const out = path.join(home, 'calibration.json')
    const words = ['calibrate', '--rate', '60', '--seconds', '2', '--json', '--out', out]
    // The second case: the first has ended.
    const { program, children } = await saying(/^constant 20 ms, 60\/s/m, ...words)
    program.signalGroup('SIGINT')
    const { code, stdout, stderr } = await program.ended
    expect(code).toBe(4)
    expect(stderr).toContain('\nStopping: what was measured is shown. Once more ends at once.\n')
    const told = JSON.parse(stdout) as Calibration
    expect(told).toMatchObject({ stopped: true, verdict: 'inconclusive' })
    expect(told.cases[0]?.name).toBe('constant 20 ms, 50/s')
    expect(told.cases.length).toBeLessThan(5)
    expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual(told)
    expect(children.filter(isRunning)).toEqual([])
  })

  test('before the first case of a calibration has ended leaves nothing to report', async () => {
    const { program, children } = await saying(/^constant 20 ms/m, 'calibrate', '--seconds', '600')
    expect(children.length).toBe(1)
    program.signalGroup('SIGINT')
    const { code, stdout, stderr } = await program.ended
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    expect(stderr).toMatch(/\nStopped before the first case had ended: nothing to report\.\n$/)
    expect(children.filter(isRunning)).toEqual([])
  })
})
