#!/usr/bin/env -S node --max-semi-space-size=64 --min-semi-space-size=32
// The program's entry: the only reader of argv and environment, the only place that sets the exit code.
// Every error ends here and is turned into a sentence and a code.
// Room for young objects: a simulated day makes many, and copies of those still in use cost a sixth of its time.
import { InputError, StoppedError, WorldError } from './base/errors.js'
import { concealedTitle } from './commands/processTitle.js'
import { createProgram } from './commands/program.js'
import { sentences } from './commands/terminal.js'
import { exitCodes, UsageEnd } from './commands/exit.js'
import { KeyRepositoryError } from './io/keyRepository.js'

const say = (text: string): void => {
  process.stderr.write(`${sentences(text, process.stderr)}\n`)
}

const codeOf = (error: unknown): number => {
  if (error instanceof UsageEnd) return error.code
  if (error instanceof InputError) {
    say(error.message)
    const { length } = error.problems
    say(length === 1 ? '1 problem; nothing was started.' : `${length} problems; nothing was started.`)
    return exitCodes.input
  }
  if (error instanceof KeyRepositoryError) {
    say(error.message)
    return exitCodes.input
  }
  if (error instanceof WorldError) {
    say(error.message)
    return exitCodes.world
  }
  if (error instanceof StoppedError) {
    say(error.message)
    return exitCodes.inconclusive
  }
  say(
    `This is a defect of cutover: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  )
  return exitCodes.defect
}

// Whoever reads our output may have seen enough, as `| head` has: that is an end, not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
  process.exit(process.exitCode ?? exitCodes.pass)
})
// Nobody reads our words any more, or the terminal is gone: what was begun is still brought to its end.
process.stderr.on('error', () => {})

const title = concealedTitle(process.argv.slice(2))
if (title !== null) process.title = title

const program = createProgram({
  argv: process.argv.slice(2),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  readStdin: async () => {
    let text = ''
    process.stdin.setEncoding('utf8')
    for await (const chunk of process.stdin) text += String(chunk)
    return text
  },
  // Questions go to stderr, as results go to stdout.
  ...(process.stdin.isTTY && process.stderr.isTTY
    ? { terminal: { input: process.stdin, output: process.stderr } }
    : {}),
  superuser: process.getuid?.() === 0,
  onInterrupt: (interrupt) => {
    let asked = false
    const ask = (): void => {
      asked = true
      interrupt()
    }
    process.on('SIGINT', ask)
    process.on('SIGTERM', ask)
    // A lost terminal says so more than once, and nobody is there to have pressed a key twice.
    process.on('SIGHUP', () => {
      if (!asked) ask()
    })
  },
  onExit: (run) => {
    process.on('exit', run)
  },
})

try {
  process.exitCode = await program.run()
} catch (error) {
  process.exitCode = codeOf(error)
}
