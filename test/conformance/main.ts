// `npm run conformance`: every recorded answer of a real Keystone against ours, over HTTP; a table or a line each.
// It exists so that fidelity is a command with an exit code, not a claim.
import { parseArgs } from 'node:util'
import type { Difference } from './compare.js'
import { replayAll } from './replay.js'
import type { Replayed } from './replay.js'

const usage = `Usage: npm run conformance [-- --all | --json]

Replays every recorded answer of a real Keystone against the identity server, over HTTP and SQLite.
Ids, tokens, ports and request ids differ by nature; they must stand for each other one to one.

  --all   a line for each recorded answer
  --json  the result as JSON

Exit code: 0 all the same, 1 something differs, 2 bad usage. Example: npm run conformance -- --all`

const text = (value: unknown): string => {
  const written = JSON.stringify(value) ?? 'nothing'
  return written.length > 160 ? `${written.slice(0, 157)}…` : written
}

const described = ({ where, recorded, ours }: Difference): string =>
  `${where}: recorded ${text(recorded)}, ours ${text(ours)}`

const lineOf = ({ file, entry, asked, differences, excuse }: Replayed): string => {
  const verdict =
    differences.length > 0
      ? `different  ${differences.map(described).join('; ')}`
      : excuse === undefined
        ? 'same'
        : 'excused'
  return `${file}  ${entry}${asked === '' ? '' : ` · ${asked}`}  ${verdict}`
}

interface Total {
  readonly file: string
  answers: number
  same: number
  excused: number
  different: number
}

/** How many answers of each file were the same. */
const totalsOf = (lines: readonly Replayed[]): readonly Total[] => {
  const totals = new Map<string, Total>()
  for (const { file, differences, excuse } of lines) {
    const total = totals.get(file) ?? { file, answers: 0, same: 0, excused: 0, different: 0 }
    totals.set(file, total)
    total.answers++
    if (differences.length > 0) total.different++
    else if (excuse === undefined) total.same++
    else total.excused++
  }
  return [...totals.values()]
}

const columns = ['answers', 'same', 'excused', 'different'] as const

const table = (totals: readonly Total[]): string => {
  const sum = totals.reduce(
    (all, total) => {
      for (const column of columns) all[column] += total[column]
      return all
    },
    { file: 'all', answers: 0, same: 0, excused: 0, different: 0 },
  )
  const row = (cells: readonly (string | number)[]): string =>
    cells.map((cell, index) => (index === 0 ? String(cell).padEnd(28) : String(cell).padStart(9))).join(' ')
  return [
    row(['file', ...columns]),
    ...[...totals, sum].map((total) => row([total.file, ...columns.map((column) => total[column])])),
  ].join('\n')
}

const main = async (): Promise<number> => {
  const options = { all: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' } } as const
  let given: { readonly all?: boolean; readonly json?: boolean; readonly help?: boolean }
  try {
    given = parseArgs({ options }).values
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`)
    return 2
  }
  if (given.help === true) {
    process.stdout.write(`${usage}\n`)
    return 0
  }
  const lines: Replayed[] = []
  const startedMs = performance.now()
  for await (const line of replayAll()) {
    lines.push(line)
    if (given.json !== true && (given.all === true || line.differences.length > 0)) {
      process.stdout.write(`${lineOf(line)}\n`)
    }
  }
  const totals = totalsOf(lines)
  if (given.json === true) process.stdout.write(`${JSON.stringify({ totals, answers: lines }, null, 1)}\n`)
  else {
    process.stdout.write(`${table(totals)}\n`)
    for (const excuse of new Set(lines.map((line) => line.excuse))) {
      if (excuse !== undefined) process.stdout.write(`excused: ${excuse}\n`)
    }
    process.stderr.write(`${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`)
  }
  return lines.some(({ differences }) => differences.length > 0) ? 1 : 0
}

process.exitCode = await main()
