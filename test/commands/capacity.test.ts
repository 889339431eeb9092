// cutover capacity as an operator runs it, in a few seconds: real backends, a real store, autocannon, and a plan made of it.
// How fast it goes is the machine's business; what may never differ is that everybody counts the same.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, jest, test } from '@jest/globals'
import { capacityBars } from '../../src/bench/capacityBars.js'
import type { MeasuredCapacity } from '../../src/plan/measuredCapacity.js'
import { childrenOf, Program, runProgram, until } from '../support/program.js'

jest.setTimeout(300_000)

const home = mkdtempSync(path.join(os.tmpdir(), 'cutover-capacity-test-'))
const temporary = mkdtempSync(path.join(os.tmpdir(), 'cutover-capacity-tmp-'))
const options = { cwd: home, env: { TMPDIR: temporary } }
afterAll(() => {
  for (const folder of [home, temporary]) rmSync(folder, { recursive: true, force: true })
})

const small = '--duration 200ms --connections 2,4 --backends 2 --live 1000 --password-hash plain --seed 2'

test('a small measurement: everybody counts the same, a plan reads it, and nothing is left behind', async () => {
  const { code, stdout } = await runProgram(
    `capacity ${small} --providers uuid,fernet --table 1000 --out capacity.json --html capacity.html`.split(
      ' ',
    ),
    options,
  )
  const measured = JSON.parse(readFileSync(path.join(home, 'capacity.json'), 'utf8')) as MeasuredCapacity
  expect(measured.format).toBe('cutover/capacity@1')
  expect(
    measured.points.map(({ mode, op, backends, connections }) => [mode, op, backends, connections].join(' ')),
  ).toEqual(
    ['uuid', 'fernet'].flatMap((mode) =>
      ['validate', 'issue'].flatMap((op) => ['2 2', '2 4'].map((some) => `${mode} ${op} ${some}`)),
    ),
  )
  for (const point of measured.points) {
    expect(point.rejected).toEqual([])
    expect(point.seen.good).toBeGreaterThan(0)
    expect(point.cores.backends.used).toBeGreaterThan(0)
  }
  // Each UUID token is a row, and no Fernet token is.
  for (const { mode, op, rowsWritten } of measured.costs)
    expect([mode, op, rowsWritten]).toEqual([mode, op, mode === 'uuid' && op === 'issue' ? 1 : 0])
  // A day's tokens, one of its hours: some 42 of 1,000, as chance has it.
  const [table] = measured.growth
  expect(table?.rows).toBe(1000)
  expect(table?.flush.alone.rows).toBeGreaterThan(15)
  expect(table?.flush.alone.rows).toBeLessThan(80)
  expect(table?.validate.flatMap(({ rejected }) => rejected)).toEqual([])

  // The bars of the benchmark that do not depend on the machine.
  expect(capacityBars(measured).map(({ name, holds }) => [name.split(';')[0], holds])).toEqual([
    ['points with good answers only, counted alike by generator, backends and table', true],
    ['rows written by issues of UUID tokens', true],
    ['rows written by issues of Fernet tokens', true],
  ])
  expect(stdout).toContain('For 300 validations/s and 20 issues/s, 99 % of each within 100 ms')
  expect(stdout).toContain('What the table costs')
  // Tests run beside one another; what was measured then may be no basis for anything, and it says so.
  const isConclusive = ['uuid', 'fernet'].every((mode) =>
    measured.answers.some(
      (answer) => answer.mode === mode && answer.rowWritesPerSec !== null && !answer.disturbed,
    ),
  )
  expect(code).toBe(isConclusive ? 0 : 4)
  expect(readFileSync(path.join(home, 'capacity.html'), 'utf8')).toMatch(/<svg[\s\S]*<\/html>/)
  expect(readdirSync(temporary)).toEqual([])

  const plan = await runProgram(
    'plan --issues 20/s --validations 300/s --measured capacity.json --json'.split(' '),
    options,
  )
  expect(plan.code).toBe(0)
  const figures = JSON.parse(plan.stdout) as { name: string; value: number | null }[]
  const valueOf = (name: string): number | null | undefined =>
    figures.find((figure) => figure.name === name)?.value
  for (const { mode, needed, rowWritesPerSec } of measured.answers) {
    expect(valueOf(`workers with ${mode}, as measured`)).toBe(needed?.workers ?? null)
    expect(valueOf(`rows written with ${mode}, as measured`) ?? null).toBe(rowWritesPerSec)
  }
  // The rows that a flush deletes, at the speed that was measured.
  const rows = valueOf('rows deleted by each flush') ?? NaN
  const { rows: flushed = NaN, seconds = NaN } = table?.flush.alone ?? {}
  expect(valueOf('each flush takes')).toBeCloseTo((rows * seconds) / flushed, 6)
})

test('Ctrl-C ends it with what was measured, exit code 4, and nothing left behind', async () => {
  const program = new Program(`capacity ${small} --providers uuid --duration 60s --json`.split(' '), options)
  // The keeper of the store, then the backends.
  await until('the sweep has begun', () => childrenOf(program.pid).length === 3)
  program.signal('SIGINT')
  const { code } = await program.ended
  expect(code).toBe(4)
  const measured = JSON.parse(program.said.stdout) as MeasuredCapacity
  expect(measured).toMatchObject({ stopped: true, points: [], answers: [] })
  expect(readdirSync(temporary)).toEqual([])
})

test('tells all that is wrong with its options at once, and starts nothing', async () => {
  const { code, stdout, stderr } = await runProgram(
    [
      'capacity --store memory --providers uuid,jwt --connections 0 --backends 2 --duration 1h --live few',
      '--table 1k --issues 20 --within now --share 200% --password-hash md5 --out missing/x.json',
    ]
      .join(' ')
      .split(' '),
    options,
  )
  expect(code).toBe(2)
  expect(stdout).toBe('')
  for (const option of 'store providers connections duration live issues within share password-hash out'.split(
    ' ',
  ))
    expect(stderr).toMatch(new RegExp(`^--${option}`, 'm'))
  expect(readdirSync(temporary)).toEqual([])
})

test('a plan refuses a file that is no measurement, and says what is missing', async () => {
  writeFileSync(path.join(home, 'other.json'), '{"format":"cutover/summary@1"}')
  const { code, stderr } = await runProgram('plan --issues 20/s --measured other.json'.split(' '), options)
  expect(code).toBe(2)
  expect(stderr).toMatch(/^other\.json: format: /m)
  expect(stderr).toMatch(/^--validations: is needed with --measured/m)
})
