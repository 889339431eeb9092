// The identity API as an operator's script uses it: one call, its answer, nothing hidden.
// It exists so that a real Keystone and our service are asked with the same words and compared answer by answer.
import { WorldError } from '../../src/base/errors.js'

export interface Call {
  /** X-Auth-Token. */
  readonly auth?: string
  /** X-Subject-Token. */
  readonly subject?: string
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Null: there is none. */
  readonly body: Readonly<Record<string, unknown>> | null
}

/** A token as it was issued. */
export interface IssuedToken {
  readonly id: string
  /** `token` of the answer's body. */
  readonly body: Readonly<Record<string, unknown>>
}

const tokens = '/v3/auth/tokens'

export class IdentityApi {
  /** Without `/v3`. */
  readonly url: string

  constructor(url: string) {
    this.url = url
  }

  async call(method: string, path: string, call: Call = {}): Promise<Answer> {
    const { auth, subject, json, headers } = call
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(auth === undefined ? {} : { 'x-auth-token': auth }),
        ...(subject === undefined ? {} : { 'x-subject-token': subject }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    })
    const text = await answer.text()
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: text === '' ? null : (JSON.parse(text) as Answer['body']),
    }
  }

  /** The one member of a good answer's body. @throws WorldError if the answer is another one */
  async ask<T>(method: string, path: string, call: Call = {}): Promise<T> {
    const { status, body } = await this.call(method, path, call)
    if (status >= 300) throw new WorldError(`${method} ${path}: ${status} ${JSON.stringify(body)}`)
    const [first] = Object.entries(body ?? {}).filter(([name]) => name !== 'links')
    return first?.[1] as T
  }

  /** POST /v3/auth/tokens; `scope` undefined: none is asked for. */
  authenticate(identity: unknown, scope?: unknown): Promise<Answer> {
    const auth = { identity, ...(scope === undefined ? {} : { scope }) }
    return this.call('POST', tokens, { json: { auth } })
  }

  /** The same, which must give a token. @throws WorldError */
  async token(identity: unknown, scope?: unknown): Promise<IssuedToken> {
    return issuedOf(await this.authenticate(identity, scope))
  }

  /** GET or HEAD /v3/auth/tokens. */
  validate(asked: { readonly auth: string; readonly subject: string }, method = 'GET'): Promise<Answer> {
    return this.call(method, tokens, asked)
  }

  revoke(asked: { readonly auth: string; readonly subject: string }): Promise<Answer> {
    return this.call('DELETE', tokens, asked)
  }
}

/** The token in an answer. @throws WorldError if there is none */
export const issuedOf = ({ status, headers, body }: Answer): IssuedToken => {
  const id = headers['x-subject-token']
  if (status !== 201 || id === undefined) {
    throw new WorldError(`no token was issued: ${status} ${JSON.stringify(body)}`)
  }
  return { id, body: body?.['token'] as IssuedToken['body'] }
}

/** Method `password`, by the user's id. */
export const byPassword = (userId: string, password: string): unknown => ({
  methods: ['password'],
  password: { user: { id: userId, password } },
})

/** Method `token`. */
export const byToken = (id: string): unknown => ({ methods: ['token'], token: { id } })
