// Rules of several methods: what is enough, what earns a receipt, and what a receipt is worth.
// A client shows one method at a time and brings the receipt along, so each answer must say what is missing.
import { describe, expect, test } from '@jest/globals'
import { isoInstant } from '../../src/identity/instants.js'
import { isEnough, rulesOf } from '../../src/identity/multiFactor.js'
import type { Document } from '../../src/identity/store.js'
import { openReceipt } from '../../src/token/receipt.js'
import { totp } from '../../src/token/totp.js'
import {
  authenticateWith,
  byCredential,
  createKeystone,
  giveCredential,
  ids,
  onProject,
} from './support/keystone.js'
import type { Keystone, Received } from './support/keystone.js'

const secret = Buffer.from('12345678901234567890')

const withRules = (options: unknown, config = {}): Keystone => {
  const keystone = createKeystone('queens', 'fernet', config)
  keystone.store.put('user', { ...(keystone.store.get('user', ids.alice) as Document), options })
  keystone.store.put('credential', {
    id: 'c1',
    user_id: ids.alice,
    type: 'totp',
    blob: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
  })
  return keystone
}
const bothRules = { multi_factor_auth_enabled: true, multi_factor_auth_rules: [['password', 'totp']] }
const password = { user: { id: ids.alice, password: 'alice-pw' } }
const passcode = (keystone: Keystone): unknown => ({
  user: { id: ids.alice, passcode: totp(secret, keystone.nowSec) },
})
const withPassword = (keystone: Keystone, receipt?: string): Received =>
  authenticateWith(
    keystone,
    { methods: ['password'], password },
    { scope: onProject(ids.demo), ...(receipt === undefined ? {} : { receipt }) },
  )
const withPasscode = (keystone: Keystone, receipt?: string): Received =>
  authenticateWith(
    keystone,
    { methods: ['totp'], totp: passcode(keystone) },
    { scope: onProject(ids.demo), ...(receipt === undefined ? {} : { receipt }) },
  )
const receiptOf = (reply: Received): string => reply.headers['Openstack-Auth-Receipt'] ?? ''

describe('a user with rules', () => {
  test('logs in with all methods of a rule at once', () => {
    const keystone = withRules(bothRules)
    const reply = authenticateWith(
      keystone,
      { methods: ['password', 'totp'], password, totp: passcode(keystone) },
      { scope: onProject(ids.demo) },
    )
    expect(reply.json.token?.methods).toEqual(['password', 'totp'])
    const token = keystone.validate(reply.issued?.id ?? '').json.token
    expect(token?.methods.toSorted()).toEqual(['password', 'totp'])
    expect(keystone.rescope(reply.issued?.id ?? '').status).toBe(201)
  })

  test('gets a receipt for a part, which says what was passed and what is wanted', () => {
    const keystone = withRules(bothRules)
    keystone.nowSec += 0.5
    const reply = withPassword(keystone)
    expect([reply.status, reply.issued, reply.cause]).toEqual([401, null, null])
    expect(reply.headers['WWW-Authenticate']).toBeUndefined()
    const issuedAtSec = Math.floor(keystone.nowSec)
    expect(reply.json).toEqual({
      receipt: {
        methods: ['password'],
        user: { id: ids.alice, name: 'alice', domain: { id: ids.acme, name: 'acme' } },
        expires_at: isoInstant(issuedAtSec + 300),
        issued_at: isoInstant(issuedAtSec),
      },
      required_auth_methods: [['password', 'totp']],
    })
    const keys = keystone.context().sealer?.receiptKeys
    expect(keys && openReceipt(receiptOf(reply), keys)).toEqual({
      userId: ids.alice,
      methods: ['password'],
      issuedAtSec,
      expiresAtSec: issuedAtSec + 300,
    })
  })

  test('goes on from a receipt, in either order, with any node that has the keys', () => {
    for (const [first, second] of [
      [withPassword, withPasscode],
      [withPasscode, withPassword],
    ] as const) {
      const keystone = withRules(bothRules)
      const receipt = receiptOf(first(keystone))
      keystone.rotate()
      keystone.nowSec += 299
      const reply = second(keystone, receipt)
      expect(reply.status).toBe(201)
      expect(reply.json.token?.methods.toSorted()).toEqual(['password', 'totp'])
    }
  })

  test('collects three methods by two receipts, or finds one rule of several', () => {
    const keystone = withRules({
      multi_factor_auth_rules: [
        ['password', 'totp', 'token'],
        ['mapped', 'totp'],
        ['password', 'mapped'],
      ],
    })
    const first = withPassword(keystone)
    expect(first.json.required_auth_methods).toEqual([
      ['password', 'totp', 'token'],
      ['password', 'mapped'],
    ])
    const second = withPasscode(keystone, receiptOf(first))
    expect(second.json.receipt?.['methods']).toEqual(['totp', 'password'])
    expect(second.json.required_auth_methods).toHaveLength(3)
    expect(withPassword(keystone, receiptOf(second)).status).toBe(401)
  })

  test.each([
    ['that has expired', 300],
    ['long expired', 3600],
  ])('has no use for a receipt %s', (_, sec) => {
    const keystone = withRules(bothRules)
    const receipt = receiptOf(withPassword(keystone))
    keystone.nowSec += sec
    const reply = withPasscode(keystone, receipt)
    expect([reply.status, reply.json.error?.message]).toEqual([
      401,
      `Could not find auth receipt: ${receipt}.`,
    ])
    expect(reply.headers['WWW-Authenticate']).toBeDefined()
  })

  test('has no use for another’s receipt, another cloud’s, or none at all', () => {
    const keystone = withRules(bothRules)
    const receipt = receiptOf(withPassword(keystone))
    const bob = authenticateWith(
      keystone,
      { methods: ['password'], password: { user: { id: ids.bob, password: 'bob-pw' } } },
      { receipt },
    )
    expect(bob.status).toBe(401)
    expect(withPasscode(keystone, `x${receipt}`).status).toBe(401)
    expect(withPasscode(keystone, keystone.login('nova', onProject(ids.serviceProject))).status).toBe(401)
    expect(receiptOf(withPasscode(keystone, ''))).not.toBe('')
  })

  test('is not let in by a wrong second method, nor by a right one whose scope is not theirs', () => {
    const keystone = withRules(bothRules)
    const receipt = receiptOf(withPassword(keystone))
    const wrong = { user: { id: ids.alice, passcode: '000000' } }
    expect(authenticateWith(keystone, { methods: ['totp'], totp: wrong }, { receipt }).status).toBe(401)
    const elsewhere = authenticateWith(
      keystone,
      { methods: ['totp'], totp: passcode(keystone) },
      { receipt, scope: onProject(ids.other) },
    )
    expect([elsewhere.status, receiptOf(elsewhere)]).toEqual([401, ''])
  })

  test('cannot go around them with an application credential', () => {
    const keystone = withRules(bothRules)
    const { id } = giveCredential(keystone)
    expect(authenticateWith(keystone, byCredential({ id })).status).toBe(401)
  })

  test('is told only what was passed where no receipts are handed out, or no keys are there', () => {
    const message = `Insufficient auth methods received for ${ids.alice}. Auth Methods Provided: [password].`
    const off = withRules(bothRules, { receipts: false })
    const keyless = withRules(bothRules)
    keyless.mode = 'uuid'
    const context = keyless.context()
    keyless.context = () => ({ ...context, sealer: null })
    for (const keystone of [off, keyless]) {
      const reply = withPassword(keystone)
      expect([reply.status, receiptOf(reply), reply.json.error?.message]).toEqual([401, '', message])
    }
  })

  test('hands in a receipt for nothing where none are taken', () => {
    const receipt = receiptOf(withPassword(withRules(bothRules)))
    expect(withPasscode(withRules(bothRules, { receipts: false }), receipt).status).toBe(401)
  })
})

describe('rules', () => {
  const context = createKeystone('queens', 'fernet').context()
  const parsed = (options: unknown): unknown => rulesOf(context, { id: 'u', options })

  test.each([
    ['are none without options', undefined, []],
    ['are none when there are none', { multi_factor_auth_enabled: true }, []],
    ['are off when that is said', { ...bothRules, multi_factor_auth_enabled: false }, []],
    ['are on unless that is said', { multi_factor_auth_rules: [['totp']] }, [['totp']]],
    ['count each method once', { multi_factor_auth_rules: [['totp', 'totp']] }, [['totp']]],
    ['leave out methods that are not on', { multi_factor_auth_rules: [['totp', 'pigeon']] }, [['totp']]],
    ['pass over what is no rule', { multi_factor_auth_rules: ['totp', [], [7], ['totp']] }, [['totp']]],
    ['pass over what is no list', { multi_factor_auth_rules: 'totp' }, []],
  ])('%s', (_, options, want) => {
    expect(parsed(options)).toEqual(want)
  })

  test('are met by all methods of any one of them, or if there are none', () => {
    expect(isEnough([], [])).toBe(true)
    expect(isEnough([['a', 'b'], ['c']], ['a'])).toBe(false)
    expect(isEnough([['a', 'b'], ['c']], ['c'])).toBe(true)
    expect(isEnough([['a', 'b'], ['c']], ['b', 'x', 'a'])).toBe(true)
  })

  test('that leave nothing once methods that are off are taken out are met: nobody is locked out', () => {
    const keystone = withRules({ multi_factor_auth_rules: [['pigeon']] })
    expect(withPassword(keystone).status).toBe(201)
  })
})
