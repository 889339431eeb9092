// A real Keystone under an open loop, beside what its own cost profile predicts for the same arrivals.
// It exists so that what a profile is good for is measured on Debian's Keystone, by the program that an operator would use.
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import {
  arrivalsOf,
  responsesOf,
  type Arrival,
  type OpenLoad,
  type ResponsesByOp,
} from '../../src/bench/costs/openLoop.js'
import { findCloud } from '../../src/io/cloud/findCloud.js'
import { accessBody } from '../../src/io/cloud/access.js'
import { parseCostFile } from '../../src/scenario/costs/costFile.js'
import { aloneMeanMs, rowFor, type CostProfile } from '../../src/scenario/costs/profile.js'
import { openLine, type Sent } from '../../src/worlds/profile/loop.js'
import type { RealKeystone } from './realKeystone.js'

/** The variables by which OpenStack's programs log in at it as admin. */
export const adminVariables = (keystone: RealKeystone): Record<string, string> => ({
  OS_AUTH_URL: `${keystone.url}/v3`,
  OS_USERNAME: 'admin',
  OS_PASSWORD: keystone.adminPassword,
  OS_PROJECT_NAME: 'admin',
  OS_USER_DOMAIN_ID: 'default',
  OS_PROJECT_DOMAIN_ID: 'default',
})

/** Runs the built `cutover profile` on it. */
export const profileOf = async (
  keystone: RealKeystone,
  options: { readonly main: string; readonly file: string; readonly words: readonly string[] },
): Promise<CostProfile> => {
  const { main, file, words } = options
  const parameters = [main, 'profile', '--target', keystone.url, '--name', 'debian', '--out', file, ...words]
  await promisify(execFile)(process.execPath, parameters, {
    env: { PATH: process.env['PATH'], HOME: keystone.folder, ...adminVariables(keystone) },
  })
  return parseCostFile({ file, text: await readFile(file, 'utf8') })
}

/** Arrivals a second that keep its workers busy for such a part of their time, by the times of a request that is alone. */
export const rateFor = (profile: CostProfile, busy: number, issueShare: number): number => {
  const meanMs = (op: Arrival['op']): number => {
    const row = rowFor(profile, { provider: 'fernet', cache: 'none', op })
    return row === null ? 0 : (row.busy[0]?.meanMs ?? aloneMeanMs(row))
  }
  return (
    (1000 * busy * profile.workers) / (issueShare * meanMs('issue') + (1 - issueShare) * meanMs('validate'))
  )
}

/** Sends the arrivals of a load to the Keystone itself. */
export const measureOpenLoop = async (keystone: RealKeystone, load: OpenLoad): Promise<ResponsesByOp> => {
  const { access, tls } = findCloud({ env: adminVariables(keystone), folder: keystone.folder })
  const line = openLine(keystone.url, { tls, timeoutMs: 60_000, signal: new AbortController().signal })
  const send = async (request: Sent, status: number): Promise<string> => {
    const answer = await line.send(request)
    if (answer.status !== status) throw new Error(`${request.method} was answered with ${answer.status}`)
    return answer.token ?? ''
  }
  const place = '/v3/auth/tokens'
  const body = JSON.stringify(accessBody(access))
  const issue: Sent = { method: 'POST', path: place, headers: { 'content-type': 'application/json' }, body }
  try {
    const tokens: string[] = []
    for (let i = 0; i <= 20; i++) tokens.push(await send(issue, 201))
    const [caller = '', ...subjects] = tokens
    const seen: { op: Arrival['op']; ms: number }[] = []
    const startMs = performance.now() + 100
    const play = async ({ dueSec, op }: Arrival, index: number): Promise<void> => {
      const dueMs = startMs + dueSec * 1000
      await new Promise((resolve) => {
        setTimeout(resolve, dueMs - performance.now())
      })
      const headers = { 'x-auth-token': caller, 'x-subject-token': subjects[index % subjects.length] ?? '' }
      if (op === 'issue') await send(issue, 201)
      else await send({ method: 'GET', path: place, headers, body: null }, 200)
      seen.push({ op, ms: performance.now() - dueMs })
    }
    await Promise.all(arrivalsOf(load).map(play))
    return responsesOf(seen)
  } finally {
    await line.close()
  }
}

/** What the built program predicts for loads, in both worlds. */
export const predict = async (
  profile: CostProfile,
  loads: readonly OpenLoad[],
  { folder, dist }: { readonly folder: string; readonly dist: string },
): Promise<readonly { readonly simulated: ResponsesByOp; readonly local: ResponsesByOp }[]> => {
  const file = path.join(folder, 'predicted-by.json')
  await writeFile(file, JSON.stringify(profile))
  const program = path.join(dist, 'bench/costs/predict.js')
  const { stdout } = await promisify(execFile)(process.execPath, [program, file, JSON.stringify(loads)], {
    maxBuffer: 1 << 24,
  })
  return JSON.parse(stdout) as readonly { simulated: ResponsesByOp; local: ResponsesByOp }[]
}
