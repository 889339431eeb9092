// What becomes of tokens when what they stand on is changed through the API, as measured on real Keystones.
// The columns are: as X-Subject-Token, as X-Auth-Token.
import { describe, expect, test } from '@jest/globals'
import { ids, onProject } from '../support/keystone.js'
import { createCloud, idOf } from '../support/operator.js'
import type { Cloud, Json } from '../support/operator.js'

const domainOf = (cloud: Cloud): string =>
  idOf(cloud.admin.send('POST', '/v3/domains', { domain: { name: 'd' } }).json, 'domain')

interface Tenant {
  readonly domainId: string
  readonly userId: string
  readonly projectId: string
  readonly token: string
  readonly grant: string
}

/** A user with two roles on a project of a domain of their own, logged in there. */
const tenantOf = (cloud: Cloud): Tenant => {
  const domainId = domainOf(cloud)
  const make = (collection: string, member: string, body: Json): string =>
    idOf(
      cloud.admin.send('POST', `/v3/${collection}`, { [member]: { ...body, domain_id: domainId } }).json,
      member,
    )
  const userId = make('users', 'user', { name: 'u', password: 'pw' })
  const projectId = make('projects', 'project', { name: 'p' })
  const grant = `/v3/projects/${projectId}/users/${userId}/roles`
  cloud.admin.send('PUT', `${grant}/${ids.memberRole}`)
  cloud.admin.send('PUT', `${grant}/${ids.readerRole}`)
  return { domainId, userId, projectId, token: cloud.login(userId, 'pw', onProject(projectId)).token, grant }
}

const dead = [404, 401] as const
const gone = [404, 404] as const
const alive = [200, 200] as const

/** What is done to a tenant's surroundings: the requests, in order. */
const changes: Readonly<Record<string, (tenant: Tenant) => readonly (readonly [string, string, Json?])[]>> = {
  'the user is disabled': ({ userId }) => [['PATCH', `/v3/users/${userId}`, { user: { enabled: false } }]],
  'the user is disabled and enabled again': ({ userId }) => [
    ['PATCH', `/v3/users/${userId}`, { user: { enabled: false } }],
    ['PATCH', `/v3/users/${userId}`, { user: { enabled: true } }],
  ],
  'the password is set': ({ userId }) => [['PATCH', `/v3/users/${userId}`, { user: { password: 'other' } }]],
  'the user gets another name': ({ userId }) => [['PATCH', `/v3/users/${userId}`, { user: { name: 'v' } }]],
  'the user is deleted': ({ userId }) => [['DELETE', `/v3/users/${userId}`]],
  'one of two roles is taken': ({ grant }) => [['DELETE', `${grant}/${ids.readerRole}`]],
  'both roles are taken': ({ grant }) => [
    ['DELETE', `${grant}/${ids.readerRole}`],
    ['DELETE', `${grant}/${ids.memberRole}`],
  ],
  'the project is disabled': ({ projectId }) => [
    ['PATCH', `/v3/projects/${projectId}`, { project: { enabled: false } }],
  ],
  'the project is disabled and enabled again': ({ projectId }) => [
    ['PATCH', `/v3/projects/${projectId}`, { project: { enabled: false } }],
    ['PATCH', `/v3/projects/${projectId}`, { project: { enabled: true } }],
  ],
  'the project is deleted': ({ projectId }) => [['DELETE', `/v3/projects/${projectId}`]],
  'the domain is disabled and enabled again': ({ domainId }) => [
    ['PATCH', `/v3/domains/${domainId}`, { domain: { enabled: false } }],
    ['PATCH', `/v3/domains/${domainId}`, { domain: { enabled: true } }],
  ],
  'the domain is disabled and deleted': ({ domainId }) => [
    ['PATCH', `/v3/domains/${domainId}`, { domain: { enabled: false } }],
    ['DELETE', `/v3/domains/${domainId}`],
  ],
}

type Fate = readonly [number, number]

/** Newton with rows, Newton with Fernet, Queens with rows, Queens with Fernet. */
const fates: readonly (readonly [string, Fate, Fate, Fate, Fate])[] = [
  ['the user is disabled', dead, dead, dead, dead],
  ['the user is disabled and enabled again', dead, dead, dead, dead],
  ['the password is set', dead, dead, dead, dead],
  ['the user gets another name', alive, alive, alive, alive],
  ['the user is deleted', dead, gone, dead, gone],
  ['one of two roles is taken', dead, alive, dead, alive],
  ['both roles are taken', dead, dead, dead, dead],
  ['the project is disabled', dead, dead, dead, gone],
  ['the project is disabled and enabled again', dead, dead, dead, alive],
  ['the project is deleted', dead, gone, dead, gone],
  ['the domain is disabled and enabled again', dead, dead, dead, alive],
  ['the domain is disabled and deleted', dead, gone, dead, gone],
]

describe('a token on a project, when', () => {
  test.each(fates)('%s', (change, ...expected) => {
    const judged = (
      [
        ['newton', 'uuid'],
        ['newton', 'fernet'],
        ['queens', 'uuid'],
        ['queens', 'fernet'],
      ] as const
    ).map(([release, mode]) => {
      const cloud = createCloud(release, mode)
      const tenant = tenantOf(cloud)
      expect(cloud.judge(tenant.token)).toEqual(alive)
      for (const [method, path, json] of changes[change]?.(tenant) ?? []) {
        expect(cloud.admin.send(method, path, json).status).toBeLessThan(300)
      }
      return cloud.judge(tenant.token)
    })
    expect(judged).toEqual(expected)
  })
})

describe.each(['uuid', 'fernet'] as const)('with the %s provider', (mode) => {
  test('a role that is deleted is taken from tokens, and ends those of users who had it on a domain', () => {
    const cloud = createCloud('queens', mode)
    const tenant = tenantOf(cloud)
    const domainToken = cloud.login(ids.alice, 'alice-pw', { domain: { id: ids.acme } }).token
    expect(cloud.admin.send('DELETE', `/v3/roles/${ids.memberRole}`).status).toBe(204)
    expect(cloud.judge(domainToken)).toEqual(dead)
    expect(cloud.judge(tenant.token)).toEqual(mode === 'uuid' ? dead : alive)
    const again = cloud.login(tenant.userId, 'pw', onProject(tenant.projectId))
    expect(again.json).toMatchObject({ token: { roles: [{ id: ids.readerRole }] } })
  })

  test('deleting a group ends the tokens of its members, if it had a role', () => {
    const cloud = createCloud('queens', mode)
    const { admin } = cloud
    const tenant = tenantOf(cloud)
    const make = (name: string): string =>
      idOf(admin.send('POST', '/v3/groups', { group: { name } }).json, 'group')
    const idle = make('idle')
    const busy = make('busy')
    for (const id of [idle, busy]) admin.send('PUT', `/v3/groups/${id}/users/${tenant.userId}`)
    admin.send('PUT', `/v3/domains/${tenant.domainId}/groups/${busy}/roles/${ids.readerRole}`)
    admin.send('DELETE', `/v3/groups/${idle}`)
    expect(cloud.judge(tenant.token)).toEqual(alive)
    admin.send('DELETE', `/v3/groups/${busy}`)
    expect(cloud.judge(tenant.token)).toEqual(dead)
  })

  test("taking a group's role ends rows of its members, for the project", () => {
    const cloud = createCloud('queens', mode)
    const { admin } = cloud
    const tenant = tenantOf(cloud)
    const group = idOf(admin.send('POST', '/v3/groups', { group: { name: 'g' } }).json, 'group')
    admin.send('PUT', `/v3/groups/${group}/users/${tenant.userId}`)
    const path = `/v3/projects/${tenant.projectId}/groups/${group}/roles/${ids.readerRole}`
    admin.send('PUT', path)
    const unscoped = cloud.login(tenant.userId, 'pw').token
    admin.send('DELETE', path)
    expect(cloud.judge(tenant.token)).toEqual(mode === 'uuid' ? dead : alive)
    expect(cloud.judge(unscoped)).toEqual(alive)
  })

  test('what stands on a user or a project goes with it', () => {
    const cloud = createCloud('queens', mode)
    const { admin, keystone } = cloud
    const tenant = tenantOf(cloud)
    const { userId, projectId } = tenant
    admin.send('PATCH', `/v3/users/${ids.bob}`, { user: { default_project_id: projectId } })
    const credential = { type: 'cert', user_id: ids.bob, project_id: projectId, blob: 'x' }
    admin.send('POST', '/v3/credentials', { credential })
    admin.send('POST', '/v3/credentials', { credential: { type: 'totp', user_id: userId, blob: 'x' } })
    const user = cloud.as(tenant.token)
    user.send('POST', `/v3/users/${userId}/application_credentials`, {
      application_credential: { name: 'a' },
    })
    const trust = { trustor_user_id: userId, trustee_user_id: ids.bob, impersonation: false }
    for (const where of [{ project_id: projectId, roles: [{ id: ids.memberRole }] }, {}]) {
      expect(user.send('POST', '/v3/OS-TRUST/trusts', { trust: { ...trust, ...where } }).status).toBe(201)
    }
    const count = (): readonly number[] =>
      (['credential', 'application_credential', 'trust'] as const).map(
        (kind) => keystone.store.list(kind).length,
      )
    expect(count()).toEqual([2, 1, 2])
    expect(admin.send('DELETE', `/v3/projects/${projectId}`).status).toBe(204)
    expect(count()).toEqual([1, 0, 1])
    expect(keystone.store.get('user', ids.bob)?.['default_project_id']).toBeNull()
    expect(admin.send('DELETE', `/v3/users/${userId}`).status).toBe(204)
    expect(count()).toEqual([0, 0, 0])
    expect(keystone.store.find('assignment', 'actor_id', userId)).toEqual([])
  })

  test('an application credential goes when a role on its project is taken', () => {
    const cloud = createCloud('queens', mode)
    const tenant = tenantOf(cloud)
    const path = `/v3/users/${tenant.userId}/application_credentials`
    cloud.as(tenant.token).send('POST', path, { application_credential: { name: 'a' } })
    cloud.admin.send('DELETE', `${tenant.grant}/${ids.readerRole}`)
    expect(cloud.keystone.store.list('application_credential')).toEqual([])
  })

  test('a restricted application credential makes and deletes no others, an unrestricted one does', () => {
    const cloud = createCloud('queens', mode)
    const tenant = tenantOf(cloud)
    const path = `/v3/users/${tenant.userId}/application_credentials`
    const method = 'application_credential'
    const statuses = [false, true].map((unrestricted) => {
      const asked = { name: `u-${unrestricted}`, secret: 's', unrestricted }
      const id = idOf(cloud.as(tenant.token).send('POST', path, { [method]: asked }).json, method)
      const identity = { methods: [method], [method]: { id, secret: 's' } }
      const login = cloud.keystone.send('POST', '/v3/auth/tokens', { json: { auth: { identity } } })
      const program = cloud.as(login.issued?.id ?? '')
      const made = program.send('POST', path, { [method]: { name: `by-${unrestricted}` } })
      return [made.status, program.send('DELETE', `${path}/${id}`).status]
    })
    expect(statuses).toEqual([
      [403, 403],
      [201, 204],
    ])
  })
})
