// keystoneauth1's plugins and keystoneclient over `cutover serve`: every way to log in, and what a token then may do.
// It exists because services and users speak through these two libraries.
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { loginOf, setStage, tokenShapes, type Operator, type Stage } from './operator.js'
import { Refusal, type RealClients } from './realClients.js'
import { adminPassword } from '../../support/served.js'

jest.setTimeout(300_000)

/** What a call is refused with. */
const refusalOf = async (asked: Promise<unknown>): Promise<Refusal> => {
  try {
    await asked
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  throw new Error('it was answered')
}

type Facts = Readonly<Record<string, unknown>>

describe.each(['uuid', 'fernet'])('keystoneauth1 and keystoneclient, provider %s', (provider) => {
  let stage: Stage
  let clients: RealClients
  let admin: Operator
  let auth: Facts
  const ids: Record<string, string> = {}
  /** Options of the plugin v3password for a user. */
  const passwordOf = (name: string): Facts => ({
    auth_url: stage.url,
    username: name,
    user_domain_id: 'default',
    password: name === 'admin' ? adminPassword : `${name}-password`,
  })
  const onProject = (name = 'work'): Facts => ({ project_name: name, project_domain_id: 'default' })
  const make = async (kind: string, name: string, more = ''): Promise<void> => {
    ids[name] = String((await admin.shown(`${kind} create ${name}${more}`))['id'])
  }

  beforeAll(async () => {
    stage = await setStage(['--provider', provider])
    ;({ clients, admin } = stage)
    auth = { auth_url: stage.url }
    for (const project of ['work', 'home']) await make('project', project)
    for (const user of ['olga', 'paul', 'rosa']) await make('user', user, ` --password ${user}-password`)
    for (const role of ['member', 'reader'])
      ids[role] = String((await admin.shown(`role show ${role}`))['id'])
    for (const grant of [
      '--user olga --project work member',
      '--user olga --project work reader',
      '--user olga --project home member',
      '--user rosa --project work member',
      '--user rosa --domain default admin',
    ])
      await admin.shown(`role add ${grant}`)
    await clients.logIn('admin', 'v3password', { ...passwordOf('admin'), ...onProject('admin') })
    await clients.logIn('olga', 'v3password', { ...passwordOf('olga'), ...onProject() })
  })
  afterAll(() => stage.close())

  /** Status of a token that admin validates by keystoneclient: 200, or what it is refused with. */
  const validity = async (token: string): Promise<number | null> => {
    try {
      await clients.call('admin', 'tokens.validate', [token])
      return 200
    } catch (error) {
      if (error instanceof Refusal) return error.status
      throw error
    }
  }

  describe('a password', () => {
    test('buys tokens for a project, a domain, the system or nothing', async () => {
      const project = await clients.access('olga')
      expect(project).toMatchObject({
        user: 'olga',
        projectId: ids['work'],
        roles: ['member', 'reader'],
        methods: ['password'],
        services: ['identity'],
      })
      expect(project.token).toMatch(tokenShapes[provider] as RegExp)
      const unscoped = await clients.logIn('unscoped', 'v3password', passwordOf('olga'))
      expect(unscoped).toMatchObject({ projectId: null, roles: [], services: [] })
      const domain = await clients.logIn('domain', 'v3password', {
        ...passwordOf('rosa'),
        domain_id: 'default',
      })
      expect(domain).toMatchObject({ domainId: 'default', projectId: null, roles: ['admin'] })
      const system = await clients.logIn('system', 'v3password', {
        ...passwordOf('admin'),
        system_scope: 'all',
      })
      expect(system).toMatchObject({ system: true, projectId: null, roles: ['admin'] })
      expect(await clients.request('system', 'GET', '/auth/system')).toMatchObject({
        status: 200,
        body: { system: [{ all: true }] },
      })
    })

    test('buys nothing where its user has no role', async () => {
      const { kind, status } = await refusalOf(
        clients.logIn('paul', 'v3password', { ...passwordOf('paul'), ...onProject() }),
      )
      expect({ kind, status }).toEqual({ kind: 'Unauthorized', status: 401 })
    })

    test('that is changed ends its tokens and their sessions’ log-ins', async () => {
      await make('user', 'vera', ' --password vera-password')
      await admin.shown('role add --user vera --project work member')
      const { token } = await clients.logIn('vera', 'v3password', { ...passwordOf('vera'), ...onProject() })
      expect(await validity(token)).toBe(200)
      await clients.call('vera', 'users.update_password', ['vera-password', 'another-password'])
      expect(await validity(token)).toBe(404)
      expect(await refusalOf(clients.request('vera', 'GET', '/auth/projects'))).toMatchObject({ status: 401 })
    })
  })

  describe('a token', () => {
    test('is validated with its user, roles and catalog, and revoked for everybody', async () => {
      const { token, auditIds } = await clients.logIn('short', 'v3password', {
        ...passwordOf('olga'),
        ...onProject(),
      })
      const data = await clients.call<Facts>('admin', 'tokens.validate', [token])
      expect(data).toMatchObject({
        user: { id: ids['olga'], name: 'olga' },
        project: { id: ids['work'] },
        audit_ids: auditIds,
        catalog: [expect.objectContaining({ type: 'identity' })],
      })
      const bare = await clients.call<{ token: Facts }>('admin', 'tokens.get_token_data', [token], {
        include_catalog: false,
      })
      expect(bare.token).not.toHaveProperty('catalog')
      await clients.call('admin', 'tokens.revoke_token', [token])
      expect(await validity(token)).toBe(404)
      expect(
        await clients.call('olga', 'tokens.validate', [(await clients.access('olga')).token]),
      ).toMatchObject({ user: { id: ids['olga'] }, project: { id: ids['work'] } })
    })

    test('is renewed by the session that holds it when it is refused', async () => {
      const { token } = await clients.logIn('renewing', 'v3password', {
        ...passwordOf('olga'),
        ...onProject(),
      })
      await clients.call('admin', 'tokens.revoke_token', [token])
      expect(await clients.request('renewing', 'GET', '/auth/projects')).toMatchObject({ status: 200 })
      expect((await clients.access('renewing')).token).not.toBe(token)
    })

    test('buys a token for another project, which keeps its method, its expiry and its audit chain', async () => {
      const first = await clients.access('olga')
      const second = await clients.logIn('rescoped', 'v3token', {
        ...auth,
        token: first.token,
        ...onProject('home'),
      })
      expect(second).toMatchObject({ projectId: ids['home'], roles: ['member'], expires: first.expires })
      expect([...second.methods].sort()).toEqual(['password', 'token'])
      expect(second.auditIds).toEqual([expect.any(String), first.auditIds[0]])
      const { status } = await refusalOf(
        clients.logIn('nowhere', 'v3token', { ...auth, token: first.token, ...onProject('admin') }),
      )
      expect(status).toBe(401)
    })

    test('of a user who is no admin shows only itself', async () => {
      const other = (await clients.access('admin')).token
      expect(await refusalOf(clients.call('olga', 'tokens.validate', [other]))).toMatchObject({ status: 403 })
    })
  })

  describe('a trust', () => {
    const trust = (options: Facts = {}, by = 'olga'): Promise<{ id: string } & Facts> =>
      clients.call(by, 'trusts.create', [], {
        trustee_user: ids['paul'],
        trustor_user: ids['olga'],
        project: ids['work'],
        role_ids: [ids['member']],
        impersonation: true,
        ...options,
      })
    const asTrustee = (name: string, trustId: string) =>
      clients.logIn(name, 'v3password', { ...passwordOf('paul'), trust_id: trustId })

    test('is made, listed and shown by both, used by the trustee in the name of the trustor, and deleted', async () => {
      const made = await trust()
      expect(made).toMatchObject({ impersonation: true, project_id: ids['work'], remaining_uses: null })
      const listed = await clients.call<readonly Facts[]>('olga', 'trusts.list', [], {
        trustor_user: ids['olga'],
      })
      expect(listed.map(({ id }) => id)).toContain(made.id)
      const access = await asTrustee('trusted', made.id)
      expect(access).toMatchObject({
        user: 'olga',
        trustId: made.id,
        roles: ['member'],
        projectId: ids['work'],
      })
      expect(await clients.call('olga', 'trusts.get', [made.id])).toMatchObject({
        roles: [expect.objectContaining({ name: 'member' })],
      })
      // A token of a trust buys no other.
      expect(
        await refusalOf(
          clients.logIn('more', 'v3token', { ...auth, token: access.token, ...onProject('home') }),
        ),
      ).toMatchObject({ status: 403 })
      await clients.call('olga', 'trusts.delete', [made.id])
      expect(await validity(access.token)).toBe(404)
      expect((await refusalOf(asTrustee('late', made.id))).status).toBeGreaterThanOrEqual(401)
    })

    test('without impersonation names the trustee, with the roles of the trust alone', async () => {
      const { id } = await trust({ impersonation: false })
      expect(await asTrustee('himself', id)).toMatchObject({ user: 'paul', roles: ['member'], trustId: id })
    })

    test('of so many uses is used so often', async () => {
      const { id } = await trust({ remaining_uses: 2 })
      await asTrustee('once', id)
      expect(await clients.call('olga', 'trusts.get', [id])).toMatchObject({ remaining_uses: 1 })
      await asTrustee('twice', id)
      expect(await refusalOf(asTrustee('thrice', id))).toMatchObject({ status: 401 })
    })

    test('is not made with roles that the trustor does not have, nor for somebody else', async () => {
      const { id: adminRole } = await admin.shown('role show admin')
      expect(await refusalOf(trust({ role_ids: [adminRole] }))).toMatchObject({ status: 404 })
      expect(await refusalOf(trust({}, 'admin'))).toMatchObject({ status: 403 })
    })

    test('may be handed on as often as it allows', async () => {
      const first = await trust({ allow_redelegation: true, redelegation_count: 1 })
      await asTrustee('first', first.id)
      const second = await trust({ trustee_user: ids['rosa'], trustor_user: ids['olga'] }, 'first')
      expect(second).toMatchObject({ redelegated_trust_id: first.id })
      await clients.logIn('second', 'v3password', { ...passwordOf('rosa'), trust_id: second.id })
      expect(await clients.access('second')).toMatchObject({ user: 'olga', trustId: second.id })
      expect(await refusalOf(trust({ trustee_user: ids['paul'] }, 'second'))).toMatchObject({ status: 403 })
      await clients.call('olga', 'trusts.delete', [first.id])
      expect(await validity((await clients.access('first')).token)).toBe(404)
    })

    test('is handled by the openstack command', async () => {
      const olga = admin.as(loginOf(stage.url, 'olga', 'olga-password', 'work'))
      const made = await olga.shown(
        `trust create --project ${ids['work']} --role ${ids['member']} ${ids['olga']} ${ids['paul']}`,
      )
      expect(made).toMatchObject({ trustee_user_id: ids['paul'], trustor_user_id: ids['olga'] })
      expect(await olga.shown(`trust show ${String(made['id'])}`)).toMatchObject({ id: made['id'] })
      await olga.shown(`trust delete ${String(made['id'])}`)
      expect(await olga.refused(`trust show ${String(made['id'])}`)).toContain('(HTTP 403)')
    })
  })

  describe('an application credential', () => {
    const logInWith = (name: string, made: Facts) =>
      clients.logIn(name, 'v3applicationcredential', {
        ...auth,
        application_credential_id: made['id'],
        application_credential_secret: made['secret'],
      })

    test('is made, listed, shown and deleted, and logs in for its project while it is there', async () => {
      const olga = admin.as(loginOf(stage.url, 'olga', 'olga-password', 'work'))
      const made = await olga.shown(
        'application credential create backup --role reader --description nightly',
      )
      expect(made).toMatchObject({ name: 'backup', project_id: ids['work'], unrestricted: false })
      expect(await olga.column('Name', 'application credential list')).toEqual(['backup'])
      expect(await olga.shown('application credential show backup')).toMatchObject({ description: 'nightly' })
      const access = await logInWith('backup', made)
      expect(access).toMatchObject({
        user: 'olga',
        projectId: ids['work'],
        roles: ['reader'],
        methods: ['application_credential'],
      })
      const wrong = await refusalOf(logInWith('wrong', { ...made, secret: 'wrong' }))
      expect(wrong).toMatchObject({ status: 401 })
      await olga.shown('application credential delete backup')
      expect(await validity(access.token)).toBe(404)
      expect((await refusalOf(logInWith('late', made))).status).toBeGreaterThanOrEqual(401)
    })

    test('makes others only if it is unrestricted', async () => {
      const create = (name: string, by: string, unrestricted = false) =>
        clients.call(by, 'application_credentials.create', [name], { unrestricted })
      const restricted = await create('restricted', 'olga')
      await logInWith('restricted', restricted)
      expect(await refusalOf(create('grown', 'restricted'))).toMatchObject({ status: 403 })
      await logInWith('unrestricted', await create('unrestricted', 'olga', true))
      expect(await create('grown', 'unrestricted')).toMatchObject({ name: 'grown' })
    })
  })

  describe('a passcode', () => {
    const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
    const rosa = (): Facts => ({
      auth_url: stage.url,
      username: 'rosa',
      user_domain_id: 'default',
      ...onProject(),
    })
    beforeAll(async () => {
      await admin.shown(`credential create rosa ${secret} --type totp`)
    })

    test('logs in alone, by the time of day', async () => {
      const access = await clients.logIn('totp', 'v3totp', rosa(), secret)
      expect(access).toMatchObject({ user: 'rosa', methods: ['totp'], roles: ['member'] })
      expect(await refusalOf(clients.logIn('wrong', 'v3totp', rosa(), 'MFRGGZDFMZTWQ2LK'))).toMatchObject({
        status: 401,
      })
    })

    test('completes a password by a receipt, or beside it at once, where rules demand both', async () => {
      await clients.call('admin', 'users.update', [ids['rosa']], {
        options: { multi_factor_auth_enabled: true, multi_factor_auth_rules: [['password', 'totp']] },
      })
      const password = { ...passwordOf('rosa'), ...onProject() }
      const refused = await refusalOf(clients.logIn('half', 'v3password', password))
      expect(refused).toMatchObject({ kind: 'MissingAuthMethods', required: [['password', 'totp']] })
      const { receipt = '' } = refused
      const whole = await clients.goOn('half', { receipt, totpSecret: secret, userId: ids['rosa'] as string })
      expect([...whole.methods].sort()).toEqual(['password', 'totp'])
      const options = { ...password, auth_methods: ['v3password', 'v3totp'] }
      const both = await clients.logIn('both', 'v3multifactor', options, secret)
      expect([...both.methods].sort()).toEqual(['password', 'totp'])
      expect(await validity(both.token)).toBe(200)
    })
  })
})
