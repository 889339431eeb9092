// Programs of the system that run for us alone (a database, a real Keystone): found, started, ended with us.
// It exists so that every private server is started and ended in one way, and none outlives its rehearsal.
import { spawn } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'

/** Time to end by itself after SIGTERM. */
const stopPatienceMs = 10_000

const systemFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** The path of a program; folders of system programs count even where an ordinary user's PATH leaves them out. */
export const findProgram = (name: string): string | null => {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter).filter(Boolean), ...systemFolders]
  for (const folder of folders) {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return join(folder, name)
    } catch {
      // Not here; look in the next folder.
    }
  }
  return null
}

/** A port of 127.0.0.1 that is free now; somebody else may still take it before it is used. */
export const freePort = (): Promise<number> =>
  new Promise((found, failed) => {
    const server = createServer()
    server.once('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => found(port))
    })
  })

export const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/**
 * Starts a server so that it ends with us. Our exit handler ends it whenever Node still gets to run one. For the
 * rest (SIGKILL, a crash) the kernel does it, asked by `setpriv --pdeathsig` of util-linux, which becomes the server
 * (same pid); on a system without that program a killed process leaves its server running.
 * @param options.deathSignal `SIGKILL` for a server that may be stopped by a signal at that moment: it would read no other
 */
export const spawnPrivate = (
  program: string,
  parameters: readonly string[],
  {
    deathSignal = 'SIGTERM',
    ...options
  }: SpawnOptions & { readonly deathSignal?: 'SIGTERM' | 'SIGKILL' } = {},
): ChildProcess => {
  const setpriv = findProgram('setpriv')
  const [command, all] =
    setpriv === null ? [program, parameters] : [setpriv, ['--pdeathsig', deathSignal, program, ...parameters]]
  // A group of its own: at Ctrl-C we end it ourselves, when the run has been wound down.
  const child = spawn(command, all, { stdio: 'ignore', detached: true, ...options })
  const endWithUs = (): void => {
    child.kill('SIGKILL')
  }
  process.once('exit', endWithUs)
  child.once('exit', () => process.removeListener('exit', endWithUs))
  return child
}

/** Ends a server and waits until it is gone. May be called again. */
export const stopPrivate = async (child: ChildProcess): Promise<void> => {
  if (hasEnded(child)) return
  child.ref()
  const ended = new Promise<void>((done) => {
    child.once('exit', () => done())
  })
  child.kill('SIGTERM')
  const impatience = setTimeout(() => child.kill('SIGKILL'), stopPatienceMs)
  await ended
  clearTimeout(impatience)
}
