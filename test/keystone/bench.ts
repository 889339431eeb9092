// npm run bench:keystone: a real Keystone and our service under the same small load, one worker process each.
// Exists so that how our service's times stand to Keystone's is measured and printed, not believed.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Pool } from 'undici'
import { drawTable } from '../../src/render/columns.js'
import { byPassword } from './identityApi.js'
import { cachedConf, startKeystonePair } from './keystonePair.js'
import type { KeystonePair } from './keystonePair.js'

/**
 * A closed loop: each connection sends its next request when it has its answer. By undici, as autocannon counts the
 * connections that uwsgi closes after each answer as failures.
 */
const connections = 4
const secondsPerRun = 5
/** Different subjects, so that no answer is the one before. */
const subjects = 20
/** What one hash costs is the same on both sides; passlib's own default for this scheme. */
const passwordHash = { scheme: 'pbkdf2_sha512', rounds: 25_000 } as const

type Op = 'issue' | 'validate'

interface Sent {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

interface Measured {
  readonly perSec: number
  readonly perCpuSec: number
  readonly p50Ms: number
  readonly p99Ms: number
}

interface Row {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** Keystone's. */
  readonly floor: number
  /** Ours : Keystone's. */
  readonly ratio: number
  readonly bar: number
  readonly holds: boolean
}

interface Server {
  readonly url: string
  cpuUs(): Promise<number>
}

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

const requestsOf = async (op: Op, pair: KeystonePair): Promise<readonly Sent[]> => {
  const { users, projects, secrets } = pair.cloud
  const login = (user: string, project: string): unknown => ({
    auth: {
      identity: byPassword(user, secrets.get(user) ?? ''),
      scope: { project: { id: project } },
    },
  })
  if (op === 'issue') {
    const headers = { 'content-type': 'application/json' }
    return [{ method: 'POST', headers, body: JSON.stringify(login(users.alice, projects.demo)) }]
  }
  const identity = (user: string) => byPassword(user, secrets.get(user) ?? '')
  const service = await pair.apis.ours.token(identity(users.nova), { project: { id: projects.service } })
  const requests: Sent[] = []
  for (let i = 0; i < subjects; i++) {
    const { id } = await pair.apis.ours.token(identity(users.alice), { project: { id: projects.demo } })
    requests.push({
      method: 'GET',
      headers: { 'x-auth-token': service.id, 'x-subject-token': id },
      body: null,
    })
  }
  return requests
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

/** @throws Error for any answer that is not 2xx */
const measure = async (server: Server, requests: readonly Sent[]): Promise<Measured> => {
  const pool = new Pool(server.url, { connections, pipelining: 1 })
  const latenciesMs: number[] = []
  const before = await server.cpuUs()
  const startMs = performance.now()
  const endMs = startMs + secondsPerRun * 1000
  const loop = async (first: number): Promise<void> => {
    for (let i = first; performance.now() < endMs; i += connections) {
      const { method, headers, body } = requests[i % requests.length] as Sent
      const sentMs = performance.now()
      const answer = await pool.request({ path: '/v3/auth/tokens', method, headers, body })
      await answer.body.text()
      if (answer.statusCode >= 300) throw new Error(`${method} was answered with ${answer.statusCode}`)
      latenciesMs.push(performance.now() - sentMs)
    }
  }
  await Promise.all(Array.from({ length: connections }, (_, i) => loop(i)))
  const wallSec = (performance.now() - startMs) / 1000
  const cpuSec = ((await server.cpuUs()) - before) / 1e6
  await pool.close()
  latenciesMs.sort((x, y) => x - y)
  return {
    perSec: latenciesMs.length / wallSec,
    perCpuSec: latenciesMs.length / cpuSec,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
  }
}

/** Ratios of 1 are the bar: a stand-in that were slower than Keystone would say nothing about Keystone's callers. */
const rowsOf = (what: string, ours: Measured, keystones: Measured): Row[] => {
  const row = (name: string, unit: string, value: number, floor: number, better: 'more' | 'less'): Row => {
    const ratio = value / floor
    return {
      name: `${what}: ${name}`,
      value,
      unit,
      floor,
      ratio,
      bar: 1,
      holds: better === 'more' ? ratio >= 1 : ratio <= 1,
    }
  }
  return [
    row('throughput', 'requests per second', ours.perSec, keystones.perSec, 'more'),
    row('work', 'requests per CPU second', ours.perCpuSec, keystones.perCpuSec, 'more'),
    row('latency p50', 'ms', ours.p50Ms, keystones.p50Ms, 'less'),
    row('latency p99', 'ms', ours.p99Ms, keystones.p99Ms, 'less'),
  ]
}

const folder = mkdtempSync(path.join(tmpdir(), 'cutover-bench-keystone-'))
const rows: Row[] = []
try {
  say('Starting both …')
  const pair = await startKeystonePair({
    folder,
    main: path.resolve('dist/main.js'),
    passwordHash,
    maxActiveKeys: 3,
  })
  try {
    for (const cached of [false, true]) {
      if (cached) await pair.keystone.restart(cachedConf)
      for (const op of ['issue', 'validate'] as const) {
        const what = `${op}, Keystone ${cached ? 'with its facts cached' : 'as Debian ships it'}`
        say(`${what} …`)
        const requests = await requestsOf(op, pair)
        const keystones = await measure(pair.keystone, requests)
        rows.push(...rowsOf(what, await measure(pair.own, requests), keystones))
      }
    }
  } finally {
    await pair.stop()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
else {
  const figure = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 3 })
  const lines = drawTable(
    ['ours : Keystone’s', 'holds', 'ours', 'Keystone', 'unit', 'name'],
    rows.map(({ name, value, floor, unit, ratio, holds }) =>
      [figure(ratio), holds ? 'yes' : 'NO', figure(value), figure(floor), unit, name].map((text) => ({
        text,
      })),
    ),
    { width: 130, left: [1, 4, 5], paintHead: (text) => text },
  )
  process.stdout.write(`${lines.join('\n')}\n`)
}
process.exitCode = rows.every(({ holds }) => holds) ? 0 : 1
