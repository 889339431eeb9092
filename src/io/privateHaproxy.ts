// An HAProxy of our own before the backends of one rehearsal: 127.0.0.1, a free port, a configuration in the run's folder.
// It exists so that `balancer: haproxy` is the real one, with its own checks, retries and errors.
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { request } from 'undici'
import { WorldError } from '../base/errors.js'
import { findProgram, freePort, hasEnded, spawnPrivate, stopPrivate } from './privateProcess.js'

export interface HaproxyOptions {
  /** Private to us; made if missing. */
  readonly folder: string
  /** Ports of the backends, in order. */
  readonly ports: readonly number[]
  readonly algorithm: 'roundrobin' | 'leastconn'
  /** Null: no checks, so that every backend is always in service. */
  readonly checks: { readonly intervalMs: number; readonly rise: number; readonly fall: number } | null
  readonly timeoutMs: number
  /** Told when it ends by itself. */
  readonly onDeath: (code: number | null, signal: string | null) => void
}

export interface PrivateHaproxy {
  readonly url: string
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>
}

const startPatienceMs = 30_000
const probeMs = 20
const portsMax = 5

/**
 * The configuration. A connection that is refused is tried with another server at once (`redispatch`), three times at most;
 * a server that is lost in the middle of an answer gives 502, one that is silent 504, and no server at all 503.
 */
export const haproxyConfiguration = (port: number, options: HaproxyOptions): string => {
  const { ports, algorithm, checks, timeoutMs } = options
  const check = checks === null ? '' : ' check'
  return [
    'global',
    '  maxconn 4096',
    'defaults',
    '  mode http',
    '  timeout connect 1s',
    '  timeout client 60s',
    `  timeout server ${Math.ceil(timeoutMs)}ms`,
    '  retries 3',
    '  option redispatch 1',
    'frontend keystone',
    `  bind 127.0.0.1:${port}`,
    '  default_backend keystones',
    'backend keystones',
    `  balance ${algorithm}`,
    ...(checks === null
      ? []
      : [
          '  option httpchk GET /healthcheck',
          '  http-check expect status 200',
          `  default-server inter ${Math.ceil(checks.intervalMs)}ms rise ${checks.rise} fall ${checks.fall}`,
        ]),
    ...ports.map((each, i) => `  server node${i + 1} 127.0.0.1:${each}${check}`),
    '',
  ].join('\n')
}

const answers = async (url: string): Promise<boolean> => {
  try {
    const { statusCode, body } = await request(`${url}/healthcheck`)
    await body.dump()
    return statusCode === 200
  } catch {
    return false
  }
}

export const startHaproxy = async (options: HaproxyOptions): Promise<PrivateHaproxy> => {
  const program = findProgram('haproxy')
  if (program === null) {
    throw new WorldError(
      'balancer: haproxy needs the program haproxy, which is not on this system; on Debian or Ubuntu: ' +
        'apt-get install haproxy. Or let the clients balance: balancer: client',
    )
  }
  await mkdir(options.folder, { recursive: true, mode: 0o700 })
  const file = path.join(options.folder, 'haproxy.cfg')
  for (let tries = 1; tries <= portsMax; tries++) {
    const port = await freePort()
    await writeFile(file, haproxyConfiguration(port, options), { mode: 0o600 })
    const child = spawnPrivate(program, ['-db', '-q', '-f', file])
    const url = `http://127.0.0.1:${port}`
    const until = performance.now() + startPatienceMs
    let ready = false
    while (!ready && !hasEnded(child) && performance.now() < until) {
      ready = await answers(url)
      if (!ready) await wait(probeMs)
    }
    if (!ready) {
      await stopPrivate(child)
      continue
    }
    let expected = false
    child.once('exit', (code, signal) => {
      if (!expected) options.onDeath(code, signal)
    })
    return {
      url,
      stop: () => {
        expected = true
        return stopPrivate(child)
      },
    }
  }
  throw new WorldError(`haproxy (${program}) does not start with ${file}`)
}
