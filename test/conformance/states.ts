// Every state of a token that was put to a real Keystone: how it is brought about, by calls of the API alone.
// It exists so that the tests in memory and the replay over HTTP speak of the same states.
import type { MaybePromise } from '../../src/identity/store.js'
import type { ProviderMode } from '../../src/token/mode.js'
import { ids, onProject, onTrust, passwordOf, userIds } from '../identity/support/keystone.js'
import type { ReplyBody, Sent } from '../identity/support/keystone.js'

/** What comes back, in memory or over HTTP. */
export interface Answered {
  readonly status: number
  readonly text: string
  readonly json: ReplyBody
  header(name: string): string | undefined
}

/** A Keystone with the cloud of the recordings, wherever it runs. */
export interface Stage {
  /** Seconds since 1970; whoever stages a state sets it. */
  nowSec: number
  mode: ProviderMode
  readonly expirationSec: number
  send(method: string, path: string, sent?: Sent): MaybePromise<Answered>
  /** Rotates the keys once, `max_active_keys` 3. */
  rotate(): void
}

/** Names of what a state makes for itself, as recorded where they were: a body's length depends on them. */
export interface StateNames {
  readonly user: string
  readonly project: string
  readonly credential: string
}

export const stateNames: StateNames = { user: 'u1', project: 'p1', credential: 'monitoring' }

export const tokensPath = '/v3/auth/tokens'

/** The status that a call of a maker must have; anything else is a stage that is not set. */
const done = (answered: Answered, ...statuses: readonly number[]): Answered => {
  if (statuses.includes(answered.status)) return answered
  throw new Error(`the state cannot be brought about: ${answered.status} ${answered.text}`)
}

const tokenOf = (answered: Answered): string => done(answered, 201).header('X-Subject-Token') ?? ''

export type Person = keyof typeof userIds

/** Logs in; the token. */
export const login = async (
  stage: Stage,
  person: Person | { readonly id: string; readonly password: string },
  scope: unknown = onProject(ids.demo),
): Promise<string> => {
  const user = typeof person === 'string' ? { id: userIds[person], password: passwordOf(person) } : person
  const identity = { methods: ['password'], password: { user } }
  return tokenOf(await stage.send('POST', tokensPath, { json: { auth: { identity, scope } } }))
}

export const adminToken = (stage: Stage): Promise<string> =>
  login(stage, 'admin', onProject(ids.serviceProject))

export const rescope = (stage: Stage, token: string): MaybePromise<Answered> => {
  const identity = { methods: ['token'], token: { id: token } }
  return stage.send('POST', tokensPath, { json: { auth: { identity, scope: onProject(ids.demo) } } })
}

const asAdmin = async (stage: Stage, method: string, path: string, json?: unknown): Promise<Answered> => {
  const auth = await adminToken(stage)
  return done(
    await stage.send(method, path, { auth, ...(json === undefined ? {} : { json }) }),
    200,
    201,
    204,
  )
}

/** The id in the answer that made something: `{"user": {"id": …}}`. */
const madeId = (
  answered: Answered,
  what: 'user' | 'project' | 'trust' | 'application_credential',
): string => {
  const made = (answered.json as Readonly<Record<string, { readonly id?: string } | undefined>>)[what]
  return made?.id ?? ''
}

const grantPath = (user: string, project: string, role: string): string =>
  `/v3/projects/${project}/users/${user}/roles/${role}`

/** A user of the state's own, member of `demo`, so that what happens to them leaves alice alone. */
const makeUser = async (stage: Stage, names: StateNames): Promise<{ id: string; password: string }> => {
  const password = 'p1-pw'
  const user = { name: names.user, domain_id: ids.acme, password }
  const id = madeId(await asAdmin(stage, 'POST', '/v3/users', { user }), 'user')
  await asAdmin(stage, 'PUT', grantPath(id, ids.demo, ids.memberRole))
  return { id, password }
}

interface OwnProject {
  readonly user: string
  readonly project: string
  readonly token: string
}

/** A token of a new user for a new project, on which they have some roles. */
const onOwnProject = async (
  stage: Stage,
  names: StateNames,
  roles: readonly string[] = [ids.memberRole],
): Promise<OwnProject> => {
  const user = await makeUser(stage, names)
  const asked = { project: { name: names.project, domain_id: ids.acme } }
  const project = madeId(await asAdmin(stage, 'POST', '/v3/projects', asked), 'project')
  for (const role of roles) await asAdmin(stage, 'PUT', grantPath(user.id, project, role))
  return { user: user.id, project, token: await login(stage, user, onProject(project)) }
}

/** What alice asks for when she trusts bob. */
export const trustRequest = (impersonation: boolean): unknown => ({
  trust: {
    trustor_user_id: ids.alice,
    trustee_user_id: ids.bob,
    project_id: ids.demo,
    impersonation,
    roles: [{ name: 'member' }],
  },
})

export const trustsPath = '/v3/OS-TRUST/trusts'

const trustToken = async (
  stage: Stage,
  impersonation = true,
): Promise<{ readonly trust: string; readonly token: string }> => {
  const auth = await login(stage, 'alice')
  const trust = madeId(
    done(await stage.send('POST', trustsPath, { auth, json: trustRequest(impersonation) }), 201),
    'trust',
  )
  return { trust, token: await login(stage, 'bob', onTrust(trust)) }
}

export const deleteTrust = async (stage: Stage, id: string): Promise<Answered> =>
  done(await stage.send('DELETE', `${trustsPath}/${id}`, { auth: await login(stage, 'alice') }), 204)

export const credentialsPath = `/v3/users/${ids.alice}/application_credentials`

export const credentialLogin = (credential: { readonly id: string; readonly secret: string }): unknown => ({
  auth: { identity: { methods: ['application_credential'], application_credential: credential } },
})

/** The answer to alice's making an application credential. */
export const makeCredential = async (stage: Stage, name: string): Promise<Answered> => {
  const auth = await login(stage, 'alice')
  const json = { application_credential: { name, roles: [{ name: 'member' }] } }
  return done(await stage.send('POST', credentialsPath, { auth, json }), 201)
}

/** The answer to a login with a new application credential, and the credential's id. */
export const credentialIssue = async (
  stage: Stage,
  names: StateNames,
): Promise<{ readonly id: string; readonly issue: Answered }> => {
  const made = await makeCredential(stage, names.credential)
  const credential = (made.json as { readonly application_credential: { id: string; secret: string } })
    .application_credential
  const { id, secret } = credential
  return { id, issue: await stage.send('POST', tokensPath, { json: credentialLogin({ id, secret }) }) }
}

export const deleteCredential = async (stage: Stage, id: string): Promise<Answered> =>
  done(await stage.send('DELETE', `${credentialsPath}/${id}`, { auth: await login(stage, 'alice') }), 204)

/** The answer to an admin's DELETE of a token. */
export const revokeToken = async (stage: Stage, subject: string): Promise<Answered> =>
  stage.send('DELETE', tokensPath, { auth: await adminToken(stage), subject })

export type StateMaker = (
  stage: Stage,
  about: { readonly sample: string; readonly names: StateNames },
) => MaybePromise<string>

const switched =
  (make: (stage: Stage) => Promise<string>, modes: readonly ProviderMode[]): StateMaker =>
  async (stage) => {
    const token = await make(stage)
    for (const mode of modes) {
      stage.mode = mode
      // Somebody uses the token on the way, as the clients of a cloud do.
      await stage.send('GET', tokensPath, { auth: await adminToken(stage), subject: token })
    }
    return token
  }

const projectToken = (stage: Stage): Promise<string> => login(stage, 'alice')
const trustTokenAlone = async (stage: Stage): Promise<string> => (await trustToken(stage)).token
const asGiven: StateMaker = (_, { sample }) => sample

const changeUser = async (stage: Stage, id: string, change: unknown): Promise<void> => {
  await asAdmin(stage, 'PATCH', `/v3/users/${id}`, { user: change })
}

const rotations = (times: number): StateMaker =>
  async function rotated(stage) {
    // The recording began with [0, 1] and a token of key 1; it dies with the second rotation.
    const token = await projectToken(stage)
    for (let i = 0; i < times; i++) stage.rotate()
    return token
  }

/** How each state is brought about; the token in it. */
export const states: Readonly<Record<string, StateMaker>> = {
  'valid project token': projectToken,
  'valid unscoped token': (stage) => login(stage, 'alice', 'unscoped'),
  'garbage "x"': asGiven,
  'garbage 32 hex, never issued': asGiven,
  'garbage 300 chars': asGiven,
  'gAAAAA + garbage': asGiven,
  'tampered byte': async (stage) => {
    const token = await projectToken(stage)
    const at = 100
    return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
  },
  'revoked by DELETE': async (stage) => {
    const token = await projectToken(stage)
    done(await revokeToken(stage, token), 204)
    return token
  },
  'child of revoked parent (rescoped before)': async (stage) => {
    const parent = await login(stage, 'alice', 'unscoped')
    const child = tokenOf(await rescope(stage, parent))
    done(await stage.send('DELETE', tokensPath, { auth: parent, subject: parent }), 204)
    return child
  },
  'trust token, trust live': trustTokenAlone,
  'trust token, trust deleted': async (stage) => {
    const { trust, token } = await trustToken(stage)
    await deleteTrust(stage, trust)
    return token
  },
  'trust token (no impersonation), deleted': async (stage) => {
    const { trust, token } = await trustToken(stage, false)
    await deleteTrust(stage, trust)
    return token
  },
  'trust token revoked': async (stage) => {
    const { token } = await trustToken(stage)
    done(await stage.send('DELETE', tokensPath, { auth: token, subject: token }), 204)
    return token
  },
  'app-cred token, live': async (stage, { names }) => tokenOf((await credentialIssue(stage, names)).issue),
  'app-cred token, app cred deleted': async (stage, { names }) => {
    const { id, issue } = await credentialIssue(stage, names)
    await deleteCredential(stage, id)
    return tokenOf(issue)
  },
  'user disabled': async (stage, { names }) => {
    const user = await makeUser(stage, names)
    const token = await login(stage, user)
    await changeUser(stage, user.id, { enabled: false })
    return token
  },
  'user disabled then re-enabled': async (stage, { names }) => {
    const user = await makeUser(stage, names)
    const token = await login(stage, user)
    await changeUser(stage, user.id, { enabled: false })
    stage.nowSec++
    await changeUser(stage, user.id, { enabled: true })
    return token
  },
  'user deleted': async (stage, { names }) => {
    const user = await makeUser(stage, names)
    const token = await login(stage, user)
    await asAdmin(stage, 'DELETE', `/v3/users/${user.id}`)
    return token
  },
  'own password changed': async (stage, { names }) => {
    const user = await makeUser(stage, names)
    const token = await login(stage, user)
    const json = { user: { password: 'another-pw', original_password: user.password } }
    done(await stage.send('POST', `/v3/users/${user.id}/password`, { auth: token, json }), 204)
    return token
  },
  'last role on project removed': async (stage, { names }) => {
    const { user, project, token } = await onOwnProject(stage, names)
    await asAdmin(stage, 'DELETE', grantPath(user, project, ids.memberRole))
    return token
  },
  'one of two roles removed': async (stage, { names }) => {
    const { user, project, token } = await onOwnProject(stage, names, [ids.memberRole, ids.readerRole])
    await asAdmin(stage, 'DELETE', grantPath(user, project, ids.readerRole))
    return token
  },
  'role added after issue': async (stage, { names }) => {
    const { user, project, token } = await onOwnProject(stage, names)
    await asAdmin(stage, 'PUT', grantPath(user, project, ids.readerRole))
    return token
  },
  'project disabled': async (stage, { names }) => {
    const { project, token } = await onOwnProject(stage, names)
    await asAdmin(stage, 'PATCH', `/v3/projects/${project}`, { project: { enabled: false } })
    return token
  },
  'project deleted': async (stage, { names }) => {
    const { project, token } = await onOwnProject(stage, names)
    await asAdmin(stage, 'DELETE', `/v3/projects/${project}`)
    return token
  },
  'expired (within allow_expired_window)': async (stage) => {
    const token = await projectToken(stage)
    stage.nowSec += stage.expirationSec
    return token
  },
  'expired (beyond allow_expired_window)': async (stage) => {
    const token = await projectToken(stage)
    stage.nowSec += stage.expirationSec + 172_800
    return token
  },
  'issued by uuid, provider now fernet': switched(projectToken, ['fernet']),
  'trust token issued by uuid, provider now fernet': switched(trustTokenAlone, ['fernet']),
  'issued by fernet, provider now uuid': switched(projectToken, ['uuid']),
  'trust token issued by fernet, provider now uuid': switched(trustTokenAlone, ['uuid']),
  'issued by uuid, switched away and back': switched(projectToken, ['fernet', 'uuid']),
  'issued by fernet, switched away and back': switched(projectToken, ['uuid', 'fernet']),
  'token issued before 1 rotation(s), max_active_keys=3': rotations(1),
  'token issued before 2 rotation(s), max_active_keys=3': rotations(2),
  'token issued before 3 rotation(s), max_active_keys=3': rotations(3),
}

/** The places where a token can stand, by the names of the recordings. */
export const places = {
  'subject GET': (stage, token, { admin }) => stage.send('GET', tokensPath, { auth: admin, subject: token }),
  'subject HEAD': (stage, token, { admin }) =>
    stage.send('HEAD', tokensPath, { auth: admin, subject: token }),
  'subject GET allow_expired=1 (service token)': (stage, token, { admin }) =>
    stage.send('GET', tokensPath, { auth: admin, subject: token, query: 'allow_expired=1' }),
  'auth GET tokens': (stage, token, { others }) =>
    stage.send('GET', tokensPath, { auth: token, subject: others }),
  'auth HEAD tokens': (stage, token, { others }) =>
    stage.send('HEAD', tokensPath, { auth: token, subject: others }),
  'auth GET self': (stage, token) => stage.send('GET', tokensPath, { auth: token, subject: token }),
  'auth GET /v3/auth/projects': (stage, token) => stage.send('GET', '/v3/auth/projects', { auth: token }),
  'auth POST rescope method=token': (stage, token) => rescope(stage, token),
} as const satisfies Readonly<
  Record<
    string,
    (
      stage: Stage,
      token: string,
      callers: { readonly admin: string; readonly others: string },
    ) => MaybePromise<Answered>
  >
>

export type Place = keyof typeof places

/** Whose tokens are beside the one that is asked about: an admin's, and a service's to be asked about in vain. */
export const callersOf = async (
  stage: Stage,
): Promise<{ readonly admin: string; readonly others: string }> => ({
  admin: await adminToken(stage),
  others: await login(stage, 'nova', onProject(ids.serviceProject)),
})
