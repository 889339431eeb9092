// A command of the operator: run in a process group of its own, with a time limit, and with what it says kept.
// It exists so that a step at a given Keystone is done by the operator's own means, and can neither hang nor flood a run.
import { spawn, type ChildProcess } from 'node:child_process'
import { appendFile } from 'node:fs/promises'
import { accessSync, constants } from 'node:fs'
import { conceal } from './concealment.js'
import { findProgram } from './privateProcess.js'

export interface HookOptions {
  /** A text for `sh -c`, or a program and its words. */
  readonly run: string | readonly string[]
  readonly timeoutMs: number
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where its output is kept, each command under a heading; made with mode 0600. */
  readonly logFile: string
  /** Values that are kept out of the file and of the note, beside tokens and keys. */
  readonly secrets: readonly string[]
  /** `cutover node 2`: the heading in the file. */
  readonly name: string
}

export interface HookResult {
  readonly ok: boolean
  /** The last line that it said; of a failure also how it ended. */
  readonly note: string
}

/** Of each command this much is kept, and the rest counted. */
const keptBytes = 1024 * 1024
const killAfterMs = 5000
/** Whatever a command has left running keeps its output open; nobody waits longer for more of it. */
const lastWordsMs = 250
const noteCharacters = 200

const wordsOf = (run: HookOptions['run']): readonly string[] =>
  typeof run === 'string' ? ['/bin/sh', '-c', run] : run

/** The command as somebody would read it. */
export const hookText = (run: HookOptions['run']): string =>
  typeof run === 'string'
    ? `sh -c '${run}'`
    : run.map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word}'`)).join(' ')

/** What keeps a command from being run at all; null: nothing that can be seen before. */
export const hookProblem = (run: HookOptions['run']): string | null => {
  if (typeof run === 'string') return null
  const [program = ''] = run
  if (!program.includes('/')) return findProgram(program) === null ? `there is no program ${program}` : null
  try {
    accessSync(program, constants.X_OK)
    return null
  } catch {
    return `${program} cannot be run`
  }
}

/** A signal to all that a command has started; it may be gone by now. */
const signalGroup = (child: ChildProcess, signal: NodeJS.Signals): void => {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  } catch {
    // Nothing of it is left.
  }
}

/** What a command says, up to a limit. */
class Words {
  private readonly chunks: Buffer[] = []
  private kept = 0
  private total = 0

  take(chunk: Buffer): void {
    this.total += chunk.length
    const room = keptBytes - this.kept
    if (room <= 0) return
    const part = chunk.subarray(0, room)
    this.chunks.push(part)
    this.kept += part.length
  }

  get text(): string {
    const left = this.total - this.kept
    return (
      Buffer.concat(this.chunks).toString('utf8') + (left > 0 ? `\n[${left} bytes more were not kept]\n` : '')
    )
  }

  /** Of this not more than a note's length, without what is secret: a cut could leave half of it. */
  lastLine(secrets: readonly string[]): string {
    const line = Buffer.concat(this.chunks).toString('utf8').trimEnd().split('\n').at(-1)?.trim() ?? ''
    // Control characters would reach a terminal.
    return conceal(line, secrets)
      .replaceAll(/\p{Cc}/gu, ' ')
      .slice(0, noteCharacters)
  }
}

const howItEnded = (
  code: number | null,
  signal: string | null,
  timedOut: boolean,
  timeoutMs: number,
): string => {
  if (timedOut) return `ended after ${timeoutMs / 1000} s, its time limit`
  return signal === null ? `exit code ${code}` : `ended by ${signal}`
}

/** Runs a command to its end, or to its time limit. Never rejects: what goes wrong is its result. */
export const runHook = (options: HookOptions): Promise<HookResult> =>
  new Promise((resolve) => {
    const { run, timeoutMs, env, logFile, name, secrets } = options
    const [program = '', ...words] = wordsOf(run)
    const child = spawn(program, words, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)),
    })
    const said = new Words()
    child.stdout.on('data', (chunk: Buffer) => said.take(chunk))
    child.stderr.on('data', (chunk: Buffer) => said.take(chunk))
    let timedOut = false
    const timers = [
      setTimeout(() => {
        timedOut = true
        signalGroup(child, 'SIGTERM')
        timers.push(setTimeout(() => signalGroup(child, 'SIGKILL'), killAfterMs))
      }, timeoutMs),
    ]
    const endWithUs = (): void => signalGroup(child, 'SIGTERM')
    process.once('exit', endWithUs)
    let settled = false
    const settle = (ok: boolean, how: string): void => {
      if (settled) return
      settled = true
      for (const timer of timers) clearTimeout(timer)
      process.removeListener('exit', endWithUs)
      const note = [ok ? '' : how, said.lastLine(secrets)].filter((part) => part !== '').join(': ')
      const heading = `--- ${name}: ${hookText(run)}\n`
      const { text } = said
      const log = `${heading}${text}${text === '' || text.endsWith('\n') ? '' : '\n'}--- ${how}\n`
      // A full disk must not fail a step that was done.
      appendFile(logFile, conceal(log, secrets), { mode: 0o600 })
        .catch(() => undefined)
        .finally(() => resolve({ ok, note }))
    }
    child.once('error', (error) => settle(false, `cannot be run: ${error.message}`))
    child.once('exit', (code, signal) => {
      const end = (): void => settle(code === 0 && !timedOut, howItEnded(code, signal, timedOut, timeoutMs))
      child.once('close', end)
      const patience = setTimeout(() => {
        // It goes on being read, so that what was left running is not ended by a broken pipe.
        for (const stream of [child.stdout, child.stderr])
          (stream as unknown as { unref?: () => void }).unref?.()
        end()
      }, lastWordsMs)
      timers.push(patience)
    })
  })
