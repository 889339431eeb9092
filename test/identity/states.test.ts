// Every state that a token can be in, put to the identity logic in memory: the statuses, and the causes that
// no real Keystone names. What was recorded is compared in full by the tests of conformance, over HTTP.
import { describe, expect, test } from '@jest/globals'
import { callersOf, places, stateNames, states } from '../conformance/states.js'
import type { Place, Stage } from '../conformance/states.js'
import { createKeystone } from './support/keystone.js'
import type { Keystone, Received } from './support/keystone.js'

const stageOf = (keystone: Keystone): Stage => ({
  get nowSec() {
    return keystone.nowSec
  },
  set nowSec(nowSec) {
    keystone.nowSec = nowSec
  },
  get mode() {
    return keystone.mode
  },
  set mode(mode) {
    keystone.mode = mode
  },
  expirationSec: keystone.config.expirationSec,
  send: (method, path, sent) => {
    const reply = keystone.send(method, path, sent)
    return { ...reply, header: (name) => reply.headers[name] }
  },
  rotate: () => keystone.rotate(),
})

/** Brings about a state and asks in every place where a token can stand. */
const askAll = async (keystone: Keystone, name: string): Promise<(place: Place) => Received> => {
  const stage = stageOf(keystone)
  const token = (await states[name]?.(stage, { sample: '', names: stateNames })) ?? ''
  const callers = await callersOf(stage)
  const got = new Map<Place, Received>()
  for (const [place, ask] of Object.entries(places)) {
    got.set(place as Place, (await ask(stage, token, callers)) as Awaited<ReturnType<typeof ask>> & Received)
  }
  return (place) => got.get(place) as Received
}

describe('newton with Fernet answers with the statuses that were measured', () => {
  const measured: readonly (readonly [string, number, number, number])[] = [
    ['valid project token', 200, 403, 201],
    ['revoked by DELETE', 404, 401, 404],
    ['child of revoked parent (rescoped before)', 200, 403, 201],
    ['trust token, trust live', 200, 403, 403],
    ['trust token, trust deleted', 404, 404, 401],
    ['user deleted', 404, 404, 404],
    ['user disabled', 404, 401, 404],
    ['user disabled then re-enabled', 404, 401, 404],
    ['own password changed', 404, 401, 404],
    ['last role on project removed', 404, 401, 404],
    ['one of two roles removed', 200, 403, 201],
    ['role added after issue', 200, 403, 201],
    ['project disabled', 404, 401, 404],
    ['project deleted', 404, 404, 404],
    ['expired (within allow_expired_window)', 404, 401, 404],
    ['issued by fernet, provider now uuid', 404, 401, 404],
  ]
  test.each(measured)('%s: subject %d, auth %d, rescope %d', async (name, subject, auth, rescope) => {
    for (const release of ['newton', 'mitaka'] as const) {
      const got = await askAll(createKeystone(release, 'fernet'), name)
      const asked = ['subject GET', 'auth GET tokens', 'auth POST rescope method=token'] as const
      expect(asked.map((place) => got(place).status)).toEqual([subject, auth, rescope])
    }
  })
})

describe('a refusal names its cause', () => {
  const causes: readonly (readonly ['uuid' | 'fernet', string, string])[] = [
    ['uuid', 'issued by uuid, provider now fernet', 'uuid-on-fernet-node'],
    ['uuid', 'trust token issued by uuid, provider now fernet', 'uuid-on-fernet-node'],
    ['fernet', 'issued by fernet, provider now uuid', 'fernet-on-uuid-node'],
    ['fernet', 'token issued before 1 rotation(s), max_active_keys=3', 'none'],
    ['fernet', 'token issued before 2 rotation(s), max_active_keys=3', 'key-rotated-away'],
    ['uuid', 'expired (within allow_expired_window)', 'expired'],
    ['fernet', 'expired (within allow_expired_window)', 'expired'],
    ['uuid', 'revoked by DELETE', 'revoked'],
    ['fernet', 'revoked by DELETE', 'revoked'],
    ['uuid', 'trust token, trust deleted', 'trust-gone'],
    ['fernet', 'trust token, trust deleted', 'trust-gone'],
    ['uuid', 'user disabled', 'user-gone'],
    ['fernet', 'user disabled', 'user-gone'],
    ['uuid', 'user deleted', 'user-gone'],
    ['fernet', 'user deleted', 'user-gone'],
    ['fernet', 'project deleted', 'revoked'],
    ['uuid', 'project deleted', 'revoked'],
  ]
  test.each(causes)('%s: %s: %s', async (mode, name, cause) => {
    for (const release of ['newton', 'queens'] as const) {
      const got = await askAll(createKeystone(release, mode), name)
      const asked = ['subject GET', 'auth GET self', 'auth POST rescope method=token'] as const
      const want = cause === 'none' ? null : cause
      expect(asked.map((place) => got(place).cause)).toEqual([want, want, want])
      if (want !== null) {
        expect(asked.map((place) => got(place).refused)).toEqual(['subject', 'auth', 'rescoped'])
      }
    }
  })

  test('a Fernet token of a key that this node never had was not distributed', () => {
    const there = createKeystone('queens', 'fernet')
    const here = createKeystone('newton', 'fernet')
    expect(here.validate(there.login('alice')).cause).toBe('key-not-distributed')
  })

  test('what neither provider can have made is unknown', () => {
    for (const mode of ['uuid', 'dual-uuid', 'dual-fernet', 'fernet'] as const) {
      const reply = createKeystone('queens', mode).validate('x')
      expect([reply.cause, reply.seenFormat]).toEqual(['unknown-token', null])
    }
    expect(createKeystone('queens', 'uuid').validate('0'.repeat(32)).cause).toBe('unknown-token')
  })
})
