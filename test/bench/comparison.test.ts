// A comparison of one strategy over a small cloud by the benchmark, so that it cannot rot.
// Its bar is for CERN's cloud on a quiet machine and is not checked here; its shape is.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, jest, test } from '@jest/globals'
import { benchComparison } from '../../src/bench/comparison.js'

jest.setTimeout(60_000)

const root = mkdtempSync(path.join(os.tmpdir(), 'cutover-bench-test-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const file = (name: string, text: string): string => {
  writeFileSync(path.join(root, name), text)
  return path.join(root, name)
}

test('the benchmark of a comparison times the command, beside what its runs took alone', async () => {
  const cloud =
    'name: small\nduration: 10m\nclients: { users: { behaviour: one-shot, members: 3, every: 1m } }\n'
  const row = await benchComparison({
    program: fileURLToPath(new URL('../../dist/main.js', import.meta.url)),
    strategies: [file('hard.yaml', 'name: hard\ntimeline: [{ at: 5m, cutover: { to: fernet } }]\n')],
    cloud: file('cloud.yaml', cloud),
    jobs: 2,
    mostSec: 1,
  })
  expect(row).toMatchObject({ unit: 's', rule: '≤', bar: 1, holds: row.value <= 1 })
  expect(row.floor).toBeGreaterThan(0)
  expect(row.ratio).toBeCloseTo(row.value / row.floor)
  expect(row.value).toBeGreaterThan(row.floor)
})
