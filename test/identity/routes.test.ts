// Paths, methods and bodies: what is there, what is not, and what is said to those who ask wrongly.
// Clients find the service by these answers before they have any token.
import { describe, expect, test } from '@jest/globals'
import { createKeystone, ids, onProject } from './support/keystone.js'

const keystone = createKeystone('queens', 'uuid')

describe('discovery', () => {
  test.each([
    ['mitaka', 'v3.6'],
    ['newton', 'v3.7'],
    ['ocata', 'v3.8'],
    ['queens', 'v3.10'],
  ] as const)('%s names its version %s, at the root among the choices and at /v3', (release, id) => {
    const other = createKeystone(release, 'fernet')
    const root = other.send('GET', '/')
    expect([root.status, root.json.versions?.values.map((value) => value.id)]).toEqual([300, [id]])
    for (const path of ['/v3', '/v3/']) {
      const reply = other.send('GET', path)
      expect([reply.status, reply.json.version]).toMatchObject([
        200,
        { id, status: 'stable', links: [{ rel: 'self', href: 'http://127.0.0.1:15013/v3/' }] },
      ])
    }
  })

  test('a load balancer is told that all is well', () => {
    const reply = keystone.send('GET', '/healthcheck')
    expect([reply.status, reply.text]).toEqual([200, 'OK'])
    expect(keystone.send('HEAD', '/healthcheck')).toMatchObject({ status: 200, body: null })
  })
})

test.each([
  '/v2.0/tokens',
  '/v3/nothing',
  '/v3/auth',
  '/v3/auth/tokens/x',
  '/v3/auth/toString',
  '/v3/constructor',
  '/x',
])('there is nothing at %s', (path) => {
  const reply = keystone.send('GET', path)
  expect(reply.json).toEqual({
    error: { code: 404, title: 'Not Found', message: 'The resource could not be found.' },
  })
})

test.each([
  ['PUT', '/v3/auth/tokens', 'POST, GET, HEAD, DELETE'],
  ['POST', '/v3/auth/projects', 'GET'],
  ['toString', '/v3', 'GET'],
])('%s %s is no method there', (method, path, allow) => {
  const reply = keystone.send(method, path)
  expect(reply.status).toBe(405)
  expect(reply.headers['Allow']).toBe(allow)
  expect(reply.json.error).toEqual({
    code: 405,
    title: 'Method Not Allowed',
    message: 'The method is not allowed for the requested URL.',
  })
})

describe('a login that is malformed', () => {
  const user = { id: ids.alice, password: 'alice-pw' }
  const identity = { methods: ['password'], password: { user } }
  const cases: readonly (readonly [string, unknown, string])[] = [
    ['has no body', undefined, 'auth in request body'],
    ['is a list', [], 'auth in request body'],
    ['has no auth', {}, 'auth in request body'],
    ['has no identity', { auth: {} }, 'identity in auth'],
    ['has no methods', { auth: { identity: {} } }, 'methods in identity'],
    [
      'lacks what its method needs',
      { auth: { identity: { methods: ['password'] } } },
      'password in identity',
    ],
    ['names no user', { auth: { identity: { methods: ['password'], password: {} } } }, 'user in password'],
    [
      'has no password',
      { auth: { identity: { methods: ['password'], password: { user: {} } } } },
      'password in user',
    ],
    [
      'names a user without domain',
      { auth: { identity: { methods: ['password'], password: { user: { name: 'alice', password: 'x' } } } } },
      'domain in user',
    ],
    [
      'has two scopes',
      { auth: { identity, scope: { project: { id: 'x' }, domain: { id: 'y' } } } },
      'project, domain, OS-TRUST:trust or unscoped in scope',
    ],
    ['has a trust without id', { auth: { identity, scope: { 'OS-TRUST:trust': {} } } }, 'id in trust'],
  ]
  test.each(cases)('because it %s, is told so', (_, json, missing) => {
    const reply = keystone.send('POST', '/v3/auth/tokens', { json })
    expect(reply.status).toBe(400)
    expect(reply.json.error).toMatchObject({ code: 400, title: 'Bad Request' })
    expect(reply.json.error?.message).toMatch(`Expecting to find ${missing}. The server could not comply`)
  })

  test('because it is not JSON, is told so', () => {
    const reply = keystone.send('POST', '/v3/auth/tokens', { bodyProblem: 'Unexpected token' })
    expect(reply.json.error?.message).toMatch(/^Expecting to find valid JSON in request body\. The server/)
  })

  test('because of a method that nobody knows, is refused', () => {
    for (const method of ['pigeon', 'constructor', 7]) {
      const reply = keystone.send('POST', '/v3/auth/tokens', {
        json: { auth: { identity: { methods: [method], [String(method)]: {} } } },
      })
      expect([reply.status, reply.json.error?.message]).toEqual([
        401,
        'Attempted to authenticate with an unsupported method.',
      ])
    }
  })
})

describe('a login', () => {
  const login = (user: unknown, scope?: unknown, query = ''): ReturnType<typeof keystone.send> =>
    keystone.send('POST', '/v3/auth/tokens', {
      query,
      json: {
        auth: {
          identity: { methods: ['password'], password: { user } },
          ...(scope === undefined ? {} : { scope }),
        },
      },
    })
  const alice = { name: 'alice', domain: { name: 'acme' }, password: 'alice-pw' }

  test('may name user, project and domain by name', () => {
    const reply = login(alice, { project: { name: 'demo', domain: { id: ids.acme } } })
    expect(reply.json.token).toMatchObject({ user: { id: ids.alice }, project: { id: ids.demo } })
    expect(login(alice, { domain: { name: 'acme' } }).json.token?.domain?.id).toBe(ids.acme)
  })

  test('without a scope goes to the default project, if the user has a role there', () => {
    expect(login(alice).json.token?.project).toBeUndefined()
    const other = createKeystone('queens', 'uuid')
    const withDefault = (projectId: string): unknown => {
      const user = other.store.get('user', ids.alice)
      other.store.put('user', { ...user, id: ids.alice, default_project_id: projectId })
      return other.send('POST', '/v3/auth/tokens', {
        json: { auth: { identity: { methods: ['password'], password: { user: alice } } } },
      }).json.token?.project
    }
    expect(withDefault(ids.demo)).toMatchObject({ id: ids.demo })
    expect(withDefault(ids.other)).toBeUndefined()
  })

  test('can do without the catalog', () => {
    const reply = login(alice, onProject(ids.demo), 'nocatalog')
    expect(reply.json.token?.catalog).toBeUndefined()
    expect(reply.json.token?.roles).toHaveLength(1)
  })

  test.each([
    ['an unknown user', { name: 'nobody', domain: { name: 'acme' }, password: 'x' }, undefined],
    ['an unknown domain', { ...alice, domain: { name: 'nowhere' } }, undefined],
    ['an unknown project', alice, { project: { id: 'nowhere' } }],
    ['a project without a role', alice, { project: { id: ids.other } }],
    ['a domain without a role', alice, { domain: { id: 'default' } }],
  ])('of %s is a 401 that tells nothing', (_, user, scope) => {
    const reply = login(user, scope)
    expect([reply.status, reply.cause, reply.json.error?.message]).toEqual([
      401,
      null,
      'The request you have made requires authentication.',
    ])
    expect(reply.headers['WWW-Authenticate']).toBe('Keystone uri="http://127.0.0.1:15013"')
  })
})

test('the catalog is what the token has', () => {
  const token = keystone.login('alice')
  const reply = keystone.send('GET', '/v3/auth/catalog', { auth: token })
  expect(reply.json.catalog).toEqual(keystone.validate(token).json.token?.catalog)
  expect(reply.json.links).toEqual({ self: 'http://127.0.0.1:15013/v3/auth/catalog' })
  expect(keystone.send('GET', '/v3/auth/catalog', { auth: keystone.login('alice', 'unscoped') }).status).toBe(
    403,
  )
})

test('domains to scope to are those with a role', () => {
  const { json } = keystone.send('GET', '/v3/auth/domains', { auth: keystone.login('alice') })
  expect(json.domains?.map((domain) => domain.id)).toEqual([ids.acme])
})
