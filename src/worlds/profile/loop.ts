// A closed loop over HTTP on a Keystone that is given: so many clients, each of which sends its next request when it has its answer.
// It exists to measure service times and throughput as the shipped profiles were measured: a connection for each request.
import { Pool } from 'undici'
import { StoppedError, WorldError } from '../../base/errors.js'
import type { TlsSettings } from '../../io/cloud/findCloud.js'

/** One request as it goes out. */
export interface Sent {
  readonly method: 'GET' | 'POST'
  /** With its leading `/`, from the root of the host. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

export interface Answer {
  readonly status: number
  readonly token: string | null
  readonly body: string
}

/** A Keystone and how it is reached. */
export interface Line {
  send(request: Sent): Promise<Answer>
  close(): Promise<void>
}

/**
 * @param origin scheme, host and port
 * @param signal gives up what is under way; then every request ends with a StoppedError
 */
export const openLine = (
  origin: string,
  {
    tls,
    timeoutMs,
    signal,
  }: { readonly tls: TlsSettings; readonly timeoutMs: number; readonly signal: AbortSignal },
): Line => {
  const pool = new Pool(origin, {
    connections: 64,
    pipelining: 1,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: { timeout: timeoutMs, ...tls },
  })
  const stop = (): void => void pool.destroy()
  signal.addEventListener('abort', stop)
  return {
    send: async ({ method, path, headers, body }) => {
      try {
        // `reset`: the connection is closed after the answer, and the Keystone is told so.
        const answer = await pool.request({ method, path, headers, body, reset: true })
        const subject = answer.headers['x-subject-token']
        return {
          status: answer.statusCode,
          token: typeof subject === 'string' ? subject : null,
          body: await answer.body.text(),
        }
      } catch (error) {
        if (signal.aborted) throw new StoppedError('stopped by the user')
        throw new WorldError(
          `no answer from ${origin}: ${error instanceof Error ? error.message : String(error)}`,
        )
      }
    },
    close: async () => {
      signal.removeEventListener('abort', stop)
      await pool.destroy()
    },
  }
}

export interface LoopOrder {
  readonly clients: number
  readonly seconds: number
  /** The request after so many others. */
  readonly request: (index: number) => Sent
  /** The answer that is meant to come; any other ends the measurement. */
  readonly status: number
}

/** Response times of what was answered within the time, milliseconds. @throws WorldError for another answer, or none */
export const runLoop = async (line: Line, order: LoopOrder): Promise<readonly number[]> => {
  const { clients, seconds, request, status } = order
  const times: number[] = []
  const endMs = performance.now() + seconds * 1000
  let sent = 0
  const client = async (): Promise<void> => {
    for (;;) {
      const sentMs = performance.now()
      if (sentMs >= endMs) return
      const one = request(sent++)
      const answer = await line.send(one)
      if (answer.status !== status)
        throw new WorldError(`${one.method} ${one.path} was answered with ${answer.status}, not ${status}`)
      const nowMs = performance.now()
      if (nowMs <= endMs) times.push(nowMs - sentMs)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  return times
}
