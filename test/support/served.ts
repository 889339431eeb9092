// A running `cutover serve` with what it tells when it is ready, and a few calls of the identity API by fetch.
// It exists so that tests meet the service as its clients do.
import { Program, until, type ProgramOptions } from './program.js'

/** What `serve --json` tells. */
export interface ReadyLine {
  readonly url: string
  readonly provider: string
  readonly release: string
  readonly backends: number
  readonly store: string
  readonly keys: string
}

export const adminPassword = 'admin-password-of-a-test'

/** On a machine that does much else. */
const patienceMs = 120_000

/** Starts a service on a free port and waits until it is ready. */
export const startService = async (
  words: readonly string[],
  options: ProgramOptions = {},
): Promise<{ readonly program: Program; readonly ready: ReadyLine }> => {
  const env = { OS_BOOTSTRAP_PASSWORD: adminPassword, ...options.env }
  const program = new Program(
    ['serve', '--listen', '127.0.0.1:0', '--password-hash', 'plain', '--json', ...words],
    { ...options, env },
  )
  let gone = false
  void program.ended.finally(() => (gone = true))
  try {
    await until('the service is ready', () => gone || program.said.stdout.includes('\n'), patienceMs)
  } catch (error) {
    program.clear()
    throw error
  }
  if (gone) throw new Error(`the service ended: ${(await program.ended).stderr}`)
  return { program, ready: JSON.parse(program.said.stdout) as ReadyLine }
}

export interface Called {
  readonly status: number
  readonly headers: Headers
  readonly body: { readonly [key: string]: never } | null
}

export const callApi = async (
  url: string,
  method: string,
  path: string,
  {
    headers = {},
    body,
  }: { readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown } = {},
): Promise<Called> => {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'Content-Type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
}

/** A log-in with a name and a password, scoped to the project `admin` if it is admin's. */
export const logIn = (url: string, name: string, password: string): Promise<Called> => {
  const user = { name, password, domain: { id: 'default' } }
  const scope = { project: { name: 'admin', domain: { id: 'default' } } }
  const identity = { methods: ['password'], password: { user } }
  const auth = name === 'admin' ? { identity, scope } : { identity }
  return callApi(url, 'POST', '/auth/tokens', { body: { auth } })
}

/** Status of a token validated by another. */
export const validate = async (url: string, caller: string, subject: string): Promise<number> => {
  const headers = { 'X-Auth-Token': caller, 'X-Subject-Token': subject }
  return (await callApi(url, 'GET', '/auth/tokens', { headers })).status
}
