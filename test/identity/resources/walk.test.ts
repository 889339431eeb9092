// A cloud is furnished, used and cleared away again, as an operator's client would do it.
// One walk through everything, so that the resources are known to fit together.
import { describe, expect, test } from '@jest/globals'
import { onProject } from '../support/keystone.js'
import { createCloud, idOf, list, names, object } from '../support/operator.js'

describe.each(['uuid', 'fernet'] as const)('with the %s provider', (mode) => {
  test('an operator furnishes a cloud, hands it to a user, and takes it back', () => {
    const cloud = createCloud('queens', mode)
    const { admin } = cloud

    const domain = admin.send('POST', '/v3/domains', { domain: { name: 'research', description: 'labs' } })
    expect(domain.status).toBe(201)
    const domainId = idOf(domain.json, 'domain')
    const project = admin.send('POST', '/v3/projects', { project: { name: 'atlas', domain_id: domainId } })
    expect(project.json).toMatchObject({
      project: { name: 'atlas', domain_id: domainId, parent_id: domainId, is_domain: false, enabled: true },
    })
    const projectId = idOf(project.json, 'project')
    const user = admin.send('POST', '/v3/users', {
      user: {
        name: 'eve',
        domain_id: domainId,
        password: 'first',
        default_project_id: projectId,
        email: 'e@x',
      },
    })
    expect(user.status).toBe(201)
    expect(user.json).toMatchObject({ user: { email: 'e@x', default_project_id: projectId, enabled: true } })
    const userId = idOf(user.json, 'user')
    const role = admin.send('POST', '/v3/roles', { role: { name: 'observer' } })
    const roleId = idOf(role.json, 'role')

    expect(cloud.login(userId, 'first', onProject(projectId)).status).toBe(401)
    const grant = `/v3/projects/${projectId}/users/${userId}/roles/${roleId}`
    expect(admin.send('HEAD', grant).status).toBe(404)
    expect(admin.send('PUT', grant).status).toBe(204)
    expect(admin.send('PUT', grant).status).toBe(204)
    expect(admin.send('HEAD', grant).status).toBe(204)
    expect(admin.send('GET', grant).status).toBe(204)
    expect(names(admin.send('GET', `/v3/projects/${projectId}/users/${userId}/roles`).json, 'roles')).toEqual(
      ['observer'],
    )

    const session = cloud.login(userId, 'first', onProject(projectId))
    expect(session.json).toMatchObject({ token: { roles: [{ id: roleId, name: 'observer' }] } })
    const eve = cloud.as(session.token)
    expect(eve.send('GET', `/v3/users/${userId}`).status).toBe(200)
    expect(names(eve.send('GET', `/v3/users/${userId}/projects`).json, 'projects')).toEqual(['atlas'])
    expect(eve.send('GET', '/v3/users').status).toBe(403)

    const made = eve.send('POST', `/v3/users/${userId}/application_credentials`, {
      application_credential: { name: 'ci' },
    })
    expect(made.status).toBe(201)
    const secret = object(made.json, 'application_credential')['secret']
    expect(secret).toMatch(/^[A-Za-z0-9_-]{86}$/)
    const credentialPath = `/v3/users/${userId}/application_credentials/${idOf(made.json, 'application_credential')}`
    const shown = eve.send('GET', credentialPath)
    expect(shown.json).toMatchObject({
      application_credential: {
        name: 'ci',
        project_id: projectId,
        roles: [{ id: roleId, name: 'observer' }],
      },
    })
    expect(JSON.stringify(shown.json)).not.toContain('secret')
    const loginByCredential = (): string => {
      const method = 'application_credential'
      const identity = { methods: [method], [method]: { id: idOf(made.json, method), secret } }
      return cloud.keystone.send('POST', '/v3/auth/tokens', { json: { auth: { identity } } }).issued?.id ?? ''
    }
    expect(cloud.judge(loginByCredential())).toEqual([200, 200])

    const changed = eve.send('POST', `/v3/users/${userId}/password`, {
      user: { original_password: 'first', password: 'second' },
    })
    expect(changed.status).toBe(204)
    expect(cloud.judge(session.token)).toEqual([404, 401])
    expect(cloud.login(userId, 'first').status).toBe(401)
    const again = cloud.login(userId, 'second', onProject(projectId)).token
    expect(cloud.judge(again)).toEqual([200, 200])

    const disabled = admin.send('PATCH', `/v3/users/${userId}`, { user: { enabled: false } })
    expect(disabled.json).toMatchObject({ user: { enabled: false } })
    expect(cloud.login(userId, 'second').status).toBe(401)
    admin.send('PATCH', `/v3/users/${userId}`, { user: { enabled: true } })
    expect(cloud.judge(again)).toEqual([404, 401])

    const third = cloud.login(userId, 'second', onProject(projectId)).token
    const byCredential = loginByCredential()
    expect(cloud.judge(byCredential)).toEqual([200, 200])
    expect(cloud.as(third).send('DELETE', credentialPath).status).toBe(204)
    expect(cloud.as(third).send('GET', credentialPath).status).toBe(404)
    expect(cloud.judge(byCredential)).toEqual([404, 404])
    expect(loginByCredential()).toBe('')

    expect(admin.send('DELETE', `/v3/domains/${domainId}`).status).toBe(403)
    expect(admin.send('PATCH', `/v3/domains/${domainId}`, { domain: { enabled: false } }).status).toBe(200)
    expect(cloud.login(userId, 'second').status).toBe(401)
    expect(admin.send('DELETE', `/v3/domains/${domainId}`).status).toBe(204)
    for (const path of [`domains/${domainId}`, `projects/${projectId}`, `users/${userId}`]) {
      expect(admin.send('GET', `/v3/${path}`).status).toBe(404)
    }
    expect(admin.send('DELETE', `/v3/roles/${roleId}`).status).toBe(204)
    expect(cloud.keystone.store.find('assignment', 'actor_id', userId)).toEqual([])
  })

  test('a service comes into the catalog of the next token, and goes with its endpoints', () => {
    const cloud = createCloud('queens', mode)
    const { admin } = cloud
    expect(admin.send('POST', '/v3/regions', { region: { id: 'north' } }).status).toBe(201)
    const service = admin.send('POST', '/v3/services', {
      service: { type: 'dns', name: 'designate', description: 'names' },
    })
    const serviceId = idOf(service.json, 'service')
    const made = (['public', 'internal', 'admin'] as const).map((which) =>
      admin.send('POST', '/v3/endpoints', {
        endpoint: {
          service_id: serviceId,
          interface: which,
          region_id: 'north',
          url: 'https://dns/$(project_id)s',
        },
      }),
    )
    expect(made.map(({ status }) => status)).toEqual([201, 201, 201])
    expect(made[0]?.json).toMatchObject({ endpoint: { region: 'north', region_id: 'north', enabled: true } })
    const catalog = list(admin.send('GET', '/v3/auth/catalog').json, 'catalog')
    expect(catalog.find((entry) => entry['id'] === serviceId)).toMatchObject({
      type: 'dns',
      name: 'designate',
    })
    expect(admin.send('DELETE', '/v3/regions/north').status).toBe(403)
    expect(admin.send('DELETE', `/v3/services/${serviceId}`).status).toBe(204)
    expect(admin.send('GET', `/v3/endpoints/${idOf(made[0]?.json ?? {}, 'endpoint')}`).status).toBe(404)
    expect(admin.send('DELETE', '/v3/regions/north').status).toBe(204)
  })

  test('a group gives its members a role, for as long as they are in it', () => {
    const cloud = createCloud('queens', mode)
    const { admin } = cloud
    const groupId = idOf(admin.send('POST', '/v3/groups', { group: { name: 'ops' } }).json, 'group')
    const userId = idOf(
      admin.send('POST', '/v3/users', { user: { name: 'joe', password: 'p' } }).json,
      'user',
    )
    const projectId = idOf(admin.send('POST', '/v3/projects', { project: { name: 'lab' } }).json, 'project')
    const roleId = idOf(admin.send('POST', '/v3/roles', { role: { name: 'tester' } }).json, 'role')
    const member = `/v3/groups/${groupId}/users/${userId}`
    expect(admin.send('PUT', `/v3/projects/${projectId}/groups/${groupId}/roles/${roleId}`).status).toBe(204)
    expect(admin.send('GET', member).status).toBe(404)
    expect(admin.send('PUT', member).status).toBe(204)
    expect(admin.send('HEAD', member).status).toBe(204)
    expect(names(admin.send('GET', `/v3/groups/${groupId}/users`).json, 'users')).toEqual(['joe'])
    expect(names(admin.send('GET', `/v3/users/${userId}/groups`).json, 'groups')).toEqual(['ops'])
    const { token, status } = cloud.login(userId, 'p', onProject(projectId))
    expect(status).toBe(201)
    expect(names(cloud.as(token).send('GET', `/v3/users/${userId}/projects`).json, 'projects')).toEqual([
      'lab',
    ])
    expect(admin.send('DELETE', member).status).toBe(204)
    expect(admin.send('DELETE', member).status).toBe(404)
    expect(cloud.judge(token)).toEqual([404, 401])
    expect(cloud.login(userId, 'p', onProject(projectId)).status).toBe(401)
  })
})
