// Exchanging a token for another: the audit chain, the nominal expiry, and both formats at once in the dual modes.
// Rescoping is what keeps old tokens in circulation across a cutover.
import { describe, expect, test } from '@jest/globals'
import { tokenFormat } from '../../src/token/uuid.js'
import { createKeystone, ids, onProject } from './support/keystone.js'

describe.each(['uuid', 'fernet'] as const)('with the %s provider', (mode) => {
  test('a chain keeps the first audit id and the first expiry, however long it gets', () => {
    const keystone = createKeystone('queens', mode)
    const first = keystone.login('alice', 'unscoped')
    const start = keystone.validate(first).json.token
    let token = first
    for (let i = 0; i < 3; i++) {
      keystone.nowSec += 60
      const reply = keystone.rescope(token)
      expect(reply.json.token?.audit_ids).toHaveLength(2)
      expect(reply.json.token?.audit_ids[1]).toBe(start?.audit_ids[0])
      expect(reply.json.token?.expires_at).toBe(start?.expires_at)
      // Queens has forgotten the methods of a Fernet token that was exchanged (recorded).
      const forgets = mode === 'fernet'
      const want = forgets && i > 0 ? ['token'] : ['password', 'token']
      expect(reply.json.token?.methods.toSorted()).toEqual(want)
      expect(reply.issued?.expiresAtSec).toBe(keystone.nowSec - 60 * (i + 1) + 3600)
      token = reply.issued?.id ?? ''
      const { token: validated } = keystone.validate(token).json
      expect({ ...validated, methods: validated?.methods.toSorted() }).toEqual({
        ...reply.json.token,
        methods: forgets ? [] : ['password', 'token'],
      })
    }
  })

  test('a token cannot be exchanged for a project where its user has no role', () => {
    const keystone = createKeystone('queens', mode)
    expect(keystone.rescope(keystone.login('alice'), onProject(ids.other)).status).toBe(401)
  })
})

describe('in the dual modes', () => {
  test('a UUID token buys a Fernet token after the second phase began, and both are good', () => {
    const keystone = createKeystone('queens', 'dual-uuid')
    const uuid = keystone.login('alice')
    expect(tokenFormat(uuid)).toBe('uuid')
    keystone.mode = 'dual-fernet'
    const reply = keystone.rescope(uuid)
    const fernet = reply.issued?.id ?? ''
    expect(tokenFormat(fernet)).toBe('fernet')
    expect(reply.json.token?.audit_ids[1]).toBe(keystone.validate(uuid).json.token?.audit_ids[0])
    expect(keystone.validate(uuid)).toMatchObject({ status: 200, seenFormat: 'uuid' })
    expect(keystone.validate(fernet)).toMatchObject({ status: 200, seenFormat: 'fernet' })
  })

  test('a Fernet token buys a UUID token where the first phase still runs', () => {
    const keystone = createKeystone('newton', 'dual-fernet')
    const fernet = keystone.login('alice')
    keystone.mode = 'dual-uuid'
    const reply = keystone.rescope(fernet)
    expect(tokenFormat(reply.issued?.id ?? '')).toBe('uuid')
    expect(keystone.validate(reply.issued?.id ?? '').status).toBe(200)
  })

  test('the format of the subject is told in every mode, whether it is good or not', () => {
    const uuid = createKeystone('queens', 'uuid')
    const fernet = createKeystone('queens', 'fernet')
    const uuidToken = uuid.login('alice')
    const fernetToken = fernet.login('alice')
    expect(uuid.validate(uuidToken).seenFormat).toBe('uuid')
    expect(uuid.validate(fernetToken).seenFormat).toBe('fernet')
    expect(fernet.validate(uuidToken).seenFormat).toBe('uuid')
    expect(fernet.validate(fernetToken).seenFormat).toBe('fernet')
  })

  test('no row is looked for where only Fernet is accepted, and none for a Fernet token in the dual modes', () => {
    const keystone = createKeystone('queens', 'fernet')
    const token = keystone.login('alice')
    keystone.asked.length = 0
    keystone.send('GET', '/v3/auth/tokens', { auth: token, subject: '0'.repeat(32) })
    keystone.mode = 'dual-fernet'
    keystone.send('GET', '/v3/auth/tokens', { auth: token, subject: token })
    expect(keystone.asked).toEqual([])
    keystone.send('GET', '/v3/auth/tokens', { auth: token, subject: '0'.repeat(32) })
    expect(keystone.asked).toEqual([{ ask: 'token.find', id: '0'.repeat(32) }])
  })
})

test('the same service asks twice: its own token is opened once, and judged each time', () => {
  const keystone = createKeystone('queens', 'fernet')
  const auth = keystone.login('nova', onProject(ids.serviceProject))
  const subject = keystone.login('alice')
  expect(keystone.validate(subject, auth).status).toBe(200)
  keystone.send('DELETE', '/v3/auth/tokens', { auth, subject: auth })
  expect(keystone.validate(subject, auth)).toMatchObject({ status: 401, cause: 'revoked', refused: 'auth' })
})

test('a node without keys answers 500 to whatever needs one', () => {
  const keystone = createKeystone('mitaka', 'fernet')
  const token = keystone.login('alice')
  const context = keystone.context()
  keystone.context = () => ({ ...context, sealer: null })
  expect(keystone.validate(token, token)).toMatchObject({ status: 500, cause: 'service-unavailable' })
  expect(() => keystone.login('alice')).toThrow('500')
})
