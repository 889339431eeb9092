// npm run bench:capacity: a small sweep and a growing table on MariaDB, and the bars that they are held against; exit code 1
// if one does not hold. `-- --json` prints the rows as data, `-- --full` lets the table grow to three million rows.
import { readServiceWords } from '../scenario/service.js'
import { renderCapacity } from '../render/capacity.js'
import { duration } from '../render/text.js'
import { measureCapacity } from '../worlds/capacity/measure.js'
import { drawBars } from './barRow.js'
import { capacityBars } from './capacityBars.js'

const { settings } = readServiceWords({ release: 'mitaka', provider: 'uuid', passwordHash: 'plain' })
if (settings === null) throw new RangeError('the benchmark has settings that the scenario refuses')

const full = process.argv.includes('--full')
let saidMs = -Infinity
const measured = await measureCapacity({
  store: { kind: 'mariadb' },
  identity: settings.identity,
  modes: ['uuid', 'fernet'],
  backends: [1, 2],
  connections: [1, 2, 4, 8, 16],
  // Three million rows leave a database work to do for a while; a second after it would measure little else.
  seconds: full ? 3 : 1,
  rows: 20_000,
  sizes: full ? [10_000, 100_000, 1_000_000, 3_000_000] : [10_000, 100_000],
  need: { validationsPerSec: 300, issuesPerSec: 20, withinSec: 0.1, share: 0.99, busyMost: 0.7 },
  seed: 1,
  onProgress: ({ text, leftSec }) => {
    if (performance.now() - saidMs < 5000) return
    saidMs = performance.now()
    process.stderr.write(`${text}, about ${duration(Math.ceil(leftSec))} left\n`)
  },
  signal: new AbortController().signal,
})
const rows = capacityBars(measured)
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
else
  process.stdout.write(
    `${renderCapacity(measured, { columns: 120, colour: false })}\n${drawBars(rows).join('\n')}\n`,
  )
process.exitCode = rows.every(({ holds }) => holds) ? 0 : 1
