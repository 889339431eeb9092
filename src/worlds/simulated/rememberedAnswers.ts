// Remembers whom Keystone let validate, and which tokens it called good, as long as nothing that this follows from can
// have changed. It exists because in a simulated day the same services ask about the same tokens a million times.
import type { ApiRequest } from '../../clients/exchange.js'
import type { Context } from '../../identity/context.js'

type Validation = Extract<ApiRequest, { op: 'validate' }>

/** Subjects that are remembered at a time; all are dropped when there are more. */
const subjectsMax = 100_000

/**
 * An answer of a node in mode `fernet` looks at no table: it follows from the two tokens, the ring, the facts, and the
 * time, by which a token may expire or a trust may end. It is 200 exactly if the caller may ask about others' tokens, and
 * the subject is good; neither depends on the other. So both are remembered until they expire, for tokens without a
 * trust, and only while ring and facts are what they were. A refusal is never remembered. The identity logic has
 * answered for each remembered token itself, and is asked again whenever its answer could be another.
 */
export class RememberedAnswers {
  /** Tokens that may ask about others' tokens: until when, seconds since 1970. */
  private readonly callers = new Map<string, number>()
  private readonly subjects = new Map<string, number>()
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
    const callerUntil = this.callers.get(request.authToken)
    if (callerUntil === undefined || context.nowSec >= callerUntil) return false
    const subjectUntil = this.subjects.get(request.subjectToken)
    return subjectUntil !== undefined && context.nowSec < subjectUntil
  }

  /** Takes note of a validation that was just answered with 200. */
  keep(request: Validation, context: Context): void {
    const { sealer, facts, mode } = context
    if (mode !== 'fernet' || sealer === null) return
    const auth = sealer.open(request.authToken)
    const subject = sealer.open(request.subjectToken)
    if ('problem' in auth || 'problem' in subject) return
    if (auth.claims.scope.kind === 'trust' || subject.claims.scope.kind === 'trust') return
    if (sealer !== this.sealer || facts.version() !== this.version || this.subjects.size >= subjectsMax) {
      this.callers.clear()
      this.subjects.clear()
      this.sealer = sealer
      this.version = facts.version()
    }
    // Everybody may ask about their own.
    if (auth.claims.userId === subject.claims.userId) return
    this.callers.set(request.authToken, auth.claims.expiresAtSec)
    this.subjects.set(request.subjectToken, subject.claims.expiresAtSec)
  }
}
