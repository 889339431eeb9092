// A valid request for every path and method of the API, from which damaged ones are made.
// It exists so that damage starts near what is right: random bytes alone never get past the first check.
import { ids, onProject } from '../identity/support/keystone.js'
import { credentialSecret } from '../identity/support/keystone.js'

export interface Seed {
  readonly method: string
  readonly path: string
  readonly query?: string
  readonly body?: unknown
}

/** Ids of what the stage puts into the cloud besides the recorded one. */
export const made = {
  group: '0000000000004000800000000000000c',
  trust: '0000000000004000800000000000000d',
  credential: '9e3c750b34ae4e2aa91d3fbb7ae04468',
  ec2: 'e'.repeat(64),
  /** A user with rules of several methods. */
  careful: '0000000000004000800000000000000e',
} as const

const tokens = '/v3/auth/tokens'
const password = { user: { id: ids.alice, password: 'alice-pw' } }
const byName = { user: { name: 'alice', domain: { name: 'acme' }, password: 'alice-pw' } }
const passwordIdentity = { methods: ['password'], password }

const login = (identity: unknown, scope?: unknown): Seed => ({
  method: 'POST',
  path: tokens,
  body: { auth: { identity, ...(scope === undefined ? {} : { scope }) } },
})

const logins: readonly Seed[] = [
  login(passwordIdentity, onProject(ids.demo)),
  login({ methods: ['password'], password: byName }, { project: { name: 'demo', domain: { id: ids.acme } } }),
  login(passwordIdentity, { domain: { id: ids.acme } }),
  login(passwordIdentity, { domain: { name: 'acme' } }),
  login(passwordIdentity, { system: { all: true } }),
  login(passwordIdentity, 'unscoped'),
  login(passwordIdentity),
  login({ methods: ['token'], token: { id: 'TOKEN' } }, onProject(ids.demo)),
  login(
    { methods: ['password'], password: { user: { id: ids.bob, password: 'bob-pw' } } },
    { 'OS-TRUST:trust': { id: made.trust } },
  ),
  login({
    methods: ['application_credential'],
    application_credential: { id: made.credential, secret: credentialSecret },
  }),
  login({
    methods: ['application_credential'],
    application_credential: { name: 'monitoring', user: { id: ids.alice }, secret: credentialSecret },
  }),
  login(
    {
      methods: ['password', 'totp'],
      password: { user: { id: made.careful, password: 'careful-pw' } },
      totp: { user: { id: made.careful, passcode: '123456' } },
    },
    onProject(ids.demo),
  ),
  login(
    {
      methods: ['mapped'],
      mapped: { identity_provider: 'cern', protocol: 'saml2', user_name: 'carla', groups: [made.group] },
    },
    onProject(ids.demo),
  ),
]

const ofTokens: readonly Seed[] = [
  { method: 'GET', path: tokens },
  { method: 'GET', path: tokens, query: 'nocatalog' },
  { method: 'GET', path: tokens, query: 'allow_expired=1' },
  { method: 'HEAD', path: tokens },
  { method: 'DELETE', path: tokens },
  ...['projects', 'domains', 'system', 'catalog', 'tokens/OS-PKI/revoked'].map((name) => ({
    method: 'GET',
    path: `/v3/auth/${name}`,
  })),
  { method: 'GET', path: '/v3/OS-FEDERATION/projects' },
  { method: 'GET', path: '/v3/OS-FEDERATION/domains' },
  { method: 'GET', path: '/v3/OS-REVOKE/events', query: 'since=2026-01-01T00:00:00Z' },
  { method: 'GET', path: '/' },
  { method: 'GET', path: '/v3' },
  { method: 'GET', path: '/v3/' },
  { method: 'GET', path: '/healthcheck' },
]

const trusts = '/v3/OS-TRUST/trusts'
const ofTrusts: readonly Seed[] = [
  { method: 'GET', path: trusts, query: `trustor_user_id=${ids.alice}` },
  {
    method: 'POST',
    path: trusts,
    body: {
      trust: {
        trustor_user_id: ids.alice,
        trustee_user_id: ids.bob,
        project_id: ids.demo,
        impersonation: true,
        expires_at: '2099-01-01T00:00:00.000000Z',
        remaining_uses: 3,
        allow_redelegation: false,
        redelegation_count: 1,
        roles: [{ name: 'member' }, { id: ids.memberRole }],
      },
    },
  },
  { method: 'GET', path: `${trusts}/${made.trust}` },
  { method: 'DELETE', path: `${trusts}/${made.trust}` },
  { method: 'GET', path: `${trusts}/${made.trust}/roles` },
  { method: 'GET', path: `${trusts}/${made.trust}/roles/${ids.memberRole}` },
]

/** The five requests of a resource: list, make, show, change, delete. */
const resource = (
  collection: string,
  member: string,
  id: string,
  body: Readonly<Record<string, unknown>>,
  filters: string,
): readonly Seed[] => [
  { method: 'GET', path: collection, query: filters },
  { method: 'POST', path: collection, body: { [member]: body } },
  { method: 'GET', path: `${collection}/${id}` },
  { method: 'PATCH', path: `${collection}/${id}`, body: { [member]: body } },
  { method: 'DELETE', path: `${collection}/${id}` },
]

const link = (path: string): readonly Seed[] =>
  ['PUT', 'HEAD', 'GET', 'DELETE'].map((method) => ({ method, path }))

const rules = [['password', 'totp'], ['password']]
const user = {
  name: 'new',
  domain_id: ids.acme,
  default_project_id: ids.demo,
  password: 'new-pw',
  enabled: true,
  description: 'text',
  email: 'a@example.org',
  options: { multi_factor_auth_enabled: true, multi_factor_auth_rules: rules },
}

const ofResources: readonly Seed[] = [
  ...resource('/v3/users', 'user', ids.bob, user, 'name__icontains=o&domain_id=default&enabled=true'),
  ...resource(
    '/v3/projects',
    'project',
    ids.other,
    {
      name: 'p',
      domain_id: ids.acme,
      parent_id: ids.acme,
      is_domain: false,
      enabled: true,
      tags: ['a', 'b'],
    },
    'tags=a,b&not-tags-any=c&parent_id=default&is_domain=false',
  ),
  ...resource('/v3/domains', 'domain', ids.acme, { name: 'd', enabled: false, description: '' }, 'name=acme'),
  ...resource('/v3/groups', 'group', made.group, { name: 'g', domain_id: ids.acme }, 'name=g'),
  ...resource('/v3/roles', 'role', ids.readerRole, { name: 'r', domain_id: null }, 'name=member'),
  ...resource('/v3/services', 'service', 's', { name: 's', type: 'compute', enabled: true }, 'type=identity'),
  ...resource(
    '/v3/endpoints',
    'endpoint',
    'e',
    { service_id: 's', interface: 'public', url: 'http://x/%(project_id)s', region_id: 'RegionOne' },
    'interface=public',
  ),
  ...resource('/v3/regions', 'region', 'RegionOne', { id: 'R', parent_region_id: 'RegionOne' }, ''),
  ...resource(
    '/v3/credentials',
    'credential',
    made.ec2,
    { type: 'ec2', blob: '{"access": "a", "secret": "s"}', user_id: ids.alice, project_id: ids.demo },
    `user_id=${ids.alice}&type=totp`,
  ),
  ...resource(
    `/v3/users/${ids.alice}/application_credentials`,
    'application_credential',
    made.credential,
    {
      name: 'ci',
      roles: [{ name: 'member' }],
      expires_at: '2099-01-01T00:00:00',
      unrestricted: true,
      secret: 's',
    },
    'name=ci',
  ),
  {
    method: 'POST',
    path: `/v3/users/${ids.bob}/password`,
    body: { user: { password: 'b2', original_password: 'bob-pw' } },
  },
  { method: 'GET', path: `/v3/users/${ids.alice}/projects` },
  { method: 'GET', path: `/v3/users/${ids.alice}/groups` },
  { method: 'GET', path: `/v3/groups/${made.group}/users` },
  ...link(`/v3/groups/${made.group}/users/${ids.bob}`),
  ...['projects', 'domains'].flatMap((targets) =>
    ['users', 'groups'].flatMap((actors) => {
      const target = targets === 'projects' ? ids.demo : ids.acme
      const path = `${targets}/${target}/${actors}/${actors === 'users' ? ids.bob : made.group}/roles`
      return [
        { method: 'GET', path: `/v3/${path}` },
        ...link(`/v3/${path}/${ids.readerRole}`),
        ...link(`/v3/OS-INHERIT/${path}/${ids.readerRole}/inherited_to_projects`),
      ]
    }),
  ),
  { method: 'GET', path: `/v3/system/users/${ids.bob}/roles` },
  ...link(`/v3/system/users/${ids.bob}/roles/${ids.readerRole}`),
  { method: 'GET', path: `/v3/projects/${ids.demo}/tags` },
  { method: 'PUT', path: `/v3/projects/${ids.demo}/tags`, body: { tags: ['x', 'y'] } },
  { method: 'DELETE', path: `/v3/projects/${ids.demo}/tags` },
  ...link(`/v3/projects/${ids.demo}/tags/x`),
  { method: 'PUT', path: '/v3/regions/R2', body: { region: { description: '' } } },
  ...['', 'effective', 'include_names', 'include_subtree', 'role.id=x&user.id=y&scope.project.id=z'].map(
    (query) => ({ method: 'GET', path: '/v3/role_assignments', query }),
  ),
]

export const seeds: readonly Seed[] = [...logins, ...ofTokens, ...ofTrusts, ...ofResources]
