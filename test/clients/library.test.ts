// The rest of the library of behaviours, as dialogues: people, forwarded tokens, long operations, gateways, other log-ins.
// What each does when its token dies is taken from its source, which stands with the code.
import { describe, expect, test } from '@jest/globals'
import { behaviours } from '../../src/clients/behaviours.js'
import { Service } from '../../src/clients/middleware.js'
import { RadosGateway } from '../../src/clients/radosGateway.js'
import type { MiddlewareSettings } from '../../src/scenario/scenario.js'
import { totp, decodeBase32 } from '../../src/token/totp.js'
import {
  ClientStage,
  defaultMiddleware,
  good,
  issued,
  memberWith,
  notFound,
  silence,
  unauthorized,
  uuidOf,
} from '../support/clientStage.js'

const credentials = { userId: 'svc', password: 'secret', projectId: 'service', trustId: null }

/** A service with one worker, whose own token is named by a digit. */
const service = (own: string, changes: Partial<MiddlewareSettings> = {}, expiresAtSec = Infinity): Service =>
  new Service(
    `service-${own}`,
    { ...defaultMiddleware, workers: 1, negativeCache: false, ...changes },
    credentials,
    () => uuidOf(own, expiresAtSec),
  )

describe('a person at the dashboard', () => {
  const { horizon } = behaviours

  test('is thrown out by a refusal, stays away, and logs in again', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a'), [service('9')])
    stage.timeSec = 100
    expect(stage.play(horizon.call(member, stage), notFound('uuid-on-fernet-node')).asked).toEqual([
      'validate a by 9',
    ])
    stage.timeSec = 399
    expect(stage.play(horizon.call(member, stage)).asked).toEqual([])
    stage.timeSec = 400
    expect(stage.play(horizon.call(member, stage), issued(uuidOf('b')), good).asked).toEqual([
      'issue for alice',
      'validate b by 9',
    ])
  })

  test('stays logged in when a service cannot tell: only a 401 ends the session', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a'), [service('9', { connectRetries: 0 })])
    stage.play(horizon.call(member, stage), silence)
    expect(stage.seen).toMatchObject([{ outcome: 'failed', status: 503 }])
    expect(stage.play(horizon.call(member, stage), good).asked).toEqual(['validate a by 9'])
  })

  test('is not brought back by a restart of the dashboard', () => {
    expect(horizon.restart).toBeNull()
  })
})

describe('Heat from Newton on', () => {
  test('authenticates again by its trust when it is refused, where Heat of Mitaka does not', () => {
    const trustee = { userId: 'trustee', trustId: 'T1', projectId: null }
    const play = (name: 'heat-mitaka' | 'heat-newton') => {
      const stage = new ClientStage()
      const member = memberWith(uuidOf('a', 10_000), [], trustee)
      const replies = [unauthorized('uuid-on-fernet-node')]
      if (name === 'heat-newton') replies.push(issued(uuidOf('b', 10_000)), good)
      return stage.play(behaviours[name].call(member, stage), ...replies).asked
    }
    expect(play('heat-mitaka')).toEqual(['validate a by a'])
    expect(play('heat-newton')).toEqual([
      'validate a by a',
      'issue for trustee by trust T1',
      'validate b by b',
    ])
  })
})

describe('what Magnum put into a VM', () => {
  test('cannot be restarted by anybody', () => {
    expect(behaviours['magnum-vm'].restart).toBeNull()
    expect(behaviours.magnum.restart).not.toBeNull()
  })
})

describe('a forwarded token', () => {
  const forwarded = behaviours['forwarded-token']

  test('that dies behind the first service is an error of that service, which renews nothing', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a'), [service('8'), service('9')])
    const { asked } = stage.play(forwarded.call(member, stage), good, notFound('uuid-on-fernet-node'))
    expect(asked).toEqual(['validate a by 8', 'validate a by 9'])
    expect(stage.seen).toEqual([{ op: 'call', outcome: 'failed', status: 500, cause: 'uuid-on-fernet-node' }])
    expect(member.token).toEqual(uuidOf('a'))
  })

  test('goes on failing while the first service remembers it as good, and is renewed after that', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a'), [service('8'), service('9')])
    stage.play(forwarded.call(member, stage), good, good)
    stage.timeSec = 299
    expect(stage.play(forwarded.call(member, stage)).asked).toEqual([])
    stage.timeSec = 301
    const replies = [notFound('uuid-on-fernet-node'), issued(uuidOf('b')), good, good]
    expect(stage.play(forwarded.call(member, stage), ...replies).asked).toEqual([
      'validate a by 8',
      'issue for alice',
      'validate b by 8',
      'validate b by 9',
    ])
    expect(stage.seen.at(-1)).toMatchObject({ outcome: 'ok' })
  })
})

describe('a long operation', () => {
  const upload = behaviours['long-operation']
  const ends = { tokenCacheSec: 0, serviceTokens: true }

  test('has its token looked at when it begins and when it ends', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a'), [
      service('8', { tokenCacheSec: 0 }),
      service('9', { tokenCacheSec: 0 }),
    ])
    expect(stage.play(upload.call(member, stage), good, notFound('uuid-on-fernet-node')).asked).toEqual([
      'validate a by 8',
      'pause 1800 s',
      'validate a by 9',
    ])
    expect(stage.seen.map(({ status }) => status)).toEqual([200, 401])
    expect(stage.starts).toBe(1)
  })

  test('outlives the expiry of its token where services send their own along', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a', 1000), [service('8', ends), service('9', ends)])
    const { asked } = stage.play(upload.call(member, stage), good, good, good)
    // The service's own token is judged first, then the user's with allow_expired.
    expect(asked).toEqual(['validate a by 8', 'pause 1800 s', 'validate 8 by 9', 'validate a by 9'])
    expect(stage.asks.at(-1)).toMatchObject({ request: { allowExpired: true } })
    expect(stage.seen.at(-1)).toMatchObject({ outcome: 'ok' })
  })

  test('does not outlive a change of format: allow_expired asks for no more than an expired token', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a'), [service('8', ends), service('9', ends)])
    stage.play(upload.call(member, stage), good, good, notFound('uuid-on-fernet-node'))
    expect(stage.seen.at(-1)).toMatchObject({ outcome: 'rejected', cause: 'uuid-on-fernet-node' })
  })

  test('is refused if the service’s own token has died', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a'), [service('8', ends), service('9', ends)])
    stage.play(upload.call(member, stage), good, notFound('uuid-on-fernet-node'))
    expect(stage.seen.at(-1)).toMatchObject({ outcome: 'rejected', status: 401 })
  })

  test('of Glance gets a new token by its trust, and ends well', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a'), [service('9', { tokenCacheSec: 0 })], {
      userId: 'glance',
      trustId: 'T1',
    })
    const replies = [good, notFound('uuid-on-fernet-node'), issued(uuidOf('b')), good]
    expect(stage.play(behaviours['glance-upload'].call(member, stage), ...replies).asked).toEqual([
      'validate a by 9',
      'pause 1800 s',
      'validate a by 9',
      'issue for glance by trust T1',
      'validate b by 9',
    ])
    expect(stage.seen.at(-1)).toMatchObject({ outcome: 'ok' })
  })
})

test('an upload to Glance gets no new token for an end that nobody could judge: only for a 401', () => {
  const stage = new ClientStage()
  const swift = service('9', { tokenCacheSec: 0, connectRetries: 0 })
  const member = memberWith(uuidOf('a'), [swift], { userId: 'glance', trustId: 'T1' })
  const { asked } = stage.play(behaviours['glance-upload'].call(member, stage), good, silence)
  expect(asked).toEqual(['validate a by 9', 'pause 1800 s', 'validate a by 9'])
  expect(stage.seen.at(-1)).toMatchObject({ outcome: 'failed', status: 503 })
})

describe('a RADOS Gateway', () => {
  const gateway = (): RadosGateway =>
    new RadosGateway('swift', { ...defaultMiddleware, workers: 1 }, credentials, () => uuidOf('9', 90_000))

  test('keeps a dead admin token: whom it does not remember is refused, until its restart', () => {
    const stage = new ClientStage()
    const swift = gateway()
    const call = (digit: string, ...replies: Parameters<typeof stage.play>[1][]) =>
      stage.play(swift.judge(uuidOf(digit), 'users', 0, stage), ...replies)
    expect(call('a', good).result.status).toBe(200)
    expect(call('b', unauthorized('uuid-on-fernet-node'))).toMatchObject({
      asked: ['validate b by 9'],
      result: { status: 401, cause: 'uuid-on-fernet-node' },
    })
    expect(call('b', unauthorized('uuid-on-fernet-node')).asked).toEqual(['validate b by 9'])
    swift.restart()
    expect(call('b', issued(uuidOf('8')), good).asked).toEqual(['issue for svc', 'validate b by 8'])
  })

  test('remembers a good token until it expires', () => {
    const stage = new ClientStage()
    const swift = gateway()
    stage.play(swift.judge(uuidOf('a', 50_000), 'users', 0, stage), good)
    stage.timeSec = 49_000
    expect(stage.play(swift.judge(uuidOf('a', 50_000), 'users', 0, stage)).asked).toEqual([])
  })
})

describe('other log-ins', () => {
  test('of a federated user are two requests: the provider’s word, then a token for that token', () => {
    const stage = new ClientStage()
    const federated = { idpId: 'idp', protocolId: 'saml2', groupIds: ['g'] }
    const member = memberWith(null, [], { federated })
    const replies = [issued(uuidOf('b')), issued(uuidOf('c')), good]
    expect(stage.play(behaviours['federated-session'].call(member, stage), ...replies).asked).toEqual([
      'issue for alice by idp',
      'issue for alice by token b',
      'validate c by c',
    ])
  })

  test('with a one-time password go on with the receipt, or say both at once where there is none', () => {
    const totpSecret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
    const passcode = totp(decodeBase32(totpSecret) ?? new Uint8Array(), 59)
    // The vector of RFC 6238 for 59 s, whose last six digits Keystone wants.
    expect(passcode).toBe('287082')
    const play = (first: ReturnType<typeof unauthorized>): string[] => {
      const stage = new ClientStage()
      stage.timeSec = 59
      const member = memberWith(null, [], { totpSecret })
      const person = behaviours['two-factor-user']
      return stage.play(person.call(member, stage), first, issued(uuidOf('b')), good).asked
    }
    expect(play({ ...unauthorized(), receipt: 'R' })).toEqual([
      'issue for alice',
      'issue for alice with passcode 287082 and R',
      'validate b by b',
    ])
    expect(play(unauthorized())[1]).toBe('issue for alice with passcode 287082')
  })
})

describe('a probe of the monitoring', () => {
  test('takes back what it was given', () => {
    const stage = new ClientStage()
    const probe = behaviours['monitoring-probe']
    const revoked = { ...good, status: 204 }
    expect(stage.play(probe.call(memberWith(null), stage), issued(uuidOf('b')), good, revoked).asked).toEqual(
      ['issue for alice', 'validate b by b', 'revoke b by b'],
    )
    expect(stage.play(probe.call(memberWith(null), stage), silence).asked).toEqual(['issue for alice'])
    const refused = [issued(uuidOf('b')), notFound('key-not-distributed')]
    expect(stage.play(probe.call(memberWith(null), stage), ...refused).asked).toHaveLength(2)
  })
})

describe('delay_auth_decision', () => {
  test('turns a service that cannot ask Keystone into one that refuses', () => {
    const answer = (delayAuthDecision: boolean): number => {
      const stage = new ClientStage()
      const nova = service('9', { connectRetries: 0, delayAuthDecision })
      return stage.play(nova.judge(uuidOf('a'), 'users', 0, stage), silence).result.status
    }
    expect([answer(false), answer(true)]).toEqual([503, 401])
  })
})
