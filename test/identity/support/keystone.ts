// A Keystone in memory for the tests: the cloud of the recordings, a clock that tests set, requests as one call.
// It exists so that a test says what happens, not how a request is made.
import { readFileSync } from 'node:fs'
import { Random } from '../../../src/base/random.js'
import { createDerived, identityConfig } from '../../../src/identity/context.js'
import type { Context, IdentityConfig } from '../../../src/identity/context.js'
import { assignmentOf } from '../../../src/identity/documents.js'
import type { ApplicationCredentialDocument } from '../../../src/identity/documents.js'
import { answerFrom, drive } from '../../../src/identity/drive.js'
import type { Reply, Request } from '../../../src/identity/exchange.js'
import { createMemoryStore } from '../../../src/identity/memoryStore.js'
import type { Passwords } from '../../../src/identity/passwords.js'
import type { IdentityCase, Question } from '../../../src/identity/questions.js'
import { releaseProfiles } from '../../../src/identity/release.js'
import { KeptInProcess } from '../../../src/identity/revocationSource.js'
import { handle } from '../../../src/identity/routes.js'
import type { Document, DocumentKind } from '../../../src/identity/store.js'
import type { TokenCache } from '../../../src/identity/tokenCache.js'
import type { Release } from '../../../src/scenario/scenario.js'
import { fernetKeyFromBytes } from '../../../src/token/fernet.js'
import type { FernetKey } from '../../../src/token/fernet.js'
import { keyRing, rotateRing, setupRing } from '../../../src/token/keyring.js'
import type { KeyRing } from '../../../src/token/keyring.js'
import type { ProviderMode } from '../../../src/token/mode.js'
import { createSealer, opensWith } from '../../../src/token/sealer.js'
import type { Sealer } from '../../../src/token/sealer.js'

export const readVector = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../vectors/${name}`, import.meta.url), 'utf8'))

type CatalogEntry = Document & { readonly endpoints: readonly Readonly<Record<string, string>>[] }

interface RecordedCloud {
  readonly fixtures: Readonly<Record<'dom' | 'proj' | 'svcproj' | 'alice' | 'bob' | 'svc', Document>> & {
    readonly roles: Readonly<Record<'admin' | 'member' | 'reader' | 'service', string>>
  }
  readonly vectors: readonly {
    readonly issue: {
      readonly body: { readonly token: { user: Document; catalog?: readonly CatalogEntry[] } }
    }
  }[]
}

const { fixtures, vectors } = readVector('queens-uuid-tokens.json') as RecordedCloud
const issued = vectors.map((vector) => vector.issue.body.token)

/** The cloud that the answers were recorded from. */
export const recorded = {
  roles: fixtures.roles,
  domain: fixtures.dom,
  project: fixtures.proj,
  serviceProject: fixtures.svcproj,
  users: { alice: fixtures.alice, bob: fixtures.bob, svc: fixtures.svc },
  admin: issued.find(({ user }) => user['name'] === 'admin')?.user ?? { id: '' },
  catalog: issued.find(({ catalog }) => catalog !== undefined)?.catalog ?? [],
} as const

/** The ids that tests speak of. */
export const ids = {
  alice: recorded.users.alice.id,
  bob: recorded.users.bob.id,
  service: recorded.users.svc.id,
  admin: recorded.admin.id,
  demo: recorded.project.id,
  /** A second project on which alice is a member. */
  other: '0000000000004000800000000000000b',
  serviceProject: recorded.serviceProject.id,
  acme: recorded.domain.id,
  memberRole: recorded.roles.member,
  readerRole: recorded.roles.reader,
} as const

/** Passwords that are hashed to themselves, so that hashing costs nothing. */
export const plainPasswords: Passwords = {
  hash: (password) => `plain:${password}`,
  verify: (password, hash) => hash === `plain:${password}`,
}

/** The passwords of the recordings. */
export const passwordOf = (name: string): string => (name === 'admin' ? 'adminpw' : `${name}-pw`)

const userOf = (user: Document, name: string): Document => ({
  id: user.id,
  name,
  domain_id: user['domain_id'] ?? 'default',
  enabled: true,
  password_hash: `plain:${passwordOf(name)}`,
  password_expires_at: null,
})

const grant = (
  userId: string,
  type: 'UserProject' | 'UserDomain' | 'UserSystem',
  target: string,
  role: string,
): [DocumentKind, Document] => [
  'assignment',
  assignmentOf({ type, actor_id: userId, target_id: target, role_id: role }),
]

export function* recordedCloud(): Iterable<[DocumentKind, Document]> {
  const { roles } = recorded
  yield ['domain', { id: 'default', name: 'Default', enabled: true }]
  yield ['domain', { id: ids.acme, name: 'acme', enabled: true }]
  for (const [name, id] of Object.entries(roles)) yield ['role', { id, name, domain_id: null }]
  yield ['project', recorded.project]
  yield ['project', recorded.serviceProject]
  yield ['project', { ...recorded.project, id: ids.other, name: 'other' }]
  yield ['user', userOf(recorded.users.alice, 'alice')]
  yield ['user', userOf(recorded.users.bob, 'bob')]
  yield ['user', userOf(recorded.users.svc, 'nova')]
  yield ['user', userOf(recorded.admin, 'admin')]
  yield grant(ids.alice, 'UserProject', ids.demo, roles.member)
  yield grant(ids.alice, 'UserDomain', ids.acme, roles.member)
  yield grant(ids.alice, 'UserSystem', 'system', roles.reader)
  yield grant(ids.bob, 'UserProject', ids.other, roles.member)
  yield grant(ids.service, 'UserProject', ids.serviceProject, roles.service)
  yield grant(ids.admin, 'UserProject', ids.serviceProject, roles.admin)
  yield grant(ids.admin, 'UserDomain', 'default', roles.admin)
  for (const { endpoints, ...service } of recorded.catalog) {
    yield ['service', { ...service, enabled: true }]
    for (const { region: _, ...endpoint } of endpoints) {
      yield ['endpoint', { ...endpoint, id: endpoint['id'] ?? '', service_id: service.id, enabled: true }]
    }
  }
}

export interface Sent {
  readonly auth?: string
  readonly subject?: string
  readonly query?: string
  readonly json?: unknown
  readonly bodyProblem?: string
  /** An auth receipt to go on from. */
  readonly receipt?: string
}

/** The body of a token. */
export interface TokenBody {
  readonly methods: readonly string[]
  readonly user: Readonly<Record<string, unknown>> & { readonly id: string; readonly name: string }
  readonly project?: { readonly id: string; readonly name: string }
  readonly domain?: { readonly id: string }
  readonly roles?: readonly { readonly id: string; readonly name: string }[]
  readonly audit_ids: readonly string[]
  readonly catalog?: readonly unknown[]
  readonly issued_at: string
  readonly expires_at: string
  readonly 'OS-TRUST:trust'?: { readonly id: string; readonly impersonation: boolean }
  readonly application_credential?: {
    readonly id: string
    readonly name: string
    readonly restricted: boolean
  }
  readonly system?: unknown
}

/** What replies can hold. */
export interface ReplyBody {
  readonly error?: { readonly code: number; readonly title: string; readonly message: string }
  readonly token?: TokenBody
  readonly trust?: Readonly<Record<string, unknown>> & { readonly id: string }
  readonly trusts?: readonly { readonly id: string }[]
  readonly projects?: readonly { readonly id: string }[]
  readonly domains?: readonly { readonly id: string }[]
  readonly system?: readonly unknown[]
  readonly receipt?: Readonly<Record<string, unknown>>
  readonly required_auth_methods?: readonly (readonly string[])[]
  readonly catalog?: readonly unknown[]
  readonly events?: readonly Readonly<Record<string, unknown>>[]
  readonly versions?: { readonly values: readonly { readonly id: string }[] }
  readonly version?: { readonly id: string }
  readonly links?: unknown
}

/** A reply with its body read. */
export interface Received extends Reply {
  readonly text: string
  readonly json: ReplyBody
}

export interface Keystone {
  mode: ProviderMode
  nowSec: number
  readonly store: ReturnType<typeof createMemoryStore>
  readonly config: IdentityConfig
  /** Every question that was asked, in order. */
  readonly asked: Question[]
  send(method: string, path: string, sent?: Sent): Received
  run<T>(useCase: IdentityCase<T>): T
  context(): Context
  /** Logs in with a password; the token's id. */
  login(user: 'alice' | 'bob' | 'nova' | 'admin', scope?: unknown): string
  rescope(token: string, scope?: unknown): Received
  validate(subject: string, auth?: string): Received
  /** Rotates the node's keys once. */
  rotate(): void
  ring(): KeyRing
  setRing(ring: KeyRing): void
}

export const userIds = { alice: ids.alice, bob: ids.bob, nova: ids.service, admin: ids.admin } as const
export const onProject = (id: string): unknown => ({ project: { id } })
export const startSec = 1_795_311_700

/** A Keystone of a release in a mode, with the cloud of the recordings. */
export const createKeystone = (
  release: Release,
  mode: ProviderMode,
  options: Partial<IdentityConfig> & {
    readonly ring?: KeyRing
    /** Another backend of the same cloud, whose table and facts this one shares. */
    readonly beside?: Keystone
    readonly tokenCache?: TokenCache
  } = {},
): Keystone => {
  const store = options.beside?.store ?? createMemoryStore()
  if (options.beside === undefined) store.loadNow(recordedCloud(), [])
  const profile = releaseProfiles[release]
  const { ring: givenRing, beside, tokenCache, ...settings } = options
  const config = identityConfig({
    profile,
    expirationSec: 3600,
    publicUrl: 'http://127.0.0.1:15013',
    ...settings,
  })
  const derived = createDerived(store, profile)
  const random = new Random(1, release, mode, beside === undefined ? 'first' : 'beside')
  const freshKey = (): FernetKey => fernetKeyFromBytes(random.bytes(32))
  const retired: FernetKey[] = []
  let ring = givenRing ?? setupRing({ primary: freshKey(), staged: freshKey() }).ring
  let sealer: Sealer = createSealer({ ring, payloadOptions: profile.payload })
  const asked: Question[] = []
  const answerTo = answerFrom({
    store,
    passwords: plainPasswords,
    revocations: new KeptInProcess(store),
    ...(tokenCache === undefined ? {} : { cache: tokenCache }),
  })
  const answer = (question: Question): unknown => {
    asked.push(question)
    return answerTo(question)
  }
  let requests = 0

  const keystone: Keystone = {
    mode,
    nowSec: startSec,
    store,
    config,
    asked,
    context: () => ({
      nowSec: keystone.nowSec,
      requestId: `req-${++requests}`,
      random: (count) => random.bytes(count),
      mode: keystone.mode,
      sealer,
      wasOurs: (token) => opensWith(token, retired) !== null,
      facts: store,
      derived,
      config,
    }),
    run: <T>(useCase: IdentityCase<T>): T => drive(useCase, answer) as T,
    send(method, path, sent = {}) {
      const headers: Readonly<Record<string, string | undefined>> = {
        'x-auth-token': sent.auth,
        'x-subject-token': sent.subject,
        'openstack-auth-receipt': sent.receipt,
      }
      const request: Request = {
        method,
        path,
        query: sent.query ?? '',
        header: (name) => headers[name],
        json: sent.json,
        ...(sent.bodyProblem === undefined ? {} : { bodyProblem: sent.bodyProblem }),
      }
      const reply = keystone.run(handle(request, keystone.context()))
      const text = reply.body === null ? '' : reply.body()
      const isJson = reply.headers['Content-Type'] === 'application/json' && text !== ''
      return { ...reply, text, json: isJson ? (JSON.parse(text) as ReplyBody) : {} }
    },
    login(user, scope = onProject(ids.demo)) {
      const identity = {
        methods: ['password'],
        password: { user: { id: userIds[user], password: passwordOf(user) } },
      }
      const reply = keystone.send('POST', '/v3/auth/tokens', { json: { auth: { identity, scope } } })
      if (reply.issued === null) throw new Error(`no token for ${user}: ${reply.text}`)
      return reply.issued.id
    },
    rescope: (token, scope = onProject(ids.demo)) =>
      keystone.send('POST', '/v3/auth/tokens', {
        json: { auth: { identity: { methods: ['token'], token: { id: token } }, scope } },
      }),
    validate: (subject, auth = keystone.login('nova', onProject(ids.serviceProject))) =>
      keystone.send('GET', '/v3/auth/tokens', { auth, subject }),
    rotate() {
      const before = ring
      keystone.setRing(rotateRing(ring, { maxActiveKeys: 3, fresh: freshKey() }).ring)
      const left = new Set([...ring.keys.values()].map((key) => key.id))
      for (const key of before.keys.values()) if (!left.has(key.id)) retired.push(key)
    },
    ring: () => ring,
    setRing(next) {
      ring = keyRing(next.keys)
      sealer = createSealer({ ring, payloadOptions: profile.payload })
    },
  }
  return keystone
}

/** A trust from alice to bob on the project demo. */
export const createTrust = (
  keystone: Keystone,
  asked: Readonly<Record<string, unknown>> = {},
): { readonly id: string; readonly reply: Received } => {
  const reply = keystone.send('POST', '/v3/OS-TRUST/trusts', {
    auth: keystone.login('alice'),
    json: {
      trust: {
        trustor_user_id: ids.alice,
        trustee_user_id: ids.bob,
        project_id: ids.demo,
        impersonation: true,
        roles: [{ name: 'member' }],
        ...asked,
      },
    },
  })
  return { id: reply.json.trust?.id ?? '', reply }
}

export const onTrust = (id: string): unknown => ({ 'OS-TRUST:trust': { id } })

/** The secret of `giveCredential`'s application credentials. */
export const credentialSecret = 'ZXMH28r-sO1ML6Vm7pQuTNov9X15A'

/** An application credential of alice's on the project demo, with the role member. */
export const giveCredential = (
  keystone: Keystone,
  change: Readonly<Record<string, unknown>> = {},
): ApplicationCredentialDocument => {
  const credential: ApplicationCredentialDocument = {
    id: '9e3c750b34ae4e2aa91d3fbb7ae04468',
    name: 'monitoring',
    description: null,
    user_id: ids.alice,
    project_id: ids.demo,
    secret_hash: `plain:${credentialSecret}`,
    role_ids: [ids.memberRole],
    expires_at: null,
    unrestricted: false,
    ...change,
  }
  keystone.store.put('application_credential', credential)
  return credential
}

/** Logs in with any identity. */
export const authenticateWith = (
  keystone: Keystone,
  identity: unknown,
  more: { readonly scope?: unknown; readonly receipt?: string } = {},
): Received => {
  const { scope, receipt } = more
  return keystone.send('POST', '/v3/auth/tokens', {
    json: { auth: { identity, ...(scope === undefined ? {} : { scope }) } },
    ...(receipt === undefined ? {} : { receipt }),
  })
}

export const byCredential = (payload: Readonly<Record<string, unknown>>): unknown => ({
  methods: ['application_credential'],
  application_credential: { secret: credentialSecret, ...payload },
})
