// Raw bytes on real sockets, against the server over SQLite: whatever comes, there is an answer, and no hang.
// It exists because headers, lengths, chunks and half-open connections never reach the logic behind them.
import fc from 'fast-check'
import { once } from 'node:events'
import { connect } from 'node:net'
import { onStage } from '../conformance/stage.js'
import type { HttpStage } from '../conformance/stage.js'
import { login, revokeToken, tokensPath } from '../conformance/states.js'
import { ids, onProject, onTrust, recordedCloud } from '../identity/support/keystone.js'
import { furnish } from './furnish.js'
import type { Amount, Tally } from './inProcess.js'
import { newTally } from './inProcess.js'
import { isMeant, problemsOf } from './oracle.js'
import type { Judged } from './oracle.js'
import { bytesOf, rawExchange } from './raw.js'
import type { RawExchange } from './raw.js'
import { made } from './seeds.js'
import type { Tokens, Written } from './written.js'

export interface SocketFinding {
  readonly problems: readonly string[]
  /** What was sent, as far as a person wants to read it. */
  readonly sent: string
}

const tokensOf = async (stage: HttpStage): Promise<Tokens> => {
  stage.nowSec -= 7200
  const expired = await login(stage, 'alice')
  stage.nowSec += 7140
  const revoked = await login(stage, 'alice')
  await revokeToken(stage, revoked)
  stage.nowSec += 60
  return {
    admin: await login(stage, 'admin', onProject(ids.serviceProject)),
    alice: await login(stage, 'alice'),
    service: await login(stage, 'nova', onProject(ids.serviceProject)),
    trust: await login(stage, 'bob', onTrust(made.trust)),
    credential: '',
    expired,
    revoked,
    uuid: '0123456789abcdef0123456789abcdef',
    none: '',
  }
}

/** Sends bytes in pieces, says that this is all, and reads until the server closes. */
export const converse = async (
  port: number,
  bytes: Buffer,
  { pieces, leaves }: Pick<RawExchange, 'pieces' | 'leaves'>,
): Promise<string | null> => {
  const socket = connect(port, '127.0.0.1')
  const read: Buffer[] = []
  socket.on('data', (chunk: Buffer) => read.push(chunk))
  // A server that has refused may close while we still send.
  socket.on('error', () => {})
  await once(socket, 'connect')
  let from = 0
  for (const piece of pieces.toSorted((a, b) => a - b)) {
    const to = Math.floor((piece / 1000) * bytes.length)
    if (to > from) await new Promise((resolve) => socket.write(bytes.subarray(from, to), resolve))
    from = Math.max(from, to)
  }
  if (leaves) {
    socket.destroy()
    return null
  }
  socket.end(bytes.subarray(from))
  if (!socket.closed) await once(socket, 'close')
  return Buffer.concat(read).toString('latin1')
}

const head = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n/

/** The answers in what a connection brought; null: it is no HTTP. */
export const answersIn = (text: string): readonly Judged[] | null => {
  const answers: Judged[] = []
  let rest = text
  while (rest !== '') {
    const match = head.exec(rest)
    if (match === null) return null
    rest = rest.slice(match[0].length)
    const headers = Object.fromEntries(
      (match[2] ?? '')
        .split('\r\n')
        .filter((line) => line !== '')
        .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
    )
    const status = Number(match[1])
    if (status === 100) continue
    // The answer to HEAD tells a length and has no body; no body of ours begins as an answer does.
    const bodiless = rest === '' || rest.startsWith('HTTP/1.1 ')
    const length = bodiless ? 0 : Number(headers['content-length'] ?? 0)
    if (rest.length < length) return null
    answers.push({ status, headers, text: rest.slice(0, length) })
    rest = rest.slice(length)
  }
  return answers
}

const judge = (
  text: string,
  about: { readonly bytes: Buffer; readonly requests: readonly Written[]; readonly tally: Tally },
): readonly string[] => {
  const answers = answersIn(text)
  if (answers === null) return [`what came back is no HTTP: ${JSON.stringify(text.slice(0, 300))}`]
  const { bytes, requests, tally } = about
  tally.requests += Math.max(1, answers.length)
  const sent = bytes.toString('latin1')
  if (answers.length === 0 && /[^\r\n]/.test(sent)) return ['there is no answer']
  const headAsked = sent.includes('HEAD')
  return answers.flatMap((answer) => {
    tally.byStatus[answer.status] = (tally.byStatus[answer.status] ?? 0) + 1
    if (requests.some((request) => isMeant(answer, request))) return []
    const problems = problemsOf(answer, headAsked && answer.text === '' ? 'HEAD' : 'GET')
    return problems.map((problem) => `${answer.status}: ${problem}`)
  })
}

/** Makes the cloud whole again and asks something good. */
const stillServes = async (stage: HttpStage): Promise<readonly string[]> => {
  for (const event of stage.store.list('revocation_event')) stage.store.remove('revocation_event', event.id)
  for (const [kind, document] of recordedCloud()) stage.store.put(kind, document)
  const token = await login(stage, 'alice')
  const auth = await login(stage, 'nova', onProject(ids.serviceProject))
  const { status, json } = await stage.send('GET', tokensPath, { auth, subject: token })
  if (status === 200 && json.token?.user.id === ids.alice) return []
  return [`afterwards a good validation is answered with ${status}`]
}

/** Everything that the process writes while something runs: where a log would be. */
const overheard = async <T>(
  run: () => Promise<T>,
): Promise<{ readonly result: T; readonly said: string }> => {
  const said: string[] = []
  const streams = [process.stdout, process.stderr]
  const writes = streams.map((stream) => stream.write.bind(stream))
  for (const stream of streams) {
    stream.write = (chunk: string | Uint8Array) => {
      said.push(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1'))
      return true
    }
  }
  try {
    return { result: await run(), said: said.join('') }
  } finally {
    for (const [index, stream] of streams.entries()) stream.write = writes[index] as typeof stream.write
  }
}

/** What no log may hold: passwords, whole tokens, keys. */
const secretsOf = (stage: HttpStage, tokens: Tokens): readonly string[] => [
  'alice-pw',
  'adminpw',
  'bob-pw',
  'careful-pw',
  'new-pw',
  ...stage.keyTexts,
  ...Object.values(tokens).filter((token) => token !== '' && token !== tokens.uuid),
]

const printable = (bytes: Buffer): string => JSON.stringify(bytes.toString('latin1').slice(0, 1500))

const together = 16

/** One server, some exchanges, sixteen at a time. */
const playBatch = async (
  stage: HttpStage,
  exchanges: readonly RawExchange[],
  about: Amount & { readonly tally: Tally },
): Promise<SocketFinding | null> => {
  furnish(stage.store)
  const tokens = await tokensOf(stage)
  const rowsBefore = stage.store.countTokens()
  const issuedBefore = about.tally.byStatus['201'] ?? 0
  let found: SocketFinding | null = null
  const waiting = [...exchanges]
  const worker = async (): Promise<void> => {
    for (let exchange = waiting.pop(); exchange !== undefined && found === null; exchange = waiting.pop()) {
      const { bytes, requests } = bytesOf(exchange, tokens)
      const text = await converse(stage.port, bytes, exchange)
      about.progress?.()
      const problems = text === null ? [] : judge(text, { bytes, requests, tally: about.tally })
      if (problems.length > 0) found ??= { problems, sent: printable(bytes) }
    }
  }
  const { said } = await overheard(() => Promise.all(Array.from({ length: together }, worker)))
  if (found !== null) return found
  const problems = stage.defects.map((defect) => `a defect: ${String(defect)}`)
  const written =
    said + stage.defects.map((defect) => (defect instanceof Error ? defect.stack : String(defect))).join()
  if (secretsOf(stage, tokens).some((secret) => written.includes(secret)))
    problems.push('a log tells a secret')
  // Other things are made with a 201 too, so this is a bound; a refused request that leaves a row breaks it soon.
  const issued = (about.tally.byStatus['201'] ?? 0) - issuedBefore
  const rows = stage.store.countTokens() - rowsBefore
  const left = exchanges.filter(({ leaves }) => leaves).length
  if (rows > issued + left * 6) problems.push(`${rows} rows were inserted by ${issued} answers of 201`)
  problems.push(...(await stillServes(stage)))
  return problems.length === 0 ? null : { problems, sent: '(a batch)' }
}

const batchSize = 400

/** Raw bytes until so many requests were answered. */
export const fuzzSockets = async (
  amount: Amount,
): Promise<{ readonly tally: Tally; readonly found: SocketFinding | null }> => {
  const tally = newTally()
  for (let batch = 0; tally.requests < amount.requests; batch++) {
    const numRuns = Math.min(batchSize, Math.ceil(amount.requests / 2))
    const exchanges = fc.sample(rawExchange, { seed: amount.seed + batch, numRuns })
    const mode = batch % 2 === 0 ? 'uuid' : 'dual-fernet'
    const found = await onStage({ release: 'queens', mode }, (stage) =>
      playBatch(stage, exchanges, { ...amount, tally }),
    )
    if (found !== null) return { tally, found }
  }
  return { tally, found: null }
}

/** What clients send who never come to an end. */
const unfinished: readonly string[] = [
  'G',
  'GET /v3 HTTP/1.1\r\nHost: x\r\nX-Auth-',
  'POST /v3/auth/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"auth"',
  'POST /v3/auth/tokens HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab',
  `POST /v3/auth/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n${' '.repeat(1000)}`,
]

/** Slow clients: each is answered, or not, but cut off. Their problems, if any. */
export const fuzzSlowClients = (): Promise<{ readonly tally: Tally; readonly problems: readonly string[] }> =>
  onStage(
    { release: 'queens', mode: 'fernet', patience: { headersMs: 200, requestMs: 400, checkMs: 50 } },
    async (stage) => {
      const texts = await Promise.all(
        unfinished.map(async (start) => {
          const socket = connect(stage.port, '127.0.0.1')
          const read: Buffer[] = []
          socket.on('data', (chunk: Buffer) => read.push(chunk))
          socket.on('error', () => {})
          socket.write(start, 'latin1')
          await once(socket, 'close')
          return Buffer.concat(read).toString('latin1')
        }),
      )
      const tally = newTally()
      const problems = texts.flatMap((text, index) => {
        const answers = answersIn(text) ?? []
        const status = answers[0]?.status
        tally.requests++
        tally.byStatus[String(status)] = (tally.byStatus[String(status)] ?? 0) + 1
        const wrong = answers.flatMap((answer) => problemsOf(answer, 'GET'))
        if (status !== 408 && status !== 413) wrong.push(`is answered with ${status}`)
        return wrong.map(
          (problem) => `a client that sends ${JSON.stringify(unfinished[index]?.slice(0, 60))}: ${problem}`,
        )
      })
      return { tally, problems: [...problems, ...(await stillServes(stage))] }
    },
  )
