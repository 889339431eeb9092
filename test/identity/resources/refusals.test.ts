// Refusals: who may do what, what is not there, what is there already, and bodies that say the wrong thing.
// Clients and operators' scripts read the status, and people read the message, so both are Keystone's.
import { describe, expect, test } from '@jest/globals'
import { ids } from '../support/keystone.js'
import { createCloud, idOf, message } from '../support/operator.js'
import type { Json } from '../support/operator.js'

const cloud = createCloud()
const { admin, keystone } = cloud
const alice = cloud.as(keystone.login('alice'))

const collections = [
  ['domains', 'domain'],
  ['projects', 'project'],
  ['users', 'user'],
  ['groups', 'group'],
  ['roles', 'role'],
  ['services', 'service'],
  ['endpoints', 'endpoint'],
  ['regions', 'region'],
  ['credentials', 'credential'],
] as const

describe.each(collections)('%s', (collection, member) => {
  test('need a token', () => {
    for (const [method, path] of [
      ['GET', `/v3/${collection}`],
      ['POST', `/v3/${collection}`],
      ['DELETE', `/v3/${collection}/x`],
    ] as const) {
      const answer = cloud.as(undefined).send(method, path)
      expect(answer.json).toEqual({
        error: {
          code: 401,
          title: 'Unauthorized',
          message: 'The request you have made requires authentication.',
        },
      })
      expect(answer.headers['WWW-Authenticate']).toMatch(/^Keystone uri=/)
    }
    expect(cloud.as('dead').send('GET', `/v3/${collection}`).status).toBe(401)
  })

  test('that are not there are named', () => {
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const answer = admin.send(method, `/v3/${collection}/nothing%20here`)
      expect(answer.json).toEqual({
        error: { code: 404, title: 'Not Found', message: `Could not find ${member}: nothing here.` },
      })
    }
  })

  test('are made by admins only', () => {
    const answer = alice.send('POST', `/v3/${collection}`, { [member]: {} })
    expect(answer.json).toEqual({
      error: {
        code: 403,
        title: 'Forbidden',
        message: `You are not authorized to perform the requested action: identity:create_${member}.`,
      },
    })
    if (collection !== 'regions') {
      expect(message(alice.send('GET', `/v3/${collection}`))).toMatch(`identity:list_${collection}.`)
    }
  })

  test('are made from a body that is about one', () => {
    const post = (json: unknown): unknown => message(admin.send('POST', `/v3/${collection}`, json))
    const missing = `create_${member}() missing 1 required positional argument: '${member}'`
    expect(post(undefined)).toBe(missing)
    expect(post({})).toBe(missing)
    expect(post([])).toBe(missing)
    expect(post({ [member]: {}, other: 1 })).toBe(
      `create_${member}() got an unexpected keyword argument 'other'`,
    )
    expect(post([1])).toMatch(/^Expecting to find valid JSON object in request body\. /)
    expect(post({ [member]: 7 })).toBe("7 is not of type 'object'")
    const broken = keystone.send('POST', `/v3/${collection}`, { auth: admin.token, bodyProblem: 'x' })
    expect(broken.json.error?.message).toMatch(/^Expecting to find valid JSON in request body\. /)
  })

  test('have no other methods and no deeper paths', () => {
    expect(admin.send('DELETE', `/v3/${collection}`).headers['Allow']).toBe('GET, POST')
    expect(admin.send('POST', `/v3/${collection}/x`).status).toBe(405)
    expect(admin.send('GET', `/v3/${collection}/x/y/z/a/b/c`).status).toBe(404)
  })
})

describe('a body that does not fit', () => {
  const cases: readonly (readonly [string, string, Json, string])[] = [
    ['users', 'user', {}, "'name' is a required property"],
    ['users', 'user', { name: 7 }, "Invalid input for field 'name': 7 is not of type 'string'"],
    ['users', 'user', { name: '' }, "Invalid input for field 'name': '' is too short"],
    ['users', 'user', { name: ' ' }, "Invalid input for field 'name': ' ' does not match '[\\\\S]+'"],
    ['users', 'user', { name: 'x'.repeat(256) }, 'User name should not be greater than 255 characters.'],
    [
      'users',
      'user',
      { name: 'a', enabled: 'yes' },
      "Invalid input for field 'enabled': 'yes' is not of type 'boolean'",
    ],
    [
      'users',
      'user',
      { name: 'a', password: [1] },
      "Invalid input for field 'password': [1] is not of type 'string', 'null'",
    ],
    [
      'users',
      'user',
      { name: 'a', domain_id: 'a b' },
      "Invalid input for field 'domain_id': 'a b' does not match '^[a-zA-Z0-9-]+$'",
    ],
    [
      'users',
      'user',
      { name: 'a', options: { odd: 1 } },
      "Invalid input for field 'options': Additional properties are not allowed ('odd' was unexpected)",
    ],
    [
      'users',
      'user',
      { name: 'a', options: { multi_factor_auth_rules: [['a', 'a']] } },
      "Invalid input for field 'options/multi_factor_auth_rules/0': ['a', 'a'] has non-unique elements",
    ],
    [
      'users',
      'user',
      { name: 'a', default_project_id: 'default' },
      "User's default project ID cannot be a domain ID: default",
    ],
    ['groups', 'group', { name: 'x'.repeat(65) }, 'Group name should not be greater than 64 characters.'],
    ['projects', 'project', { name: 'a', domain_id: 'nowhere' }, 'Could not find domain: nowhere.'],
    ['projects', 'project', { name: 'a', parent_id: 'nowhere' }, 'Could not find project: nowhere.'],
    [
      'projects',
      'project',
      { name: 'a', tags: ['a/b'] },
      "Invalid input for field 'tags/0': 'a/b' does not match '^[^,/]*$'",
    ],
    [
      'projects',
      'project',
      { name: 'x'.repeat(65) },
      `Invalid input for field 'name': '${'x'.repeat(65)}' is too long`,
    ],
    ['services', 'service', { name: 'a' }, "'type' is a required property"],
    [
      'endpoints',
      'endpoint',
      { interface: 'inner', service_id: 'x', url: 'http://x' },
      "Invalid input for field 'interface': 'inner' is not one of ['admin', 'internal', 'public']",
    ],
    [
      'endpoints',
      'endpoint',
      { interface: 'admin', service_id: 'x', url: 'http://x/%(odd)s' },
      'http://x/%(odd)s',
    ],
    [
      'regions',
      'region',
      { parent_region_id: 7 },
      "Invalid input for field 'parent_region_id': 7 is not of type 'string', 'null'",
    ],
    [
      'credentials',
      'credential',
      { type: 'ec2', blob: '{}', user_id: 'x' },
      "{'type': 'ec2', 'blob': '{}', 'user_id': 'x'} is not valid under any of the given schemas",
    ],
    [
      'credentials',
      'credential',
      { type: 'ec2', blob: 'x', user_id: 'x', project_id: 'x' },
      'Invalid blob in credential',
    ],
  ]
  test.each(cases)('of %s, %s %j, is told why', (collection, member, body, expected) => {
    const answer = admin.send('POST', `/v3/${collection}`, { [member]: body })
    expect(answer.json).toEqual({ error: { code: 400, title: 'Bad Request', message: expected } })
  })

  test.each([
    ['users', 'user', ids.alice, { id: 'x' }, 400, 'Cannot change ID'],
    ['users', 'user', ids.alice, { domain_id: 'x' }, 400, 'Cannot change Domain ID'],
    ['users', 'user', ids.alice, {}, 400, '{} does not have enough properties'],
    ['projects', 'project', ids.demo, { parent_id: 'x' }, 403, 'Update of `parent_id` is not allowed.'],
    ['projects', 'project', ids.demo, { is_domain: true }, 400, 'Update of `is_domain` is not allowed.'],
    ['roles', 'role', ids.memberRole, { domain_id: 'acme' }, 400, 'Update of `domain_id` is not allowed.'],
  ] as const)('changing %s, %s %s to %j', (collection, member, id, body, status, expected) => {
    const answer = admin.send('PATCH', `/v3/${collection}/${id}`, { [member]: body })
    expect([answer.status, message(answer)]).toEqual([status, expected])
  })

  test('is refused when it lies too deep', () => {
    let value: unknown = 1
    for (let depth = 0; depth < 20_000; depth++) value = [value]
    const asked = { group: { name: 'deep', value } }
    expect(message(admin.send('POST', '/v3/groups', asked))).toMatch(/^Expecting to find valid JSON object/)
  })
})

describe('a name that is taken', () => {
  test.each([
    [
      'domains',
      'domain',
      { name: 'acme' },
      'project - it is not permitted to have two projects acting as domains with the same name: acme',
    ],
    [
      'projects',
      'project',
      { name: 'demo', domain_id: ids.acme },
      'project - it is not permitted to have two projects with the same name in the same domain : demo',
    ],
    [
      'users',
      'user',
      { name: 'alice', domain_id: ids.acme },
      `user - Duplicate entry found with name alice at domain ID ${ids.acme}`,
    ],
    ['roles', 'role', { name: 'member' }, 'role - Duplicate entry found with name member'],
    ['regions', 'region', { id: 'R1' }, 'region - Duplicate ID, R1.'],
  ])('of %s: %s', (collection, member, body, expected) => {
    if (collection === 'regions') keystone.store.put('region', { id: 'R1' })
    const answer = admin.send('POST', `/v3/${collection}`, { [member]: body })
    expect(answer.json).toEqual({
      error: {
        code: 409,
        title: 'Conflict',
        message: `Conflict occurred attempting to store ${expected}.`,
      },
    })
  })

  test('may be used in another domain, and kept by whoever has it', () => {
    const made = admin.send('POST', '/v3/users', { user: { name: 'alice' } })
    expect(made.status).toBe(201)
    const path = `/v3/users/${idOf(made.json, 'user')}`
    expect(admin.send('PATCH', path, { user: { name: 'alice' } }).status).toBe(200)
    const taken = admin.send('PATCH', path, { user: { name: 'admin' } })
    expect(message(taken)).toBe(
      'Conflict occurred attempting to store user - Duplicate entry found with name admin.',
    )
  })

  test('is called a duplicate only, before Ocata', () => {
    const newton = createCloud('newton').admin
    expect(message(newton.send('POST', '/v3/roles', { role: { name: 'member' } }))).toBe(
      'Conflict occurred attempting to store role - Duplicate Entry',
    )
    expect(message(newton.send('GET', '/v3/users/x'))).toBe('Could not find user: x')
  })
})

describe('the tree of projects', () => {
  const make = (name: string, parentId: string): string =>
    idOf(
      admin.send('POST', '/v3/projects', { project: { name, domain_id: ids.acme, parent_id: parentId } })
        .json,
      'project',
    )

  test('is not cut in the middle', () => {
    const top = make('top', ids.acme)
    const below = make('below', top)
    const change = (id: string, enabled: boolean) =>
      admin.send('PATCH', `/v3/projects/${id}`, { project: { enabled } })
    expect(message(admin.send('DELETE', `/v3/projects/${top}`))).toMatch(/^Cannot delete the project/)
    expect(message(change(top, false))).toBe(
      `Cannot disable project ${top} since its subtree contains enabled projects.`,
    )
    expect(change(below, false).status).toBe(200)
    expect(change(top, false).status).toBe(200)
    expect(message(change(below, true))).toBe(`Cannot enable project ${below} since it has disabled parents`)
    const asked = { project: { name: 'late', domain_id: ids.acme, parent_id: top } }
    expect(message(admin.send('POST', '/v3/projects', asked))).toBe(
      `cannot create a project in a branch containing a disabled project: ${top}`,
    )
  })

  test('is five projects deep at most, and of one domain', () => {
    let at: string = ids.acme
    for (const name of ['one', 'two', 'three', 'four', 'five']) at = make(name, at)
    const tooDeep = { project: { name: 'six', domain_id: ids.acme, parent_id: at } }
    const answer = admin.send('POST', '/v3/projects', tooDeep)
    expect([answer.status, message(answer)]).toEqual([403, `Max hierarchy depth reached for ${at} branch.`])
    const elsewhere = { project: { name: 'six', domain_id: 'default', parent_id: at } }
    expect(admin.send('POST', '/v3/projects', elsewhere).status).toBe(400)
    const otherDomain = { project: { name: 'six', domain_id: 'default', parent_id: ids.acme } }
    expect(message(admin.send('POST', '/v3/projects', otherDomain))).toMatch(/is acting as a domain/)
  })
})

test('regions do not go in circles', () => {
  admin.send('PUT', '/v3/regions/a', { region: {} })
  admin.send('PUT', '/v3/regions/b', { region: { parent_region_id: 'a' } })
  for (const parent of ['a', 'b']) {
    const answer = admin.send('PATCH', '/v3/regions/a', { region: { parent_region_id: parent } })
    expect(message(answer)).toBe(
      `The specified parent region ${parent} would create a circular region hierarchy.`,
    )
  }
  expect(admin.send('PATCH', '/v3/regions/a', { region: { parent_region_id: 'x' } }).status).toBe(404)
})

describe('grants', () => {
  const path = `/v3/projects/${ids.demo}/users/${ids.bob}/roles/${ids.readerRole}`
  test('that are not there are described', () => {
    const places = `role: ${ids.readerRole}, user or group: ${ids.bob}`
    expect(message(admin.send('GET', path))).toBe(
      `Could not find role assignment with ${places}, project, domain, or system: ${ids.demo}.`,
    )
    expect(message(createCloud('newton').admin.send('DELETE', path))).toBe(
      `Could not find role assignment with ${places}, project or domain: ${ids.demo}`,
    )
  })

  test.each([
    ['role', `/v3/projects/${ids.demo}/users/${ids.bob}/roles/x`],
    ['user', `/v3/projects/${ids.demo}/users/x/roles/${ids.readerRole}`],
    ['group', `/v3/domains/${ids.acme}/groups/x/roles/${ids.readerRole}`],
    ['project', `/v3/projects/x/users/${ids.bob}/roles/${ids.readerRole}`],
    ['domain', `/v3/domains/x/users/${ids.bob}/roles/${ids.readerRole}`],
  ])('need a %s that is there', (kind, bad) => {
    expect(message(admin.send('PUT', bad))).toBe(`Could not find ${kind}: x.`)
  })

  test('are for admins', () => {
    expect(message(alice.send('PUT', path))).toMatch(/identity:create_grant\.$/)
    expect(message(alice.send('GET', path))).toMatch(/identity:check_grant\.$/)
    expect(message(alice.send('GET', path.slice(0, path.lastIndexOf('/'))))).toMatch(
      /identity:list_grants\.$/,
    )
    const system = `/v3/system/users/${ids.bob}/roles/${ids.readerRole}`
    expect(message(alice.send('PUT', system))).toMatch(/identity:create_system_grant_for_user\.$/)
    expect(admin.send('PUT', system).status).toBe(204)
    expect(admin.send('GET', system).status).toBe(204)
    expect(admin.send('DELETE', system).status).toBe(204)
    expect(admin.send('DELETE', system).status).toBe(404)
  })

  test("of a domain's role stay in the domain", () => {
    const role = { name: 'inner', domain_id: ids.acme }
    const roleId = idOf(admin.send('POST', '/v3/roles', { role }).json, 'role')
    const at = (place: string): number =>
      admin.send('PUT', `/v3/${place}/users/${ids.bob}/roles/${roleId}`).status
    expect(at(`projects/${ids.demo}`)).toBe(204)
    expect(at(`projects/${ids.serviceProject}`)).toBe(403)
    expect(at('system')).toBe(400)
  })
})

describe('users themselves', () => {
  test('may look at themselves, their groups and projects, and at where they are', () => {
    const open = ['', '/projects', '/groups', '/application_credentials']
    for (const path of open) {
      expect(alice.send('GET', `/v3/users/${ids.alice}${path}`).status).toBe(200)
      expect(alice.send('GET', `/v3/users/${ids.bob}${path}`).status).toBe(403)
    }
    expect(alice.send('GET', `/v3/projects/${ids.demo}`).status).toBe(200)
    expect(alice.send('GET', `/v3/projects/${ids.other}`).status).toBe(403)
    expect(alice.send('GET', `/v3/domains/${ids.acme}`).status).toBe(200)
    expect(alice.send('GET', '/v3/domains/default').status).toBe(403)
    expect(alice.send('GET', '/v3/regions').status).toBe(200)
    expect(alice.send('PATCH', `/v3/users/${ids.alice}`, { user: { enabled: true } }).status).toBe(403)
  })

  test('change their password without a token, if they know the old one', () => {
    const path = `/v3/users/${ids.bob}/password`
    const nobody = cloud.as(undefined)
    const change = (user: Json) => nobody.send('POST', path, { user })
    expect(message(change({}))).toMatch(/^Expecting to find original_password in user\. /)
    expect(message(change({ original_password: 'bob-pw' }))).toMatch(/^Expecting to find password in user\. /)
    expect(change({ original_password: 'wrong', password: 'new' }).status).toBe(401)
    expect(cloud.as('dead').send('POST', path, { user: {} }).status).toBe(401)
    expect(
      nobody.send('POST', '/v3/users/x/password', { user: { original_password: 'a', password: 'b' } }).status,
    ).toBe(401)
    expect(change({ original_password: 'bob-pw', password: 'new' }).status).toBe(204)
    expect(cloud.login(ids.bob, 'new').status).toBe(201)
  })
})

describe('application credentials', () => {
  const path = `/v3/users/${ids.alice}/application_credentials`
  const post = (body: Json, sender = alice) => sender.send('POST', path, { application_credential: body })

  test.each([
    [{}, 400, "'name' is a required property"],
    [
      { name: 'a', roles: [{}] },
      400,
      "Invalid input for field 'roles/0': {} does not have enough properties",
    ],
    [{ name: 'a', roles: [{ name: 'nobody' }] }, 404, 'Role nobody is not defined'],
    [
      { name: 'a', roles: [{ id: ids.readerRole }] },
      400,
      `Invalid application credential: Could not find role assignment with role: ${ids.readerRole}, user or group: ${ids.alice}, project, domain, or system: ${ids.demo}.`,
    ],
  ])('of %j are refused', (body, status, expected) => {
    const answer = post(body)
    expect([answer.status, message(answer)]).toEqual([status, expected])
  })

  test('need an end that is to come', () => {
    expect(message(post({ name: 'a', expires_at: 'soon' }))).toMatch(/^Timestamp not in expected format\. /)
    expect(message(post({ name: 'a', expires_at: '2001-01-01T00:00:00' }))).toMatch(
      /^The 'expires_at' must not be before now\. /,
    )
  })

  test('are made for oneself only, each name once', () => {
    expect(message(post({ name: 'a' }, admin))).toMatch(
      /Cannot create an application credential for another user\.$/,
    )
    const made = post({ name: 'twice' })
    expect(made.status).toBe(201)
    expect(message(post({ name: 'twice' }))).toBe(
      'Conflict occurred attempting to store application_credential - Duplicate entry found with name twice.',
    )
    const other = `/v3/users/${ids.admin}/application_credentials/${idOf(made.json, 'application_credential')}`
    expect(message(admin.send('GET', other))).toMatch(/^Could not find Application Credential: /)
  })
})

test.each(['/v3/policies', '/v3/OS-OAUTH1/consumers', '/v3/limits', '/v3/users/x/toString', '/v3/system'])(
  'there is nothing at %s',
  (path) => {
    expect(admin.send('GET', path).status).toBe(404)
  },
)
