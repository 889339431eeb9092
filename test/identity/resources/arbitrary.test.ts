// Whatever a client sends: every resource answers, and what it refuses has Keystone's shape.
// A request must never end the server, so no body and no path may end in an exception.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { ids } from '../support/keystone.js'
import { createCloud, object } from '../support/operator.js'
import type { Answer, Json } from '../support/operator.js'

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
}

const expectShape = (answer: Answer): void => {
  if (answer.status < 400) return
  const error = object(answer.json, 'error')
  expect(Object.keys(answer.json)).toEqual(['error'])
  expect(Object.keys(error)).toEqual(['code', 'title', 'message'])
  expect(error).toMatchObject({ code: answer.status, title: titles[answer.status] })
  expect(typeof error['message']).toBe('string')
}

/** Fields that mean something somewhere, so that bodies get past the first check. */
const fields = [
  'id',
  'name',
  'type',
  'domain_id',
  'parent_id',
  'is_domain',
  'enabled',
  'description',
  'password',
  'original_password',
  'default_project_id',
  'options',
  'tags',
  'service_id',
  'interface',
  'url',
  'region',
  'region_id',
  'parent_region_id',
  'blob',
  'user_id',
  'project_id',
  'roles',
  'secret',
  'expires_at',
  'unrestricted',
  'links',
  '__proto__',
  'constructor',
] as const

const known = fc.constantFrom<unknown>(
  ids.alice,
  ids.demo,
  ids.acme,
  'default',
  'public',
  'ec2',
  'totp',
  'http://x/%(project_id)s',
  '{"access": 1}',
  true,
  false,
  null,
  0,
  '',
  [],
  {},
  [['password', 'totp']],
  [{ id: ids.memberRole }],
  [{ name: 'member' }],
  ['tag'],
  '2099-01-01T00:00:00Z',
)

const value = fc.oneof({ weight: 2, arbitrary: known }, { weight: 1, arbitrary: fc.jsonValue() })
const body = fc.oneof(
  { weight: 4, arbitrary: fc.dictionary(fc.constantFrom<string>(...fields), value) },
  { weight: 1, arbitrary: fc.jsonValue() },
)

const targets = [
  ['domain', '/v3/domains', `/v3/domains/${ids.acme}`],
  ['project', '/v3/projects', `/v3/projects/${ids.demo}`],
  ['project', '/v3/projects', `/v3/projects/${ids.acme}`],
  ['user', '/v3/users', `/v3/users/${ids.bob}`],
  ['user', `/v3/users/${ids.bob}/password`, `/v3/users/${ids.alice}`],
  ['group', '/v3/groups', '/v3/groups/g'],
  ['role', '/v3/roles', `/v3/roles/${ids.readerRole}`],
  ['service', '/v3/services', '/v3/services/s'],
  ['endpoint', '/v3/endpoints', '/v3/endpoints/e'],
  ['region', '/v3/regions', '/v3/regions/r'],
  ['credential', '/v3/credentials', '/v3/credentials/c'],
  ['application_credential', `/v3/users/${ids.admin}/application_credentials`, '/v3/regions/r'],
] as const

describe.each(['queens', 'newton'] as const)('in %s', (release) => {
  test.each(targets)('bodies for %s at %s and %s are taken or refused', (member, collection, one) => {
    fc.assert(
      fc.property(fc.array(body, { maxLength: 4 }), fc.boolean(), (bodies, wrapped) => {
        const { admin, keystone } = createCloud(release)
        for (const id of ['g', 's', 'e', 'r', 'c'] as const) {
          const kind = ({ g: 'group', s: 'service', e: 'endpoint', r: 'region', c: 'credential' } as const)[
            id
          ]
          keystone.store.put(kind, { id, name: id, type: id, user_id: id, service_id: 's', url: 'http://x' })
        }
        for (const asked of bodies) {
          const json = wrapped ? { [member]: asked } : asked
          expectShape(admin.send('POST', collection, json))
          expectShape(admin.send('PATCH', one, json))
          expectShape(admin.send('PUT', one, json))
        }
        for (const path of [
          collection,
          one,
          '/v3/role_assignments?include_names&effective',
          '/v3/auth/catalog',
        ]) {
          expectShape(admin.send('GET', path))
        }
        expectShape(admin.send('DELETE', one))
      }),
      { numRuns: 40 },
    )
  })
})

test('whatever path and query are asked for, by whatever method, there is an answer', () => {
  const cloud = createCloud()
  const words = fc.constantFrom(
    'users',
    'groups',
    'projects',
    'domains',
    'roles',
    'system',
    'tags',
    'regions',
    'OS-INHERIT',
    'password',
    'role_assignments',
    'application_credentials',
    'inherited_to_projects',
    '__proto__',
    '%',
    '%zz',
    '%00',
    '',
    ids.alice,
    ids.demo,
    ids.acme,
    ids.memberRole,
  )
  const queries = fc.constantFrom(
    '',
    '?name=%',
    '?name__icontains=%E0%A4',
    '?&&==',
    '?__proto__=1&effective&user.id',
  )
  fc.assert(
    fc.property(
      fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'toString'),
      fc.array(words, { maxLength: 8 }),
      queries,
      fc.boolean(),
      (method, parts, query, known) => {
        const sender = known ? cloud.admin : cloud.as(undefined)
        const answer = sender.send(method, `/v3/${parts.join('/')}${query}`, { user: {} } satisfies Json)
        if (method !== 'HEAD') expectShape(answer)
        expect(answer.status).toBeLessThan(500)
      },
    ),
    { numRuns: 1500 },
  )
})
