// Roles that imply others: the rules, what the list of assignments makes of them, and what a token carries.
// Replies as in the Identity API reference ("Create role inference rule") and `keystone/assignment/core.py`.
import { describe, expect, test } from '@jest/globals'
import { createCloud, idOf, list, message, names, object, type Cloud } from '../support/operator.js'
import { ids, onProject, passwordOf, recorded } from '../support/keystone.js'

const { roles } = recorded
const password = 'of nobody else'

const makeRole = ({ admin }: Cloud, name: string, more: object = {}): string =>
  idOf(admin.send('POST', '/v3/roles', { role: { name, ...more } }).json, 'role')

describe('a role that implies another', () => {
  test('is made so with PUT, shown, listed and ended, once each', () => {
    const cloud = createCloud()
    const { admin } = cloud
    const prior = makeRole(cloud, 'boss')
    const path = `/v3/roles/${prior}/implies/${roles.member}`
    const inference = {
      prior_role: { id: prior, name: 'boss', links: { self: expect.stringMatching(`/v3/roles/${prior}$`) } },
      implies: expect.objectContaining({ id: roles.member, name: 'member' }),
    }
    const made = admin.send('PUT', path)
    expect(made.status).toBe(201)
    expect(made.json).toEqual({
      role_inference: inference,
      links: { self: expect.stringMatching(`${path}$`) },
    })
    expect(admin.send('GET', path).json).toEqual(made.json)
    expect(admin.send('HEAD', path).status).toBe(204)
    const again = admin.send('PUT', path)
    expect([again.status, message(again)]).toEqual([
      409,
      'Conflict occurred attempting to store implied_role - Duplicate entry.',
    ])
    const all = object(admin.send('GET', `/v3/roles/${prior}/implies`).json, 'role_inference')
    expect(names(all, 'implies')).toEqual(['member'])
    const [rule] = list(admin.send('GET', '/v3/role_inferences').json, 'role_inferences')
    expect(rule).toEqual({ ...inference, implies: [inference.implies] })
    expect(admin.send('DELETE', path).status).toBe(204)
    const gone = admin.send('GET', path)
    expect([gone.status, message(gone)]).toEqual([404, `${prior} does not imply ${roles.member}.`])
    expect(admin.send('GET', '/v3/role_inferences').json).toEqual({ role_inferences: [] })
  })

  test('goes with either role', () => {
    const cloud = createCloud()
    const [first, second, third] = ['one', 'two', 'three'].map((name) => makeRole(cloud, name))
    cloud.admin.send('PUT', `/v3/roles/${first}/implies/${second}`)
    cloud.admin.send('PUT', `/v3/roles/${second}/implies/${third}`)
    expect(cloud.admin.send('DELETE', `/v3/roles/${second}`).status).toBe(204)
    expect(cloud.admin.send('GET', '/v3/role_inferences').json).toEqual({ role_inferences: [] })
  })

  test('may not be admin, nor a domain’s role for a global one, nor one that is not there', () => {
    const cloud = createCloud()
    const prior = makeRole(cloud, 'boss')
    const local = makeRole(cloud, 'local', { domain_id: 'default' })
    for (const implied of [roles.admin, local]) {
      const refused = cloud.admin.send('PUT', `/v3/roles/${prior}/implies/${implied}`)
      expect([refused.status, message(refused)]).toEqual([403, `${implied} cannot be an implied roles.`])
    }
    expect(cloud.admin.send('PUT', `/v3/roles/${prior}/implies/missing`).status).toBe(404)
    expect(cloud.admin.send('PUT', `/v3/roles/${local}/implies/${prior}`).status).toBe(201)
    const alice = cloud.as(cloud.login(ids.alice, passwordOf('alice')).token)
    expect(alice.send('PUT', `/v3/roles/${prior}/implies/${roles.member}`).status).toBe(403)
  })
})

describe('what is implied', () => {
  test('takes effect however far, in circles too, and says what it comes from', () => {
    const cloud = createCloud()
    const { admin } = cloud
    const [boss, clerk] = ['boss', 'clerk'].map((name) => makeRole(cloud, name)) as [string, string]
    for (const [prior, implied] of [
      [boss, clerk],
      [clerk, roles.member],
      [roles.member, boss],
    ]) {
      expect(admin.send('PUT', `/v3/roles/${prior}/implies/${implied}`).status).toBe(201)
    }
    const user = idOf(admin.send('POST', '/v3/users', { user: { name: 'dan', password } }).json, 'user')
    const project = ids.serviceProject
    admin.send('PUT', `/v3/projects/${project}/users/${user}/roles/${boss}`)

    const filter = `user.id=${user}&scope.project.id=${project}`
    const given = list(admin.send('GET', `/v3/role_assignments?${filter}`).json, 'role_assignments')
    expect(given.map(({ role }) => role)).toEqual([{ id: boss }])
    const effective = list(
      admin.send('GET', `/v3/role_assignments?effective&${filter}`).json,
      'role_assignments',
    )
    expect(new Set(effective.map((each) => object(each, 'role')['id']))).toEqual(
      new Set([boss, clerk, roles.member]),
    )
    const implied = effective.find((each) => object(each, 'role')['id'] === clerk)
    expect(object(implied ?? {}, 'links')).toEqual({
      assignment: expect.stringMatching(`/v3/projects/${project}/users/${user}/roles/${boss}$`),
      // Keystone writes the two the wrong way round.
      prior_role: expect.stringMatching(`/v3/prior_role/${clerk}/implies/${boss}$`),
    })
    const { json } = cloud.login(user, password, onProject(project))
    expect(new Set(names(object(json, 'token'), 'roles'))).toEqual(new Set(['boss', 'clerk', 'member']))
  })
})
