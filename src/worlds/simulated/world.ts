// The simulated world: the identity logic itself over a store in memory, with modelled costs and queues.
// A day passes in seconds, and the same seed gives the same day.
import { TimeMap, toSec, type Micros } from '../../base/time.js'
import { DefectError } from '../../base/errors.js'
import { Random } from '../../base/random.js'
import type { ApiReply, ApiRequest } from '../../clients/exchange.js'
import { answerFrom, drive, type Answer } from '../../identity/drive.js'
import { handle } from '../../identity/routes.js'
import { createMemoryStore, type MemoryStore } from '../../identity/memoryStore.js'
import { createDerived, type Context } from '../../identity/context.js'
import { releaseProfiles } from '../../identity/release.js'
import type { Control, StepResult, Target } from '../../rehearsal/ports.js'
import { planCloud, rehearsalPassword } from '../../rehearsal/cloudPlan.js'
import { Population } from '../../rehearsal/population.js'
import { TokenPlan } from '../../rehearsal/tokenPlan.js'
import { tokenRows } from '../../rehearsal/tokenRows.js'
import type { Scenario, TimelineStep } from '../../scenario/scenario.js'
import { fernetKeyFromBytes } from '../../token/fernet.js'
import { rotateRing, setupRing, type KeyRing } from '../../token/keyring.js'
import { issues } from '../../token/mode.js'
import { apiForm } from '../apiForm.js'
import { IdentityNode } from '../identityNode.js'
import type { OpenWorldOptions, World } from '../world.js'
import { costUs, wireUs } from './costs.js'
import { RememberedAnswers } from './rememberedAnswers.js'
import { SealedLedger } from './sealedLedger.js'
import { VirtualClock } from './virtualClock.js'

/** Passwords cost nothing here but the time that the cost table charges. */
const openPasswords = {
  hash: (password: string) => password,
  verify: (password: string, hash: string) => password === hash,
}

/** Entries of the agenda that are run before the event loop gets its turn, for progress and Ctrl-C. */
const entriesAtOnce = 20_000

/** One backend: its identity logic, its keys, and when its one process is free again. */
interface SimulatedNode {
  readonly identity: IdentityNode
  ring: KeyRing
  freeAt: number
}

const goodAnswer = {
  status: 200,
  failure: null,
  subjectToken: null,
  expiresAtSec: null,
  cause: null,
} as const

class SimulatedTarget implements Target {
  private readonly remembered = new RememberedAnswers()
  readonly nodes: number
  private readonly clock: VirtualClock
  private readonly fleet: readonly SimulatedNode[]
  private readonly answer: Answer
  private readonly startsAtEpochSec: number
  private readonly all: readonly number[]

  constructor(options: {
    clock: VirtualClock
    fleet: readonly SimulatedNode[]
    answer: Answer
    startsAtEpochSec: number
  }) {
    this.clock = options.clock
    this.fleet = options.fleet
    this.answer = options.answer
    this.startsAtEpochSec = options.startsAtEpochSec
    this.nodes = options.fleet.length
    this.all = options.fleet.map((_, i) => i + 1)
  }

  healthy(): readonly number[] {
    return this.all
  }

  /** First come, first served: the request waits for the process, keeps it busy, and is decided when it is through. */
  send(node: number, request: ApiRequest, done: (reply: ApiReply, sent: Micros) => void): void {
    const backend = this.fleet[node - 1] as SimulatedNode
    const sent = this.clock.now()
    const begins = Math.max(sent + wireUs / 2, backend.freeAt)
    backend.freeAt = begins + costUs(request, backend.identity.mode)
    const answeredAt = (backend.freeAt + wireUs / 2) as Micros
    this.clock.at(answeredAt, () => done(this.decide(backend, node, request), sent))
  }

  private decide(backend: SimulatedNode, node: number, request: ApiRequest): ApiReply {
    const context = backend.identity.context(this.startsAtEpochSec + toSec(this.clock.now()))
    if (request.op !== 'validate') return this.ask(context, node, request)
    if (this.remembered.isGood(request, context)) return { ...goodAnswer, node }
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

class SimulatedControl implements Control {
  private readonly scenario: Scenario
  private readonly fleet: readonly SimulatedNode[]
  private readonly store: MemoryStore
  private readonly random: Random
  private origin: KeyRing

  constructor(options: {
    scenario: Scenario
    fleet: readonly SimulatedNode[]
    store: MemoryStore
    origin: KeyRing
    random: Random
  }) {
    this.scenario = options.scenario
    this.fleet = options.fleet
    this.store = options.store
    this.origin = options.origin
    this.random = options.random
  }

  apply(step: TimelineStep, node: number | null, done: (result: StepResult) => void): void {
    const { action } = step
    switch (action.kind) {
      case 'cutover':
        for (const backend of this.chosen(node === null ? 'all' : [node])) backend.identity.mode = action.to
        done({ ok: true, note: '' })
        return
      case 'keys.rotate': {
        const fresh = fernetKeyFromBytes(this.random.bytes(32))
        this.origin = rotateRing(this.origin, {
          maxActiveKeys: this.scenario.identity.keys.maxActiveKeys,
          fresh,
        }).ring
        done({ ok: true, note: `${this.origin.keys.size} keys` })
        return
      }
      case 'keys.distribute':
        for (const backend of this.chosen(action.nodes)) {
          // A copy makes a node's ring equal to the origin's, so they may be one object.
          backend.ring = this.origin
        }
        done({ ok: true, note: '' })
        return
      case 'flush':
        done({ ok: true, note: `${this.flush(step)} rows deleted` })
        return
      case 'restart':
        done({ ok: true, note: '' })
    }
  }

  table(done: (size: { rows: number; bytes: number | null } | null) => void): void {
    done({ rows: this.store.countTokens(), bytes: this.store.tokenBytes() })
  }

  private chosen(nodes: 'all' | readonly number[]): readonly SimulatedNode[] {
    return nodes === 'all' ? this.fleet : this.fleet.filter((_, i) => nodes.includes(i + 1))
  }

  /** What has expired by the instant at which the step was due goes. */
  private flush(step: TimelineStep): number {
    const { profile, allowExpiredWindowSec } = (this.fleet[0] as SimulatedNode).identity.config
    const beforeSec = this.scenario.startsAtEpochSec + step.atSec - allowExpiredWindowSec
    return this.store.flushNow({ beforeSec, ...profile.flush })
  }
}

export const openSimulatedWorld = async ({ scenario, onProgress }: OpenWorldOptions): Promise<World> => {
  const clock = new VirtualClock()
  const timeMap = new TimeMap([{ untilSec: scenario.durationSec, speed: 1, traffic: 1 }])
  const random = new Random(scenario.seed, 'simulated world')
  const cloud = planCloud(scenario, rehearsalPassword(scenario.seed))
  const tokens = new TokenPlan(scenario, cloud)
  const store = createMemoryStore()
  await store.load(cloud.documents, [])

  const key = () => fernetKeyFromBytes(random.bytes(32))
  const origin = setupRing({ primary: key(), staged: key() }).ring
  const profile = releaseProfiles[scenario.identity.release]
  const derived = createDerived(store, profile)
  const ledger = new SealedLedger()
  const fleet = Array.from({ length: scenario.identity.backends }, (): SimulatedNode => {
    const node: SimulatedNode = {
      ring: origin,
      freeAt: 0,
      identity: new IdentityNode({
        store,
        identity: scenario.identity,
        ring: () => node.ring,
        makeSealer: ledger.createSealer,
        opens: ledger.opensWith,
        random: (count) => random.bytes(count),
        requestId: () => 'req-simulated',
        publicUrl: `https://${scenario.cloud.host}:5000`,
        derived,
      }),
    }
    return node
  })
  if (issues(scenario.identity.provider) === 'uuid') {
    const context = (fleet[0] as SimulatedNode).identity.context(scenario.startsAtEpochSec)
    let rows = 0
    for (const row of tokenRows(context, tokens, 'issued')) {
      store.insertToken(row)
      if (++rows % 20_000 === 0)
        onProgress({ phase: 'seeding', done: rows, total: tokens.total, text: 'rows' })
    }
  }
  const sealer = ledger.createSealer({ ring: origin, payloadOptions: profile.payload })
  const target = new SimulatedTarget({
    clock,
    fleet,
    answer: answerFrom({ store, passwords: openPasswords }),
    startsAtEpochSec: scenario.startsAtEpochSec,
  })
  return {
    clock,
    target,
    control: new SimulatedControl({ scenario, fleet, store, origin, random }),
    population: new Population({ scenario, cloud, tokens, sealer }),
    timeMap,
    storeName: 'memory',
    run: async (ended) => {
      const state = { over: false }
      void ended.then(() => {
        state.over = true
      })
      while (!state.over && clock.run(entriesAtOnce)) {
        await new Promise((resolve) => {
          setImmediate(resolve)
        })
      }
      await ended
    },
    close: () => store.close(),
  }
}
