// Remembers whom Keystone let validate, and which tokens it called good, as long as nothing that this follows from can
// have changed. It exists because in a simulated day the same services ask about the same tokens a million times.
import type { ApiRequest } from '../../clients/exchange.js'
import type { Context } from '../../identity/context.js'
import type { SealedLedger } from './sealedLedger.js'

type Validation = Extract<ApiRequest, { op: 'validate' }>

/**
 * An answer of a node in mode `fernet` looks at no table: it follows from the two tokens, the ring, the facts, and the
 * time, by which a token may expire or a trust may end. It is 200 exactly if the caller may ask about others' tokens, and
 * the subject is good; neither depends on the other. So both are remembered until they expire, for tokens without a
 * trust, and only while ring and facts are what they were: an age of the cloud. A refusal is never remembered. The
 * identity logic has answered for each remembered token itself, and is asked again whenever its answer could be another.
 */
export class RememberedAnswers {
  private readonly ledger: SealedLedger
  /** Tokens that may ask about others' tokens: until when, seconds since 1970. Some for each worker of a service. */
  private readonly callers = new Map<string, number>()
  private age = 0
  private sealer: Context['sealer'] = null
  private version = Number.NaN

  constructor(ledger: SealedLedger) {
    this.ledger = ledger
  }

  isGood(request: Validation, context: Context): boolean {
    if (
      context.mode !== 'fernet' ||
      context.sealer !== this.sealer ||
      context.facts.version() !== this.version
    ) {
      return false
    }
    const callerUntil = this.callers.get(request.authToken)
    if (callerUntil === undefined || context.nowSec >= callerUntil) return false
    const subject = this.ledger.find(request.subjectToken)
    return subject !== null && subject.goodAge === this.age && context.nowSec < subject.claims.expiresAtSec
  }

  /** Takes note of a validation that was just answered with 200. */
  keep(request: Validation, context: Context): void {
    const { sealer, facts, mode } = context
    if (mode !== 'fernet') return
    const caller = this.ledger.find(request.authToken)
    const subject = this.ledger.find(request.subjectToken)
    if (caller === null || subject === null) return
    if (caller.claims.scope.kind === 'trust' || subject.claims.scope.kind === 'trust') return
    // Everybody may ask about their own.
    if (caller.claims.userId === subject.claims.userId) return
    if (sealer !== this.sealer || facts.version() !== this.version) {
      this.callers.clear()
      this.age++
      this.sealer = sealer
      this.version = facts.version()
    }
    this.callers.set(request.authToken, caller.claims.expiresAtSec)
    subject.goodAge = this.age
  }
}
