// npm run bench: every promised ratio, each beside its floor measured in the same run; exit code 1 if one does not hold.
// `-- --json` prints the rows as data.
import { drawTable } from '../render/columns.js'
import { benchFernetCodec, type BenchRow } from './fernetCodec.js'
import { benchValidation } from './validation.js'

const json = process.argv.includes('--json')
const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

say('Fernet codec against node:crypto and npm fernet …')
const rows: BenchRow[] = await benchFernetCodec({ seconds: 8 })
say('Validation by one backend against a bare route of the same HTTP server …')
rows.push(...(await benchValidation({ seconds: 3, live: 50_000 })))

if (json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
else {
  const whole = (value: number): string => Math.round(value).toLocaleString('en')
  const lines = drawTable(
    ['ratio', 'bar', 'holds', 'value', 'floor', 'unit', 'name'],
    rows.map(({ name, value, floor, unit, ratio, bar, holds }) =>
      [ratio.toFixed(2), `≥ ${bar}`, holds ? 'yes' : 'NO', whole(value), whole(floor), unit, name].map(
        (text) => ({ text }),
      ),
    ),
    { width: 120, left: [1, 2, 5, 6], paintHead: (text) => text },
  )
  process.stdout.write(`${lines.join('\n')}\n`)
}
process.exitCode = rows.every(({ holds }) => holds) ? 0 : 1
