// The built program as a process of its own: started, waited for, signalled, and its children looked up in /proc.
// It exists so that tests see what a user sees: exit codes, two streams, and what is left running.
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { setTimeout as wait } from 'node:timers/promises'

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

export interface Ended {
  /** Null if a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface ProgramOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** For its standard input, which is empty if left out. */
  readonly input?: string
}

/** A running `cutover`, in a process group of its own, as a shell would start it. */
export class Program {
  readonly ended: Promise<Ended>
  /** What it has said so far. */
  readonly said: { readonly stdout: string; readonly stderr: string }
  private readonly child: ChildProcess

  constructor(words: readonly string[], { cwd, env = {}, input }: ProgramOptions = {}) {
    if (!existsSync(main)) throw new Error('there is no dist/main.js: run `npm run build` first')
    this.child = spawn(process.execPath, [main, ...words], {
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: true,
      // No colour, no width of whoever runs the tests.
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', TZ: 'UTC', ...env },
      ...(cwd === undefined ? {} : { cwd }),
    })
    // It may end without having read.
    this.child.stdin?.on('error', () => {}).end(input)
    const text = { stdout: '', stderr: '' }
    this.said = text
    this.child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text.stdout += chunk))
    this.child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (text.stderr += chunk))
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject)
      this.child.once('close', (code, signal) => resolve({ code, signal, ...text }))
    })
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  /** A signal to the whole group, as Ctrl-C in a terminal sends it. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal)
  }

  /** A signal to this process alone. */
  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** Ends it and all that it started, if a test left it running. */
  clear(): void {
    try {
      this.signalGroup('SIGKILL')
    } catch {
      // Nothing of it is left.
    }
  }
}

/** Runs the program to its end. */
export const runProgram = (words: readonly string[], options: ProgramOptions = {}): Promise<Ended> =>
  new Program(words, options).ended

/** Whether a process is there and has not ended (a zombie has). */
export const isRunning = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z'
  } catch {
    return false
  }
}

/** The processes that a process has started and that are there, with the command line of each. */
export const childrenOf = (pid: number): readonly { readonly pid: number; readonly command: string }[] => {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' '))
      .filter((word) => word !== '')
      .map((word) => ({
        pid: Number(word),
        command: readFileSync(`/proc/${word}/cmdline`, 'utf8').replaceAll('\0', ' '),
      }))
  } catch {
    // It ended while it was looked at.
    return []
  }
}

/** Waits until something is so. The end of patience is an error that says what was waited for. */
export const until = async (what: string, holds: () => boolean, patienceMs = 60_000): Promise<void> => {
  const giveUpMs = performance.now() + patienceMs
  while (!holds()) {
    if (performance.now() > giveUpMs) throw new Error(`waited in vain until ${what}`)
    await wait(10)
  }
}
