// A rehearsal in a folder that is thrown away, and its record as the folder tells it.
// It exists so that tests look at what a run left, which is what every view of it is drawn from.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { readRunFolder } from '../../src/io/readRunFolder.js'
import { foldRecord } from '../../src/measure/fold.js'
import { checkGate } from '../../src/measure/gates.js'
import type { RunRecord } from '../../src/measure/record.js'
import type { Summary } from '../../src/measure/summary.js'
import { parseScenario } from '../../src/scenario/parse.js'
import type { Pulse } from '../../src/worlds/onlooker.js'
import { rehearse } from '../../src/worlds/rehearse.js'

/** The text of a scenario of the tests. */
export const fixture = (name: string): string =>
  readFileSync(new URL(`../worlds/fixtures/${name}`, import.meta.url), 'utf8')

/** Folders of one test file, removed together. */
export class Scratch {
  readonly root = mkdtempSync(path.join(os.tmpdir(), 'cutover-run-'))
  private taken = 0

  /** A folder that does not exist yet. */
  next(): string {
    return path.join(this.root, `run-${++this.taken}`)
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

export const readRecord = async (folder: string): Promise<RunRecord> => {
  const stored = await readRunFolder(folder)
  const lines: string[] = []
  for await (const line of stored.lines()) lines.push(JSON.stringify(line))
  return foldRecord(stored.header, lines, stored.end)
}

/** A run that is over. */
export interface PastRun {
  readonly folder: string
  readonly summary: Summary
  readonly record: RunRecord
}

/** Rehearses in the simulated world. `onPulse` is handed what ends the run early. */
export const simulate = async (
  scratch: Scratch,
  text: string,
  options: {
    readonly seed?: number
    readonly onPulse?: (pulse: Pulse, stop: (reason: string) => void) => void
  } = {},
): Promise<PastRun> => {
  const overrides = options.seed === undefined ? {} : { seed: options.seed }
  const { scenario } = parseScenario({ file: 'test.yaml', text, overrides, checkGate })
  let stop: (reason: string) => void = () => {}
  const { summary, folder } = await rehearse({
    scenario,
    scenarioText: text,
    world: 'simulated',
    store: { kind: 'memory' },
    command: 'cutover rehearse test.yaml --world simulated',
    reportsRoot: scratch.root,
    out: scratch.next(),
    onProgress: () => {},
    onPulse: (pulse) => options.onPulse?.(pulse, (reason) => stop(reason)),
    onFolderProblem: (problem) => {
      throw problem
    },
    onStarted: (given) => {
      stop = given
    },
  })
  return { folder, summary, record: await readRecord(folder) }
}
