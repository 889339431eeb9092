// Child processes that answer calls: the backends and the process that keeps the store, each in a process of its own.
// A call is a message with a number; a child that dies fails every call under way, and its death is told once.
import { fork, type ChildProcess } from 'node:child_process'
import type { Server } from 'node:net'
import { WorldError } from '../base/errors.js'
import { findProgram } from './privateProcess.js'

/** What a child can be asked: a name, one argument and one answer, all plain data; a socket may go beside it. */
export type Calls = Readonly<Record<string, (argument: never, socket?: Server) => unknown>>

interface CallMessage {
  readonly call: number
  readonly name: string
  readonly argument: unknown
}

interface AnswerMessage {
  readonly answer: number
  readonly value?: unknown
  readonly error?: string
}

interface NoticeMessage {
  readonly notice: unknown
}

export interface ChildExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface ChildOptions {
  /** What people call it: `backend 2`. */
  readonly name: string
  /** The module that the child runs. */
  readonly module: URL
  /** Options of node for it, beside those of this process. */
  readonly nodeOptions?: readonly string[]
  readonly onNotice?: (notice: unknown) => void
  /**
   * Whether the kernel kills it when this process is gone, as it must a child that may be stopped by a signal: that one
   * never notices. Asked by `setpriv --pdeathsig` of util-linux; without that program it is as without this option.
   */
  readonly diesWithUs?: boolean
  /** Told what the child writes to stderr, as it comes. */
  readonly onWords?: (text: string) => void
  /** Called once, when the process is gone. */
  readonly onExit?: (exit: ChildExit, expected: boolean) => void
}

/** How long a child may take to end by itself before it is killed. */
const graceMs = 3000

/** The parent's end. */
export class Child {
  readonly name: string
  private readonly process: ChildProcess
  private readonly waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >()
  private nextCall = 1
  private ending = false
  private gone = false
  private readonly exited: Promise<void>

  constructor(options: ChildOptions) {
    this.name = options.name
    const setpriv = options.diesWithUs === true ? findProgram('setpriv') : null
    const execArgv = [...process.execArgv, ...(options.nodeOptions ?? [])]
    this.process = fork(options.module, [], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'json',
      // A group of its own: Ctrl-C is this process's affair, also while the child is still being loaded.
      detached: true,
      ...(setpriv === null
        ? { execArgv }
        : { execPath: setpriv, execArgv: ['--pdeathsig', 'SIGKILL', process.execPath, ...execArgv] }),
    })
    let lastWords = ''
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      lastWords = (lastWords + text).slice(-2000)
      options.onWords?.(text)
    })
    this.process.on('message', (message: AnswerMessage | NoticeMessage) => {
      if ('notice' in message) options.onNotice?.(message.notice)
      else this.settle(message)
    })
    this.process.on('error', () => {})
    this.exited = new Promise((resolve) => {
      this.process.once('exit', (code, signal) => {
        this.gone = true
        const how = signal === null ? `exit code ${code}` : signal
        const said = lastWords === '' ? '' : `: ${lastWords.trim().split('\n').at(-1)}`
        for (const { reject } of this.waiting.values())
          reject(new WorldError(`${this.name} ended (${how})${said}`))
        this.waiting.clear()
        options.onExit?.({ code, signal }, this.ending)
        resolve()
      })
    })
  }

  get pid(): number | undefined {
    return this.process.pid
  }

  get alive(): boolean {
    return !this.gone
  }

  /** Asks the child; rejects if it cannot do it, or dies. A `socket` is handed over with the question. */
  call<T>(name: string, argument: unknown = null, socket?: Server): Promise<T> {
    if (this.gone) return Promise.reject(new WorldError(`${this.name} has ended`))
    const call = this.nextCall++
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(call, { resolve: resolve as (value: unknown) => void, reject })
      this.process.send({ call, name, argument } satisfies CallMessage, socket, (error) => {
        if (error === null || !this.waiting.delete(call)) return
        reject(new WorldError(`${this.name} cannot be reached: ${error.message}`))
      })
    })
  }

  /** Processor time that the child has used so far, microseconds. */
  async cpuUs(): Promise<number> {
    const { user, system } = await this.call<NodeJS.CpuUsage>('cpuUsage')
    return user + system
  }

  /** Asks it to end, and kills it if it does not. */
  async end(): Promise<void> {
    if (this.gone) return
    this.ending = true
    if (this.process.connected) this.process.disconnect()
    const timer = setTimeout(() => this.process.kill('SIGKILL'), graceMs)
    await this.exited
    clearTimeout(timer)
  }

  /** Kills it, as an operator's `kill -9` would. */
  kill(): void {
    this.signal('SIGKILL')
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.process.kill(signal)
  }

  private settle(message: AnswerMessage): void {
    const waiting = this.waiting.get(message.answer)
    if (waiting === undefined) return
    this.waiting.delete(message.answer)
    if (message.error === undefined) waiting.resolve(message.value)
    else waiting.reject(new WorldError(message.error))
  }
}

/** Sends the parent something that it did not ask for, such as progress. */
export const notifyParent = (notice: unknown): void => {
  process.send?.({ notice } satisfies NoticeMessage)
}

/**
 * The child's end: answers calls until the parent goes away, then cleans up and ends. A signal from the terminal is
 * left to the parent, which ends its children in its own order.
 */
export const answerParent = (calls: Calls, cleanUp: () => Promise<void>): void => {
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => {})
  process.on('SIGHUP', () => {})
  process.on('message', (message: CallMessage, socket?: Server) => {
    void answerOne(calls, message, socket)
  })
  process.once('disconnect', () => {
    // A database that hangs would keep it for ever when nobody is left to kill it.
    setTimeout(() => process.exit(0), graceMs)
    void cleanUp().finally(() => process.exit(0))
  })
}

/** What every child can tell of itself. */
const cpuUsage = (): NodeJS.CpuUsage => process.cpuUsage()

const answerOne = async (calls: Calls, message: CallMessage, socket?: Server): Promise<void> => {
  let answer: AnswerMessage
  try {
    const run = { cpuUsage, ...calls }[message.name] as
      ((argument: unknown, socket?: Server) => unknown) | undefined
    if (run === undefined) throw new WorldError(`no call ${message.name}`)
    answer = { answer: message.call, value: await run(message.argument, socket) }
  } catch (error) {
    answer = { answer: message.call, error: error instanceof Error ? error.message : String(error) }
  }
  if (process.connected) process.send?.(answer)
}
