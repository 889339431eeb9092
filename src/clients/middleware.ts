// A service behind keystonemiddleware's auth_token: it judges a caller's token by its cache or by asking Keystone.
// The caches and the services' own tokens decide when a dead token is noticed, so they decide the shape of a peak.
import type { MiddlewareSettings } from '../scenario/scenario.js'
import type { Cause } from '../measure/sample.js'
import type { ApiReply, CallContext, Credentials, HeldToken, Steps } from './exchange.js'
import { isToken } from './authenticate.js'
import { askPatiently, bearer, request, type KeystoneAsk, type Sender, type SessionState } from './session.js'
import type { TokenFormat } from '../token/uuid.js'
import { ValidationCache } from './validationCache.js'

/** A worker process of a service: its own session at Keystone, and its cache or the one it shares. */
interface Worker extends SessionState {
  readonly cache: ValidationCache
  /** Requests that it handles now, and those that wait for one of its threads. */
  busy: number
  readonly queue: (() => void)[]
}

/** A token and whose it is: the class or the service that it is counted for. */
export interface ServiceToken {
  readonly token: HeldToken
  readonly of: string
}

/** What a worker wants to know of Keystone. */
export interface Question {
  readonly token: HeldToken
  readonly caller: string
  readonly allowExpired: boolean
}

/** What Keystone said of a token, and which backend it was; `cause` null: it is good. */
export type Judged = Pick<ServiceAnswer, 'cause' | 'node'>

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
  protected readonly settings: MiddlewareSettings
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

  /**
   * A worker's own token, which it sends along as X-Service-Token when it hands a user's token on to another service; null where
   * service tokens are not in use, or none is to be had.
   */
  *serviceToken(workerIndex: number, context: CallContext): Steps<ServiceToken | null> {
    if (!this.settings.serviceTokens) return null
    const token = yield* bearer({ name: this.name, session: this.worker(workerIndex) }, context)
    return isToken(token) ? { token, of: this.name } : null
  }

  /**
   * What the service answers to a call with this token. `caller` is the class that calls.
   * @param along the token of a service that hands the caller's token on
   */
  *judge(
    token: HeldToken,
    caller: string,
    workerIndex: number,
    context: CallContext,
    along: ServiceToken | null = null,
  ): Steps<ServiceAnswer> {
    const worker = this.worker(workerIndex)
    if (this.hasThread(worker)) worker.busy++
    else yield { kind: 'wait', enter: (resume) => worker.queue.push(resume) }
    const answer = yield* this.processRequest(worker, { token, of: caller }, along, context)
    // The thread goes to whoever has waited longest, so that nobody who comes just now is served before.
    const next = worker.queue.shift()
    if (next === undefined) worker.busy--
    else next()
    return answer
  }

  /** A good service token makes the user's good beyond its expiry; a bad one makes the request bad (`_request.py`). */
  private *processRequest(
    worker: Worker,
    user: ServiceToken,
    along: ServiceToken | null,
    context: CallContext,
  ): Steps<ServiceAnswer> {
    let answer = accepted
    if (along !== null) answer = yield* this.check(worker, along, false, context)
    if (answer.status === 200) answer = yield* this.check(worker, user, along !== null, context)
    // With `delay_auth_decision` the service itself refuses what the middleware could not tell.
    return answer.status === 503 && this.settings.delayAuthDecision ? { ...answer, status: 401 } : answer
  }

  private *check(
    worker: Worker,
    { token, of: caller }: ServiceToken,
    allowExpired: boolean,
    context: CallContext,
  ): Steps<ServiceAnswer> {
    const remembered = worker.cache.get(token.id, context.nowSec())
    if (remembered !== null) {
      if (remembered.cause !== null)
        return { status: 401, cause: this.causeNow(remembered.cause, token, context), node: remembered.node }
      // The middleware checks the expiry of what it remembers.
      return allowExpired || token.expiresAtSec > context.nowSec()
        ? accepted
        : { status: 401, cause: 'expired', node: remembered.node }
    }
    const question: Question = { token, caller, allowExpired }
    const reply = yield* this.validate(worker, question, context)
    const nowSec = context.nowSec()
    const answer = this.conclude(reply, token, nowSec)
    const { cause } = answer
    if (answer.status !== 503) this.keep(worker.cache, token, { cause, node: reply.node }, nowSec)
    return answer
  }

  /** What a reply of Keystone means for the caller. */
  protected conclude(reply: ApiReply, token: HeldToken, nowSec: number): ServiceAnswer {
    if (reply.status === 200) return accepted
    if (reply.status !== 404) return unavailable
    return { status: 401, cause: whyRefused(reply.cause, token, nowSec), node: reply.node }
  }

  /** Remembers an answer, if it is one to be remembered. */
  protected keep(cache: ValidationCache, token: HeldToken, judged: Judged, nowSec: number): void {
    const { tokenCacheSec, negativeCache } = this.settings
    if (tokenCacheSec === 0 || (judged.cause !== null && !negativeCache)) return
    cache.set(token.id, judged.cause, nowSec, tokenCacheSec, judged.node)
  }

  /**
   * Asks Keystone through the worker's session. If that ends in a 401, the middleware itself asks once more
   * (`_identity.py`, `verify_token`), which renews the session's token where the session had found nothing to drop. A middleware
   * that does not renew asks once, and keeps its token until its nominal end.
   */
  protected *validate(worker: SessionState, question: Question, context: CallContext): Steps<ApiReply> {
    const sender: Sender = { name: this.name, session: worker }
    const send = (own: HeldToken): Steps<ApiReply> =>
      askPatiently(this.question(own, question), this.settings.connectRetries)
    if (!this.settings.renewsOwnToken) {
      const own = yield* bearer(sender, context)
      return isToken(own) ? yield* send(own) : own
    }
    const reply = yield* request(sender, context, send)
    return reply.status === 401 ? yield* request(sender, context, send) : reply
  }

  /** A question to Keystone with the worker's own token. */
  protected question(own: HeldToken, { token, caller, allowExpired }: Question): KeystoneAsk {
    const authToken = own.id
    const subjectToken = token.id
    return {
      kind: 'keystone',
      // Written out: a spread is slow, and this is done a million times in a simulated day.
      request: allowExpired
        ? { op: 'validate', authToken, subjectToken, allowExpired }
        : { op: 'validate', authToken, subjectToken },
      by: this.name,
      judged: caller,
      format: token.format,
      tokens: { caller: own, subject: token },
    }
  }
}

/** The server says what it sees; the holder knows when the token ended, and so what became of an absent row. */
export const whyRefused = (said: Cause | null, token: HeldToken, nowSec: number): Cause => {
  if (said === null) return 'unknown-token'
  return said === 'unknown-token' && token.expiresAtSec <= nowSec ? 'flushed' : said
}
