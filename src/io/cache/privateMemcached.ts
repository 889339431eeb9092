// A memcached of our own for one rehearsal or test: 127.0.0.1, a free port, nothing kept.
// It exists so that `cache: memcached` is a real one, and needs one Debian package and no setting up.
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
  for (let attempt = 0; attempt < portsMax; attempt++) {
    const port = await freePort()
    const parameters = [...user, '-l', '127.0.0.1', '-p', String(port), '-U', '0', '-m', String(memoryMb)]
    const child = spawnPrivate(program, parameters)
    const { pid } = child
    if (pid === undefined) break
    const until = performance.now() + startPatienceMs
    let serving = false
    while (!serving && !hasEnded(child) && performance.now() < until) {
      serving = await isServing(port, pid)
      if (!serving) await wait(probeMs)
    }
    if (!serving) {
      await stopPrivate(child)
      continue
    }
    let expected = false
    child.once('exit', (code, signal) => {
      if (!expected) onDeath(code, signal)
    })
    return {
      address: `127.0.0.1:${port}`,
      pid,
      stop: () => {
        expected = true
        return stopPrivate(child)
      },
    }
  }
  throw new WorldError(`memcached (${program}) does not start`)
}
