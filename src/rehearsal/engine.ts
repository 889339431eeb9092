// The engine: sends what the plan wants when it is due, applies the timeline, and records what became of it all.
// It knows a clock, a target and a control, and never asks which world they belong to.
import { micros, toSec } from '../base/time.js'
import { answeredFromMemory } from '../clients/serviceCall.js'
import type { ApiReply, Steps } from '../clients/exchange.js'
import type { Member } from '../clients/member.js'
import type { ArrivalFeed } from './arrivalFeed.js'
import { Call, type CallSurroundings } from './call.js'
import { Fleet } from './fleet.js'
import { Forensics } from './forensics.js'
import { arrivalsOf, clientsChangeAt, type ArrivalsWanted, type Lane } from './lanes.js'
import { Lapses } from './lapses.js'
import type { ManualStep, ManualSteps } from './manualSteps.js'
import { Notes } from './notes.js'
import type { Clock, Control, Evidence, Recording, Target } from './ports.js'
import { runTimeline } from './timeline.js'

export interface EngineOptions extends ArrivalsWanted {
  readonly clock: Clock
  readonly target: Target
  readonly control: Control
  /** With it, each refusal is looked into; without, what the server says is all that is known. */
  readonly evidence?: Evidence
  readonly recording: Recording
  /** Width of an interval of the record, scenario seconds. */
  readonly intervalSec: number
  /** Called at each interval: for progress on a screen. */
  readonly onInterval: (nowSec: number) => void
  /** Called once, when scenario time has reached the end and nothing is under way. */
  readonly onEnd: () => void
}

/** Arrivals that wait for one busy member; beyond this they are shed and counted, so memory stays bounded. */
const backlogMax = 200

export class Engine {
  private readonly options: EngineOptions
  private readonly feed: ArrivalFeed<Lane>
  private readonly forensics: Forensics | null
  private readonly notes: Notes
  private readonly lapses: Lapses
  private readonly surroundings: CallSurroundings
  /** When steps change what clients or services hold, ascending; null: nobody can say. */
  private readonly clientsChange: readonly number[] | null
  private stopped = false
  /** Stopped before its time: what waits for a busy member is shed. At the planned end it is still sent. */
  private cutShort = false
  private ended = false
  private underWay = 0
  private calls = 0
  private manual: ManualSteps | null = null

  constructor(options: EngineOptions) {
    this.options = options
    const { scenario, clock, evidence, recording } = options
    this.forensics = evidence === undefined ? null : new Forensics({ scenario, clock, evidence })
    this.notes = new Notes({ clock, recording, forensics: this.forensics })
    this.lapses = new Lapses(clock, recording)
    const { startsAtEpochSec } = scenario
    this.surroundings = { clock, startsAtEpochSec, notes: this.notes, lapses: this.lapses }
    this.clientsChange = clientsChangeAt(options.scenario)
    this.feed = arrivalsOf(options, (lane) => this.nextArrival(lane))
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
    this.notes.note(lane.member.className, 'client', 'call', 'shed', 0, null, 0, null, due, now, now, true)
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
      this.notes.note(member.className, 'client', 'call', 'ok', 200, null, 0, null, due, begun, begun, waited)
      if (lane.badSinceSec >= 0) this.lapses.recovered(lane)
      return
    }
    const call = new Call(this.surroundings, lane, { due, begun, waited })
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
      call.goesOn(null)
      clock.at(micros(toSec(clock.now()) + ask.seconds), () => this.resume(call, steps, lane, null))
      return
    }
    if (ask.kind === 'wait') {
      // Through the agenda, so that a chain of those who wait for each other is no chain of calls.
      call.goesOn(null)
      ask.enter(() =>
        clock.at(clock.now(), () => {
          call.waitedForOthers()
          this.resume(call, steps, lane, null)
        }),
      )
      return
    }
    const due = call.takeDue()
    const node = this.chooseNode(lane.member)
    target.send(node, ask.request, (answer, sent, received) => {
      const answered = received ?? clock.measured()
      const outcome = this.notes.exchange(ask, answer, due, sent, answered, call.waited)
      call.goesOn(answered)
      // A service's own exchange is not the member's.
      if (ask.by === lane.member.className) this.lapses.felt(lane, ask.request.op, outcome)
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
    this.lapses.end()
    this.options.onEnd()
  }
}
