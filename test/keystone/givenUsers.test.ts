// Users that exist at Debian's real Keystone, reached through TLS by an authority of our own, as most clouds are.
// What is proved here: nothing is made or removed, what is wrong with them is told at once before load, and the ceiling holds at the target.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import type { Summary } from '../../src/measure/summary.js'
import { Program } from '../support/program.js'
import { IdentityApi } from './identityApi.js'
import { adminToken } from './keystoneCloud.js'
import { cachedConf } from './keystonePair.js'
import { RealKeystone } from './realKeystone.js'
import { TlsFront } from './tlsFront.js'

jest.setTimeout(600_000)

const root = mkdtempSync(path.join(tmpdir(), 'cutover-given-'))
const programs: Program[] = []
const passwords = { PW_ANN: 'of-ann-0', PW_BEA: 'of-bea-0', PW_NOVA: 'of-nova-0', PW_DAN: 'of-dan-0' }
let keystone: RealKeystone
let front: TlsFront
let runs = 0
/** By its name. */
const ids = new Map<string, string>()

const ask = async <T>(method: string, at: string, json?: unknown): Promise<T> => {
  const { id: auth } = await adminToken(keystone)
  return new IdentityApi(keystone.url).ask<T>(method, at, { auth, ...(json === undefined ? {} : { json }) })
}

const make = async (kind: 'user' | 'project' | 'role' | 'domain', name: string, more = {}): Promise<void> => {
  const made = await ask<{ id: string }>('POST', `/v3/${kind}s`, { [kind]: { name, ...more } })
  ids.set(name, made.id)
}

const grant = (user: string, project: string, role: string): Promise<unknown> =>
  ask('PUT', `/v3/projects/${ids.get(project)}/users/${ids.get(user)}/roles/${ids.get(role)}`)

beforeAll(async () => {
  keystone = await RealKeystone.create({
    folder: path.join(root, 'keystone'),
    workers: 1,
    conf: { ...cachedConf, identity: { password_hash_rounds: 4 } },
  })
  await keystone.start()
  front = await TlsFront.start(path.join(root, 'front'), keystone.url)
  const roles = await ask<readonly { name: string; id: string }[]>('GET', '/v3/roles')
  for (const { name, id } of roles) ids.set(name, id)
  if (!ids.has('service')) await make('role', 'service')
  await make('domain', 'other')
  const inOther = { domain_id: ids.get('other') }
  for (const project of ['red', 'blue', 'services']) await make('project', project)
  await make('project', 'far', inOther)
  await make('user', 'ann', { password: passwords.PW_ANN })
  await make('user', 'bea', { password: passwords.PW_BEA })
  await make('user', 'nova', { password: passwords.PW_NOVA })
  await make('user', 'dan', { password: passwords.PW_DAN, ...inOther })
  await grant('ann', 'red', 'member')
  await grant('bea', 'blue', 'member')
  await grant('dan', 'far', 'member')
  await grant('nova', 'services', 'member')
})
afterAll(async () => {
  for (const program of programs) program.clear()
  await front.stop()
  await keystone.stop()
  rmSync(root, { recursive: true, force: true })
})

interface Given {
  readonly users: readonly string[]
  readonly service?: string
  /** Lines of the entry in clouds.yaml. */
  readonly tls?: string
}

const nova = '{ name: nova, password: $PW_NOVA, project: services }'

/** A rehearsal of some seconds; who logs in for it may do nothing else there. */
const start = ({ users, service = nova, tls = `cacert: ${front.certificates.authorityFile}` }: Given) => {
  const home = path.join(root, `run-${++runs}`)
  mkdirSync(home)
  const auth = `{ auth_url: "${front.url}", username: ann, password: ${passwords.PW_ANN}, project_name: red, user_domain_name: Default, project_domain_id: default }`
  writeFileSync(path.join(home, 'clouds.yaml'), `clouds:\n  here:\n    auth: ${auth}\n    ${tls}\n`)
  const text = `
name: given
duration: 10s
cloud: { users: 1, projects: 1, services: [nova] }
identity: { release: zed, provider: fernet }
middleware: { token_cache_time: 0s, workers: 2 }
limits: { lateness_p99: 5s }
clients:
  users: { behaviour: password-session, members: 6, every: 600ms, through: [nova] }
external:
  ceiling: 15/s
  users: [${users.join(', ')}]
  service: ${service}
gates: [rejected(window=start..end) == 0]
`
  writeFileSync(path.join(home, 's.yaml'), text)
  const folder = path.join(home, 'run')
  const words = ['rehearse', 's.yaml', '--world', 'external', '--os-cloud', 'here', '--out', folder, '--json']
  const program = new Program(words, { cwd: home, env: passwords })
  programs.push(program)
  return { program, folder }
}

const ann = '{ name: ann, password: $PW_ANN, project: red }'

/** Everything that a run could make, by its id, and who has which role. */
const everything = async (): Promise<unknown> =>
  Promise.all(
    ['users', 'projects', 'OS-TRUST/trusts', 'role_assignments'].map((kind) => ask('GET', `/v3/${kind}`)),
  )

test('all that is wrong with given users is told at once, before any load', async () => {
  const { program } = start({
    users: [
      ann,
      '{ name: bea, password: $PW_ANN, project: blue }',
      '{ name: bea, password: $PW_BEA, project: red }',
      '{ name: carl, password: $PW_BEA, project: red }',
      '{ name: dan, password: $PW_DAN, project: far }',
      `{ id: ${ids.get('dan')}, domain: ${ids.get('other')}, password: $PW_DAN, project: nowhere }`,
    ],
    service: '{ name: nova, password: $PW_BEA, project: services }',
  })
  const { code, stderr } = await program.ended
  const refused = '401 The request you have made requires authentication.'
  const told = stderr.split('\n').filter((line) => line.startsWith('external.'))
  expect(code).toBe(2)
  expect(told.map((line) => line.split('; ')[0])).toEqual([
    `external.users[1].password: no login as bea: ${refused}`,
    `external.users[2].project: bea cannot get into the project \`red\` of the domain with the id \`default\`: ${refused}`,
    `external.users[3].password: no login as carl: ${refused}`,
    `external.users[4].password: no login as dan: ${refused}`,
    `external.users[5].project: ${ids.get('dan')} cannot get into the project \`nowhere\` of the domain with the id \`${ids.get('other')}\`: ${refused}`,
    `external.service.password: no login as nova: ${refused}`,
  ])
  expect(told[1]).toContain('it has a role in blue (domain default)')
  expect(stderr).toContain('6 problems; nothing was started.')
  for (const password of Object.values(passwords)) expect(stderr).not.toContain(password)
})

test('a services’ user whose role validates no token is told before any load', async () => {
  const { program } = start({ users: [ann] })
  const { code, stderr } = await program.ended
  expect(code).toBe(2)
  // The one who logged in is `ann`, whose token it was to look at.
  expect(stderr).toContain('external.service: the services’ user may not validate tokens: 403 ')
})

test('two users for six members, through TLS: nothing is made or removed, and the target is asked no more than was said', async () => {
  await grant('nova', 'services', 'service')
  const before = await everything()
  const asked = front.seen.length
  const dan = `{ name: dan, domain: ${ids.get('other')}, password: $PW_DAN, project: far }`
  const { program, folder } = start({ users: [ann, dan] })
  const { code, stderr } = await program.ended
  const { verdict, requests } = JSON.parse(readFileSync(path.join(folder, 'summary.json'), 'utf8')) as Summary
  expect({ code, verdict, stderr: code === 0 ? '' : stderr }).toEqual({
    code: 0,
    verdict: 'pass',
    stderr: '',
  })
  expect(requests.byOutcome.failed + requests.byOutcome.timeout).toBe(0)
  expect(await everything()).toEqual(before)
  const seen = front.seen.slice(asked)
  expect([...new Set(seen.map((each) => `${each.method} ${each.path}`))].sort()).toEqual([
    'GET /v3/auth/tokens',
    'POST /v3/auth/tokens',
  ])
  expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([200, 201]))
  const times = seen.map(({ atMs }) => atMs).sort((one, other) => one - other)
  expect(times.length).toBeGreaterThan(60)
  // In any five seconds at most five seconds' worth, and one second's for what was late on its way.
  const most = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 5000).length))
  expect(most).toBeLessThanOrEqual(6 * 15)
})

test('whom TLS trusts: another authority is refused in words, none at all if nobody is to look', async () => {
  const wrong = '{ name: ann, password: $PW_BEA, project: red }'
  const [stranger, none, unseen] = await Promise.all(
    [`cacert: ${front.certificates.strangerFile}`, 'region_name: RegionOne', 'verify: false'].map(
      async (tls) => start({ users: [wrong], tls }).program.ended,
    ),
  )
  for (const refused of [stranger, none]) {
    expect(refused?.code).toBe(3)
    expect(refused?.stderr).toContain('its certificate is by an authority that is not trusted here')
  }
  expect(unseen?.stderr).toContain('external.users[0].password: no login as ann')
})
