// The whole timeline of a run: the steps that were written and those that follow from a period, in one order.
// It exists so that the engine sees one list and need not know what recurs.
import type { StepDocument } from './schema.js'
import type { Fault, IdentitySettings, Outage, StepAction, StepCondition, TimelineStep } from './scenario.js'

/** Time from one backend to the next in a rolling cutover that names none, in seconds. */
export const defaultRollingGapSec = 30

/** The actions of a step, by its keys. */
export const stepActions = [
  'cutover',
  'restart',
  'keys.rotate',
  'keys.distribute',
  'flush',
  'expiration',
  'fault',
] as const

const outageOf = ({ outage }: NonNullable<StepDocument['cutover']>): Outage | null =>
  outage === undefined
    ? null
    : { resetsSec: outage.resets, refusedSec: outage.refused, hangsSec: outage.hangs }

/** What a step's words refer to. */
export interface StepSurroundings {
  readonly backends: number
  readonly services: readonly string[]
}

/** Whom a step restarts, in order, and the time from one to the next; null if it restarts nobody. */
export const restartPlan = (
  restart: StepDocument['restart'],
  services: readonly string[],
): { readonly targets: readonly string[]; readonly gapSec: number } | null => {
  if (restart === undefined) return null
  if (typeof restart === 'string') return { targets: restart === 'all' ? services : [restart], gapSec: 0 }
  if (!('targets' in restart)) return { targets: restart, gapSec: 0 }
  return { targets: restart.targets === 'all' ? services : restart.targets, gapSec: restart.gap }
}

/** The actions of a step, in order, and the time from one to the next. Only a restart can have several. */
const actionsOf = (
  step: StepDocument,
  services: readonly string[],
): { readonly actions: readonly StepAction[]; readonly gapSec: number } => {
  const restart = restartPlan(step.restart, services)
  if (restart !== null && step.cutover === undefined) {
    const { targets, gapSec } = restart
    return { actions: targets.map((target) => ({ kind: 'restart', target })), gapSec }
  }
  const action = actionOf(step)
  return { actions: action === null ? [] : [action], gapSec: 0 }
}

/** The action that a step names, the first one if there are several; null for a restart, which may be many. */
export const actionOf = (step: StepDocument): StepAction | null => {
  if (step.cutover !== undefined) {
    const { to, nodes, gap } = step.cutover
    const outage = outageOf(step.cutover)
    if (nodes === 'rolling') {
      return { kind: 'cutover', to, nodes: 'all', rollingGapSec: gap ?? defaultRollingGapSec, outage }
    }
    return { kind: 'cutover', to, nodes, rollingGapSec: gap ?? null, outage }
  }
  if (step['keys.rotate'] !== undefined) return { kind: 'keys.rotate' }
  if (step['keys.distribute'] !== undefined)
    return { kind: 'keys.distribute', nodes: step['keys.distribute'] }
  if (step.flush !== undefined)
    return step.flush === 'all' ? { kind: 'flush', everything: true } : { kind: 'flush' }
  if (step.expiration !== undefined) return { kind: 'expiration', expirationSec: step.expiration }
  if (step.fault !== undefined) return { kind: 'fault', fault: toFault(step.fault) }
  return null
}

const toFault = (written: NonNullable<StepDocument['fault']>): Fault => ({
  id: 0,
  kind: written.kind,
  nodes: written.nodes ?? null,
  forSec: written.for ?? null,
  ...(written.skew === undefined ? {} : { skewSec: written.skew }),
  ...(written.after_step === undefined ? {} : { afterStep: written.after_step }),
  ...(written.times === undefined ? {} : { times: written.times }),
  ...(written.latency === undefined ? {} : { latencySec: written.latency }),
})

/** Seconds from the beginning of an action to the beginning of its last part. */
const actionSec = (action: StepAction, backends: number): number => {
  if (action.kind !== 'cutover' || action.rollingGapSec === null) return 0
  return ((action.nodes === 'all' ? backends : action.nodes.length) - 1) * action.rollingGapSec
}

/**
 * When a step begins at the latest; null where that cannot be told. `previousEndSec`: when the last part of the step
 * above it begins at the latest, as actions themselves take no time that a scenario states.
 */
export const latestSec = (step: StepDocument, previousEndSec: number | null): number | null => {
  if (typeof step.at === 'number') return step.at
  if (step.at.after !== 'previous-step') return step.at.latest ?? null
  return previousEndSec === null ? null : previousEndSec + (step.at.for ?? 0)
}

/** When the last part of a step begins, if the step begins at `atSec`. */
export const lastPartSec = (
  step: StepDocument,
  atSec: number,
  { backends, services }: StepSurroundings,
): number => {
  const { actions, gapSec } = actionsOf(step, services)
  const last = actions.at(-1)
  return last === undefined ? atSec : atSec + (actions.length - 1) * gapSec + actionSec(last, backends)
}

/**
 * The steps that a person wrote, in the order of the file. A step that restarts several becomes one for each, and a fault
 * that lasts for a time is followed by its end. Faults are numbered in the order of the file.
 */
export const writtenSteps = (
  documents: readonly StepDocument[],
  surroundings: StepSurroundings & { readonly durationSec: number },
): readonly TimelineStep[] => {
  const { services, durationSec } = surroundings
  const steps: TimelineStep[] = []
  const followed = new Set<number>()
  let faults = 0
  /** The last part of the step above, among `steps`. */
  let above = -1
  let aboveEndSec: number | null = null
  const follow = (forSec: number): StepCondition => {
    followed.add(above)
    return { after: 'previous-step', forSec, position: above }
  }
  for (const step of documents) {
    const atSec: number = latestSec(step, aboveEndSec) ?? 0
    const { actions, gapSec } = actionsOf(step, services)
    for (const [i, named] of actions.entries()) {
      const action = named.kind === 'fault' ? { ...named, fault: { ...named.fault, id: ++faults } } : named
      const base: TimelineStep = { atSec: atSec + i * gapSec, action, origin: 'scenario' }
      const { at } = step
      const waits = typeof at !== 'number'
      const first =
        typeof at === 'number' ? {} : { waitsFor: i > 0 ? follow(gapSec) : conditionOf(at, follow) }
      above = steps.push({ ...base, ...first }) - 1
      if (action.kind !== 'fault' || action.fault.forSec === null) continue
      const { forSec } = action.fault
      const repair: TimelineStep = { ...base, atSec: atSec + forSec, action: { ...action, kind: 'repair' } }
      if (repair.atSec < durationSec) steps.push(waits ? { ...repair, waitsFor: follow(forSec) } : repair)
    }
    aboveEndSec = lastPartSec(step, atSec, surroundings)
  }
  return steps.map((step, position) => (followed.has(position) ? { ...step, position } : step))
}

const conditionOf = (
  at: Exclude<StepDocument['at'], number>,
  follow: (forSec: number) => StepCondition,
): StepCondition => {
  const { after, for: forSec = 0 } = at
  if (after === 'operator') return { after }
  return after === 'previous-step' ? follow(forSec) : { after, forSec }
}

/** What recurs: the flush and the keys of the identity settings. */
export type Recurring = Pick<IdentitySettings, 'flush'> & {
  readonly keys: Pick<IdentitySettings['keys'], 'rotationSec' | 'distributeAfterSec'>
}

/**
 * The steps that follow from periods, before the end of the run: flushes at offset + k · every (k from 0), rotations at
 * k · rotation (k from 1), and after each rotation the distribution of its keys.
 */
export const recurringSteps = (recurring: Recurring, durationSec: number): TimelineStep[] => {
  const steps: TimelineStep[] = []
  const add = (atSec: number, action: StepAction): void => {
    if (atSec < durationSec) steps.push({ atSec, action, origin: 'clock' })
  }
  const { flush, keys } = recurring
  if (flush !== null) {
    for (let k = 0; flush.offsetSec + k * flush.everySec < durationSec; k++) {
      add(flush.offsetSec + k * flush.everySec, { kind: 'flush' })
    }
  }
  if (keys.rotationSec !== null) {
    for (let k = 1; k * keys.rotationSec < durationSec; k++) {
      add(k * keys.rotationSec, { kind: 'keys.rotate' })
      add(k * keys.rotationSec + keys.distributeAfterSec, { kind: 'keys.distribute', nodes: 'all' })
    }
  }
  return steps
}

/** How many steps `recurringSteps` would give at most, without making them. */
export const countRecurring = (recurring: Recurring, durationSec: number): number => {
  const flushes = recurring.flush === null ? 0 : durationSec / recurring.flush.everySec
  const rotations = recurring.keys.rotationSec === null ? 0 : durationSec / recurring.keys.rotationSec
  return Math.ceil(flushes + 2 * rotations)
}

/**
 * Steps in order of time. At the same instant, what a person wrote comes before what recurs, and both keep the order
 * in which they were given: a distribution due when the next rotation is still carries the keys of the one before.
 */
export const sortSteps = (
  written: readonly TimelineStep[],
  recurring: readonly TimelineStep[],
): TimelineStep[] => [...written, ...recurring].toSorted((a, b) => a.atSec - b.atSec)
