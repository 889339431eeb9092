// Refusals before there is a request: what is no HTTP, comes too slowly, or is too large.
// It exists because Node answers these without a body, and a client of Keystone reads the body of every error.
import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** The body of an error that the identity logic does not see. */
export const errorBody = (code: number, title: string, message: string): string =>
  JSON.stringify({ error: { code, title, message } })

/** What is not HTTP is refused before there is a request; these are the words for it, by the parser's code (`CONNECT` is ours). */
const wireRefusals: Readonly<Record<string, readonly [status: number, title: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'The headers of the request are too large.'],
  CONNECT: [405, 'Method Not Allowed', 'The method is not allowed for the requested URL.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request did not arrive in time.'],
}
const notHttp = [400, 'Bad Request', 'The request is no valid HTTP.'] as const

/** The last answer on a connection, for when there is no response to write it to. */
const lastAnswer = ([status, title, message]: readonly [number, string, string]): string => {
  const body = errorBody(status, title, message)
  return (
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/json\r\nVary: X-Auth-Token\r\n` +
    `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
  )
}

/** How long what a refused client still sends is read and dropped: closing at once would cut off the answer. */
const lingerMs = 1000

/** Answers connections that speak no HTTP, each once, after the answers that are still due on them. */
export class WireRefusals {
  private readonly last = new WeakMap<Duplex, ServerResponse>()
  private readonly refused = new WeakSet<Duplex>()

  /** A response of this connection that will be written for certain. */
  due(socket: Duplex, response: ServerResponse): void {
    this.last.set(socket, response)
  }

  /** @param code what the parser says of it */
  refuse(socket: Duplex, code: string): void {
    if (this.refused.has(socket)) return
    this.refused.add(socket)
    const text = lastAnswer(wireRefusals[code] ?? notHttp)
    const last = this.last.get(socket)
    // Responses are written in the order of their requests, so the last one closes after all of them.
    if (last === undefined || last.closed) end(socket, text)
    else last.once('close', () => end(socket, text))
  }
}

const end = (socket: Duplex, text: string): void => {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  socket.end(text)
  // A listener, and not `resume`: the parser holds the socket until somebody else wants its data.
  socket.on('data', () => {})
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
}
