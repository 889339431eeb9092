// The tokens that exist when a run starts: how old they are, whose they are, and in which order a store is given them.
// Every process of a run computes them alone, so equal seeds must give equal tokens down to the letter.
import { describe, expect, test } from '@jest/globals'
import { Random } from '../../src/base/random.js'
import { createDerived, identityConfig, type Context } from '../../src/identity/context.js'
import { createMemoryStore } from '../../src/identity/memoryStore.js'
import { releaseProfiles } from '../../src/identity/release.js'
import { planCloud, rehearsalPassword } from '../../src/rehearsal/cloudPlan.js'
import { Population } from '../../src/rehearsal/population.js'
import { TokenPlan } from '../../src/rehearsal/tokenPlan.js'
import { tokenRows } from '../../src/rehearsal/tokenRows.js'
import type { Scenario } from '../../src/scenario/scenario.js'
import { fernetKeyFromBytes } from '../../src/token/fernet.js'
import { setupRing } from '../../src/token/keyring.js'
import { createSealer } from '../../src/token/sealer.js'
import { isUuidToken } from '../../src/token/uuid.js'
import { scenarioOf } from '../support/engineStage.js'

const daySec = 86_400

const scenario = (
  changes: { readonly seed?: number; readonly live?: number; readonly provider?: string } = {},
): Scenario =>
  scenarioOf(`name: plan
seed: ${changes.seed ?? 1}
duration: 1h
cloud: { users: 12, projects: 5, services: [nova, heat] }
identity: { expiration: 24h, provider: ${changes.provider ?? 'uuid'} }
middleware: { workers: 3 }
tokens: { live: ${changes.live ?? 4000} }
clients:
  users: { behaviour: password-session, members: 10, every: 60s }
  cli: { behaviour: one-shot, members: 7, every: 60s }
  heat: { behaviour: heat-mitaka, members: 4, every: 60s }
  magnum: { behaviour: magnum, members: 3, every: 60s }
`)

const planOf = (given: Scenario) => {
  const cloud = planCloud(given, '')
  return { given, cloud, plan: new TokenPlan(given, cloud) }
}
const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)

describe('the plan of tokens', () => {
  const { given, cloud, plan } = planOf(scenario())

  test('has as many as shall be live, and never fewer than are held', () => {
    expect(plan.total).toBe(4000)
    // 10 sessions, 4 + 3 trusts, 3 workers of each of 2 services; a one-shot command holds none.
    expect(planOf(scenario({ live: 0 })).plan.total).toBe(10 + 4 + 3 + 2 * 3)
  })

  test('spreads their ages evenly over the validity', () => {
    const ages = numbers(plan.total).map((i) => given.startsAtEpochSec - plan.claims(i).issuedAtSec)
    expect(Math.min(...ages)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...ages)).toBeLessThan(daySec)
    // Kolmogorov and Smirnov: the largest gap to the uniform distribution; 1.95 / √n is passed once in a thousand times.
    const gap = ages
      .sort((a, b) => a - b)
      .reduce((most, age, i) => Math.max(most, Math.abs(age / daySec - i / ages.length)), 0)
    expect(gap).toBeLessThan(1.95 / Math.sqrt(ages.length))
  })

  test('lets each live for the validity from its issue', () => {
    for (const i of numbers(50)) {
      const { issuedAtSec, expiresAtSec } = plan.claims(i)
      expect(expiresAtSec - issuedAtSec).toBe(daySec)
    }
  })

  test('is the same for the same seed, and another for another', () => {
    const again = planOf(scenario()).plan
    const other = planOf(scenario({ seed: 2 })).plan
    const textsOf = (of: TokenPlan): readonly unknown[] => numbers(100).map((i) => [of.uuid(i), of.claims(i)])
    expect(textsOf(again)).toEqual(textsOf(plan))
    const shared = numbers(100).filter((i) => other.uuid(i) === plan.uuid(i))
    expect(shared).toEqual([])
  })

  test('does not change its first tokens when more are wanted', () => {
    const larger = planOf(scenario({ live: 9000 })).plan
    for (const i of numbers(100))
      expect([larger.uuid(i), larger.claims(i)]).toEqual([plan.uuid(i), plan.claims(i)])
  })

  test('names each token once, in the form of a UUID', () => {
    const ids = numbers(plan.total).map((i) => plan.uuid(i))
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.every(isUuidToken)).toBe(true)
  })

  test('gives members and workers the token that names them', () => {
    const idOf = (i: number): string => plan.uuid(i)
    const heldIds = [
      ...numbers(10).map((member) => plan.heldBy('users', member, null)?.id),
      ...numbers(4).map((member) => plan.heldBy('heat', member, null)?.id),
      ...numbers(3).map((member) => plan.heldBy('magnum', member, null)?.id),
      ...numbers(3).map((worker) => plan.heldByWorker('nova', worker, null)?.id),
      ...numbers(3).map((worker) => plan.heldByWorker('heat', worker, null)?.id),
    ]
    expect(heldIds).toEqual(numbers(23).map(idOf))
    const members = [...cloud.members.entries()]
      .filter(([name]) => name !== 'cli')
      .flatMap(([, plans]) => plans)
    members.forEach(({ tokenUserId, projectId, credentials }, i) => {
      const claims = plan.claims(i)
      expect(claims.userId).toBe(tokenUserId)
      expect(claims.scope).toEqual(
        credentials.trustId === null
          ? { kind: 'project', projectId }
          : { kind: 'trust', projectId, trustId: credentials.trustId },
      )
    })
    expect(plan.claims(17).userId).toBe(cloud.services.get('nova')?.userId)
    expect(plan.heldBy('cli', 0, null)).toBeNull()
    expect(plan.heldBy('nobody', 0, null)).toBeNull()
  })

  test('tells holders when their tokens end, in seconds of the run', () => {
    const held = plan.heldBy('users', 3, null)
    expect(held?.expiresAtSec).toBe(plan.claims(3).expiresAtSec - given.startsAtEpochSec)
  })

  test('spreads forgotten tokens over the users', () => {
    const users = new Set(cloud.users.map(({ userId }) => userId))
    const counts = new Map<string, number>()
    for (let i = 23; i < plan.total; i++) {
      const { userId } = plan.claims(i)
      counts.set(userId, (counts.get(userId) ?? 0) + 1)
    }
    expect(new Set(counts.keys())).toEqual(users)
    const mean = (plan.total - 23) / users.size
    for (const count of counts.values()) expect(Math.abs(count - mean)).toBeLessThan(4 * Math.sqrt(mean))
  })

  test('has Fernet tokens that say what the plan says, where the run starts with Fernet', () => {
    const fernet = planOf(scenario({ provider: 'fernet' }))
    const random = new Random(1, 'keys')
    const key = () => fernetKeyFromBytes(random.bytes(32))
    const sealer = createSealer({
      ring: setupRing({ primary: key(), staged: key() }).ring,
      payloadOptions: releaseProfiles.mitaka.payload,
    })
    for (const [name, member, index] of [
      ['users', 2, 2],
      ['heat', 1, 11],
    ] as const) {
      const held = fernet.plan.heldBy(name, member, sealer)
      expect(held?.format).toBe('fernet')
      expect(sealer.open(held?.id ?? '')).toMatchObject({
        claims: {
          userId: fernet.plan.claims(index).userId,
          issuedAtSec: fernet.plan.claims(index).issuedAtSec,
          expiresAtSec: fernet.plan.claims(index).expiresAtSec,
        },
      })
      expect(fernet.plan.heldBy(name, member, sealer)?.id).toBe(held?.id)
    }
    expect(fernet.plan.heldBy('users', 0, null)).toBeNull()
    // Version and timestamp are nine bytes, then comes the iv.
    const ivs = numbers(10).map((member) =>
      Buffer.from(fernet.plan.heldBy('users', member, sealer)?.id ?? '', 'base64url').toString('hex', 9, 25),
    )
    expect(new Set(ivs).size).toBe(10)
  })
})

describe('the rows of the table', () => {
  const { given, cloud, plan } = planOf(scenario({ live: 600 }))
  const store = createMemoryStore()
  store.loadNow(cloud.documents, [])
  const profile = releaseProfiles.mitaka
  const context: Context = {
    nowSec: given.startsAtEpochSec,
    requestId: '',
    random: () => new Uint8Array(),
    mode: 'uuid',
    sealer: null,
    wasOurs: () => false,
    facts: store,
    derived: createDerived(store, profile),
    config: identityConfig({ profile, expirationSec: daySec, publicUrl: 'https://cloud.example.org:5000' }),
  }
  const byId = [...tokenRows(context, plan, 'id')]
  const byIssue = [...tokenRows(context, plan, 'issued')]

  test('come by id, or in the order in which they were issued', () => {
    const ids = byId.map(({ id }) => id)
    expect(ids).toEqual(ids.toSorted())
    const ends = byIssue.map(({ expiresAtSec }) => expiresAtSec)
    expect(ends).toEqual(ends.toSorted((a, b) => a - b))
    expect(byIssue.map(({ id }) => id).toSorted()).toEqual(ids)
  })

  test('are one for each token of the plan, with its user, its trust and its end', () => {
    const rows = new Map(byId.map((row) => [row.id, row]))
    expect(rows.size).toBe(600)
    for (const i of numbers(600)) {
      const { userId, expiresAtSec, scope } = plan.claims(i)
      expect(rows.get(plan.uuid(i))).toMatchObject({
        userId,
        expiresAtSec,
        valid: true,
        trustId: scope.kind === 'trust' ? scope.trustId : null,
      })
    }
    expect(byId.filter(({ trustId }) => trustId !== null)).toHaveLength(4 + 3)
  })

  test('hold the body that the token was issued with, and know its length before it is written', () => {
    for (const row of [byId[0], byId[300], byId.find(({ trustId }) => trustId !== null)]) {
      if (row === undefined) throw new Error('no such row')
      const text = row.extra.text
      expect(row.extra.bytes).toBe(Buffer.byteLength(text))
      const body = JSON.parse(text) as { readonly token_data: { readonly token: Record<string, unknown> } }
      expect(body.token_data.token).toMatchObject({ user: { id: row.userId }, methods: ['password'] })
      expect(body.token_data.token['catalog']).toHaveLength(3)
    }
  })
})

describe('the population', () => {
  const { given, cloud, plan } = planOf(scenario())
  const population = (): Population => new Population({ scenario: given, cloud, tokens: plan, sealer: null })

  test('has all members of all classes, each with the token and the password of its plan', () => {
    const people = population()
    // The class heat and the service heat are two senders, so the service is given a name of its own.
    expect(people.senders).toEqual(['users', 'cli', 'heat', 'magnum', 'nova', 'heat-service'])
    expect(people.membersOf('users')).toHaveLength(10)
    expect(people.membersOf('nobody')).toEqual([])
    const [first] = people.membersOf('heat')
    expect(first?.token?.id).toBe(plan.uuid(10))
    expect(first?.credentials).toMatchObject({
      password: rehearsalPassword(given.seed),
      projectId: null,
      trustId: cloud.members.get('heat')?.[0]?.credentials.trustId,
    })
    expect(people.membersOf('cli').every(({ token }) => token === null)).toBe(true)
  })

  test('is restarted by class and by service, and says how many workers and members that hit', () => {
    const people = population()
    expect(people.restart('users')).toEqual({ workers: 0, members: 10 })
    expect(people.membersOf('users').every(({ token }) => token === null)).toBe(true)
    expect(people.membersOf('magnum').some(({ token }) => token === null)).toBe(false)
    expect(people.restart('nova')).toEqual({ workers: 3, members: 0 })
    expect(people.restart('heat')).toEqual({ workers: 3, members: 4 })
    expect(people.restart('cli')).toEqual({ workers: 0, members: 0 })
    expect(people.restart('nobody')).toEqual({ workers: 0, members: 0 })
  })
})
