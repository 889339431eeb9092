// npm run bench:costs: the closed loops that each shipped cost profile was made of, beside both worlds with that profile.
// `-- --json` prints data; `-- --rows TEXT` takes the rows that hold the text, `-- --simulated` leaves the local world out.
import { drawTable } from '../../render/columns.js'
import type { CostProfile, MeasuredPoint } from '../../scenario/costs/profile.js'
import { shippedCosts, shippedCostNames, type ShippedCosts } from '../../scenario/costs/shipped.js'
import { replayPoint } from './closedLoop.js'
import { bar, barRows, holds, isJudged, meanLoop, nameOf, type Replayed } from './proof.js'

const words = process.argv.slice(2)
const json = words.includes('--json')
const local = !words.includes('--simulated')
const wanted = words.includes('--rows') ? (words[words.indexOf('--rows') + 1] ?? '') : ''

/** Of the simulated world, whose loops cost nothing: their mean. */
const seeds = [1, 2, 3, 4, 5]
/** Local loops at a time, and their requests a second together: they wait more than they work. */
const loopsAtOnce = 10
const perSecAtOnce = 700

/** A local loop is repeated where this process stood still for more than this part of it: the machine was not its own. */
const stalledMost = 0.02
const triesMost = 4

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

interface Task {
  readonly perSec: number
  run(): Promise<void>
}

/** Runs tasks side by side, as many as the machine bears. */
const runAll = async (tasks: readonly Task[]): Promise<void> => {
  const left = tasks.toSorted((a, b) => b.perSec - a.perSec)
  let loops = 0
  let perSec = 0
  await new Promise<void>((resolve, reject) => {
    const fill = (): void => {
      if (left.length === 0 && loops === 0) resolve()
      for (;;) {
        const index = left.findIndex((task) => loops === 0 || perSec + task.perSec <= perSecAtOnce)
        if (index < 0 || loops >= loopsAtOnce) return
        const [task] = left.splice(index, 1) as [Task]
        loops++
        perSec += task.perSec
        task.run().then(() => {
          loops--
          perSec -= task.perSec
          fill()
        }, reject)
      }
    }
    fill()
  })
}

interface Chosen {
  readonly release: ShippedCosts
  readonly profile: CostProfile
  readonly point: MeasuredPoint
}

const chosen = shippedCostNames.flatMap((release): Chosen[] => {
  const profile = shippedCosts[release]
  const points = profile.points.filter((point) => nameOf(profile, point).includes(wanted))
  return points.map((point) => ({ release, profile, point }))
})

// First what needs a processor, then what waits: the one would make the other late.
const replayed: { -readonly [Key in keyof Replayed]: Replayed[Key] }[] = []
for (const each of chosen) {
  const loops = seeds.map((seed) => replayPoint({ world: 'simulated', ...each, seed }))
  const { profile, point } = each
  replayed.push({ profile, point, simulated: meanLoop(await Promise.all(loops)), local: null })
}
say(`${chosen.length} closed loops in the simulated world.`)
let played = 0
const tasks = chosen.flatMap((each, index): Task[] => {
  const { point, profile } = each
  if (!local || point.concurrency === 1) return []
  const run = async (): Promise<void> => {
    const row = replayed[index]
    if (row === undefined) return
    for (let tries = 1; tries <= triesMost; tries++) {
      const loop = await replayPoint({ world: 'local', ...each, seed: 1 })
      const { stalledMs = 0 } = loop
      if (row.local === null || stalledMs < (row.local.stalledMs ?? 0)) row.local = loop
      if (stalledMs <= point.seconds * 1000 * stalledMost) break
      say(`again, as this machine stood still for ${Math.round(stalledMs)} ms: ${nameOf(profile, point)}`)
    }
    say(`${++played} of ${tasks.length} in the local world: ${nameOf(profile, point)}`)
  }
  return [{ perSec: point.perSec, run }]
})
await runAll(tasks)

const order = (each: Replayed): string =>
  `${each.profile.name} ${isJudged(each.point) ? 0 : each.point.concurrency === 1 ? 2 : 1}` +
  `${each.point.op}${each.point.cache}${each.point.provider}${String(each.point.concurrency).padStart(3)}`
replayed.sort((a, b) => (order(a) < order(b) ? -1 : 1))

const figure = (value: number): string => (value < 100 ? value.toFixed(1) : value.toFixed(0))
const beside = (value: number | undefined, floor: number): string =>
  value === undefined ? '' : `${figure(value)} (${(value / floor).toFixed(2)})`

const verdict = (each: Replayed): string => {
  const both = holds(each.point, each.simulated) && (each.local === null || holds(each.point, each.local))
  return both ? 'yes' : isJudged(each.point) ? 'NO' : 'no, not judged'
}

const judged = replayed.filter(({ point }) => isJudged(point))
const good = judged.filter((each) => verdict(each) === 'yes')
if (json) process.stdout.write(`${JSON.stringify(replayed.flatMap(barRows), null, 2)}\n`)
else {
  const heads = [
    'measured/s',
    'simulated',
    'local',
    'p50 ms',
    'simulated',
    'local',
    'other load',
    'holds',
    'closed loop',
  ]
  const rows = replayed.map((each) => {
    const { profile, point, simulated, local: inLocal } = each
    return [
      figure(point.perSec),
      beside(simulated.perSec, point.perSec),
      beside(inLocal?.perSec, point.perSec),
      figure(point.p50Ms),
      beside(simulated.p50Ms, point.p50Ms),
      beside(inLocal?.p50Ms, point.p50Ms),
      `${Math.round(point.otherLoad * 100)} %`,
      verdict(each),
      nameOf(profile, point),
    ].map((text) => ({ text }))
  })
  const lines = drawTable(heads, rows, { width: 170, left: [7, 8], paintHead: (text) => text })
  process.stdout.write(
    `${lines.join('\n')}\n` +
      `In brackets: predicted / measured. ${good.length} of ${judged.length} loops of 8 and 32 clients that were measured in calm hold ` +
      `${bar * 100} %, throughput and p50, ${local ? 'in both worlds' : 'simulated'}.\n` +
      `Not judged: loops beside which other programs used more than 5 % of the machine (predicted under that load, evenly ` +
      `spread), and those of one client, which show the times themselves.\n`,
  )
}
process.exitCode = judged.length > 0 && good.length === judged.length ? 0 : 1
