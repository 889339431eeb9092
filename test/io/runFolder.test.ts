// The folder of a run: what stands in it while the run goes, after its end, after a kill and on a full disk.
// Real folders are used; the full disk is Linux's own device for it.
import { existsSync } from 'node:fs'
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { InputError } from '../../src/base/errors.js'
import { createAppendLog } from '../../src/io/appendLog.js'
import type { RunFolderError } from '../../src/io/appendLog.js'
import { readRunFolder } from '../../src/io/readRunFolder.js'
import { createRunFolder, runFiles } from '../../src/io/runFolder.js'
import type { EventLine, RunEnd, RunHeader, SeriesLine } from '../../src/measure/record.js'

const header: RunHeader = {
  format: 'cutover/run@1',
  scenario: 'small',
  description: '',
  seed: 1,
  world: 'simulated',
  store: 'memory',
  version: '0.1.0',
  machine: { cpus: 2, memoryBytes: 1, node: 'v20', platform: 'linux' },
  startedAt: '2017-04-04T06:00:00.000Z',
  command: 'cutover rehearse small.yaml',
  scenarioText: 'name: small\n',
  durationSec: 60,
  intervalSec: 1,
  clock: [{ untilSec: 60, speed: 1, traffic: 1 }],
  classes: [],
  backends: 1,
  expirationSec: 3600,
  gates: [],
  latenessLimitMs: 20,
  warmupSec: 0,
}
const end: RunEnd = {
  endedAt: '2017-04-04T06:01:00.000Z',
  wallSec: 60,
  scenarioSec: 60,
  interrupted: null,
  runHash: '',
  latency: {},
  lateness: { p50Ms: 0, p99Ms: 0, maxMs: 0 },
}
const event: EventLine = {
  kind: 'event',
  event: 'flush',
  label: 'flush',
  origin: 'clock',
  dueSec: 30,
  startedSec: 30,
  endedSec: 31,
  ok: true,
  note: '5 rows deleted',
  tookMs: 4,
}
const table = (atSec: number): SeriesLine => ({ kind: 'table', atSec, rows: 10, bytes: null })
const now = new Date('2017-04-04T06:00:00.123Z')

let scratch = ''
beforeAll(async () => {
  scratch = await mkdtemp(path.join(os.tmpdir(), 'cutover-run-'))
})
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true })
})

let folders = 0
const fresh = (): string => path.join(scratch, `root-${folders++}`)
const create = (root = fresh()) => createRunFolder({ root, scenarioName: 'small', now })

const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

/** Waits for what must come to hold by itself; the test's own time limit ends it. */
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  if (await holds()) return
  await new Promise((resolve) => setTimeout(resolve, 10))
  await until(holds)
}

describe('the name of the folder', () => {
  test('is the scenario and the time in UTC, with a number while that is taken', async () => {
    const root = fresh()
    const names = [await create(root), await create(root), await create(root)].map((each) =>
      path.basename(each.path),
    )
    expect(names).toEqual(['small-20170404T060000Z', 'small-20170404T060000Z-2', 'small-20170404T060000Z-3'])
  })

  test('stays inside the root whatever the scenario is called', async () => {
    const root = fresh()
    const folder = await createRunFolder({ root, scenarioName: '../../a b', now })
    expect(path.dirname(folder.path)).toBe(root)
    expect(path.basename(folder.path)).toBe('a-b-20170404T060000Z')
  })

  test('may be given, and is taken if new or empty', async () => {
    const out = path.join(fresh(), 'deep', 'run')
    expect((await createRunFolder({ root: 'unused', scenarioName: 'small', now, out })).path).toBe(out)
    expect((await createRunFolder({ root: 'unused', scenarioName: 'small', now, out })).path).toBe(out)
  })

  test('is refused as bad input if it holds something, is a file, or cannot be made', async () => {
    const root = fresh()
    await mkdir(path.join(root, 'full'), { recursive: true })
    await writeFile(path.join(root, 'full', 'x'), '')
    const claim = (out: string): Promise<unknown> =>
      createRunFolder({ root, scenarioName: 'small', now, out })
    await expect(claim(path.join(root, 'full'))).rejects.toThrow(/--out: the folder is not empty/)
    await expect(claim(path.join(root, 'full', 'x'))).rejects.toThrow(/is a file, not a folder/)
    await expect(claim(path.join(root, 'full', 'x', 'y'))).rejects.toThrow(InputError)
    await expect(create(path.join(root, 'full', 'x'))).rejects.toThrow(InputError)
    expect(await readdir(path.join(root, 'full'))).toEqual(['x'])
    // Where nobody can make anything, not even root; `mkdir` with `recursive` would try for ever.
    await expect(claim('/proc/cutover/deep')).rejects.toThrow(/cannot be made: nothing can be made there/)
  })
})

describe('a run that ends', () => {
  test('is read back as it was written', async () => {
    const folder = await create()
    await folder.start(header)
    folder.appendSeries(table(0))
    folder.appendSeries(event)
    folder.appendLatency('#[Histogram log format version 1.3]')
    const runHash = folder.seriesHash()
    const complete = await folder.finish({
      end: { ...end, runHash },
      summary: { verdict: 'pass' },
      reportHtml: '<p>',
      junitXml: '<testsuite/>',
    })
    expect(complete).toBe(true)
    expect((await readdir(folder.path)).toSorted()).toEqual([
      'junit.xml',
      'latency.hlog',
      'report.html',
      'run.json',
      'series.ndjson',
      'summary.json',
    ])
    const stored = await readRunFolder(folder.path)
    expect(stored.header).toEqual(header)
    expect(stored.end?.runHash).toBe(runHash)
    expect(stored.summary).toEqual({ verdict: 'pass' })
    expect(stored.incomplete).toBeNull()
    expect(await all(stored.lines())).toEqual([table(0), event])
    expect(await all(stored.lines())).toEqual([table(0), event])
    expect(await all(stored.latencyLines())).toEqual(['#[Histogram log format version 1.3]'])
    const runFile = JSON.parse(await readFile(path.join(folder.path, 'run.json'), 'utf8')) as {
      timeline: unknown
    }
    expect(runFile.timeline).toEqual([event])
  })

  test('has the hash of its lines, equal for equal lines and only for these', async () => {
    const [a, b, c] = [await create(), await create(), await create()]
    for (const folder of [a, b]) folder.appendSeries(table(1))
    c?.appendSeries(table(2))
    expect(a?.seriesHash()).toBe(b?.seriesHash())
    expect(a?.seriesHash()).not.toBe(c?.seriesHash())
    await Promise.all([a, b, c].map((folder) => folder?.abandon()))
  })

  test('has no report and no JUnit file where there are none to write', async () => {
    const folder = await create()
    await folder.start(header)
    await folder.finish({ end, summary: {}, reportHtml: null, junitXml: null })
    expect((await readdir(folder.path)).toSorted()).toEqual(['run.json', 'summary.json'])
  })
})

describe('a run that is killed', () => {
  test('has its lines on disk within a second, without being asked to', async () => {
    const folder = await create()
    await folder.start(header)
    const startedMs = performance.now()
    folder.appendSeries(table(0))
    const file = path.join(folder.path, runFiles.series)
    await until(async () => existsSync(file) && (await readFile(file, 'utf8')).endsWith('\n'))
    expect(performance.now() - startedMs).toBeLessThan(1000)
    const stored = await readRunFolder(folder.path)
    expect(stored.end).toBeNull()
    expect(stored.summary).toBeNull()
    expect(await all(stored.lines())).toEqual([table(0)])
    await folder.abandon()
  })

  test('is read without the line that it was killed in', async () => {
    const folder = await create()
    await folder.start(header)
    folder.appendSeries(table(0))
    await folder.abandon()
    await appendFile(path.join(folder.path, runFiles.series), '{"kind":"table","atSec":1,"ro')
    const stored = await readRunFolder(folder.path)
    expect(await all(stored.lines())).toEqual([table(0)])
  })

  test('before its first line has a series of none', async () => {
    const folder = await create()
    await folder.start(header)
    await folder.abandon()
    const stored = await readRunFolder(folder.path)
    expect(await all(stored.lines())).toEqual([])
    expect(await all(stored.latencyLines())).toEqual([])
  })
})

describe('a folder that is not a run', () => {
  test('is refused as bad input that says why', async () => {
    const root = fresh()
    await mkdir(root)
    await expect(readRunFolder(path.join(root, 'none'))).rejects.toThrow(/there is no such folder/)
    await expect(readRunFolder(root)).rejects.toThrow(/holds no run\.json/)
    await writeFile(path.join(root, 'run.json'), '{')
    await expect(readRunFolder(root)).rejects.toThrow(/is not JSON/)
    await writeFile(path.join(root, 'run.json'), '{}')
    await expect(readRunFolder(root)).rejects.toThrow(/is not of the format/)
  })

  test('with a damaged line in the middle names the line', async () => {
    const folder = await create()
    await folder.start(header)
    await folder.abandon()
    await writeFile(path.join(folder.path, runFiles.series), `${JSON.stringify(table(0))}\nnot json\n{}\n`)
    const stored = await readRunFolder(folder.path)
    await expect(all(stored.lines())).rejects.toThrow(/series\.ndjson:2: is no line of a series/)
  })
})

describe('a full disk', () => {
  test('is reported once, the run goes on, and the folder says what it lacks', async () => {
    const problems: RunFolderError[] = []
    const root = fresh()
    const folder = await createRunFolder({
      root,
      scenarioName: 'small',
      now,
      onProblem: (problem) => problems.push(problem),
    })
    await folder.start(header)
    await symlink('/dev/full', path.join(folder.path, runFiles.series))
    await symlink('/dev/full', path.join(folder.path, runFiles.latency))
    folder.appendSeries(table(0))
    folder.appendLatency('#')
    await until(async () => Promise.resolve(problems.length > 0))
    folder.appendSeries(table(1))
    await symlink('/dev/full', path.join(folder.path, `${runFiles.summary}.part`))
    expect(await folder.finish({ end, summary: {}, reportHtml: null, junitXml: null })).toBe(false)
    expect(await readdir(folder.path)).not.toContain(runFiles.summary)
    expect(problems.map(({ code }) => code)).toEqual(['ENOSPC'])
    expect(folder.problem()).toBe(problems[0])
    const runFile = JSON.parse(await readFile(path.join(folder.path, 'run.json'), 'utf8')) as {
      incomplete: string
    }
    expect(runFile.incomplete).toMatch(/could not be written: the disk is full/)
    expect(await readFile(path.join(folder.path, runFiles.incomplete), 'utf8')).toContain('the disk is full')
    expect((await readRunFolder(folder.path)).incomplete).toMatch(/could not be written: the disk is full$/)

    // Space returns: what was kept is written, and nothing says any more that it lacks.
    for (const name of [runFiles.series, runFiles.latency]) await rm(path.join(folder.path, name))
    expect(await folder.finish({ end, summary: {}, reportHtml: null, junitXml: null })).toBe(true)
    const stored = await readRunFolder(folder.path)
    expect(stored.incomplete).toBeNull()
    expect(await all(stored.lines())).toEqual([table(0), table(1)])
    expect(await readdir(folder.path)).not.toContain(runFiles.incomplete)
  })

  test('that has space again leaves whole lines, from the very byte at which it stopped', async () => {
    let space = 0
    let written = ''
    const log = createAppendLog({
      file: 'pretended',
      onProblem: () => undefined,
      flushMs: 5,
      openFile: () =>
        Promise.resolve({
          write: (bytes) => {
            if (space === 0) return Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }))
            const taken = bytes.subarray(0, space)
            space -= taken.length
            written += Buffer.from(taken).toString()
            return Promise.resolve({ bytesWritten: taken.length })
          },
          close: () => Promise.resolve(),
        }),
    })
    log.append('first line')
    space = 4
    await until(async () => Promise.resolve(space === 0))
    log.append('second line')
    space = 1000
    await log.close()
    expect(written).toBe('first line\nsecond line\n')
    expect(log.complete()).toBe(true)
  })

  test('keeps no more than its bound in memory, and knows that lines were lost', async () => {
    const log = createAppendLog({
      file: 'pretended',
      onProblem: () => undefined,
      maxPendingBytes: 10,
      openFile: () => Promise.reject(new Error('gone')),
    })
    for (let i = 0; i < 100; i++) log.append('12345')
    expect(log.complete()).toBe(false)
    await log.close()
  })
})
