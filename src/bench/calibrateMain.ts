// npm run bench:calibrate: the bars of load generator and recorder, each beside its floor; exit code 1 if one does not hold.
// `-- --json` prints the rows as data.
import { drawBars } from './barRow.js'
import { benchGenerator } from './generator.js'
import { benchRecorder } from './recorderCost.js'

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

say('Open loop at 4,000 requests/s, and a stall of 2 s, against a stub …')
const rows = await benchGenerator({ perSec: 4000, seconds: 10 })
say('Ten million samples through the recorder …')
rows.push(...benchRecorder({ samples: 10_000_000 }))

if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
else process.stdout.write(`${drawBars(rows).join('\n')}\n`)
process.exitCode = rows.every(({ holds }) => holds) ? 0 : 1
