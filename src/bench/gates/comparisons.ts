// Comparisons of builds as `cutover gate --baseline` makes them, many of them: of the same build, and of a slower one.
// It exists to count how often the gate cries wolf, and how often it misses one.
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Child } from '../../io/childProcess.js'
import { readRecord } from '../../io/readRecord.js'
import { compareWithBaseline, comparedRun, type BaselineComparison } from '../../measure/baseline.js'
import { parseScenario } from '../../scenario/parse.js'
import { turnFolder } from '../../worlds/compare/turns.js'
import type { JobOrder } from '../../worlds/compare/calls.js'
import { median } from '../../measure/bootstrap.js'
import { copyBuild, slowerBy } from './builds.js'

/** Validations at a steady rate by one backend: six hundred a second for half of one, of the tokens of twenty people. */
const scenarioText = `name: pace
seed: 1
duration: 500ms
cloud: { users: 20, projects: 5, services: [nova] }
identity:
  { release: queens, provider: fernet, backends: 1, expiration: 1h, flush: 30m, keys: { rotation: 30m, max_active_keys: 4 }, password_hash: { scheme: plain } }
tokens: { live: 0 }
clients:
  people: { behaviour: password-session, members: 20, every: 10s, through: [nova] }
  validators: { behaviour: direct-validator, subjects: [people], members: 60, every: 100ms, arrivals: constant }
`

/** One comparison, and what came of it. */
export interface Compared {
  /** The round that its runs were made in. */
  readonly round: number
  readonly kind: 'same' | 'slow'
  readonly verdict: BaselineComparison['verdict']
  /** The times that were called slower, in words. */
  readonly slower: readonly string[]
  /** Outcomes that were called different. */
  readonly different: readonly string[]
  /** Over the baseline's: processor time for a request, and the median service time of a validation. */
  readonly cpuRatio: number | null
  readonly p50Ratio: number | null
  /** Runs whose generator was late or starved. */
  readonly late: number
}

export interface RoundsOptions {
  /** Each round compares one build with two that are the same, and with a slower one. */
  readonly rounds: number
  readonly repetitions: number
  /** Numbers of rounds that need not be made again. */
  readonly done: ReadonlySet<number>
  readonly onRound: (results: readonly Compared[]) => Promise<void>
}

const builds = ['own', 'same', 'other', 'slow'] as const
type Build = (typeof builds)[number]

/** Which build runs first changes from repetition to repetition, so that none is always the first or the last. */
const order = (repetition: number): readonly Build[] => {
  const turned = builds.map((_, i) => builds[(i + (repetition >> 1)) % builds.length] as Build)
  return repetition % 2 === 0 ? turned : turned.toReversed()
}

const ownModule = new URL('../../worlds/compare/job.js', import.meta.url)
const { scenario } = parseScenario({ file: 'pace.yaml', text: scenarioText, checkGate: () => [] })

const rehearseIn = (child: Child, out: string): Promise<unknown> =>
  child.call('rehearse', {
    scenario,
    scenarioText,
    world: 'local',
    store: { kind: 'sqlite', file: null },
    command: 'npm run bench:gates',
    out,
  } satisfies JobOrder)

/** Makes the rounds one after the other, and tells of each when it is done. */
export const compareBuilds = async (options: RoundsOptions): Promise<void> => {
  const root = await mkdtemp(path.join(os.tmpdir(), 'cutover-gates-'))
  try {
    const burnMs = slowerBy * (await serviceMs(path.join(root, 'before')))
    const modules: Record<Build, URL> = {
      own: ownModule,
      same: await copyBuild(path.join(root, 'same'), 0),
      other: await copyBuild(path.join(root, 'other'), 0),
      slow: await copyBuild(path.join(root, 'slow'), burnMs),
    }
    for (let round = 1; round <= options.rounds; round++) {
      if (options.done.has(round)) continue
      const folder = path.join(root, `round-${round}`)
      await rehearseAll(modules, folder, options.repetitions)
      const results = await Promise.all(
        (['same', 'other', 'slow'] as const).map((build) => compareFolders(round, build, folder, options)),
      )
      await rm(folder, { recursive: true, force: true })
      await options.onRound(results)
    }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** What a validation takes here, milliseconds: in the middle of some runs, of which the first only warms up. */
const serviceMs = async (folder: string): Promise<number> => {
  const child = new Child({ name: 'the first runs', module: ownModule })
  const times: number[] = []
  try {
    for (let i = 0; i < 4; i++) {
      const out = path.join(folder, String(i))
      await rehearseIn(child, out)
      const { end } = await readRecord(out)
      if (i > 0) times.push(end?.service?.validate?.before.p50Ms ?? NaN)
    }
  } finally {
    await child.end()
  }
  return median(times)
}

/** All runs of one round, each build in a process that lasts as long as the round. */
const rehearseAll = async (
  modules: Readonly<Record<Build, URL>>,
  folder: string,
  repetitions: number,
): Promise<void> => {
  const children = new Map(
    builds.map((build) => [build, new Child({ name: `the ${build} build`, module: modules[build] })]),
  )
  try {
    for (let repetition = 0; repetition < repetitions; repetition++) {
      for (const build of order(repetition)) {
        const child = children.get(build)
        if (child !== undefined) await rehearseIn(child, folderOf(folder, build, repetition))
      }
    }
  } finally {
    await Promise.all([...children.values()].map((child) => child.end()))
  }
}

const folderOf = (folder: string, build: Build, repetition: number): string =>
  turnFolder(path.join(folder, build), 'candidate', repetition + 1)

const compareFolders = async (
  round: number,
  build: Exclude<Build, 'own'>,
  folder: string,
  { repetitions }: RoundsOptions,
): Promise<Compared> => {
  const runsOf = (of: Build) =>
    Promise.all(
      Array.from({ length: repetitions }, async (_, i) =>
        comparedRun(await readRecord(folderOf(folder, of, i))),
      ),
    )
  const [baseline, candidate] = [await runsOf('own'), await runsOf(build)]
  const { verdict, times, outcomes } = compareWithBaseline(baseline, candidate, {
    margin: 0.1,
    times: ['cpu', 'p50'],
  })
  const late = [...baseline, ...candidate].filter((run) => run.late.length > 0).length
  return {
    round,
    kind: build === 'slow' ? 'slow' : 'same',
    verdict,
    slower: times.filter(({ result }) => result === 'slower').map(({ name, words }) => `${name}: ${words}`),
    different: outcomes.differences.map(({ name }) => name),
    p50Ratio: times.find(({ name }) => name === 'validate p50')?.ratio.value ?? null,
    cpuRatio: times.find((time) => time.kind === 'cpu')?.ratio.value ?? null,
    late,
  }
}
