// A service behind auth_token, as a dialogue: what it remembers, what it asks Keystone, and what it answers a caller.
// These rules decide when a dead token is noticed; their sources stand with the code.
import { describe, expect, test } from '@jest/globals'
import { Service, whyRefused, type ServiceAnswer } from '../../src/clients/middleware.js'
import type { ApiReply, HeldToken } from '../../src/clients/exchange.js'
import type { MiddlewareSettings } from '../../src/scenario/scenario.js'
import {
  brokenServer,
  ClientStage,
  good,
  issued,
  notFound,
  silence,
  unauthorized,
  uuidOf,
} from '../support/clientStage.js'

const settings: MiddlewareSettings = {
  tokenCacheSec: 300,
  negativeCache: true,
  cache: 'shared',
  workers: 2,
}

const accepted: ServiceAnswer = { status: 200, cause: null }
const unavailable: ServiceAnswer = { status: 503, cause: 'service-unavailable' }
const refused = (cause: ServiceAnswer['cause']): ServiceAnswer => ({ status: 401, cause })

/** The service nova, whose workers hold token `9` of their own, and a stage on which it is called. */
class Nova extends ClientStage {
  readonly service: Service

  constructor(changes: Partial<MiddlewareSettings> = {}, own: HeldToken | null = uuidOf('9', Infinity)) {
    super()
    const credentials = { userId: 'nova', password: 'secret', projectId: 'service', trustId: null }
    this.service = new Service('nova', { ...settings, ...changes }, credentials, () => own)
  }

  /** A call at an instant: what was asked of Keystone, and the answer to the caller. */
  call(timeSec: number, token: HeldToken, replies: readonly ApiReply[] = [], worker = 0) {
    this.timeSec = timeSec
    return this.play(this.service.judge(token, 'users', worker, this), ...replies)
  }
}

const a = uuidOf('a')

describe('a good token', () => {
  test('is asked about once, then remembered for token_cache_time, then asked about again', () => {
    const nova = new Nova()
    expect(nova.call(0, a, [good])).toEqual({ asked: ['validate a by 9'], result: accepted })
    expect(nova.call(1, a)).toEqual({ asked: [], result: accepted })
    expect(nova.call(299.9, a)).toEqual({ asked: [], result: accepted })
    expect(nova.call(300, a, [good])).toEqual({ asked: ['validate a by 9'], result: accepted })
    expect(nova.call(599.9, a)).toEqual({ asked: [], result: accepted })
  })

  test('that died meanwhile stays good until the memory ends', () => {
    const nova = new Nova()
    nova.call(0, a, [good])
    expect(nova.call(299, a).result).toEqual(accepted)
    expect(nova.call(301, a, [notFound('uuid-on-fernet-node')]).result).toEqual(
      refused('uuid-on-fernet-node'),
    )
  })

  test('is refused without a question once it has expired', () => {
    const nova = new Nova()
    const short = uuidOf('a', 100)
    nova.call(0, short, [good])
    expect(nova.call(99, short).result).toEqual(accepted)
    expect(nova.call(100, short)).toEqual({ asked: [], result: refused('expired') })
  })

  test('is asked about each time where token_cache_time is 0', () => {
    const nova = new Nova({ tokenCacheSec: 0 })
    expect(nova.call(0, a, [good]).asked).toHaveLength(1)
    expect(nova.call(0, a, [good]).asked).toHaveLength(1)
    expect(nova.call(1, a, [notFound('revoked')]).result).toEqual(refused('revoked'))
    expect(nova.call(1, a, [good]).result).toEqual(accepted)
  })

  test('says nothing of another', () => {
    const nova = new Nova()
    nova.call(0, a, [good])
    expect(nova.call(1, uuidOf('b'), [good]).asked).toEqual(['validate b by 9'])
  })
})

describe('a refused token', () => {
  test('is refused for as long without a question, even if Keystone would accept it by then', () => {
    const nova = new Nova()
    expect(nova.call(0, a, [notFound('fernet-on-uuid-node')]).result).toEqual(refused('fernet-on-uuid-node'))
    expect(nova.call(299.9, a)).toEqual({ asked: [], result: refused('fernet-on-uuid-node') })
    expect(nova.call(300, a, [good])).toEqual({ asked: ['validate a by 9'], result: accepted })
  })

  test('is refused by nothing but that memory once every backend accepts its format again', () => {
    const nova = new Nova()
    nova.service.keystoneAccepts(['fernet'])
    nova.call(0, a, [notFound('uuid-on-fernet-node')])
    nova.call(0, uuidOf('b'), [notFound('revoked')])
    nova.call(0, uuidOf('c', 200), [notFound('uuid-on-fernet-node')])
    expect(nova.call(100, a).result).toEqual(refused('uuid-on-fernet-node'))
    nova.service.keystoneAccepts(['uuid'])
    expect(nova.call(150, a)).toEqual({ asked: [], result: refused('stale-cache') })
    expect(nova.call(150, uuidOf('b')).result).toEqual(refused('revoked'))
    expect(nova.call(250, uuidOf('c', 200)).result).toEqual(refused('expired'))
    expect(nova.call(300, a, [good]).result).toEqual(accepted)
  })

  test('is asked about each time where refusals are not remembered; good ones still are', () => {
    const nova = new Nova({ negativeCache: false })
    expect(nova.call(0, a, [notFound('revoked')]).result).toEqual(refused('revoked'))
    expect(nova.call(1, a, [notFound('revoked')]).result).toEqual(refused('revoked'))
    expect(nova.call(2, a, [good]).result).toEqual(accepted)
    expect(nova.call(3, a)).toEqual({ asked: [], result: accepted })
  })
})

describe('the cause of a refusal', () => {
  test('is Keystone’s word for it; without one the token is unknown', () => {
    expect(whyRefused('revoked', uuidOf('a', 100), 500)).toBe('revoked')
    expect(whyRefused(null, uuidOf('a', 100), 50)).toBe('unknown-token')
  })

  test('of a token that Keystone does not know is the flush once its holder knows that it has ended', () => {
    expect(whyRefused('unknown-token', uuidOf('a', 100), 99)).toBe('unknown-token')
    expect(whyRefused('unknown-token', uuidOf('a', 100), 100)).toBe('flushed')
  })
})

describe('the service’s own token', () => {
  test('that is refused is renewed once, and the question is asked once more', () => {
    const nova = new Nova()
    const replies = [unauthorized('uuid-on-fernet-node'), issued(uuidOf('8', Infinity)), good]
    expect(nova.call(0, a, replies)).toEqual({
      asked: ['validate a by 9', 'issue for nova', 'validate a by 8'],
      result: accepted,
    })
    expect(nova.call(1, uuidOf('b'), [good]).asked).toEqual(['validate b by 8'])
  })

  test('that is refused again makes the service unavailable; nothing is remembered of the caller’s token', () => {
    const nova = new Nova()
    const replies = [unauthorized(), issued(uuidOf('8', Infinity)), unauthorized()]
    expect(nova.call(0, a, replies)).toEqual({
      asked: ['validate a by 9', 'issue for nova', 'validate a by 8'],
      result: unavailable,
    })
    expect(nova.call(1, a, [issued(uuidOf('7', Infinity)), good])).toEqual({
      asked: ['issue for nova', 'validate a by 7'],
      result: accepted,
    })
  })

  test('that cannot be had makes the service unavailable', () => {
    const nova = new Nova({}, null)
    expect(nova.call(0, a, [unauthorized()])).toEqual({ asked: ['issue for nova'], result: unavailable })
  })

  test('is renewed before its last 30 s', () => {
    const nova = new Nova({}, uuidOf('9', 1000))
    expect(nova.call(969, a, [good]).asked).toEqual(['validate a by 9'])
    expect(nova.call(970, uuidOf('b'), [issued(uuidOf('8', Infinity)), good]).asked).toEqual([
      'issue for nova',
      'validate b by 8',
    ])
  })

  test('is renewed by one of two calls that were refused together, and used by both', () => {
    const nova = new Nova()
    const first = nova.service.judge(a, 'users', 0, nova)
    const second = nova.service.judge(uuidOf('b'), 'users', 0, nova)
    first.next(null)
    second.next(null)
    expect(first.next(unauthorized()).value).toMatchObject({ request: { op: 'issue' } })
    expect(first.next(issued(uuidOf('8', Infinity))).value).toMatchObject({ request: { op: 'validate' } })
    expect(second.next(unauthorized()).value).toMatchObject({
      request: { op: 'validate', authToken: uuidOf('8').id },
    })
    expect(second.next(good)).toEqual({ done: true, value: accepted })
    expect(first.next(good)).toEqual({ done: true, value: accepted })
  })

  test('is each worker’s own', () => {
    const nova = new Nova({ cache: 'process' })
    nova.call(0, a, [unauthorized(), issued(uuidOf('8', Infinity)), good], 0)
    expect(nova.call(1, a, [good], 1).asked).toEqual(['validate a by 9'])
  })
})

describe('a Keystone that gives no answer', () => {
  test.each([
    ['nothing', silence],
    ['an error of its own', brokenServer],
  ])('is asked once more, and then the service is unavailable (%s)', (_what, reply) => {
    const nova = new Nova()
    const { asked, result } = nova.call(0, a, [reply, reply])
    expect(asked.filter((text) => text.startsWith('validate'))).toEqual([
      'validate a by 9',
      'validate a by 9',
    ])
    expect(result).toEqual(unavailable)
  })

  test('is given half a second before the second question, and none after it', () => {
    const nova = new Nova()
    expect(nova.call(0, a, [silence, good])).toEqual({
      asked: ['validate a by 9', 'pause 0.5 s', 'validate a by 9'],
      result: accepted,
    })
    expect(nova.call(0, uuidOf('b'), [silence, silence]).asked.at(-1)).toBe('validate b by 9')
  })

  test('is not remembered', () => {
    const nova = new Nova()
    nova.call(0, a, [silence, silence])
    expect(nova.call(2, a, [good])).toEqual({ asked: ['validate a by 9'], result: accepted })
  })
})

describe('the memory of workers', () => {
  test('is one where a memcached is shared', () => {
    const nova = new Nova({ cache: 'shared' })
    nova.call(0, a, [good], 0)
    expect(nova.call(1, a, [], 1).result).toEqual(accepted)
  })

  test('is each one’s own where it lives in the process', () => {
    const nova = new Nova({ cache: 'process' })
    nova.call(0, a, [good], 0)
    expect(nova.call(1, a, [notFound('revoked')], 1).result).toEqual(refused('revoked'))
    expect(nova.call(2, a, [], 0).result).toEqual(accepted)
  })
})

describe('a restart of the service', () => {
  test('ends the sessions of all its workers', () => {
    const nova = new Nova()
    nova.service.restart()
    for (const worker of [0, 1]) {
      const token = uuidOf(String(worker))
      expect(nova.call(0, token, [issued(uuidOf('8', Infinity)), good], worker).asked).toEqual([
        'issue for nova',
        `validate ${worker} by 8`,
      ])
    }
  })

  test('leaves a shared memory alone', () => {
    const nova = new Nova({ cache: 'shared' })
    nova.call(0, a, [notFound('revoked')])
    nova.service.restart()
    expect(nova.call(1, a)).toEqual({ asked: [], result: refused('revoked') })
  })

  test('empties memories that live in the processes', () => {
    const nova = new Nova({ cache: 'process' })
    nova.call(0, a, [notFound('revoked')])
    nova.service.restart()
    expect(nova.call(1, a, [issued(uuidOf('8', Infinity)), good])).toEqual({
      asked: ['issue for nova', 'validate a by 8'],
      result: accepted,
    })
  })
})

describe('a question of the middleware', () => {
  test('is asked in the service’s name, about the caller’s token', () => {
    const nova = new Nova()
    nova.call(0, a, [good])
    expect(nova.asks).toEqual([
      {
        kind: 'keystone',
        request: { op: 'validate', authToken: uuidOf('9').id, subjectToken: a.id },
        by: 'nova',
        judged: 'users',
        format: 'uuid',
      },
    ])
  })
})

describe('many tokens', () => {
  test('are each remembered for as long, whatever comes after them', () => {
    const nova = new Nova()
    const tokens = Array.from({ length: 16 }, (_, i) => uuidOf(i.toString(16)))
    tokens.forEach((token, i) => nova.call(i * 20, token, [good]))
    // The first one's memory ended at 300 s; that of the others ends 20 s apart.
    for (const token of tokens.slice(1)) expect(nova.call(301, token).asked).toEqual([])
    expect(nova.call(301, uuidOf('0'), [good]).asked).toEqual(['validate 0 by 9'])
    for (const token of tokens.slice(2)) expect(nova.call(320, token).asked).toEqual([])
  })
})
