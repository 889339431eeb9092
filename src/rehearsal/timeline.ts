// The timeline at work: each step is applied at its time, node after node if it is rolling, and recorded as it was.
// Steps that touch the table are framed by two looks at it, so that the curve shows the step and not its neighbourhood.
import { micros, toSec } from '../base/time.js'
import type { EventLine } from '../measure/record.js'
import type { Fault, TimelineStep } from '../scenario/scenario.js'
import type { Recording } from './engine.js'
import type { Clock, Control, StepResult } from './ports.js'

export interface TimelineOptions {
  readonly steps: readonly TimelineStep[]
  readonly nodes: number
  readonly clock: Clock
  readonly control: Control
  readonly recording: Recording
  /** Restarts a class of clients or a service; returns how many processes or members that hit. */
  readonly restart: (target: string) => number
  readonly stopped: () => boolean
  /** Told when a step begins (1) and when it has ended (−1), so that a run does not end in the middle of one. */
  readonly underWay: (change: 1 | -1) => void
}

/** What went wrong, and where. */
const faultLabel = ({ kind, nodes }: Fault): string =>
  nodes === null ? kind : `${kind} ${nodes === 'all' ? 'on all nodes' : `on node ${nodes.join(', ')}`}`

/** What a step is called in the record: a fault by its kind, everything else by its action. */
const eventName = ({ action }: TimelineStep): string =>
  action.kind === 'fault' || action.kind === 'repair' ? `${action.kind} ${action.fault.kind}` : action.kind

/** A sentence for a chart's legend. */
export const stepLabel = (step: TimelineStep): string => {
  const { action } = step
  switch (action.kind) {
    case 'cutover':
      return `switch to ${action.to}`
    case 'restart':
      return `restart ${action.target}`
    case 'keys.rotate':
      return 'rotate keys'
    case 'keys.distribute':
      return 'distribute keys'
    case 'flush':
      return 'token_flush'
    case 'fault':
      return faultLabel(action.fault)
    case 'repair':
      return `end of ${faultLabel(action.fault)}`
  }
}

/** Enters all steps into the clock's agenda. */
export const runTimeline = (options: TimelineOptions): void => {
  for (const step of options.steps) {
    options.clock.at(micros(step.atSec), () => {
      if (!options.stopped()) begin(options, step)
    })
  }
}

/** An application under way: knows when it was due and when it began. `waitFor`: the run does not end before it. */
const open = (options: TimelineOptions, step: TimelineStep, dueSec: number, waitFor: boolean) => {
  const startedSec = toSec(options.clock.now())
  const startedMeasured = options.clock.measured()
  if (waitFor) options.underWay(1)
  return (result: StepResult, more: Partial<EventLine> = {}): void => {
    options.recording.event({
      kind: 'event',
      event: eventName(step),
      label: stepLabel(step),
      origin: step.origin,
      dueSec,
      startedSec,
      endedSec: toSec(options.clock.now()),
      ok: result.ok,
      note: result.note,
      tookMs: (options.clock.measured() - startedMeasured) / 1000,
      ...('fault' in step.action ? { fault: step.action.fault.id } : {}),
      ...more,
    })
    if (waitFor) options.underWay(-1)
  }
}

const begin = (options: TimelineOptions, step: TimelineStep): void => {
  const { action } = step
  if (action.kind === 'cutover') beginCutover(options, step, action)
  else if (action.kind === 'flush') beginFlush(options, step)
  else {
    const close = open(options, step, step.atSec, true)
    if (action.kind === 'restart') {
      const hit = options.restart(action.target)
      options.control.apply(step, null, (result) =>
        close(
          { ok: result.ok, note: result.note === '' ? `${hit} restarted` : result.note },
          { target: action.target },
        ),
      )
    } else options.control.apply(step, null, (result) => close(result))
  }
}

/**
 * The look before shows the table as the flush finds it, the look after as it leaves it. The run does not end between
 * the two, else the record would end with rows that are gone.
 */
const beginFlush = (options: TimelineOptions, step: TimelineStep): void => {
  const look = (then: () => void): void =>
    options.control.table((size) => {
      if (size !== null)
        options.recording.table({ kind: 'table', atSec: toSec(options.clock.now()), ...size })
      then()
    })
  options.underWay(1)
  look(() => {
    const close = open(options, step, step.atSec, false)
    options.control.apply(step, null, (result) => {
      close(result)
      look(() => options.underWay(-1))
    })
  })
}

/** All nodes at once, or one after the other with a gap between two beginnings. */
const beginCutover = (
  options: TimelineOptions,
  step: TimelineStep,
  action: Extract<TimelineStep['action'], { kind: 'cutover' }>,
): void => {
  const nodes = action.nodes === 'all' ? Array.from({ length: options.nodes }, (_, i) => i + 1) : action.nodes
  const closeAll = open(options, step, step.atSec, false)
  let left = nodes.length
  const problems: string[] = []
  const switchNode = (node: number, dueSec: number): void => {
    const close = open(options, step, dueSec, true)
    options.control.apply(step, node, (result) => {
      close(result, {
        event: `cutover node ${node}`,
        label: `node ${node} → ${action.to}`,
        node,
        to: action.to,
      })
      if (!result.ok) problems.push(`node ${node}: ${result.note}`)
      left--
      if (left > 0) return
      const note = problems.length === 0 ? `${nodes.length} backends` : problems.join('; ')
      closeAll({ ok: problems.length === 0, note }, { to: action.to })
    })
  }
  options.control.table((size) => {
    if (size !== null) options.recording.table({ kind: 'table', atSec: toSec(options.clock.now()), ...size })
  })
  options.recording.markCutover(toSec(options.clock.now()))
  nodes.forEach((node, position) => {
    const dueSec = step.atSec + position * (action.rollingGapSec ?? 0)
    if (dueSec <= toSec(options.clock.now())) switchNode(node, dueSec)
    else
      options.clock.at(micros(dueSec), () => {
        if (!options.stopped()) switchNode(node, dueSec)
      })
  })
}
