// What becomes of a token when that on which it stands is changed: the same change at both services, the same end.
// Exists because each keeps its facts in a database of its own: only the keys are shared.
import { describe, expect, test } from '@jest/globals'
import { issuedOf } from './identityApi.js'
import type { Answer, IdentityApi } from './identityApi.js'
import type { Belongings, Resident } from './keystoneCloud.js'
import type { Sides } from './sides.js'

type Change = (api: IdentityApi, at: Sides, who: Resident) => Promise<Answer>

const patch =
  (what: 'user' | 'project', change: object): Change =>
  (api, at, who) =>
    api.call('PATCH', `/v3/${what}s/${who[what]}`, { auth: at.admin, json: { [what]: change } })
const remove =
  (path: (who: Resident, at: Sides) => string): Change =>
  (api, at, who) =>
    api.call('DELETE', `/v3/${path(who, at)}`, { auth: at.admin })
const grant = ({ user, project }: Resident, at: Sides, role: string): string =>
  `projects/${project}/users/${user}/roles/${at.pair.cloud.roles.get(role) ?? ''}`

interface State {
  /** Whose token: the resident's own on their project, unless said. */
  readonly with?: keyof Belongings
  readonly changes: readonly Change[]
  /** As subject, as caller, given for another. */
  readonly ends: readonly [number, number, number]
}

const newPassword: Change = (api, at, { user }) => {
  const original_password = at.pair.cloud.secrets.get(user)
  const json = { user: { password: 'another one', original_password } }
  return api.call('POST', `/v3/users/${user}/password`, { auth: at.admin, json })
}

const disable = patch('user', { enabled: false })

const states: Readonly<Record<string, State>> = {
  'user disabled': { changes: [disable], ends: [404, 401, 404] },
  'user disabled and enabled': {
    changes: [disable, patch('user', { enabled: true })],
    ends: [404, 401, 404],
  },
  'own password changed': { changes: [newPassword], ends: [404, 401, 404] },
  'user deleted': { changes: [remove(({ user }) => `users/${user}`)], ends: [404, 404, 404] },
  'project disabled': { changes: [patch('project', { enabled: false })], ends: [404, 404, 404] },
  'project deleted': { changes: [remove(({ project }) => `projects/${project}`)], ends: [404, 404, 404] },
  'one of two roles removed': {
    changes: [remove((who, at) => grant(who, at, 'auditor'))],
    ends: [200, 200, 201],
  },
  'last role removed': {
    changes: ['auditor', 'member'].map((role) => remove((who, at) => grant(who, at, role))),
    ends: [404, 401, 404],
  },
  'trust deleted': {
    with: 'trust',
    changes: [remove(({ trust }) => `OS-TRUST/trusts/${trust}`)],
    ends: [404, 404, 401],
  },
  'trustor without the role': {
    with: 'trust',
    changes: [remove((who, at) => grant(who, at, 'member'))],
    ends: [403, 403, 403],
  },
  'trustor disabled': { with: 'trust', changes: [disable], ends: [403, 403, 403] },
  'application credential deleted': {
    with: 'applicationCredential',
    changes: [
      remove(
        ({ user, applicationCredential }) => `users/${user}/application_credentials/${applicationCredential}`,
      ),
    ],
    ends: [404, 404, 404],
  },
  'user of a credential without one of its roles': {
    with: 'applicationCredential',
    changes: [remove((who, at) => grant(who, at, 'auditor'))],
    ends: [200, 200, 403],
  },
}

/** The people and projects that the states need: one each. */
export const residentsForStates: Readonly<Record<string, Belongings>> = Object.fromEntries(
  Object.entries(states).map(([name, { with: which }]) => [
    name,
    which === undefined ? {} : { [which]: true },
  ]),
)

const tokenFor = async (at: Sides, who: Resident, which: State['with']): Promise<string> => {
  const api = at.api('keystone')
  switch (which) {
    case undefined:
      return issuedOf(await api.authenticate(at.password(who.user), { project: { id: who.project } })).id
    case 'trust': {
      const bob = at.password(at.pair.cloud.users.bob)
      return issuedOf(await api.authenticate(bob, { 'OS-TRUST:trust': { id: who.trust } })).id
    }
    case 'applicationCredential':
      return issuedOf(await api.authenticate(at.credential(who.applicationCredential))).id
  }
}

export const describeStates = (at: Sides): void => {
  describe('the same change at both has the same end for a token:', () => {
    test.each(Object.entries(states))('%s', async (name, { with: which, changes, ends }) => {
      const who = at.pair.cloud.residents.get(name)
      if (who === undefined) throw new Error(`nobody lives here: ${name}`)
      const token = await tokenFor(at, who, which)
      for (const change of changes) {
        const { keystone, ours } = await at.both((api) => change(api, at, who))
        expect(keystone.status).toBeLessThan(300)
        expect(ours.status).toBe(keystone.status)
      }
      expect(await at.statuses(token)).toEqual(ends)
    })
  })

  describe('a revocation', () => {
    const validated = async (subject: string): Promise<readonly number[]> => {
      const { keystone, ours } = await at.both((api) => api.validate({ auth: at.admin, subject }))
      return [keystone.status, ours.status]
    }

    test('is known to whom it was told: databases are not shared. Told to both, both refuse with the same words', async () => {
      const { users, projects } = at.pair.cloud
      for (const [first, second, after] of [
        ['keystone', 'ours', [404, 200]],
        ['ours', 'keystone', [200, 404]],
      ] as const) {
        const scope = { project: { id: projects.demo } }
        const { id: subject } = issuedOf(await at.api(second).authenticate(at.password(users.alice), scope))
        expect((await at.api(first).revoke({ auth: at.admin, subject })).status).toBe(204)
        expect(await validated(subject)).toEqual(after)
        expect((await at.api(second).revoke({ auth: at.admin, subject })).status).toBe(204)
        expect(await at.statuses(subject)).toEqual([404, 401, 404])
        await at.agree((api) => api.revoke({ auth: at.admin, subject }))
      }
    })
  })
}
