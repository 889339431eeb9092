// A small cloud, made in a real Keystone by its API: people, projects, trusts, an application credential, a federation.
// It exists so that each kind of scope that a token can have is there to be asked for.
import { randomBytes } from 'node:crypto'
import type { KeystoneConf } from './realKeystone.js'
import type { RealKeystone } from './realKeystone.js'
import { byPassword, IdentityApi, issuedOf } from './identityApi.js'
import type { Answer, IssuedToken } from './identityApi.js'

interface Made {
  readonly id: string
}

/** Where the web server's headers stand for what an identity provider says: the harness is its own web server. */
const assertionPrefix = 'HTTP_X_SSO_'
const idpId = 'sso'
const idpRemoteId = 'https://sso.example'
const protocolId = 'mapped'

/** What `keystone.conf` must say so that this cloud can be made, and tokens' bits mean what ours do. */
export const cloudConf: KeystoneConf = {
  auth: { methods: 'external,password,token,oauth1,mapped,application_credential,totp' },
  federation: { assertion_prefix: assertionPrefix, remote_id_attribute: `${assertionPrefix}IDP` },
}

/** Somebody with a project of their own, and both to be spoilt. */
export interface Resident {
  readonly user: string
  readonly project: string
  /** By which `bob` acts as them; null where none was asked for. */
  readonly trust: string | null
  readonly applicationCredential: string | null
}

/** What a resident has besides. */
export interface Belongings {
  readonly trust?: boolean
  readonly applicationCredential?: boolean
}

export interface KeystoneCloud {
  readonly api: IdentityApi
  readonly adminId: string
  readonly users: Readonly<Record<'alice' | 'bob' | 'nova', string>>
  /** Of the users and of admin, by id; of the application credential its secret. */
  readonly secrets: ReadonlyMap<string, string>
  readonly projects: Readonly<Record<'demo' | 'service' | 'admin', string>>
  readonly domain: string
  readonly roles: ReadonlyMap<string, string>
  readonly trusts: Readonly<Record<'impersonating' | 'plain', string>>
  readonly applicationCredential: string
  readonly group: string
  /** A user whom the identity provider vouches for: in `group`, and nobody in the cloud. */
  readonly federatedUser: string
  readonly residents: ReadonlyMap<string, Resident>
}

/** Logs in to a real Keystone as its web server would after an identity provider had vouched for the user. */
export const federatedLogin = (api: IdentityApi, user: string): Promise<Answer> =>
  api.call('POST', `/v3/OS-FEDERATION/identity_providers/${idpId}/protocols/${protocolId}/auth`, {
    headers: { 'x-sso-idp': idpRemoteId, 'x-sso-user': user },
  })

/** Method `mapped` of our own service, for the same user. */
export const asFederated = (cloud: KeystoneCloud): unknown => ({
  methods: ['mapped'],
  mapped: {
    identity_provider: idpId,
    protocol: protocolId,
    user_id: cloud.federatedUser,
    groups: [cloud.group],
  },
})

/** The administrator's token: of the project `admin`, or of the system. */
export const adminToken = async (
  keystone: RealKeystone,
  of: 'project' | 'system' = 'project',
): Promise<IssuedToken> => {
  const domain = { id: 'default' }
  const identity = {
    methods: ['password'],
    password: { user: { name: 'admin', domain, password: keystone.adminPassword } },
  }
  const scope = of === 'system' ? { system: { all: true } } : { project: { name: 'admin', domain } }
  return new IdentityApi(keystone.url).token(identity, scope)
}

/** Makes the cloud in a Keystone that runs and that `keystone-manage bootstrap` has filled. */
export const makeKeystoneCloud = async (
  keystone: RealKeystone,
  wanted: Readonly<Record<string, Belongings>> = {},
): Promise<KeystoneCloud> => {
  const api = new IdentityApi(keystone.url)
  const { id: auth, body } = await adminToken(keystone)
  const make = async (path: string, json: unknown): Promise<string> =>
    (await api.ask<Made>('POST', `/v3/${path}`, { auth, json })).id
  const put = (path: string, json?: unknown): Promise<unknown> =>
    api.ask('PUT', `/v3/${path}`, json === undefined ? { auth } : { auth, json })
  const adminId = (body['user'] as Made).id
  const secrets = new Map([[adminId, keystone.adminPassword]])

  const domain = await make('domains', { domain: { name: 'acme' } })
  const [demo, service] = [
    await make('projects', { project: { name: 'demo', domain_id: 'default' } }),
    await make('projects', { project: { name: 'service', domain_id: 'default' } }),
  ]
  const user = async (name: string): Promise<string> => {
    const password = randomBytes(12).toString('hex')
    const id = await make('users', { user: { name, domain_id: 'default', password } })
    secrets.set(id, password)
    return id
  }
  const users = { alice: await user('alice'), bob: await user('bob'), nova: await user('nova') }
  const roles = new Map(
    (await api.ask<readonly (Made & { readonly name: string })[]>('GET', '/v3/roles', { auth })).map(
      ({ name, id }) => [name, id],
    ),
  )
  if (!roles.has('service')) roles.set('service', await make('roles', { role: { name: 'service' } }))
  const group = await make('groups', { group: { name: 'guests', domain_id: 'default' } })
  const member = roles.get('member') ?? ''
  const reader = roles.get('reader') ?? ''
  await put(`projects/${demo}/users/${users.alice}/roles/${member}`)
  await put(`domains/${domain}/users/${users.alice}/roles/${member}`)
  await put(`domains/default/users/${users.alice}/roles/${reader}`)
  await put(`system/users/${users.alice}/roles/${reader}`)
  await put(`projects/${service}/users/${users.nova}/roles/${roles.get('service') ?? ''}`)
  await put(`projects/${demo}/groups/${group}/roles/${member}`)
  await put(`domains/${domain}/groups/${group}/roles/${reader}`)

  const login = (userId: string, project: string): Promise<IssuedToken> =>
    api.token(byPassword(userId, secrets.get(userId) ?? ''), { project: { id: project } })
  const lend = async (from: { user: string; project: string; token: string }, impersonation: boolean) => {
    const trust = {
      trustor_user_id: from.user,
      trustee_user_id: users.bob,
      project_id: from.project,
      impersonation,
      roles: [{ id: member }],
    }
    return (await api.ask<Made>('POST', '/v3/OS-TRUST/trusts', { auth: from.token, json: { trust } })).id
  }
  const credentialOf = async ({ user, token }: { user: string; token: string }): Promise<string> => {
    const json = { application_credential: { name: 'monitoring' } }
    const path = `/v3/users/${user}/application_credentials`
    const made = await api.ask<Made & { readonly secret: string }>('POST', path, { auth: token, json })
    secrets.set(made.id, made.secret)
    return made.id
  }
  const alice = { user: users.alice, project: demo, token: (await login(users.alice, demo)).id }
  const trusts = { impersonating: await lend(alice, true), plain: await lend(alice, false) }
  const credential = await credentialOf(alice)

  const residents = new Map<string, Resident>()
  const auditor = await make('roles', { role: { name: 'auditor' } })
  roles.set('auditor', auditor)
  for (const [name, belongings] of Object.entries(wanted)) {
    const [userId, project] = [
      await user(`user of ${name}`),
      await make('projects', { project: { name, domain_id: 'default' } }),
    ]
    for (const role of [member, auditor]) await put(`projects/${project}/users/${userId}/roles/${role}`)
    const rich = belongings.trust === true || belongings.applicationCredential === true
    const self = { user: userId, project, token: rich ? (await login(userId, project)).id : '' }
    residents.set(name, {
      user: userId,
      project,
      trust: belongings.trust === true ? await lend(self, true) : null,
      applicationCredential: belongings.applicationCredential === true ? await credentialOf(self) : null,
    })
  }

  await put(`OS-FEDERATION/identity_providers/${idpId}`, {
    identity_provider: { enabled: true, remote_ids: [idpRemoteId] },
  })
  const local = [{ user: { name: '{0}' } }, { group: { id: group } }]
  const rules = [{ local, remote: [{ type: `${assertionPrefix}USER` }] }]
  await put(`OS-FEDERATION/mappings/${idpId}`, { mapping: { rules } })
  await put(`OS-FEDERATION/identity_providers/${idpId}/protocols/${protocolId}`, {
    protocol: { mapping_id: idpId },
  })
  const carol = issuedOf(await federatedLogin(api, 'carol'))

  return {
    api,
    adminId,
    users,
    secrets,
    projects: { demo, service, admin: (body['project'] as Made).id },
    domain,
    roles,
    trusts,
    applicationCredential: credential,
    group,
    federatedUser: (carol.body['user'] as Made).id,
    residents,
  }
}
