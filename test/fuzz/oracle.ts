// What any answer of the identity API must be, whatever was asked: its shape, its headers, and what it never says.
// It exists once so that answers in memory and off a socket are judged alike.
import type { Written } from './written.js'

export interface Judged {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** Titles by status; a 4xx that is not here is none of ours. */
const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Request Entity Too Large',
  417: 'Expectation Failed',
  431: 'Request Header Fields Too Large',
  501: 'Not Implemented',
}

const good: ReadonlySet<number> = new Set([200, 201, 204, 300])

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

const membersOf = (value: unknown): readonly string[] =>
  typeof value === 'object' && value !== null ? Object.keys(value) : []

const errorProblems = ({ status, text }: Judged, title: string): readonly string[] => {
  const body = parsed(text) as { readonly error?: unknown; readonly receipt?: unknown } | undefined
  // A part of what a user's rules want is answered with a receipt instead.
  if (status === 401 && body?.receipt !== undefined) return []
  const error = body?.error as { code?: unknown; title?: unknown; message?: unknown } | undefined
  if (membersOf(body).join() !== 'error' || error === undefined) return ['its body is no error of Keystone’s']
  const problems: string[] = []
  const members = membersOf(error).join()
  if (members !== 'code,title,message' && members !== 'code,title,message,identity') {
    problems.push(`its error has ${members}`)
  }
  if (error.code !== status) problems.push(`its code is ${String(error.code)}`)
  if (error.title !== title) problems.push(`its title is ${String(error.title)}`)
  if (typeof error.message !== 'string' || error.message === '') problems.push('its message is none')
  return problems
}

/** What is wrong with an answer, in words; nothing: it is as it must be. */
export const problemsOf = (answer: Judged, method: string): readonly string[] => {
  const { status, headers, text } = answer
  const problems: string[] = []
  for (const [name, value] of Object.entries(headers)) {
    if (/[^\t\u0020-\u007e\u0080-\u00ff]/.test(value))
      problems.push(`header ${name} holds a control character`)
  }
  if (method === 'HEAD') {
    if (text !== '') problems.push('HEAD has a body')
    return good.has(status) || titles[status] !== undefined ? problems : [...problems, `status ${status}`]
  }
  if (status === 204) return text === '' ? problems : [...problems, '204 has a body']
  if (good.has(status)) {
    if (headers['content-type']?.startsWith('application/json') === true && parsed(text) === undefined) {
      problems.push('its body is no JSON')
    }
    return problems
  }
  const title = titles[status]
  if (title === undefined) return [...problems, `status ${status}`]
  if (headers['content-type'] !== 'application/json') problems.push(`is of type ${headers['content-type']}`)
  return [...problems, ...errorProblems(answer, title)]
}

/**
 * The 500s that a real Keystone answers, too (measured), and that are meant: the list of revoked PKI tokens, an
 * application credential's token that is to be exchanged, and a provider that names a group that is not there.
 */
export const isMeant = ({ status, text }: Judged, request: Pick<Written, 'path' | 'body'>): boolean =>
  status === 500 &&
  (text === '' || text.includes('An unexpected error prevented the server from fulfilling your request.')) &&
  (request.path.replace(/\/$/, '').endsWith('/OS-PKI/revoked') ||
    (request.path.startsWith('/v3/auth/tokens') && /"(?:token|mapped)"/.test(request.body)))
