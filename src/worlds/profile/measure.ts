// Measures the cost profile of a Keystone that is given: one client for service times, a sweep of clients for workers.
// It exists because only a measurement of the operator's own Keystone tells an operator something of it.
import { StoppedError, WorldError } from '../../base/errors.js'
import { accessBody, type CloudAccess } from '../../io/cloud/access.js'
import type { TlsSettings } from '../../io/cloud/findCloud.js'
import { quantileOf } from '../../measure/script.js'
import { fitTimes } from '../../plan/costFit.js'
import type { CacheState, CostOp, CostProfile, CostRow, MeasuredPoint } from '../../scenario/costs/profile.js'
import { tokenFormat, type TokenFormat } from '../../token/uuid.js'
import { openLine, runLoop, type Line, type Sent } from './loop.js'

export interface ProfileOrder {
  readonly name: string
  readonly access: CloudAccess
  readonly tls: TlsSettings
  /** Of each loop. */
  readonly seconds: number
  /** Concurrencies of the sweep, rising, the first of them 1. */
  readonly clients: readonly number[]
  /** Worker processes, if they are known; null: estimated from the sweep. */
  readonly workers: number | null
  /** What Keystone's cache has when tokens are validated again and again, as the operator knows it. */
  readonly cache: CacheState
  readonly timeoutMs: number
  readonly onProgress: (text: string) => void
  /** Ends it early: the loop that is under way is given up. */
  readonly signal: AbortSignal
}

/** Different subjects, so that no answer is the one before. */
const subjects = 20
/** Refused validations of each kind, one after the other. */
const refusals = 20
/** Before anything counts: processes load what they need, caches fill. */
const warmUpSeconds = 2

const tokensPath = (access: CloudAccess): string =>
  `${new URL(access.url).pathname.replace(/\/$/, '')}/auth/tokens`

interface Stage {
  readonly line: Line
  readonly order: ProfileOrder
  readonly issue: Sent
  readonly tokens: readonly string[]
  readonly provider: TokenFormat
}

const validation = ({ order }: Pick<Stage, 'order'>, caller: string, subject: string): Sent => ({
  method: 'GET',
  path: tokensPath(order.access),
  headers: { 'x-auth-token': caller, 'x-subject-token': subject },
  body: null,
})

/** Logs in and gets the subjects. */
const prepare = async (line: Line, order: ProfileOrder): Promise<Stage> => {
  const issue: Sent = {
    method: 'POST',
    path: tokensPath(order.access),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(accessBody(order.access)),
  }
  const tokens: string[] = []
  for (let i = 0; i <= subjects; i++) {
    const { status, token } = await line.send(issue)
    if (status !== 201 || token === null)
      throw new WorldError(`no login at ${order.access.url}: it answers ${status}`)
    tokens.push(token)
  }
  const format = tokenFormat(tokens[0] as string)
  if (format === 'unknown')
    throw new WorldError(`${order.access.url} issues tokens that are neither UUID nor Fernet`)
  return { line, order, issue, tokens, provider: format }
}

const requestsOf = (stage: Stage, op: CostOp): ((index: number) => Sent) => {
  const [caller = '', ...others] = stage.tokens
  return op === 'issue'
    ? () => stage.issue
    : (index) => validation(stage, caller, others[index % others.length] ?? caller)
}

const measurePoint = async (stage: Stage, op: CostOp, clients: number): Promise<MeasuredPoint> => {
  const { order, line, provider } = stage
  const { seconds, cache } = order
  const status = op === 'issue' ? 201 : 200
  const times = await runLoop(line, { clients, seconds, request: requestsOf(stage, op), status })
  if (times.length < 2)
    throw new WorldError(
      `${op} with ${clients} clients gave ${times.length} answers in ${seconds} s: give it more --seconds`,
    )
  return {
    provider,
    cache: op === 'issue' && cache === 'miss' ? 'hit' : cache,
    op,
    // Nobody says over HTTP how it hashes.
    passwordHash: null,
    concurrency: clients,
    perSec: times.length / seconds,
    p50Ms: quantileOf(times, 0.5),
    p95Ms: quantileOf(times, 0.95),
    p99Ms: quantileOf(times, 0.99),
    seconds,
    otherLoad: 0,
  }
}

/** A token that this Keystone never made. */
const foreign = (token: string, provider: TokenFormat): string =>
  provider === 'uuid'
    ? 'f'.repeat(32)
    : `${token.slice(0, -24)}${token.slice(-24).replaceAll(/[A-Za-z0-9]/g, 'A')}`

/** Median milliseconds of validations that are refused. */
const measureRefusal = async (stage: Stage, status: 401 | 404): Promise<number> => {
  const { line, tokens, provider } = stage
  const [caller = '', subject = ''] = tokens
  const bad = foreign(subject, provider)
  const request = status === 401 ? validation(stage, bad, subject) : validation(stage, caller, bad)
  const times: number[] = []
  for (let i = 0; i < refusals; i++) {
    const sentMs = performance.now()
    const answer = await line.send(request)
    if (answer.status !== status)
      throw new WorldError(
        `a validation of a token that never was is answered with ${answer.status}, not ${status}`,
      )
    times.push(performance.now() - sentMs)
  }
  return quantileOf(times, 0.5)
}

/**
 * Workers by what a closed loop can show of them: those that are busy at the highest throughput, X · S (Little's law), S being the mean time
 * of a request that is alone. Processes that wait for each other count for as many as get on.
 */
export const workersBy = (points: readonly MeasuredPoint[]): number => {
  const busy = (['issue', 'validate'] as const).map((op) => {
    const own = points.filter((point) => point.op === op)
    const alone = own.find(({ concurrency }) => concurrency === 1)?.perSec ?? Infinity
    return Math.max(0, ...own.map(({ perSec }) => perSec)) / alone
  })
  return Math.max(1, Math.round(Math.max(...busy)))
}

const share = (part: number, whole: number): number => Number(Math.min(1, part / whole).toPrecision(3))
const round = (value: number): number => Number(value.toPrecision(4))

/** Rows by the points of one Keystone. An issue's time includes the check of the password, whatever it is. */
const rowsOf = (
  points: readonly MeasuredPoint[],
  workers: number,
  refused: CostRow['refused'],
): readonly CostRow[] =>
  (['validate', 'issue'] as const).flatMap((op): CostRow[] => {
    const own = points.filter((point) => point.op === op).map((point) => ({ ...point, hashMs: 0 }))
    const [first] = own
    if (first === undefined) return []
    // Fewer clients than workers say of a worker's time what one client says.
    const { alone, busy } = fitTimes(
      own.filter(({ concurrency }) => concurrency === 1 || concurrency >= workers),
      workers,
    )
    if (alone === null) return []
    return [
      {
        provider: first.provider,
        cache: first.cache,
        op,
        alone: { p50Ms: round(alone.p50Ms), spread: round(alone.spread) },
        busy: busy.map(({ inSystem, meanMs }) => ({ inSystem, meanMs: round(meanMs) })),
        statements: null,
        selects: null,
        inserts: null,
        ...(op === 'validate' && refused !== undefined ? { refused } : {}),
        from: `measured in ${own.length} closed loops${op === 'issue' ? ', the check of the password included' : ''}`,
      },
    ]
  })

interface Measured {
  readonly points: MeasuredPoint[]
  refused: CostRow['refused']
}

/** One loop after the other, each added when it has ended. @throws StoppedError when it is stopped */
const measureAll = async (line: Line, order: ProfileOrder, measured: Measured): Promise<void> => {
  const { onProgress, clients } = order
  const { points } = measured
  onProgress('logging in')
  const stage = await prepare(line, order)
  const request = requestsOf(stage, 'validate')
  await runLoop(line, { clients: 2, seconds: warmUpSeconds, request, status: 200 })
  for (const op of ['validate', 'issue'] as const) {
    for (const each of clients) {
      onProgress(`${op}, ${each} client${each === 1 ? '' : 's'}`)
      points.push(await measurePoint(stage, op, each))
    }
  }
  onProgress('refused validations')
  const good = points.find(({ op, concurrency }) => op === 'validate' && concurrency === 1)?.p50Ms ?? 1
  measured.refused = {
    notFound: share(await measureRefusal(stage, 404), good),
    unauthorized: share(await measureRefusal(stage, 401), good),
  }
}

const aboutOf = ({ access, seconds, workers, signal }: ProfileOrder): string =>
  (signal.aborted ? 'Not whole: stopped before all was measured. ' : '') +
  `Measured by cutover profile at ${new URL(access.url).host}: closed loops of ${seconds} s, a connection for each request, ${subjects} subject ` +
  `tokens. Workers: ${workers === null ? 'as many as the loops show busy' : 'as given'}. The time of an issue includes the check of ` +
  'the password as it is set up there, and all times the way over the network.'

/**
 * Measures a Keystone. Where it is stopped, the profile is of the loops that had ended by then.
 * @throws WorldError where it does not answer as a Keystone does, StoppedError if it was stopped before a loop had ended
 */
export const measureProfile = async (order: ProfileOrder): Promise<CostProfile> => {
  const line = openLine(new URL(order.access.url).origin, order)
  const measured: Measured = { points: [], refused: undefined }
  const { points } = measured
  try {
    await measureAll(line, order, measured)
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error
    if (points.length === 0)
      throw new StoppedError('Stopped before the first loop had ended: nothing to report.')
  } finally {
    await line.close()
  }
  const workers = order.workers ?? workersBy(points)
  return {
    format: 'cutover/costs@1',
    name: order.name,
    about: aboutOf(order),
    workers,
    passwordHashes: [],
    rows: rowsOf(points, workers, measured.refused),
    points,
  }
}

/** A profile with another one's measurements put over it: rows of the same kind are the newer ones. */
export const mergeProfiles = (older: CostProfile, newer: CostProfile): CostProfile => {
  type Key = Pick<CostRow, 'provider' | 'cache' | 'op'>
  const kind = ({ provider, cache, op }: Key): string => `${provider} ${cache} ${op}`
  const fresh = new Set(newer.rows.map(kind))
  const keep = (each: Key): boolean => !fresh.has(kind(each))
  return {
    ...newer,
    about: `${newer.about} Other rows: ${older.about}`,
    rows: [...older.rows.filter(keep), ...newer.rows],
    points: [...older.points.filter(keep), ...newer.points],
  }
}
