// A stage for the engine: a scenario, a virtual clock, and a Keystone and an operator that play by a test's script.
// It exists so that a test of the engine says what the world does and looks at what was recorded.
import { micros, TimeMap, toSec, type Micros } from '../../src/base/time.js'
import type { ApiReply, ApiRequest } from '../../src/clients/exchange.js'
import type { EventLine, TableLine } from '../../src/measure/record.js'
import type { Sample } from '../../src/measure/sample.js'
import { planCloud } from '../../src/rehearsal/cloudPlan.js'
import { Engine } from '../../src/rehearsal/engine.js'
import { Population } from '../../src/rehearsal/population.js'
import type { Clock, Receive, StepResult } from '../../src/rehearsal/ports.js'
import { TokenPlan } from '../../src/rehearsal/tokenPlan.js'
import { createArrivals } from '../../src/scenario/arrivals.js'
import { parseScenario } from '../../src/scenario/parse.js'
import type { Scenario, TimelineStep } from '../../src/scenario/scenario.js'
import { VirtualClock } from '../../src/worlds/simulated/virtualClock.js'

export const scenarioOf = (text: string): Scenario =>
  parseScenario({ file: 'test.yaml', text, checkGate: () => [] }).scenario

/** A clock that measures in a time of its own: a second of it is so many seconds of the scenario. */
class FastClock implements Clock {
  readonly jumps?: true
  private readonly inner: VirtualClock
  private readonly speed: number

  constructor(inner: VirtualClock, options: StageOptions) {
    this.inner = inner
    this.speed = options.speed ?? 1
    if (options.countsAhead === true) this.jumps = true
  }

  now(): Micros {
    return this.inner.now()
  }

  at(when: Micros, run: () => void): void {
    this.inner.at(when, run)
  }

  measured(): Micros {
    return this.measuredAt(this.inner.now())
  }

  measuredAt(when: Micros): Micros {
    return (when / this.speed) as Micros
  }
}

/** A request as the scripted Keystone got it. */
export interface SentRequest {
  readonly node: number
  readonly request: ApiRequest
  readonly atSec: number
}

/** What Keystone makes of a request: a reply, so many seconds later. */
export interface Answer extends Partial<ApiReply> {
  readonly afterSec?: number
  /** How long it lay there, read, before it was handed on. */
  readonly layFor?: number
}

/** What became of a step, so many seconds later; at once, within the call, if that is null. */
export interface Deed extends Partial<StepResult> {
  readonly afterSec?: number | null
}

export interface StageOptions {
  readonly scenario: string
  /** Half of the run unless it is said. */
  readonly intervalSec?: number
  /** Scenario seconds in a second of the time in which responses are measured. */
  readonly speed?: number
  /** Time jumps, and the record takes calls that lie ahead. */
  readonly countsAhead?: boolean
  readonly healthy?: () => readonly number[]
  readonly answer?: (sent: SentRequest) => Answer
  readonly perform?: (step: TimelineStep, node: number | null) => Deed
  /** When the last row of the table expires, as the store says at an instant; nobody can say where this is not given. */
  readonly lastExpiry?: (nowSec: number) => { readonly atSec: number | null } | null
  /** When Keystone last accepted a UUID token, as the record says at an instant. */
  readonly uuidSeenSec?: (nowSec: number) => number | null
  /** Seconds that a look at the table takes; null: it is answered within the call. */
  readonly lookSec?: number | null
}

export class EngineStage {
  readonly scenario: Scenario
  readonly population: Population
  readonly engine: Engine
  readonly sent: SentRequest[] = []
  readonly samples: Sample[] = []
  readonly events: EventLine[] = []
  readonly tables: TableLine[] = []
  /** What happened around the table, in order: `look`, `flush`, `flushed`, `end`. */
  readonly story: string[] = []
  /** Instants at which a switch was announced to the record. */
  readonly marks: number[] = []
  /** First refusals of members: the class, and when. */
  readonly hits: (readonly [string, number])[] = []
  /** Times without a good call that members had: the class, and how long. */
  readonly without: (readonly [string, number])[] = []
  /** Calls that were counted in advance: the class, and when. */
  readonly quiet: (readonly [string, number])[] = []
  readonly advances: number[] = []
  readonly ends: number[] = []
  private readonly virtual = new VirtualClock()
  private readonly options: StageOptions

  constructor(options: StageOptions) {
    this.options = options
    this.scenario = scenarioOf(options.scenario)
    const { scenario } = this
    const cloud = planCloud(scenario, '')
    this.population = new Population({
      scenario,
      cloud,
      tokens: new TokenPlan(scenario, cloud),
      sealer: null,
    })
    this.engine = new Engine({
      scenario,
      timeMap: new TimeMap([{ untilSec: scenario.durationSec, speed: 1, traffic: 1 }]),
      population: this.population,
      clock: new FastClock(this.virtual, options),
      target: {
        nodes: scenario.identity.backends,
        healthy:
          options.healthy ?? (() => Array.from({ length: scenario.identity.backends }, (_, i) => i + 1)),
        send: (node, request, done) => this.receive(node, request, done),
      },
      control: {
        apply: (step, node, done) => this.apply(step, node, done),
        table: (done) => this.look(done),
        lastExpiry: (done) => done(options.lastExpiry?.(this.nowSec) ?? null),
      },
      recording: {
        record: (sample) => this.samples.push({ ...sample }),
        table: (line) => {
          this.tables.push(line)
        },
        event: (line) => {
          this.events.push(line)
        },
        markCutover: (atSec) => this.marks.push(atSec),
        memberHit: (className) => this.hits.push([className, this.nowSec]),
        memberWithout: (className, seconds) => this.without.push([className, seconds]),
        uuidSeenSec: () => options.uuidSeenSec?.(this.nowSec) ?? null,
        advance: (nowSec) => this.advances.push(nowSec),
        ...(options.countsAhead === true
          ? { quietCall: (className: string, atSec: number) => this.quiet.push([className, atSec]) }
          : {}),
      },
      intervalSec: options.intervalSec ?? scenario.durationSec / 2,
      onInterval: () => {},
      onEnd: () => {
        this.ends.push(this.nowSec)
        this.story.push('end')
      },
    })
  }

  get nowSec(): number {
    return toSec(this.virtual.now())
  }

  /** Runs something when scenario time has come that far. */
  at(sec: number, run: () => void): void {
    this.virtual.at(micros(sec), run)
  }

  /** Starts the engine and lets time pass until nothing is left to happen. */
  run(): this {
    this.engine.start()
    while (this.virtual.run(1000));
    return this
  }

  /** What clients felt. */
  get felt(): readonly Sample[] {
    return this.samples.filter(({ leg }) => leg === 'client')
  }

  /** The due instants of a class, member by member, as the plan has them. */
  planned(className: string): readonly (readonly number[])[] {
    const clientClass = this.scenario.clients.find(({ name }) => name === className)
    if (clientClass === undefined) throw new Error(`no class ${className}`)
    const { seed, durationSec } = this.scenario
    const stretches = [{ untilSec: durationSec, speed: 1, traffic: 1 }]
    return Array.from({ length: clientClass.members }, (_, member) => {
      const arrivals = createArrivals({ seed, clientClass, member, stretches, durationSec })
      const instants: number[] = []
      for (let next = arrivals.next(); next < durationSec; next = arrivals.next()) instants.push(next)
      return instants
    })
  }

  private receive(node: number, request: ApiRequest, done: Receive): void {
    const sent: SentRequest = { node, request, atSec: this.nowSec }
    this.sent.push(sent)
    const sentAt = (this.virtual.now() / (this.options.speed ?? 1)) as Micros
    const { afterSec = 0.01, layFor = 0, ...reply } = this.options.answer?.(sent) ?? {}
    const issues = request.op === 'issue' || request.op === 'trust-issue'
    const usual: ApiReply = {
      status: issues ? 201 : 200,
      failure: null,
      subjectToken: issues ? this.sent.length.toString(16).padStart(32, '0') : null,
      expiresAtSec: issues ? this.nowSec + this.scenario.identity.expirationSec : null,
      cause: null,
      node,
    }
    const given = { ...usual, ...reply }
    const refused = given.status >= 400 || given.status === 0
    const told = refused ? { ...given, subjectToken: null, expiresAtSec: null } : given
    const { virtual } = this
    this.at(this.nowSec + afterSec, () => {
      const received = (virtual.now() / (this.options.speed ?? 1)) as Micros
      if (layFor === 0) done(told, sentAt)
      else this.at(this.nowSec + layFor, () => done(told, sentAt, received))
    })
  }

  private apply(step: TimelineStep, node: number | null, done: (result: StepResult) => void): void {
    const { afterSec = 1, ok = true, note = '' } = this.options.perform?.(step, node) ?? {}
    if (step.action.kind === 'flush') this.story.push('flush')
    const end = (): void => {
      if (step.action.kind === 'flush') this.story.push('flushed')
      done({ ok, note })
    }
    if (afterSec === null) end()
    else this.at(this.nowSec + afterSec, end)
  }

  private look(done: (size: { rows: number; bytes: number | null }) => void): void {
    const { lookSec = 0.1 } = this.options
    const end = (): void => {
      this.story.push('look')
      done({ rows: 1000 - this.story.length, bytes: null })
    }
    if (lookSec === null) end()
    else this.at(this.nowSec + lookSec, end)
  }
}
