// A service behind keystonemiddleware's auth_token: it judges a caller's token by its cache or by asking Keystone.
// The caches and the services' own tokens decide when a dead token is noticed, so they decide the shape of a peak.
import type { MiddlewareSettings } from '../scenario/scenario.js'
import type { Cause } from '../measure/sample.js'
import type { ApiReply, CallContext, Credentials, HeldToken, Steps } from './exchange.js'
import { askPatiently, request, type Sender, type SessionState } from './session.js'
import type { TokenFormat } from '../token/uuid.js'
import { ValidationCache } from './validationCache.js'

/** A worker process of a service: its own session at Keystone, and its cache or the one it shares. */
interface Worker extends SessionState {
  readonly cache: ValidationCache
  /** Requests that it handles now, and those that wait for one of its threads. */
  busy: number
  readonly queue: (() => void)[]
}

/** What a service answers to a caller. */
export interface ServiceAnswer {
  readonly status: 200 | 401 | 503
  readonly cause: Cause | null
  /** The backend of Keystone that judged, now or when it was remembered; 0 if none did. */
  readonly node: number
}

const accepted: ServiceAnswer = { status: 200, cause: null, node: 0 }
const unavailable: ServiceAnswer = { status: 503, cause: 'service-unavailable', node: 0 }

/**
 * One service of the cloud with its worker processes. Sources: keystonemiddleware's `auth_token/__init__.py` and
 * `_identity.py`: subject 404 → 401 to the caller; own token 401 → authenticate again and ask once more, then 503; no
 * connection → `http_request_max_retries` more tries, then 503; `token_cache_time` 300 s, refusals remembered as long until 10.2.0.
 */
export class Service {
  readonly name: string
  readonly credentials: Credentials
  private readonly settings: MiddlewareSettings
  private readonly workers: readonly Worker[]
  /** Unknown until the first backend switches; by then nothing is remembered that another mode refused. */
  private acceptedByAll: readonly TokenFormat[] = []

  constructor(
    name: string,
    settings: MiddlewareSettings,
    credentials: Credentials,
    initialToken: (worker: number) => HeldToken | null,
  ) {
    this.name = name
    this.settings = settings
    this.credentials = credentials
    const shared = new ValidationCache()
    this.workers = Array.from({ length: settings.workers }, (_, worker) => ({
      credentials,
      token: initialToken(worker),
      renewing: null,
      cache: settings.cache === 'shared' ? shared : new ValidationCache(),
      busy: 0,
      queue: [],
    }))
  }

  get workerCount(): number {
    return this.workers.length
  }

  /** A restart of the service's processes: sessions are gone, and so are caches that lived in the processes. */
  restart(): void {
    for (const worker of this.workers) {
      worker.token = null
      if (this.settings.cache === 'process') worker.cache.clear()
    }
  }

  /** Puts a good validation into a cache, as if Keystone had been asked before the run began. */
  remember(token: HeldToken, workerIndex: number, untilSec: number): void {
    this.worker(workerIndex).cache.preset(token.id, untilSec)
  }

  /** Whether a call with this token would be let through at once, without asking Keystone or waiting for a thread. */
  remembersAsGood(token: HeldToken, workerIndex: number, nowSec: number): boolean {
    const worker = this.worker(workerIndex)
    const remembered = worker.cache.get(token.id, nowSec)
    return (
      remembered !== null &&
      remembered.cause === null &&
      token.expiresAtSec > nowSec &&
      this.hasThread(worker)
    )
  }

  private worker(index: number): Worker {
    return this.workers[index % this.workers.length] as Worker
  }

  private hasThread(worker: Worker): boolean {
    return this.settings.threads === null || worker.busy < this.settings.threads
  }

  /** The formats that every backend of Keystone accepts from now on. */
  keystoneAccepts(formats: readonly TokenFormat[]): void {
    this.acceptedByAll = formats
  }

  /**
   * The cause of a refusal that is remembered. One for the token's format is stale when every backend accepts that format
   * by now, as after a rollback: Keystone would take the token, and only the memory of the service refuses it.
   */
  private causeNow(cause: Cause, token: HeldToken, context: CallContext): Cause {
    const ofFormat = cause === 'uuid-on-fernet-node' || cause === 'fernet-on-uuid-node'
    if (!ofFormat || !this.acceptedByAll.includes(token.format)) return cause
    return token.expiresAtSec > context.nowSec() ? 'stale-cache' : 'expired'
  }

  /** What the service answers to a call with this token. `caller` is the class that calls. */
  *judge(token: HeldToken, caller: string, workerIndex: number, context: CallContext): Steps<ServiceAnswer> {
    const worker = this.worker(workerIndex)
    if (this.hasThread(worker)) worker.busy++
    else yield { kind: 'wait', enter: (resume) => worker.queue.push(resume) }
    const answer = yield* this.process(worker, token, caller, context)
    // The thread goes to whoever has waited longest, so that nobody who comes just now is served before.
    const next = worker.queue.shift()
    if (next === undefined) worker.busy--
    else next()
    return answer
  }

  private *process(
    worker: Worker,
    token: HeldToken,
    caller: string,
    context: CallContext,
  ): Steps<ServiceAnswer> {
    const { tokenCacheSec, negativeCache } = this.settings
    const remembered = worker.cache.get(token.id, context.nowSec())
    if (remembered !== null) {
      if (remembered.cause !== null)
        return { status: 401, cause: this.causeNow(remembered.cause, token, context), node: remembered.node }
      // The middleware checks the expiry of what it remembers.
      return token.expiresAtSec > context.nowSec()
        ? accepted
        : { status: 401, cause: 'expired', node: remembered.node }
    }
    const reply = yield* this.validate(worker, token, caller, context)
    if (reply.status !== 200 && reply.status !== 404) return unavailable
    const nowSec = context.nowSec()
    const cause = reply.status === 200 ? null : whyRefused(reply.cause, token, nowSec)
    if (tokenCacheSec > 0 && (cause === null || negativeCache)) {
      worker.cache.set(token.id, cause, nowSec, tokenCacheSec, reply.node)
    }
    return cause === null ? accepted : { status: 401, cause, node: reply.node }
  }

  /**
   * Asks Keystone through the worker's session. If that ends in a 401, the middleware itself asks once more
   * (`_identity.py`, `verify_token`), which renews the session's token where the session had found nothing to drop.
   */
  private *validate(worker: Worker, token: HeldToken, caller: string, context: CallContext): Steps<ApiReply> {
    const sender: Sender = { name: this.name, session: worker }
    const { name } = this
    const { connectRetries } = this.settings
    const send = (own: HeldToken): Steps<ApiReply> =>
      askPatiently(
        {
          kind: 'keystone',
          request: { op: 'validate', authToken: own.id, subjectToken: token.id },
          by: name,
          judged: caller,
          format: token.format,
          tokens: { caller: own, subject: token },
        },
        connectRetries,
      )
    const reply = yield* request(sender, context, send)
    return reply.status === 401 ? yield* request(sender, context, send) : reply
  }
}

/** The server says what it sees; the holder knows when the token ended, and so what became of an absent row. */
export const whyRefused = (said: Cause | null, token: HeldToken, nowSec: number): Cause => {
  if (said === null) return 'unknown-token'
  return said === 'unknown-token' && token.expiresAtSec <= nowSec ? 'flushed' : said
}
