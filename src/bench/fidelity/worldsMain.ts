// npm run fidelity:worlds: scenarios in both worlds, refusals by class and cause side by side; exit code 1 if they do not agree.
// `-- FILE…` names scenarios, else all small ones are run, one after the other, for some minutes; `--speed N`, `--json`.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readNamedBeside } from '../../commands/inputFile.js'
import { readRecord } from '../../io/readRecord.js'
import { agreementByCause, type CauseAgreement } from '../../measure/agreement.js'
import { checkGate } from '../../measure/gates.js'
import type { Summary } from '../../measure/summary.js'
import { drawTable } from '../../render/columns.js'
import { parseScenario } from '../../scenario/parse.js'
import { rehearse } from '../../worlds/rehearse.js'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, speed: { type: 'string' } },
})
const folder = fileURLToPath(new URL('../../../scenarios/', import.meta.url))

/** Tokens of a cloud that is small enough for all of its scenarios to be run one after the other. */
const liveMost = 2000

const read = (file: string, speed: number | undefined) => {
  const text = readFileSync(file, 'utf8')
  const overrides = speed === undefined ? {} : { speed }
  const { scenario } = parseScenario({ file, text, overrides, checkGate, readNamed: readNamedBeside(file) })
  return { scenario, text }
}

const smallOnes = (): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => path.join(folder, name))
    .filter((file) => read(file, undefined).scenario.tokens.live <= liveMost)

/** Whether causes add up to the total of each class, exactly. */
const addsUp = ({ rejections }: Summary): boolean =>
  Object.entries(rejections.byClass).every(([name, total]) => {
    const own = Object.entries(rejections.byClassAndCause).filter(([key]) => key.startsWith(`${name}/`))
    return own.reduce((sum, [, n]) => sum + n, 0) === total
  })

interface Result {
  readonly scenario: string
  readonly addsUp: boolean
  readonly rows: readonly CauseAgreement[]
  /** Why the run in the local world decides nothing, if it does not. */
  readonly reasons: readonly string[]
}

const runBoth = async (file: string): Promise<Result> => {
  const runs = mkdtempSync(path.join(os.tmpdir(), 'cutover-worlds-'))
  try {
    const run = async (world: 'simulated' | 'local') => {
      const speed = world === 'local' && options.speed !== undefined ? Number(options.speed) : undefined
      const { scenario, text } = read(file, speed)
      const ownDatabase = text.includes('kind: database-')
      const { summary } = await rehearse({
        scenario: { ...scenario, gates: [] },
        scenarioText: text,
        world,
        store:
          world === 'simulated'
            ? { kind: 'memory' }
            : ownDatabase
              ? { kind: 'mariadb' }
              : { kind: 'sqlite', file: null },
        command: `cutover rehearse ${path.basename(file)} --world ${world}`,
        reportsRoot: runs,
        out: path.join(runs, world),
        onProgress: () => {},
        onPulse: () => {},
        onFolderProblem: (problem) => {
          throw problem
        },
        onStarted: () => {},
      })
      return { summary, record: await readRecord(path.join(runs, world)) }
    }
    const simulated = await run('simulated')
    const local = await run('local')
    return {
      scenario: path.basename(file, '.yaml'),
      addsUp: addsUp(simulated.summary) && addsUp(local.summary),
      rows: agreementByCause(simulated.record, local.record),
      reasons: local.summary.reasons,
    }
  } finally {
    rmSync(runs, { recursive: true, force: true })
  }
}

const draw = ({ rows }: Result): string =>
  drawTable(
    ['class', 'cause', 'simulated', 'local', 'off by', 'std. errors', 'agrees'],
    rows.map((row) =>
      [
        row.class,
        row.cause,
        String(row.simulated),
        String(row.local),
        `${(100 * (row.local / Math.max(1, row.simulated) - 1)).toFixed(1)} %`,
        row.standardErrors.toFixed(1),
        row.agrees ? 'yes' : 'NO',
      ].map((text) => ({ text })),
    ),
    { width: 120, left: [0, 1], paintHead: (text) => text },
  ).join('\n')

const results: Result[] = []
for (const file of positionals.length > 0 ? positionals : smallOnes()) {
  process.stderr.write(`${path.basename(file)} …\n`)
  const result = await runBoth(file)
  results.push(result)
  if (options.json) continue
  const table = result.rows.length === 0 ? 'nobody was refused' : draw(result)
  const inconclusive = result.reasons.map((reason) => `local world: ${reason}\n`).join('')
  const sums = result.addsUp ? 'causes add up in both worlds' : 'CAUSES DO NOT ADD UP'
  process.stdout.write(`${result.scenario}\n${table}\n${sums}\n${inconclusive}\n`)
}
if (options.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)
const bad = results.filter(({ rows, addsUp: exact }) => !exact || rows.some(({ agrees }) => !agrees))
process.stderr.write(
  bad.length === 0
    ? 'Both worlds agree, for each class and cause.\n'
    : `They do not agree in ${bad.map(({ scenario }) => scenario).join(', ')}.\n`,
)
process.exitCode = bad.length === 0 ? 0 : 1
