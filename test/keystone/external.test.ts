// A rehearsal against Debian's real Keystone: the cutover is a change from one key repository to another, by the operator's command.
// What is proved here: the spike and its cause, that the users are gone whichever way it ends, and that it ends itself.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { setupRepository } from '../../src/io/keyChanges.js'
import type { Summary } from '../../src/measure/summary.js'
import { Program, until } from '../support/program.js'
import { IdentityApi } from './identityApi.js'
import { adminToken } from './keystoneCloud.js'
import { cachedConf } from './keystonePair.js'
import { RealKeystone } from './realKeystone.js'

jest.setTimeout(600_000)

const root = mkdtempSync(path.join(tmpdir(), 'cutover-external-'))
const newKeys = path.join(root, 'new-keys')
const programs: Program[] = []
let keystone: RealKeystone
let runs = 0

beforeAll(async () => {
  keystone = await RealKeystone.create({
    folder: path.join(root, 'keystone'),
    // Its database is SQLite, which two writers would wait for.
    workers: 1,
    conf: { ...cachedConf, identity: { password_hash_rounds: 4 } },
  })
  setupRepository(newKeys)
  await keystone.start()
  const { id: auth } = await adminToken(keystone)
  const api = new IdentityApi(keystone.url)
  const roles = await api.ask<readonly { name: string }[]>('GET', '/v3/roles', { auth })
  if (!roles.some(({ name }) => name === 'service')) {
    await api.ask('POST', '/v3/roles', { auth, json: { role: { name: 'service' } } })
  }
})
afterAll(async () => {
  for (const program of programs) program.clear()
  await keystone.stop()
  rmSync(root, { recursive: true, force: true })
})

interface Run {
  readonly program: Program
  readonly folder: string
  readonly summary: () => Summary
}

/** Starts a rehearsal of some seconds, with credentials from a clouds.yaml and a secure.yaml beside it. */
const start = (timeline: string, external: string, duration = '12s'): Run => {
  const home = path.join(root, `run-${++runs}`)
  mkdirSync(home)
  const auth = `auth_url: ${keystone.url}\n      username: admin\n      project_name: admin\n`
  writeFileSync(path.join(home, 'clouds.yaml'), `clouds:\n  here:\n    auth:\n      ${auth}`)
  const secure = `clouds:\n  here:\n    auth: { password: ${keystone.adminPassword} }\n`
  writeFileSync(path.join(home, 'secure.yaml'), secure, { mode: 0o600 })
  const text = `
name: key-repository
duration: ${duration}
cloud: { users: 6, projects: 2, services: [nova, glance] }
identity: { release: zed, provider: fernet }
middleware: { token_cache_time: 1s, workers: 2 }
limits: { lateness_p99: 2s }
clients:
  users: { behaviour: password-session, members: 12, every: 1s, through: [nova, glance] }
  scripts: { behaviour: saved-token-script, members: 3, every: 1s, through: [nova] }
  heat: { behaviour: heat-newton, members: 2, every: 2s, through: [nova] }
  magnum: { behaviour: magnum, members: 2, every: 2s, through: [nova] }
  probe: { behaviour: monitoring-probe, members: 1, every: 2s }
timeline: ${timeline}
external:
  ceiling: 100/s
${external}`
  writeFileSync(path.join(home, 's.yaml'), text)
  const folder = path.join(home, 'run')
  const words = ['rehearse', 's.yaml', '--world', 'external', '--os-cloud', 'here', '--out', folder, '--json']
  const program = new Program(words, { cwd: home })
  programs.push(program)
  const summary = (): Summary =>
    JSON.parse(readFileSync(path.join(folder, 'summary.json'), 'utf8')) as Summary
  return { program, folder, summary }
}

/** Users, projects and trusts that are at the target beside those of `keystone-manage bootstrap`. */
const left = async (): Promise<readonly string[]> => {
  const api = new IdentityApi(keystone.url)
  const { id: auth } = await adminToken(keystone)
  const named = await Promise.all(
    ['users', 'projects'].map((kind) => api.ask<readonly { name: string }[]>('GET', `/v3/${kind}`, { auth })),
  )
  const trusts = await api.ask<readonly { id: string }[]>('GET', '/v3/OS-TRUST/trusts', { auth })
  return [...named.flat().map(({ name }) => name), ...trusts.map(({ id }) => id)].filter(
    (name) => name !== 'admin',
  )
}

test('a cutover to another key repository: who is refused until what, for which reason, and nothing is left', async () => {
  const { keysFolder } = keystone
  const swap = `rm ${keysFolder}/* && cp ${newKeys}/* ${keysFolder}/ && echo "other keys on node $CUTOVER_NODE"`
  const { program, folder, summary } = start(
    '[{ at: 5s, cutover: { to: fernet } }]',
    `  hooks: { cutover: '${swap}' }
gates:
  - rejected(window=start..cutover) == 0
  - rejected(class=users, cause=key-rotated-away, window=cutover..+5s) >= 6
  - rejected(class=scripts, window=cutover+3s..end) > 5
`,
  )
  const { code, stderr } = await program.ended
  const { rejections, gates, timeline, verdict, reasons } = summary()
  expect({ verdict, code, gates: gates.map(({ result }) => result), reasons }).toEqual({
    verdict: 'pass',
    code: 0,
    gates: ['pass', 'pass', 'pass'],
    reasons: ['all gates hold'],
  })
  expect(Object.keys(rejections.byCause)).toEqual(['key-rotated-away'])
  // The tokens of members, of services and of trusts alike; the probe holds none.
  expect(Object.keys(rejections.byClass)).toEqual(
    expect.arrayContaining(['users', 'scripts', 'heat', 'magnum', 'nova']),
  )
  expect(rejections.byClass['probe']).toBeUndefined()
  expect(timeline.find(({ event }) => event === 'cutover node 1')).toMatchObject({
    ok: true,
    note: 'other keys on node 1',
  })
  expect(await left()).toEqual([])
  expect(stderr + readFileSync(path.join(folder, 'run.json'), 'utf8')).not.toContain(keystone.adminPassword)
})

test('Ctrl-C in the middle of it: the users and their trusts are gone', async () => {
  const { program, folder, summary } = start('[]', '', '60s')
  const series = path.join(folder, 'series.ndjson')
  await until(
    'requests are counted',
    () => existsSync(series) && readFileSync(series, 'utf8').includes('"validate"'),
    200_000,
  )
  expect((await left()).length).toBeGreaterThan(10)
  program.signalGroup('SIGINT')
  expect((await program.ended).code).toBe(4)
  expect(summary().reasons.join('\n')).toContain('stopped by the user')
  expect(await left()).toEqual([])
})

test('a Keystone that answers 500: the run ends itself, its hook at the end mends it, and the users are gone', async () => {
  const { keysFolder } = keystone
  const { program, summary } = start(
    '[{ at: 2s, cutover: { to: fernet } }]',
    `  abort_at: { share: 25%, over: 3s, least: 10 }
  hooks: { cutover: 'mv ${keysFolder} ${keysFolder}.away', end: 'mv ${keysFolder}.away ${keysFolder}' }
`,
    '60s',
  )
  expect((await program.ended).code).toBe(4)
  const { reasons, scenarioSec, requests } = summary()
  expect(reasons.join('\n')).toMatch(
    /it ended itself: \d+ of \d+ requests in 3 s failed, and 25 % is the most/,
  )
  expect(scenarioSec).toBeLessThan(60)
  expect(requests.byStatus['500']).toBeGreaterThan(0)
  expect(await left()).toEqual([])
})
