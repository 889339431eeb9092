// Our identity service as an operator starts it: `cutover serve`, a process of its own, waited for and ended by its pid.
// It exists so that it stands beside a real Keystone as it would in a cloud, not as a part of whoever asks it.
import type { ChildProcess } from 'node:child_process'
import { WorldError } from '../../src/base/errors.js'
import { processTreeCpuUs } from './processTree.js'
import { spawnPrivate, stopPrivate } from '../../src/io/privateProcess.js'

export interface OwnServiceOptions {
  /** `dist/main.js` of the build that is to run. */
  readonly main: string
  /** Parameters of `serve`. */
  readonly words: readonly string[]
}

export class OwnService {
  readonly url: string
  private readonly child: ChildProcess

  private constructor(child: ChildProcess, url: string) {
    this.child = child
    this.url = url
  }

  /** Starts it and waits until it says that it is ready. */
  static async start({ main, words }: OwnServiceOptions): Promise<OwnService> {
    const parameters = [main, 'serve', '--json', '--listen', '127.0.0.1:0', ...words]
    const child = spawnPrivate(process.execPath, parameters, { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    let complained = ''
    child.stderr
      ?.setEncoding('utf8')
      .on('data', (text: string) => (complained = (complained + text).slice(-4000)))
    const ready = new Promise<string>((resolve, reject) => {
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        said += text
        const end = said.indexOf('\n')
        if (end >= 0) resolve(said.slice(0, end))
      })
      child.once('error', reject)
      child.once('exit', (code) => {
        reject(new WorldError(`cutover serve ended with ${code}:\n${complained}`))
      })
    })
    const { url } = JSON.parse(await ready) as { readonly url: string }
    return new OwnService(child, url.replace(/\/v3$/, ''))
  }

  /** Processor time that it and its backends have used, microseconds. */
  cpuUs(): Promise<number> {
    return processTreeCpuUs(this.child.pid ?? 0)
  }

  /** Ends it and waits until it is gone. */
  stop(): Promise<void> {
    return stopPrivate(this.child)
  }
}
