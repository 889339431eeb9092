// Rehearsals with real processes and real stores: they tell the simulated story, and survive what happens to processes.
// The built program is run as a user runs it, and its folder is read as every view reads it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import type { RunRecord } from '../../src/measure/record.js'
import { causeName, sumBy } from '../../src/measure/series.js'
import type { Summary } from '../../src/measure/summary.js'
import { childrenOf, isRunning, Program, runProgram, until, type Ended } from '../support/program.js'
import { fixture, readRecord, Scratch, simulate } from '../support/storedRun.js'
import { findProgram } from '../setup/programs.mjs'

// Twenty seconds on a machine with nothing else to do; rehearsals are repeated more slowly on a busy one.
jest.setTimeout(300_000)

const scratch = new Scratch()
const programs: Program[] = []
afterAll(() => {
  for (const program of programs) program.clear()
  scratch.remove()
})

const start = (words: readonly string[]): Program => {
  const program = new Program(words, { cwd: scratch.root })
  programs.push(program)
  return program
}

/** A scenario of the tests as a file. */
const fileOf = (name: string, text: string = fixture(name)): string => {
  const file = path.join(scratch.root, name)
  writeFileSync(file, text)
  return file
}

/** Until here all of the traffic is on in the local world as in the simulated one. */
const fullTrafficSec = 14 * 60

/** Refusals by class and cause while all of the traffic is on. */
const refusalsOf = (record: RunRecord): Readonly<Record<string, number>> => {
  const intervals = record.intervals.filter(({ fromSec }) => fromSec < fullTrafficSec)
  return sumBy(
    { ...record, intervals },
    { outcome: 'rejected' },
    (count) => `${count.clientClass}/${causeName(count)}`,
  )
}

/** Rows as each flush left them: the minute in which it was due, and rows at the look after it. */
const rowsAfterFlushes = (record: RunRecord): readonly (readonly [number, number])[] =>
  record.events
    .filter(({ event }) => event === 'flush')
    .map(({ dueSec, endedSec }) => {
      const next = record.table.find(({ atSec }) => atSec >= endedSec)
      // Where time stands still while a flush is done, the look before it is at the same instant as the one after.
      const after = record.table.findLast(({ atSec }) => atSec === next?.atSec)
      if (after === undefined) throw new Error(`nobody looked at the table after the flush of ${dueSec} s`)
      return [dueSec / 60, after.rows]
    })

/** A run of the program that has come to its end. */
interface LocalRun {
  readonly ended: Ended
  readonly folder: string
  readonly summary: Summary
}

/**
 * Rehearses in the local world. On a machine that is too slow or too busy the generator is late and the verdict is
 * inconclusive, which says nothing of the program: then once more with more time for everything.
 */
const rehearseLocally = async (file: string, store: string): Promise<LocalRun> => {
  for (const words of [[], ['--speed', '50'], ['--speed', '20']]) {
    const folder = scratch.next()
    const ended = await start(['rehearse', file, '--store', store, '--out', folder, '--json', ...words]).ended
    if (ended.code !== 0 && ended.code !== 4) throw new Error(`exit code ${ended.code}: ${ended.stderr}`)
    const summary = JSON.parse(ended.stdout) as Summary
    const isLate = summary.reasons.some((reason) =>
      /^the load generator (sent late|read replies late|was starved)/.test(reason),
    )
    if (!isLate) return { ended, folder, summary }
  }
  throw new Error(
    'this machine is too busy for a rehearsal in real time, at twenty scenario seconds a second',
  )
}

describe('a hard switch of real processes', () => {
  let simulated: RunRecord
  let file: string
  beforeAll(async () => {
    simulated = (await simulate(scratch, fixture('real.yaml'))).record
    file = fileOf('real.yaml')
  })

  test.each(['sqlite', 'mariadb'])('tells the simulated story on %s', async (store) => {
    if (store === 'mariadb' && findProgram('mariadbd') === null)
      throw new Error('mariadbd is not on this system: `npm test` installs it, or says how')
    const { ended, folder, summary } = await rehearseLocally(file, store)
    expect(summary).toMatchObject({ world: 'local', store, verdict: 'pass', faults: [] })
    expect(ended.code).toBe(0)
    expect(summary.requests.byOutcome).toMatchObject({ timeout: 0, shed: 0 })

    // Arrivals and choices are the same in both worlds; what differs is how long each answer took.
    const record = await readRecord(folder)
    const [here, there] = [refusalsOf(record), refusalsOf(simulated)]
    const compared = [...new Set([...Object.keys(here), ...Object.keys(there)])].sort().map((name) => {
      const [n, expected] = [here[name] ?? 0, there[name] ?? 0]
      const tolerance = Math.max(0.1 * expected, 3 * Math.sqrt(Math.max(n, expected)))
      return { name, n, expected, near: Math.abs(n - expected) <= tolerance }
    })
    expect(compared).toEqual(compared.map((row) => ({ ...row, near: true })))
    expect(compared.length).toBeGreaterThan(5)

    const rows = rowsAfterFlushes(record)
    const expectedRows = rowsAfterFlushes(simulated)
    expect(rows.map(([minute]) => minute)).toEqual([2, 6, 10, 14, 18, 22])
    const differences = rows.map(([, n], i) => Math.abs(n - (expectedRows[i]?.[1] ?? NaN)))
    expect(Math.max(...differences)).toBeLessThanOrEqual(10)
    expect(summary.tokenTable.rowsEnd).toBe(0)

    // Nothing is left but the record: neither the table nor the keys.
    for (const gone of ['store', 'mariadb', 'keys']) expect(existsSync(path.join(folder, gone))).toBe(false)
  })
})

/** A rehearsal that is under way: its folder, and the processes that it has started. */
interface UnderWay {
  readonly program: Program
  readonly folder: string
  readonly children: readonly number[]
}

const underWay = async (file: string, store = 'sqlite'): Promise<UnderWay> => {
  const folder = scratch.next()
  const program = start(['rehearse', file, '--store', store, '--out', folder, '--json'])
  const series = path.join(folder, 'series.ndjson')
  const linesThere = (): boolean =>
    existsSync(series) && readFileSync(series, 'utf8').split('\n').length > 200
  await until('the rehearsal has some minutes behind it', linesThere)
  return { program, folder, children: childrenOf(program.pid).map(({ pid }) => pid) }
}

const backendsOf = (program: Program): readonly number[] =>
  childrenOf(program.pid)
    .filter(({ command }) => command.includes('worlds/local/backend.js'))
    .map(({ pid }) => pid)

/** What `cutover report` makes of a folder. */
const reportOf = (folder: string): Promise<Ended> => runProgram(['report', folder])

describe('a rehearsal that something happens to', () => {
  let bereaved: UnderWay
  let interrupted: UnderWay
  let killed: UnderWay
  let backends: readonly number[]
  beforeAll(async () => {
    const long = fileOf('long.yaml', fixture('steady.yaml').replaceAll('20m', '20h'))
    const bereave = async (): Promise<UnderWay> => {
      const run = await underWay(fileOf('steady.yaml'))
      backends = backendsOf(run.program)
      process.kill(backends[0] ?? 0, 'SIGKILL')
      return run
    }
    // A database that stands still reads no signal but one.
    const hung = fileOf(
      'hung.yaml',
      `${fixture('steady.yaml').replaceAll('20m', '20h')}timeline:\n  - { at: 1s, fault: { kind: database-hung, for: 19h } }\n`,
    )
    ;[bereaved, interrupted, killed] = await Promise.all([
      bereave(),
      underWay(long),
      underWay(hung, 'mariadb'),
    ])
  })

  test('records the death of a backend as a fault and goes on with the others', async () => {
    const { program, folder } = bereaved
    expect(backends).toHaveLength(3)
    const { code, stdout } = await program.ended
    const summary = JSON.parse(stdout) as Summary
    expect(code).toBe(4)
    expect(summary.faults).toEqual([
      expect.objectContaining({ event: 'fault', ok: false, note: 'killed by SIGKILL' }),
    ])
    const [fault] = summary.faults
    const node = Number(/^backend (\d) died$/.exec(fault?.label ?? '')?.[1])
    expect(node).toBeGreaterThan(0)
    expect(summary.scenarioSec).toBe(1200)

    const record = await readRecord(folder)
    const sinceSec = (fault?.startedSec ?? 0) + 60
    const answers = sumBy(
      { ...record, intervals: record.intervals.filter(({ fromSec }) => fromSec > sinceSec) },
      { leg: 'keystone' },
      (count) => `${count.status === 0 ? 'none' : 'some'} of ${count.node}`,
    )
    const left = [1, 2, 3].filter((n) => n !== node)
    expect(Object.keys(answers)).toEqual(left.map((n) => `some of ${n}`))
  })

  test('ends at Ctrl-C with all of its processes, and leaves a folder that can be drawn', async () => {
    const { program, folder, children } = interrupted
    // Three backends and the keeper of the store.
    expect(children).toHaveLength(4)
    program.signalGroup('SIGINT')
    const { code, stdout, stderr } = await program.ended
    expect(code).toBe(4)
    expect(stderr).toContain('Stopping')
    expect(children.filter(isRunning)).toEqual([])
    const summary = JSON.parse(stdout) as Summary
    expect(summary.reasons[0]).toMatch(/^the run was interrupted at .*: stopped by the user$/)
    // The signal reached the children too; they leave it to their parent to end them in its own order.
    expect(summary.faults).toEqual([])
    const drawn = await reportOf(folder)
    expect(drawn).toMatchObject({ code: 0, stderr: '' })
    expect(drawn.stdout).toContain('small-steady')
    for (const gone of ['store', 'keys']) expect(existsSync(path.join(folder, gone))).toBe(false)
  })

  test('leaves no process when it is killed, and a folder that can be drawn, from which keys and store then go', async () => {
    const { program, folder, children } = killed
    expect(children).toHaveLength(5)
    const privateParts = () => ['keys', 'mariadb'].filter((name) => existsSync(path.join(folder, name)))
    // Nothing is taken from a run that goes on.
    expect((await reportOf(folder)).stderr).toMatch(
      new RegExp(`^The run is still going on, in process ${program.pid} `),
    )
    expect(privateParts()).toEqual(['keys', 'mariadb'])
    program.signal('SIGKILL')
    expect((await program.ended).signal).toBe('SIGKILL')
    await until('its processes have ended by themselves', () => !children.some(isRunning), 20_000)
    const drawn = await reportOf(folder)
    expect(drawn.code).toBe(0)
    expect(drawn.stderr).toMatch(/^The run was killed; removed what it had left: .*\/keys, .*\/mariadb\n$/)
    expect(drawn.stdout).toContain('small-steady')
    expect(privateParts()).toEqual([])
    // As a disk leaves it that was full to the last byte.
    writeFileSync(path.join(folder, 'INCOMPLETE.txt'), '')
    const json = await runProgram(['report', folder, '--json'])
    expect(json.stderr).toBe(`warning: ${folder} is not complete: something could not be written\n`)
    expect(JSON.parse(json.stdout)).toMatchObject({
      verdict: 'inconclusive',
      approximate: true,
      world: 'local',
    })
  })
})
