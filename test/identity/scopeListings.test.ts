// Where a token's user may go, and by what: their own roles, their groups', and those that come down from above.
// Horizon and the command line client ask this before they ask for anything else.
import { describe, expect, test } from '@jest/globals'
import { assignmentOf, membershipOf } from '../../src/identity/documents.js'
import type { Grant } from '../../src/identity/documents.js'
import { createKeystone, ids, onProject, recorded } from './support/keystone.js'
import type { Keystone, Received } from './support/keystone.js'

const group = 'f'.repeat(32)
const child = 'c'.repeat(32)
const grandchild = 'd'.repeat(32)

/** A cloud in which bob is in a group; the project demo has a child and a grandchild. */
const withGroup = (...grants: readonly Omit<Grant, 'actor_id'>[]): Keystone => {
  const keystone = createKeystone('queens', 'fernet')
  keystone.store.put('group', { id: group, name: 'staff', domain_id: ids.acme })
  keystone.store.put('membership', membershipOf(ids.bob, group))
  keystone.store.put('project', { ...recorded.project, id: child, name: 'child', parent_id: ids.demo })
  keystone.store.put('project', { ...recorded.project, id: grandchild, name: 'below', parent_id: child })
  for (const grant of grants) keystone.store.put('assignment', assignmentOf({ ...grant, actor_id: group }))
  return keystone
}
const list = (keystone: Keystone, what: 'projects' | 'domains' | 'system'): Received =>
  keystone.send('GET', `/v3/auth/${what}`, { auth: keystone.login('bob', 'unscoped') })
const projects = (keystone: Keystone): unknown =>
  list(keystone, 'projects').json.projects?.map(({ id }) => id)

describe('a group’s role', () => {
  test('on a project lets its members in and shows them the way, until they leave', () => {
    const keystone = withGroup({ type: 'GroupProject', target_id: ids.demo, role_id: ids.readerRole })
    expect(projects(keystone)).toEqual([ids.other, ids.demo])
    const token = keystone.login('bob', onProject(ids.demo))
    expect(keystone.validate(token).json.token?.roles?.map(({ id }) => id)).toEqual([ids.readerRole])
    keystone.store.remove('membership', membershipOf(ids.bob, group).id)
    expect(keystone.validate(token).status).toBe(404)
    expect(() => keystone.login('bob', onProject(ids.demo))).toThrow('401')
    expect(projects(keystone)).toEqual([ids.other])
  })

  test('adds to the user’s own, each role once', () => {
    const keystone = withGroup(
      { type: 'GroupProject', target_id: ids.other, role_id: ids.readerRole },
      { type: 'GroupProject', target_id: ids.other, role_id: ids.memberRole },
    )
    const { token } = keystone.validate(keystone.login('bob', onProject(ids.other))).json
    expect(token?.roles?.map(({ id }) => id).toSorted()).toEqual([ids.memberRole, ids.readerRole].toSorted())
    expect(projects(keystone)).toEqual([ids.other])
  })

  test('on a domain or the system is one too', () => {
    const keystone = withGroup(
      { type: 'GroupDomain', target_id: ids.acme, role_id: ids.readerRole },
      { type: 'GroupSystem', target_id: 'system', role_id: ids.readerRole },
    )
    expect(list(keystone, 'domains').json.domains?.map(({ id }) => id)).toEqual([ids.acme])
    expect(list(keystone, 'system').json).toEqual({
      system: [{ all: true }],
      links: { self: 'http://127.0.0.1:15013/v3/auth/system' },
    })
    const domain = keystone.login('bob', { domain: { id: ids.acme } })
    expect(keystone.validate(domain).json.token?.roles).toHaveLength(1)
    expect(keystone.validate(keystone.login('bob', { system: { all: true } })).status).toBe(200)
  })

  test('is nothing to those who are not in the group', () => {
    const keystone = withGroup({ type: 'GroupSystem', target_id: 'system', role_id: ids.readerRole })
    const auth = keystone.login('nova', 'unscoped')
    expect(keystone.send('GET', '/v3/auth/system', { auth }).json.system).toEqual([])
    expect(() => keystone.login('nova', { system: { all: true } })).toThrow('401')
  })
})

describe('an inherited role', () => {
  test('on a project holds below it and not on it', () => {
    const keystone = withGroup({
      type: 'GroupProject',
      target_id: ids.demo,
      role_id: ids.readerRole,
      inherited: true,
    })
    expect(projects(keystone)).toEqual([ids.other, child, grandchild])
    expect(() => keystone.login('bob', onProject(ids.demo))).toThrow('401')
    expect(keystone.validate(keystone.login('bob', onProject(grandchild))).status).toBe(200)
  })

  test('on a domain holds on all its projects and not on it', () => {
    const keystone = withGroup({
      type: 'GroupDomain',
      target_id: ids.acme,
      role_id: ids.readerRole,
      inherited: true,
    })
    const shown = projects(keystone) as string[]
    expect(shown.toSorted()).toEqual([ids.other, ids.demo, child, grandchild].toSorted())
    for (const id of shown) expect(keystone.login('bob', onProject(id))).not.toBe('')
    expect(list(keystone, 'domains').json.domains).toEqual([])
  })
})

test('what is disabled is not shown', () => {
  const keystone = withGroup({ type: 'GroupDomain', target_id: ids.acme, role_id: ids.readerRole })
  keystone.store.put('project', { ...recorded.project, id: ids.other, name: 'other', enabled: false })
  expect(projects(keystone)).toEqual([])
  keystone.store.put('domain', { id: ids.acme, name: 'acme', enabled: false })
  expect(() => list(keystone, 'domains')).toThrow('401')
})

describe('a token’s catalog', () => {
  test.each(['unscoped', { domain: { id: ids.acme } }, { system: { all: true } }])(
    'is refused to one that is for no project: %j',
    (scope) => {
      const keystone = createKeystone('queens', 'fernet')
      const auth = keystone.login('alice', scope)
      expect(keystone.send('GET', '/v3/auth/catalog', { auth }).status).toBe(403)
    },
  )
})

describe('a validation', () => {
  const ask = (keystone: Keystone, method: string, auth: string, subject: string, query = ''): number =>
    keystone.send(method, '/v3/auth/tokens', { auth, subject, query }).status

  test('by GET is for services and admins, by HEAD for admins, both for the user itself', () => {
    const keystone = createKeystone('queens', 'fernet')
    const subject = keystone.login('alice')
    const statuses = (auth: string): number[] =>
      ['GET', 'HEAD'].map((method) => ask(keystone, method, auth, subject))
    expect(statuses(keystone.login('admin', onProject(ids.serviceProject)))).toEqual([200, 200])
    expect(statuses(keystone.login('nova', onProject(ids.serviceProject)))).toEqual([200, 403])
    expect(statuses(keystone.login('alice', 'unscoped'))).toEqual([200, 200])
    expect(statuses(keystone.login('bob', onProject(ids.other)))).toEqual([403, 403])
  })

  test('takes an expired subject where it is asked to, within the window, from whoever may ask at all', () => {
    const keystone = createKeystone('queens', 'fernet')
    const subject = keystone.login('alice')
    keystone.nowSec += 3600
    const late = (auth: string, query = 'allow_expired=1'): number =>
      ask(keystone, 'GET', auth, subject, query)
    const service = keystone.login('nova', onProject(ids.serviceProject))
    expect([late(service, ''), late(service), late(service, 'allow_expired=0')]).toEqual([404, 200, 404])
    expect(late(service, 'nocatalog&allow_expired=True')).toBe(200)
    expect(late(keystone.login('bob', onProject(ids.other)))).toBe(403)
    expect(ask(keystone, 'GET', subject, subject, 'allow_expired=1')).toBe(401)
    keystone.nowSec += 172_800
    expect(late(keystone.login('nova', onProject(ids.serviceProject)))).toBe(404)
  })

  test('does so in no release before Ocata', () => {
    const keystone = createKeystone('newton', 'fernet')
    const subject = keystone.login('alice')
    keystone.nowSec += 3600
    const auth = keystone.login('nova', onProject(ids.serviceProject))
    expect(ask(keystone, 'GET', auth, subject, 'allow_expired=1')).toBe(404)
  })

  test('without a catalog leaves out nothing else', () => {
    const keystone = createKeystone('queens', 'uuid')
    const subject = keystone.login('alice')
    const auth = keystone.login('nova', onProject(ids.serviceProject))
    const body = (query: string): Received =>
      keystone.send('GET', '/v3/auth/tokens', { auth, subject, query })
    const { catalog, ...rest } = body('').json.token ?? { catalog: [] }
    expect(catalog).toHaveLength(1)
    expect(body('nocatalog').json.token).toEqual(rest)
  })
})
