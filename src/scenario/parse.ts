// YAML text → Scenario, or every problem in it at once.
// It exists so that nothing after it needs to doubt a scenario, and a person mends a file in one round.
import { InputError, type Problem } from '../base/errors.js'
import type { Stretch } from '../base/time.js'
import { checkDocument, fitStretches, type CheckGate } from './checks.js'
import type { CostProfile } from './costs/profile.js'
import { costWarnings, resolveCosts, type ResolvedCosts } from './costs/resolveCosts.js'
import type { ReadNamedFile } from './costs/resolveCosts.js'
import { explainIssue, valueAt, type Finding } from './issues.js'
import { toExternal } from './external.js'
import { passwordHashOf } from './passwordHash.js'
import { readFile, sourceOf } from './sources.js'
import { scenarioJsonSchema, scenarioSchema, type ScenarioDocument } from './schema.js'
import type { ClientClass, IdentitySettings, Place, Scenario, StatedCosts, TimelineStep } from './scenario.js'
import { recurringSteps, sortSteps, writtenSteps } from './timeline.js'

export type { CheckGate, GateContext } from './checks.js'

/** Values that the command line puts in place of the file's. */
export interface ScenarioOverrides {
  readonly seed?: number
  /** Every stretch of the clock runs at this speed. */
  readonly speed?: number
}

/** A scenario's text and where it came from. `checkGate` is the parser of gates, which lives elsewhere. */
export interface ParseOptions {
  /** The name for messages; it is not opened. */
  readonly file: string
  readonly text: string
  readonly overrides?: ScenarioOverrides
  readonly checkGate: CheckGate
  /** Where it is to be run, if that is known: what cannot be played there is a problem. */
  readonly place?: Place
  /** Reads the file of a cost profile that a scenario names; without it none may be named. */
  readonly readNamed?: ReadNamedFile
}

/** A scenario that can be run, and what its author should still know. */
export interface ParsedScenario {
  readonly scenario: Scenario
  /** In the order of the file. */
  readonly warnings: readonly Problem[]
}

const checkOverrides = ({ seed, speed }: ScenarioOverrides): readonly Problem[] => {
  const problems: Problem[] = []
  if (seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0)) {
    problems.push({ path: '--seed', message: `${seed} is no seed`, remedy: 'give a whole number, 0 or more' })
  }
  if (speed !== undefined && !(Number.isFinite(speed) && speed > 0)) {
    problems.push({
      path: '--speed',
      message: `${speed} is no speed`,
      remedy: 'give a number above zero, such as 60',
    })
  }
  return problems
}

/** In the order of the files, and within each of the lines. */
const inOrder = (problems: readonly Problem[]): readonly Problem[] => {
  const files = [...new Set(problems.map(({ file }) => file))]
  return problems.toSorted(
    (a, b) =>
      files.indexOf(a.file) - files.indexOf(b.file) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  )
}

/** The profile that `identity.costs` names, however wrong the rest of the document is. */
const costsOf = (source: ScenarioSource, readNamed: ReadNamedFile | undefined): ResolvedCosts => {
  const path = ['identity', 'costs']
  const written = valueAt(source.data, path)
  if (typeof written !== 'string') return { ok: true, profile: null }
  const { file = '' } = source.locate({ path, of: 'value', message: '' })
  return resolveCosts(written, file, readNamed)
}

const isMapping = (data: unknown): boolean =>
  typeof data === 'object' && data !== null && !Array.isArray(data)

type StatedUncached = NonNullable<Exclude<ScenarioDocument['identity']['costs'], string>['uncached']>

const uncachedUs = (stated: StatedUncached): NonNullable<StatedCosts['uncached']> => ({
  uuidUs: stated.uuid * 1e6,
  fernetUs: stated.fernet * 1e6,
  uuidTrustUs: stated.uuid_trust * 1e6,
  fernetTrustUs: stated.fernet_trust * 1e6,
})

const toCosts = (
  costs: ScenarioDocument['identity']['costs'],
  profile: CostProfile | null,
): IdentitySettings['costs'] =>
  typeof costs === 'string'
    ? (profile ?? 'native')
    : {
        validateUs: costs.validate * 1e6,
        ...(costs.uncached === undefined ? {} : { uncached: uncachedUs(costs.uncached) }),
        notFoundUs: costs.not_found * 1e6,
        unauthorizedUs: costs.unauthorized * 1e6,
        issueUs: costs.issue * 1e6,
        variation: costs.variation,
      }

const toBalancer = (balancer: ScenarioDocument['identity']['balancer']): IdentitySettings['balancer'] => {
  const { kind, algorithm, checks, interval, rise, fall } = balancer
  return { kind, algorithm, checks: checks ? { intervalSec: interval, rise, fall } : null }
}

/** `identity` as the rest of the program knows it; `profile` is what its `costs` names, if they name one. */
export const toIdentity = (
  identity: ScenarioDocument['identity'],
  profile: CostProfile | null = null,
): IdentitySettings => {
  const { flush, keys, password_hash: hash } = identity
  return {
    release: identity.release,
    provider: identity.provider,
    backends: identity.backends,
    processes: identity.processes ?? profile?.workers ?? 1,
    balancer: toBalancer(identity.balancer),
    expirationSec: identity.expiration,
    flush: flush === null ? null : { everySec: flush.every, offsetSec: flush.offset ?? flush.every },
    keys: {
      rotationSec: keys.rotation,
      maxActiveKeys: keys.max_active_keys,
      distributeAfterSec: keys.distribute_after,
    },
    cache: {
      backend: identity.cache,
      timeSec: identity.cache_time,
      onIssue: identity.cache_on_issue ?? null,
    },
    passwordHash: passwordHashOf(identity.release, hash),
    costs: toCosts(identity.costs, profile),
  }
}

const toClock = (
  document: ScenarioDocument,
  durationSec: number,
  speed: number | undefined,
): readonly Stretch[] =>
  fitStretches(
    document.clock.map((stretch) => ({
      untilSec: stretch.until,
      speed: stretch.speed,
      traffic: stretch.traffic,
    })),
    durationSec,
  ).map((stretch) => (speed === undefined ? stretch : { ...stretch, speed }))

const toTimeline = (
  document: ScenarioDocument,
  identity: IdentitySettings,
  durationSec: number,
): readonly TimelineStep[] => {
  const { backends } = identity
  const written = writtenSteps(document.timeline, {
    backends,
    services: document.cloud.services,
    durationSec,
  })
  return sortSteps(written, recurringSteps(identity, durationSec))
}

const toClass = ([name, written]: [string, ScenarioDocument['clients'][string]]): ClientClass => {
  const { every, joins_within: joins, lasts, login_after: login, by_hour: byHour, ...rest } = written
  const times = { everySec: every, joinsWithinSec: joins ?? null, lastsSec: lasts, loginAfterSec: login }
  return { name, ...times, ...(byHour === undefined ? {} : { byHour }), ...rest }
}

const toScenario = (
  document: ScenarioDocument,
  overrides: ScenarioOverrides,
  profile: CostProfile | null,
): Scenario => {
  const durationSec = document.duration ?? document.clock.at(-1)?.until ?? 0
  const identity = toIdentity(document.identity, profile)
  const { middleware, limits } = document
  return {
    name: document.name,
    description: document.description,
    seed: overrides.seed ?? document.seed,
    startsAtEpochSec: document.starts,
    durationSec,
    cloud: document.cloud,
    identity,
    middleware: {
      tokenCacheSec: middleware.token_cache_time,
      negativeCache: middleware.negative_cache,
      renewsOwnToken: middleware.renews_own_token,
      cache: middleware.cache,
      workers: middleware.workers,
      threads: middleware.threads ?? null,
      connectRetries: middleware.http_request_max_retries,
      atStart: middleware.at_start,
      serviceTokens: middleware.service_tokens,
      delayAuthDecision: middleware.delay_auth_decision,
      radosGateways: middleware.rados_gateways,
    },
    tokens: {
      live: document.tokens.live,
      revocationEvents: document.tokens.revocation_events,
      issuedWithinSec: document.tokens.issued_within ?? identity.expirationSec,
    },
    clients: Object.entries(document.clients).map(toClass),
    timeline: toTimeline(document, identity, durationSec),
    clock: toClock(document, durationSec, overrides.speed),
    limits: { latenessP99Ms: limits.lateness_p99 * 1000, requestTimeoutMs: limits.request_timeout * 1000 },
    external: toExternal(document.external),
    gates: document.gates,
  }
}

/** What a scenario is read from: one file, or two that were joined. */
export interface ScenarioSource {
  readonly data: unknown
  /** Problems of syntax, and of which file holds what, each with its file. */
  readonly problems: readonly Problem[]
  /** Whether `data` may be looked at. */
  readonly readable: boolean
  /** A finding as a problem, with file, line and column. */
  readonly locate: (finding: Finding) => Problem
}

/** What is to be made of a source. */
export type ReadOptions = Pick<ParseOptions, 'overrides' | 'checkGate' | 'place' | 'readNamed'>

/**
 * Reads a scenario from its source.
 *
 * @throws InputError with all problems, in the order of the files, each with line and column, path and, where one is
 * known, a remedy. Broken YAML is reported alone, as nothing can be said of what it would have meant.
 */
export const readScenario = (source: ScenarioSource, options: ReadOptions): ParsedScenario => {
  const { overrides = {}, checkGate, place = null } = options
  const optionProblems = checkOverrides(overrides)
  if (!source.readable) throw new InputError([...optionProblems, ...inOrder(source.problems)])

  const { data } = source
  const shape = scenarioSchema.safeParse(data)
  const schema = shape.success ? null : scenarioJsonSchema()
  const issues = schema === null ? [] : (shape.error?.issues ?? [])
  const found = issues.flatMap((issue) => (schema === null ? [] : explainIssue(issue, data, schema)))
  const checks = isMapping(data) ? checkDocument(data, checkGate, place) : { problems: [], warnings: [] }
  const located = (findings: readonly Finding[]): readonly Problem[] => findings.map(source.locate)
  const costs = costsOf(source, options.readNamed)
  const ofCosts = costs.ok || costs.finding === undefined ? [] : [costs.finding]
  const problems = [
    ...optionProblems,
    ...inOrder([...source.problems, ...located([...found, ...checks.problems, ...ofCosts])]),
    ...(costs.ok ? [] : costs.problems),
  ]
  if (problems.length > 0 || !shape.success || !costs.ok) throw new InputError(problems)
  const scenario = toScenario(shape.data, overrides, costs.profile)
  const ofWorkers = costWarnings(scenario, costs.profile, place?.world === 'local')
  return { scenario, warnings: inOrder(located([...checks.warnings, ...ofWorkers])) }
}

/** Reads a scenario from one text; see `readScenario`. */
export const parseScenario = ({ file, text, ...options }: ParseOptions): ParsedScenario =>
  readScenario(sourceOf(readFile(file, text)), options)
