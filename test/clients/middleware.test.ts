// A service behind auth_token, as a dialogue: what it remembers, what it asks Keystone, and what it answers a caller.
// These rules decide when a dead token is noticed; their sources stand with the code.
import { describe, expect, test } from '@jest/globals'
import { Service, whyRefused, type ServiceAnswer } from '../../src/clients/middleware.js'
import type { ApiReply, Ask, HeldToken } from '../../src/clients/exchange.js'
import type { MiddlewareSettings } from '../../src/scenario/scenario.js'
import {
  brokenServer,
  ClientStage,
  defaultMiddleware,
  good,
  issued,
  notFound,
  silence,
  unauthorized,
  uuidOf,
} from '../support/clientStage.js'

const accepted: ServiceAnswer = { status: 200, cause: null, node: 0 }
const unavailable: ServiceAnswer = { status: 503, cause: 'service-unavailable', node: 0 }
const refused = (cause: ServiceAnswer['cause']): ServiceAnswer => ({ status: 401, cause, node: 1 })

/** The service nova, whose workers hold token `9` of their own, and a stage on which it is called. */
class Nova extends ClientStage {
  readonly service: Service

  constructor(changes: Partial<MiddlewareSettings> = {}, own: HeldToken | null = uuidOf('9', Infinity)) {
    super()
    const credentials = { userId: 'nova', password: 'secret', projectId: 'service', trustId: null }
    this.service = new Service('nova', { ...defaultMiddleware, ...changes }, credentials, () => own)
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

  test('is good beyond its expiry, remembered or not, where a service sends its own along', () => {
    // `_validate_token` looks at the expiry only `if not allow_expired` (`auth_token/__init__.py`).
    const nova = new Nova()
    const short = uuidOf('a', 100)
    const along = { token: uuidOf('8', Infinity), of: 'glance' }
    const late = (timeSec: number, ...replies: readonly ApiReply[]) => {
      nova.timeSec = timeSec
      return nova.play(nova.service.judge(short, 'users', 0, nova, along), ...replies)
    }
    expect(late(50, good, good).asked).toEqual(['validate 8 by 9', 'validate a by 9'])
    expect(late(200)).toEqual({ asked: [], result: accepted })
    expect(nova.call(201, short).result).toEqual(refused('expired'))
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

describe('a second that has begun', () => {
  test('counts as a whole one: what is validated late in it is remembered for less than token_cache_time', () => {
    const nova = new Nova({ tokenCacheSec: 60 })
    nova.call(10.9, a, [good])
    expect(nova.call(69.99, a).asked).toEqual([])
    expect(nova.call(70, a, [good]).asked).toEqual(['validate a by 9'])
    nova.call(80, uuidOf('b'), [good])
    expect(nova.call(139.99, uuidOf('b')).asked).toEqual([])
  })
})

describe('a worker with so many threads', () => {
  test('lets further calls wait until one is free, first come, first served', () => {
    const nova = new Nova({ threads: 1, tokenCacheSec: 0 })
    const calls = ['a', 'b', 'c'].map((digit) => nova.service.judge(uuidOf(digit), 'users', 0, nova))
    const woken: number[] = []
    calls.forEach((call, i) => {
      const ask = call.next(null).value as Ask
      expect(ask.kind).toBe(i === 0 ? 'keystone' : 'wait')
      if (ask.kind === 'wait') ask.enter(() => woken.push(i))
    })
    expect(calls[0]?.next(good).done).toBe(true)
    expect(woken).toEqual([1])
    expect(nova.service.remembersAsGood(a, 0, 0)).toBe(false)
    expect(calls[1]?.next(null).value).toMatchObject({ kind: 'keystone' })
    expect(calls[1]?.next(good).done).toBe(true)
    expect(woken).toEqual([1, 2])
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
    const refusals = [
      unauthorized(),
      issued(uuidOf('8', Infinity)),
      unauthorized(),
      unauthorized(),
      issued(uuidOf('7', Infinity)),
      unauthorized(),
    ]
    expect(nova.call(0, a, refusals)).toEqual({
      asked: [
        'validate a by 9',
        'issue for nova',
        'validate a by 8',
        'validate a by 8',
        'issue for nova',
        'validate a by 7',
      ],
      result: unavailable,
    })
    expect(nova.call(1, a, [good])).toEqual({ asked: ['validate a by 7'], result: accepted })
  })

  test('that cannot be had makes the service unavailable', () => {
    const nova = new Nova({}, null)
    expect(nova.call(0, a, [unauthorized(), unauthorized()])).toEqual({
      asked: ['issue for nova', 'issue for nova'],
      result: unavailable,
    })
    expect(nova.call(0, a, [silence])).toEqual({ asked: ['issue for nova'], result: unavailable })
  })

  test('is renewed before its last 30 s', () => {
    const nova = new Nova({}, uuidOf('9', 1000))
    expect(nova.call(969, a, [good]).asked).toEqual(['validate a by 9'])
    expect(nova.call(970, uuidOf('b'), [issued(uuidOf('8', Infinity)), good]).asked).toEqual([
      'issue for nova',
      'validate b by 8',
    ])
  })

  test('is renewed by one of two calls that are refused while it is being renewed, and used by both', () => {
    const nova = new Nova()
    const first = nova.service.judge(a, 'users', 0, nova)
    const second = nova.service.judge(uuidOf('b'), 'users', 0, nova)
    first.next(null)
    second.next(null)
    expect(first.next(unauthorized()).value).toMatchObject({ request: { op: 'issue' } })
    // The session has nothing to drop, so the middleware's own second try finds the lock taken.
    const ask = second.next(unauthorized()).value as Ask
    const woken: string[] = []
    if (ask.kind !== 'wait') throw new Error(`a wait was expected, not ${ask.kind}`)
    ask.enter(() => woken.push('second'))
    expect(first.next(issued(uuidOf('8', Infinity))).value).toMatchObject({ request: { op: 'validate' } })
    expect(woken).toEqual(['second'])
    expect(second.next(null).value).toMatchObject({ request: { op: 'validate', authToken: uuidOf('8').id } })
    expect(second.next(good)).toEqual({ done: true, value: accepted })
    expect(first.next(good)).toEqual({ done: true, value: accepted })
  })

  test('is dropped by a call whose refusal comes late, though it has been renewed since', () => {
    const nova = new Nova()
    const late = nova.service.judge(uuidOf('b'), 'users', 0, nova)
    late.next(null)
    nova.call(0, a, [unauthorized(), issued(uuidOf('8', Infinity)), good])
    expect(late.next(unauthorized()).value).toMatchObject({ request: { op: 'issue' } })
  })

  test('is each worker’s own', () => {
    const nova = new Nova({ cache: 'process' })
    nova.call(0, a, [unauthorized(), issued(uuidOf('8', Infinity)), good], 0)
    expect(nova.call(1, a, [good], 1).asked).toEqual(['validate a by 9'])
  })
})

describe('a Keystone that gives no answer', () => {
  test('is asked three times more, after 0.5, 1 and 2 s, and then the service is unavailable', () => {
    const nova = new Nova()
    expect(nova.call(0, a, [silence, silence, silence, silence])).toEqual({
      asked: [
        'validate a by 9',
        'pause 0.5 s',
        'validate a by 9',
        'pause 1 s',
        'validate a by 9',
        'pause 2 s',
        'validate a by 9',
      ],
      result: unavailable,
    })
    expect(nova.call(0, uuidOf('b'), [silence, good]).result).toEqual(accepted)
  })

  test('is never left alone for more than a minute (`_MAX_RETRY_INTERVAL` of keystoneauth1)', () => {
    const nova = new Nova({ connectRetries: 9 })
    const { asked } = nova.call(
      0,
      a,
      Array.from({ length: 10 }, () => silence),
    )
    expect(asked.filter((each) => each.startsWith('pause'))).toEqual(
      [0.5, 1, 2, 4, 8, 16, 32, 60, 60].map((sec) => `pause ${sec} s`),
    )
  })

  test('is asked as often as http_request_max_retries says', () => {
    const nova = new Nova({ connectRetries: 0 })
    expect(nova.call(0, a, [silence])).toEqual({ asked: ['validate a by 9'], result: unavailable })
  })

  test('is not asked again after an error of its own', () => {
    const nova = new Nova()
    expect(nova.call(0, a, [brokenServer])).toEqual({ asked: ['validate a by 9'], result: unavailable })
  })

  test('is not remembered', () => {
    const nova = new Nova()
    nova.call(0, a, [brokenServer])
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
        tokens: { caller: uuidOf('9', Infinity), subject: a },
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

describe('a middleware that does not renew its own token', () => {
  test('answers 503 for as long as Keystone refuses that, until the service is restarted', () => {
    const nova = new Nova({ renewsOwnToken: false, workers: 1 })
    expect(nova.call(0, a, [unauthorized('uuid-on-fernet-node')])).toEqual({
      asked: ['validate a by 9'],
      result: unavailable,
    })
    expect(nova.call(90, a, [unauthorized('uuid-on-fernet-node')]).result).toEqual(unavailable)
    nova.service.restart()
    expect(nova.call(91, a, [issued(uuidOf('8', Infinity)), good])).toEqual({
      asked: ['issue for nova', 'validate a by 8'],
      result: accepted,
    })
  })
})
