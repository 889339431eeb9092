// A stage of the real thing: our identity server over a SQLite file, asked over HTTP, with a clock that is set.
// It exists so that conformance judges what a client would get, wire and database included.
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Random } from '../../src/base/random.js'
import { answerFrom } from '../../src/identity/drive.js'
import { startIdentityServer } from '../../src/io/identityServer.js'
import type { IdentityServer, Patience } from '../../src/io/identityServer.js'
import { openSqliteStore } from '../../src/io/store/sqliteStore.js'
import type { SqliteStore } from '../../src/io/store/sqliteStore.js'
import type { Release } from '../../src/scenario/scenario.js'
import { fernetKeyFromBytes, formatFernetKey } from '../../src/token/fernet.js'
import { rotateRing, setupRing } from '../../src/token/keyring.js'
import type { KeyRing } from '../../src/token/keyring.js'
import type { ProviderMode } from '../../src/token/mode.js'
import { IdentityNode } from '../../src/worlds/identityNode.js'
import { plainPasswords, recordedCloud, startSec } from '../identity/support/keystone.js'
import type { ReplyBody, Sent } from '../identity/support/keystone.js'
import type { Answered, Stage } from './states.js'

export interface StageOptions {
  readonly release: Release
  readonly mode: ProviderMode
  readonly publicUrl?: string
  readonly expirationSec?: number
  readonly ring?: KeyRing
  readonly patience?: Patience
}

/** An answer over HTTP, with all its headers by lower-case name. */
export interface HttpAnswer extends Answered {
  readonly request: string
  readonly headers: Readonly<Record<string, string>>
}

export class HttpStage implements Stage {
  nowSec = startSec
  readonly expirationSec: number
  readonly store: SqliteStore
  private readonly folder: string
  private readonly agent = new Agent({ keepAlive: true })
  private readonly random: Random
  private readonly node: IdentityNode
  private readonly patience: Patience | undefined
  private server: IdentityServer | null = null
  private ring: KeyRing
  /** Errors of ours; every test expects none. */
  readonly defects: unknown[] = []

  constructor(options: StageOptions, store: SqliteStore, folder: string) {
    const { release, mode, publicUrl = 'http://127.0.0.1:15013', expirationSec = 3600 } = options
    this.expirationSec = expirationSec
    this.patience = options.patience
    this.store = store
    this.folder = folder
    this.random = new Random(1, release, mode)
    this.ring = options.ring ?? setupRing({ primary: this.freshKey(), staged: this.freshKey() }).ring
    this.node = new IdentityNode({
      store,
      identity: {
        release,
        provider: mode,
        expirationSec,
        cache: { backend: 'none', timeSec: 0, onIssue: null },
      },
      ring: () => this.ring,
      random: (count) => this.random.bytes(count),
      requestId: () => `req-${this.randomUuid()}`,
      publicUrl,
    })
  }

  private freshKey(): ReturnType<typeof fernetKeyFromBytes> {
    return fernetKeyFromBytes(this.random.bytes(32))
  }

  private randomUuid(): string {
    const hex = Buffer.from(this.random.bytes(16)).toString('hex')
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  }

  async start(): Promise<void> {
    this.server = await startIdentityServer({
      host: '127.0.0.1',
      port: 0,
      refresh: () => this.store.refresh(),
      context: () => this.node.context(this.nowSec),
      answer: answerFrom({ store: this.store, passwords: plainPasswords }),
      explain: false,
      ...(this.patience === undefined ? {} : { patience: this.patience }),
      onDefect: (error) => this.defects.push(error),
    })
  }

  get mode(): ProviderMode {
    return this.node.mode
  }

  set mode(mode: ProviderMode) {
    this.node.mode = mode
  }

  get port(): number {
    return this.server?.port ?? 0
  }

  /** Texts of the keys. */
  get keyTexts(): readonly string[] {
    return [...this.ring.keys.values()].map((key) => formatFernetKey(key))
  }

  /** Indexes of the keys, ascending. */
  get keyIndexes(): readonly number[] {
    return [...this.ring.keys.keys()].sort((a, b) => a - b)
  }

  rotate(): void {
    this.ring = rotateRing(this.ring, { maxActiveKeys: 3, fresh: this.freshKey() }).ring
  }

  send(method: string, target: string, sent: Sent = {}): Promise<HttpAnswer> {
    const url = sent.query === undefined ? target : `${target}?${sent.query}`
    const body = sent.json === undefined ? null : JSON.stringify(sent.json)
    const headers = {
      ...(sent.auth === undefined ? {} : { 'X-Auth-Token': sent.auth }),
      ...(sent.subject === undefined ? {} : { 'X-Subject-Token': sent.subject }),
      ...(body === null ? {} : { 'Content-Type': 'application/json' }),
    }
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        { host: '127.0.0.1', port: this.server?.port, method, path: url, headers, agent: this.agent },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', reject)
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8')
            const received = Object.fromEntries(
              Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
            )
            resolve({
              request: `${method} ${url}`,
              status: response.statusCode ?? 0,
              headers: received,
              header: (name) => received[name.toLowerCase()],
              text,
              json: text === '' ? {} : (JSON.parse(text) as ReplyBody),
            })
          })
        },
      )
      request.on('error', reject)
      request.end(body ?? undefined)
    })
  }

  async close(): Promise<void> {
    this.agent.destroy()
    await this.server?.close()
    await this.store.close()
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Opens a stage, lets it be used, and takes it down. */
export const onStage = async <T>(
  options: StageOptions,
  use: (stage: HttpStage) => Promise<T>,
): Promise<T> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'cutover-conformance-'))
  const store = await openSqliteStore({ file: path.join(folder, 'store.sqlite') })
  const stage = new HttpStage(options, store, folder)
  try {
    await store.load(recordedCloud(), [])
    await stage.start()
    return await use(stage)
  } finally {
    await stage.close()
  }
}
