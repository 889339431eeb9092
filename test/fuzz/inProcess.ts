// Damaged requests put to the identity logic in memory, in sequences, each on a cloud of its own.
// It exists because a hundred thousand of them take a minute here, and a finding shrinks to its least form.
import fc from 'fast-check'
import { handle } from '../../src/identity/routes.js'
import { readBody } from '../../src/identity/requestBody.js'
import type { Reply } from '../../src/identity/exchange.js'
import type { DocumentKind } from '../../src/identity/store.js'
import { formatFernetKey } from '../../src/token/fernet.js'
import {
  createKeystone,
  giveCredential,
  ids,
  onProject,
  onTrust,
  recordedCloud,
} from '../identity/support/keystone.js'
import type { Keystone } from '../identity/support/keystone.js'
import { damaged, damagedTokens } from './damage.js'
import type { Damaged } from './damage.js'
import { isMeant, problemsOf } from './oracle.js'
import { made } from './seeds.js'
import { furnish } from './furnish.js'
import { written } from './written.js'
import type { Tokens, Written } from './written.js'

const releases = ['mitaka', 'newton', 'ocata', 'queens', 'zed'] as const
const modes = ['uuid', 'dual-uuid', 'dual-fernet', 'fernet'] as const

export interface Sequence {
  readonly release: (typeof releases)[number]
  readonly mode: (typeof modes)[number]
  readonly requests: readonly Damaged[]
}

export interface Finding {
  readonly problems: readonly string[]
  readonly request: Written
}

/** What a run has seen. */
export interface Tally {
  requests: number
  readonly byStatus: Record<string, number>
  slowestMs: number
}

export const newTally = (): Tally => ({ requests: 0, byStatus: {}, slowestMs: 0 })

const tokensOf = (keystone: Keystone): Tokens => {
  const startSec = keystone.nowSec
  keystone.nowSec = startSec - 7200
  const expired = keystone.login('alice')
  keystone.nowSec = startSec - 60
  const admin = keystone.login('admin', onProject(ids.serviceProject))
  const revoked = keystone.login('alice')
  keystone.send('DELETE', '/v3/auth/tokens', { auth: admin, subject: revoked })
  keystone.nowSec = startSec
  const secret = { id: giveCredential(keystone).id, secret: 'ZXMH28r-sO1ML6Vm7pQuTNov9X15A' }
  const identity = { methods: ['application_credential'], application_credential: secret }
  const credential = keystone.send('POST', '/v3/auth/tokens', { json: { auth: { identity } } })
  return {
    admin,
    alice: keystone.login('alice'),
    service: keystone.login('nova', onProject(ids.serviceProject)),
    trust: keystone.login('bob', onTrust(made.trust)),
    credential: credential.issued?.id ?? '',
    expired,
    revoked,
    uuid: '0123456789abcdef0123456789abcdef',
    none: '',
  }
}

const kinds: readonly DocumentKind[] = [
  ...(['domain', 'project', 'user', 'group', 'membership', 'role', 'assignment', 'service'] as const),
  ...(['endpoint', 'region', 'credential', 'application_credential', 'trust', 'revocation_event'] as const),
]

/** What may not change by a request that is refused or only asks: rows, and documents of each kind. */
const stateOf = ({ store }: Keystone, but: ReadonlySet<DocumentKind>): string =>
  [
    store.countTokens(),
    ...kinds.filter((kind) => !but.has(kind)).map((kind) => `${kind} ${store.list(kind).length}`),
  ].join()

const nothing: ReadonlySet<DocumentKind> = new Set()
/** A stranger whom a provider vouches for is known from then on, whatever becomes of the request. */
const shadows: ReadonlySet<DocumentKind> = new Set(['user'])

const ask = (keystone: Keystone, { method, path, query, headers, body }: Written): Reply =>
  keystone.run(
    handle(
      { method, path, query, header: (name) => headers[name], json: undefined, ...readBody(body) },
      keystone.context(),
    ),
  )

/** Text that may stand in no answer: hashes of passwords, keys. */
const secretsOf = (keystone: Keystone): readonly string[] => [
  'plain:alice-pw',
  'plain:adminpw',
  ...[...keystone.ring().keys.values()].map((key) => formatFernetKey(key)),
]

/** Asks, and says what is wrong with the answer or with what it left behind. */
export const judge = (keystone: Keystone, request: Written, tally: Tally): readonly string[] => {
  const before = stateOf(keystone, nothing)
  const beforeButShadows = stateOf(keystone, shadows)
  const versionBefore = keystone.store.version()
  const cpuBefore = process.cpuUsage()
  let reply: Reply
  let text: string
  try {
    reply = ask(keystone, request)
    text = reply.body === null ? '' : reply.body()
  } catch (error) {
    return [`threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`]
  }
  const { user, system } = process.cpuUsage(cpuBefore)
  const tookMs = (user + system) / 1000
  tally.requests++
  tally.byStatus[reply.status] = (tally.byStatus[reply.status] ?? 0) + 1
  tally.slowestMs = Math.max(tally.slowestMs, tookMs)
  const headers = Object.fromEntries(
    Object.entries(reply.headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const answer = { status: reply.status, headers, text }
  const problems = isMeant(answer, request) ? [] : [...problemsOf(answer, request.method)]
  if (/[\u007f-\uffff]/.test(text)) problems.push('its body is not ASCII')
  if (secretsOf(keystone).some((secret) => text.includes(secret))) problems.push('it tells a secret')
  if (reply.status >= 400 || request.method === 'GET' || request.method === 'HEAD') {
    const shadow = request.body.includes('mapped')
    const changed = shadow
      ? stateOf(keystone, shadows) !== beforeButShadows
      : stateOf(keystone, nothing) !== before || keystone.store.version() !== versionBefore
    if (changed) problems.push(`status ${reply.status}, but something was written`)
  }
  if (tookMs > slowMs) problems.push(`${slowMark} ${tookMs.toFixed(0)} ms`)
  return problems
}

/** Of processor time; a machine that is shared or paused makes nothing slower by this measure. */
const slowMs = 1000
const slowMark = 'it took'

/** Makes the cloud whole again, whatever was done to it with an admin's token, and asks something good. */
const stillServes = (keystone: Keystone): readonly string[] => {
  for (const event of keystone.store.list('revocation_event'))
    keystone.store.remove('revocation_event', event.id)
  for (const [kind, document] of recordedCloud()) keystone.store.put(kind, document)
  try {
    const token = keystone.login('alice')
    const { status, json } = keystone.validate(token)
    if (status !== 200 || json.token?.user.id !== ids.alice)
      return [`a good validation is answered with ${status}`]
    return []
  } catch (error) {
    return [`a good login is not answered: ${String(error)}`]
  }
}

/** A cloud of its own, with all that requests speak of. */
export const stageFor = (
  release: Sequence['release'],
  mode: Sequence['mode'],
): { readonly keystone: Keystone; readonly tokens: Tokens } => {
  const keystone = createKeystone(release, mode)
  furnish(keystone.store)
  return { keystone, tokens: tokensOf(keystone) }
}

/** Plays a sequence; what it finds, if anything. */
export const play = ({ release, mode, requests }: Sequence, tally: Tally): Finding | null => {
  const { keystone, tokens } = stageFor(release, mode)
  for (const damagedRequest of requests) {
    const request = written(damagedRequest, tokens)
    const problems = judge(keystone, request, tally)
    if (problems.length > 0) return { problems, request }
  }
  const problems = stillServes(keystone)
  return problems.length === 0
    ? null
    : { problems, request: { method: '', path: '(afterwards)', query: '', headers: {}, body: '' } }
}

/** Collecting garbage takes processor time, too, so slowness counts when it comes back each time. */
const playFairly = (sequence: Sequence, tally: Tally): Finding | null => {
  let finding = play(sequence, tally)
  for (
    let again = 0;
    again < 2 && finding?.problems.some((problem) => problem.startsWith(slowMark));
    again++
  ) {
    finding = play(sequence, newTally())
  }
  return finding
}

const perSequenceMax = 30

const sequenceOf = (request: fc.Arbitrary<Damaged>): fc.Arbitrary<Sequence> =>
  fc.record({
    release: fc.constantFrom(...releases),
    mode: fc.constantFrom(...modes),
    requests: fc.array(request, { minLength: 1, maxLength: perSequenceMax, size: 'max' }),
  })

export interface Result {
  readonly tally: Tally
  /** The least sequence that shows it, and what it shows; null: nothing was found. */
  readonly found: { readonly finding: Finding | null; readonly sequence: Sequence } | null
}

/** Without the requests that the finding does not need. */
const reduced = (sequence: Sequence): NonNullable<Result['found']> => {
  let least = sequence
  for (let at = sequence.requests.length - 1; at >= 0; at--) {
    const without = { ...least, requests: least.requests.filter((_, index) => index !== at) }
    if (playFairly(without, newTally()) !== null) least = without
  }
  return { sequence: least, finding: playFairly(least, newTally()) }
}

export interface Amount {
  readonly seed: number
  /** At least so many requests. */
  readonly requests: number
  readonly progress?: () => void
}

const run = (request: fc.Arbitrary<Damaged>, { seed, requests, progress }: Amount): Result => {
  const tally = newTally()
  let sequences = 0
  while (tally.requests < requests) {
    const property = fc.property(sequenceOf(request), (sequence) => {
      progress?.()
      return playFairly(sequence, tally) === null
    })
    const details = fc.check(property, {
      seed: seed + sequences,
      numRuns: Math.ceil((requests - tally.requests) / 15),
      // Texts of 70,000 characters shrink for minutes; leaving out requests does most of it.
      endOnFailure: true,
    })
    sequences += details.numRuns
    if (!details.failed) continue
    const found = reduced(details.counterexample?.[0] as Sequence)
    if (found.finding !== null) return { tally, found }
  }
  return { tally, found: null }
}

/** Everything about requests that can be wrong. */
export const fuzzRequests = (amount: Amount): Result => run(damaged, amount)

/** Every damage to tokens, in every place where one can stand. */
export const fuzzTokens = (amount: Amount): Result => run(damagedTokens, amount)
