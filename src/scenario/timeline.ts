// The whole timeline of a run: the steps that were written and those that follow from a period, in one order.
// It exists so that the engine sees one list and need not know what recurs.
import type { StepDocument } from './schema.js'
import type { Fault, IdentitySettings, StepAction, TimelineStep } from './scenario.js'

/** Time from one backend to the next in a rolling cutover that names none, in seconds. */
export const defaultRollingGapSec = 30

/** The actions of a step, by its keys. */
export const stepActions = ['cutover', 'restart', 'keys.rotate', 'keys.distribute', 'flush', 'fault'] as const

/** The first action that a step names, or null if it names none. */
export const actionOf = (step: StepDocument): StepAction | null => {
  if (step.cutover !== undefined) {
    const { to, nodes, gap } = step.cutover
    if (nodes === 'rolling') {
      return { kind: 'cutover', to, nodes: 'all', rollingGapSec: gap ?? defaultRollingGapSec }
    }
    return { kind: 'cutover', to, nodes, rollingGapSec: gap ?? null }
  }
  if (step.restart !== undefined) return { kind: 'restart', target: step.restart }
  if (step['keys.rotate'] !== undefined) return { kind: 'keys.rotate' }
  if (step['keys.distribute'] !== undefined)
    return { kind: 'keys.distribute', nodes: step['keys.distribute'] }
  if (step.flush !== undefined) return { kind: 'flush' }
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

/**
 * The steps that a person wrote: each as it stands, and for a fault that lasts for a time, its end. Faults are numbered in
 * the order of the file.
 */
export const writtenSteps = (
  documents: readonly StepDocument[],
  durationSec: number,
): readonly TimelineStep[] => {
  let faults = 0
  return documents.flatMap((document): TimelineStep[] => {
    const atSec = document.at
    const action = actionOf(document)
    if (action === null) return []
    if (action.kind !== 'fault') return [{ atSec, action, origin: 'scenario' }]
    const fault = { ...action.fault, id: ++faults }
    const begin: TimelineStep = { atSec, action: { kind: 'fault', fault }, origin: 'scenario' }
    const endSec = fault.forSec === null ? Infinity : atSec + fault.forSec
    return endSec < durationSec
      ? [begin, { atSec: endSec, action: { kind: 'repair', fault }, origin: 'scenario' }]
      : [begin]
  })
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
