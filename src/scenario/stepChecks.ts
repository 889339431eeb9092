// What must hold for each step of a timeline: one action, a time inside the run, targets that exist.
// It exists apart from the other checks because steps refer to nearly everything else in a scenario.
import type { ProviderMode } from '../token/mode.js'
import type { Path } from './document.js'
import { readPart, type Facts, type Findings } from './facts.js'
import { remedyFor, valueAt } from './issues.js'
import { scenarioSchema, stepSchema } from './schema.js'
import { actionOf, stepActions } from './timeline.js'
import type { NodeSet, StepAction } from './scenario.js'
import { formatDuration } from './units.js'

const providerSchema = scenarioSchema.shape.identity.unwrap().shape.provider
const stepShape = stepSchema.shape

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

const checkTime = (path: Path, step: unknown, facts: Facts, { problems }: Findings): number | null => {
  const atSec = readPart(stepShape.at, valueAt(step, ['at']))
  if (atSec === null || facts.durationSec === null || atSec < facts.durationSec) return atSec
  const message = `this step is at ${formatDuration(atSec)}, but the run ends at ${formatDuration(facts.durationSec)}`
  const remedy = 'put it before the end, or lengthen the run'
  problems.push({ path: [...path, 'at'], of: 'value', message, remedy })
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
  problems.push({ path: [...path, 'restart'], of: 'value', message, remedy: remedyFor(target, known) })
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

/** Checks every step of `timeline`. */
export const checkSteps = (facts: Facts, findings: Findings): void => {
  const steps = valueAt(facts.data, ['timeline'])
  const switches: Switch[] = []
  for (const [index, step] of (Array.isArray(steps) ? (steps as unknown[]) : []).entries()) {
    const path: Path = ['timeline', index]
    checkActions(path, step, findings)
    const atSec = checkTime(path, step, facts, findings)
    checkNodes([...path, 'cutover', 'nodes'], valueAt(step, ['cutover', 'nodes']), facts, findings)
    checkNodes([...path, 'fault', 'nodes'], valueAt(step, ['fault', 'nodes']), facts, findings)
    checkNodes([...path, 'keys.distribute'], valueAt(step, ['keys.distribute']), facts, findings)
    checkTarget(path, valueAt(step, ['restart']), facts, findings)
    const whole = readPart(stepSchema, step)
    const action = whole === null ? null : actionOf(whole)
    if (action?.kind !== 'cutover') continue
    checkGap(path, action, atSec, facts, findings)
    if (atSec !== null) switches.push({ index, atSec, to: action.to, nodes: action.nodes })
  }
  checkSwitches(switches, facts, findings)
}
