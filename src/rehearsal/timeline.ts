// The timeline at work: each step is applied at its time, node after node if it is rolling, and recorded as it was.
// Steps that touch the table are framed by two looks at it, so that the curve shows the step and not its neighbourhood.
import { micros, toSec } from '../base/time.js'
import type { EventLine } from '../measure/record.js'
import type { Fault, TimelineStep } from '../scenario/scenario.js'
import { formatDuration } from '../scenario/units.js'
import { waitFor } from './conditions.js'
import type { Fleet } from './fleet.js'
import { ManualSteps } from './manualSteps.js'
import type { Clock, Control, Recording, StepResult } from './ports.js'

export interface TimelineOptions {
  readonly steps: readonly TimelineStep[]
  readonly nodes: number
  /** Told of each backend that has switched. */
  readonly fleet: Fleet
  readonly clock: Clock
  readonly control: Control
  readonly recording: Recording
  /** Restarts a class of clients or a service; returns how many processes or members that hit. */
  readonly restart: (target: string) => { readonly workers: number; readonly members: number }
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
      return action.everything === true ? 'flush of all rows' : 'token_flush'
    case 'expiration':
      return `tokens valid ${formatDuration(action.expirationSec)}`
    case 'fault':
      return faultLabel(action.fault)
    case 'repair':
      return `end of ${faultLabel(action.fault)}`
  }
}

/** A step that is about to be applied: when it became due, why then (empty: its time had come), and who waits for its end. */
interface Due {
  readonly step: TimelineStep
  readonly dueSec: number
  readonly reason: string
  readonly ended: () => void
}

/** Enters all steps into the clock's agenda, or lets them wait for what they wait for. Returns those that wait for a person. */
export const runTimeline = (options: TimelineOptions): ManualSteps => {
  const { clock, control, fleet, recording, stopped } = options
  const manual = new ManualSteps(clock)
  const followers = new Map<number, (() => void)[]>()
  for (const step of options.steps) {
    const { waitsFor, atSec } = step
    const apply = (dueSec: number, reason: string): void => {
      if (stopped()) return
      // A flush deletes what had expired when it was due, so the step says when that was.
      begin(options, { step: { ...step, atSec: dueSec }, dueSec, reason, ended: () => endedAt(step) })
    }
    if (waitsFor === undefined) clock.at(micros(atSec), () => apply(atSec, ''))
    else if (waitsFor.after === 'previous-step') {
      const { position, forSec } = waitsFor
      const follow = (): void => {
        const dueSec = toSec(clock.now()) + forSec
        clock.at(micros(dueSec), () => apply(dueSec, ''))
      }
      followers.set(position, [...(followers.get(position) ?? []), follow])
    } else if (waitsFor.after === 'operator') {
      const met = (reason: string): void => apply(toSec(clock.now()), reason)
      manual.add({ label: stepLabel(step), latestSec: atSec, met })
    } else {
      const uuidSeenSec = (): number | null => recording.uuidSeenSec()
      const met = (reason: string): void => apply(toSec(clock.now()), reason)
      waitFor({
        condition: { ...waitsFor, after: waitsFor.after },
        latestSec: atSec,
        clock,
        control,
        fleet,
        uuidSeenSec,
        stopped,
        met,
      })
    }
  }
  const endedAt = ({ position }: TimelineStep): void => {
    if (position !== undefined) for (const follow of followers.get(position) ?? []) follow()
  }
  return manual
}

/** An application under way: knows when it was due and when it began. `waitFor`: the run does not end before it. */
const open = (options: TimelineOptions, { step, dueSec, reason }: Due, waitForEnd: boolean) => {
  const startedSec = toSec(options.clock.now())
  const startedMeasured = options.clock.measured()
  if (waitForEnd) options.underWay(1)
  return (result: StepResult, more: Partial<EventLine> = {}): void => {
    const { rowsDeleted } = result
    options.recording.event({
      kind: 'event',
      event: eventName(step),
      label: stepLabel(step),
      origin: step.origin,
      dueSec,
      startedSec,
      endedSec: toSec(options.clock.now()),
      ok: result.ok,
      note: [reason, result.note].filter((words) => words !== '').join('; '),
      tookMs: (options.clock.measured() - startedMeasured) / 1000,
      ...('fault' in step.action ? { fault: step.action.fault.id } : {}),
      ...(rowsDeleted === undefined ? {} : { rowsDeleted }),
      ...more,
    })
    if (waitForEnd) options.underWay(-1)
  }
}

/** `8 workers and 200 members restarted`. */
const restartNote = (hit: { readonly workers: number; readonly members: number }): string => {
  const said = (['workers', 'members'] as const)
    .filter((whom) => hit[whom] > 0)
    .map((whom) => `${hit[whom]} ${hit[whom] === 1 ? whom.slice(0, -1) : whom}`)
  return `${said.length === 0 ? 'nobody' : said.join(' and ')} restarted`
}

const begin = (options: TimelineOptions, due: Due): void => {
  const { step, ended } = due
  const { action } = step
  if (action.kind === 'cutover') beginCutover(options, due, action)
  else if (action.kind === 'flush') beginFlush(options, due)
  else {
    const close = open(options, due, true)
    if (action.kind === 'restart') {
      const hit = options.restart(action.target)
      options.control.apply(step, null, (result) => {
        close(
          { ok: result.ok, note: result.note === '' ? restartNote(hit) : result.note },
          { target: action.target },
        )
        ended()
      })
    } else {
      options.control.apply(step, null, (result) => {
        close(result)
        ended()
      })
    }
  }
}

/**
 * The look before shows the table as the flush finds it, the look after as it leaves it. The run does not end between
 * the two, else the record would end with rows that are gone.
 */
const beginFlush = (options: TimelineOptions, due: Due): void => {
  const look = (then: () => void): void =>
    options.control.table((size) => {
      if (size !== null)
        options.recording.table({ kind: 'table', atSec: toSec(options.clock.now()), ...size })
      then()
    })
  options.underWay(1)
  look(() => {
    const close = open(options, due, false)
    options.control.apply(due.step, null, (result) => {
      close(result)
      look(() => {
        options.underWay(-1)
        due.ended()
      })
    })
  })
}

/** All nodes at once, or one after the other with a gap between two beginnings. */
const beginCutover = (
  options: TimelineOptions,
  due: Due,
  action: Extract<TimelineStep['action'], { kind: 'cutover' }>,
): void => {
  const { clock, fleet } = options
  const nodes = action.nodes === 'all' ? Array.from({ length: options.nodes }, (_, i) => i + 1) : action.nodes
  const closeAll = open(options, due, false)
  let left = nodes.length
  const problems: string[] = []
  const switchNode = (node: number, dueSec: number): void => {
    const close = open(options, { ...due, dueSec, reason: '' }, true)
    options.control.apply(due.step, node, (result) => {
      close(result, {
        event: `cutover node ${node}`,
        label: `node ${node} → ${action.to}`,
        node,
        to: action.to,
      })
      if (result.ok) fleet.changed(node, action.to, toSec(clock.now()))
      else problems.push(`node ${node}: ${result.note}`)
      left--
      if (left > 0) return
      const note = problems.length === 0 ? `${nodes.length} backends` : problems.join('; ')
      closeAll({ ok: problems.length === 0, note }, { to: action.to })
      due.ended()
    })
  }
  options.control.table((size) => {
    if (size !== null) options.recording.table({ kind: 'table', atSec: toSec(clock.now()), ...size })
  })
  options.recording.markCutover(toSec(clock.now()))
  nodes.forEach((node, position) => {
    const dueSec = due.dueSec + position * (action.rollingGapSec ?? 0)
    if (dueSec <= toSec(clock.now())) switchNode(node, dueSec)
    else
      clock.at(micros(dueSec), () => {
        if (!options.stopped()) switchNode(node, dueSec)
      })
  })
}
