// The identity API over HTTP: reads a request within bounds, lets the identity logic answer it, writes the answer.
// It knows node:http and nothing of Keystone; the logic knows Keystone and nothing of node:http.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Server as SocketServer, Socket } from 'node:net'
import { WorldError } from '../base/errors.js'
import type { Context } from '../identity/context.js'
import { drive, type Answer } from '../identity/drive.js'
import type { Reply, Request } from '../identity/exchange.js'
import { readBody } from '../identity/requestBody.js'
import { handle } from '../identity/routes.js'
import type { MaybePromise } from '../identity/store.js'
import { causeHeader, nodeHeader } from './keystoneClient.js'
import { errorBody, WireRefusals } from './wireRefusals.js'

/** Bounds on what a request may bring; Keystone's `[oslo_middleware] max_request_body_size` is 114,688 too. */
const bodyBytesMax = 114_688
const headerBytesMax = 32_768

/** How long a client may take, milliseconds. */
export interface Patience {
  /** Until all headers of a request are there. */
  readonly headersMs: number
  /** Until the whole request is there. */
  readonly requestMs: number
  /** How often connections are looked at for that. */
  readonly checkMs: number
}

/** Generous: a machine that is short of processors keeps honest clients waiting, too. */
const patience: Patience = { headersMs: 60_000, requestMs: 120_000, checkMs: 10_000 }

/** A request that a worker has taken. */
export interface HeldRequest {
  /** Answers its questions. */
  readonly answer: Answer
  /** Its reply is known: `send` is called when the worker is through with it. */
  answered(status: number, send: () => void): void
}

/** Workers that requests wait for, and that take longer than this server does. */
export interface Hold {
  /** `begin` is called when a worker takes the request; with null if it needs none. */
  admit(request: Request, begin: (held: HeldRequest | null) => void): void
  drop(): void
}

export interface IdentityServerOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** A socket that listens already, shared with other processes; then host and port are not looked at. */
  readonly shared?: SocketServer
  /**
   * Brings what the node knows up to date (facts, keys). Called once for all requests that the event loop found
   * waiting together, after they were read: what was done before a client sent its request is seen when it is answered.
   */
  readonly refresh: () => MaybePromise<void>
  readonly context: () => Context
  readonly answer: Answer
  /** Whether refusals carry their cause in a header: for rehearsals, not for a stand-in of Keystone. */
  readonly explain: boolean
  readonly patience?: Patience
  /** Which backend this is, told with each answer; for backends behind a balancer. */
  readonly node?: number
  /** Without it every request is answered as soon as it can be. */
  readonly hold?: Hold
  /** Told of each answer, when it is written. */
  readonly onAnswer?: (method: string, path: string, status: number) => void
  /** Told of an error that is ours; never given a token or a password. */
  readonly onDefect: (error: unknown) => void
}

export interface IdentityServer {
  readonly port: number
  readonly server: Server
  /** Requests that were read and are not answered yet. */
  readonly underWay: number
  close(): Promise<void>
}

/** A request as the logic sees it. */
class HttpRequest implements Request {
  readonly method: string
  readonly path: string
  readonly query: string
  json: unknown = undefined
  bodyProblem?: string
  private readonly message: IncomingMessage

  constructor(message: IncomingMessage) {
    this.message = message
    this.method = message.method ?? 'GET'
    const url = message.url ?? '/'
    const mark = url.indexOf('?')
    this.path = mark < 0 ? url : url.slice(0, mark)
    this.query = mark < 0 ? '' : url.slice(mark + 1)
  }

  header(name: string): string | undefined {
    const value = this.message.headers[name]
    return Array.isArray(value) ? value[0] : value
  }

  take(body: string): void {
    const { json, bodyProblem } = readBody(body)
    this.json = json
    if (bodyProblem !== undefined) this.bodyProblem = bodyProblem
  }
}

/** A request that waits for its reply. */
interface Exchange {
  readonly request: HttpRequest
  readonly response: ServerResponse
  reply: MaybePromise<Reply> | null
  held: HeldRequest | null
  ended: boolean
}

export const startIdentityServer = async (options: IdentityServerOptions): Promise<IdentityServer> => {
  const wire = new WireRefusals()
  /** An error that the identity logic does not see. */
  const refuse = (response: ServerResponse, status: number, title: string, message: string): void => {
    wire.due(response.req.socket, response)
    options.onAnswer?.(response.req.method ?? '', response.req.url ?? '', status)
    const body = errorBody(status, title, message)
    const headers = {
      'Content-Type': 'application/json',
      Vary: 'X-Auth-Token',
      'Content-Length': body.length,
      ...(options.node === undefined ? {} : { [nodeHeader]: String(options.node) }),
    }
    response.writeHead(status, title, headers).end(body)
  }
  let underWay = 0
  const end = (exchange: Exchange): void => {
    if (!exchange.ended) underWay--
    exchange.ended = true
  }
  const write = (exchange: Exchange, reply: Reply): void => {
    const { held } = exchange
    if (held === null) writeNow(exchange, reply)
    else
      held.answered(reply.status, () => {
        try {
          writeNow(exchange, reply)
        } catch (error) {
          failNow(exchange, error)
        }
      })
  }

  const writeNow = (exchange: Exchange, reply: Reply): void => {
    const { request, response } = exchange
    const { headers } = reply
    end(exchange)
    options.onAnswer?.(request.method, request.path, reply.status)
    if (options.node !== undefined) headers[nodeHeader] = String(options.node)
    if (options.explain && reply.cause !== null) headers[causeHeader] = reply.cause
    if (reply.body === null) {
      if (request.method !== 'HEAD' && headers['Content-Length'] === undefined)
        headers['Content-Length'] = '0'
      response.writeHead(reply.status, headers).end()
    } else {
      // The logic's JSON is ASCII throughout, so characters are bytes, and Latin-1 is the quickest way to write them.
      const body = reply.body()
      headers['Content-Length'] = String(body.length)
      response.writeHead(reply.status, headers).end(body, 'latin1')
    }
  }

  const fail = (exchange: Exchange, error: unknown): void => {
    exchange.held?.answered(500, () => {})
    failNow(exchange, error)
  }

  const failNow = (exchange: Exchange, error: unknown): void => {
    const { response } = exchange
    end(exchange)
    options.onDefect(error)
    if (response.headersSent) {
      response.destroy()
      return
    }
    const message = 'An unexpected error prevented the server from fulfilling your request.'
    refuse(response, 500, 'Internal Server Error', message)
  }

  // Requests that the event loop found waiting together are answered together: all of them read, then all judged,
  // then all answers written. Each step's code and data are then met in the processor's caches by all but the first,
  // which saves a third of a validation, and a client that waits for several answers is woken once.
  let waiting: Exchange[] = []
  const enqueue = (exchange: Exchange, socket: Socket): void => {
    wire.due(socket, exchange.response)
    underWay++
    if (options.hold === undefined) join(exchange)
    else
      options.hold.admit(exchange.request, (held) => {
        exchange.held = held
        join(exchange)
      })
  }

  // Immediates run when all sockets that were ready have been read. Once round the loop more finds the requests that
  // came meanwhile, for the price of one look.
  const join = (exchange: Exchange): void => {
    if (waiting.push(exchange) === 1) setImmediate(() => setImmediate(answerWaiting))
  }

  const answerWaiting = (): void => {
    if (waiting.length === 0) return
    const batch = waiting
    waiting = []
    try {
      const fresh = options.refresh()
      if (fresh instanceof Promise) {
        fresh.then(
          () => conduct(batch),
          (error: unknown) => failAll(batch, error),
        )
      } else conduct(batch)
    } catch (error) {
      failAll(batch, error)
    }
  }

  const failAll = (batch: readonly Exchange[], error: unknown): void => {
    for (const exchange of batch) fail(exchange, error)
  }

  const conduct = (batch: readonly Exchange[]): void => {
    for (const exchange of batch) {
      try {
        exchange.reply = drive(
          handle(exchange.request, options.context()),
          exchange.held?.answer ?? options.answer,
        )
      } catch (error) {
        fail(exchange, error)
      }
    }
    for (const exchange of batch) {
      const { reply } = exchange
      if (reply === null) continue
      if (reply instanceof Promise) {
        reply.then((late) => write(exchange, late)).catch((error: unknown) => fail(exchange, error))
        continue
      }
      try {
        write(exchange, reply)
      } catch (error) {
        fail(exchange, error)
      }
    }
  }

  const { headersMs, requestMs, checkMs } = options.patience ?? patience
  const server = createServer(
    {
      maxHeaderSize: headerBytesMax,
      keepAliveTimeout: 60_000,
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: checkMs,
      // Node would answer without a body.
      requireHostHeader: false,
    },
    (message, response) => {
      if (message.headers.host === undefined && message.httpVersion === '1.1') {
        refuse(response, 400, 'Bad Request', 'The request names no host.')
        message.resume()
        return
      }
      const request = new HttpRequest(message)
      const announced = message.headers['content-length']
      if (announced === undefined && message.headers['transfer-encoding'] === undefined) {
        enqueue({ request, response, reply: null, held: null, ended: false }, message.socket)
        return
      }
      const chunks: Buffer[] = []
      let bytes = 0
      /** The rest is read and dropped, for as long as a request may take. */
      const refuseLarge = (): void => {
        chunks.length = 0
        refuse(response, 413, 'Request Entity Too Large', 'Request is too large.')
      }
      if (Number(announced ?? 0) > bodyBytesMax) refuseLarge()
      message.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (response.headersSent) return
        if (bytes <= bodyBytesMax) chunks.push(chunk)
        else refuseLarge()
      })
      message.on('end', () => {
        if (response.headersSent) return
        request.take(Buffer.concat(chunks).toString('utf8'))
        enqueue({ request, response, reply: null, held: null, ended: false }, message.socket)
      })
      message.on('error', () => {})
    },
  )
  // Node cuts off whoever closes their side before they are answered: so who waits is answered first.
  server.on('connection', (socket: Socket) => socket.prependListener('end', answerWaiting))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    answerWaiting()
    // A connection that the other side has given up is nobody's to answer.
    if (error.code === 'ECONNRESET' || error.code === 'EPIPE') socket.destroy()
    else wire.refuse(socket, error.code ?? '')
  })
  server.on('connect', (_, socket) => wire.refuse(socket, 'CONNECT'))
  server.on('checkExpectation', (_, response: ServerResponse) => {
    refuse(response, 417, 'Expectation Failed', 'The expectation of the request cannot be met.')
  })

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        new WorldError(`cannot listen on ${options.host}:${options.port} (${error.code ?? error.message})`),
      )
    })
    if (options.shared === undefined) server.listen(options.port, options.host, resolve)
    else server.listen(options.shared, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    port,
    server,
    get underWay() {
      return underWay
    },
    close: () =>
      new Promise((resolve) => {
        options.hold?.drop()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
