// A strategy with other numbers: hour of the day, validity, rotation and the lengths of its phases, drawn within bounds.
// It exists so that a search tries plans that a person could write: each is the data of a scenario file, checked as one.
import type { Random } from '../base/random.js'
import { daySec, hourSec } from '../base/time.js'
import type { Scenario } from './scenario.js'
import type { Mapping } from './sources.js'
import { formatDuration, readDuration } from './units.js'

/** What was drawn, in words, and the data of the scenario. */
export interface Variation {
  readonly settings: Readonly<Record<string, string>>
  readonly data: Mapping
}

/** Parts of the cloud's own validity that are tried. None is longer: tokens that live longer only make more of them. */
const validityParts = [1, 2, 3, 6, 12, 24] as const
/** The shortest validity that is tried: shorter ones end operations that are under way. */
const validityLeastSec = hourSec
/** Rotations within a validity: more keys for each. */
const rotationsPerValidity = [1, 2, 4, 6] as const
/** By what phases and gaps are drawn out. */
const factors = [0.25, 0.5, 1, 2, 4] as const
/** The part of the run after the last step, at least, so that what it does is seen. */
const tailShare = 0.1

const mapping = (value: unknown): Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Mapping) : {}

const secondsOf = (value: unknown): number | null => {
  const reading = readDuration(value)
  return reading.ok ? reading.value : null
}

const whole = (sec: number): string => formatDuration(Math.max(1, Math.round(sec)))

/** A duration drawn out, rounded to a second; null for what is none, or zero. */
const stretched = (value: unknown, factor: number): string | null => {
  const sec = secondsOf(value)
  return sec === null || sec === 0 ? null : whole(sec * factor)
}

/** Gaps inside a step: from backend to backend, from restart to restart. */
const withGaps = (step: Mapping, factor: number): Mapping => {
  const changed = (key: 'cutover' | 'restart'): Mapping => {
    const action = mapping(step[key])
    const gap = stretched(action['gap'], factor)
    return gap === null ? {} : { [key]: { ...action, gap } }
  }
  return { ...step, ...changed('cutover'), ...changed('restart') }
}

/** Steps with the time from each to the next drawn out; the first stays where it is. */
const withPhases = (
  timeline: readonly unknown[],
  random: Random,
): { steps: readonly Mapping[]; words: string } => {
  const words: string[] = []
  let oldSec: number | null = null
  let newSec = 0
  const steps = timeline.map((each) => {
    const step = mapping(each)
    const factor = random.pick(factors)
    const gapped = withGaps(step, random.pick(factors))
    const at = step['at']
    const sec = secondsOf(at)
    if (sec !== null) {
      newSec = oldSec === null ? sec : newSec + (sec - oldSec) * factor
      oldSec = sec
      words.push(whole(newSec))
      return { ...gapped, at: whole(newSec) }
    }
    const wait = mapping(at)
    const forText = stretched(wait['for'], factor)
    if (forText === null) return gapped
    words.push(`+${forText}`)
    return { ...gapped, at: { ...wait, for: forText } }
  })
  return { steps, words: words.join(' ') }
}

const hourOf = (
  scenario: Scenario,
  random: Random,
): { readonly starts: string; readonly words: string } | null => {
  if (!scenario.clients.some(({ byHour }) => byHour !== undefined)) return null
  const midnight = Math.floor(scenario.startsAtEpochSec / daySec) * daySec
  const hour = random.int(24)
  const starts = new Date((midnight + hour * hourSec) * 1000).toISOString().replace('.000', '')
  return { starts, words: `${hour} h` }
}

/**
 * Draws one variation of a strategy. Its cloud is scaled to `share` of its members and tokens (at least one member of a class),
 * so that many can be tried; arrivals of the members that are left are what they were.
 */
export const varyStrategy = (
  { scenario, data }: { readonly scenario: Scenario; readonly data: Mapping },
  random: Random,
  share: number,
): Variation => {
  const identity = mapping(data['identity'])
  const base = scenario.identity.expirationSec
  const parts = validityParts.filter((part) => base / part >= validityLeastSec)
  const validitySec = base / (parts.length === 0 ? 1 : random.pick(parts))
  const rotations = random.pick(rotationsPerValidity)
  const rotates = scenario.identity.keys.rotationSec !== null
  const keys = {
    ...mapping(identity['keys']),
    rotation: whole(validitySec / rotations),
    max_active_keys: rotations + 2,
  }
  const hour = hourOf(scenario, random)
  const timeline = Array.isArray(data['timeline']) ? (data['timeline'] as unknown[]) : []
  const { steps, words } = withPhases(timeline, random)
  const live = Math.round(scenario.tokens.live * share * (validitySec / base))
  const clients = Object.entries(mapping(data['clients'])).map(([name, given]): [string, Mapping] => {
    const members = scenario.clients.find((each) => each.name === name)?.members ?? 1
    return [name, { ...mapping(given), members: Math.max(1, Math.round(members * share)) }]
  })
  return {
    settings: {
      validity: whole(validitySec),
      ...(rotates ? { rotation: whole(validitySec / rotations) } : {}),
      ...(hour === null ? {} : { starts: hour.words }),
      steps: words,
    },
    data: {
      ...data,
      ...(hour === null ? {} : { starts: hour.starts }),
      duration: formatDuration(scenario.durationSec),
      identity: { ...identity, expiration: whole(validitySec), ...(rotates ? { keys } : {}) },
      tokens: { ...mapping(data['tokens']), live },
      clients: Object.fromEntries(clients),
      timeline: steps,
      clock: [],
      // Gates speak of the plan as it was written.
      gates: [],
    },
  }
}

/** The same variation at another scale: the members and tokens of the cloud itself. */
export const atFullScale = (
  { scenario, data }: { readonly scenario: Scenario; readonly data: Mapping },
  varied: Mapping,
): Mapping => {
  const validitySec = secondsOf(mapping(varied['identity'])['expiration']) ?? scenario.identity.expirationSec
  const live = Math.round(scenario.tokens.live * (validitySec / scenario.identity.expirationSec))
  return { ...varied, clients: data['clients'], tokens: { ...mapping(data['tokens']), live } }
}

/** Whether the last step leaves time to see what it does. */
export const leavesTime = ({ timeline, durationSec }: Scenario): boolean =>
  timeline.every(({ origin, atSec }) => origin === 'clock' || atSec <= durationSec * (1 - tailShare))
