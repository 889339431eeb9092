// A request to the identity API and its reply, free of any HTTP library, and the ways to make a reply.
// It exists so that a server and a simulation can hand over requests at the price of an object.
import type { Cause } from '../measure/sample.js'
import type { TokenFormat } from '../token/uuid.js'
import type { Context } from './context.js'
import { errorText } from './errors.js'
import type { RefusedToken, Refusal } from './errors.js'
import { jsonText } from './json.js'

export interface Request {
  /** Upper case. */
  readonly method: string
  /** Without query, percent-decoded or not: ids need no decoding. */
  readonly path: string
  /** Without the question mark; empty if there is none. */
  readonly query: string
  /** A header's value by its lower-case name. */
  header(name: string): string | undefined
  /** The parsed body; undefined if there is none. */
  readonly json: unknown
  /** The body was not JSON: a 400 where a body is wanted. */
  readonly bodyProblem?: string
}

export interface Reply {
  readonly status: number
  readonly headers: Record<string, string>
  /** Writes the body; not called for what nobody reads. Null: no body. */
  readonly body: (() => string) | null
  /** Why a token was refused; null if none was. */
  readonly cause: Cause | null
  readonly refused: RefusedToken | null
  readonly issued: { readonly id: string; readonly expiresAtSec: number } | null
  /** What the subject token of a validation looked like, in every mode; null if there was none or neither format. */
  readonly seenFormat: TokenFormat | null
}

const noneOfTokens = { cause: null, refused: null, issued: null, seenFormat: null } as const

const headersFor = (context: Context): Record<string, string> => ({
  Vary: 'X-Auth-Token',
  'Content-Type': 'application/json',
  'x-openstack-request-id': context.requestId,
})

/** A reply with a JSON body. `more` says what the reply knows of tokens, and further headers. */
export const replyJson = (
  context: Context,
  status: number,
  body: () => string,
  more: Partial<Omit<Reply, 'status' | 'body'>> = {},
): Reply => {
  const headers = headersFor(context)
  if (more.headers !== undefined) Object.assign(headers, more.headers)
  return {
    status,
    headers,
    body,
    cause: more.cause ?? null,
    refused: more.refused ?? null,
    issued: more.issued ?? null,
    seenFormat: more.seenFormat ?? null,
  }
}

/** A reply whose body is a value. */
export const replyValue = (context: Context, status: number, value: unknown): Reply =>
  replyJson(context, status, () => jsonText(value))

/** 204. */
export const replyNothing = (context: Context, more: Partial<Pick<Reply, 'seenFormat'>> = {}): Reply => ({
  ...noneOfTokens,
  ...more,
  status: 204,
  headers: { Vary: 'X-Auth-Token', 'x-openstack-request-id': context.requestId },
  body: null,
})

/** A refusal as a reply. A 401 tells where to authenticate, unless a method says something of its own. */
export const replyRefusal = (
  context: Context,
  refusal: Refusal,
  more: Partial<Pick<Reply, 'refused' | 'seenFormat' | 'headers'>> = {},
): Reply => {
  const reply = replyJson(context, refusal.status, () => errorText(refusal), {
    ...more,
    cause: refusal.cause,
  })
  if (refusal.status === 401 && refusal.identity === undefined) {
    const { publicUrl, profile } = context.config
    reply.headers['WWW-Authenticate'] = `Keystone uri="${publicUrl}${profile.challengePath}"`
  }
  return reply
}

/** The same reply to HEAD: status and headers, the length of the body that GET sends, no body. */
export const withoutBody = (reply: Reply): Reply => {
  if (reply.body === null) return reply
  // All our JSON is ASCII, so characters are bytes.
  return {
    ...reply,
    headers: { ...reply.headers, 'Content-Length': String(reply.body().length) },
    body: null,
  }
}

/** Whether a name occurs in a query string, with whatever value. */
export const hasQuery = (query: string, name: string): boolean => {
  if (query === '') return false
  return query.split('&').some((part) => part === name || part.startsWith(`${name}=`))
}

/** The raw value of a name in a query string; null if it is not there, empty if it has none. */
export const queryValue = (query: string, name: string): string | null => {
  for (const part of query.split('&')) {
    if (part === name) return ''
    if (part.startsWith(`${name}=`)) return part.slice(name.length + 1)
  }
  return null
}

/** Whether a filter is on: present, and not one of the ways in which Keystone reads "no". */
export const isQueryTrue = (query: string, name: string): boolean => {
  if (query === '') return false
  const value = queryValue(query, name)
  return value !== null && !['0', 'false', 'no', 'off', 'n', 'f'].includes(value.toLowerCase())
}
