// A MariaDB server of our own for one rehearsal or test: 127.0.0.1, a free port, a folder that it is given.
// It exists so that `--store mariadb` needs two Debian packages and no database administrator.
import { execFile } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createConnection } from 'mysql2/promise'
import { WorldError } from '../../base/errors.js'
import { findProgram, freePort, hasEnded, spawnPrivate, stopPrivate } from '../privateProcess.js'
import { errorDetail } from './driverError.js'

export interface PrivateMariadb {
  /** `mysql://user:password@127.0.0.1:port/database`; the password is random and lives as long as the server. */
  readonly url: string
  /** The same for a user who may do everything there. */
  readonly adminUrl: string
  readonly pid: number
  /** Ends the server and waits until it is gone. The folder stays: it is the caller's. May be called again. */
  stop(): Promise<void>
  /** Starts it again on the port and with the data that it had. */
  start(): Promise<void>
  /** Stops its process by a signal, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
}

const user = 'cutover'
const admin = 'cutover_admin'
const database = 'cutover'
/** The log of half a gigabyte, tables of the system, and what a rehearsal writes. */
const neededBytes = 1e9
const startPatienceMs = 60_000
/** Between two tries to connect while the server starts. */
const probeMs = 25
/** Ports tried, in case somebody takes the free one that was found before the server does. */
const portsMax = 5

/**
 * A quarter of the machine's memory, 4 GiB at most: a table of some hundred thousand rows of a few KB then fits, as it would
 * on a cloud's own database. If it does not, each row that a flush deletes is first read from the disk.
 */
const poolBytes = Math.min(4 * 2 ** 30, Math.max(2 ** 29, totalmem() / 4))

/** Sized for such a table. */
const sizing = [
  `--innodb-buffer-pool-size=${Math.round(poolBytes / 1_048_576)}M`,
  // Nothing here has to outlive a power cut.
  '--innodb-doublewrite=0',
  '--innodb-io-capacity=2000',
  '--innodb-flush-neighbors=0',
  '--innodb-log-file-size=512M',
  '--innodb-flush-method=O_DIRECT',
  '--performance-schema=OFF',
  '--max-connections=300',
  // As the nodes of a Galera cluster are commonly set up: a commit does not wait for the disk, once a second is
  // enough. Response times would otherwise tell of this machine's disk, not of tokens.
  '--innodb-flush-log-at-trx-commit=0',
  // The data is thrown away, so nothing is tidied up at the end.
  '--innodb-fast-shutdown=2',
]

const needProgram = (name: string): string => {
  const found = findProgram(name)
  if (found !== null) return found
  throw new WorldError(
    `the store mariadb needs the program ${name}, which is not on this system; on Debian or Ubuntu: ` +
      'apt-get install mariadb-server-core mariadb-client-core. Or use another store: sqlite, mysql://…',
  )
}

const isRoot = (): boolean => process.getuid?.() === 0

/** mariadbd refuses to run as root unless that is said; any other user needs to say nothing. */
const userOption = (): readonly string[] => (isRoot() ? ['--user=root'] : [])

/** A sentence on the disk where it has little left: the server speaks of log files and engines then. */
const spaceWords = async (folder: string): Promise<string> => {
  const { bavail, bsize } = await statfs(folder)
  const freeBytes = bavail * bsize
  if (freeBytes > neededBytes) return ''
  return `\nOnly ${Math.round(freeBytes / 1e6)} MB are free at ${folder}; its files take most of a gigabyte.`
}

const makeDataFolder = async (installer: string, dataFolder: string): Promise<void> => {
  try {
    await promisify(execFile)(installer, [
      '--no-defaults',
      `--datadir=${dataFolder}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--skip-name-resolve',
      ...userOption(),
    ])
  } catch (error) {
    const words = errorDetail(error, 'message').trim().slice(-1500)
    throw new WorldError(
      `mariadb-install-db could not make ${dataFolder}: ${words}${await spaceWords(dirname(dataFolder))}`,
    )
  }
}

/** Statements that the server runs before it listens: our two users with their passwords, and nobody else. */
const grants = (password: string, adminPassword: string): string =>
  [
    `CREATE DATABASE IF NOT EXISTS ${database} CHARACTER SET utf8`,
    `DELETE FROM mysql.global_priv WHERE User NOT IN ('mariadb.sys', '${user}')`,
    'FLUSH PRIVILEGES',
    `CREATE USER '${user}'@'127.0.0.1' IDENTIFIED BY '${password}'`,
    `GRANT ALL ON ${database}.* TO '${user}'@'127.0.0.1'`,
    `CREATE USER '${admin}'@'127.0.0.1' IDENTIFIED BY '${adminPassword}'`,
    `GRANT ALL ON *.* TO '${admin}'@'127.0.0.1'`,
  ]
    .map((statement) => `${statement};\n`)
    .join('')

/** Whether a server at this port lets our user in, and says that its process is our child. */
const answers = async (url: string, pid: number, pidFile: string): Promise<boolean> => {
  try {
    const connection = await createConnection({ uri: url, connectTimeout: 2000 })
    await connection.end()
    // Only the server that ran our grants knows the password; the pid file tells that it is this very process.
    return Number(await readFile(pidFile, 'utf8')) === pid
  } catch {
    return false
  }
}

const lastWords = async (logFile: string): Promise<string> => {
  const text = await readFile(logFile, 'utf8').catch(() => '')
  const lines = text.trim().split('\n')
  const errors = lines.filter((line) => line.includes('[ERROR]'))
  return (errors.length > 0 ? errors : lines).slice(-5).join('\n')
}

/** Waits until the server answers; false if it could not have its port. */
const becomesReady = async (
  child: ChildProcess,
  place: { readonly url: string; readonly pidFile: string; readonly logFile: string },
): Promise<boolean> => {
  const giveUpMs = performance.now() + startPatienceMs
  while (!hasEnded(child)) {
    if (child.pid !== undefined && (await answers(place.url, child.pid, place.pidFile))) return true
    if (performance.now() > giveUpMs) {
      await stopPrivate(child)
      throw new WorldError(`the private MariaDB server does not answer:\n${await lastWords(place.logFile)}`)
    }
    await wait(probeMs)
  }
  const words = await lastWords(place.logFile)
  if (/Bind on TCP\/IP port|Address already in use/.test(words)) return false
  throw new WorldError(
    `the private MariaDB server did not start:\n${words}${await spaceWords(dirname(place.logFile))}`,
  )
}

/**
 * Makes a server in `folder` (created if missing; must hold no `data` yet) and starts it, as root or any user.
 * Throws WorldError if its programs are missing or it does not start.
 */
export const startMariadb = async (options: { readonly folder: string }): Promise<PrivateMariadb> => {
  const installer = needProgram('mariadb-install-db')
  const program = needProgram('mariadbd')
  const folder = resolve(options.folder)
  const [dataFolder, pidFile, logFile, grantsFile] = ['data', 'pid', 'err.log', 'grants.sql'].map((name) =>
    join(folder, name),
  ) as [string, string, string, string]
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await makeDataFolder(installer, dataFolder)
  const [password, adminPassword] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')]
  // A file that only we can read, since a process list shows options to everybody.
  await writeFile(grantsFile, grants(password, adminPassword), { mode: 0o600 })
  const urlOf = (name: string, secret: string, port: number): string =>
    `mysql://${name}:${secret}@127.0.0.1:${port}/${database}`
  /** Null: somebody else has the port. */
  const launch = async (port: number, more: readonly string[]): Promise<ChildProcess | null> => {
    const url = urlOf(user, password, port)
    await rm(logFile, { force: true })
    const options = [
      '--no-defaults',
      ...userOption(),
      `--datadir=${dataFolder}`,
      // No socket file: its path would be bounded to about a hundred characters, and the port serves all.
      '--socket=',
      `--pid-file=${pidFile}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--log-error=${logFile}`,
      '--skip-name-resolve',
      ...more,
      ...sizing,
    ]
    // A fault may have stopped it; and its data is thrown away.
    const child = spawnPrivate(program, options, { deathSignal: 'SIGKILL' })
    const failed = new Promise<never>((_, reject) => {
      child.once('error', (error) => reject(new WorldError(`cannot run ${program}: ${error.message}`)))
    })
    if (!(await Promise.race([becomesReady(child, { url, pidFile, logFile }), failed]))) return null
    // A caller who forgets to stop it can still end; the exit handler then does the rest.
    child.unref()
    return child
  }
  try {
    for (let tries = 1; tries <= portsMax; tries++) {
      const port = await freePort()
      let child = await launch(port, [`--init-file=${grantsFile}`])
      if (child === null) continue
      const running = (): ChildProcess => child as ChildProcess
      return {
        url: urlOf(user, password, port),
        adminUrl: urlOf(admin, adminPassword, port),
        pid: child.pid ?? 0,
        stop: () => {
          // One that was stopped by a signal would not read another.
          running().kill('SIGCONT')
          return stopPrivate(running())
        },
        start: async () => {
          if (!hasEnded(running())) return
          child = (await launch(port, [])) ?? child
          if (hasEnded(running()))
            throw new WorldError('somebody has taken the port of the private MariaDB server')
        },
        signal: (signal) => {
          running().kill(signal)
        },
      }
    }
    throw new WorldError(`the private MariaDB server found no free port in ${portsMax} tries`)
  } finally {
    await rm(grantsFile, { force: true })
  }
}
