// OpenStack's own clients as Python processes of a test: started, asked, and ended by their pids.
// It exists so that tests speak of commands and sessions, and a missing package is named instead of skipped.
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { findProgram } from '../../setup/programs.mjs'

/** Debian's own Python, whose packages these are, whatever else is on the path. */
const python = '/usr/bin/python3'

const startPython = (script: string, env: Readonly<Record<string, string>> = {}): ChildProcess => {
  for (const needed of ['openstack', '/usr/lib/python3/dist-packages/keystonemiddleware']) {
    if (findProgram(needed) === null) {
      throw new Error(
        `${needed} is not on this system: \`npm test\` installs its package, or says which it is`,
      )
    }
  }
  return spawn(python, [fileURLToPath(new URL(script, import.meta.url))], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', PYTHONWARNINGS: 'ignore', ...env },
  })
}

/** A process that says one line of JSON for each question. */
class LineProcess {
  private readonly child: ChildProcess
  private readonly lines: Interface
  private readonly waiting: ((line: string | null) => void)[] = []
  private readonly early: string[] = []
  private words = ''

  constructor(child: ChildProcess) {
    this.child = child
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.words = (this.words + text).slice(-4000)
    })
    this.lines = createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> })
    this.lines.on('line', (line) => {
      const next = this.waiting.shift()
      if (next === undefined) this.early.push(line)
      else next(line)
    })
    this.lines.on('close', () => {
      for (const next of this.waiting.splice(0)) next(null)
    })
  }

  async read<T>(): Promise<T> {
    const line = this.early.shift() ?? (await new Promise<string | null>((done) => this.waiting.push(done)))
    if (line === null) throw new Error(`Python ended: ${this.words}`)
    return JSON.parse(line) as T
  }

  write(value: unknown): void {
    this.child.stdin?.write(`${JSON.stringify(value)}\n`)
  }

  /** What it has said on stderr of late. */
  get said(): string {
    return this.words
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const ended = new Promise((done) => this.child.once('exit', done))
    this.child.kill('SIGKILL')
    await ended
  }
}

/** A client threw an error, which is often what a test wants. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly kind: string
  readonly status: number | null
  /** Of keystoneauth1's MissingAuthMethods. */
  readonly receipt: string | undefined
  readonly required: unknown
  constructor({ kind, message, status, receipt, required }: Omit<Refusal, 'name' | 'stack' | 'cause'>) {
    super(message)
    this.kind = kind
    this.status = status
    this.receipt = receipt
    this.required = required
  }
}

/** What a session's token says. */
export interface Access {
  readonly token: string
  readonly user: string
  readonly userId: string
  readonly projectId: string | null
  readonly domainId: string | null
  readonly system: boolean
  readonly trustId: string | null
  readonly methods: readonly string[]
  readonly roles: readonly string[]
  readonly auditIds: readonly string[]
  readonly expires: string
  readonly services: readonly string[]
}

export interface CommandEnd {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Who runs `openstack`: the variables of a user's openrc file, without `OS_` in front. */
export type Login = Readonly<Record<string, string>>

export class RealClients {
  private readonly process: LineProcess

  private constructor(process: LineProcess) {
    this.process = process
  }

  static async start(): Promise<RealClients> {
    const process = new LineProcess(startPython('clients.py'))
    await process.read()
    return new RealClients(process)
  }

  /** Runs an `openstack` command to its end. */
  command(login: Login, words: readonly string[]): Promise<CommandEnd> {
    const environment = Object.fromEntries(
      Object.entries(login).map(([name, value]) => [`OS_${name.toUpperCase()}`, value]),
    )
    return this.ask('openstack', { words, environment })
  }

  /** Opens a session by an authentication plugin's name and options, the passcode of a secret among them if one is given. */
  logIn(
    name: string,
    plugin: string,
    options: Readonly<Record<string, unknown>>,
    totpSecret: string | null = null,
  ): Promise<Access> {
    return this.ask('log_in', { name, plugin, options, totp_secret: totpSecret })
  }

  /** Goes on after a receipt, with a passcode. */
  goOn(
    name: string,
    given: { readonly receipt: string; readonly totpSecret: string; readonly userId: string },
  ): Promise<Access> {
    const { receipt, totpSecret, userId } = given
    return this.ask('go_on', { name, receipt, totp_secret: totpSecret, user_id: userId })
  }

  access(name: string): Promise<Access> {
    return this.ask('access', { name })
  }

  /** A request by a session, to a path behind `/v3`. */
  request(name: string, method: string, path: string): Promise<{ status: number; body: unknown }> {
    return this.ask('request', { name, method, path })
  }

  /** A call of keystoneclient, such as `trusts.create`, by a session. */
  call<T = Readonly<Record<string, unknown>>>(
    name: string,
    method: string,
    words: readonly unknown[] = [],
    options: Readonly<Record<string, unknown>> = {},
  ): Promise<T> {
    return this.ask('call', { name, method, words, options })
  }

  end(): Promise<void> {
    return this.process.end()
  }

  private async ask<T>(what: string, given: Readonly<Record<string, unknown>>): Promise<T> {
    this.process.write({ do: what, with: given })
    const answer = await this.process.read<
      { value: T } | { refusal: ConstructorParameters<typeof Refusal>[0] }
    >()
    if ('refusal' in answer) throw new Refusal(answer.refusal)
    return answer.value
  }
}

/** A service behind auth_token middleware. */
export class ProtectedService {
  readonly url: string
  private readonly process: LineProcess

  private constructor(process: LineProcess, port: number) {
    this.process = process
    this.url = `http://127.0.0.1:${port}/`
  }

  static async start(settings: Readonly<Record<string, unknown>>): Promise<ProtectedService> {
    const process = new LineProcess(
      startPython('protectedService.py', { CUTOVER_AUTH_TOKEN: JSON.stringify(settings) }),
    )
    const { port } = await process.read<{ port: number }>()
    return new ProtectedService(process, port)
  }

  /** A call as a user makes it; with a service's token beside it, as another service does. */
  async call(
    token: string | null,
    serviceToken: string | null = null,
  ): Promise<{ status: number; challenge: string | null; told: Readonly<Record<string, unknown>> | null }> {
    const headers = {
      ...(token === null ? {} : { 'X-Auth-Token': token }),
      ...(serviceToken === null ? {} : { 'X-Service-Token': serviceToken }),
    }
    const response = await fetch(this.url, { headers })
    const text = await response.text()
    return {
      status: response.status,
      challenge: response.headers.get('WWW-Authenticate'),
      told: response.status === 200 ? (JSON.parse(text) as Record<string, unknown>) : null,
    }
  }

  end(): Promise<void> {
    return this.process.end()
  }
}
