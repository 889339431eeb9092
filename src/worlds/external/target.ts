// A given Keystone as the target of a run: below the ceiling, watched for errors, its refusals explained.
// The engine asks it as it asks any other, and knows nothing of either.
import { toSec } from '../../base/time.js'
import type { ApiRequest } from '../../clients/exchange.js'
import type { KeystoneClient } from '../../io/keystoneClient.js'
import type { Clock, Receive, Target } from '../../rehearsal/ports.js'
import type { Ceiling } from './ceiling.js'
import type { ErrorRate } from './errorRate.js'
import type { Inference } from './inference.js'

export interface ExternalTargetOptions {
  readonly client: KeystoneClient
  readonly clock: Clock
  readonly ceiling: Ceiling
  readonly errors: ErrorRate | null
  readonly inference: Inference
  /** Called when too many requests go wrong, each time. */
  readonly onTooMany: (reason: string) => void
}

export class ExternalTarget implements Target {
  readonly nodes: number
  private readonly options: ExternalTargetOptions

  constructor(options: ExternalTargetOptions) {
    this.options = options
    this.nodes = options.client.nodes
  }

  healthy(): readonly number[] {
    return this.options.client.healthy()
  }

  send(node: number, request: ApiRequest, done: Receive): void {
    const { client, clock, ceiling, errors, inference, onTooMany } = this.options
    ceiling.admit(() =>
      client.send(node, request, (reply, sent, received) => {
        const nowSec = toSec(clock.now())
        const reason = errors?.count(reply, nowSec) ?? null
        if (reason !== null) onTooMany(reason)
        done(inference.explain(request, reply, nowSec), sent, received)
      }),
    )
  }
}
