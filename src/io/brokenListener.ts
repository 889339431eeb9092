// A port on which connections are taken and broken: what clients meet while a server's processes end and its socket is still open.
// It stands in for a backend during the first phase of a restart.
import { createServer, type Socket } from 'node:net'
import { WorldError } from '../base/errors.js'

export interface BrokenListener {
  /** Breaks every connection with a reset, and stops listening. */
  close(): Promise<void>
}

/** Listens on a port whose server has just ended. Nothing that is sent there is read. */
export const openBrokenListener = async (host: string, port: number): Promise<BrokenListener> => {
  const sockets = new Set<Socket>()
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new WorldError(`cannot listen on ${host}:${port} (${error.code ?? error.message})`)),
    )
    server.listen(port, host, resolve)
  })
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.resetAndDestroy()
      }),
  }
}
