// The server of the live page: gives out the page, its events and the metrics, and takes what the operator asks for.
// It knows HTTP and nothing of runs; what it shows is told to it. It listens on 127.0.0.1 only.
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WorldError } from '../../base/errors.js'
import { systemCode } from '../systemCode.js'
import { refusalOf } from './admission.js'

/** One state of the page for those that have it open. `seen` rises with what stands on it. */
export interface LiveState {
  readonly seen: number
  readonly text: string
}

export interface LiveServerOptions {
  /** 0: any free one. */
  readonly port: number
  readonly token: string
  /** Which page there is now; who has another one open is told to load it anew. */
  readonly kind: () => string
  /** The page. Scripts with the nonce may run, or all that stand in it where its policy says so. */
  readonly page: (nonce: string) => { readonly html: string; readonly policy: string }
  readonly state: () => LiveState
  readonly metrics: () => Promise<string>
  /** Asked for by the operator; false if there is nothing of that kind to do. */
  readonly stop: () => boolean
  readonly trigger: (number: number) => boolean
}

/** Pages that may be open at a time, and connections in all. */
const watchersMost = 20
const connectionsMost = 100
/** What one slow reader may have waiting before states are left out for it, bytes. */
const waitingBytesMost = 4_000_000
/** A page that lost its connection asks again after this time. */
const retryMs = 500
/** How long the end waits for pages to fetch the report. */
const farewellMs = 5000

const commonHeaders = {
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

const sendText = (response: ServerResponse, status: number, text: string): void => {
  const headers = { ...commonHeaders, 'Content-Type': 'text/plain; charset=utf-8' }
  response.writeHead(status, headers).end(`${text}\n`)
}

export class LiveServer {
  private readonly options: LiveServerOptions
  private readonly server
  private readonly watchers = new Set<ServerResponse>()
  /** When a page last lost its connection: it may be just about to come back. */
  private lastLeftMs = -Infinity
  private over = false
  private fetched = 0
  private onFetched: () => void = () => {}

  private constructor(options: LiveServerOptions) {
    this.options = options
    this.server = createServer((request, response) => this.answer(request, response))
    this.server.maxConnections = connectionsMost
  }

  /** @throws WorldError if the port cannot be had */
  static async start(options: LiveServerOptions): Promise<LiveServer> {
    const live = new LiveServer(options)
    const { server } = live
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => {
        const why = systemCode(error) === 'EADDRINUSE' ? 'the port is taken' : systemCode(error)
        const remedy = 'name another one, or leave it away for any that is free'
        reject(
          new WorldError(`the live page cannot be served on 127.0.0.1:${options.port}: ${why}; ${remedy}`),
        )
      })
      server.listen({ host: '127.0.0.1', port: options.port }, () => resolve())
    })
    return live
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** Pages that are open. */
  get watching(): number {
    return this.watchers.size
  }

  /** Sends all open pages the state as it is now. One that is slow to read gets the next one. */
  publish(): void {
    if (this.watchers.size === 0) return
    const event = stateEvent(this.options.state())
    for (const watcher of this.watchers) if (watcher.writableLength < waitingBytesMost) watcher.write(event)
  }

  /** Tells all open pages that there is another page now. */
  turn(): void {
    for (const watcher of this.watchers) watcher.write(turnEvent)
  }

  /** The last page is there: waits until all that are open have fetched it, but not for long, and ends. */
  async farewell(): Promise<void> {
    const returning = performance.now() - this.lastLeftMs < 10 * retryMs ? 1 : 0
    const awaited = Math.max(this.watchers.size, returning)
    this.over = true
    this.turn()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, awaited === 0 ? 0 : farewellMs)
      this.onFetched = () => {
        if (this.fetched < awaited) return
        clearTimeout(timer)
        resolve()
      }
    })
    await this.close()
  }

  async close(): Promise<void> {
    for (const watcher of this.watchers) watcher.end()
    await new Promise((resolve) => {
      this.server.close(resolve)
      this.server.closeIdleConnections()
      // What has been written is on its way; who does not read it shall not keep the program.
      setTimeout(() => this.server.closeAllConnections(), 200)
    })
  }

  private answer(message: IncomingMessage, response: ServerResponse): void {
    message.resume()
    const method = message.method ?? 'GET'
    const [path = '/', search] = (message.url ?? '/').split('?', 2)
    const query = new URLSearchParams(search)
    const { token } = this.options
    const refusal = refusalOf({ method, path, query, headers: message.headers }, { port: this.port, token })
    if (refusal !== null) sendText(response, refusal.status, refusal.words)
    else if (path === '/') this.givePage(response)
    else if (path === '/events' && method === 'GET') this.follow(query, message, response)
    else if (path === '/metrics') void this.giveMetrics(response)
    else if (path === '/stop') this.settle(response, this.options.stop())
    else if (/^\/trigger\/\d{1,6}$/.test(path))
      this.settle(response, this.options.trigger(Number(path.slice('/trigger/'.length))))
    else sendText(response, 404, 'There is nothing here.')
  }

  private settle(response: ServerResponse, done: boolean): void {
    if (done) sendText(response, 202, 'Asked for.')
    else sendText(response, 409, 'There is nothing of that kind to do.')
  }

  private givePage(response: ServerResponse): void {
    const nonce = randomBytes(16).toString('base64')
    const { html, policy } = this.options.page(nonce)
    const headers = {
      ...commonHeaders,
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': `${policy}; frame-ancestors 'none'`,
    }
    if (this.over) {
      response.setHeader('Connection', 'close')
      response.once('finish', () => {
        this.fetched++
        this.onFetched()
      })
    }
    response.writeHead(200, headers).end(html)
  }

  private async giveMetrics(response: ServerResponse): Promise<void> {
    const text = await this.options.metrics()
    const headers = { ...commonHeaders, 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }
    response.writeHead(200, headers).end(text)
  }

  private follow(query: URLSearchParams, message: IncomingMessage, response: ServerResponse): void {
    if (this.watchers.size >= watchersMost) {
      sendText(response, 503, `The page is open ${watchersMost} times already.`)
      return
    }
    response.writeHead(200, { ...commonHeaders, 'Content-Type': 'text/event-stream; charset=utf-8' })
    response.write(`retry: ${retryMs}\n\n`)
    response.once('close', () => {
      this.watchers.delete(response)
      this.lastLeftMs = performance.now()
    })
    this.watchers.add(response)
    if (query.get('kind') !== this.options.kind()) {
      response.write(turnEvent)
      return
    }
    // Each state holds all of the record so far, so whoever was away for a while has missed nothing.
    const last = message.headers['last-event-id'] ?? query.get('seen')
    const state = this.options.state()
    if (String(state.seen) !== last) response.write(stateEvent(state))
  }
}

const stateEvent = ({ seen, text }: LiveState): string => `event: state\nid: ${seen}\ndata: ${text}\n\n`

const turnEvent = 'event: turn\ndata: \n\n'
