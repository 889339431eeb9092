// Runs a use case to its end by answering its questions, and answers them from a store and a password hasher.
// It stays synchronous while every answer is: a simulation must not pay for promises a million times.
import type { IdentityCase, Question } from './questions.js'
import type { Passwords } from './passwords.js'
import type { MaybePromise, Store } from './store.js'

/** Answers one question; the answer's type is the one that `Answers` names for it. */
export type Answer = (question: Question) => MaybePromise<unknown>

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'

const driveOn = async <T>(useCase: IdentityCase<T>, first: Promise<unknown>, answer: Answer): Promise<T> => {
  let pending: MaybePromise<unknown> = first
  for (;;) {
    let step: IteratorResult<Question, T>
    try {
      const given = isPromise(pending) ? await pending : pending
      step = useCase.next(given)
    } catch (error) {
      // An error of an answer goes to the use case, which may clean up; one of its own has ended it already.
      step = useCase.throw(error)
    }
    if (step.done === true) return step.value
    try {
      pending = answer(step.value)
    } catch (error) {
      pending = Promise.reject(error)
    }
  }
}

/** Runs a use case; a promise comes back only if some answer was one. Errors of answers are thrown into the use case. */
export const drive = <T>(useCase: IdentityCase<T>, answer: Answer): MaybePromise<T> => {
  let step = useCase.next()
  while (step.done !== true) {
    let given: unknown
    try {
      given = answer(step.value)
    } catch (error) {
      step = useCase.throw(error)
      continue
    }
    if (isPromise(given)) return driveOn(useCase, given, answer)
    step = useCase.next(given)
  }
  return step.value
}

/** Answers from a store and a password hasher. */
export const answerFrom = ({ store, passwords }: { store: Store; passwords: Passwords }): Answer => {
  return (question) => {
    switch (question.ask) {
      case 'token.find':
        return store.findToken(question.id, question.known)
      case 'token.insert':
        return store.insertToken(question.row)
      case 'token.invalidate':
        return store.invalidateTokens(question.filter)
      case 'document.put':
        return store.put(question.kind, question.document)
      case 'document.remove':
        return store.remove(question.kind, question.id)
      case 'trust.consume':
        return store.consumeTrust(question.id)
      case 'password.verify':
        return passwords.verify(question.password, question.hash)
      case 'password.hash':
        return passwords.hash(question.password)
    }
  }
}
