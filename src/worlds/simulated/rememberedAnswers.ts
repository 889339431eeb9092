// Remembers which validations Keystone answered with 200, as long as nothing that the answer follows from can have changed.
// It exists because in a simulated day the same services ask about the same tokens a million times.
import type { ApiRequest } from '../../clients/exchange.js'
import type { Context } from '../../identity/context.js'

type Validation = Extract<ApiRequest, { op: 'validate' }>

/** Pairs of tokens that are remembered at a time; all are dropped when it is full. */
const pairsMax = 100_000

/**
 * An answer of a node in mode `fernet` looks at no table: it follows from the two tokens, the ring, the facts, and the
 * time, by which a token may expire or a trust may end. So a 200 is remembered until the earlier expiry, for tokens without
 * a trust, and only while ring and facts are what they were; a refusal is never remembered. The identity logic has
 * answered each remembered question itself, and is asked again whenever its answer could be another.
 */
export class RememberedAnswers {
  /** By caller's token, then subject's: until when, seconds since 1970. */
  private readonly untilSec = new Map<string, Map<string, number>>()
  private size = 0
  private sealer: Context['sealer'] = null
  private version = Number.NaN

  isGood(request: Validation, context: Context): boolean {
    if (
      context.mode !== 'fernet' ||
      context.sealer !== this.sealer ||
      context.facts.version() !== this.version
    ) {
      return false
    }
    const until = this.untilSec.get(request.authToken)?.get(request.subjectToken)
    return until !== undefined && context.nowSec < until
  }

  /** Takes note of a validation that was just answered with 200. */
  keep(request: Validation, context: Context): void {
    const { sealer, facts, mode } = context
    if (mode !== 'fernet' || sealer === null) return
    const auth = sealer.open(request.authToken)
    const subject = sealer.open(request.subjectToken)
    if ('problem' in auth || 'problem' in subject) return
    if (auth.claims.scope.kind === 'trust' || subject.claims.scope.kind === 'trust') return
    if (sealer !== this.sealer || facts.version() !== this.version || this.size >= pairsMax) {
      this.untilSec.clear()
      this.size = 0
      this.sealer = sealer
      this.version = facts.version()
    }
    let ofCaller = this.untilSec.get(request.authToken)
    if (ofCaller === undefined) this.untilSec.set(request.authToken, (ofCaller = new Map()))
    ofCaller.set(request.subjectToken, Math.min(auth.claims.expiresAtSec, subject.claims.expiresAtSec))
    this.size++
  }
}
