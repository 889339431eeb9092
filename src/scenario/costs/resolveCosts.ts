// What `identity.costs` names: a profile that is shipped, or one in a file.
// It exists so that a word that is neither is answered with the nearest right one.
import { InputError, type Problem } from '../../base/errors.js'
import type { ProviderMode } from '../../token/mode.js'
import type { Scenario } from '../scenario.js'
import { remedyFor, type Finding } from '../issues.js'
import { parseCostFile } from './costFile.js'
import { rowFor, type CacheState, type CostOp, type CostProfile } from './profile.js'
import { shippedCostNames, shippedCosts } from './shipped.js'

/** Reads a file that a scenario names; `from` is the file in which it is named. @throws InputError where it cannot be read */
export type ReadNamedFile = (name: string, from: string) => { readonly file: string; readonly text: string }

/** A name of a file has what no word has. */
const looksLikeFile = (word: string): boolean => /[./\\]/.test(word)

const words = ['native', ...shippedCostNames] as const

/** The profile, or what is wrong; `finding` stands in the scenario, `problems` in the profile's own file. */
export type ResolvedCosts =
  | { readonly ok: true; readonly profile: CostProfile | null }
  | { readonly ok: false; readonly finding?: Finding; readonly problems: readonly Problem[] }

const path = ['identity', 'costs']

export const resolveCosts = (
  written: string,
  from: string,
  readNamed: ReadNamedFile | undefined,
): ResolvedCosts => {
  if (written === 'native') return { ok: true, profile: null }
  const name = shippedCostNames.find((each) => each === written)
  if (name !== undefined) return { ok: true, profile: shippedCosts[name] }
  const refuse = (message: string, remedy: string): ResolvedCosts => ({
    ok: false,
    finding: { path, of: 'value', message, remedy },
    problems: [],
  })
  if (!looksLikeFile(written))
    return refuse(
      `unknown cost profile \`${written}\``,
      `${remedyFor(written, words)}; or name a file that \`cutover profile\` wrote, such as ./keystone-costs.json`,
    )
  if (readNamed === undefined)
    return refuse('no files are read here', `write one of ${words.map((word) => `\`${word}\``).join(', ')}`)
  try {
    return { ok: true, profile: parseCostFile(readNamed(written, from)) }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return { ok: false, problems: error.problems }
  }
}

/** The kinds of tokens that a mode issues and reads. */
const providersOf = (mode: ProviderMode): readonly ('uuid' | 'fernet')[] =>
  mode === 'uuid' ? ['uuid'] : mode === 'fernet' ? ['fernet'] : ['uuid', 'fernet']

/** Rows of a profile that something else stands in for, for the modes and the cache of a scenario. */
const rowWarnings = ({ identity, timeline }: Scenario, profile: CostProfile): readonly Finding[] => {
  const modes = [
    identity.provider,
    ...timeline.flatMap(({ action }) => (action.kind === 'cutover' ? [action.to] : [])),
  ]
  const caches: readonly CacheState[] = identity.cache.backend === 'none' ? ['none'] : ['hit', 'miss']
  const warnings: Finding[] = []
  for (const provider of new Set(modes.flatMap(providersOf))) {
    for (const cache of caches) {
      for (const op of ['issue', 'validate'] as const satisfies readonly CostOp[]) {
        const row = rowFor(profile, { provider, cache, op })
        if (row === null || (row.provider === provider && row.cache === cache)) continue
        // It looks for no token, so nothing stands in for anything.
        if (op === 'issue' && row.provider === provider && cache === 'miss') continue
        const message = `profile ${profile.name} has no measurement of ${op} under ${provider} with cache ${cache}: that of ${row.provider} with cache ${row.cache} stands in`
        const remedy = 'measure it with `cutover profile`, or read the times with that in mind'
        warnings.push({ path, of: 'value', message, remedy })
      }
    }
  }
  return warnings
}

/** What the author of a scenario should know of its costs: rows that something else stands in for, and time-lapses. `profile`: what they name. */
export const costWarnings = (
  scenario: Scenario,
  profile: CostProfile | null,
  local: boolean,
): readonly Finding[] => {
  const warnings = profile === null ? [] : rowWarnings(scenario, profile)
  const { clock, identity } = scenario
  if (!local || identity.costs === 'native' || !clock.some(({ speed }) => speed > 1)) return warnings
  const whose = profile === null ? 'the stated times' : `profile ${profile.name}'s times`
  const message = `where the clock is faster than real time, ${whose} are shortened with it, so response times there are no prediction`
  const remedy = 'read response times from stretches with `speed: 1`, or use `--world simulated`'
  return [...warnings, { path, of: 'value', message, remedy }]
}
