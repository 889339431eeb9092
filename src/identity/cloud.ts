// A cloud made of a seed: domain, roles, users, projects, services with their endpoints; and what bootstrap makes.
// It exists so that every world plays on the same cloud, and a client's id is known without building all of it.
import { Random } from '../base/random.js'
import { uuidToken } from '../token/uuid.js'
import { assignmentOf, impliedRoleOf } from './documents.js'
import type { DocumentEntry } from './documents.js'

export interface CloudOptions {
  readonly users: number
  readonly projects: number
  /** Names of services: `nova`, `neutron`, …; the identity service is always there. */
  readonly services: readonly string[]
  readonly region: string
  /** Public host name in the catalog's URLs. */
  readonly host: string
  readonly seed: number
  /** The hash that every user's password has. */
  readonly passwordHash: string
}

/** An id as Keystone makes them, from the seed and what it is the id of. */
const idOf = (seed: number, ...what: readonly (string | number)[]): string =>
  uuidToken(new Random(seed, 'cloud', ...what).bytes(16))

export const defaultDomainId = 'default'

/** The names of the roles that every cloud has. */
export const roleNames = ['admin', 'member', 'reader', 'service'] as const
export type RoleName = (typeof roleNames)[number]

export const roleIdOf = (seed: number, name: RoleName): string => idOf(seed, 'role', name)
/** Users are counted from 0; user 0 is named `user-0001`. */
export const userIdOf = (seed: number, index: number): string => idOf(seed, 'user', index)
export const userNameOf = (index: number): string => `user-${String(index + 1).padStart(4, '0')}`
export const projectIdOf = (seed: number, index: number): string => idOf(seed, 'project', index)
export const projectNameOf = (index: number): string => `project-${String(index + 1).padStart(4, '0')}`
/** The user as whom a service validates tokens: role `service`, and `admin`, on the project `service`. */
export const serviceUserIdOf = (seed: number, service: string): string => idOf(seed, 'service user', service)
export const serviceProjectIdOf = (seed: number): string => idOf(seed, 'service project')
/** The administrator: role `admin` on the project `admin` and on the domain. */
export const adminUserIdOf = (seed: number): string => idOf(seed, 'admin')
export const adminProjectIdOf = (seed: number): string => idOf(seed, 'admin project')

/**
 * The indexes of a user's projects, its own first: project `index mod projects`, and for one user in four one or two
 * more, so that rescoping has somewhere to go.
 */
export const projectIndexesOf = (
  cloud: Pick<CloudOptions, 'seed' | 'projects'>,
  userIndex: number,
): number[] => {
  if (cloud.projects === 0) return []
  const indexes = [userIndex % cloud.projects]
  const random = new Random(cloud.seed, 'cloud', 'memberships', userIndex)
  const more = random.int(4) === 0 ? 1 + random.int(2) : 0
  for (let i = 0; i < more; i++) {
    const index = random.int(cloud.projects)
    if (!indexes.includes(index)) indexes.push(index)
  }
  return indexes
}

interface ServiceKind {
  readonly type: string
  readonly port: number
  /** What stands behind host and port in the URL. */
  readonly path: string
  readonly adminPort?: number
}

/** Ports and paths of the install guides of 2016–2018. */
const knownServices: Readonly<Record<string, ServiceKind>> = {
  keystone: { type: 'identity', port: 5000, path: '/v3/', adminPort: 35357 },
  nova: { type: 'compute', port: 8774, path: '/v2.1/%(tenant_id)s' },
  placement: { type: 'placement', port: 8778, path: '' },
  neutron: { type: 'network', port: 9696, path: '' },
  glance: { type: 'image', port: 9292, path: '' },
  cinder: { type: 'volumev3', port: 8776, path: '/v3/%(project_id)s' },
  swift: { type: 'object-store', port: 8080, path: '/v1/AUTH_%(tenant_id)s' },
  heat: { type: 'orchestration', port: 8004, path: '/v1/%(tenant_id)s' },
  magnum: { type: 'container-infra', port: 9511, path: '/v1' },
  ironic: { type: 'baremetal', port: 6385, path: '' },
  barbican: { type: 'key-manager', port: 9311, path: '' },
  designate: { type: 'dns', port: 9001, path: '' },
  manila: { type: 'sharev2', port: 8786, path: '/v2/%(tenant_id)s' },
  ceilometer: { type: 'metering', port: 8777, path: '' },
  gnocchi: { type: 'metric', port: 8041, path: '' },
  aodh: { type: 'alarming', port: 8042, path: '' },
  mistral: { type: 'workflowv2', port: 8989, path: '/v2' },
  sahara: { type: 'data-processing', port: 8386, path: '/v1.1/%(tenant_id)s' },
  trove: { type: 'database', port: 8779, path: '/v1.0/%(tenant_id)s' },
  octavia: { type: 'load-balancer', port: 9876, path: '' },
}

const kindOf = (service: string): ServiceKind =>
  (Object.hasOwn(knownServices, service) ? knownServices[service] : undefined) ?? {
    type: service,
    port: 8999,
    path: '',
  }

const interfaces = ['admin', 'internal', 'public'] as const

function* serviceEntries(
  seed: number,
  service: string,
  region: string,
  urlOf: (which: (typeof interfaces)[number]) => string,
): Iterable<DocumentEntry> {
  const serviceId = idOf(seed, 'service', service)
  yield [
    'service',
    { id: serviceId, name: service, type: kindOf(service).type, enabled: true, description: '' },
  ]
  for (const which of interfaces) {
    const id = idOf(seed, 'endpoint', service, which)
    yield [
      'endpoint',
      { id, service_id: serviceId, interface: which, region_id: region, url: urlOf(which), enabled: true },
    ]
  }
}

/** The ids of the identity service's own endpoints, as bootstrap makes them. */
export const identityEndpointIdsOf = (seed: number): readonly string[] =>
  interfaces.map((which) => idOf(seed, 'endpoint', 'keystone', which))

const projectEntry = (id: string, name: string): DocumentEntry => [
  'project',
  {
    id,
    name,
    domain_id: defaultDomainId,
    parent_id: defaultDomainId,
    description: '',
    enabled: true,
    is_domain: false,
    tags: [],
  },
]

const userEntry = (id: string, name: string, passwordHash: string): DocumentEntry => [
  'user',
  {
    id,
    name,
    domain_id: defaultDomainId,
    enabled: true,
    password_hash: passwordHash,
    password_expires_at: null,
    options: {},
  },
]

const grantEntry = (userId: string, projectId: string, roleId: string): DocumentEntry => [
  'assignment',
  assignmentOf({ type: 'UserProject', actor_id: userId, target_id: projectId, role_id: roleId }),
]

/** Domain, roles, region, and the administrator, who has the role on a project and on the system. */
function* foundation(seed: number, region: string, adminPasswordHash: string): Iterable<DocumentEntry> {
  yield [
    'domain',
    { id: defaultDomainId, name: 'Default', description: 'The default domain', enabled: true, tags: [] },
  ]
  for (const name of roleNames) yield ['role', { id: roleIdOf(seed, name), name, domain_id: null }]
  yield ['region', { id: region, description: '', parent_region_id: null }]
  const admin = adminUserIdOf(seed)
  const roleId = roleIdOf(seed, 'admin')
  yield projectEntry(adminProjectIdOf(seed), 'admin')
  yield userEntry(admin, 'admin', adminPasswordHash)
  yield grantEntry(admin, adminProjectIdOf(seed), roleId)
  yield [
    'assignment',
    assignmentOf({ type: 'UserSystem', actor_id: admin, target_id: 'system', role_id: roleId }),
  ]
}

/** A whole cloud. Equal options give equal documents, in the same order. */
export function* cloudDocuments(cloud: CloudOptions): Iterable<DocumentEntry> {
  const { seed, region, host, passwordHash } = cloud
  yield* foundation(seed, region, passwordHash)
  yield [
    'assignment',
    assignmentOf({
      type: 'UserDomain',
      actor_id: adminUserIdOf(seed),
      target_id: defaultDomainId,
      role_id: roleIdOf(seed, 'admin'),
    }),
  ]
  const services = [...new Set(['keystone', ...cloud.services])]
  for (const service of services) {
    const { port, path, adminPort } = kindOf(service)
    yield* serviceEntries(seed, service, region, (which) => {
      return `https://${host}:${which === 'admin' ? (adminPort ?? port) : port}${path}`
    })
  }
  const serviceProject = serviceProjectIdOf(seed)
  yield projectEntry(serviceProject, 'service')
  for (const service of services) {
    const user = serviceUserIdOf(seed, service)
    yield userEntry(user, service, passwordHash)
    yield grantEntry(user, serviceProject, roleIdOf(seed, 'service'))
    yield grantEntry(user, serviceProject, roleIdOf(seed, 'admin'))
  }
  for (let i = 0; i < cloud.projects; i++) yield projectEntry(projectIdOf(seed, i), projectNameOf(i))
  const member = roleIdOf(seed, 'member')
  for (let i = 0; i < cloud.users; i++) {
    yield userEntry(userIdOf(seed, i), userNameOf(i), passwordHash)
    for (const index of projectIndexesOf(cloud, i)) {
      yield grantEntry(userIdOf(seed, i), projectIdOf(seed, index), member)
    }
  }
}

/**
 * What `keystone-manage bootstrap` makes: domain `default`, project and user `admin`, the four roles, the identity
 * service with its endpoints. Ids follow from the seed, so that several processes make the same.
 */
export function* bootstrapDocuments(input: {
  readonly adminPasswordHash: string
  readonly publicUrl: string
  readonly region?: string
  readonly seed?: number
  /** Whether admin implies member, and member reader, as since Rocky. */
  readonly impliedRoles?: boolean
}): Iterable<DocumentEntry> {
  const { adminPasswordHash, publicUrl, region = 'RegionOne', seed = 0, impliedRoles = false } = input
  yield* foundation(seed, region, adminPasswordHash)
  if (impliedRoles) {
    yield ['implied_role', impliedRoleOf(roleIdOf(seed, 'admin'), roleIdOf(seed, 'member'))]
    yield ['implied_role', impliedRoleOf(roleIdOf(seed, 'member'), roleIdOf(seed, 'reader'))]
  }
  yield* serviceEntries(seed, 'keystone', region, () => `${publicUrl}/v3/`)
}
