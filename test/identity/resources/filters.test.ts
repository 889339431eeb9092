// Lists: every filter that Keystone knows, the inexact ones, and those it ignores.
// Clients look things up by name through these, so a filter that is not there hands them the wrong thing.
import { describe, expect, test } from '@jest/globals'
import { assignmentOf, membershipOf } from '../../../src/identity/documents.js'
import type { Document, DocumentKind } from '../../../src/identity/store.js'
import { ids } from '../support/keystone.js'
import { createCloud, list, object } from '../support/operator.js'
import type { Json } from '../support/operator.js'

const { admin, keystone } = createCloud()

const documents: readonly (readonly [DocumentKind, Document])[] = [
  ['domain', { id: 'dark', name: 'dark', enabled: false }],
  [
    'project',
    { id: 'p1', name: 'Blue-1', domain_id: 'dark', parent_id: 'dark', enabled: false, tags: ['x', 'y'] },
  ],
  ['project', { id: 'p2', name: 'blue-2', domain_id: 'dark', parent_id: 'p1', enabled: true, tags: ['x'] }],
  ['user', { id: 'u1', name: 'Ann', domain_id: 'dark', enabled: false, email: 'ann@x' }],
  ['group', { id: 'g1', name: 'north', domain_id: 'dark', description: '' }],
  ['role', { id: 'r1', name: 'local', domain_id: 'dark' }],
  ['service', { id: 's1', name: 'one', type: 'odd', enabled: true }],
  ['region', { id: 'top', description: '', parent_region_id: null }],
  ['region', { id: 'below', description: '', parent_region_id: 'top' }],
  [
    'endpoint',
    { id: 'e1', service_id: 's1', interface: 'public', region_id: 'top', url: 'http://e', enabled: true },
  ],
  [
    'endpoint',
    { id: 'e2', service_id: 's1', interface: 'admin', region_id: 'below', url: 'http://e', enabled: true },
  ],
  ['credential', { id: 'c1', type: 'totp', user_id: 'u1', project_id: null, blob: 'x' }],
  ['credential', { id: 'c2', type: 'cert', user_id: ids.bob, project_id: null, blob: 'y' }],
  ['membership', membershipOf(ids.bob, 'g1')],
  ['membership', membershipOf('u1', 'g1')],
  [
    'assignment',
    assignmentOf({ type: 'GroupProject', actor_id: 'g1', target_id: 'p2', role_id: ids.readerRole }),
  ],
  [
    'assignment',
    assignmentOf({
      type: 'UserDomain',
      actor_id: 'u1',
      target_id: 'dark',
      role_id: ids.memberRole,
      inherited: true,
    }),
  ],
  [
    'assignment',
    assignmentOf({ type: 'GroupSystem', actor_id: 'g1', target_id: 'system', role_id: ids.readerRole }),
  ],
]
for (const [kind, document] of documents) keystone.store.put(kind, document)

const idsOf = (collection: string, query: string, path = collection): readonly string[] => {
  const answer = admin.send('GET', `/v3/${path}?${query}`)
  expect(answer.status).toBe(200)
  return list(answer.json, collection)
    .map((item) => String(item['id']))
    .toSorted()
}

describe('a list is filtered', () => {
  test.each([
    ['domains', 'enabled=false', ['dark']],
    ['domains', 'name=dark', ['dark']],
    ['projects', 'domain_id=dark', ['p1', 'p2']],
    ['projects', 'domain_id=dark&enabled=0', ['p1']],
    ['projects', 'domain_id=dark&enabled', ['p2']],
    ['projects', 'name=Blue-1', ['p1']],
    ['projects', 'parent_id=p1', ['p2']],
    ['projects', 'is_domain=true', ['dark', ids.acme, 'default'].toSorted()],
    ['projects', 'name__startswith=Blue', ['p1']],
    ['projects', 'name__istartswith=blue', ['p1', 'p2']],
    ['projects', 'name__icontains=LUE-', ['p1', 'p2']],
    ['projects', 'name__endswith=-2', ['p2']],
    ['projects', 'tags=x,y', ['p1']],
    ['projects', 'tags-any=x,y', ['p1', 'p2']],
    ['projects', 'domain_id=dark&not-tags=x,y', ['p2']],
    ['projects', 'domain_id=dark&not-tags-any=y', ['p2']],
    ['users', 'name=Ann', ['u1']],
    ['users', 'domain_id=dark', ['u1']],
    ['users', 'enabled=False', ['u1']],
    ['groups', 'name=north&domain_id=dark', ['g1']],
    ['groups', 'domain_id=nowhere', []],
    ['roles', 'name=reader', [ids.readerRole]],
    ['roles', 'domain_id=dark', ['r1']],
    ['roles', 'name=local', []],
    ['services', 'type=odd', ['s1']],
    ['services', 'name=one', ['s1']],
    ['endpoints', 'service_id=s1', ['e1', 'e2']],
    ['endpoints', 'service_id=s1&interface=admin', ['e2']],
    ['endpoints', 'region_id=top', ['e1']],
    ['regions', 'parent_region_id=top', ['below']],
    ['credentials', 'user_id=u1', ['c1']],
    ['credentials', 'type=cert', ['c2']],
  ])('%s by %s', (collection, query, expected) => {
    expect(idsOf(collection, query)).toEqual(expected)
  })

  test.each([
    ['users', 'groups/g1/users', 'name=Ann', ['u1']],
    ['groups', `users/u1/groups`, 'name__contains=nor', ['g1']],
    ['projects', `users/${ids.bob}/projects`, 'enabled=true&domain_id=dark', ['p2']],
  ])('%s at %s by %s', (collection, path, query, expected) => {
    expect(idsOf(collection, query, path)).toEqual(expected)
  })

  test.each(['email=ann@x', 'colour=blue', 'description__contains=x', '%zz=%zz', '=', '&&'])(
    'but not by %s, which is ignored',
    (query) => {
      expect(idsOf('users', query)).toEqual(idsOf('users', ''))
    },
  )

  test('by a name with blanks and signs, however it is encoded', () => {
    keystone.store.put('group', { id: 'g2', name: 'a b&c=d', domain_id: 'dark' })
    expect(idsOf('groups', 'name=a%20b%26c%3Dd')).toEqual(['g2'])
    expect(idsOf('groups', 'name=a+b%26c%3Dd')).toEqual(['g2'])
  })
})

/** An assignment in short: actor, target, role, and from where. */
const short = (item: Json): string => {
  const scope = object(item, 'scope')
  const actor = 'user' in item ? object(item, 'user')['id'] : object(item, 'group')['id']
  const [kind = ''] = Object.keys(scope)
  const target = kind === 'system' ? 'system' : object(scope, kind)['id']
  const inherited = scope['OS-INHERIT:inherited_to'] === 'projects' ? ' inherited' : ''
  return `${String(actor)} on ${String(target)}${inherited}`
}

const assignments = (query: string): readonly string[] => {
  const answer = admin.send('GET', `/v3/role_assignments?${query}`)
  expect(answer.status).toBe(200)
  return list(answer.json, 'role_assignments').map(short).toSorted()
}

describe('role assignments are listed', () => {
  test.each([
    ['user.id=u1', ['u1 on dark inherited']],
    ['group.id=g1', ['g1 on p2', 'g1 on system']],
    [`role.id=${ids.readerRole}&group.id=g1`, ['g1 on p2', 'g1 on system']],
    ['scope.project.id=p2', ['g1 on p2']],
    ['scope.domain.id=dark', ['u1 on dark inherited']],
    ['scope.domain.id=dark&scope.OS-INHERIT:inherited_to=', []],
    ['scope.system=all', [`${ids.alice} on system`, 'g1 on system'].toSorted()],
    ['user.id=u1&effective', ['u1 on p1 inherited', 'u1 on p2', 'u1 on p2 inherited']],
    ['user.id=u1&effective=0', ['u1 on dark inherited']],
    ['scope.project.id=p2&effective=True', [`${ids.bob} on p2`, 'u1 on p2', 'u1 on p2 inherited']],
    ['scope.project.id=p1&include_subtree&group.id=g1', ['g1 on p2']],
    [
      'scope.system=all&effective',
      [`${ids.alice} on system`, `${ids.bob} on system`, 'u1 on system'].toSorted(),
    ],
  ])('by %s', (query, expected) => {
    expect(assignments(query)).toEqual(expected)
  })

  test('with the links of what they come from', () => {
    const found = list(
      admin.send('GET', '/v3/role_assignments?scope.project.id=p2&effective').json,
      'role_assignments',
    )
    const base = 'http://127.0.0.1:15013/v3'
    expect(found).toContainEqual({
      links: {
        assignment: `${base}/projects/p2/groups/g1/roles/${ids.readerRole}`,
        membership: `${base}/groups/g1/users/u1`,
      },
      scope: { project: { id: 'p2' } },
      user: { id: 'u1' },
      role: { id: ids.readerRole },
    })
    expect(found).toContainEqual({
      links: {
        assignment: `${base}/OS-INHERIT/domains/dark/users/u1/roles/${ids.memberRole}/inherited_to_projects`,
      },
      scope: { project: { id: 'p2' }, 'OS-INHERIT:inherited_to': 'projects' },
      user: { id: 'u1' },
      role: { id: ids.memberRole },
    })
  })

  test('with names, if they are wanted', () => {
    const dark = { id: 'dark', name: 'dark' }
    const [found] = list(
      admin.send('GET', '/v3/role_assignments?scope.project.id=p2&include_names').json,
      'role_assignments',
    )
    expect(found).toMatchObject({
      scope: { project: { id: 'p2', name: 'blue-2', domain: dark } },
      group: { id: 'g1', name: 'north', domain: dark },
      role: { id: ids.readerRole, name: 'reader' },
    })
  })

  test.each([
    ['include_subtree', 'scope.project.id must be specified if include_subtree is also specified'],
    ['scope.project.id=p1&scope.domain.id=dark', 'Specify a domain or project, not both'],
    ['scope.system=all&scope.domain.id=dark', 'Specify system or domain, not both'],
    ['scope.system=all&scope.project.id=p1', 'Specify system or project, not both'],
    ['user.id=u1&group.id=g1', 'Specify a user or group, not both'],
    ['group.id=g1&effective', 'Combining effective and group filter will always result in an empty list.'],
  ])('but not by %s', (query, message) => {
    const answer = admin.send('GET', `/v3/role_assignments?${query}`)
    expect(answer.json).toEqual({ error: { code: 400, title: 'Bad Request', message } })
  })
})

test('inherited grants have paths of their own', () => {
  const path = `/v3/OS-INHERIT/domains/dark/users/u1/roles`
  const [role] = list(admin.send('GET', `${path}/inherited_to_projects`).json, 'roles')
  expect(role).toMatchObject({ id: ids.memberRole, name: 'member' })
  const one = `${path}/${ids.readerRole}/inherited_to_projects`
  expect(admin.send('HEAD', one).status).toBe(404)
  expect(admin.send('PUT', one).status).toBe(204)
  expect(admin.send('HEAD', one).status).toBe(204)
  expect(admin.send('HEAD', `/v3/domains/dark/users/u1/roles/${ids.readerRole}`).status).toBe(404)
  expect(admin.send('DELETE', one).status).toBe(204)
})
