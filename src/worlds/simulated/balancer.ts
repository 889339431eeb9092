// HAProxy, as far as its clients notice it: whom it chooses, when it tries another server, what it answers itself.
// The local world starts the real one; both are given the same settings.
import type { Micros } from '../../base/time.js'
import type { ApiReply, ApiRequest } from '../../clients/exchange.js'
import type { HealthChecks } from '../../rehearsal/healthChecks.js'
import type { Receive, Target } from '../../rehearsal/ports.js'
import type { BalancerSettings } from '../../scenario/scenario.js'
import { wireUs } from './costs.js'
import type { VirtualClock } from './virtualClock.js'

/** HAProxy's `retries`. */
const retriesMost = 3

/** What it answers where a server gives no answer: none reachable, lost in the middle, silent. */
const ownStatus = { refused: 503, reset: 502, timeout: 504 } as const

export class SimulatedBalancer implements Target {
  readonly nodes: number
  private readonly servers: Target
  private readonly algorithm: BalancerSettings['algorithm']
  private readonly checks: HealthChecks | null
  private readonly clock: VirtualClock
  private readonly all: readonly number[]
  /** Requests that each server has under way, by its number. */
  private readonly underWay: number[]
  private last = 0

  constructor(options: {
    readonly servers: Target
    readonly algorithm: BalancerSettings['algorithm']
    readonly checks: HealthChecks | null
    readonly clock: VirtualClock
  }) {
    this.servers = options.servers
    this.algorithm = options.algorithm
    this.checks = options.checks
    this.clock = options.clock
    this.nodes = options.servers.nodes
    this.all = Array.from({ length: this.nodes }, (_, i) => i + 1)
    this.underWay = new Array<number>(this.nodes + 1).fill(0)
  }

  /** Clients know nobody but the balancer. */
  healthy(): readonly number[] {
    return [0]
  }

  send(_node: number, request: ApiRequest, done: Receive): void {
    this.attempt(request, this.clock.now(), 0, done)
  }

  private attempt(request: ApiRequest, sent: Micros, retries: number, done: Receive): void {
    const node = this.choose()
    if (node === null) {
      this.clock.at((this.clock.now() + wireUs) as Micros, () => done(ownAnswer('refused'), sent))
      return
    }
    this.underWay[node] = (this.underWay[node] ?? 0) + 1
    this.servers.send(node, request, (reply) => {
      this.underWay[node] = (this.underWay[node] ?? 0) - 1
      if (reply.failure === 'refused' && retries < retriesMost) this.attempt(request, sent, retries + 1, done)
      else done(reply.failure === null ? reply : ownAnswer(reply.failure), sent)
    })
  }

  /** In turn; with `leastconn` the first in turn of those with the fewest requests under way. */
  private choose(): number | null {
    const candidates = this.checks?.inService() ?? this.all
    const inTurn = [
      ...candidates.filter((node) => node > this.last),
      ...candidates.filter((node) => node <= this.last),
    ]
    const fewest = Math.min(...inTurn.map((node) => this.underWay[node] ?? 0))
    const chosen =
      this.algorithm === 'roundrobin' ? inTurn[0] : inTurn.find((node) => this.underWay[node] === fewest)
    if (chosen === undefined) return null
    this.last = chosen
    return chosen
  }
}

const ownAnswer = (failure: NonNullable<ApiReply['failure']>): ApiReply => ({
  status: ownStatus[failure],
  failure: null,
  subjectToken: null,
  expiresAtSec: null,
  cause: null,
  node: 0,
})
