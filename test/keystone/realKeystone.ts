// A real Keystone of our own: Debian's packages under uwsgi, in a private folder, on 127.0.0.1, ended by its pid.
// It exists so that what this project says of Keystone is measured on Keystone, beside our own service.
import { execFile } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, openSync } from 'node:fs'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { WorldError } from '../../src/base/errors.js'
import { processTreeCpuUs } from './processTree.js'
import { findProgram, freePort, hasEnded, spawnPrivate, stopPrivate } from '../../src/io/privateProcess.js'

/** Sections of `keystone.conf`, and their options. */
export type KeystoneConf = Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>

export interface RealKeystoneOptions {
  /** Made if missing; everything that is written lies in it, but for `keysFolder` if that is given. */
  readonly folder: string
  /** `[fernet_tokens] key_repository`; a folder in `folder` unless given. Set up if it holds no keys. */
  readonly keysFolder?: string
  /** Worker processes of uwsgi, one thread each. */
  readonly workers?: number
  /** What `keystone.conf` says besides; wins over what is written by itself. */
  readonly conf?: KeystoneConf
  /** The URL of the identity endpoint in the catalog, without `/v3`. */
  readonly publicUrl?: string
}

/** The packages of Debian or Ubuntu that bring the programs. */
export const keystonePackages = ['python3-keystone', 'uwsgi-core', 'uwsgi-plugin-python3'] as const

const startPatienceMs = 300_000
/** Between two looks at whether the workers are up. */
const probeMs = 50

const needProgram = (name: string): string => {
  const found = findProgram(name)
  if (found !== null) return found
  throw new WorldError(
    `a real Keystone needs the program ${name}, which is not on this system; on Debian or Ubuntu: ` +
      `apt-get install --no-install-recommends ${keystonePackages.join(' ')}`,
  )
}

/** No variable of the caller's that could lead Python elsewhere, nor anything that an operator has exported. */
const environment = (folder: string): Record<string, string> => ({
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: folder,
  LANG: 'C.UTF-8',
  TZ: 'UTC',
  PYTHONNOUSERSITE: '1',
  PYTHONWARNINGS: 'ignore',
})

const confText = (conf: KeystoneConf): string =>
  Object.entries(conf)
    .map(([section, options]) => {
      const lines = Object.entries(options).map(([name, value]) => `${name} = ${String(value)}\n`)
      return `[${section}]\n${lines.join('')}`
    })
    .join('\n')

const merged = (first: KeystoneConf, second: KeystoneConf): KeystoneConf => {
  const all: Record<string, Record<string, string | number | boolean>> = {}
  for (const conf of [first, second]) {
    for (const [section, options] of Object.entries(conf)) all[section] = { ...all[section], ...options }
  }
  return all
}

const countOf = (text: string, what: string): number => text.split(what).length - 1

export class RealKeystone {
  readonly folder: string
  readonly keysFolder: string
  /** Of the user `admin` that `keystone-manage bootstrap` makes. */
  readonly adminPassword = randomBytes(12).toString('hex')
  /** Keystone's own log, and uwsgi's with whatever Python says. */
  readonly logFile: string
  readonly serverLogFile: string
  private readonly options: RealKeystoneOptions
  private readonly confFile: string
  private readonly databaseFile: string
  private conf: KeystoneConf
  private port = 0
  private child: ChildProcess | null = null

  private constructor(options: RealKeystoneOptions) {
    this.options = options
    this.folder = resolve(options.folder)
    this.keysFolder = resolve(options.keysFolder ?? join(this.folder, 'fernet-keys'))
    this.logFile = join(this.folder, 'keystone.log')
    this.serverLogFile = join(this.folder, 'uwsgi.log')
    this.confFile = join(this.folder, 'keystone.conf')
    this.databaseFile = join(this.folder, 'keystone.sqlite')
    const folderOf = (name: string) => ({ key_repository: join(this.folder, name) })
    const own: KeystoneConf = {
      DEFAULT: { log_file: this.logFile, use_stderr: false },
      // Thrown away at the end: nothing waits for the disk.
      database: { connection: `sqlite:///${this.databaseFile}`, sqlite_synchronous: false },
      token: { provider: 'fernet' },
      fernet_tokens: { key_repository: this.keysFolder },
      fernet_receipts: folderOf('receipt-keys'),
      credential: folderOf('credential-keys'),
    }
    this.conf = merged(own, options.conf ?? {})
  }

  /** Makes database, keys and the cloud of `keystone-manage bootstrap`. Nothing is started yet. */
  static async create(options: RealKeystoneOptions): Promise<RealKeystone> {
    needProgram('uwsgi-core')
    needProgram('keystone-manage')
    const keystone = new RealKeystone(options)
    await mkdir(keystone.folder, { recursive: true, mode: 0o700 })
    await mkdir(keystone.keysFolder, { recursive: true, mode: 0o700 })
    await keystone.writeConf()
    // Two independent halves, on two processors.
    await Promise.all([keystone.manage('db_sync'), keystone.manage('fernet_setup', ...(await owner()))])
    await keystone.letReadersWrite()
    await keystone.manage(
      'bootstrap',
      `--bootstrap-public-url=${options.publicUrl ?? 'http://keystone.example:5000'}/v3/`,
      '--bootstrap-region-id=RegionOne',
    )
    return keystone
  }

  /** `http://127.0.0.1:port`; the same after a restart. */
  get url(): string {
    if (this.port === 0) throw new WorldError('this Keystone was never started')
    return `http://127.0.0.1:${this.port}`
  }

  /** Of uwsgi's master; null while it does not run. */
  get pid(): number | null {
    return this.child === null || hasEnded(this.child) ? null : (this.child.pid ?? null)
  }

  /** Runs `keystone-manage`. @throws WorldError with what it said, if it fails */
  async manage(...words: readonly string[]): Promise<string> {
    const program = needProgram('keystone-manage')
    try {
      const { stdout } = await promisify(execFile)(program, ['--config-file', this.confFile, ...words], {
        env: { ...environment(this.folder), OS_BOOTSTRAP_PASSWORD: this.adminPassword },
      })
      return stdout
    } catch (error) {
      const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)
      throw new WorldError(`keystone-manage ${words[0]} failed:\n${said.slice(-1500)}`)
    }
  }

  /** `keystone-manage fernet_rotate`. */
  async rotateKeys(): Promise<void> {
    await this.manage('fernet_rotate', ...(await owner()))
  }

  /** Starts the workers and waits until each has loaded Keystone. */
  async start(): Promise<void> {
    if (this.pid !== null) return
    const workers = this.options.workers ?? 2
    this.port ||= await freePort()
    const before = await this.serverLog()
    const log = openSync(this.serverLogFile, 'a', 0o600)
    const child = spawnPrivate(needProgram('uwsgi-core'), uwsgiWords({ port: this.port, workers }), {
      cwd: this.folder,
      stdio: ['ignore', log, log],
      env: { ...environment(this.folder), OS_KEYSTONE_CONFIG_FILES: this.confFile },
    })
    closeSync(log)
    this.child = child
    const giveUpMs = performance.now() + startPatienceMs
    const ready = 'WSGI app 0 '
    for (;;) {
      const said = (await this.serverLog()).slice(before.length)
      if (countOf(said, ready) === workers) break
      if (hasEnded(child) || performance.now() > giveUpMs) {
        await stopPrivate(child)
        throw new WorldError(`Keystone did not start:\n${said.slice(-2000)}\n${await this.lastErrors()}`)
      }
      await wait(probeMs)
    }
    const answer = await fetch(`${this.url}/v3`)
    if (!answer.ok) throw new WorldError(`Keystone answers ${answer.status} to GET /v3`)
    child.unref()
  }

  /** Ends the workers and waits until they are gone. The folder stays: it is the caller's. */
  async stop(): Promise<void> {
    if (this.child !== null) await stopPrivate(this.child)
    this.child = null
  }

  /** Stops, changes `keystone.conf` and starts again on the same port, as an operator's change of settings does. */
  async restart(conf: KeystoneConf = {}): Promise<void> {
    await this.stop()
    this.conf = merged(this.conf, conf)
    await this.writeConf()
    await this.start()
  }

  /** Processor time that master and workers have used, microseconds. */
  cpuUs(): Promise<number> {
    return this.pid === null ? Promise.resolve(0) : processTreeCpuUs(this.pid)
  }

  private async writeConf(): Promise<void> {
    // The connection may hold a password.
    await writeFile(this.confFile, confText(this.conf), { mode: 0o600 })
    await appendFile(this.logFile, '', { mode: 0o600 })
  }

  /**
   * SQLite's write-ahead log: Keystone writes on one connection while it reads on another, and in SQLite's default mode
   * waits for itself until it gives up with `database is locked`. The mode is kept in the file.
   */
  private async letReadersWrite(): Promise<void> {
    if (!existsSync(this.databaseFile)) return
    const script = 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("PRAGMA journal_mode=WAL")'
    await promisify(execFile)('/usr/bin/python3', ['-c', script, this.databaseFile], {
      env: environment(this.folder),
    })
  }

  private serverLog(): Promise<string> {
    return readFile(this.serverLogFile, 'utf8').catch(() => '')
  }

  private async lastErrors(): Promise<string> {
    const lines = (await readFile(this.logFile, 'utf8').catch(() => '')).split('\n')
    return lines
      .filter((line) => /CRITICAL|ERROR/.test(line))
      .slice(-5)
      .join('\n')
  }
}

/** Whose the key files are to be: ours, as Keystone runs as us. */
const owner = async (): Promise<readonly string[]> => {
  const { stdout } = await promisify(execFile)('id', ['-gn'], { env: environment('/') })
  return ['--keystone-user', userInfo().username, '--keystone-group', stdout.trim()]
}

/** One connection a request: as behind a web server, which speaks to uwsgi without keep-alive. */
const uwsgiWords = ({ port, workers }: { port: number; workers: number }): readonly string[] => [
  '--plugin=python3',
  `--http-socket=127.0.0.1:${port}`,
  '--wsgi-file=/usr/bin/keystone-wsgi-public',
  `--processes=${workers}`,
  '--threads=1',
  '--enable-threads',
  '--master',
  // Each worker loads Keystone itself: database connections do not survive a fork.
  '--lazy-apps',
  '--need-app',
  '--die-on-term',
  '--no-orphans',
  // A token and a catalog's worth of headers.
  '--buffer-size=65535',
  // uwsgi closes after each answer; a client that is not told so would try the connection again.
  '--add-header=Connection: close',
  '--listen=100',
  '--disable-logging',
]
