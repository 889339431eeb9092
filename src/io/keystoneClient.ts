// The way of a request over HTTP: to one of several Keystone nodes, on kept connections, with a time limit.
// undici's dispatcher is used bare, because the generator shares the machine with what it measures.
import { Pool, request, type Dispatcher } from 'undici'
import type { ApiReply, ApiRequest } from '../clients/exchange.js'
import type { Cause } from '../measure/sample.js'
import type { Clock, Receive, Target } from '../rehearsal/ports.js'
import type { TlsSettings } from './cloud/findCloud.js'

/** The header in which our own servers say which backend they are, for answers that come through a balancer. */
export const nodeHeader = 'x-cutover-node'

/** The header in which our own servers say why they refused. A real Keystone sends none. */
export const causeHeader = 'x-cutover-cause'

export interface KeystoneClientOptions {
  /** `http://127.0.0.1:5000`, one for each node. */
  readonly urls: readonly string[]
  readonly clock: Clock
  readonly timeoutMs: number
  /** The date that scenario second 0 has, seconds since 1970. */
  readonly startsAtEpochSec: number
  readonly connectionsPerNode: number
  /** A balancer before the backends: all requests go there. */
  readonly entrance?: string
  /** Which backends are in service; without, all but those that are gone for good. */
  readonly inService?: () => readonly number[]
  /** Where the identity API begins; `/v3` unless it stands below another path. */
  readonly apiPath?: string
  readonly tls?: TlsSettings
}

const balancerGraceMs = 1000

/** The HTTP form of a request. */
const httpForm = (
  request: ApiRequest,
): { method: 'GET' | 'POST' | 'DELETE'; headers: Record<string, string>; body: string | null } => {
  switch (request.op) {
    case 'validate':
      return {
        method: 'GET',
        headers: { 'x-auth-token': request.authToken, 'x-subject-token': request.subjectToken },
        body: null,
      }
    case 'revoke':
      return {
        method: 'DELETE',
        headers: { 'x-auth-token': request.authToken, 'x-subject-token': request.subjectToken },
        body: null,
      }
    case 'issue':
    case 'trust-issue':
      return {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(receiptOf(request) === undefined ? {} : { [receiptHeader]: receiptOf(request) ?? '' }),
        },
        body: JSON.stringify(authBody(request)),
      }
  }
}

/** The body of POST /v3/auth/tokens for a password, with the scope that the request names. */
export const authBody = (request: Extract<ApiRequest, { op: 'issue' | 'trust-issue' }>): object => ({
  auth: {
    identity: identityOf(request),
    ...(request.op === 'trust-issue'
      ? { scope: { 'OS-TRUST:trust': { id: request.trustId } } }
      : request.projectId === null
        ? {}
        : { scope: { project: { id: request.projectId } } }),
  },
})

/** How the user proves who it is: by what the request has, by the password where it has nothing else. */
const identityOf = (request: Extract<ApiRequest, { op: 'issue' | 'trust-issue' }>): object => {
  const { userId: id, password } = request
  const byPassword = { password: { user: { id, password } } }
  if (request.op === 'trust-issue') return { methods: ['password'], ...byPassword }
  const { federated, fromToken, passcode, receipt } = request
  if (fromToken !== undefined) return { methods: ['token'], token: { id: fromToken } }
  if (federated !== undefined) {
    const { idpId, protocolId, groupIds } = federated
    const mapped = { identity_provider: idpId, protocol: protocolId, user_id: id, groups: groupIds }
    return { methods: ['mapped'], mapped }
  }
  if (passcode === undefined) return { methods: ['password'], ...byPassword }
  const byPasscode = { totp: { user: { id, passcode } } }
  return receipt === undefined
    ? { methods: ['password', 'totp'], ...byPassword, ...byPasscode }
    : { methods: ['totp'], ...byPasscode }
}

/** The header in which a client shows what it has passed before. */
export const receiptHeader = 'openstack-auth-receipt'
export const receiptOf = (request: ApiRequest): string | undefined =>
  request.op === 'issue' ? request.receipt : undefined

/** What follows the path of a request. */
export const queryOf = (request: ApiRequest): string =>
  request.op === 'validate' && request.allowExpired === true ? 'allow_expired=1' : ''

/** The instant in `"expires_at": "2017-04-05T08:00:00.000000Z"` of a token's body, seconds since 1970; null if absent. */
const expiryOf = (body: string): number | null => {
  const key = body.lastIndexOf('"expires_at"')
  if (key < 0) return null
  const open = body.indexOf('"', key + 12)
  const ms = Date.parse(body.slice(open + 1, body.indexOf('"', open + 1)))
  return Number.isNaN(ms) ? null : ms / 1000
}

const failureOf = (error: Error & { code?: string }): NonNullable<ApiReply['failure']> => {
  const code = error.code ?? ''
  if (code === 'ECONNREFUSED') return 'refused'
  return code.includes('TIMEOUT') || code === 'ETIMEDOUT' ? 'timeout' : 'reset'
}

export class KeystoneClient implements Target {
  readonly nodes: number
  private readonly options: KeystoneClientOptions
  private readonly pools: readonly Pool[]
  private readonly gone = new Set<number>()
  private readonly all: readonly number[]
  private readonly tokensPath: string
  /** Replies that have been read and not yet handed on. */
  private readonly read: (() => void)[] = []

  constructor(options: KeystoneClientOptions) {
    this.options = options
    this.nodes = options.urls.length
    this.tokensPath = `${options.apiPath ?? '/v3'}/auth/tokens`
    const urls = options.entrance === undefined ? options.urls : [options.entrance]
    // A balancer gives up first, and says so.
    const timeoutMs = options.timeoutMs + (options.entrance === undefined ? 0 : balancerGraceMs)
    this.pools = urls.map(
      (url) =>
        new Pool(url, {
          connections: options.connectionsPerNode,
          pipelining: 1,
          headersTimeout: timeoutMs,
          bodyTimeout: timeoutMs,
          connect: { timeout: timeoutMs, ...options.tls },
        }),
    )
    this.all = options.entrance === undefined ? options.urls.map((_, i) => i + 1) : [0]
  }

  healthy(): readonly number[] {
    const { entrance, inService } = this.options
    const up = entrance === undefined ? (inService?.() ?? this.all) : this.all
    return this.gone.size === 0 ? up : up.filter((node) => !this.gone.has(node))
  }

  /** Takes a node out of the balancing for good. */
  markGone(node: number): void {
    this.gone.add(node)
  }

  /** Asks a node whether it is well, past any balancer. A silent one never answers. */
  probe(node: number, done: (well: boolean) => void): void {
    const url = this.options.urls[node - 1]
    request(`${url}/healthcheck`, { headersTimeout: this.options.timeoutMs })
      .then(async ({ statusCode, body }) => {
        await body.dump()
        done(statusCode === 200)
      })
      .catch(() => done(false))
  }

  send(node: number, what: ApiRequest, done: Receive): void {
    const { clock, startsAtEpochSec } = this.options
    const { entrance } = this.options
    const pool = this.pools[entrance === undefined ? node - 1 : 0]
    if (pool === undefined) throw new RangeError(`no node ${node}`)
    const { method, headers, body } = httpForm(what)
    const sent = clock.measured()
    const issuing = body !== null
    let status = 0
    let subjectToken: string | null = null
    let cause: Cause | null = null
    // Behind a balancer only the answer tells who gave it; its own errors come from nobody.
    let answered = entrance === undefined ? node : 0
    let receipt: string | null = null
    let text = ''
    let settled = false
    const settle = (failure: ApiReply['failure']): void => {
      if (settled) return
      settled = true
      const expires = issuing && subjectToken !== null ? expiryOf(text) : null
      const expiresAtSec = expires === null ? null : expires - startsAtEpochSec
      const answer = {
        status: failure === null ? status : 0,
        failure,
        subjectToken,
        expiresAtSec,
        cause,
        node: answered,
      }
      const received = clock.measured()
      this.handOn(() => done(receipt === null ? answer : { ...answer, receipt }, sent, received))
    }
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {},
      onResponseStart(_controller, statusCode, responseHeaders) {
        status = statusCode
        const token = responseHeaders['x-subject-token']
        if (issuing && typeof token === 'string') subjectToken = token
        const who = responseHeaders[nodeHeader]
        if (entrance !== undefined && typeof who === 'string') answered = Number(who)
        const given = issuing ? responseHeaders[receiptHeader] : undefined
        if (typeof given === 'string') receipt = given
        const said = responseHeaders[causeHeader]
        if (typeof said === 'string') cause = said as Cause
      },
      onResponseData(_controller, chunk) {
        if (issuing) text += chunk.toString('latin1')
      },
      onResponseEnd() {
        settle(null)
      },
      onResponseError: (_controller, error) => {
        const failure = failureOf(error)
        settle(failure)
      },
    }

    const query = queryOf(what)
    const path = query === '' ? this.tokensPath : `${this.tokensPath}?${query}`
    pool.dispatch({ path, method, headers, body }, handler)
  }

  /**
   * Hands a reply on when all that are there have been read: of a hundred that come at once, the last must not seem slow
   * because the others were dealt with before it was looked at.
   */
  private handOn(reply: () => void): void {
    if (this.read.push(reply) === 1) setImmediate(this.handOnAll)
  }

  private readonly handOnAll = (): void => {
    for (const reply of this.read.splice(0)) reply()
  }

  async close(): Promise<void> {
    await Promise.all(this.pools.map((pool) => pool.destroy()))
  }
}
