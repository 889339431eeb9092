// Runs a use case to its end by answering its questions, and answers them from a store and a password hasher.
// It stays synchronous while every answer is: a simulation must not pay for promises a million times.
import { DefectError } from '../base/errors.js'
import type { IdentityCase, Question } from './questions.js'
import type { Passwords } from './passwords.js'
import type { RevocationSource } from './revocationSource.js'
import { isPromise } from './maybePromise.js'
import type { Document, MaybePromise, Store } from './store.js'
import type { TokenCache } from './tokenCache.js'

/** Answers one question; the answer's type is the one that `Answers` names for it. */
export type Answer = (question: Question) => MaybePromise<unknown>

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

/** What questions are answered from. */
export interface Answering {
  readonly store: Store
  readonly passwords: Passwords
  /** Keystone's cache of tokens; needed where the node's configuration has one. */
  readonly cache?: TokenCache
  /** All revocation events, got or kept, for a node whose configuration asks for them. */
  readonly revocations?: RevocationSource
}

const revocationsOf = (source: RevocationSource | undefined): RevocationSource => {
  if (source === undefined) throw new DefectError('revocation events were asked for that nobody gets')
  return source
}

const cacheOf = (cache: TokenCache | undefined): TokenCache => {
  if (cache === undefined) throw new DefectError('a cache was asked for that is not there')
  return cache
}

const putEvent = (store: Store, document: Document, revocations: RevocationSource): MaybePromise<void> => {
  const put = store.put('revocation_event', document)
  return isPromise(put) ? put.then(() => revocations.changed()) : revocations.changed()
}

/** Answers from a cache alone, for what does nothing but fill it. */
export const answerFromCache =
  (cache: TokenCache): Answer =>
  (question) => {
    if (question.ask === 'cache.set') return cache.set(question.key, question.value)
    throw new DefectError(`${question.ask} was asked of a cache`)
  }

/** Answers from a store, a password hasher and, if there is one, a cache. */
export const answerFrom = ({ store, passwords, cache, revocations }: Answering): Answer => {
  return (question) => {
    switch (question.ask) {
      case 'token.find':
        return store.findToken(question.id, question.known)
      case 'token.insert':
        return store.insertToken(question.row)
      case 'token.invalidate':
        return store.invalidateTokens(question.filter)
      case 'document.put':
        return question.kind === 'revocation_event' && revocations !== undefined
          ? putEvent(store, question.document, revocations)
          : store.put(question.kind, question.document)
      case 'document.remove':
        return store.remove(question.kind, question.id)
      case 'trust.consume':
        return store.consumeTrust(question.id)
      case 'password.verify':
        return passwords.verify(question.password, question.hash)
      case 'password.hash':
        return passwords.hash(question.password)
      case 'token.ids':
        return store.tokenIds(question.filter)
      case 'cache.get':
        return cacheOf(cache).get(question.key)
      case 'cache.set':
        return cacheOf(cache).set(question.key, question.value)
      case 'cache.delete':
        return cacheOf(cache).delete(question.keys)
      case 'cache.invalidate':
        return cacheOf(cache).invalidate()
      case 'revocations.list':
        return revocationsOf(revocations).list(question.nowSec)
    }
  }
}
