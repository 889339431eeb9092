// npm run bench:compare: six strategies of CERN's cloud in three minutes on two cores; exit code 1 if it takes longer.
// `-- --json` prints the row as data.
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { drawBars } from './barRow.js'
import { benchComparison } from './comparison.js'

const scenario = (name: string): string => fileURLToPath(new URL(`../../scenarios/${name}`, import.meta.url))
const strategies = readdirSync(scenario('strategies'))
  .filter((name) => name.endsWith('.yaml'))
  .sort()
  .map((name) => scenario(`strategies/${name}`))

const rows = [
  await benchComparison({
    program: fileURLToPath(new URL('../main.js', import.meta.url)),
    strategies,
    cloud: scenario('clouds/cern.yaml'),
    jobs: 2,
    mostSec: 180,
  }),
]
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
else process.stdout.write(`${drawBars(rows).join('\n')}\n`)
process.exitCode = rows.every(({ holds }) => holds) ? 0 : 1
