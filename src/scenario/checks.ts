// What must hold between the parts of a scenario: names that exist, times inside the run, keys that suffice.
// Each check takes what can be read of its parts, so that one mistake does not hide the others.
import type { Problem } from '../base/errors.js'
import type { Stretch } from '../base/time.js'
import type { Path } from './document.js'
import { gatherFacts, listAt, readPart, type Facts, type Findings } from './facts.js'
import { remedyFor, valueAt, type Finding } from './issues.js'
import { passwordHashOf, passwordRounds } from './passwordHash.js'
import type { ProviderMode } from '../token/mode.js'
import type { Release } from './scenario.js'
import { scenarioSchema, stretchSchema, type ScenarioDocument } from './schema.js'
import { stepSchema } from './stepSchema.js'
import { countRecurring, restartPlan, type Recurring } from './timeline.js'
import { checkExternal } from './externalChecks.js'
import { checkFaults } from './faultChecks.js'
import { faultKinds } from './faults.js'
import type { Place } from './scenario.js'
import { senderOfService } from './senders.js'
import { checkSteps } from './stepChecks.js'
import { formatDuration } from './units.js'

/** What a gate may speak of. */
export interface GateContext {
  /** Names of the classes of clients. */
  readonly classes: readonly string[]
  readonly services: readonly string[]
  /** What the timeline restarts, each once. */
  readonly restarts: readonly string[]
  /** Kinds of the faults that the timeline brings about, each once. */
  readonly faults: readonly string[]
  /** Length of the run in scenario seconds; null where it is not known because the scenario is wrong there. */
  readonly durationSec: number | null
}

/** Reads a gate and says what is wrong with it; a problem's `column` counts within the text, from 1. */
export type CheckGate = (text: string, context: GateContext) => readonly Problem[]

/** Most steps that may follow from periods: far beyond any plan, and bounded. */
const maxRecurringSteps = 100_000

const identityShape = scenarioSchema.shape.identity.unwrap().shape

/** The stretches as written, up to the end of the run: the last one is cut or drawn out to it. */
export const fitStretches = (stretches: readonly Stretch[], durationSec: number): readonly Stretch[] => {
  const kept = stretches.filter((_, i) => (stretches[i - 1]?.untilSec ?? 0) < durationSec)
  const last = kept.at(-1) ?? { untilSec: durationSec, speed: 1, traffic: 1 }
  return [...kept.slice(0, -1), { ...last, untilSec: durationSec }]
}

const checkClock = (facts: Facts, { problems, warnings }: Findings): void => {
  const stretches = listAt(facts.data, 'clock')
  if (valueAt(facts.data, ['duration']) === undefined && stretches.length === 0) {
    const remedy = 'add `duration: 2h`, or `clock` with stretches'
    problems.push({ path: [], of: 'value', message: 'the run has no end', remedy })
  }
  let reachedSec = 0
  for (const [i, stretch] of stretches.entries()) {
    const path: Path = ['clock', i, 'until']
    const untilSec = readPart(stretchSchema.shape.until, valueAt(stretch, ['until']))
    if (untilSec === null) continue
    if (untilSec <= reachedSec) {
      const message = `this stretch ends at ${formatDuration(untilSec)}, but the one before at ${formatDuration(reachedSec)}`
      problems.push({
        path,
        of: 'value',
        message,
        remedy: 'order the stretches by `until`, each later than the last',
      })
    } else if (facts.durationSec !== null && reachedSec >= facts.durationSec) {
      const message = `this stretch never begins: the run ends at ${formatDuration(facts.durationSec)}`
      warnings.push({ path, of: 'value', message, remedy: 'remove it, or lengthen `duration`' })
    }
    reachedSec = Math.max(reachedSec, untilSec)
  }
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])

const checkNames = (facts: Facts, { problems }: Findings): void => {
  const { data, classes, services } = facts
  const clients = valueAt(data, ['clients'])
  if (typeof clients === 'object' && clients !== null && !Array.isArray(clients) && classes.length === 0) {
    const message = 'there are no clients, so nothing would be sent'
    problems.push({ path: ['clients'], of: 'key', message, remedy: 'add a class of clients' })
  }
  for (const [i, service] of (services ?? []).entries()) {
    if (services?.indexOf(service) === i) continue
    const path: Path = ['cloud', 'services', i]
    problems.push({
      path,
      of: 'value',
      message: `service \`${service}\` is named twice`,
      remedy: 'keep one of the two',
    })
  }
  if (services === null) return
  for (const [i, service] of listOf(valueAt(data, ['middleware', 'rados_gateways'])).entries()) {
    if (typeof service !== 'string' || services.includes(service)) continue
    const message = `unknown service \`${service}\``
    const path: Path = ['middleware', 'rados_gateways', i]
    problems.push({ path, of: 'value', message, remedy: remedyFor(service, services) })
  }
  for (const name of classes) {
    const through = valueAt(clients, [name, 'through'])
    for (const [i, service] of (Array.isArray(through) ? (through as unknown[]) : []).entries()) {
      if (typeof service !== 'string' || services.includes(service)) continue
      const path: Path = ['clients', name, 'through', i]
      problems.push({
        path,
        of: 'value',
        message: `unknown service \`${service}\``,
        remedy: remedyFor(service, services),
      })
    }
  }
}

/** Zed can issue and read nothing but Fernet: the UUID provider was removed in Rocky. */
export const checkProvider = (provider: ProviderMode, release: Release): readonly Finding[] =>
  release !== 'zed' || provider === 'fernet'
    ? []
    : [
        {
          path: ['identity', 'provider'],
          of: 'value',
          message: `Zed has no UUID tokens, so there is no provider ${provider}`,
          remedy: 'write fernet, or set `release` to queens or earlier',
        },
      ]

/** What rounds may be for a scheme, or for the release's own. */
export const checkHash = (
  hash: ScenarioDocument['identity']['password_hash'],
  release: Release,
): readonly Finding[] => {
  const { scheme, rounds } = passwordHashOf(release, hash)
  const { min, max, usual } = passwordRounds[scheme]
  if (rounds >= min && rounds <= max) return []
  const isWork = scheme === 'scrypt' && rounds > max && Number.isInteger(Math.log2(rounds))
  const message = `${scheme} takes from ${min} to ${max} rounds, not ${rounds}`
  const remedy = isWork
    ? `write ${Math.log2(rounds)}: Keystone’s rounds are the exponent`
    : `for example ${usual}`
  return [{ path: ['identity', 'password_hash', 'rounds'], of: 'value', message, remedy }]
}

/** A `direct-validator` looks at the tokens of other classes, and nobody else does. */
const checkSubjects = ({ data, classes }: Facts, { problems }: Findings): void => {
  const clients = valueAt(data, ['clients'])
  for (const name of classes) {
    const path: Path = ['clients', name, 'subjects']
    const subjects = valueAt(clients, [name, 'subjects'])
    const list = Array.isArray(subjects) ? (subjects as unknown[]) : []
    if (valueAt(clients, [name, 'behaviour']) !== 'direct-validator') {
      if (list.length === 0) continue
      const message = 'only a `direct-validator` has subjects'
      problems.push({ path, of: 'key', message, remedy: 'remove it, or change the behaviour' })
      continue
    }
    if (subjects === undefined || (Array.isArray(subjects) && list.length === 0)) {
      const message = 'a `direct-validator` needs to know whose tokens it validates'
      problems.push({ path: ['clients', name], of: 'key', message, remedy: 'add `subjects: [CLASS, …]`' })
    }
    const others = classes.filter((other) => other !== name)
    for (const [i, subject] of list.entries()) {
      if (typeof subject !== 'string' || others.includes(subject)) continue
      const message = subject === name ? 'looks at its own tokens' : `unknown class \`${subject}\``
      problems.push({ path: [...path, i], of: 'value', message, remedy: remedyFor(subject, others) })
    }
  }
}

const checkIdentity = (facts: Facts, { problems, warnings }: Findings): void => {
  const identity = valueAt(facts.data, ['identity'])
  const expirationSec = readPart(identityShape.expiration, valueAt(identity, ['expiration']))
  const keys = readPart(identityShape.keys, valueAt(identity, ['keys']))
  const flush = readPart(identityShape.flush, valueAt(identity, ['flush']))
  const hash = readPart(identityShape.password_hash, valueAt(identity, ['password_hash']))

  const release = readPart(identityShape.release, valueAt(identity, ['release']))
  if (release === 'mitaka' && valueAt(identity, ['cache_on_issue']) === true) {
    const message = 'Mitaka has no `cache_on_issue`'
    const remedy = 'remove it, or set `release` to newton or later'
    problems.push({ path: ['identity', 'cache_on_issue'], of: 'key', message, remedy })
  }
  const uncached = ['identity', 'costs', 'uncached'] as const
  if (
    valueAt(facts.data, uncached) !== undefined &&
    readPart(identityShape.cache, valueAt(identity, ['cache'])) === 'none'
  ) {
    const message = 'this Keystone has no cache that a token could be missing from'
    problems.push({
      path: uncached,
      of: 'key',
      message,
      remedy: 'remove it, or set `cache` to memcached or process',
    })
  }
  const provider = readPart(identityShape.provider, valueAt(identity, ['provider']))
  problems.push(...checkProvider(provider ?? 'uuid', release ?? 'mitaka'))
  if (hash !== null) problems.push(...checkHash(hash, release ?? 'mitaka'))
  const recurring: Recurring = {
    flush: flush === null ? null : { everySec: flush.every, offsetSec: flush.offset ?? flush.every },
    keys: { rotationSec: keys?.rotation ?? null, distributeAfterSec: keys?.distribute_after ?? 0 },
  }
  if (facts.durationSec !== null && countRecurring(recurring, facts.durationSec) > maxRecurringSteps) {
    const message = `flushes and rotations by the clock come to more than ${maxRecurringSteps} steps`
    problems.push({ path: ['identity'], of: 'key', message, remedy: 'lengthen `flush` or `keys.rotation`' })
  }
  if (keys?.rotation === null || keys?.rotation === undefined) return
  const rotation = formatDuration(keys.rotation)
  if (keys.distribute_after >= keys.rotation) {
    const message = `the next rotation comes first, after ${rotation}: backends would skip a key`
    const remedy = 'distribute well before the next rotation'
    warnings.push({ path: ['identity', 'keys', 'distribute_after'], of: 'value', message, remedy })
  }
  if (expirationSec === null) return
  const needed = Math.ceil(expirationSec / keys.rotation) + 2
  if (keys.max_active_keys >= needed) return
  const validity = formatDuration(expirationSec)
  const message =
    `${keys.max_active_keys} keys are too few: with ${validity} of validity and a rotation each ${rotation}, live tokens lose ` +
    `their key (\`key-rotated-away\`)`
  const remedy = `${validity} / ${rotation} + 2 = ${needed} keys are needed`
  warnings.push({ path: ['identity', 'keys', 'max_active_keys'], of: 'value', message, remedy })
}

const checkGates = (facts: Facts, checkGate: CheckGate, { problems }: Findings): void => {
  const { classes, durationSec } = facts
  const targets = listAt(facts.data, 'timeline').flatMap((step) => {
    const restart = readPart(stepSchema.shape.restart, valueAt(step, ['restart']))
    return restart === null ? [] : (restartPlan(restart, facts.services ?? [])?.targets ?? [])
  })
  const restarts = [...new Set(targets)]
  const services = (facts.services ?? []).map((service) => senderOfService(service, classes))
  const kinds = listAt(facts.data, 'timeline').map((step) => valueAt(step, ['fault', 'kind']))
  const faults = faultKinds.filter((kind) => kinds.includes(kind))
  const context: GateContext = { classes, services, restarts, faults, durationSec }
  for (const [i, gate] of listAt(facts.data, 'gates').entries()) {
    if (typeof gate !== 'string') continue
    for (const problem of checkGate(gate, context)) {
      const { message, remedy, column } = problem
      const place = { path: ['gates', i], of: 'value', columnInText: column ?? 1 } as const
      problems.push(remedy === undefined ? { ...place, message } : { ...place, message, remedy })
    }
  }
}

/**
 * All checks between the parts of a document. `data` is the document as plain data, of whatever shape; `place` is where it
 * is to be run, null if that is not known.
 */
export const checkDocument = (data: unknown, checkGate: CheckGate, place: Place | null = null): Findings => {
  const facts = gatherFacts(data)
  const findings: Findings = { problems: [], warnings: [] }
  checkClock(facts, findings)
  checkNames(facts, findings)
  checkSubjects(facts, findings)
  checkIdentity(facts, findings)
  checkSteps(facts, findings)
  checkFaults(facts, place, findings)
  checkExternal(facts, place, findings)
  checkGates(facts, checkGate, findings)
  return findings
}
