// The other end of fernetOfKeystone.py: Keystone's own key repositories and token formatter, as calls.
// It exists so that tests need not know how they are asked.
import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { findProgram } from '../../src/io/privateProcess.js'

const script = fileURLToPath(new URL('fernetOfKeystone.py', import.meta.url))

export interface KeystoneOwner {
  readonly uid: number
  readonly gid: number
}

/** What its token formatter says of a token. */
export type KeystoneFields = Readonly<Record<string, unknown>>

export class FernetOfKeystone {
  private readonly child: ChildProcessWithoutNullStreams
  private readonly lines: AsyncIterator<string>
  private readonly reader: Interface
  private said = ''

  constructor() {
    // Debian's, whatever other python3 stands before it.
    if (findProgram('keystone-manage') === null) {
      throw new Error(
        'Keystone is not on this system: apt-get install --no-install-recommends python3-keystone',
      )
    }
    this.child = spawn('/usr/bin/python3', ['-W', 'ignore', script], {
      env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', TZ: 'UTC', PYTHONNOUSERSITE: '1' },
    })
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (this.said += text))
    this.reader = createInterface({ input: this.child.stdout })
    this.lines = this.reader[Symbol.asyncIterator]()
  }

  private async ask(question: object): Promise<unknown> {
    this.child.stdin.write(`${JSON.stringify(question)}\n`)
    const { value, done } = await this.lines.next()
    if (done === true) throw new Error(`Keystone's code ended: ${this.said}`)
    const reply = JSON.parse(value) as { readonly answer?: unknown; readonly error?: string }
    if (reply.error !== undefined) throw new Error(reply.error)
    return reply.answer
  }

  async setup(folder: string, owner: Partial<KeystoneOwner> = {}): Promise<void> {
    await this.ask({ do: 'setup', folder, ...owner })
  }

  async rotate(folder: string, maxActiveKeys: number, owner: Partial<KeystoneOwner> = {}): Promise<void> {
    await this.ask({ do: 'rotate', folder, max_active_keys: maxActiveKeys, ...owner })
  }

  /** `[auth] methods` as it is when nobody configures it. */
  async methods(): Promise<readonly string[]> {
    return (await this.ask({ do: 'methods', folder: '' })) as readonly string[]
  }

  /** A token with the primary key of a folder; `claims` under the names of Keystone's `create_token`. */
  async createToken(folder: string, version: number, claims: object): Promise<string> {
    return String(await this.ask({ do: 'create', folder, version, claims }))
  }

  /** @throws Error where Keystone refuses the token */
  async readToken(folder: string, token: string): Promise<KeystoneFields> {
    return (await this.ask({ do: 'read', folder, token })) as KeystoneFields
  }

  end(): Promise<void> {
    return new Promise((resolve) => {
      this.child.once('close', () => resolve())
      this.child.stdin.end()
      this.reader.close()
    })
  }
}
