// Who may ask the server of the live page: only who knows the token, at its own address, from its own page.
// It exists apart from the server so that what is refused can be read, and tried, in one place.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** A request as far as its admission goes. */
export interface LiveRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
}

export interface LiveRefusal {
  readonly status: 403 | 405
  readonly words: string
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Whether two texts are equal, in a time that tells nothing of where they differ. */
const sameSecret = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))

const bearer = (authorization: string | undefined): string | null =>
  /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? null

/**
 * Why a request is refused; null if it is not. In turn: it must name this machine's own address (else a foreign name was
 * pointed at it), come from no other site's page (but one may follow a link to the page), use the method that its path has,
 * and bring the token: anywhere in a header, where something is only read also in the query.
 *
 * There is no cookie: cookies of 127.0.0.1 go to every port of it, so to whatever else somebody serves there.
 */
export const refusalOf = (
  { method, path, query, headers }: LiveRequest,
  { port, token }: { readonly port: number; readonly token: string },
): LiveRefusal | null => {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`]
  const host = headers.host?.toLowerCase() ?? ''
  if (!hosts.includes(host)) return { status: 403, words: 'This is not the address of the live page.' }
  const { origin } = headers
  if (origin !== undefined && origin !== `http://${host}`)
    return { status: 403, words: 'Other sites may not ask here.' }
  const site = headers['sec-fetch-site']
  const followsLink =
    method === 'GET' &&
    path === '/' &&
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document'
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !followsLink)
    return { status: 403, words: 'Other sites may not ask here.' }
  const acts = path === '/stop' || path.startsWith('/trigger/')
  if (acts ? method !== 'POST' : method !== 'GET' && method !== 'HEAD')
    return { status: 405, words: acts ? 'Ask with POST.' : 'Ask with GET.' }
  const given = bearer(headers.authorization) ?? (acts ? null : query.get('token'))
  if (given === null || !sameSecret(given, token))
    return { status: 403, words: 'The token is missing or wrong: take the address as it was printed.' }
  return null
}
