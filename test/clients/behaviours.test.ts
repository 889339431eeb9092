// How each class of clients behaves when its token dies, as a dialogue with a Keystone that a test plays.
// Who recovers, who waits for a restart and who for a person decides the shape of every peak.
import { describe, expect, test } from '@jest/globals'
import { behaviours } from '../../src/clients/behaviours.js'
import type { Behaviour } from '../../src/clients/member.js'
import { Service } from '../../src/clients/middleware.js'
import {
  brokenServer,
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

const session = behaviours['password-session']
const script = behaviours['saved-token-script']
const oneShot = behaviours['one-shot']

/** A service without a cache and with one worker, whose own token `9` is good for ever. */
const plainService = (name = 'nova'): Service =>
  new Service(
    name,
    { ...defaultMiddleware, tokenCacheSec: 0, negativeCache: false, workers: 1 },
    { userId: name, password: 'secret', projectId: 'service', trustId: null },
    () => uuidOf('9', Infinity),
  )

describe('a password session', () => {
  test('sends the token that it holds', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a'))
    expect(stage.play(session.call(member, stage), good).asked).toEqual(['validate a by a'])
    expect(member.token).toEqual(uuidOf('a'))
  })

  test('authenticates again when it is refused, and repeats the call once', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a'))
    const replies = [unauthorized('uuid-on-fernet-node'), issued(uuidOf('b')), good]
    expect(stage.play(session.call(member, stage), ...replies).asked).toEqual([
      'validate a by a',
      'issue for alice',
      'validate b by b',
    ])
    expect(stage.play(session.call(member, stage), good).asked).toEqual(['validate b by b'])
  })

  test('does not try a third time when the new token is refused too', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a'))
    const { asked } = stage.play(
      session.call(member, stage),
      unauthorized(),
      issued(uuidOf('b')),
      unauthorized(),
    )
    expect(asked).toEqual(['validate a by a', 'issue for alice', 'validate b by b'])
  })

  test('does not authenticate again for an answer that is no refusal', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a'))
    expect(stage.play(session.call(member, stage), brokenServer).asked).toEqual(['validate a by a'])
    expect(stage.play(session.call(member, stage), silence).asked).toEqual(['validate a by a'])
  })

  test('renews a token with 30 s to live before it sends it, and no sooner', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a', 1000))
    stage.timeSec = 969
    expect(stage.play(session.call(member, stage), good).asked).toEqual(['validate a by a'])
    stage.timeSec = 970
    expect(stage.play(session.call(member, stage), issued(uuidOf('b', 4570)), good).asked).toEqual([
      'issue for alice',
      'validate b by b',
    ])
  })

  test('calls nothing without a token, and asks for one again at its next call', () => {
    const stage = new ClientStage()
    const member = memberWith(null)
    expect(stage.play(session.call(member, stage), unauthorized()).asked).toEqual(['issue for alice'])
    expect(stage.play(session.call(member, stage), issued(uuidOf('b')), good).asked).toEqual([
      'issue for alice',
      'validate b by b',
    ])
  })

  test('asks for a token once, and leaves the call when Keystone gives no answer', () => {
    const stage = new ClientStage()
    const member = memberWith(null)
    for (const reply of [silence, brokenServer]) {
      expect(stage.play(session.call(member, stage), reply).asked).toEqual(['issue for alice'])
      expect(member.token).toBeNull()
    }
    expect(stage.play(session.call(member, stage), issued(uuidOf('b')), good).asked).toEqual([
      'issue for alice',
      'validate b by b',
    ])
  })

  test('repeats a call that a service refused, at the service', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a'), [plainService()])
    const replies = [notFound('uuid-on-fernet-node'), issued(uuidOf('b')), good]
    expect(stage.play(session.call(member, stage), ...replies).asked).toEqual([
      'validate a by 9',
      'issue for alice',
      'validate b by 9',
    ])
    expect(stage.seen).toEqual([
      { op: 'call', outcome: 'rejected', status: 401, cause: 'uuid-on-fernet-node' },
      { op: 'call', outcome: 'ok', status: 200, cause: null },
    ])
  })
})

describe('a script with a saved token', () => {
  test('sends it for ever, refused or expired, and never asks for another', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a', 1000))
    for (const timeSec of [0, 980, 1000, 500_000]) {
      stage.timeSec = timeSec
      const reply = timeSec < 1000 ? good : unauthorized('expired')
      expect(stage.play(script.call(member, stage), reply).asked).toEqual(['validate a by a'])
    }
    expect(member.token).toEqual(uuidOf('a', 1000))
  })

  test('does nothing without a token', () => {
    const stage = new ClientStage()
    expect(stage.play(script.call(memberWith(null), stage)).asked).toEqual([])
  })
})

describe('a one-shot command', () => {
  test('asks for a new token at each call and forgets it', () => {
    const stage = new ClientStage()
    const member = memberWith(null)
    for (const digit of ['b', 'c']) {
      expect(stage.play(oneShot.call(member, stage), issued(uuidOf(digit)), good).asked).toEqual([
        'issue for alice',
        `validate ${digit} by ${digit}`,
      ])
      expect(member.token).toBeNull()
    }
  })

  test('takes a refusal as it is', () => {
    const stage = new ClientStage()
    const { asked } = stage.play(
      oneShot.call(memberWith(null), stage),
      issued(uuidOf('b')),
      unauthorized('fernet-on-uuid-node'),
    )
    expect(asked).toEqual(['issue for alice', 'validate b by b'])
  })

  test('calls nothing if it was given no token', () => {
    const stage = new ClientStage()
    expect(stage.play(oneShot.call(memberWith(null), stage), unauthorized()).asked).toEqual([
      'issue for alice',
    ])
  })
})

describe.each(['heat-mitaka', 'magnum'] as const)('a cached trust token (%s)', (name) => {
  const behaviour = behaviours[name]
  const trustee = { userId: 'trustee', trustId: 'T1', projectId: null }

  test('stays in use after it was refused', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a', 10_000), [], trustee)
    for (const timeSec of [0, 60, 5000, 9969]) {
      stage.timeSec = timeSec
      const reply = unauthorized('uuid-on-fernet-node')
      expect(stage.play(behaviour.call(member, stage), reply).asked).toEqual(['validate a by a'])
    }
  })

  test('is renewed by the trust when it nominally ends', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a', 10_000), [], trustee)
    stage.timeSec = 9970
    const replies = [issued(uuidOf('b', 20_000)), good]
    expect(stage.play(behaviour.call(member, stage), ...replies).asked).toEqual([
      'issue for trustee by trust T1',
      'validate b by b',
    ])
  })

  test('is gone after a restart, so that the next call asks for another', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a', 10_000), [], trustee)
    behaviour.restart?.(member)
    expect(stage.play(behaviour.call(member, stage), issued(uuidOf('b')), good).asked).toEqual([
      'issue for trustee by trust T1',
      'validate b by b',
    ])
  })
})

describe('restarts and what the classes start with', () => {
  test('reach sessions and cached tokens, but not what stands in a file', () => {
    const forgets = (behaviour: Behaviour): boolean => {
      const member = memberWith(uuidOf('a'))
      behaviour.restart?.(member)
      return member.token === null
    }
    expect(
      Object.entries(behaviours)
        .filter(([, behaviour]) => forgets(behaviour))
        .map(([name]) => name),
    ).toEqual([
      'password-session',
      'heat-mitaka',
      'heat-newton',
      'magnum',
      'forwarded-token',
      'long-operation',
      'glance-upload',
      'ldap-session',
      'federated-session',
      'direct-validator',
    ])
    expect(script.restart).toBeNull()
    expect(oneShot.restart).toBeNull()
  })

  test('live on a trust for Heat, Magnum and Glance, and start with a token but where somebody has to log in first', () => {
    const names = Object.keys(behaviours) as (keyof typeof behaviours)[]
    const onTrust = names.filter((name) => behaviours[name].identity.endsWith('trustee'))
    expect(onTrust).toEqual(['heat-mitaka', 'heat-newton', 'magnum', 'magnum-vm', 'glance-upload'])
    // Heat has one service user for all its stacks, Magnum a trustee for each cluster.
    const shared = names.filter((name) => behaviours[name].identity === 'shared-trustee')
    expect(shared).toEqual(['heat-mitaka', 'heat-newton'])
    expect(names.filter((name) => !behaviours[name].startsWithToken)).toEqual([
      'one-shot',
      'federated-session',
      'two-factor-user',
      'monitoring-probe',
    ])
  })
})

describe('a call of a service', () => {
  test('is reported with what the service answered: good, refused, or unable to tell', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a'), [plainService()])
    stage.play(script.call(member, stage), good)
    stage.play(script.call(member, stage), notFound('expired'))
    stage.play(script.call(member, stage), brokenServer)
    expect(stage.seen).toEqual([
      { op: 'call', outcome: 'ok', status: 200, cause: null },
      { op: 'call', outcome: 'rejected', status: 401, cause: 'expired' },
      { op: 'call', outcome: 'failed', status: 503, cause: 'service-unavailable' },
    ])
  })

  test('goes to each of the member’s services in turn of chance', () => {
    const stage = new ClientStage()
    const member = memberWith(uuidOf('a'), [plainService('nova'), plainService('heat')])
    for (let call = 0; call < 40; call++) stage.play(script.call(member, stage), good)
    const to = stage.asks.map((ask) => (ask.kind === 'keystone' ? ask.by : ''))
    // Forty tosses of a coin: fewer than 8 of a kind come once in 20,000 times.
    for (const name of ['nova', 'heat']) expect(to.filter((by) => by === name).length).toBeGreaterThan(7)
  })

  test('is a validation of its own token for a member without services, judged as that member', () => {
    const stage = new ClientStage()
    stage.play(script.call(memberWith(uuidOf('a')), stage), good)
    expect(stage.asks).toEqual([
      {
        kind: 'keystone',
        request: { op: 'validate', authToken: uuidOf('a').id, subjectToken: uuidOf('a').id },
        by: 'users',
        judged: 'users',
        format: 'uuid',
        tokens: { caller: uuidOf('a'), subject: uuidOf('a') },
      },
    ])
    expect(stage.seen).toEqual([])
  })
})
