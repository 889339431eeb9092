// The engine: sends what the plan wants when it is due, applies the timeline, and records what became of it all.
// It knows a clock, a target and a control, and never asks which world they belong to.
import { micros, toSec, type Micros, type TimeMap } from '../base/time.js'
import { behaviours } from '../clients/behaviours.js'
import { answeredFromMemory } from '../clients/serviceCall.js'
import type { ApiReply, Ask, CallContext, HeldToken, Steps, TokenOnNode } from '../clients/exchange.js'
import type { Behaviour, Member } from '../clients/member.js'
import type { Cause, Leg, Op, Outcome, RefusalDetail, Sample } from '../measure/sample.js'
import type { EventLine, TableLine } from '../measure/record.js'
import { createArrivals } from '../scenario/arrivals.js'
import type { ClientClass, Scenario } from '../scenario/scenario.js'
import { isUuidToken } from '../token/uuid.js'
import { ArrivalFeed, type ArrivalSource } from './arrivalFeed.js'
import { Fleet } from './fleet.js'
import { outcomeForSender, outcomeAtKeystone } from './outcomes.js'
import type { Population } from './population.js'
import { Forensics } from './forensics.js'
import type { Clock, Control, Evidence, Target } from './ports.js'
import type { ManualStep, ManualSteps } from './manualSteps.js'
import { runTimeline } from './timeline.js'

/** What the engine tells of a run; the recorder of `measure/` is one. */
export interface Recording {
  record(sample: Sample): void
  table(line: TableLine): void
  event(line: EventLine): void
  /** The first node is about to switch: `before` ends here. */
  markCutover(atSec: number): void
  /** When Keystone last accepted a UUID token in a validation, scenario seconds; null if it never did. */
  uuidSeenSec(): number | null
  /** A member of a class was refused for the first time. */
  memberHit(clientClass: string): void
  /** A member was without a good call for so long: from its first bad one to its next good one, or the end of the run. */
  memberWithout(clientClass: string, seconds: number): void
  advance(nowSec: number): void
  /** A call that a service will answer from memory at `atSec`, now or later: like a sample of it, without its price. */
  quietCall?(clientClass: string, atSec: number): void
}

export interface EngineOptions {
  readonly scenario: Scenario
  /** The stretches as this world runs them: speed and share of the traffic. */
  readonly timeMap: TimeMap
  readonly population: Population
  readonly clock: Clock
  readonly target: Target
  readonly control: Control
  /** With it, each refusal is looked into; without, what the server says is all that is known. */
  readonly evidence?: Evidence
  readonly recording: Recording
  /** Due instants in place of the plan's own: a recorded schedule, replayed. */
  readonly schedule?: (clientClass: ClientClass, member: number) => ArrivalSource
  /** Width of an interval of the record, scenario seconds. */
  readonly intervalSec: number
  /** Called at each interval: for progress on a screen. */
  readonly onInterval: (nowSec: number) => void
  /** Called once, when scenario time has reached the end and nothing is under way. */
  readonly onEnd: () => void
}

/** Arrivals that wait for one busy member; beyond this they are shed and counted, so memory stays bounded. */
const backlogMax = 200

/** What a member has under way, and what has become due meanwhile. */
interface Lane {
  readonly member: Member
  readonly behaviour: Behaviour
  readonly arrivals: ArrivalSource
  busy: boolean
  /** It is known, and the choice was drawn, that the next call is not answered from memory. */
  asksNext: boolean
  readonly backlogSec: number[]
  /** Since when its calls have failed, scenario seconds; −1: the last one was good. */
  badSinceSec: number
  refused: boolean
}

/**
 * When steps of the timeline may change what clients and services hold: restarts, and whatever goes wrong. Null if one of
 * them waits for something, so that its time is not known.
 */
const clientsChangeAt = (scenario: Scenario): readonly number[] | null => {
  const steps = scenario.timeline.filter(({ action }) => ['restart', 'fault', 'repair'].includes(action.kind))
  return steps.some(({ waitsFor }) => waitsFor !== undefined)
    ? null
    : steps.map(({ atSec }) => atSec).sort((a, b) => a - b)
}

/** Everybody's arrivals as one stream. */
const arrivalsOf = (
  { scenario, population, timeMap, schedule }: EngineOptions,
  nextSec: (lane: Lane) => number,
): ArrivalFeed<Lane> => {
  const { seed, durationSec, startsAtEpochSec } = scenario
  const { stretches } = timeMap
  const members: (readonly [Lane, ArrivalSource])[] = []
  let perSec = 0
  for (const clientClass of scenario.clients) {
    perSec += clientClass.members / clientClass.everySec
    const behaviour = behaviours[clientClass.behaviour]
    for (const member of population.membersOf(clientClass.name)) {
      const arrivals =
        schedule?.(clientClass, member.index) ??
        createArrivals({
          seed,
          clientClass,
          member: member.index,
          stretches,
          durationSec,
          startsAtEpochSec,
        })
      const lane: Lane = {
        member,
        behaviour,
        arrivals,
        busy: false,
        asksNext: false,
        backlogSec: [],
        badSinceSec: -1,
        refused: false,
      }
      members.push([lane, { next: () => nextSec(lane) }])
    }
  }
  return new ArrivalFeed(members, durationSec, perSec)
}

export class Engine {
  private readonly options: EngineOptions
  private readonly sample: Sample
  private readonly feed: ArrivalFeed<Lane>
  private readonly forensics: Forensics | null
  /** When steps change what clients or services hold, ascending; null: nobody can say. */
  private readonly clientsChange: readonly number[] | null
  private stopped = false
  /** Stopped before its time: what waits for a busy member is shed. At the planned end it is still sent. */
  private cutShort = false
  private ended = false
  private underWay = 0
  private calls = 0
  private manual: ManualSteps | null = null
  /** Members whose last call failed. */
  private readonly down = new Set<Lane>()

  constructor(options: EngineOptions) {
    this.options = options
    const { scenario, clock, evidence } = options
    this.forensics = evidence === undefined ? null : new Forensics({ scenario, clock, evidence })
    this.clientsChange = clientsChangeAt(options.scenario)
    this.feed = arrivalsOf(options, (lane) => this.nextArrival(lane))
    this.sample = {
      clientClass: '',
      leg: 'client',
      op: 'call',
      outcome: 'ok',
      status: 0,
      cause: null,
      node: 0,
      format: null,
      waited: false,
      atSec: 0,
      due: micros(0),
      sent: micros(0),
      done: micros(0),
    }
  }

  /** Calls begun so far. */
  get callCount(): number {
    return this.calls
  }

  /** Enters everything that the plan wants into the clock's agenda. */
  start(): void {
    const { scenario, population, clock, control, recording } = this.options
    this.awaitArrival()
    const { nodes } = this.options.target
    const fleet = new Fleet(nodes, scenario.identity.provider)
    fleet.onChange(() => population.fleetChanged(fleet))
    this.manual = runTimeline({
      steps: scenario.timeline,
      nodes,
      fleet,
      clock,
      control: this.forensics?.watch(control) ?? control,
      recording,
      restart: (target) => population.restart(target),
      stopped: () => this.stopped,
      underWay: (change) => {
        this.underWay += change
        if (this.stopped) this.finishWhenIdle()
      },
    })
    this.tick(0)
    clock.at(micros(scenario.durationSec), () => this.wind())
  }

  /** The steps that wait for somebody to ask for them, in the order of the file. */
  manualSteps(): readonly ManualStep[] {
    return this.stopped ? [] : (this.manual?.waiting() ?? [])
  }

  /** Does a step that waits for that; false if none with this number does. */
  trigger(number: number): boolean {
    return !this.stopped && this.manual?.trigger(number) === true
  }

  /** Stops sending; what is under way ends, what waits for it is shed, then `onEnd` is called. */
  stop(): void {
    this.cutShort = true
    this.wind()
  }

  /** One entry in the clock's agenda stands for all arrivals: the next one. */
  private awaitArrival(): void {
    const dueSec = this.feed.nextSec()
    if (dueSec < Infinity) this.options.clock.at(micros(dueSec), this.arrive)
  }

  private readonly arrive = (): void => {
    if (this.stopped) return
    const dueSec = this.feed.nextSec()
    const lane = this.feed.owner()
    if (lane.busy) this.queue(lane, dueSec)
    else this.begin(lane, dueSec, false)
    this.feed.pass()
    this.awaitArrival()
  }

  /**
   * The next instant of a member at which something is to be decided. Most calls are answered by a service from memory,
   * and what it remembers is settled until it ends, or until a step changes what clients and services hold. Where time
   * jumps, such calls are counted in advance; they come to the same counts as if each had its own turn.
   */
  private nextArrival(lane: Lane): number {
    let dueSec = lane.arrivals.next()
    const { recording, clock, scenario } = this.options
    if (lane.busy || clock.jumps !== true || recording.quietCall === undefined) return dueSec
    if (this.clientsChange === null || scenario.middleware.threads !== null) return dueSec
    if (lane.behaviour.severalSteps === true) return dueSec
    const settledSec = this.clientsChange.find((sec) => sec >= toSec(clock.now())) ?? Infinity
    const { member } = lane
    while (dueSec < settledSec) {
      const atSec = toSec(micros(dueSec))
      if (!answeredFromMemory(member, atSec)) {
        lane.asksNext = true
        break
      }
      this.calls++
      recording.quietCall(member.className, atSec)
      dueSec = lane.arrivals.next()
    }
    return dueSec
  }

  private queue(lane: Lane, dueSec: number): void {
    if (lane.backlogSec.length < backlogMax) lane.backlogSec.push(dueSec)
    else this.shed(lane, dueSec)
  }

  private shed(lane: Lane, dueSec: number): void {
    const now = this.options.clock.measured()
    const due = this.options.clock.measuredAt(micros(dueSec))
    this.note(lane.member.className, 'client', 'call', 'shed', 0, null, 0, null, due, now, now, true)
  }

  /** Begins one call of a member. `waited`: the member itself was busy at its due time. */
  private begin(lane: Lane, dueSec: number, waited: boolean): void {
    this.calls++
    const { clock } = this.options
    const { member } = lane
    const due = clock.measuredAt(micros(dueSec))
    const begun = clock.measured()
    const { asksNext } = lane
    lane.asksNext = false
    if (!asksNext && lane.behaviour.severalSteps !== true && answeredFromMemory(member, toSec(clock.now()))) {
      this.note(member.className, 'client', 'call', 'ok', 200, null, 0, null, due, begun, begun, waited)
      if (lane.badSinceSec >= 0) this.recovered(lane)
      return
    }
    const call = new Call(this, lane, due, begun, waited)
    lane.busy = true
    this.underWay++
    this.resume(call, lane.behaviour.call(member, call), lane, null)
  }

  /** Runs a call until it asks for something or ends. */
  private resume(call: Call, steps: Steps<void>, lane: Lane, reply: ApiReply | null): void {
    const step = steps.next(reply)
    if (step.done === true) {
      this.endCall(lane)
      return
    }
    const ask = step.value
    const { clock, target } = this.options
    if (ask.kind === 'pause') {
      if (ask.leftAtEnd === true && toSec(clock.now()) + ask.seconds >= this.options.scenario.durationSec) {
        this.endCall(lane)
        return
      }
      clock.at(micros(toSec(clock.now()) + ask.seconds), () => this.resume(call, steps, lane, null))
      return
    }
    if (ask.kind === 'wait') {
      // Through the agenda, so that a chain of those who wait for each other is no chain of calls.
      ask.enter(() =>
        clock.at(clock.now(), () => {
          call.waitedForOthers()
          this.resume(call, steps, lane, null)
        }),
      )
      return
    }
    const due = call.takeDue(clock)
    const node = this.chooseNode(lane.member)
    target.send(node, ask.request, (answer, sent) => {
      const outcome = this.noteExchange(ask, answer, due, sent, clock.measured(), call.waited)
      // A service's own exchange is not the member's.
      if (ask.by === lane.member.className) this.felt(lane, ask.request.op, outcome)
      this.resume(call, steps, lane, answer)
    })
  }

  private endCall(lane: Lane): void {
    this.underWay--
    if (this.cutShort) for (const dueSec of lane.backlogSec.splice(0)) this.shed(lane, dueSec)
    lane.busy = false
    while (!lane.busy && lane.backlogSec.length > 0) this.begin(lane, lane.backlogSec.shift() as number, true)
    if (this.stopped) this.finishWhenIdle()
  }

  private chooseNode(member: Member): number {
    const healthy = this.options.target.healthy()
    return healthy.length === 0
      ? 1 + member.random.int(this.options.target.nodes)
      : member.random.pick(healthy)
  }

  /** One exchange with Keystone gives a sample of what Keystone answered and one of what the sender made of it. */
  private noteExchange(
    ask: Extract<Ask, { kind: 'keystone' }>,
    reply: ApiReply,
    due: Micros,
    sent: Micros,
    done: Micros,
    waited: boolean,
  ): Outcome {
    const op = ask.request.op
    const issued = reply.subjectToken
    const format = ask.format ?? (issued === null ? null : isUuidToken(issued) ? 'uuid' : 'fernet')
    const refusedSender = reply.status === 401 || op !== 'validate'
    const atKeystone = outcomeAtKeystone(reply)
    const cause = atKeystone === 'rejected' ? (reply.cause ?? 'unknown-token') : null
    const judged = refusedSender ? ask.by : ask.judged
    const { tokens } = ask
    const detail =
      cause === null || tokens === undefined
        ? null
        : this.detailOf(reply.status === 401 ? tokens.caller : tokens.subject, reply.node, cause, sent, done)
    this.note(
      judged,
      'keystone',
      op,
      atKeystone,
      reply.status,
      cause,
      reply.node,
      format,
      due,
      sent,
      done,
      waited,
      detail,
    )
    const outcome = outcomeForSender(ask, reply)
    const senderCause = outcome === 'rejected' ? cause : null
    this.note(
      ask.by,
      'client',
      op,
      outcome,
      reply.status,
      senderCause,
      reply.node,
      format,
      due,
      sent,
      done,
      waited,
      detail,
    )
    return outcome
  }

  /** What an exchange was to the member: its first refusal, the beginning or the end of a time without a good call. */
  felt(lane: Lane, op: Op, outcome: Outcome): void {
    if (outcome === 'rejected' && !lane.refused) {
      lane.refused = true
      this.options.recording.memberHit(lane.member.className)
    }
    if (outcome !== 'ok') {
      if (lane.badSinceSec < 0) {
        lane.badSinceSec = toSec(this.options.clock.now())
        this.down.add(lane)
      }
    } else if (lane.badSinceSec >= 0 && (op === 'call' || op === 'validate')) this.recovered(lane)
  }

  private recovered(lane: Lane): void {
    const seconds = toSec(this.options.clock.now()) - lane.badSinceSec
    lane.badSinceSec = -1
    this.down.delete(lane)
    this.options.recording.memberWithout(lane.member.className, seconds)
  }

  /** What is known of a refused token; null where nobody looks. */
  describe({ token, node }: TokenOnNode): RefusalDetail | null {
    return this.forensics?.describe(token, node) ?? null
  }

  /** The same, and whether its holder would have said the same of it. */
  detailOf(token: HeldToken, node: number, cause: Cause, sent: Micros, done: Micros): RefusalDetail | null {
    return this.forensics?.judge(token, node, cause, sent, done) ?? null
  }

  note(
    clientClass: string,
    leg: Leg,
    op: Op,
    outcome: Outcome,
    status: number,
    cause: Cause | null,
    node: number,
    format: HeldToken['format'] | null,
    due: Micros,
    sent: Micros,
    done: Micros,
    waited: boolean,
    detail: RefusalDetail | null = null,
  ): void {
    const { sample } = this
    sample.clientClass = clientClass
    sample.leg = leg
    sample.op = op
    sample.outcome = outcome
    sample.status = status
    sample.cause = cause
    sample.node = node
    sample.format = format
    sample.waited = waited
    sample.detail = detail
    sample.atSec = toSec(this.options.clock.now())
    sample.due = due
    sample.sent = sent
    sample.done = done
    this.options.recording.record(sample)
  }

  get startsAtEpochSec(): number {
    return this.options.scenario.startsAtEpochSec
  }

  get clock(): Clock {
    return this.options.clock
  }

  /** Once an interval: closes it in the record, and asks the store for the size of the table. */
  private tick(fromSec: number): void {
    if (this.ended) return
    const { clock, control, recording, intervalSec, scenario, timeMap } = this.options
    recording.advance(fromSec)
    this.options.onInterval(fromSec)
    control.table((size) => {
      if (size !== null && !this.ended) recording.table({ kind: 'table', atSec: toSec(clock.now()), ...size })
    })
    // A store of a real database is asked at most once a real second.
    const everySec = Math.max(
      intervalSec,
      Math.ceil(timeMap.stretchAt(fromSec).speed / intervalSec) * intervalSec,
    )
    const next = Math.min(fromSec + everySec, scenario.durationSec)
    if (next > fromSec && !this.stopped) clock.at(micros(next), () => this.tick(next))
  }

  private wind(): void {
    if (this.stopped) return
    this.stopped = true
    this.finishWhenIdle()
  }

  private finishWhenIdle(): void {
    if (this.ended || this.underWay > 0) return
    this.ended = true
    for (const lane of this.down) this.recovered(lane)
    this.options.onEnd()
  }
}

/** One call of a member while it runs: its instants, and what the behaviour reports of it. */
class Call implements CallContext {
  private readonly engine: Engine
  private readonly lane: Lane
  private readonly due: Micros
  /** The exchange with a service that comes next: first due with the call, later when the one before it ended. */
  private legDue: Micros
  private legSent: Micros
  private asked = false
  waited: boolean

  constructor(engine: Engine, lane: Lane, due: Micros, begun: Micros, waited: boolean) {
    this.engine = engine
    this.lane = lane
    this.due = due
    this.legDue = due
    this.legSent = begun
    this.waited = waited
  }

  nowSec(): number {
    return toSec(this.engine.clock.now())
  }

  epochSec(): number {
    return this.engine.startsAtEpochSec + this.nowSec()
  }

  startsAnew(): void {
    const now = this.engine.clock.measured()
    this.legDue = now
    this.legSent = now
    this.waited = true
    this.asked = true
  }

  /** The first request to Keystone was due when the call was; each later one when the reply before it came. */
  takeDue(clock: Clock): Micros {
    if (this.asked) return clock.measured()
    this.asked = true
    return this.due
  }

  /** What it asks now was not due before: it stood in a queue of its service, which is no lateness of the generator. */
  waitedForOthers(): void {
    this.asked = true
  }

  saw(op: Op, outcome: Outcome, status: number, cause: Cause | null, of?: TokenOnNode): void {
    const now = this.engine.clock.measured()
    const { className } = this.lane.member
    this.engine.note(
      className,
      'client',
      op,
      outcome,
      status,
      cause,
      0,
      null,
      this.legDue,
      this.legSent,
      now,
      this.waited,
      outcome === 'rejected' && of !== undefined ? this.engine.describe(of) : null,
    )
    this.engine.felt(this.lane, op, outcome)
    this.legDue = now
    this.legSent = now
    // What comes next is sent at once, and says nothing of the generator's lateness.
    this.waited = true
  }
}
