// A Keystone's API as an operator's script uses it: logged in, one call after the other, logged in again when the token dies.
// It exists to make users and remove them at a Keystone that is given; load is sent elsewhere (`keystoneClient.ts`).
import { setTimeout as wait } from 'node:timers/promises'
import { Pool } from 'undici'
import { WorldError } from '../base/errors.js'
import { accessBody, accessText, type CloudAccess } from './cloud/access.js'
import type { TlsSettings } from './cloud/findCloud.js'
import { whyNoAnswer } from './noAnswer.js'

/** How often a request is sent again whose connection broke, and how long after. */
const brokenTries = 4
const brokenWaitMs = 250

export interface ApiAnswer {
  readonly status: number
  readonly token: string | null
  /** Null: there is none, or it is no JSON. */
  readonly body: Readonly<Record<string, unknown>> | null
}

export interface KeystoneApiOptions {
  readonly access: CloudAccess
  readonly tls: TlsSettings
  readonly timeoutMs: number
  /** Waits until one more request may be sent. */
  readonly admit: () => Promise<void>
}

export class KeystoneApi {
  private readonly options: KeystoneApiOptions
  private readonly pool: Pool
  private readonly path: string
  private token: string | null = null

  constructor(options: KeystoneApiOptions) {
    this.options = options
    const { access, tls, timeoutMs } = options
    const { origin, pathname } = new URL(access.url)
    this.path = pathname
    // No interceptor: a redirection is an answer like any other, and leads nowhere.
    this.pool = new Pool(origin, {
      connections: 4,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connect: { timeout: timeoutMs, ...tls },
    })
  }

  /** Logs in as whom the access names. @throws WorldError with Keystone's own words, never with the password */
  async login(): Promise<string> {
    const { access } = this.options
    const answer = await this.raw('POST', '/auth/tokens', accessBody(access), null)
    if (answer.status !== 201 || answer.token === null) {
      throw new WorldError(`no login as ${accessText(access)}: ${wordsOf(answer)}`)
    }
    this.token = answer.token
    return answer.token
  }

  /** One call as that user; a 401 logs in again and repeats it once. */
  async call(method: string, path: string, json?: unknown): Promise<ApiAnswer> {
    const first = await this.raw(method, path, json, this.token ?? (await this.login()))
    return first.status === 401 ? this.raw(method, path, json, await this.login()) : first
  }

  /** The same, which must succeed. `what` says for people what it was to do. @throws WorldError */
  async must(
    method: string,
    path: string,
    what: string,
    json?: unknown,
  ): Promise<Readonly<Record<string, unknown>>> {
    const answer = await this.call(method, path, json)
    if (answer.status < 200 || answer.status > 299) throw new WorldError(`${what}: ${wordsOf(answer)}`)
    return answer.body ?? {}
  }

  /** Our own token, looked at by the holder of another, as services look at a user's. */
  async validatedBy(token: string): Promise<ApiAnswer> {
    const subject = this.token ?? (await this.login())
    return this.raw('GET', '/auth/tokens', undefined, token, { 'x-subject-token': subject })
  }

  /**
   * One request with a token, or with none. What may be sent twice without harm is sent again when the connection broke: some
   * servers close one that a client takes to be kept. @throws WorldError without an answer
   */
  async raw(
    method: string,
    path: string,
    json: unknown,
    token: string | null,
    more: Readonly<Record<string, string>> = {},
  ): Promise<ApiAnswer> {
    for (let triesLeft = method === 'POST' ? 0 : brokenTries; ; triesLeft--) {
      await this.options.admit()
      try {
        return await this.send(method, path, json, {
          ...(token === null ? {} : { 'x-auth-token': token }),
          ...more,
        })
      } catch (error) {
        if (triesLeft <= 0)
          throw new WorldError(`no answer from ${this.options.access.url}: ${whyNoAnswer(error)}`)
        await wait(brokenWaitMs)
      }
    }
  }

  private async send(
    method: string,
    path: string,
    json: unknown,
    given: Readonly<Record<string, string>>,
  ): Promise<ApiAnswer> {
    const { statusCode, headers, body } = await this.pool.request({
      method,
      path: `${this.path}${path}`,
      headers: {
        ...given,
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: json === undefined ? null : JSON.stringify(json),
    })
    const text = await body.text()
    const subject = headers['x-subject-token']
    return { status: statusCode, token: typeof subject === 'string' ? subject : null, body: readBody(text) }
  }

  async close(): Promise<void> {
    await this.pool.destroy()
  }
}

const readBody = (text: string): ApiAnswer['body'] => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as ApiAnswer['body']) : null
  } catch {
    return null
  }
}

/** What an answer that was not wanted says: `401 The request you have made requires authentication.` */
export const wordsOf = ({ status, body }: ApiAnswer): string => {
  const error = body?.['error'] as { readonly message?: unknown } | undefined
  const message = typeof error?.message === 'string' ? error.message : ''
  if (status >= 300 && status < 400) return `${status}, a redirection, which is not followed`
  return message === '' ? `${status}` : `${status} ${message}`
}
