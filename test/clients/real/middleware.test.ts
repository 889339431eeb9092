// A service behind the real auth_token middleware, over `cutover serve`: whom it lets in, and how it survives a cutover.
// It exists because this middleware is what every OpenStack service asks about every token.
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { adminPassword, startService } from '../../support/served.js'
import type { Program } from '../../support/program.js'
import { loginOf, Operator, tokenShapes } from './operator.js'
import { ProtectedService, RealClients, type Access } from './realClients.js'

jest.setTimeout(300_000)

const home = mkdtempSync(path.join(os.tmpdir(), 'cutover-middleware-'))
let clients: RealClients
beforeAll(async () => {
  clients = await RealClients.start()
})
afterAll(async () => {
  await clients.end()
  rmSync(home, { recursive: true, force: true })
})

/** A cloud that outlives its servers: users, a service's own user, store, keys and address stay over a restart. */
class Cloud {
  url = ''
  private program: Program | null = null
  private readonly words: readonly string[]
  private address = '127.0.0.1:0'

  constructor(name: string) {
    this.words = ['--store', `sqlite:${name}.sqlite`, '--keys', `${name}-keys`]
  }

  async start(provider: string, ...more: readonly string[]): Promise<void> {
    // The last word on where to listen counts.
    const words = ['--provider', provider, '--listen', this.address, ...this.words, ...more]
    const { program, ready } = await startService(words, { cwd: home })
    this.program = program
    this.url = ready.url
    this.address = new URL(ready.url).host
  }

  async stop(): Promise<void> {
    this.program?.signal('SIGTERM')
    await this.program?.ended
    this.program = null
  }

  async restart(provider: string, ...more: readonly string[]): Promise<void> {
    await this.stop()
    await this.start(provider, ...more)
  }

  async populate(): Promise<void> {
    const admin = new Operator(clients, loginOf(this.url, 'admin', adminPassword, 'admin'))
    for (const command of [
      'project create service',
      'project create work',
      'user create nova --password nova-password',
      'user create mona --password mona-password',
      'role add --user nova --project service service',
      'role add --user nova --project service admin',
      'role add --user mona --project work member',
    ]) {
      await admin.shown(command)
    }
  }

  passwordOf(name: string, project: string): Readonly<Record<string, string>> {
    return {
      auth_url: this.url,
      username: name,
      password: `${name}-password`,
      user_domain_id: 'default',
      project_name: project,
      project_domain_id: 'default',
    }
  }

  /** The service, with what its configuration file would say in `[keystone_authtoken]`. */
  protect(settings: Readonly<Record<string, unknown>> = {}): Promise<ProtectedService> {
    return ProtectedService.start({
      www_authenticate_uri: 'https://id.example.org',
      auth_type: 'password',
      ...this.passwordOf('nova', 'service'),
      service_token_roles: 'service',
      service_token_roles_required: 'true',
      token_cache_time: '-1',
      ...settings,
    })
  }

  logIn(name: string, project: string): Promise<Access> {
    return clients.logIn(name, 'v3password', this.passwordOf(name, project))
  }

  async tokenOf(name: string, project: string): Promise<string> {
    return (await this.logIn(name, project)).token
  }
}

const running: { stop?(): Promise<void>; end?(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of running.splice(0)) await (one.end?.() ?? one.stop?.())
})

const start = async (name: string, provider: string): Promise<Cloud> => {
  const cloud = new Cloud(name)
  running.push(cloud)
  await cloud.start(provider)
  await cloud.populate()
  return cloud
}

const protect = async (cloud: Cloud, settings: Readonly<Record<string, unknown>> = {}) => {
  const service = await cloud.protect(settings)
  running.push(service)
  return service
}

const challenge = 'Keystone uri="https://id.example.org"'

describe.each(['uuid', 'fernet'])('a service behind auth_token, provider %s', (provider) => {
  test('lets a good token in and tells the service whose it is, and asks all others to authenticate', async () => {
    const cloud = await start(`good-${provider}`, provider)
    const service = await protect(cloud)
    const token = await cloud.tokenOf('mona', 'work')
    const answer = await service.call(token)
    expect(answer).toMatchObject({
      status: 200,
      told: { USER_NAME: 'mona', ROLES: 'member', IDENTITY_STATUS: 'Confirmed', SERVICE_CATALOG: true },
    })
    for (const bad of [null, 'garbage', `${token.slice(0, -4)}AAAA`]) {
      expect(await service.call(bad)).toEqual({ status: 401, challenge, told: null })
    }
    await cloud.logIn('nova', 'service')
    await clients.call('nova', 'tokens.revoke_token', [token])
    expect(await service.call(token)).toEqual({ status: 401, challenge, told: null })
  })

  test('takes an expired token of a user from another service, and from nobody else', async () => {
    const cloud = await start(`expired-${provider}`, provider)
    await cloud.restart(provider, '--expiration', '1s')
    const { token, expires } = await cloud.logIn('mona', 'work')
    await cloud.restart(provider)
    const service = await protect(cloud)
    // There is no other way to an expired token than to wait; how long it takes is not looked at.
    while (Date.now() <= Date.parse(expires)) await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await service.call(token)).toMatchObject({ status: 401, challenge })
    const answer = await service.call(token, await cloud.tokenOf('nova', 'service'))
    expect(answer).toMatchObject({ status: 200, told: { USER_NAME: 'mona' } })
    expect(String(answer.told?.['SERVICE_ROLES']).split(',')).toContain('service')
    // mona's own fresh token is no service's.
    expect(await service.call(token, await cloud.tokenOf('mona', 'work'))).toMatchObject({ status: 401 })
  })
})

describe('a cutover while a service and its users go on', () => {
  test('from uuid to fernet ends every token, and service and sessions log in again by themselves', async () => {
    const cloud = await start('hard', 'uuid')
    const service = await protect(cloud)
    const saved = await cloud.tokenOf('mona', 'work')
    expect(saved).toMatch(tokenShapes['uuid'] as RegExp)
    expect(await service.call(saved)).toMatchObject({ status: 200 })

    await cloud.restart('fernet')
    // The service's own UUID token is dead, too: without a new log-in of its own it could judge nobody's.
    expect(await service.call(saved)).toEqual({ status: 401, challenge, told: null })
    expect(await clients.request('mona', 'GET', '/auth/projects')).toMatchObject({ status: 200 })
    const fresh = (await clients.access('mona')).token
    expect(fresh).toMatch(tokenShapes['fernet'] as RegExp)
    expect(await service.call(fresh)).toMatchObject({ status: 200, told: { USER_NAME: 'mona' } })
    expect(await service.call(saved)).toMatchObject({ status: 401 })

    // And back: rows and keys are still there, so the old token lives again and the new one is dead.
    await cloud.restart('uuid')
    expect(await service.call(saved)).toMatchObject({ status: 200 })
    expect(await service.call(fresh)).toMatchObject({ status: 401 })
  })

  test('by way of dual-uuid and dual-fernet ends none while it lasts', async () => {
    const cloud = await start('soft', 'uuid')
    const service = await protect(cloud)
    const saved = await cloud.tokenOf('mona', 'work')
    for (const provider of ['dual-uuid', 'dual-fernet']) {
      await cloud.restart(provider)
      expect({ provider, ...(await service.call(saved)) }).toMatchObject({ provider, status: 200 })
    }
    const fresh = await cloud.tokenOf('mona', 'work')
    expect(fresh).toMatch(tokenShapes['fernet'] as RegExp)
    expect(await service.call(fresh)).toMatchObject({ status: 200 })
    await cloud.restart('fernet')
    expect(await service.call(fresh)).toMatchObject({ status: 200 })
    expect(await service.call(saved)).toMatchObject({ status: 401 })
  })
})
