// An operator with a cloud: sends requests as somebody and reads what comes back, one second apart.
// It exists so that tests of resources read like the commands of a client.
import type { Release } from '../../../src/scenario/scenario.js'
import type { ProviderMode } from '../../../src/token/mode.js'
import { createKeystone, ids, onProject } from './keystone.js'
import type { Keystone } from './keystone.js'

export type Json = Readonly<Record<string, unknown>>

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly json: Json
}

export interface Sender {
  readonly token: string
  send(method: string, path: string, json?: unknown): Answer
}

export interface Cloud {
  readonly keystone: Keystone
  readonly admin: Sender
  /** Logs in with a password; unscoped if no project is named. */
  login(userId: string, password: string, scope?: unknown): Answer & { readonly token: string }
  as(token: string | undefined): Sender
  /** Status of a token as X-Subject-Token and as X-Auth-Token. */
  judge(token: string): readonly [number, number]
}

/** A member of a body, which must be an object. */
export const object = (json: Json, name: string): Json => {
  const found = json[name]
  if (typeof found !== 'object' || found === null || Array.isArray(found)) {
    throw new Error(`no object ${name} in ${JSON.stringify(json)}`)
  }
  return found as Json
}

/** A member of a body, which must be a list of objects. */
export const list = (json: Json, name: string): readonly Json[] => {
  const found = json[name]
  if (!Array.isArray(found)) throw new Error(`no list ${name} in ${JSON.stringify(json)}`)
  return found as readonly Json[]
}

/** The names in a list. */
export const names = (json: Json, collection: string): readonly unknown[] =>
  list(json, collection).map((item) => item['name'])

export const idOf = (json: Json, name: string): string => String(object(json, name)['id'])

export const message = (answer: Answer): unknown => object(answer.json, 'error')['message']

export const createCloud = (release: Release = 'queens', mode: ProviderMode = 'uuid'): Cloud => {
  const keystone = createKeystone(release, mode)
  const sendAs = (token: string | undefined, method: string, target: string, json?: unknown): Answer => {
    keystone.nowSec++
    const [path = '', query = ''] = target.split('?')
    const reply = keystone.send(method, path, {
      query,
      ...(token === undefined ? {} : { auth: token }),
      ...(json === undefined ? {} : { json }),
    })
    return { status: reply.status, headers: reply.headers, json: reply.json as Json }
  }
  const as = (token: string | undefined): Sender => ({
    token: token ?? '',
    send: (method, target, json) => sendAs(token, method, target, json),
  })
  return {
    keystone,
    admin: as(keystone.login('admin', onProject(ids.serviceProject))),
    as,
    login(userId, password, scope = 'unscoped') {
      keystone.nowSec++
      const identity = { methods: ['password'], password: { user: { id: userId, password } } }
      const reply = keystone.send('POST', '/v3/auth/tokens', { json: { auth: { identity, scope } } })
      return {
        status: reply.status,
        headers: reply.headers,
        json: reply.json as Json,
        token: reply.issued?.id ?? '',
      }
    },
    judge(token) {
      keystone.nowSec++
      const service = keystone.login('nova', onProject(ids.serviceProject))
      return [
        keystone.send('GET', '/v3/auth/tokens', { auth: service, subject: token }).status,
        keystone.send('GET', '/v3/regions', { auth: token }).status,
      ]
    },
  }
}
