// npm run bench:gates: how often `cutover gate --baseline` calls an equal build slower, and how often it sees one that is.
// `-- --pairs N` makes fewer of the same build (and half as many of the slower), `-- --resume FILE` goes on where an earlier one ended, `-- --json` prints the rows as data.
import { appendFile, readFile } from 'node:fs/promises'
import { median } from '../../measure/bootstrap.js'
import { drawBars, type BarRow } from '../barRow.js'
import { slowerBy } from './builds.js'
import { compareBuilds, type Compared } from './comparisons.js'

const repetitions = 8
/** Comparisons of the same build in a round; there is one with the slower build beside them. */
const pairsOfRound = 2

const optionOf = (name: string): string | null => {
  const at = process.argv.indexOf(name)
  return at === -1 ? null : (process.argv[at + 1] ?? null)
}

const readEarlier = async (file: string | null): Promise<Compared[]> => {
  if (file === null) return []
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Compared]))
}

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

const tellOne = ({ round, kind, slower, different, cpuRatio, p50Ratio, late }: Compared): string =>
  [
    `${round}  ${kind === 'same' ? 'the same build' : `${100 * slowerBy} % slower`}:`,
    slower.length === 0 ? 'not slower' : slower.join(', '),
    ...different.map((name) => `not the same: ${name}`),
    `(p50 ×${p50Ratio?.toFixed(3) ?? '–'}, processor time ×${cpuRatio?.toFixed(3) ?? '–'}, ${late} late runs)`,
  ].join(' ')

/** A promise of so many of all, for fewer of them. */
const barOf = (
  all: readonly Compared[],
  promise: { readonly of: number; readonly in: number; readonly rule: '≤' | '≥' },
) => {
  const exact = (promise.of * all.length) / promise.in
  return promise.rule === '≤' ? Math.floor(exact) : Math.ceil(exact)
}

const rowsOf = (results: readonly Compared[]): readonly BarRow[] => {
  const same = results.filter(({ kind }) => kind === 'same')
  const slow = results.filter(({ kind }) => kind === 'slow')
  const alarms = same.filter(({ slower }) => slower.length > 0).length
  const caught = slow.filter(({ slower }) => slower.length > 0).length
  const most = barOf(same, { of: 2, in: 40, rule: '≤' })
  const least = barOf(slow, { of: 18, in: 20, rule: '≥' })
  return [
    {
      name: `of ${same.length} comparisons of the same build: called slower`,
      value: alarms,
      unit: 'pairs',
      floor: same.length,
      ratio: same.length === 0 ? 0 : alarms / same.length,
      rule: '≤',
      bar: most,
      holds: same.length > 0 && alarms <= most,
    },
    {
      name: `of ${slow.length} with validations ${100 * slowerBy} % slower: called slower`,
      value: caught,
      unit: 'pairs',
      floor: slow.length,
      ratio: slow.length === 0 ? 0 : caught / slow.length,
      rule: '≥',
      bar: least,
      holds: slow.length > 0 && caught >= least,
    },
  ]
}

const file = optionOf('--resume')
const rounds = Math.ceil(Number(optionOf('--pairs') ?? 40) / pairsOfRound)
const results = await readEarlier(file)
const startedMs = performance.now()
let made = 0
const done = new Set(results.map(({ round }) => round))
say(`${rounds} rounds of ${repetitions} repetitions of four builds in turns; ${done.size} are there already`)
await compareBuilds({
  rounds,
  repetitions,
  done,
  onRound: async (fresh) => {
    results.push(...fresh)
    made++
    if (file !== null) await appendFile(file, fresh.map((each) => `${JSON.stringify(each)}\n`).join(''))
    const left = rounds - done.size - made
    const spentSec = (performance.now() - startedMs) / 1000
    for (const each of fresh) say(tellOne(each))
    say(`  ${left} rounds left, about ${Math.ceil(((spentSec / made) * left) / 60)} min`)
  },
})
const rows = rowsOf(results)
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
else {
  process.stdout.write(`${drawBars(rows).join('\n')}\n`)
  const told = (['same', 'slow'] as const).map((kind) => {
    const middle = (of: (each: Compared) => number | null): string =>
      median(results.flatMap((each) => (each.kind === kind ? (of(each) ?? []) : []))).toFixed(3)
    const name = kind === 'same' ? 'the same build' : 'the slower build'
    return `${name}: p50 of a validation ×${middle((each) => each.p50Ratio)}, processor time ×${middle((each) => each.cpuRatio)}`
  })
  process.stdout.write(`Over the baseline, medians of all comparisons: ${told.join('; ')}.\n`)
}
process.exitCode = rows.every(({ holds }) => holds) ? 0 : 1
