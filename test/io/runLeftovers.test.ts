// What runs leave in their folders: removed behind a killed one, left alone where somebody may still need it.
// The marks are of this very process, of one that has ended, and of one on another host.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { clearLeftovers, markRunning } from '../../src/io/runLeftovers.js'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'cutover-leftovers-'))
  for (const name of ['keys', 'store', 'notes']) {
    mkdirSync(path.join(folder, name))
    writeFileSync(path.join(folder, name, 'file'), 'x')
  }
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const there = (): string[] =>
  ['keys', 'store', 'notes'].filter((name) => existsSync(path.join(folder, name, 'file')))
const [keys, store] = [() => path.join(folder, 'keys'), () => path.join(folder, 'store')]
const mark = (): string => path.join(folder, '.running')

test('those of a living run are left to it', async () => {
  const end = markRunning(folder)
  expect(await clearLeftovers(folder)).toEqual({
    running: expect.stringMatching(new RegExp(`^process ${process.pid} \\(run, since `)),
    removed: [],
    left: [],
  })
  expect(there()).toEqual(['keys', 'store', 'notes'])
  await end()
  expect(() => readlinkSync(mark())).toThrow(/ENOENT/)
})

test('those of a run whose process has ended are removed, and what is not of them stays', async () => {
  markRunning(folder)
  const ended = spawnSync(process.execPath, ['--version']).pid
  const text = readlinkSync(mark()).replace(`:${process.pid}:`, `:${ended}:`)
  rmSync(mark())
  symlinkSync(text, mark())
  expect(await clearLeftovers(folder)).toEqual({ running: null, removed: [keys(), store()], left: [] })
  expect(there()).toEqual(['notes'])
  expect(() => readlinkSync(mark())).toThrow(/ENOENT/)
})

test.each([
  ['without a mark', null],
  ['of a run on another host, however long ago', 'cutover:run:7:1:boot:1:elsewhere:1'],
  ['with a mark that is none', 'somewhere'],
])('those %s are named and stay', async (_, text) => {
  if (text !== null) symlinkSync(text, mark())
  expect(await clearLeftovers(folder)).toEqual({ running: null, removed: [], left: [keys(), store()] })
  expect(there()).toEqual(['keys', 'store', 'notes'])
})
