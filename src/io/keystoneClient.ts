// The way of a request over HTTP: to one of several Keystone nodes, on kept connections, with a time limit.
// undici's dispatcher is used bare, because the generator shares the machine with what it measures.
import { Pool, type Dispatcher } from 'undici'
import type { Micros } from '../base/time.js'
import type { ApiReply, ApiRequest } from '../clients/exchange.js'
import type { Cause } from '../measure/sample.js'
import type { Clock, Target } from '../rehearsal/ports.js'

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
}

/** A node that refused a connection is left out of the balancing for this long (real time). */
const restMs = 1000

const tokensPath = '/v3/auth/tokens'

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
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(authBody(request)),
      }
  }
}

/** The body of POST /v3/auth/tokens for a password, with the scope that the request names. */
export const authBody = (request: Extract<ApiRequest, { op: 'issue' | 'trust-issue' }>): object => ({
  auth: {
    identity: {
      methods: ['password'],
      password: { user: { id: request.userId, password: request.password } },
    },
    ...(request.op === 'trust-issue'
      ? { scope: { 'OS-TRUST:trust': { id: request.trustId } } }
      : request.projectId === null
        ? {}
        : { scope: { project: { id: request.projectId } } }),
  },
})

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
  private readonly downUntilMs: number[]
  private readonly all: readonly number[]
  private someDown = false

  constructor(options: KeystoneClientOptions) {
    this.options = options
    this.nodes = options.urls.length
    this.pools = options.urls.map(
      (url) =>
        new Pool(url, {
          connections: options.connectionsPerNode,
          pipelining: 1,
          headersTimeout: options.timeoutMs,
          bodyTimeout: options.timeoutMs,
          connect: { timeout: options.timeoutMs },
        }),
    )
    this.downUntilMs = options.urls.map(() => 0)
    this.all = options.urls.map((_, i) => i + 1)
  }

  healthy(): readonly number[] {
    if (!this.someDown) return this.all
    const now = performance.now()
    const up = this.all.filter((node) => (this.downUntilMs[node - 1] ?? 0) <= now)
    this.someDown = this.downUntilMs.some((until) => until > now)
    return up
  }

  /** Takes a node out of the balancing: for a while, or for good, which a connection that it refuses does not change. */
  markDown(node: number, forMs: number = restMs): void {
    this.downUntilMs[node - 1] = Math.max(this.downUntilMs[node - 1] ?? 0, performance.now() + forMs)
    this.someDown = true
  }

  send(node: number, request: ApiRequest, done: (reply: ApiReply, sent: Micros) => void): void {
    const { clock, startsAtEpochSec } = this.options
    const pool = this.pools[node - 1]
    if (pool === undefined) throw new RangeError(`no node ${node}`)
    const { method, headers, body } = httpForm(request)
    const sent = clock.measured()
    const issuing = body !== null
    let status = 0
    let subjectToken: string | null = null
    let cause: Cause | null = null
    let text = ''
    let settled = false
    const settle = (failure: ApiReply['failure']): void => {
      if (settled) return
      settled = true
      const expires = issuing && subjectToken !== null ? expiryOf(text) : null
      const expiresAtSec = expires === null ? null : expires - startsAtEpochSec
      done({ status: failure === null ? status : 0, failure, subjectToken, expiresAtSec, cause, node }, sent)
    }
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {},
      onResponseStart(_controller, statusCode, responseHeaders) {
        status = statusCode
        const token = responseHeaders['x-subject-token']
        if (issuing && typeof token === 'string') subjectToken = token
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
        if (failure !== 'timeout') this.markDown(node)
        settle(failure)
      },
    }

    pool.dispatch({ path: tokensPath, method, headers, body }, handler)
  }

  async close(): Promise<void> {
    await Promise.all(this.pools.map((pool) => pool.destroy()))
  }
}
