// HAProxy before a Keystone as operators have it: TLS by a certificate of an own authority, and a log of every request.
// It exists so that a run is judged by what reached the target, not by what it says of itself.
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { WorldError } from '../../src/base/errors.js'
import { findProgram, freePort, hasEnded, spawnPrivate, stopPrivate } from '../../src/io/privateProcess.js'
import { makeCertificates, type Certificates } from '../support/certificates.js'
import { until } from '../support/program.js'

/** A request as the front has seen it. */
export interface Seen {
  /** When it came, milliseconds since 1970. */
  readonly atMs: number
  readonly method: string
  readonly path: string
  readonly status: number
}

const configuration = (port: number, pem: string, target: string): string => `
global
  log stdout format raw local0
defaults
  mode http
  timeout connect 10s
  timeout client 120s
  timeout server 120s
  log global
  log-format "%[var(txn.at)] %HM %HP %ST"
frontend front
  bind 127.0.0.1:${port} ssl crt ${pem}
  # When the request came, as milliseconds since 1970.
  http-request set-var(txn.at) date(0,ms)
  default_backend keystone
backend keystone
  server keystone ${target}
`

export class TlsFront {
  readonly certificates: Certificates
  /** By the name that its certificate is for. */
  readonly url: string
  private readonly child: ChildProcess
  private readonly logFile: string

  private constructor(child: ChildProcess, port: number, logFile: string, certificates: Certificates) {
    this.child = child
    this.url = `https://localhost:${port}`
    this.logFile = logFile
    this.certificates = certificates
  }

  /** @param target `http://127.0.0.1:5000` */
  static async start(folder: string, target: string): Promise<TlsFront> {
    const haproxy = findProgram('haproxy')
    if (haproxy === null) throw new WorldError('the package haproxy is missing')
    const certificates = makeCertificates(folder)
    const file = (name: string): string => path.join(folder, name)
    writeFileSync(file('front.pem'), certificates.certificate + certificates.key, { mode: 0o600 })
    const port = await freePort()
    writeFileSync(file('haproxy.cfg'), configuration(port, file('front.pem'), new URL(target).host))
    const log = openSync(file('haproxy.log'), 'a', 0o600)
    const child = spawnPrivate(haproxy, ['-db', '-f', file('haproxy.cfg')], { stdio: ['ignore', log, log] })
    closeSync(log)
    const front = new TlsFront(child, port, file('haproxy.log'), certificates)
    const state = { listens: false }
    await until('HAProxy listens', () => {
      if (hasEnded(child)) throw new WorldError(`HAProxy has ended:\n${front.log}`)
      const socket = connect(port, '127.0.0.1', () => {
        state.listens = true
        socket.destroy()
      }).on('error', () => {})
      return state.listens
    })
    return front
  }

  private get log(): string {
    return readFileSync(this.logFile, 'utf8')
  }

  /** All requests so far. */
  get seen(): readonly Seen[] {
    return [...this.log.matchAll(/^(\d{13}) ([A-Z]+) (\S+) (\d{3})$/gm)].map(
      ([, atMs = '', method = '', where = '', status = '']) => ({
        atMs: Number(atMs),
        method,
        path: where,
        status: Number(status),
      }),
    )
  }

  stop(): Promise<void> {
    return stopPrivate(this.child)
  }
}
