// What the simulated world remembers of validations: each thing that an answer follows from makes it ask again.
// A remembered answer that outlives its reasons would be a refusal that the simulation never shows.
import { describe, expect, test } from '@jest/globals'
import type { Context } from '../../src/identity/context.js'
import type { Claims } from '../../src/token/claims.js'
import { keyRing, rotateRing } from '../../src/token/keyring.js'
import { RememberedAnswers } from '../../src/worlds/simulated/rememberedAnswers.js'
import { SealedLedger } from '../../src/worlds/simulated/sealedLedger.js'
import { createKeystone, ids } from '../identity/support/keystone.js'
import { testKey } from '../token/vectors.js'

/** A backend whose tokens a ledger knows, and an answer of its that is remembered. */
const remembering = (claims: Partial<Claims> = {}) => {
  const keystone = createKeystone('queens', 'fernet')
  const ledger = new SealedLedger()
  const { payload: payloadOptions } = keystone.config.profile
  const contextOf = (ring = keystone.ring()): Context => ({
    ...keystone.context(),
    sealer: ledger.createSealer({ ring, payloadOptions }),
  })
  const token = (more: Partial<Claims>): string =>
    contextOf().sealer?.issue(
      {
        userId: ids.alice,
        methods: ['password'],
        auditIds: ['AAECAwQFBgcICQoLDA0ODw'],
        issuedAtSec: keystone.nowSec,
        expiresAtSec: keystone.nowSec + 600,
        scope: { kind: 'project', projectId: ids.demo },
        ...more,
      },
      { iv: new Uint8Array(16) },
    ) ?? ''
  const caller = token({ userId: ids.service, expiresAtSec: keystone.nowSec + 3600 })
  const request = { op: 'validate', authToken: caller, subjectToken: token(claims) } as const
  const answers = new RememberedAnswers(ledger)
  answers.keep(request, contextOf())
  return { keystone, contextOf, request, isGood: (context = contextOf()) => answers.isGood(request, context) }
}

describe('an answer that was good', () => {
  test('is remembered until the subject expires, and not in that second', () => {
    const { keystone, isGood } = remembering()
    expect(isGood()).toBe(true)
    keystone.nowSec += 599
    expect(isGood()).toBe(true)
    keystone.nowSec += 1
    expect(isGood()).toBe(false)
  })

  test('is asked for again when a fact of the cloud has changed, such as a user who was disabled', () => {
    const { keystone, isGood } = remembering()
    const alice = keystone.store.get('user', ids.alice)
    keystone.store.put('user', { id: ids.alice, ...alice, enabled: false })
    expect(isGood()).toBe(false)
  })

  test('is asked for again by a node with other keys, or in another mode', () => {
    const { keystone, contextOf, isGood } = remembering()
    const ring = rotateRing(keystone.ring(), { maxActiveKeys: 3, fresh: testKey(9) }).ring
    expect(isGood(contextOf(keyRing(ring.keys)))).toBe(false)
    expect(isGood({ ...contextOf(), mode: 'dual-fernet' })).toBe(false)
  })

  test.each<[string, Partial<Claims>]>([
    [
      'of a trust, which may end sooner',
      { scope: { kind: 'trust', projectId: ids.demo, trustId: ids.other } },
    ],
    ['about one’s own token, which says nothing of others’', { userId: ids.service }],
  ])('is never remembered %s', (_, claims) => {
    expect(remembering(claims).isGood()).toBe(false)
  })
})
