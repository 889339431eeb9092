// What the API shows of each resource: the members that Keystone shows, links included, and nothing secret.
// Domains, projects and users are compared with what a Keystone Queens answered.
import { describe, expect, test } from '@jest/globals'
import { recorded, ids } from '../support/keystone.js'
import { createCloud, idOf, list, object } from '../support/operator.js'
import type { Json } from '../support/operator.js'

const base = 'http://127.0.0.1:15013/v3'
const members = (json: unknown): readonly string[] => Object.keys(json as Json).toSorted()

describe('a new one shows what a recorded one shows:', () => {
  const { admin } = createCloud()
  test.each([
    ['domain', { name: 'fresh' }, recorded.domain],
    ['project', { name: 'fresh', domain_id: ids.acme }, recorded.project],
    ['user', { name: 'fresh', domain_id: ids.acme, password: 'x' }, recorded.users.alice],
  ] as const)('%s', (member, asked, known) => {
    const made = admin.send('POST', `/v3/${member}s`, { [member]: asked })
    const shown = object(made.json, member)
    const { id: _, ...rest } = {
      ...known,
      name: 'fresh',
      links: { self: `${base}/${member}s/${String(shown['id'])}` },
    }
    const { id, ...seen } = shown
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    const expected = member === 'project' ? { ...rest, parent_id: ids.acme } : rest
    expect(seen).toEqual(expected)
    expect(admin.send('GET', `/v3/${member}s/${String(id)}`).json).toEqual({ [member]: shown })
  })
})

test.each([
  ['groups', 'group', { name: 'g' }, ['description', 'domain_id', 'id', 'links', 'name']],
  ['roles', 'role', { name: 'r' }, ['domain_id', 'id', 'links', 'name']],
  ['services', 'service', { type: 't' }, ['enabled', 'id', 'links', 'name', 'type']],
  ['regions', 'region', {}, ['description', 'id', 'links', 'parent_region_id']],
  [
    'credentials',
    'credential',
    { type: 'totp', blob: 'GEZDGNBVGY', user_id: ids.alice },
    ['blob', 'id', 'links', 'project_id', 'type', 'user_id'],
  ],
])('%s have these members', (collection, member, asked, expected) => {
  const { admin } = createCloud()
  const made = admin.send('POST', `/v3/${collection}`, { [member]: asked })
  expect(made.status).toBe(201)
  const shown = object(made.json, member)
  expect(members(shown)).toEqual(expected)
  expect(shown['links']).toEqual({ self: `${base}/${collection}/${String(shown['id'])}` })
  const listed = admin.send('GET', `/v3/${collection}?colour=blue`)
  expect(list(listed.json, collection)).toContainEqual(shown)
  expect(listed.json['links']).toEqual({
    next: null,
    self: `${base}/${collection}?colour=blue`,
    previous: null,
  })
  expect(listed.json['truncated']).toBeUndefined()
  const head = admin.send('HEAD', `/v3/${collection}/${String(shown['id'])}`)
  expect([head.status, head.json]).toEqual([200, {}])
})

test('an application credential hides its user and the hash of its secret', () => {
  const cloud = createCloud()
  const alice = cloud.as(cloud.keystone.login('alice'))
  const path = `/v3/users/${ids.alice}/application_credentials`
  const made = alice.send('POST', path, {
    application_credential: {
      name: 'ci',
      secret: 'mine',
      description: 'for tests',
      expires_at: '2099-12-31T00:00:00Z',
      roles: [{ name: 'member' }],
    },
  })
  const common = ['description', 'expires_at', 'id', 'links', 'name', 'project_id', 'roles']
  expect(members(object(made.json, 'application_credential'))).toEqual([...common, 'secret', 'unrestricted'])
  const id = idOf(made.json, 'application_credential')
  const shown = object(alice.send('GET', `${path}/${id}`).json, 'application_credential')
  expect(members(shown)).toEqual([...common, 'unrestricted'])
  expect(shown).toEqual({
    id,
    name: 'ci',
    description: 'for tests',
    expires_at: '2099-12-31T00:00:00.000000',
    project_id: ids.demo,
    unrestricted: null,
    roles: [{ id: ids.memberRole, name: 'member', domain_id: null }],
    links: { self: `${base}/users/${ids.alice}/application_credentials/${id}` },
  })
})

test('no reply about a user shows a password or its hash', () => {
  const { admin } = createCloud()
  const asked = { name: 'sly', password: 'hush', password_hash: 'plain:hush', original_password: 'hush' }
  const made = admin.send('POST', '/v3/users', { user: asked })
  const path = `/v3/users/${idOf(made.json, 'user')}`
  const changed = admin.send('PATCH', path, { user: { ...asked, name: 'slyer' } })
  for (const answer of [made, changed, admin.send('GET', path), admin.send('GET', '/v3/users')]) {
    expect(JSON.stringify(answer.json)).not.toMatch(/hush|plain:/)
  }
})

test('what a body says beyond what Keystone knows is kept and shown', () => {
  const { admin } = createCloud()
  const made = admin.send('POST', '/v3/groups', { group: { name: 'g', colour: 'blue', size: { cm: 7 } } })
  const path = `/v3/groups/${idOf(made.json, 'group')}`
  const changed = admin.send('PATCH', path, { group: { colour: 'red' } })
  expect(changed.json).toMatchObject({ group: { name: 'g', colour: 'red', size: { cm: 7 } } })
  expect(admin.send('GET', path).json).toEqual(changed.json)
})

test('options of a user are merged, and taken away by null', () => {
  const { admin } = createCloud()
  const rules = [['password', 'totp']]
  const made = admin.send('POST', '/v3/users', {
    user: { name: 'm', options: { multi_factor_auth_rules: rules, multi_factor_auth_enabled: true } },
  })
  const path = `/v3/users/${idOf(made.json, 'user')}`
  const changed = admin.send('PATCH', path, {
    user: { options: { multi_factor_auth_enabled: null, ignore_password_expiry: true } },
  })
  expect(object(changed.json, 'user')['options']).toEqual({
    multi_factor_auth_rules: rules,
    ignore_password_expiry: true,
  })
})

describe('older releases', () => {
  test.each([
    ['mitaka', []],
    ['newton', ['password_expires_at']],
    ['ocata', ['options', 'password_expires_at']],
  ] as const)('%s shows of a user only what it had', (release, more) => {
    const { admin } = createCloud(release)
    const shown = object(admin.send('GET', `/v3/users/${ids.alice}`).json, 'user')
    expect(members(shown)).toEqual(['domain_id', 'enabled', 'id', 'links', 'name', ...more].toSorted())
  })

  test('have no tags, application credentials or roles on the system', () => {
    const { admin } = createCloud('newton')
    expect(members(object(admin.send('GET', `/v3/projects/${ids.demo}`).json, 'project'))).not.toContain(
      'tags',
    )
    expect(members(object(admin.send('GET', `/v3/domains/${ids.acme}`).json, 'domain'))).not.toContain('tags')
    for (const path of [
      `users/${ids.admin}/application_credentials`,
      `projects/${ids.demo}/tags`,
      `system/users/${ids.alice}/roles`,
    ]) {
      expect(admin.send('GET', `/v3/${path}`).status).toBe(404)
    }
  })
})

describe('projects', () => {
  const { admin, keystone } = createCloud()
  const make = (project: Json): string =>
    idOf(admin.send('POST', '/v3/projects', { project }).json, 'project')
  const top = make({ name: 'top', domain_id: ids.acme })
  const middle = make({ name: 'middle', domain_id: ids.acme, parent_id: top })
  const leaf = make({ name: 'leaf', domain_id: ids.acme, parent_id: middle })

  test('show what is above and below them', () => {
    const shown = admin.send('GET', `/v3/projects/${middle}?parents_as_ids&subtree_as_ids`)
    expect(shown.json).toMatchObject({
      project: { parents: { [top]: { [ids.acme]: null } }, subtree: { [leaf]: null } },
    })
  })

  test('show as lists only those on which the caller has a role', () => {
    admin.send('PUT', `/v3/projects/${top}/users/${ids.admin}/roles/${ids.memberRole}`)
    const shown = admin.send('GET', `/v3/projects/${middle}?parents_as_list&subtree_as_list`)
    const project = object(shown.json, 'project')
    expect(list(project, 'parents').map((each) => idOf(each, 'project'))).toEqual([top])
    expect(list(project, 'subtree')).toEqual([])
    expect(admin.send('GET', `/v3/projects/${middle}?parents_as_list&parents_as_ids`).status).toBe(400)
  })

  test('that are domains are shown as both', () => {
    const made = admin.send('POST', '/v3/projects', { project: { name: 'realm', is_domain: true } })
    const id = idOf(made.json, 'project')
    expect(made.json).toMatchObject({ project: { is_domain: true, domain_id: null, parent_id: null } })
    expect(admin.send('GET', `/v3/projects/${id}`).json).toEqual(made.json)
    expect(admin.send('GET', `/v3/domains/${id}`).json).toMatchObject({ domain: { name: 'realm' } })
    expect(admin.send('PATCH', `/v3/projects/${id}`, { project: { enabled: false } }).status).toBe(200)
    expect(keystone.store.get('domain', id)?.['enabled']).toBe(false)
    expect(admin.send('DELETE', `/v3/projects/${id}`).status).toBe(204)
    expect(admin.send('GET', `/v3/domains/${id}`).status).toBe(404)
  })

  test('have tags of any letters, which the header that names one writes as a header may', () => {
    const path = `/v3/projects/${leaf}/tags`
    for (const [tag, written] of [
      ['a:b', 'a:b'],
      [encodeURIComponent('💥 é'), '%F0%9F%92%A5 %C3%A9'],
      ['\ud800', '%EF%BF%BD'],
    ] as const) {
      expect(admin.send('PUT', `${path}/${tag}`)).toMatchObject({
        status: 201,
        headers: { Location: `${base}/projects/${leaf}/tags/${written}` },
      })
    }
    admin.send('DELETE', path)
  })

  test('have tags, all at once or one by one', () => {
    const path = `/v3/projects/${leaf}/tags`
    const links = { self: `${base}/projects/${leaf}/tags` }
    expect(admin.send('PUT', path, { tags: ['a', 'b'] }).json).toEqual({ links, tags: ['a', 'b'] })
    const added = admin.send('PUT', `${path}/c%20d`)
    expect([added.status, added.headers['Location']]).toEqual([201, `${links.self}/c d`])
    expect(admin.send('GET', `${path}/c%20d`).status).toBe(204)
    expect(admin.send('DELETE', `${path}/a`).status).toBe(204)
    expect(admin.send('HEAD', `${path}/a`).status).toBe(404)
    expect(admin.send('GET', path).json).toEqual({ links, tags: ['b', 'c d'] })
    expect(admin.send('DELETE', path).status).toBe(204)
    expect(admin.send('GET', path).json).toEqual({ links, tags: [] })
  })
})

test('a region may be given its id by the path, and a parent', () => {
  const { admin } = createCloud()
  expect(admin.send('PUT', '/v3/regions/north', { region: {} }).status).toBe(201)
  const below = admin.send('POST', '/v3/regions', { region: { parent_region_id: 'north' } })
  expect(below.json).toMatchObject({ region: { parent_region_id: 'north', description: '' } })
  expect(admin.send('DELETE', '/v3/regions/north').status).toBe(204)
  expect(admin.send('GET', `/v3/regions/${idOf(below.json, 'region')}`).status).toBe(404)
})

test('an endpoint with the name of an unknown region makes the region', () => {
  const { admin } = createCloud()
  const serviceId = idOf(admin.send('POST', '/v3/services', { service: { type: 't' } }).json, 'service')
  const made = admin.send('POST', '/v3/endpoints', {
    endpoint: { service_id: serviceId, interface: 'public', region: 'south', url: 'http://x/%(tenant_id)s' },
  })
  expect(made.json).toMatchObject({ endpoint: { region_id: 'south', region: 'south' } })
  expect(admin.send('GET', '/v3/regions/south').status).toBe(200)
})

test('an EC2 credential is known by its access key', () => {
  const { admin } = createCloud()
  const credential = {
    type: 'ec2',
    user_id: ids.alice,
    project_id: ids.demo,
    blob: '{"access": "abc", "secret": "def"}',
  }
  const made = admin.send('POST', '/v3/credentials', { credential })
  expect(idOf(made.json, 'credential')).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
  expect(admin.send('POST', '/v3/credentials', { credential }).status).toBe(409)
})
