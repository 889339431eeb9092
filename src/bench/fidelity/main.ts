// npm run fidelity: recorded cutovers of a real Keystone against replays of their scenarios; exit code 1 if a figure does not hold.
// `--only NAME`, `--arrivals recorded|joined|drawn`, `--recordings DIR` and `--scenarios DIR` name others. `-- --json` prints the rows as data; `-- --local` replays in the local world (`--speed N`, default 6), with one seed or `--seeds N`.
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { drawTable } from '../../render/columns.js'
import { compareFigures, missesOfReplays, type Comparison, type Observed } from './figures.js'
import { replayLocal, replaySimulated, type Known } from './predicted.js'
import { readFirstCalls, readOffsetSec, readRecorded, readSchedule } from './recorded.js'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    local: { type: 'boolean', default: false },
    speed: { type: 'string', default: '6' },
    seeds: { type: 'string' },
    only: { type: 'string', multiple: true },
    arrivals: { type: 'string', multiple: true },
    recordings: { type: 'string' },
    scenarios: { type: 'string' },
  },
})
const seedCount = Number(options.seeds ?? (options.local ? 1 : 20))
/** A folder that was given on the command line. */
const folderOf = (given: string | undefined): URL | undefined =>
  given === undefined ? undefined : pathToFileURL(`${path.resolve(given)}/`)
const recordingsFolder = folderOf(options.recordings)
const scenariosFolder = folderOf(options.scenarios)
const recordings = options.only ?? ['queens-nocache', 'newton-memcached']

const shown = (value: number | null, kind: Comparison['kind']): string => {
  if (value === null) return '–'
  return kind === 'instant' ? `${value.toFixed(1)} s` : value.toFixed(Number.isInteger(value) ? 0 : 1)
}

const shownDeviation = ({ deviation, kind }: Comparison): string => {
  if (deviation === null || kind === 'errors') return ''
  const sign = deviation >= 0 ? '+' : '−'
  const size = Math.abs(deviation)
  return kind === 'instant' ? `${sign}${size.toFixed(1)} s` : `${sign}${(100 * size).toFixed(1)} %`
}

const draw = (comparisons: readonly Comparison[]): string =>
  drawTable(
    ['figure', 'recorded', 'mean', 'least', 'most', 'off by', 'in spread', 'mean near', 'holds'],
    comparisons.map((each) =>
      [
        each.name,
        shown(each.recorded, each.kind),
        shown(each.mean, each.kind),
        shown(each.least, each.kind),
        shown(each.most, each.kind),
        shownDeviation(each),
        each.inSpread === null ? '' : each.inSpread ? 'yes' : 'no',
        each.near === null ? '' : each.near ? 'yes' : 'no',
        each.holds ? 'yes' : 'NO',
      ].map((text) => ({ text })),
    ),
    { width: 120, left: [0], paintHead: (text) => text },
  ).join('\n')

const meaning = {
  recorded: 'calls due as they were recorded',
  joined: 'the same members: each first calls when it did, then as the seed draws it',
  drawn: 'other members: all calls as the seed draws them',
} as const
type Arrivals = keyof typeof meaning
const allArrivals = Object.keys(meaning) as Arrivals[]
const wantedArrivals = allArrivals.filter((each) => options.arrivals?.includes(each) ?? true)
for (const each of options.arrivals ?? []) {
  if (allArrivals.some((known) => known === each)) continue
  process.stderr.write(`--arrivals ${each}: write ${allArrivals.join(', ')}\n`)
  process.exit(2)
}

const knownOf = (name: string, arrivals: Arrivals): Known => {
  if (arrivals === 'drawn') return { arrivals }
  const offsetSec = readOffsetSec(name, recordingsFolder)
  return arrivals === 'joined'
    ? { arrivals, firstCalls: readFirstCalls(name, recordingsFolder), offsetSec }
    : { arrivals, schedule: readSchedule(name, recordingsFolder), offsetSec }
}

const replayAll = async (name: string, arrivals: Arrivals): Promise<readonly Observed[]> => {
  const known = knownOf(name, arrivals)
  const replays: Observed[] = []
  for (let seed = 1; seed <= seedCount; seed++) {
    process.stderr.write(`${name}, ${arrivals} arrivals: replay ${seed} of ${seedCount} …\n`)
    const replay = {
      name,
      seed,
      known,
      ...(scenariosFolder === undefined ? {} : { scenarios: scenariosFolder }),
    }
    replays.push(await (options.local ? replayLocal(replay, Number(options.speed)) : replaySimulated(replay)))
  }
  return replays
}

const notHeld = (missed: number): string =>
  missed === 1 ? '1 figure does not hold' : `${missed} figures do not hold`

/** How the recording fares among its replays; of a schedule that leaves nothing to chance that says nothing. */
const chance = (arrivals: Arrivals, missed: number, replays: readonly Observed[]): string => {
  const ofReplays = missesOfReplays(replays)
  if (arrivals === 'recorded' || ofReplays.length === 0) return `${notHeld(missed)}.`
  const mean = ofReplays.reduce((sum, each) => sum + each, 0) / ofReplays.length
  return `${notHeld(missed)}. Of a replay taken for the recording: ${mean.toFixed(1)} on average, at most ${Math.max(...ofReplays)}.`
}

const results: {
  readonly recording: string
  readonly arrivals: Arrivals
  readonly rows: readonly Comparison[]
  readonly missesOfReplays: readonly number[]
}[] = []
for (const name of recordings) {
  for (const arrivals of wantedArrivals) {
    const replays = await replayAll(name, arrivals)
    const rows = compareFigures(readRecorded(name, recordingsFolder), replays)
    results.push({ recording: name, arrivals, rows, missesOfReplays: missesOfReplays(replays) })
    if (options.json) continue
    const world = options.local ? `local world, speed ${options.speed}` : 'simulated world'
    const title = `${name}: recorded against ${seedCount} seeds, ${world}; ${meaning[arrivals]}`
    const missed = rows.filter(({ holds }) => !holds).length
    process.stdout.write(`${title}\n${draw(rows)}\n${chance(arrivals, missed, replays)}\n\n`)
  }
}
if (options.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)
/**
 * The population of a recording is its members, so they decide. Other members show what chance makes of a class of so few; the
 * recorded schedule leaves so little to chance that its spread may be a single number.
 */
const missed = results
  .filter(({ arrivals }) => arrivals === 'joined')
  .flatMap(({ recording, rows }) =>
    rows.filter(({ holds }) => !holds).map(({ name }) => `${recording}, ${name}`),
  )
const verdict = !wantedArrivals.includes('joined')
  ? 'The recorded members were not replayed, so nothing is judged.'
  : missed.length === 0
    ? 'Every recorded figure holds for the recorded members.'
    : `Does not hold for the recorded members: ${missed.join('; ')}.`
process.stderr.write(`${verdict}\n`)
// A few seeds have no spread: then the tables are shown, and nothing is judged.
process.exitCode = missed.length === 0 || seedCount < 10 ? 0 : 1
