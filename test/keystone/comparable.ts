// What may be compared of two services' answers: all but what differs by nature, with sets in one order.
// Exists as the one list of what differs, so that nothing else can hide.
import type { Answer } from './identityApi.js'

/** Differ by nature: the id of each request, the connection's own headers, the length that follows from spelling. */
const ownHeaders = ['x-openstack-request-id', 'connection', 'keep-alive', 'date', 'content-length']

type Json = unknown

const byId = (list: readonly Json[]): Json[] =>
  [...list].sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))

/** Lists that Keystone makes of Python's sets, so that their order says nothing. */
const unordered = ['methods', 'roles', 'groups']

const inOrder = (value: Json, name = ''): Json => {
  if (Array.isArray(value)) {
    const items = value.map((item: Json) => inOrder(item))
    return unordered.includes(name) ? byId(items) : items
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([key, item]) => [key, inOrder(item, key)]),
  )
}

/** An answer without what differs by nature. */
export const comparable = ({ status, headers, body }: Answer): Json => ({
  status,
  headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !ownHeaders.includes(name))),
  body: inOrder(body),
})

/** An answer to a login: besides, the token itself, its audit ids (how many counts) and its times differ. */
export const comparableIssue = (answer: Answer | undefined): Json => {
  if (answer === undefined) return undefined
  const { 'x-subject-token': _, ...headers } = answer.headers
  const token = answer.body?.['token'] as Readonly<Record<string, Json>> | undefined
  if (token === undefined) return comparable(answer)
  const { audit_ids: auditIds, issued_at: __, expires_at: ___, ...rest } = token
  const said = { ...rest, audit_ids: (auditIds as readonly string[]).length }
  return comparable({ ...answer, headers, body: { token: said } })
}
