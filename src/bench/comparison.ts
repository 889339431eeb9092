// How long a comparison takes from the command to its page, as a user waits for it.
// The floor is what its runs took by themselves, shared among the processes that made them.
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Comparison } from '../measure/comparison.js'
import type { BarRow } from './barRow.js'

export interface ComparisonBenchOptions {
  /** The program, `dist/main.js`. */
  readonly program: string
  readonly strategies: readonly string[]
  readonly cloud: string
  /** Runs at a time. */
  readonly jobs: number
  /** Seconds that it may take. */
  readonly mostSec: number
}

const runToEnd = (program: string, words: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'ignore', 'inherit'] })
    child.on('error', reject)
    // A gate of a strategy that fails (1) is a result, too.
    child.on('exit', (code) =>
      code === 0 || code === 1
        ? resolve()
        : reject(new Error(`the comparison ended with ${code ?? 'a signal'}`)),
    )
  })

/** One row: the wall time of `cutover compare --strategies … --cloud …`, seconds. */
export const benchComparison = async (options: ComparisonBenchOptions): Promise<BarRow> => {
  const { program, strategies, cloud, jobs, mostSec } = options
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'cutover-bench-'))
  const out = path.join(scratch, 'compared')
  try {
    const startedMs = performance.now()
    await runToEnd(program, [
      'compare',
      '--strategies',
      ...strategies,
      '--cloud',
      cloud,
      '--jobs',
      `${jobs}`,
      '--out',
      out,
    ])
    const value = (performance.now() - startedMs) / 1000
    const { runs } = JSON.parse(await readFile(path.join(out, 'compare.json'), 'utf8')) as Comparison
    const floor = runs.reduce((sum, { wallSec }) => sum + wallSec, 0) / Math.min(jobs, runs.length)
    const name = `compare ${strategies.length} strategies, ${jobs} at a time, against their runs alone`
    return {
      name,
      value,
      unit: 's',
      floor,
      ratio: value / floor,
      rule: '≤',
      bar: mostSec,
      holds: value <= mostSec,
    }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
