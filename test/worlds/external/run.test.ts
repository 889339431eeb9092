// Runs against a Keystone that is given, by the built program as an operator calls it: `cutover serve` is that Keystone here.
// What must hold whichever way a run ends: nothing is left there, and the record says what happened.
import { request as ask } from 'node:http'
import { createServer, type Server } from 'node:https'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { setupRepository } from '../../../src/io/keyChanges.js'
import type { Summary } from '../../../src/measure/summary.js'
import { IdentityApi } from '../../keystone/identityApi.js'
import { OwnService } from '../../keystone/ownService.js'
import { makeCertificates, type Certificates } from '../../support/certificates.js'
import { type Ended, Program, runProgram, until } from '../../support/program.js'
import { Scratch } from '../../support/storedRun.js'

jest.setTimeout(300_000)

const scratch = new Scratch()
const keys = path.join(scratch.root, 'keys')
/** Each is swapped in once. */
const [secondKeys, thirdKeys] = [
  path.join(scratch.root, 'second-keys'),
  path.join(scratch.root, 'third-keys'),
]
const main = fileURLToPath(new URL('../../../dist/main.js', import.meta.url))
const admin = { name: 'admin', domain: { id: 'default' } }
const programs: Program[] = []
let service: OwnService
let front: Server
let certificates: Certificates
/** While this file is there, what stands before the service answers every validation with 500. */
const brokenFile = path.join(scratch.root, 'broken')

/** A web server before Keystone, which speaks TLS and can be broken. */
const openFront = (url: string): Promise<Server> =>
  new Promise((resolve) => {
    const { certificate: cert, key } = certificates
    const server = createServer({ cert, key }, (incoming, outgoing) => {
      if (
        incoming.method === 'GET' &&
        incoming.url?.startsWith('/v3/auth/tokens') === true &&
        existsSync(brokenFile)
      ) {
        outgoing.writeHead(500).end()
        return
      }
      const { method = 'GET', headers } = incoming
      const passed = ask(`${url}${incoming.url}`, { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(outgoing)
      })
      passed.on('error', () => outgoing.destroy())
      incoming.pipe(passed)
    })
    server.listen(0, '127.0.0.1', () => resolve(server))
  })

beforeAll(async () => {
  for (const folder of [keys, secondKeys, thirdKeys]) setupRepository(folder)
  const words = [
    '--provider',
    'fernet',
    '--keys',
    keys,
    '--password-hash',
    'plain',
    '--bootstrap-password',
    'of-admin',
  ]
  service = await OwnService.start({ main, words })
  certificates = makeCertificates(path.join(scratch.root, 'tls'))
  front = await openFront(service.url)
})
afterAll(async () => {
  for (const program of programs) program.clear()
  front.closeAllConnections()
  front.close()
  await service.stop()
  scratch.remove()
})

const env = (): Record<string, string> => ({
  OS_AUTH_URL: `https://localhost:${(front.address() as AddressInfo).port}`,
  OS_CACERT: certificates.authorityFile,
  OS_USERNAME: 'admin',
  OS_PASSWORD: 'of-admin',
  OS_PROJECT_NAME: 'admin',
})

const byTrust = '  heat: { behaviour: heat-newton, members: 2, every: 1s, through: [nova] }\n'

interface Shape {
  readonly duration?: string
  /** Of the class `users`. */
  readonly members?: number
  /** Other classes. */
  readonly besides?: string
}

const scenario = (more: string, { duration = '4s', members = 12, besides = byTrust }: Shape = {}): string => {
  const file = path.join(scratch.next(), 's.yaml')
  mkdirSync(path.dirname(file), { recursive: true })
  const text = `
name: given
duration: ${duration}
cloud: { users: 4, projects: 2, services: [nova] }
identity: { provider: fernet, expiration: 1h }
middleware: { token_cache_time: 0s, workers: 2 }
limits: { lateness_p99: 1s }
clients:
  users: { behaviour: password-session, members: ${members}, every: 500ms, through: [nova] }
${besides}${more}`
  writeFileSync(file, text)
  return file
}

const start = (file: string, words: readonly string[] = [], more: Record<string, string> = {}): Program => {
  const out = path.join(path.dirname(file), 'run')
  const all = ['rehearse', file, '--world', 'external', '--out', out, '--json', ...words]
  const program = new Program(all, { cwd: scratch.root, env: { ...env(), ...more } })
  programs.push(program)
  return program
}

const runOf = (file: string): string => path.join(path.dirname(file), 'run')
const summaryIn = (file: string): Summary =>
  JSON.parse(readFileSync(path.join(runOf(file), 'summary.json'), 'utf8')) as Summary

/** Names of the users and projects that a run has left, as the administrator sees them. */
const left = async (prefix = 'cutover-'): Promise<readonly string[]> => {
  const api = new IdentityApi(service.url)
  const identity = { methods: ['password'], password: { user: { ...admin, password: 'of-admin' } } }
  const { id: auth } = await api.token(identity, { project: { name: 'admin', domain: { id: 'default' } } })
  const lists = await Promise.all(
    ['users', 'projects'].map((kind) => api.ask<readonly { name: string }[]>('GET', `/v3/${kind}`, { auth })),
  )
  return lists
    .flat()
    .map(({ name }) => name)
    .filter((name) => name.startsWith(prefix))
}

const swapIn = (others: string): string => `rm ${keys}/* && cp ${others}/* ${keys}/`

/** Every file of a run. */
const textsIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))

test('a change of the key repository by a hook shows its spike and its cause, and leaves nothing behind', async () => {
  const file = scenario(
    `timeline: [{ at: 1500ms, cutover: { to: fernet } }]
external:
  hooks:
    cutover: '${swapIn(secondKeys)} && echo "keys swapped on node $CUTOVER_NODE"'
    end: [sh, -c, 'echo "the end of $CUTOVER_RUN"']
gates: ["rejected(cause=key-rotated-away, window=cutover..end) > 5", "rejected(window=start..cutover) == 0"]
`,
    { duration: '3s' },
  )
  const { code, stderr } = await start(file).ended
  const { rejections, timeline, verdict, reasons, forensics } = summaryIn(file)
  expect({ code, verdict, reasons }).toEqual({ code: 0, verdict: 'pass', reasons: ['all gates hold'] })
  expect(Object.keys(rejections.byCause)).toEqual(['key-rotated-away'])
  expect(Object.keys(rejections.byClass).sort()).toEqual(['heat', 'nova', 'users'])
  expect({ compared: forensics.compared, undecided: forensics.undecided > 0 }).toEqual({
    compared: 0,
    undecided: true,
  })
  expect(timeline.map(({ event, ok }) => [event, ok])).toEqual([
    ['cutover', true],
    ['cutover node 1', true],
    ['end', true],
  ])
  const page = readFileSync(path.join(runOf(file), 'report.html'), 'utf8')
  expect(page).toContain('The causes are inferred: this Keystone tells none.')
  const log = path.join(runOf(file), 'hooks.log')
  expect(readFileSync(log, 'utf8')).toContain('keys swapped on node 1\n')
  expect(readFileSync(log, 'utf8')).toContain(`the end of ${runOf(file)}\n`)
  expect(statSync(log).mode & 0o777).toBe(0o600)
  expect(await left()).toEqual([])
  for (const text of [...textsIn(runOf(file)), stderr]) {
    expect(text).not.toContain('of-admin')
    expect(text).not.toContain('Cut0ver-')
    expect(text).not.toMatch(/gAAAAA[\w-]{50}/)
  }
})

test('Ctrl-C in the run, and a hook that fails: the users are gone, and the record says why it decides nothing', async () => {
  const file = scenario(`timeline: [{ at: 500ms, cutover: { to: fernet } }]
external: { hooks: { cutover: 'echo no such host; exit 7' } }
`)
  const program = start(file)
  const series = path.join(runOf(file), 'series.ndjson')
  await until(
    'the hook has failed',
    () => existsSync(series) && readFileSync(series, 'utf8').includes('no such host'),
  )
  program.signalGroup('SIGINT')
  const { code } = await program.ended
  const { reasons, timeline } = summaryIn(file)
  expect(code).toBe(4)
  expect(reasons.join('\n')).toContain('stopped by the user')
  expect(reasons.join('\n')).toContain('exit code 7: no such host')
  expect(timeline.find(({ event }) => event === 'cutover')?.ok).toBe(false)
  expect(await left()).toEqual([])
})

test('a terminal that is lost while users are made: they are gone as well, and there is no folder of a run', async () => {
  const file = scenario('external: { ceiling: 10/s }\n', { members: 40 })
  const program = start(file)
  while ((await left()).length < 2) expect(program.said.stderr).not.toContain('running')
  // The kernel says so to all of its processes, and the shell once more.
  program.signalGroup('SIGHUP')
  await until('it was told', () => program.said.stderr.includes('Stopping'))
  program.signalGroup('SIGHUP')
  const { code, stderr } = await program.ended
  expect({ code, said: stderr.includes('before the first request') }).toEqual({ code: 4, said: true })
  expect(existsSync(runOf(file))).toBe(false)
  expect(await left()).toEqual([])
})

test('users that are given and a page that is live: the operator asks for the step and stops the run, and nobody is made', async () => {
  const me = '{ name: admin, password: $OS_PASSWORD, project: admin }'
  const file = scenario(
    `timeline: [{ at: { after: operator, latest: 50s }, cutover: { to: fernet } }]
external:
  users: [${me}]
  service: ${me}
  hooks: { cutover: '${swapIn(thirdKeys)} && echo "by $OS_PASSWORD"' }
`,
    { duration: '60s', members: 6, besides: '' },
  )
  const token = 'a-token-of-my-own-0123456789'
  const program = start(file, ['--live'], { CUTOVER_LIVE_TOKEN: token })
  const series = (): string => {
    const at = path.join(runOf(file), 'series.ndjson')
    return existsSync(at) ? readFileSync(at, 'utf8') : ''
  }
  await until('answers are counted', () => series().includes('"validate"'))
  const page = /Live page: (http:\/\/127\.0\.0\.1:\d+)\//.exec(program.said.stderr)?.[1] ?? ''
  const headers = { authorization: `Bearer ${token}` }
  const call = async (place: string, method = 'GET') => {
    const answer = await fetch(`${page}${place}`, { method, headers })
    return { status: answer.status, text: await answer.text() }
  }
  expect(await left('')).toEqual(['admin', 'admin'])
  expect((await call('/')).text).toContain('switch to fernet')
  const before = (await call('/metrics')).text
  expect(before).toMatch(/^cutover_[a-z_]+\{.*scenario="given"/m)
  expect((await call('/trigger/1')).status).toBe(405)
  expect((await call('/trigger/1', 'POST')).status).toBe(202)
  await until('the step is done and felt', () => series().includes('key-rotated-away'))
  expect((await call('/trigger/1', 'POST')).status).toBe(409)
  // As a browser does: it follows the events, and loads the page anew when it is told to.
  const events = await fetch(`${page}/events?token=${token}&kind=charts`)
  const reader = events.body?.pipeThrough(new TextDecoderStream()).getReader()
  const told = async (what: string): Promise<void> => {
    for (let seen = ''; !seen.includes(what);) seen += (await reader?.read())?.value ?? ''
  }
  await told('key-rotated-away')
  expect((await call('/stop', 'POST')).status).toBe(202)
  await told('event: turn')
  expect((await call('/')).text).toContain('stopped on the live page')
  const { code, stderr } = await program.ended
  const { reasons, timeline, requests } = summaryIn(file)
  expect(code).toBe(4)
  expect(reasons.join('\n')).toContain('stopped on the live page')
  expect(timeline.find(({ event }) => event === 'cutover')).toMatchObject({ ok: true })
  expect(timeline.find(({ event }) => event === 'cutover node 1')?.note).toBe('by ***')
  expect(requests.byOutcome.failed).toBe(0)
  expect(stderr).not.toContain('of-admin')
  for (const text of textsIn(runOf(file))) expect(text).not.toContain('of-admin')
})

test('a target that fails ends the run at the stated share', async () => {
  const file = scenario(`timeline: [{ at: 1s, cutover: { to: fernet } }]
external:
  abort_at: { share: 30%, over: 2s }
  hooks: { cutover: 'touch ${brokenFile}', end: 'rm ${brokenFile}' }
`)
  const { code } = await start(file).ended
  const { reasons, scenarioSec } = summaryIn(file)
  expect(code).toBe(4)
  expect(reasons.join('\n')).toMatch(
    /interrupted at .*: it ended itself: \d+ of \d+ requests in 2 s failed, and 30 % is the most/,
  )
  expect(scenarioSec).toBeLessThan(4)
  expect(await left()).toEqual([])
})

test('what a killed run has left is found by prefix and mark, and nothing else is touched', async () => {
  const file = scenario('')
  const program = start(file)
  await until('the run has begun', () => existsSync(path.join(runOf(file), 'series.ndjson')))
  program.signalGroup('SIGKILL')
  await program.ended
  expect((await left()).length).toBeGreaterThan(5)
  const api = new IdentityApi(service.url)
  const identity = { methods: ['password'], password: { user: { ...admin, password: 'of-admin' } } }
  const { id: auth } = await api.token(identity, { project: { name: 'admin', domain: { id: 'default' } } })
  await api.ask('POST', '/v3/users', { auth, json: { user: { name: 'cutover-ann', domain_id: 'default' } } })
  const cleanUp = (...words: readonly string[]): Promise<Ended> =>
    runProgram(['rehearse', file, '--world', 'external', '--cleanup', ...words], {
      cwd: scratch.root,
      env: env(),
    })
  const { code, stdout } = await cleanUp()
  expect(code).toBe(0)
  expect(stdout).toMatch(/^removed user cutover-[0-9a-f]{6}-user-1 \([0-9a-f]{32}\)$/m)
  expect(await left()).toEqual(['cutover-ann'])
  const again = await cleanUp('--json')
  expect(again.code).toBe(0)
  expect(JSON.parse(again.stdout)).toEqual({ removed: [], left: [] })
})

describe('before anything is sent', () => {
  test('a dry run tells target, load, users and each step with its command, and asks nobody', async () => {
    const file = scenario(`timeline: [{ at: 2s, cutover: { to: fernet } }, { at: 3s, keys.rotate: true }]
external: { ceiling: 50/s, abort_at: 20%, hooks: { cutover: 'switch it', keys.rotate: { run: [sh, rotate.sh], timeout: 5s } } }
`)
    const program = new Program(['rehearse', file, '--world', 'external', '--dry-run'], {
      cwd: scratch.root,
      // Nobody listens there.
      env: { ...env(), OS_AUTH_URL: 'http://127.0.0.1:1' },
    })
    const { code, stdout } = await program.ended
    expect(code).toBe(0)
    expect(stdout).toContain('target  http://127.0.0.1:1/v3 (127.0.0.1, this machine)')
    expect(stdout).toContain(
      '26 calls/s planned, those that services remember among them; at most 50 requests in any second',
    )
    expect(stdout).toContain('when more than 20 % of the requests of 30 s fail or get no answer')
    expect(stdout).toContain('6 users, 3 projects, 2 trusts made as cutover-…, removed at the end')
    expect(stdout).toContain("2 s  switch to fernet, node 1: sh -c 'switch it'  (at most 1 min)")
    expect(stdout).toContain('3 s  rotate keys: sh rotate.sh  (at most 5 s)')
    expect(stdout).not.toContain('of-admin')
  })

  test('a target elsewhere and a strange certificate are refused, and a wrong password is told in Keystone’s words', async () => {
    const file = scenario('')
    const said = (more: Record<string, string>) => start(file, [], { OS_PASSWORD: 'mistyped', ...more }).ended
    const { strangerFile } = certificates
    const [elsewhere, stranger, unseen] = await Promise.all([
      said({ OS_AUTH_URL: 'https://192.0.2.7:5000' }),
      said({ OS_CACERT: strangerFile }),
      // Nobody looks at the certificate, so it gets as far as the login.
      said({ OS_CACERT: strangerFile, OS_INSECURE: 'true' }),
    ])
    expect([elsewhere.code, stranger.code, unseen.code]).toEqual([2, 3, 3])
    expect(elsewhere.stderr).toContain('add --target https://192.0.2.7:5000/v3')
    expect(elsewhere.stderr).toContain('2 problems; nothing was started.')
    expect(stranger.stderr).toContain('its certificate is by an authority that is not trusted here')
    expect(unseen.stderr).toContain('401 The request you have made requires authentication.')
    expect(unseen.stderr).not.toContain('mistyped')
    expect(existsSync(runOf(file))).toBe(false)
  })
})
