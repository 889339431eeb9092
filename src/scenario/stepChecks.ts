// What must hold for each step of a timeline: one action, a time inside the run, targets that exist.
// It exists apart from the other checks because steps refer to nearly everything else in a scenario.
import type { ProviderMode } from '../token/mode.js'
import type { Path } from './document.js'
import { readPart, type Facts, type Findings } from './facts.js'
import { remedyFor, valueAt } from './issues.js'
import { scenarioSchema } from './schema.js'
import { stepSchema, waitSchema } from './stepSchema.js'
import { actionOf, lastPartSec, latestSec, stepActions } from './timeline.js'
import type { NodeSet, StepAction } from './scenario.js'
import { formatDuration } from './units.js'

const providerSchema = scenarioSchema.shape.identity.unwrap().shape.provider
const stepShape = stepSchema.shape
const cacheTime = scenarioSchema.shape.middleware.unwrap().shape.token_cache_time
const waitFor = waitSchema.shape.for

const keysOf = (value: unknown): readonly string[] =>
  typeof value === 'object' && value !== null ? Object.keys(value) : []

const checkActions = (path: Path, step: unknown, { problems }: Findings): void => {
  const known: readonly string[] = stepActions
  const named = keysOf(step).filter((key) => known.includes(key))
  if (named.length === 1) return
  const list = stepActions.map((action) => `\`${action}\``).join(', ')
  if (named.length > 1) {
    const message = `a step has one action, this one has ${named.map((action) => `\`${action}\``).join(' and ')}`
    problems.push({ path: [...path, named[1] ?? ''], of: 'key', message, remedy: 'write a step for each' })
  } else if (keysOf(step).every((key) => key === 'at')) {
    problems.push({ path, of: 'value', message: 'this step does nothing', remedy: `add one of ${list}` })
  }
}

const checkWait = (path: Path, at: unknown, index: number, facts: Facts, findings: Findings): void => {
  const { problems, warnings } = findings
  const after = valueAt(at, ['after'])
  const written = (key: string): boolean => valueAt(at, [key]) !== undefined
  if (after === 'previous-step') {
    if (index === 0) {
      const message = 'there is no step above the first one'
      problems.push({ path: [...path, 'after'], of: 'value', message, remedy: 'write when it is: `at: 30m`' })
    }
    if (written('latest')) {
      const message = '`latest` means nothing here: the step above ends in any case'
      problems.push({ path: [...path, 'latest'], of: 'key', message, remedy: 'remove it' })
    }
    return
  }
  if (after === 'operator' && written('for')) {
    const message = '`for` means nothing here: the step is done when it is asked for'
    problems.push({ path: [...path, 'for'], of: 'key', message, remedy: 'remove it' })
  }
  if (after !== 'no-uuid-token' && after !== 'last-uuid-expired' && after !== 'operator') return
  if (!written('latest')) {
    const what = after === 'operator' ? 'nobody may ask for it' : 'what is measured may never come'
    const message = `${what}, so \`latest\` is needed`
    const remedy = 'add `latest`: then the step is done in any case'
    problems.push({ path: [...path, 'after'], of: 'value', message, remedy })
  }
  if (after !== 'no-uuid-token') return
  const forSec = readPart(waitFor, valueAt(at, ['for'])) ?? 0
  const cacheSec = readPart(cacheTime, valueAt(facts.data, ['middleware', 'token_cache_time']))
  if (!written('for') || forSec === 0) {
    const message = 'no UUID token for how long?'
    problems.push({ path: [...path, 'after'], of: 'value', message, remedy: 'add `for: 30m`' })
  } else if (cacheSec !== null && forSec <= cacheSec) {
    const message = `services remember a token for ${formatDuration(cacheSec)}, so one that is in use may not be seen for as long`
    warnings.push({
      path: [...path, 'for'],
      of: 'value',
      message,
      remedy: 'wait longer than `token_cache_time`',
    })
  }
}

/** When a step and the last part of it begin at the latest; null where that cannot be told, or lies beyond the end. */
const checkTime = (
  path: Path,
  step: unknown,
  previousEndSec: number | null,
  facts: Facts,
  { problems }: Findings,
): number | null => {
  const { durationSec } = facts
  const at = readPart(stepShape.at, valueAt(step, ['at']))
  if (at === null) return null
  const atSec = latestSec({ at }, previousEndSec)
  if (atSec === null || durationSec === null || atSec < durationSec) return atSec
  const [end, when] = [formatDuration(durationSec), formatDuration(atSec)]
  const ofLatest = typeof at !== 'number' && at.after !== 'previous-step'
  const message =
    typeof at === 'number'
      ? `this step is at ${when}, but the run ends at ${end}`
      : `this step may be as late as ${when}, but the run ends at ${end}`
  const remedy = 'put it before the end, or lengthen the run'
  problems.push({ path: [...path, 'at', ...(ofLatest ? ['latest'] : [])], of: 'value', message, remedy })
  return null
}

const checkNodes = (path: Path, nodes: unknown, facts: Facts, { problems }: Findings): void => {
  if (!Array.isArray(nodes)) return
  for (const [i, node] of (nodes as unknown[]).entries()) {
    if (typeof node !== 'number') continue
    if (facts.backends !== null && node > facts.backends) {
      const message = `there is no backend ${node}`
      const remedy = facts.backends === 1 ? 'there is only backend 1' : `backends are 1 to ${facts.backends}`
      problems.push({ path: [...path, i], of: 'value', message, remedy })
    }
    if (nodes.indexOf(node) !== i) {
      const message = `backend ${node} is named twice`
      problems.push({ path: [...path, i], of: 'value', message, remedy: 'keep one of the two' })
    }
  }
}

const checkGap = (
  path: Path,
  action: StepAction,
  atSec: number | null,
  facts: Facts,
  findings: Findings,
): void => {
  if (action.kind !== 'cutover' || action.rollingGapSec === null) return
  const written = valueAt(facts.data, [...path, 'cutover', 'nodes'])
  const { problems } = findings
  if (action.nodes === 'all' && written !== 'rolling') {
    const message = '`gap` means nothing when all backends switch at once'
    problems.push({
      path: [...path, 'cutover', 'gap'],
      of: 'key',
      message,
      remedy: 'remove it, or write `nodes: rolling`',
    })
    return
  }
  if (atSec === null || facts.durationSec === null || facts.backends === null) return
  const count = action.nodes === 'all' ? facts.backends : action.nodes.length
  const endSec = atSec + (count - 1) * action.rollingGapSec
  if (endSec < facts.durationSec) return
  const end = formatDuration(facts.durationSec)
  const message = `the last of ${count} backends would switch at ${formatDuration(endSec)}, but the run ends at ${end}`
  problems.push({
    path: [...path, 'cutover'],
    of: 'key',
    message,
    remedy: 'shorten `gap`, or lengthen the run',
  })
}

const checkTarget = (path: Path, target: unknown, facts: Facts, { problems }: Findings): void => {
  if (typeof target !== 'string' || facts.services === null) return
  const known = [...new Set([...facts.classes, ...facts.services])]
  if (known.includes(target)) return
  const message = `\`${target}\` is neither a class of clients nor a service`
  problems.push({ path, of: 'value', message, remedy: remedyFor(target, known) })
}

/** `restart` is a name, a list of names, or a mapping with either; `all` stands for the services. */
const checkRestart = (path: Path, restart: unknown, facts: Facts, findings: Findings): void => {
  const isMapping = typeof restart === 'object' && restart !== null && !Array.isArray(restart)
  const [place, targets] = isMapping ? [[...path, 'targets'], valueAt(restart, ['targets'])] : [path, restart]
  if (Array.isArray(targets)) {
    for (const [i, target] of (targets as unknown[]).entries())
      checkTarget([...place, i], target, facts, findings)
  } else if (targets !== 'all') checkTarget(place, targets, facts, findings)
}

/** The last of several restarts must come before the end, too. */
const checkPlanEnd = (
  path: Path,
  atSec: number | null,
  lastSec: number | null,
  facts: Facts,
  { problems }: Findings,
): void => {
  if (atSec === null || lastSec === null || facts.durationSec === null || lastSec < facts.durationSec) return
  const message = `the last restart would be at ${formatDuration(lastSec)}, but the run ends at ${formatDuration(facts.durationSec)}`
  const remedy = 'shorten `gap`, or lengthen the run'
  problems.push({ path: [...path, 'restart'], of: 'key', message, remedy })
}

interface Switch {
  readonly index: number
  readonly atSec: number
  readonly to: ProviderMode
  readonly nodes: NodeSet
}

/** Warns of cutovers that change nothing, following the mode of each backend through the timeline. */
const checkSwitches = (switches: readonly Switch[], facts: Facts, { warnings }: Findings): void => {
  const provider = readPart(providerSchema, valueAt(facts.data, ['identity', 'provider']))
  if (provider === null || facts.backends === null) return
  // At a given Keystone a hook may change what no word for a provider says: from one key repository to another.
  if (valueAt(facts.data, ['external', 'hooks', 'cutover']) !== undefined) return
  const all = Array.from({ length: facts.backends }, (_, i) => i + 1)
  const modes = new Map(all.map((node) => [node, provider]))
  for (const { index, to, nodes } of switches.toSorted((a, b) => a.atSec - b.atSec)) {
    const affected = nodes === 'all' ? all : nodes
    if (affected.every((node) => modes.get(node) === to)) {
      const path: Path = ['timeline', index, 'cutover', 'to']
      const message = `\`${to}\` is already in force there, so this cutover changes nothing`
      warnings.push({ path, of: 'value', message, remedy: 'remove the step, or switch to another provider' })
    }
    for (const node of affected) modes.set(node, to)
  }
}

const issuesFernet = (mode: ProviderMode): boolean => mode === 'dual-fernet' || mode === 'fernet'

/** Warns of a measure that never holds because UUID tokens are still issued. */
const checkMeasures = (
  measures: readonly { readonly index: number; readonly latestSec: number }[],
  switches: readonly Switch[],
  facts: Facts,
  { warnings }: Findings,
): void => {
  const provider = readPart(providerSchema, valueAt(facts.data, ['identity', 'provider']))
  if (provider === null || issuesFernet(provider)) return
  for (const { index, latestSec: untilSec } of measures) {
    const before = switches.some(
      (each) => each.index < index && each.atSec < untilSec && issuesFernet(each.to),
    )
    if (before) continue
    const message = 'no step above it makes backends issue Fernet tokens, so this is done at `latest`'
    const remedy = 'switch to `dual-fernet` before'
    warnings.push({ path: ['timeline', index, 'at', 'after'], of: 'value', message, remedy })
  }
}

/** Checks every step of `timeline`. */
export const checkSteps = (facts: Facts, findings: Findings): void => {
  const steps = valueAt(facts.data, ['timeline'])
  const switches: Switch[] = []
  const measures: { index: number; latestSec: number }[] = []
  let previousEndSec: number | null = null
  for (const [index, step] of (Array.isArray(steps) ? (steps as unknown[]) : []).entries()) {
    const path: Path = ['timeline', index]
    checkActions(path, step, findings)
    checkWait([...path, 'at'], valueAt(step, ['at']), index, facts, findings)
    const atSec = checkTime(path, step, previousEndSec, facts, findings)
    checkNodes([...path, 'cutover', 'nodes'], valueAt(step, ['cutover', 'nodes']), facts, findings)
    checkNodes([...path, 'fault', 'nodes'], valueAt(step, ['fault', 'nodes']), facts, findings)
    checkNodes([...path, 'keys.distribute'], valueAt(step, ['keys.distribute']), facts, findings)
    checkRestart([...path, 'restart'], valueAt(step, ['restart']), facts, findings)
    const whole = readPart(stepSchema, step)
    const surroundings = { backends: facts.backends ?? 1, services: facts.services ?? [] }
    previousEndSec = whole === null || atSec === null ? null : lastPartSec(whole, atSec, surroundings)
    if (whole === null) continue
    const after = typeof whole.at === 'number' ? null : whole.at.after
    if (atSec !== null && (after === 'no-uuid-token' || after === 'last-uuid-expired'))
      measures.push({ index, latestSec: atSec })
    const action = actionOf(whole)
    if (action?.kind === 'cutover') {
      checkGap(path, action, atSec, facts, findings)
      if (atSec !== null) switches.push({ index, atSec, to: action.to, nodes: action.nodes })
    } else if (whole.restart !== undefined) checkPlanEnd(path, atSec, previousEndSec, facts, findings)
  }
  checkSwitches(switches, facts, findings)
  checkMeasures(measures, switches, facts, findings)
}
