// A process between the backends and their database that lets each answer wait: a slow network, or a slow disk behind it.
// It is a process of its own so that neither the load generator nor a backend does its work.
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { answerParent } from './childProcess.js'

/** The calls that it answers. */
export interface DelayProxyCalls {
  /** Begins to listen, in front of a port of this machine. */
  open(targetPort: number): Promise<{ readonly port: number }>
  /** What each piece of an answer takes longer from now on. */
  setDelay(delayMs: number): void
}

let server: Server | null = null
let delayMs = 0
const sockets = new Set<Socket>()

/** Passes on what comes from the database when its time has come, in order. */
const delayed = (from: Socket, to: Socket): void => {
  let lastAtMs = 0
  from.on('data', (chunk: Buffer) => {
    const nowMs = performance.now()
    lastAtMs = Math.max(lastAtMs, nowMs + delayMs)
    if (lastAtMs <= nowMs) to.write(chunk)
    else setTimeout(() => to.write(chunk), lastAtMs - nowMs)
  })
}

const join = (client: Socket, targetPort: number): void => {
  const database = connect(targetPort, '127.0.0.1')
  for (const [socket, other] of [
    [client, database],
    [database, client],
  ] as const) {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => other.destroy())
    socket.on('close', () => {
      sockets.delete(socket)
      other.destroy()
    })
  }
  client.pipe(database)
  delayed(database, client)
}

const calls: DelayProxyCalls = {
  open: (targetPort) =>
    new Promise((resolve, reject) => {
      const listening = createServer((client) => join(client, targetPort))
      server = listening
      listening.once('error', reject)
      listening.listen(0, '127.0.0.1', () => resolve({ port: (listening.address() as AddressInfo).port }))
    }),
  setDelay: (ms) => {
    delayMs = ms
  },
}

answerParent({ ...calls }, () => {
  for (const socket of sockets) socket.destroy()
  server?.close()
  return Promise.resolve()
})
