// Driving use cases: synchronous as long as the answers are, and errors of answers end up where they were asked for.
// The simulated world relies on the first, the server on the second.
import { describe, expect, test } from '@jest/globals'
import { answerFrom, drive } from '../../src/identity/drive.js'
import { createMemoryStore } from '../../src/identity/memoryStore.js'
import { ask } from '../../src/identity/questions.js'
import type { IdentityCase, Question } from '../../src/identity/questions.js'

function* hashTwice(): IdentityCase<string> {
  const one = yield* ask.hashPassword('one')
  const two = yield* ask.hashPassword(one)
  return `${one}, ${two}`
}

function* careful(): IdentityCase<string> {
  try {
    return yield* ask.hashPassword('one')
  } catch (error) {
    const after = yield* ask.hashPassword('other')
    return `${(error as Error).message}, then ${after}`
  }
}

const password = (question: Question): string => (question.ask === 'password.hash' ? question.password : '')

describe('a use case', () => {
  test('ends at once when every answer is at hand', () => {
    expect(drive(hashTwice(), (question) => `#${password(question)}`)).toBe('#one, ##one')
  })

  test('ends later when an answer is a promise', async () => {
    const result = drive(hashTwice(), (question) => Promise.resolve(`#${password(question)}`))
    expect(result).toBeInstanceOf(Promise)
    await expect(result).resolves.toBe('#one, ##one')
  })

  test('goes on when answers at hand and promises alternate', async () => {
    let asked = 0
    const result = drive(hashTwice(), (question) => {
      const answer = `#${password(question)}`
      return ++asked % 2 === 0 ? Promise.resolve(answer) : answer
    })
    await expect(result).resolves.toBe('#one, ##one')
  })

  test.each(['thrown', 'rejected'])('can catch an error of an answer that was %s', async (how) => {
    const answer = (question: Question): unknown => {
      if (password(question) !== 'one') return 'fine'
      if (how === 'rejected') return Promise.reject(new Error('no database'))
      throw new Error('no database')
    }
    expect(await drive(careful(), answer)).toBe('no database, then fine')
  })

  test('fails with the error that it did not catch', async () => {
    const fail = (): never => {
      throw new Error('no database')
    }
    expect(() => drive(hashTwice(), fail)).toThrow('no database')
    await expect(drive(hashTwice(), () => Promise.reject(new Error('no database')))).rejects.toThrow(
      'no database',
    )
    let asked = 0
    const late = (): unknown => (++asked === 1 ? Promise.resolve('one') : fail())
    await expect(drive(hashTwice(), late)).rejects.toThrow('no database')
  })
})

test('each question is answered by the store or by the password hasher', () => {
  const store = createMemoryStore()
  const answer = answerFrom({
    store,
    passwords: { hash: (text) => `#${text}`, verify: (text, hash) => hash === `#${text}` },
  })
  function* all(): IdentityCase<unknown[]> {
    yield* ask.putDocument('trust', { id: 't', remaining_uses: 1 })
    return [
      yield* ask.consumeTrust('t'),
      yield* ask.consumeTrust('t'),
      yield* ask.removeDocument('trust', 't'),
      yield* ask.findToken('x'),
      yield* ask.invalidateTokens({ id: 'x' }),
      yield* ask.verifyPassword('a', yield* ask.hashPassword('a')),
      yield* ask.verifyPassword('b', '#a'),
    ]
  }
  expect(drive(all(), answer)).toEqual([0, -1, true, null, 0, true, false])
})
