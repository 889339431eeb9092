// Runs of one build against runs of another: the same outcomes first, then times, by repetitions made in turns.
// It exists so that a pipeline is told of a slower build, is not alarmed by a busy machine, and knows which of both it does not know.
import { bootstrap, pseudoMedian } from './bootstrap.js'
import { normalQuantile } from './normal.js'
import { compareOutcomes, type OutcomeCheck } from './outcomes.js'
import type { LatencySummary, RunRecord } from './record.js'
import { latenessOf } from './fold.js'
import type { Op } from './sample.js'
import { riseChances } from './signFlips.js'
import type { Figure } from './spread.js'
import { totalsOf } from './series.js'
import { summarise } from './summary.js'
import { generatorFlaws, type Verdict } from './verdict.js'

/** `cpu`: what a request costs the backends in processor time; the others: percentiles of service times. */
export const timeKinds = ['cpu', 'p50', 'p95', 'p99'] as const
export type TimeKind = (typeof timeKinds)[number]

export interface BaselineOptions {
  /** The rise that must not go unseen, as a share: 0.1 is 10 %. */
  readonly margin: number
  /** None: outcomes only. */
  readonly times: readonly TimeKind[]
}

/** A run, and what speaks against it. */
export interface ComparedRun {
  readonly record: RunRecord
  /** Why it cannot be compared at all: it was interrupted, or something died. */
  readonly flaws: readonly string[]
  /** Why its service times tell nothing: its generator was late or starved. Processor time is spent all the same. */
  readonly late: readonly string[]
}

/** One time of both builds. */
export interface TimeComparison {
  /** `validate p50 before the switch`, `processor time for a request`. */
  readonly name: string
  readonly kind: TimeKind
  readonly unit: 'ms'
  /** Pairs of runs that have it. */
  readonly repetitions: number
  /** In the middle of the runs of each side. */
  readonly baseline: number
  readonly candidate: number
  /** Candidate over baseline, with its 95 % interval. */
  readonly ratio: Figure
  /** The chance that without any difference one of the times would look so much slower. */
  readonly chance: number
  readonly result: 'slower' | 'faster' | 'no-difference' | 'too-noisy'
  /** Of `too-noisy`: how many more repetitions would decide; null for the rest, Infinity for more than can be made. */
  readonly moreRepetitions: number | null
  /** The result in words: `slower by 12–18 %`. */
  readonly words: string
}

export interface BaselineComparison {
  readonly verdict: Verdict
  /** What decided, in words; the worst first. */
  readonly reasons: readonly string[]
  readonly runs: { readonly baseline: number; readonly candidate: number }
  readonly outcomes: OutcomeCheck
  /** Pairs of runs that were compared; 0 where times were not. */
  readonly repetitions: number
  readonly times: readonly TimeComparison[]
  /** Why a repetition is left out, or why no time was compared. */
  readonly notes: readonly string[]
}

/** A build is called slower where chance alone would do so in one comparison of a hundred, for all its times together. */
const significance = 0.01
const confidence = 0.95
const resamples = 2000
/** With fewer pairs even a rise in all of them has a larger chance: each of so many times may rise in all of n pairs with 2⁻ⁿ. */
const repetitionsLeast = (times: number): number => Math.ceil(Math.log2(times / significance))
const mostRepetitions = 1000
/** Power of the estimate of how many repetitions are enough. */
const power = 0.9
/** Responses that a percentile needs in each run, so that ten lie beyond it. */
const responsesLeast: Readonly<Record<Exclude<TimeKind, 'cpu'>, number>> = { p50: 20, p95: 200, p99: 1000 }

/** A run of each side that met the same machine; `late`: its service times tell nothing. */
interface Pair {
  readonly baseline: RunRecord
  readonly candidate: RunRecord
  readonly late: boolean
}

/** A run as it is compared, from what judges it. */
export const comparedRun = (record: RunRecord): ComparedRun => {
  const late = generatorFlaws(record, latenessOf(record))
  const { verdict, reasons } = summarise(record, [])
  return {
    record,
    late,
    flaws: verdict === 'inconclusive' ? reasons.filter((reason) => !late.includes(reason)) : [],
  }
}

/** Compares the runs of a candidate with those of a baseline, all of one scenario, seed and world. */
export const compareWithBaseline = (
  baseline: readonly ComparedRun[],
  candidate: readonly ComparedRun[],
  options: BaselineOptions,
): BaselineComparison => {
  const sound = (runs: readonly ComparedRun[]): readonly RunRecord[] =>
    runs.filter(({ flaws }) => flaws.length === 0).map(({ record }) => record)
  const runs = { baseline: baseline.length, candidate: candidate.length }
  if (sound(baseline).length === 0 || sound(candidate).length === 0) {
    const flaws = [...new Set([...baseline, ...candidate].flatMap((run) => run.flaws))]
    const reasons = ['no run of one of both sides can be judged', ...flaws]
    const outcomes = { exact: false, compared: 0, differences: [] }
    return { verdict: 'inconclusive', reasons, runs, outcomes, repetitions: 0, times: [], notes: [] }
  }
  const outcomes = compareOutcomes(sound(baseline), sound(candidate))
  const simulated = baseline[0]?.record.header.world === 'simulated'
  const kinds = simulated ? [] : options.times
  const { pairs, notes } = kinds.length > 0 ? pairUp(baseline, candidate) : { pairs: [], notes: [] }
  const times = compareTimes(pairs, { ...options, times: kinds })
  const missing = kinds.filter((kind) => !times.some((time) => time.kind === kind))
  const told = { runs, outcomes, repetitions: pairs.length, times, notes }
  return { ...judge({ outcomes, times, notes, missing }), ...told }
}

const judge = (found: {
  readonly outcomes: OutcomeCheck
  readonly times: readonly TimeComparison[]
  readonly notes: readonly string[]
  /** Times that were wanted, and of which there is nothing. */
  readonly missing: readonly TimeKind[]
}): { readonly verdict: Verdict; readonly reasons: readonly string[] } => {
  const { outcomes, times, notes, missing } = found
  const wrong = outcomes.differences.map(
    ({ name, baseline, candidate }) => `not the same outcome: ${name}: ${baseline} → ${candidate}`,
  )
  const of = (result: TimeComparison['result']): readonly string[] =>
    times.filter((time) => time.result === result).map((time) => `${time.name}: ${time.words}`)
  const slower = of('slower')
  const noisy = of('too-noisy')
  const blank = missing.length === 0 ? [] : [`no ${missing.join(' and no ')} could be compared`, ...notes]
  const reasons = [...wrong, ...slower, ...blank, ...noisy]
  if (wrong.length + slower.length > 0) return { verdict: 'fail', reasons }
  if (blank.length + noisy.length > 0) return { verdict: 'inconclusive', reasons }
  const same = `the same outcomes as the baseline: ${outcomes.compared} counts ${outcomes.exact ? 'equal' : 'alike'}`
  return { verdict: 'pass', reasons: times.length > 0 ? [same, 'no time is longer than it was'] : [same] }
}

/** `slower by 12–18 %`. */
const wordsOf = ({
  result,
  ratio,
  moreRepetitions,
}: Pick<TimeComparison, 'result' | 'ratio' | 'moreRepetitions'>): string => {
  const percent = (value: number): string => String(Math.round(Math.abs(100 * (value - 1))))
  const by = (near: number, far: number): string =>
    percent(near) === percent(far) ? `${percent(far)} %` : `${percent(near)}–${percent(far)} %`
  if (result === 'slower') return `slower by ${by(ratio.low, ratio.high)}`
  if (result === 'faster') return `faster by ${by(ratio.high, ratio.low)}`
  if (result === 'no-difference') return 'no difference shown'
  if (moreRepetitions === Infinity)
    return `too noisy: ${mostRepetitions} more repetitions would not settle it`
  return `too noisy: ${moreRepetitions} more repetition${moreRepetitions === 1 ? '' : 's'} would settle it`
}

/**
 * Runs that were made in turns, two by two: neighbours in time, one of each side, met the same machine. Runs of which one side
 * came first and then the other show what the machine did meanwhile as well, so they are not paired.
 */
const pairUp = (
  baseline: readonly ComparedRun[],
  candidate: readonly ComparedRun[],
): { readonly pairs: readonly Pair[]; readonly notes: readonly string[] } => {
  const all = [
    ...baseline.map((run) => ({ ...run, side: 'baseline' as const })),
    ...candidate.map((run) => ({ ...run, side: 'candidate' as const })),
  ].sort((a, b) => (a.record.header.startedAt < b.record.header.startedAt ? -1 : 1))
  const machines = new Set(
    all.map(({ record: { header } }) => {
      const { cpus, memoryBytes, platform } = header.machine
      return `${cpus} ${memoryBytes} ${platform}`
    }),
  )
  if (machines.size > 1) return { pairs: [], notes: ['the runs are of different machines'] }
  const pairs: Pair[] = []
  const notes: string[] = []
  for (let i = 0; i < all.length; i += 2) {
    const two = [all[i], all[i + 1]]
    const own = two.find((run) => run?.side === 'baseline')
    const other = two.find((run) => run?.side === 'candidate')
    if (own === undefined || other === undefined) {
      return {
        pairs: [],
        notes: ['the runs of both sides were not made in turns (cutover rehearse --against makes them so)'],
      }
    }
    const flaws = [...own.flaws, ...other.flaws]
    const late = own.late.length + other.late.length > 0
    if (flaws.length === 0) pairs.push({ baseline: own.record, candidate: other.record, late })
    else notes.push(`repetition ${i / 2 + 1} is left out: ${flaws[0]}`)
  }
  const late = pairs.filter((pair) => pair.late).length
  if (late > 0)
    notes.push(
      `the load generator was late or starved in ${late} of ${pairs.length} repetitions, so their service times are left out`,
    )
  return { pairs, notes }
}

/** One figure of every run; null where a run has too little of it. */
interface FigureOf {
  readonly name: string
  readonly kind: TimeKind
  readonly of: (record: RunRecord) => number | null
}

const windowWords = { before: 'before the switch', after: 'after the switch' } as const

const figuresOf = (kinds: readonly TimeKind[], switched: boolean): readonly FigureOf[] => {
  const figures: FigureOf[] = []
  for (const kind of kinds) {
    if (kind === 'cpu') {
      figures.push({ name: 'processor time of the backends for a request', kind, of: cpuMsPerRequest })
      continue
    }
    for (const op of ['validate', 'issue'] as const satisfies readonly Op[]) {
      for (const window of switched ? (['before', 'after'] as const) : (['before'] as const)) {
        figures.push({
          name: switched ? `${op} ${kind} ${windowWords[window]}` : `${op} ${kind}`,
          kind,
          of: ({ end }) => {
            const own: LatencySummary | undefined = end?.service?.[op]?.[window]
            return own === undefined || own.count < responsesLeast[kind] ? null : own[`${kind}Ms`]
          },
        })
      }
    }
  }
  return figures
}

/** What a request costs the backends, whoever else uses the machine. */
const cpuMsPerRequest = (record: RunRecord): number | null => {
  const cpuSec = record.end?.backendsCpuSec
  const requests = totalsOf(record).reduce(
    (sum, { leg, status, n }) => sum + (leg === 'keystone' && status > 0 ? n : 0),
    0,
  )
  return cpuSec === undefined || requests < responsesLeast.p50 ? null : (1000 * cpuSec) / requests
}

/** A figure of both runs of a pair. */
interface Both {
  readonly from: number
  readonly to: number
}

const bothOf = ({ kind, of }: FigureOf, pair: Pair): Both | null => {
  if (pair.late && kind !== 'cpu') return null
  const [from, to] = [of(pair.baseline), of(pair.candidate)]
  return from !== null && to !== null && from > 0 && to > 0 ? { from, to } : null
}

const compareTimes = (pairs: readonly Pair[], options: BaselineOptions): readonly TimeComparison[] => {
  const [first] = pairs
  if (first === undefined) return []
  const switched = first.baseline.events.some(({ event }) => event === 'cutover')
  const measured = figuresOf(options.times, switched)
    .map((figure) => ({ ...figure, values: pairs.map((pair) => bothOf(figure, pair)) }))
    .filter(({ values }) => values.some((both) => both !== null))
  // A pair without a value counts as one without a difference: it speaks for no side.
  const logs = measured.map(({ values }) =>
    values.map((both) => (both === null ? 0 : Math.log(both.to / both.from))),
  )
  const seed = first.baseline.header.seed
  const rises = riseChances(logs, seed)
  const falls = riseChances(
    logs.map((list) => list.map((log) => -log)),
    seed,
  )
  return measured.map(({ name, kind, values }, i): TimeComparison => {
    const known = values.filter((both) => both !== null)
    const ratio = ratioOf(
      known.map(({ from, to }) => Math.log(to / from)),
      seed,
    )
    const chance = rises[i] ?? 1
    const { margin } = options
    const repetitions = known.length
    const least = repetitionsLeast(measured.length)
    const decided = decide({ ratio, rise: chance, fall: falls[i] ?? 1, repetitions, least, margin })
    return {
      name,
      kind,
      unit: 'ms',
      repetitions,
      baseline: pseudoMedian(known.map(({ from }) => from)),
      candidate: pseudoMedian(known.map(({ to }) => to)),
      ratio,
      chance,
      ...decided,
      words: wordsOf({ ratio, ...decided }),
    }
  })
}

/** The ratio of both builds, from the logarithms of the ratios of the pairs. */
const ratioOf = (logs: readonly number[], seed: number): Figure => {
  const { value, low, high } = bootstrap({
    sample: logs,
    statistic: pseudoMedian,
    confidence,
    resamples,
    seed,
  })
  return { value: Math.exp(value), low: Math.exp(low), high: Math.exp(high) }
}

const decide = (found: {
  readonly ratio: Figure
  readonly rise: number
  readonly fall: number
  readonly repetitions: number
  readonly least: number
  readonly margin: number
}): Pick<TimeComparison, 'result' | 'moreRepetitions'> => {
  const { ratio, rise, fall, repetitions, least, margin } = found
  const settled = (result: TimeComparison['result']) => ({ result, moreRepetitions: null })
  if (rise <= significance && ratio.low > 1) return settled('slower')
  if (fall <= significance && ratio.high < 1) return settled('faster')
  if (repetitions >= least && ratio.high <= 1 + margin) return settled('no-difference')
  return { result: 'too-noisy', moreRepetitions: repetitionsMissing(found) }
}

/**
 * How many more pairs would decide: so many that a rise of δ is shown with a power of 90 %,
 *
 *     n = (z₀.₉₉ + z₀.₉)² σ² / δ² · π/3
 *
 * (the sample size of a one-sided test of a mean, over the efficiency 3/π of signed ranks). δ is the larger of the rise seen so far, which may be
 * shown, and of what is left up to the margin, which may be excluded. σ follows from the interval.
 * Source: E. L. Lehmann, Nonparametrics: Statistical Methods Based on Ranks (1975), sections 2.3 and 4.3.
 */
const repetitionsMissing = (found: {
  readonly ratio: Figure
  readonly repetitions: number
  readonly least: number
  readonly margin: number
}): number => {
  const { ratio, repetitions, least, margin } = found
  const sigma =
    (Math.log(ratio.high / ratio.low) / (2 * normalQuantile((1 + confidence) / 2))) * Math.sqrt(repetitions)
  const rise = Math.log(ratio.value)
  const delta = Math.max(rise, Math.log(1 + margin) - rise)
  const z = normalQuantile(1 - significance) + normalQuantile(power)
  const enough = Math.ceil((Math.PI / 3) * ((z * sigma) / delta) ** 2)
  const missing = Math.max(1, Math.max(enough, least) - repetitions)
  return missing > mostRepetitions ? Infinity : missing
}

/** What must be equal for runs to be compared, and is not: nothing, if they can be. */
export const unlike = (records: readonly RunRecord[]): readonly string[] => {
  const same = (name: string, of: (record: RunRecord) => unknown): readonly string[] =>
    new Set(records.map((record) => JSON.stringify(of(record)))).size > 1 ? [name] : []
  return [
    ...same('scenario', ({ header }) => header.scenarioText),
    ...same('seed', ({ header }) => header.seed),
    ...same('world', ({ header }) => header.world),
    ...same('store', ({ header }) => header.store),
    ...same('speed', ({ header }) => header.clock),
  ]
}
