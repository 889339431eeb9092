// npm run bench:calibrate: the bars of load generator and recorder, each beside its floor; exit code 1 if one does not hold.
// `-- --json` prints the rows as data.
import { drawBars } from './barRow.js'
import { benchGenerator } from './generator.js'
import { benchRecorder } from './recorderCost.js'

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

// First, while nothing else has made this process grow.
say('Ten million samples through the recorder …')
const rows = benchRecorder({ samples: 10_000_000 })
say('Open loop at 4,100 requests/s, and a stall of 2 s, against a stub …')
rows.push(...(await benchGenerator({ perSec: 4100, leastPerSec: 4000, seconds: 10 })))

if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
else process.stdout.write(`${drawBars(rows).join('\n')}\n`)
process.exitCode = rows.every(({ holds }) => holds) ? 0 : 1
