// What answers in the simulated world: the identity logic itself, behind a queue for each backend with modelled costs.
// A request is decided when it has been through its backend's queue, so what was changed meanwhile counts.
import { toSec, type Micros } from '../../base/time.js'
import { DefectError } from '../../base/errors.js'
import type { ApiReply, ApiRequest } from '../../clients/exchange.js'
import { drive } from '../../identity/drive.js'
import { handle } from '../../identity/routes.js'
import type { Context } from '../../identity/context.js'
import type { HealthChecks } from '../../rehearsal/healthChecks.js'
import type { Receive, Target } from '../../rehearsal/ports.js'
import type { Scenario } from '../../scenario/scenario.js'
import { apiForm } from '../apiForm.js'
import { Meter } from '../costs/meter.js'
import { costTable, wireUs, type CostTable } from './costs.js'
import type { SimulatedDatabase } from './database.js'
import { endLife, type Away, type Job, type SimulatedNode, noAnswer } from './node.js'
import { RememberedAnswers } from './rememberedAnswers.js'
import type { SealedLedger } from './sealedLedger.js'
import type { VirtualClock } from './virtualClock.js'

const goodAnswer = {
  status: 200,
  failure: null,
  subjectToken: null,
  expiresAtSec: null,
  cause: null,
} as const

/** What a backend says that meets an error which it did not expect. */
const serverError = (node: number): ApiReply => ({ ...goodAnswer, status: 500, node })

export class SimulatedTarget implements Target {
  private readonly remembered: RememberedAnswers
  readonly nodes: number
  private readonly clock: VirtualClock
  private readonly fleet: readonly SimulatedNode[]
  private readonly database: SimulatedDatabase
  private readonly timeoutUs: number
  private readonly cached: boolean
  private readonly startsAtEpochSec: number
  private readonly processes: number
  /** Of each backend, in order. */
  private readonly costs: readonly CostTable[]
  private readonly byAnswer: boolean
  private readonly byEvents: boolean
  private readonly all: readonly number[]
  /** Whether costs follow from what answering a request took. */
  private readonly metered: boolean
  private meter: Meter | null = null
  /** What each node says of a token that is remembered as good. */
  private readonly goodAnswers: readonly ApiReply[]

  constructor(options: {
    clock: VirtualClock
    fleet: readonly SimulatedNode[]
    database: SimulatedDatabase
    scenario: Scenario
    ledger: SealedLedger
  }) {
    const { identity, limits, startsAtEpochSec } = options.scenario
    this.remembered = new RememberedAnswers(options.ledger)
    this.clock = options.clock
    this.fleet = options.fleet
    this.database = options.database
    this.timeoutUs = limits.requestTimeoutMs * 1000
    this.cached = identity.cache.backend !== 'none'
    this.startsAtEpochSec = startsAtEpochSec
    this.processes = identity.processes
    this.nodes = options.fleet.length
    this.all = options.fleet.map((_, i) => i + 1)
    this.costs = this.all.map((node) => costTable(identity, options.scenario.seed, node))
    this.byAnswer = this.costs.some(({ byAnswer }) => byAnswer)
    this.byEvents = this.costs.some(({ byEvents }) => byEvents)
    this.metered = identity.costs !== 'native'
    this.goodAnswers = this.all.map((node) => ({ ...goodAnswer, node }))
  }

  /** Clients that balance themselves ask these; null: they take every backend to be in service. */
  checks: HealthChecks | null = null

  healthy(): readonly number[] {
    return this.checks?.inService() ?? this.all
  }

  /** `/healthcheck`: answered by whoever is there, refused where nobody is, and not answered by one that hangs. */
  probe(node: number, done: (well: boolean) => void): void {
    const { up, gate, away } = this.node(node)
    const now = this.clock.now()
    const there = up && (away === null || now < away.refusedFrom)
    const silent = (up && !gate.isOpen) || (away !== null && now >= away.hangsFrom)
    if (!silent) this.clock.at((now + wireUs) as Micros, () => done(there))
  }

  /** First come, first served: a request waits for a process, keeps it busy, and is decided when it is through. */
  send(node: number, request: ApiRequest, done: Receive): void {
    const backend = this.node(node)
    const sent = this.clock.now()
    const job: Job = { node, request, sent, done }
    if (backend.away !== null) this.meet(backend.away, job)
    else if (backend.up) this.receive(job)
    else this.fail(job, 'refused', sent + wireUs)
  }

  /** A backend is restarted: what it has under way is broken off, and whoever comes meets what its phase is. */
  leave(node: number, away: Away): void {
    const backend = this.node(node)
    backend.away = away
    endLife(backend)
  }

  private node(node: number): SimulatedNode {
    return this.fleet[node - 1] as SimulatedNode
  }

  private meet({ refusedFrom, hangsFrom, backAt }: Away, job: Job): void {
    const now = this.clock.now()
    const timeoutAt = now + this.timeoutUs
    if (now < refusedFrom) this.fail(job, 'reset', refusedFrom)
    else if (now < hangsFrom) this.fail(job, 'refused', now + wireUs)
    else if (timeoutAt < backAt) this.fail(job, 'timeout', timeoutAt)
    // It came in order and is handed on in order: entries of one instant keep theirs.
    else this.clock.at(backAt as Micros, () => this.receive(job))
  }

  private fail({ node, sent, done }: Job, failure: NonNullable<ApiReply['failure']>, at: number): void {
    this.clock.at(at as Micros, () => done(noAnswer(failure, node), sent))
  }

  private receive(job: Job): void {
    const backend = this.node(job.node)
    if (backend.busy < this.processes) this.begin(backend, job, this.clock.now() + wireUs / 2)
    else backend.queue.push(job)
  }

  /** A process takes a request. Where the cost follows from the answer, that is found at once, and told when it is through. */
  private begin(backend: SimulatedNode, job: Job, begins: number): void {
    const { life } = backend
    const { node, request, sent, done } = job
    backend.busy++
    this.meter = null
    const known = this.byAnswer && this.isWell(backend) ? this.decide(backend, node, request) : null
    const freeAt =
      begins +
      (this.costs[node - 1] as CostTable).us({
        request,
        mode: backend.identity.mode,
        status: known?.status ?? null,
        events: this.byEvents ? backend.identity.revocationEvents : 0,
        inSystem: backend.busy + backend.queue.length,
        meter: this.meter,
      })
    this.clock.at((freeAt + wireUs / 2) as Micros, () => {
      if (backend.life === life) this.free(backend, freeAt)
      if (backend.life === life && this.isWell(backend))
        done(known ?? this.decide(backend, node, request), sent)
      else this.struggle(backend, life, job, known)
    })
  }

  /** A process is through; whoever has waited longest is next. */
  private free(backend: SimulatedNode, freeAt: number): void {
    backend.busy--
    const next = backend.queue.shift()
    if (next !== undefined) this.begin(backend, next, Math.max(next.sent + wireUs / 2, freeAt))
  }

  private isWell(backend: SimulatedNode): boolean {
    return backend.gate.isOpen && this.database.isWell
  }

  /** The way of a request on which something is wrong: it may wait, be lost, or be answered with an error. */
  private struggle(backend: SimulatedNode, life: number, job: Job, known: ApiReply | null): void {
    const { node, request, sent, done } = job
    const { clock, database } = this
    let settled = false
    const settle = (reply: ApiReply): void => {
      if (!settled) done(reply, sent)
      settled = true
    }
    const goOn = (): void => {
      if (backend.life !== life) settle(noAnswer('reset', node))
      else if (!backend.gate.isOpen) backend.gate.wait(goOn)
      else if (!database.gate.isOpen) database.gate.wait(goOn)
      else if (known === null && !database.serves(request, backend.identity.mode)) settle(serverError(node))
      // A server does what it was asked even if the client has given up meanwhile.
      else settle(known ?? this.decide(backend, node, request))
    }
    clock.at((sent + this.timeoutUs) as Micros, () => settle(noAnswer('timeout', node)))
    const delayUs = database.delayUs(request, backend.identity.mode)
    if (delayUs === 0) goOn()
    else clock.at((clock.now() + delayUs) as Micros, goOn)
  }

  private decide(backend: SimulatedNode, node: number, request: ApiRequest): ApiReply {
    const context = backend.identity.context(
      this.startsAtEpochSec + backend.aheadSec + toSec(this.clock.now()),
    )
    // With a cache an answer follows from more than what a remembered one is good for.
    if (request.op !== 'validate' || this.cached) return this.ask(backend, context, node, request)
    if (this.remembered.isGood(request, context)) return this.goodAnswers[node - 1] as ApiReply
    const reply = this.ask(backend, context, node, request)
    if (reply.status === 200) this.remembered.keep(request, context)
    return reply
  }

  private ask(backend: SimulatedNode, context: Context, node: number, request: ApiRequest): ApiReply {
    if (this.metered) this.meter = new Meter(backend.answer)
    const reply = drive(handle(apiForm(request), context), this.meter?.answer ?? backend.answer)
    if (reply instanceof Promise) throw new DefectError('the store in memory answered with a promise')
    const { issued } = reply
    const receipt = reply.status === 401 ? reply.headers['Openstack-Auth-Receipt'] : undefined
    const told: ApiReply = {
      status: reply.status,
      failure: null,
      subjectToken: issued?.id ?? null,
      expiresAtSec: issued === null ? null : issued.expiresAtSec - this.startsAtEpochSec,
      cause: reply.cause,
      node,
    }
    return receipt === undefined ? told : { ...told, receipt }
  }
}
