// The workers of a measured Keystone, played by one of our backends: so many, each busy with a request for the time that is drawn.
// It exists so that requests queue here as they queue there, though our own work for one takes a fraction of a millisecond.
import type { Answer } from '../../identity/drive.js'
import type { Request } from '../../identity/exchange.js'
import type { HeldRequest, Hold } from '../../io/identityServer.js'
import type { ProviderMode } from '../../token/mode.js'
import { Meter } from '../costs/meter.js'
import { providerOf, type WorkerTimes } from '../costs/serviceTimes.js'

/**
 * A worker that ends late by less than this begins with the next request when it should have ended, so that late timers
 * slow nobody down; later than that, the process itself was stopped, and its workers with it.
 */
const forgivenMs = 100

export interface HeldWorkersOptions {
  readonly times: WorkerTimes
  readonly workers: number
  readonly answer: Answer
  readonly mode: () => ProviderMode
  readonly revocationEvents: () => number
  /** How much faster than real time the scenario's clock runs now: drawn times are shortened by it. */
  readonly speed: () => number
}

const tokensPath = '/v3/auth/tokens'

const opOf = ({ method, path }: Request): 'issue' | 'validate' | null => {
  if (path !== tokensPath) return null
  // To end a token is to read it; it was not measured.
  return method === 'POST' ? 'issue' : 'validate'
}

/** Runs something at an instant of `performance.now()`, never before it by more than half a millisecond. */
const runAt = (atMs: number, run: () => void): void => {
  const again = (): void => {
    const leftMs = atMs - performance.now()
    if (leftMs > 0.5) setTimeout(again, Math.max(1, Math.floor(leftMs)))
    else run()
  }
  again()
}

export class HeldWorkers implements Hold {
  /** Off while a backend is warmed up: what comes then is no part of the scenario. */
  active: boolean
  private readonly options: HeldWorkersOptions
  private busy = 0
  private queue: ((beginMs: number) => void)[] = []
  /** Counts the times that all of it was dropped. */
  private life = 0

  constructor(options: HeldWorkersOptions, active: boolean) {
    this.options = options
    this.active = active
  }

  admit(request: Request, begin: (held: HeldRequest | null) => void): void {
    const op = this.active ? opOf(request) : null
    if (op === null) {
      begin(null)
      return
    }
    const take = (beginMs: number): void => {
      this.busy++
      begin(this.held(op, request, beginMs))
    }
    if (this.busy < this.options.workers) take(performance.now())
    else this.queue.push(take)
  }

  /** The processes end: nobody waits any more. */
  drop(): void {
    this.life++
    this.busy = 0
    this.queue = []
  }

  private held(op: 'issue' | 'validate', request: Request, beginMs: number): HeldRequest {
    const { times, answer, mode, revocationEvents, speed } = this.options
    const { life } = this
    const meter = new Meter(answer)
    const inSystem = this.busy + this.queue.length
    const provider = providerOf(mode(), op === 'issue' ? null : (request.header('x-subject-token') ?? null))
    return {
      answer: meter.answer,
      answered: (status, send) => {
        const { missed, missedTrust, passwords } = meter
        const events = revocationEvents()
        const drawnMs = times.drawMs({
          op,
          provider,
          status,
          missed,
          missedTrust,
          passwords,
          inSystem,
          events,
        })
        const endMs = beginMs + drawnMs / speed()
        runAt(endMs, () => {
          send()
          if (life === this.life) this.free(endMs)
        })
      },
    }
  }

  /** Whoever has waited longest is next. */
  private free(endMs: number): void {
    this.busy--
    const next = this.queue.shift()
    const nowMs = performance.now()
    next?.(nowMs - endMs > forgivenMs ? nowMs : endMs)
  }
}
