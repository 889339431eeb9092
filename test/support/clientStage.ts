// The least that a client needs to be run by hand: a clock that tests set, and Keystone's replies, one for each ask.
// It exists so that a test of a behaviour reads as a dialogue: what the client asks, what it is told.
import { Random } from '../../src/base/random.js'
import type { ApiReply, ApiRequest, Ask, CallContext, HeldToken, Steps } from '../../src/clients/exchange.js'
import type { Member } from '../../src/clients/member.js'
import type { Service } from '../../src/clients/middleware.js'
import type { MiddlewareSettings } from '../../src/scenario/scenario.js'
import type { Cause, Op, Outcome } from '../../src/measure/sample.js'

/** An exchange that a call reported. */
export interface Seen {
  readonly op: Op
  readonly outcome: Outcome
  readonly status: number
  readonly cause: Cause | null
}

/** The name of a token in a dialogue: see `uuidOf`. */
const nameOf = (tokenId: string): string => tokenId.slice(0, 1)

/** By what a token was asked for, where it was not the password. */
const howIssued = (request: Extract<ApiRequest, { op: 'issue' }>): string => {
  const { federated, fromToken, passcode, receipt } = request
  if (fromToken !== undefined) return ` by token ${nameOf(fromToken)}`
  if (federated !== undefined) return ` by ${federated.idpId}`
  if (passcode === undefined) return ''
  return receipt === undefined ? ` with passcode ${passcode}` : ` with passcode ${passcode} and ${receipt}`
}

/** What was asked of Keystone, in words: `validate a by b`, `issue for alice`; and pauses. */
const describe = (ask: Ask): string => {
  if (ask.kind === 'pause') return `pause ${ask.seconds} s`
  if (ask.kind === 'wait') return 'wait'
  const { request } = ask
  switch (request.op) {
    case 'validate':
    case 'revoke':
      return `${request.op} ${nameOf(request.subjectToken)} by ${nameOf(request.authToken)}`
    case 'issue':
      return `issue for ${request.userId}${howIssued(request)}`
    case 'trust-issue':
      return `issue for ${request.userId} by trust ${request.trustId}`
  }
}

/** auth_token as it is by default, two workers of it. */
export const defaultMiddleware: MiddlewareSettings = {
  tokenCacheSec: 300,
  negativeCache: true,
  renewsOwnToken: true,
  cache: 'shared',
  workers: 2,
  threads: null,
  connectRetries: 3,
  atStart: 'filled',
  serviceTokens: false,
  delayAuthDecision: false,
  radosGateways: [],
}

/** A client's stage. Replies are taken in order; a dialogue that wants more or fewer of them is an error. */
export class ClientStage implements CallContext {
  timeSec = 0
  /** How often a call went on with a step of its own. */
  starts = 0
  readonly seen: Seen[] = []
  /** All asks so far, with what a description leaves out. */
  readonly asks: Ask[] = []

  nowSec(): number {
    return this.timeSec
  }

  epochSec(): number {
    return this.timeSec
  }

  startsAnew(): void {
    this.starts++
  }

  saw(op: Op, outcome: Outcome, status: number, cause: Cause | null): void {
    this.seen.push({ op, outcome, status, cause })
  }

  /** Runs steps to their end: what was asked, and what came of it. Pauses let time pass. */
  play<T>(
    steps: Steps<T>,
    ...replies: readonly ApiReply[]
  ): { readonly asked: string[]; readonly result: T } {
    const asked: string[] = []
    const left = [...replies]
    let step = steps.next(null)
    while (step.done !== true) {
      const ask = step.value
      asked.push(describe(ask))
      this.asks.push(ask)
      if (ask.kind === 'wait') throw new Error('nobody else plays here, so a wait would never end')
      if (ask.kind === 'pause') {
        this.timeSec += ask.seconds
        step = steps.next(null)
        continue
      }
      const reply = left.shift()
      if (reply === undefined) throw new Error(`no reply was foreseen to: ${asked.join(', ')}`)
      step = steps.next(reply)
    }
    if (left.length > 0) throw new Error(`${left.length} replies were not asked for: ${asked.join(', ')}`)
    return { asked, result: step.value }
  }
}

const noReply = { failure: null, subjectToken: null, expiresAtSec: null, cause: null, node: 1 } as const

/** 200: the token is good. */
export const good: ApiReply = { ...noReply, status: 200 }

/** 401: the asker's own token, or password, is no good. */
export const unauthorized = (cause: Cause | null = null): ApiReply => ({ ...noReply, status: 401, cause })

/** 404: the token that was asked about is no good. */
export const notFound = (cause: Cause | null): ApiReply => ({ ...noReply, status: 404, cause })

/** No answer within the time limit. */
export const silence: ApiReply = { ...noReply, status: 0, failure: 'timeout' }

/** An error of Keystone itself. */
export const brokenServer: ApiReply = { ...noReply, status: 500 }

/** 201 with a token. */
export const issued = (token: HeldToken): ApiReply => ({
  ...noReply,
  status: 201,
  subjectToken: token.id,
  expiresAtSec: token.expiresAtSec,
})

/** A UUID token named by a digit, of which it consists. */
export const uuidOf = (digit: string, expiresAtSec = 86_400): HeldToken => ({
  id: digit.repeat(32),
  format: 'uuid',
  expiresAtSec,
})

/** A member who holds a token and calls these services; none: it validates its own token. */
export const memberWith = (
  token: HeldToken | null,
  services: readonly Service[] = [],
  credentials: Partial<Member['credentials']> = {},
): Member => ({
  className: 'users',
  index: 0,
  credentials: { userId: 'alice', password: 'secret', projectId: 'demo', trustId: null, ...credentials },
  services,
  subjects: () => [],
  renewing: null,
  random: new Random(1, 'choices'),
  lastsSec: 1800,
  loginAfterSec: 300,
  awayUntilSec: 0,
  choice: null,
  token,
})
