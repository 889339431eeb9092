// Why a given Keystone refused a token: what the holder and the operator can tell, as such a Keystone says no word of it.
// It exists because a refusal without a cause explains nothing; that it is inferred is said wherever it is shown.
import type { ApiReply, ApiRequest } from '../../clients/exchange.js'
import type { Cause } from '../../measure/sample.js'
import { outcomeAtKeystone } from '../../rehearsal/outcomes.js'
import type { TimelineStep } from '../../scenario/scenario.js'
import { accepts, issues, type ProviderMode } from '../../token/mode.js'
import { isUuidToken } from '../../token/uuid.js'

/** Tokens that are remembered with their instants; the oldest are forgotten first. */
const tokensMax = 200_000

interface Life {
  readonly issuedAtSec: number
  readonly expiresAtSec: number
}

const changesKeys = (action: TimelineStep['action']): boolean =>
  action.kind === 'keys.rotate' ||
  action.kind === 'keys.distribute' ||
  ((action.kind === 'fault' || action.kind === 'repair') && /key|rotation/.test(action.fault.kind))

export class Inference {
  private readonly lives = new Map<string, Life>()
  private readonly modes: ProviderMode[]
  /** Modes that backends are being switched to. */
  private readonly coming: ProviderMode[] = []
  /** When keys changed last, scenario seconds; while they change, tokens of any age may lose theirs. */
  private keysChangedSec = -Infinity
  private changing = 0

  constructor(start: { readonly mode: ProviderMode; readonly nodes: number }) {
    this.modes = Array.from({ length: start.nodes }, () => start.mode)
  }

  issued(token: string, life: Life): void {
    this.lives.set(token, life)
    if (this.lives.size <= tokensMax) return
    const oldest = this.lives.keys().next()
    if (oldest.done !== true) this.lives.delete(oldest.value)
  }

  /** A step is about to be applied. Returns what is to be called when it has been. */
  applying(step: TimelineStep, node: number | null): (ok: boolean, nowSec: number) => void {
    const { action } = step
    const to = action.kind === 'cutover' ? action.to : null
    const touched = this.modes.map((_, i) => i).filter((i) => node === null || i === node - 1)
    // A switch from Fernet to Fernet is one from keys to other keys.
    const keys =
      changesKeys(action) ||
      (to !== null &&
        touched.some((i) => issues(this.modes[i] as ProviderMode) === 'fernet' && issues(to) === 'fernet'))
    if (to !== null) this.coming.push(to)
    if (keys) this.changing++
    return (ok, nowSec) => {
      if (keys) {
        this.changing--
        this.keysChangedSec = nowSec
      }
      if (to === null) return
      this.coming.splice(this.coming.indexOf(to), 1)
      if (ok) for (const i of touched) this.modes[i] = to
    }
  }

  /** The reply with the cause of its refusal, if it is one. */
  explain(request: ApiRequest, reply: ApiReply, nowSec: number): ApiReply {
    if (reply.subjectToken !== null && reply.expiresAtSec !== null)
      this.issued(reply.subjectToken, { issuedAtSec: nowSec, expiresAtSec: reply.expiresAtSec })
    if (reply.cause !== null || outcomeAtKeystone(reply) !== 'rejected') return reply
    return { ...reply, cause: this.causeOf(request, reply, nowSec) }
  }

  private causeOf(request: ApiRequest, { status }: ApiReply, nowSec: number): Cause {
    if (request.op === 'issue') return 'user-gone'
    if (request.op === 'trust-issue') return status === 401 ? 'user-gone' : 'trust-gone'
    return this.ofToken(status === 401 ? request.authToken : request.subjectToken, nowSec)
  }

  private ofToken(token: string, nowSec: number): Cause {
    const format = isUuidToken(token) ? 'uuid' : 'fernet'
    const life = this.lives.get(token)
    // What has expired is refused by every Keystone; whether a row was flushed as well, nobody can tell.
    if (life !== undefined && life.expiresAtSec <= nowSec) return 'expired'
    if ([...this.modes, ...this.coming].some((mode) => !accepts(mode, format)))
      return format === 'uuid' ? 'uuid-on-fernet-node' : 'fernet-on-uuid-node'
    if (format === 'uuid' || life === undefined) return 'unknown-token'
    if (this.changing > 0 || life.issuedAtSec < this.keysChangedSec) return 'key-rotated-away'
    return this.keysChangedSec > -Infinity ? 'key-not-distributed' : 'unknown-token'
  }
}
