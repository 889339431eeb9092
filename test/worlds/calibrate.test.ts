// cutover calibrate and its benchmark as a user runs them, on small inputs: real processes, sockets and a real restart.
// What the machine lets be seen differs; what may never differ is that each request is accounted for and has its own reply.
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, jest, test } from '@jest/globals'
import type { BarRow } from '../../src/bench/barRow.js'
import { benchRecorder } from '../../src/bench/recorderCost.js'
import type { Calibration } from '../../src/worlds/calibrate/calibrate.js'
import { runProgram } from '../support/program.js'

jest.setTimeout(300_000)

const scratch = mkdtempSync(path.join(tmpdir(), 'cutover-calibrate-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const dist = (file: string): string => new URL(`../../dist/${file}`, import.meta.url).href

test('a calibration accounts for every request, gives each its own reply, and its verdict is its exit code', async () => {
  const out = path.join(scratch, 'calibration.json')
  const { code, stdout, stderr } = await runProgram(
    'calibrate --rate 60 --seconds 2 --json --out'.split(' ').concat(out),
  )
  const told = JSON.parse(stdout) as Calibration
  expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual(told)
  expect(told.format).toBe('cutover/calibration@1')
  expect(code).toBe({ pass: 0, fail: 1, inconclusive: 4 }[told.verdict])
  expect(stderr).toContain('constant 20 ms, 50/s')
  expect(told.cases.map(({ name }) => name)).toEqual([
    'constant 20 ms, 50/s',
    'constant 20 ms, 60/s',
    'each 100th 50 ms, 60/s',
    'a stall of 0.4 s, 50/s',
    'a restart, 60/s',
  ])
  for (const one of told.cases) {
    expect(one.planned).toBeGreaterThan(10)
    expect(one.answered + one.failed + one.shed).toBe(one.planned)
    expect(one.misbound).toBe(0)
    expect(one.gapsPlanned).toBeLessThan(one.gapsCritical)
    expect(one.load.cpuShare).toBeGreaterThan(0)
    // Nothing is quicker than scripted; a histogram of three digits may say so by a thousandth.
    for (const { expectedMs, measuredMs, servedMs } of one.quantiles) {
      if (one.name.startsWith('constant')) expect(measuredMs).toBeGreaterThan(expectedMs * 0.998)
      expect(servedMs).toBeGreaterThan(0)
    }
  }
  expect(told.autocannon.map(({ name }) => name)).toEqual([
    'constant 20 ms, 60/s',
    'a stall of 0.4 s, 50/s',
    'a restart, 60/s',
  ])
})

test('tells all that is wrong with its options at once, and starts nothing', async () => {
  const out = path.join(scratch, 'missing', 'file.json')
  const { code, stdout, stderr } = await runProgram(
    'calibrate --rate fast --seconds 0 --out'.split(' ').concat(out),
  )
  expect(code).toBe(2)
  expect(stdout).toBe('')
  expect(stderr).toContain('--rate')
  expect(stderr).toContain('--seconds')
  expect(stderr).toContain('--out')
  expect(stderr).toContain('3 problems; nothing was started.')
  expect(existsSync(path.dirname(out))).toBe(false)
})

test('the benchmark of the recorder has a row for the cost of a sample and one for memory', () => {
  const rows = benchRecorder({ samples: 20_000 })
  expect(rows.map(({ unit, rule, bar }) => [unit, rule, bar])).toEqual([
    ['µs CPU', '≤', 2],
    ['MiB', '≤', 64],
  ])
  for (const { value, floor, ratio, bar, holds } of rows) {
    expect(ratio * floor).toBeGreaterThanOrEqual(0)
    expect(holds).toBe(value <= bar)
  }
})

test('the benchmark of the generator has a row for the rate, for lateness and for each percentile of the stall', async () => {
  // In a file: what node was started with is handed on to the stub.
  const file = path.join(scratch, 'bench.mjs')
  const script = `
    const { benchGenerator } = await import(${JSON.stringify(dist('bench/generator.js'))})
    console.log(JSON.stringify(await benchGenerator({ perSec: 100, leastPerSec: 50, seconds: 2 })))`
  writeFileSync(file, script)
  const { stdout } = await promisify(execFile)(process.execPath, [file])
  const rows = JSON.parse(stdout) as BarRow[]
  expect(rows.map(({ unit, rule }) => [unit, rule])).toEqual([
    ['requests/s', '≥'],
    ['ms', '≤'],
    ['ms', '±'],
    ['ms', '±'],
    ['ms', '±'],
  ])
  // Every request of the plan was sent, however slow the machine.
  expect(rows[0]?.ratio).toBe(1)
})
