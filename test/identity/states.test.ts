// Every state that a token can be in, put to the identity logic as it was put to a real Keystone.
// The answers must be the recorded ones: status, message, headers, length.
import { describe, expect, test } from '@jest/globals'
import { assignmentId } from '../../src/identity/documents.js'
import { revokeGrant, revokeProject, revokeUser } from '../../src/identity/revoke.js'
import type { Document } from '../../src/identity/store.js'
import {
  authenticateWith,
  byCredential,
  createKeystone,
  createTrust,
  giveCredential,
  ids,
  onProject,
  onTrust,
  readVector,
} from './support/keystone.js'
import type { Keystone, Received } from './support/keystone.js'

interface Answer {
  readonly status: number
  readonly wwwAuthenticate?: string
  readonly error?: { readonly code: number; readonly title: string; readonly message: string }
  readonly contentLength?: number
}

type Place =
  'subject' | 'subjectHead' | 'subjectAllowExpired' | 'auth' | 'authHead' | 'self' | 'projects' | 'rescope'

interface Recording {
  readonly publicUrl: string
  readonly headers: Readonly<Record<string, string>>
  readonly authProjects: { readonly projects: readonly unknown[]; readonly links: unknown }
  readonly states: Readonly<
    Record<string, { readonly token: string; readonly answers: Record<Place, Answer> }>
  >
  readonly single: Readonly<Record<string, Answer & { readonly request: string }>>
}

const answers = readVector('keystone-answers.json') as Record<
  'newton-uuid' | 'queens-uuid' | 'queens-fernet',
  Recording
>

const edit = (
  keystone: Keystone,
  kind: 'user' | 'project',
  id: string,
  change: Record<string, unknown>,
): void => {
  keystone.store.put(kind, { ...(keystone.store.get(kind, id) as Document), ...change })
}

const memberOn = (
  target: string,
  role: string = ids.memberRole,
): Document & Parameters<typeof assignmentId>[0] => {
  const grant = {
    type: 'UserProject' as const,
    actor_id: ids.alice,
    target_id: target,
    role_id: role,
    inherited: false,
  }
  return { id: assignmentId(grant), ...grant }
}

/** A token of alice for a project of hers beside `demo`, so that what happens to it leaves `demo` alone. */
const onOther = (keystone: Keystone): string => {
  keystone.store.put('assignment', memberOn(ids.other))
  return keystone.login('alice', onProject(ids.other))
}

const trustToken = (keystone: Keystone, impersonation = true): { trust: string; token: string } => {
  const trust = createTrust(keystone, { impersonation }).id
  return { trust, token: keystone.login('bob', onTrust(trust)) }
}

const credentialToken = (keystone: Keystone): string => {
  const { id } = giveCredential(keystone)
  return authenticateWith(keystone, byCredential({ id })).issued?.id ?? ''
}

const later = (keystone: Keystone, sec: number): void => {
  keystone.nowSec += sec
}

/** How each state is brought about; the token in it. */
const states: Readonly<Record<string, (keystone: Keystone, sample: string) => string>> = {
  'valid project token': (keystone) => keystone.login('alice'),
  'valid unscoped token': (keystone) => keystone.login('alice', 'unscoped'),
  'garbage "x"': (_, sample) => sample,
  'garbage 32 hex, never issued': (_, sample) => sample,
  'garbage 300 chars': (_, sample) => sample,
  'gAAAAA + garbage': (_, sample) => sample,
  'tampered byte': (keystone) => {
    const token = keystone.login('alice')
    const at = 100
    return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
  },
  'revoked by DELETE': (keystone) => {
    const token = keystone.login('alice')
    expect(
      keystone.send('DELETE', '/v3/auth/tokens', {
        auth: keystone.login('admin', onProject(ids.serviceProject)),
        subject: token,
      }).status,
    ).toBe(204)
    return token
  },
  'child of revoked parent (rescoped before)': (keystone) => {
    const parent = keystone.login('alice', 'unscoped')
    const child = keystone.rescope(parent).issued?.id ?? ''
    keystone.send('DELETE', '/v3/auth/tokens', { auth: parent, subject: parent })
    return child
  },
  'trust token, trust live': (keystone) => trustToken(keystone).token,
  'trust token, trust deleted': (keystone) => {
    const { trust, token } = trustToken(keystone)
    const reply = keystone.send('DELETE', `/v3/OS-TRUST/trusts/${trust}`, { auth: keystone.login('alice') })
    expect(reply.status).toBe(204)
    return token
  },
  'trust token (no impersonation), deleted': (keystone) => {
    const { trust, token } = trustToken(keystone, false)
    keystone.send('DELETE', `/v3/OS-TRUST/trusts/${trust}`, { auth: keystone.login('alice') })
    return token
  },
  'app-cred token, live': (keystone) => credentialToken(keystone),
  'app-cred token, app cred deleted': (keystone) => {
    const token = credentialToken(keystone)
    keystone.store.remove('application_credential', giveCredential(keystone).id)
    return token
  },
  'trust token revoked': (keystone) => {
    const { token } = trustToken(keystone)
    keystone.send('DELETE', '/v3/auth/tokens', { auth: token, subject: token })
    return token
  },
  'user disabled': (keystone) => {
    const token = keystone.login('alice')
    edit(keystone, 'user', ids.alice, { enabled: false })
    keystone.run(revokeUser(keystone.context(), ids.alice))
    return token
  },
  'user disabled then re-enabled': (keystone) => {
    const token = keystone.login('alice')
    keystone.run(revokeUser(keystone.context(), ids.alice))
    later(keystone, 1)
    return token
  },
  'user deleted': (keystone) => {
    const token = keystone.login('alice')
    keystone.store.remove('user', ids.alice)
    keystone.run(revokeUser(keystone.context(), ids.alice))
    return token
  },
  'own password changed': (keystone) => {
    const token = keystone.login('alice')
    keystone.run(revokeUser(keystone.context(), ids.alice))
    return token
  },
  'last role on project removed': (keystone) => {
    const token = onOther(keystone)
    keystone.store.remove('assignment', memberOn(ids.other).id)
    keystone.run(revokeGrant(keystone.context(), { userId: ids.alice, projectId: ids.other }))
    return token
  },
  'one of two roles removed': (keystone) => {
    keystone.store.put('assignment', memberOn(ids.other, ids.readerRole))
    const token = onOther(keystone)
    keystone.store.remove('assignment', memberOn(ids.other, ids.readerRole).id)
    keystone.run(revokeGrant(keystone.context(), { userId: ids.alice, projectId: ids.other }))
    return token
  },
  'role added after issue': (keystone) => {
    const token = onOther(keystone)
    keystone.store.put('assignment', memberOn(ids.other, ids.readerRole))
    return token
  },
  'project disabled': (keystone) => {
    const token = onOther(keystone)
    edit(keystone, 'project', ids.other, { enabled: false })
    keystone.run(revokeProject(keystone.context(), ids.other))
    return token
  },
  'project deleted': (keystone) => {
    const token = onOther(keystone)
    keystone.store.remove('project', ids.other)
    keystone.run(revokeProject(keystone.context(), ids.other))
    return token
  },
  'expired (within allow_expired_window)': (keystone) => {
    const token = keystone.login('alice')
    later(keystone, 3600)
    return token
  },
  'expired (beyond allow_expired_window)': (keystone) => {
    const token = keystone.login('alice')
    later(keystone, 3600 + 172_800)
    return token
  },
  'issued by uuid, provider now fernet': (keystone) => {
    const token = keystone.login('alice')
    keystone.mode = 'fernet'
    return token
  },
  'trust token issued by uuid, provider now fernet': (keystone) => {
    const { token } = trustToken(keystone)
    keystone.mode = 'fernet'
    return token
  },
  'issued by fernet, provider now uuid': (keystone) => {
    const token = keystone.login('alice')
    keystone.mode = 'uuid'
    return token
  },
  'trust token issued by fernet, provider now uuid': (keystone) => {
    const { token } = trustToken(keystone)
    keystone.mode = 'uuid'
    return token
  },
  'issued by uuid, switched away and back': (keystone) => {
    const token = keystone.login('alice')
    keystone.mode = 'fernet'
    keystone.validate(token)
    keystone.mode = 'uuid'
    return token
  },
  'issued by fernet, switched away and back': (keystone) => {
    const token = keystone.login('alice')
    keystone.mode = 'uuid'
    keystone.validate(token)
    keystone.mode = 'fernet'
    return token
  },
  ...Object.fromEntries(
    [1, 2, 3].map((times) => [
      `token issued before ${times} rotation(s), max_active_keys=3`,
      (keystone: Keystone) => {
        // The recording began with [0, 1] and a token of key 1; it dies with the second rotation.
        const token = keystone.login('alice')
        for (let i = 0; i < times; i++) keystone.rotate()
        return token
      },
    ]),
  ),
}

/** Asks in every place where a token can stand. */
const askAll = (keystone: Keystone, token: string): Record<Place, Received> => {
  const admin = keystone.login('admin', onProject(ids.serviceProject))
  const others = keystone.login('nova', onProject(ids.serviceProject))
  const path = '/v3/auth/tokens'
  return {
    subject: keystone.send('GET', path, { auth: admin, subject: token }),
    subjectHead: keystone.send('HEAD', path, { auth: admin, subject: token }),
    subjectAllowExpired: keystone.send('GET', path, {
      auth: admin,
      subject: token,
      query: 'allow_expired=1',
    }),
    auth: keystone.send('GET', path, { auth: token, subject: others }),
    authHead: keystone.send('HEAD', path, { auth: token, subject: others }),
    self: keystone.send('GET', path, { auth: token, subject: token }),
    projects: keystone.send('GET', '/v3/auth/projects', { auth: token }),
    rescope: keystone.rescope(token),
  }
}

const anonymous = (text: string, token: string): string =>
  text.replaceAll(token, '<token>').replaceAll(/[0-9a-f]{32}/g, '<id>')

const comparable = (answer: Answer): unknown => ({
  status: answer.status,
  wwwAuthenticate: answer.wwwAuthenticate,
  error: answer.error && { ...answer.error, message: anonymous(answer.error.message, '<token>') },
})

const seen = (reply: Received, token: string): unknown => {
  const { error } = reply.json
  return {
    status: reply.status,
    wwwAuthenticate: reply.headers['WWW-Authenticate'],
    error: error && { ...error, message: anonymous(error.message, token) },
  }
}

describe.each([
  { recording: 'newton-uuid', release: 'newton', mode: 'uuid' },
  { recording: 'queens-uuid', release: 'queens', mode: 'uuid' },
  { recording: 'queens-fernet', release: 'queens', mode: 'fernet' },
] as const)('$recording answers as recorded', ({ recording, release, mode }) => {
  const { publicUrl, states: recordedStates, single } = answers[recording]
  const create = (): Keystone => createKeystone(release, mode, { publicUrl })

  test.each(Object.entries(recordedStates))('%s', (name, state) => {
    const keystone = create()
    const bring = states[name]
    if (bring === undefined) throw new Error(`nobody knows how to bring about: ${name}`)
    const token = bring(keystone, state.token)
    const got = askAll(keystone, token)
    for (const place of Object.keys(state.answers) as Place[]) {
      expect({ place, ...(seen(got[place], token) as object) }).toEqual({
        place,
        ...(comparable(state.answers[place]) as object),
      })
      // Lengths of refusals; those of good tokens depend on the recorded projects' names, and are compared below.
      if (place.endsWith('Head') && got[place].status >= 400) {
        expect([place, got[place].headers['Content-Length']]).toEqual([
          place,
          String(state.answers[place].contentLength),
        ])
      }
    }
  })

  test('lengths of good tokens are as recorded', () => {
    for (const name of ['valid project token', 'valid unscoped token', 'trust token, trust live']) {
      const keystone = create()
      const token = (states[name] as (keystone: Keystone, sample: string) => string)(keystone, '')
      const recordedAnswers = recordedStates[name]?.answers as Record<Place, Answer>
      const got = askAll(keystone, token)
      // The recorded catalog has this port in its URLs, so lengths agree in every release.
      expect([name, got.subject.text.length]).toEqual([name, recordedAnswers.subject.contentLength])
      expect(Number(got.subjectHead.headers['Content-Length'])).toBe(
        recordedAnswers.subjectHead.contentLength,
      )
      if (name !== 'trust token, trust live')
        expect(got.rescope.text.length).toBe(recordedAnswers.rescope.contentLength)
    }
  })

  test('missing tokens, other people and wrong passwords are refused as recorded', () => {
    const keystone = create()
    const admin = keystone.login('admin', onProject(ids.serviceProject))
    const alice = keystone.login('alice')
    const path = '/v3/auth/tokens'
    const wrong = { methods: ['password'], password: { user: { id: ids.alice, password: 'wrong' } } }
    const cases: Record<string, Received> = {
      'missing X-Subject-Token': keystone.send('GET', path, { auth: admin }),
      'HEAD missing X-Subject-Token': keystone.send('HEAD', path, { auth: admin }),
      'empty X-Subject-Token': keystone.send('GET', path, { auth: admin, subject: '' }),
      'missing X-Auth-Token': keystone.send('GET', path, { subject: alice }),
      'missing both': keystone.send('GET', path),
      'non-admin validates other': keystone.send('GET', path, { auth: alice, subject: admin }),
      'non-admin validates own other token': keystone.send('GET', path, {
        auth: alice,
        subject: keystone.login('alice'),
      }),
      'wrong password': keystone.send('POST', path, { json: { auth: { identity: wrong } } }),
      'OS-PKI/revoked': keystone.send('GET', `${path}/OS-PKI/revoked`, { auth: admin }),
      'revoke DELETE response': keystone.send('DELETE', path, { auth: admin, subject: alice }),
    }
    for (const [name, reply] of Object.entries(cases)) {
      expect([name, seen(reply, '<none>')]).toEqual([name, comparable(single[name] as Answer)])
    }
  })

  test('a token that was deleted before cannot be deleted', () => {
    const keystone = create()
    const admin = keystone.login('admin', onProject(ids.serviceProject))
    const token = keystone.login('alice')
    keystone.send('DELETE', '/v3/auth/tokens', { auth: admin, subject: token })
    const again = keystone.send('DELETE', '/v3/auth/tokens', { auth: admin, subject: token })
    const want = single['DELETE already revoked'] as Answer
    expect(again.json.error?.message.replace(token, '')).toBe(want.error?.message.replace(/[0-9a-f]{32}/, ''))
    expect(again.status).toBe(want.status)
  })

  test('every answer says what it varies by and which request it was', () => {
    const keystone = create()
    const token = keystone.login('alice')
    const got = askAll(keystone, token)
    for (const reply of Object.values(got)) {
      expect(reply.headers['Vary']).toBe('X-Auth-Token')
      expect(reply.headers['x-openstack-request-id']).toMatch(/^req-/)
      expect(reply.headers['Content-Type']).toBe('application/json')
    }
    expect(got.subject.headers['X-Subject-Token']).toBe(token)
  })

  test('HEAD is GET without its body', () => {
    const keystone = create()
    const got = askAll(keystone, keystone.login('alice'))
    expect(got.subjectHead.body).toBeNull()
    expect(got.subjectHead).toMatchObject({ status: got.subject.status, cause: got.subject.cause })
    expect(got.subjectHead.headers['Content-Length']).toBe(String(got.subject.text.length))
  })

  test('projects to scope to are listed as recorded', () => {
    const keystone = create()
    const { json } = keystone.send('GET', '/v3/auth/projects', { auth: keystone.login('alice') })
    const want = answers[recording].authProjects
    const shape = (project: unknown): string[] => Object.keys(project as object)
    expect(json.projects?.map(shape)).toEqual(want.projects.map(shape))
    expect(json.links).toEqual(want.links)
  })
})

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
  test.each(measured)('%s: subject %d, auth %d, rescope %d', (name, subject, auth, rescope) => {
    for (const release of ['newton', 'mitaka'] as const) {
      const keystone = createKeystone(release, 'fernet')
      const token = (states[name] as (keystone: Keystone, sample: string) => string)(keystone, '')
      const got = askAll(keystone, token)
      expect([got.subject.status, got.auth.status, got.rescope.status]).toEqual([subject, auth, rescope])
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
  test.each(causes)('%s: %s: %s', (mode, name, cause) => {
    for (const release of ['newton', 'queens'] as const) {
      const keystone = createKeystone(release, mode)
      const token = (states[name] as (keystone: Keystone, sample: string) => string)(keystone, '')
      const got = askAll(keystone, token)
      const want = cause === 'none' ? null : cause
      expect([got.subject.cause, got.self.cause, got.rescope.cause]).toEqual([want, want, want])
      if (want !== null) {
        expect([got.subject.refused, got.self.refused, got.rescope.refused]).toEqual([
          'subject',
          'auth',
          'rescoped',
        ])
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
