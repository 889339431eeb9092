// The cloud made of a seed: equal seeds make equal clouds, ids are known without building it, bodies are of real size.
// All worlds play on it, so a change here moves every result.
import { describe, expect, test } from '@jest/globals'
import {
  bootstrapDocuments,
  cloudDocuments,
  projectIdOf,
  projectIndexesOf,
  serviceProjectIdOf,
  serviceUserIdOf,
  userIdOf,
} from '../../src/identity/cloud.js'
import type { CloudOptions } from '../../src/identity/cloud.js'
import { createDerived, identityConfig } from '../../src/identity/context.js'
import type { Context } from '../../src/identity/context.js'
import { seedToken } from '../../src/identity/issue.js'
import { createMemoryStore } from '../../src/identity/memoryStore.js'
import { releaseProfiles } from '../../src/identity/release.js'
import { Random } from '../../src/base/random.js'

const cloud: CloudOptions = {
  users: 40,
  projects: 12,
  services: ['nova', 'neutron', 'glance', 'cinder', 'swift', 'heat', 'magnum'],
  region: 'RegionOne',
  host: 'keystone.example.org',
  seed: 7,
  passwordHash: 'plain:secret',
}

const built = (): ReturnType<typeof createMemoryStore> => {
  const store = createMemoryStore()
  store.loadNow(cloudDocuments(cloud), [])
  return store
}

const contextOver = (store: ReturnType<typeof createMemoryStore>): Context => {
  const random = new Random(1)
  const profile = releaseProfiles.newton
  return {
    nowSec: 1_500_000_000.25,
    requestId: 'req-1',
    random: (count) => random.bytes(count),
    mode: 'uuid',
    sealer: null,
    wasOurs: () => false,
    facts: store,
    derived: createDerived(store, profile),
    config: identityConfig({
      profile,
      expirationSec: 86_400,
      publicUrl: 'https://keystone.example.org:5000',
    }),
  }
}

test('equal options give equal documents, another seed gives others', () => {
  expect([...cloudDocuments(cloud)]).toEqual([...cloudDocuments(cloud)])
  expect([...cloudDocuments({ ...cloud, seed: 8 })]).not.toEqual([...cloudDocuments(cloud)])
})

test('ids are known by index, unique, and look like those of Keystone', () => {
  const store = built()
  expect(store.list('user')).toHaveLength(40 + 8 + 1)
  expect(store.list('project')).toHaveLength(12 + 2)
  for (let i = 0; i < cloud.users; i++) {
    expect(userIdOf(7, i)).toMatch(/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/)
    expect(store.get('user', userIdOf(7, i))).toMatchObject({
      name: `user-${String(i + 1).padStart(4, '0')}`,
    })
  }
})

test('every user has a role on its projects, and a token of a realistic size', () => {
  const store = built()
  const context = contextOver(store)
  const sizes = new Set<number>()
  for (let i = 0; i < cloud.users; i++) {
    const indexes = projectIndexesOf(cloud, i)
    expect(indexes[0]).toBe(i % cloud.projects)
    for (const index of indexes) {
      const { row } = seedToken(context, { userId: userIdOf(7, i), projectId: projectIdOf(7, index) })
      sizes.add(row?.extra.tokenText.length ?? 0)
      expect(row?.extra.bytes).toBe(row?.extra.text.length)
    }
  }
  // Sizes seen in the field: 4,290 B and up.
  for (const size of sizes) {
    expect(size).toBeGreaterThan(4300)
    expect(size).toBeLessThan(6000)
  }
})

test('services validate as users with the roles service and admin, and users are told where they are', () => {
  const store = built()
  const context = contextOver(store)
  const roles = context.derived.rolesOn(serviceUserIdOf(7, 'nova'), serviceProjectIdOf(7))
  expect(roles.names.toSorted()).toEqual(['admin', 'service'])
  const projectId = projectIdOf(7, 3)
  const catalog = JSON.parse(context.derived.catalogText(projectId, userIdOf(7, 3))) as {
    name: string
    endpoints: { interface: string; url: string }[]
  }[]
  const urls = Object.fromEntries(
    catalog.map(({ name, endpoints }) => [name, endpoints.map(({ url }) => url)]),
  )
  expect(urls['nova']?.[2]).toBe(`https://keystone.example.org:8774/v2.1/${projectId}`)
  expect(urls['swift']?.[2]).toBe(`https://keystone.example.org:8080/v1/AUTH_${projectId}`)
  expect(urls['keystone']).toEqual([
    'https://keystone.example.org:35357/v3/',
    'https://keystone.example.org:5000/v3/',
    'https://keystone.example.org:5000/v3/',
  ])
})

test('without a project the catalog leaves out what needs one', () => {
  const names = (
    JSON.parse(contextOver(built()).derived.catalogText(null, 'user')) as { name: string }[]
  ).map(({ name }) => name)
  expect(names).toEqual(['keystone', 'neutron', 'glance', 'magnum'])
})

test('the catalog follows the facts', () => {
  const store = built()
  const { derived } = contextOver(store)
  const before = derived.catalogText(null, 'user')
  const [endpoint] = store.list('endpoint')
  if (endpoint === undefined) throw new Error('no endpoint')
  store.put('endpoint', { ...endpoint, url: 'http://elsewhere/%(user_id)s/$(tenant_id)s' })
  expect(derived.catalogText(null, 'user')).not.toBe(before)
  expect(derived.catalogText('project', 'user')).toContain('"http://elsewhere/user/project"')
})

describe('bootstrap', () => {
  const documents = [...bootstrapDocuments({ adminPasswordHash: 'hash', publicUrl: 'http://127.0.0.1:5000' })]
  const names = (kind: string): unknown[] =>
    documents.filter(([which]) => which === kind).map(([, document]) => document['name'] ?? document['url'])

  test('makes a domain, a project, a user, four roles and the identity service', () => {
    expect(names('domain')).toEqual(['Default'])
    expect(names('project')).toEqual(['admin'])
    expect(names('user')).toEqual(['admin'])
    expect(names('role')).toEqual(['admin', 'member', 'reader', 'service'])
    expect(names('service')).toEqual(['keystone'])
    expect(names('endpoint')).toEqual(Array.from({ length: 3 }, () => 'http://127.0.0.1:5000/v3/'))
    const assignments = documents.filter(([kind]) => kind === 'assignment').map(([, { type }]) => type)
    expect(assignments).toEqual(['UserProject', 'UserSystem'])
    expect(names('implied_role')).toEqual([])
  })
})
