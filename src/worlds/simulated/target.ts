// What answers in the simulated world: the identity logic itself, behind a queue for each backend with modelled costs.
// A request is decided when it has been through its backend's queue, so what was changed meanwhile counts.
import { toSec, type Micros } from '../../base/time.js'
import { DefectError } from '../../base/errors.js'
import type { ApiReply, ApiRequest } from '../../clients/exchange.js'
import { drive, type Answer } from '../../identity/drive.js'
import { handle } from '../../identity/routes.js'
import type { Context } from '../../identity/context.js'
import type { Target } from '../../rehearsal/ports.js'
import { apiForm } from '../apiForm.js'
import { costUs, wireUs } from './costs.js'
import type { SimulatedDatabase } from './database.js'
import type { SimulatedNode } from './node.js'
import { RememberedAnswers } from './rememberedAnswers.js'
import type { VirtualClock } from './virtualClock.js'

const goodAnswer = {
  status: 200,
  failure: null,
  subjectToken: null,
  expiresAtSec: null,
  cause: null,
} as const

const noAnswer = (failure: NonNullable<ApiReply['failure']>, node: number): ApiReply => ({
  ...goodAnswer,
  status: 0,
  failure,
  node,
})

/** What a backend says that meets an error which it did not expect. */
const serverError = (node: number): ApiReply => ({ ...goodAnswer, status: 500, node })

/** A request on its way to a backend, and the life of the process that it was sent to. */
interface Way {
  readonly backend: SimulatedNode
  readonly life: number
  readonly node: number
  readonly request: ApiRequest
  readonly sent: Micros
  readonly done: (reply: ApiReply, sent: Micros) => void
}

export class SimulatedTarget implements Target {
  private readonly remembered = new RememberedAnswers()
  readonly nodes: number
  private readonly clock: VirtualClock
  private readonly fleet: readonly SimulatedNode[]
  private readonly database: SimulatedDatabase
  private readonly timeoutUs: number
  private readonly answer: Answer
  private readonly startsAtEpochSec: number
  private readonly all: readonly number[]
  /** What each node says of a token that is remembered as good. */
  private readonly goodAnswers: readonly ApiReply[]

  constructor(options: {
    clock: VirtualClock
    fleet: readonly SimulatedNode[]
    database: SimulatedDatabase
    timeoutMs: number
    answer: Answer
    startsAtEpochSec: number
  }) {
    this.clock = options.clock
    this.fleet = options.fleet
    this.database = options.database
    this.timeoutUs = options.timeoutMs * 1000
    this.answer = options.answer
    this.startsAtEpochSec = options.startsAtEpochSec
    this.nodes = options.fleet.length
    this.all = options.fleet.map((_, i) => i + 1)
    this.goodAnswers = this.all.map((node) => ({ ...goodAnswer, node }))
  }

  healthy(): readonly number[] {
    return this.all
  }

  /** First come, first served: the request waits for the process, keeps it busy, and is decided when it is through. */
  send(node: number, request: ApiRequest, done: (reply: ApiReply, sent: Micros) => void): void {
    const backend = this.fleet[node - 1] as SimulatedNode
    const sent = this.clock.now()
    if (!backend.up) {
      this.clock.at((sent + wireUs) as Micros, () => done(noAnswer('refused', node), sent))
      return
    }
    const { life } = backend
    const begins = Math.max(sent + wireUs / 2, backend.freeAt)
    backend.freeAt = begins + costUs(request, backend.identity.mode)
    const answeredAt = (backend.freeAt + wireUs / 2) as Micros
    this.clock.at(answeredAt, () => {
      if (backend.life === life && backend.gate.isOpen && this.database.isWell)
        done(this.decide(backend, node, request), sent)
      else this.struggle({ backend, life, node, request, sent, done })
    })
  }

  /** The way of a request on which something is wrong: it may wait, be lost, or be answered with an error. */
  private struggle(way: Way): void {
    const { backend, life, node, request, sent, done } = way
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
      else if (!database.serves(request, backend.identity.mode)) settle(serverError(node))
      // A server does what it was asked even if the client has given up meanwhile.
      else settle(this.decide(backend, node, request))
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
    if (request.op !== 'validate') return this.ask(context, node, request)
    if (this.remembered.isGood(request, context)) return this.goodAnswers[node - 1] as ApiReply
    const reply = this.ask(context, node, request)
    if (reply.status === 200) this.remembered.keep(request, context)
    return reply
  }

  private ask(context: Context, node: number, request: ApiRequest): ApiReply {
    const reply = drive(handle(apiForm(request), context), this.answer)
    if (reply instanceof Promise) throw new DefectError('the store in memory answered with a promise')
    const { issued } = reply
    return {
      status: reply.status,
      failure: null,
      subjectToken: issued?.id ?? null,
      expiresAtSec: issued === null ? null : issued.expiresAtSec - this.startsAtEpochSec,
      cause: reply.cause,
      node,
    }
  }
}
