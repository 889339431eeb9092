// A memcached of our own for one rehearsal or test: 127.0.0.1, a free port, nothing kept.
// It exists so that `cache: memcached` is a real one, and needs one Debian package and no setting up.
import type { ChildProcess } from 'node:child_process'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { WorldError } from '../../base/errors.js'
import { findProgram, freePort, hasEnded, spawnPrivate, stopPrivate } from '../privateProcess.js'

export interface PrivateMemcached {
  /** `127.0.0.1:port`. */
  readonly address: string
  readonly pid: number
  /** Ends it and waits until it is gone. May be called again. */
  stop(): Promise<void>
  /** Starts it again at its port, empty. */
  start(): Promise<void>
}

/** Megabytes; when it is full, what was least used goes first, as in any memcached. */
const memoryMb = 512
const startPatienceMs = 30_000
const probeMs = 10
/** Ports tried, in case somebody takes the free one that was found before memcached does. */
const portsMax = 5

/** Whether it is this very process that answers at the port, and not one that took it first. */
const isServing = (port: number, pid: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('stats\r\n'))
    let text = ''
    const end = (served: boolean): void => {
      socket.destroy()
      done(served)
    }
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (text.endsWith('END\r\n')) end(text.includes(`STAT pid ${pid}\r\n`))
    })
    socket.once('error', () => end(false))
    socket.once('close', () => end(false))
  })

/** @param onDeath told when it ends by itself */
export const startMemcached = async (
  onDeath: (code: number | null, signal: string | null) => void = () => {},
): Promise<PrivateMemcached> => {
  const program = findProgram('memcached')
  if (program === null) {
    throw new WorldError(
      'cache: memcached needs the program memcached, which is not on this system; on Debian or Ubuntu: ' +
        'apt-get install memcached. Or use another cache: none, process',
    )
  }
  const user = process.getuid?.() === 0 ? ['-u', 'root'] : []
  /** Null: somebody else has the port. */
  const launch = async (port: number): Promise<ChildProcess | null> => {
    const child = spawnPrivate(program, [
      ...user,
      '-l',
      '127.0.0.1',
      '-p',
      String(port),
      '-U',
      '0',
      '-m',
      String(memoryMb),
    ])
    const until = performance.now() + startPatienceMs
    while (child.pid !== undefined && !hasEnded(child) && performance.now() < until) {
      if (await isServing(port, child.pid)) return child
      await wait(probeMs)
    }
    await stopPrivate(child)
    return null
  }
  for (let attempt = 0; attempt < portsMax; attempt++) {
    const port = await freePort()
    let child = await launch(port)
    if (child === null) continue
    const { pid } = child
    let expected = false
    const mourn = (of: ChildProcess): void => {
      of.once('exit', (code, signal) => {
        if (!expected) onDeath(code, signal)
      })
    }
    mourn(child)
    return {
      address: `127.0.0.1:${port}`,
      pid: pid as number,
      stop: async () => {
        expected = true
        if (child !== null) await stopPrivate(child)
      },
      start: async () => {
        child = await launch(port)
        if (child === null) throw new WorldError('somebody has taken the port of memcached')
        expected = false
        mourn(child)
      },
    }
  }
  throw new WorldError(`memcached (${program}) does not start`)
}
