// A search over plans: strategies with other numbers, each simulated in a smaller cloud; what is left are those that none beats.
// It is bounded by a number of plans and follows from a seed, so that it ends, and finds the same again.
import path from 'node:path'
import { InputError } from '../../base/errors.js'
import { Random } from '../../base/random.js'
import { paretoFront, type Cost } from '../../measure/pareto.js'
import type { Summary } from '../../measure/summary.js'
import type { ReadOptions } from '../../scenario/parse.js'
import { parseData, type ParsedStrategy } from '../../scenario/strategy.js'
import { atFullScale, leavesTime, varyStrategy, type Variation } from '../../scenario/variations.js'
import { runJobs, type FinishedJob, type Job, type JobsOptions } from './jobs.js'

export interface SearchOptions extends Omit<JobsOptions, 'jobs'> {
  readonly strategies: readonly ParsedStrategy[]
  /** How many plans are tried. */
  readonly plans: number
  /** The share of the cloud's members and tokens that they are tried with, 0 … 1. */
  readonly share: number
  readonly seed: number
  readonly read: ReadOptions
  /** The folder in which every plan leaves its run. */
  readonly folder: string
  readonly command: string
}

/** A plan that was tried. */
export interface TriedPlan {
  readonly name: string
  readonly strategy: string
  readonly settings: Variation['settings']
  readonly cost: Cost
}

export interface SearchResult {
  /** `cutover/search@1`: in compare.json beside the runs. */
  readonly format: 'cutover/search@1'
  readonly seed: number
  readonly share: number
  readonly tried: readonly TriedPlan[]
  /** Names of the plans that none beats, the fewest refusals first. */
  readonly front: readonly string[]
}

interface Plan {
  readonly name: string
  readonly base: ParsedStrategy
  readonly variation: Variation
  readonly parsed: ParsedStrategy
}

/** Draws for one plan that leaves enough time; with the phases of a long strategy drawn out four times, few do. */
const drawsMax = 50

/** Plans in turn of the strategies; a strategy none of whose draws fits in the run has none. */
const drawPlans = ({ strategies, plans, share, seed, read }: SearchOptions): readonly Plan[] => {
  const drawn: Plan[] = []
  const seen = new Set<string>()
  for (let i = 0; i < plans; i++) {
    const base = strategies[i % strategies.length] as ParsedStrategy
    const random = new Random(seed, 'search', i)
    for (let draw = 0; draw < drawsMax; draw++) {
      const variation = varyStrategy(base, random, share)
      const key = JSON.stringify(variation.data)
      if (seen.has(key)) continue
      const parsed = attempt(variation, base, read)
      if (parsed === null || !leavesTime(parsed.scenario)) continue
      seen.add(key)
      drawn.push({ name: `${base.scenario.name}-${i + 1}`, base, variation, parsed })
      break
    }
  }
  return drawn
}

/** A plan of which some step would come after the end is no plan. */
const attempt = (variation: Variation, base: ParsedStrategy, read: ReadOptions): ParsedStrategy | null => {
  try {
    return parseData(variation.data, `A variation of ${base.scenario.name}`, read)
  } catch (error) {
    if (error instanceof InputError) return null
    throw error
  }
}

/** What a run cost; see `Cost`. */
export const costOf = ({ rejections, impact }: Summary): Cost => ({
  refusals: rejections.total - (rejections.byCause['expired'] ?? 0) - (rejections.byCause['flushed'] ?? 0),
  durationSec: impact.change?.durationSec ?? 0,
  writes: impact.writes.total,
})

export interface Searched {
  readonly result: SearchResult
  readonly best: readonly ParsedStrategy[]
  /** The runs of the front, in its order. */
  readonly frontRuns: readonly FinishedJob[]
}

/** Tries plans. The best, at most `best` of them, come back at the full scale of the cloud. */
export const searchPlans = async (options: SearchOptions, best: number): Promise<Searched> => {
  const plans = drawPlans(options)
  const jobs = plans.map(({ name, parsed }): Job => {
    const out = path.join(options.folder, name)
    const { scenario, scenarioText } = parsed
    return {
      name,
      order: {
        scenario,
        scenarioText,
        world: 'simulated',
        store: { kind: 'memory' },
        command: options.command,
        out,
      },
    }
  })
  const finished = await runJobs({ ...options, jobs })
  const tried = finished.flatMap(({ name, summary }): (TriedPlan & { readonly plan: Plan })[] => {
    const plan = plans.find((each) => each.name === name)
    if (plan === undefined || summary.verdict === 'inconclusive') return []
    const { settings } = plan.variation
    return [{ name, strategy: plan.base.scenario.name, settings, cost: costOf(summary), plan }]
  })
  const front = paretoFront(tried)
  const { seed, share } = options
  return {
    result: {
      format: 'cutover/search@1',
      seed,
      share,
      tried: tried.map(({ plan: _plan, ...told }) => told),
      front: front.map(({ name }) => name),
    },
    frontRuns: front.flatMap(({ name }) => finished.find((run) => run.name === name) ?? []),
    best: front.slice(0, best).map(({ name, plan }) => {
      const data = { ...atFullScale(plan.base, plan.variation.data), name }
      return parseData(data, `A variation of ${plan.base.scenario.name}, found by a search`, options.read)
    }),
  }
}
