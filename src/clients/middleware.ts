// A service behind keystonemiddleware's auth_token: it judges a caller's token by its cache or by asking Keystone.
// The caches and the services' own tokens decide when a dead token is noticed, so they decide the shape of a peak.
import type { MiddlewareSettings } from '../scenario/scenario.js'
import type { Cause } from '../measure/sample.js'
import { authenticate, isToken, unanswered } from './authenticate.js'
import type { ApiReply, CallContext, Credentials, HeldToken, Steps } from './exchange.js'
import { stillFresh } from './exchange.js'
import type { TokenFormat } from '../token/uuid.js'

/** A remembered validation; `cause` null: the token was good. */
interface Remembered {
  readonly untilSec: number
  readonly cause: Cause | null
}

/** Entries of the queue that may have been taken out before it is made anew without them. */
const takenMax = 1000

/** Remembered validations. All live equally long, so the oldest entry is always the first to end. */
class ValidationCache {
  private readonly entries = new Map<string, Remembered>()
  /**
   * What ends in which order, from `taken` on. A queue of its own: to look for the oldest entry in a map means to step over
   * all that were deleted before it.
   */
  private queue: { readonly id: string; readonly entry: Remembered }[] = []
  private taken = 0

  get(id: string, nowSec: number): Remembered | null {
    const entry = this.entries.get(id)
    return entry !== undefined && entry.untilSec > nowSec ? entry : null
  }

  set(id: string, entry: Remembered, nowSec: number): void {
    this.entries.set(id, entry)
    this.queue.push({ id, entry })
    for (;;) {
      const oldest = this.queue[this.taken]
      if (oldest === undefined || oldest.entry.untilSec > nowSec) break
      if (this.entries.get(oldest.id) === oldest.entry) this.entries.delete(oldest.id)
      this.taken++
    }
    if (this.taken < takenMax) return
    this.queue = this.queue.slice(this.taken)
    this.taken = 0
  }

  /** Before the run, in any order: those of tokens that are not asked about again are kept. */
  preset(id: string, untilSec: number): void {
    this.entries.set(id, { untilSec, cause: null })
  }

  clear(): void {
    this.entries.clear()
    this.queue = []
    this.taken = 0
  }
}

/** A worker process of a service: its own session at Keystone, and its cache or the one it shares. */
interface Worker {
  token: HeldToken | null
  readonly cache: ValidationCache
}

/** What a service answers to a caller. */
export interface ServiceAnswer {
  readonly status: 200 | 401 | 503
  readonly cause: Cause | null
}

const accepted: ServiceAnswer = { status: 200, cause: null }
const unavailable: ServiceAnswer = { status: 503, cause: 'service-unavailable' }

/**
 * One service of the cloud with its worker processes. Sources: keystonemiddleware's `auth_token/__init__.py` and
 * `_identity.py`: subject 404 → 401 to the caller; own token 401 → authenticate again and ask once more, then 503;
 * `token_cache_time` 300 s, refusals remembered as long until 10.2.0.
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
      token: initialToken(worker),
      cache: settings.cache === 'shared' ? shared : new ValidationCache(),
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

  /** Whether a call with this token would be let through without asking Keystone. */
  remembersAsGood(token: HeldToken, workerIndex: number, nowSec: number): boolean {
    const remembered = this.worker(workerIndex).cache.get(token.id, nowSec)
    return remembered !== null && remembered.cause === null && token.expiresAtSec > nowSec
  }

  private worker(index: number): Worker {
    return this.workers[index % this.workers.length] as Worker
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
    const remembered = worker.cache.get(token.id, context.nowSec())
    if (remembered !== null) {
      if (remembered.cause !== null)
        return { status: 401, cause: this.causeNow(remembered.cause, token, context) }
      // The middleware checks the expiry of what it remembers.
      return token.expiresAtSec > context.nowSec() ? accepted : { status: 401, cause: 'expired' }
    }
    const reply = yield* this.validate(worker, token, caller, context)
    if (reply === null || unanswered(reply) || reply.status === 401) return unavailable
    const cause = reply.status === 200 ? null : whyRefused(reply.cause, token, context.nowSec())
    if (this.settings.tokenCacheSec > 0 && (cause === null || this.settings.negativeCache)) {
      const nowSec = context.nowSec()
      worker.cache.set(token.id, { untilSec: nowSec + this.settings.tokenCacheSec, cause }, nowSec)
    }
    return cause === null ? accepted : { status: 401, cause }
  }

  /** Asks Keystone; null if the worker could not get a token of its own. */
  private *validate(
    worker: Worker,
    token: HeldToken,
    caller: string,
    context: CallContext,
  ): Steps<ApiReply | null> {
    let reply: ApiReply | null = null
    for (let attempt = 0; attempt < 2; attempt++) {
      if (worker.token === null || !stillFresh(worker.token, context.nowSec())) {
        const got = yield* authenticate(this.name, this.credentials)
        if (!isToken(got)) return null
        worker.token = got
      }
      const own = worker.token
      const request = { op: 'validate', authToken: own.id, subjectToken: token.id } as const
      reply = (yield {
        kind: 'keystone',
        request,
        by: this.name,
        judged: caller,
        format: token.format,
      }) as ApiReply
      if (unanswered(reply)) {
        if (attempt === 0) yield { kind: 'pause', seconds: 0.5 }
      } else if (reply.status !== 401) return reply
      // Another call of this worker may have renewed the token meanwhile; then that one is used.
      else if (worker.token === own) worker.token = null
    }
    return reply
  }
}

/** The server says what it sees; the holder knows when the token ended, and so what became of an absent row. */
export const whyRefused = (said: Cause | null, token: HeldToken, nowSec: number): Cause => {
  if (said === null) return 'unknown-token'
  return said === 'unknown-token' && token.expiresAtSec <= nowSec ? 'flushed' : said
}
