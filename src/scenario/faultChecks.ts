// What must hold for the faults of a timeline: each has what its kind takes, and can be played where it is to be run.
// A fault that cannot be played is refused with its reason before anything starts, instead of being left out.
import { type Facts, type Findings, listAt, readPart } from './facts.js'
import { faultForms, faultKinds } from './faults.js'
import type { Path } from './document.js'
import { valueAt } from './issues.js'
import type { FaultKind, FaultOption, Place } from './scenario.js'
import { stepSchema } from './stepSchema.js'
import { latestSec } from './timeline.js'
import { formatDuration } from './units.js'

const options: readonly FaultOption[] = ['nodes', 'for', 'skew', 'after_step', 'times', 'latency']
const faultShape = stepSchema.shape.fault.unwrap().shape

const kindOf = (value: unknown): FaultKind | null => faultKinds.find((kind) => kind === value) ?? null

const quoted = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ')

const checkOptions = (path: Path, fault: unknown, kind: FaultKind, { problems }: Findings): void => {
  const { needs, takes } = faultForms[kind]
  for (const option of options) {
    const written = valueAt(fault, [option]) !== undefined
    if (!written && needs.includes(option)) {
      const message = `\`${kind}\` needs \`${option}\``
      problems.push({ path, of: 'value', message, remedy: `add \`${option}\`` })
    }
    if (written && !needs.includes(option) && !takes.includes(option)) {
      const all = [...needs, ...takes]
      const remedy = all.length === 0 ? 'it takes none' : `it takes ${quoted(all)}`
      const message = `\`${option}\` means nothing to \`${kind}\``
      problems.push({ path: [...path, option], of: 'key', message, remedy })
    }
  }
}

/** What is not there cannot fail. */
const checkCache = (path: Path, kind: FaultKind, facts: Facts, { problems }: Findings): void => {
  if (!kind.startsWith('memcached-') || valueAt(facts.data, ['identity', 'cache']) === 'memcached') return
  const message = `there is no memcached for \`${kind}\` to be about`
  problems.push({
    path: [...path, 'kind'],
    of: 'value',
    message,
    remedy: 'set `cache: memcached` in `identity`',
  })
}

const checkEnd = (path: Path, step: unknown, facts: Facts, { warnings }: Findings): void => {
  const at = readPart(stepSchema.shape.at, valueAt(step, ['at']))
  const atSec = at === null ? null : latestSec({ at }, null)
  const forSec = readPart(faultShape.for, valueAt(step, ['fault', 'for'])) ?? null
  if (atSec === null || forSec === null || facts.durationSec === null) return
  if (atSec >= facts.durationSec || atSec + forSec < facts.durationSec) return
  const message = `this fault would end at ${formatDuration(atSec + forSec)}, but the run ends at ${formatDuration(facts.durationSec)}`
  warnings.push({
    path: [...path, 'for'],
    of: 'value',
    message,
    remedy: 'shorten it, or lengthen the run, to see the recovery',
  })
}

/** Checks every fault of `timeline`. `place` null: nothing is known of where it is to be run. */
export const checkFaults = (facts: Facts, place: Place | null, findings: Findings): void => {
  for (const [index, step] of listAt(facts.data, 'timeline').entries()) {
    const fault = valueAt(step, ['fault'])
    const kind = kindOf(valueAt(fault, ['kind']))
    if (kind === null) continue
    const path: Path = ['timeline', index, 'fault']
    checkOptions(path, fault, kind, findings)
    checkEnd(path, step, facts, findings)
    checkCache(path, kind, facts, findings)
    // At a given Keystone a hook brings it about, or nothing does.
    const why =
      place === null || place.world === 'external' ? null : (faultForms[kind].impossible?.(place) ?? null)
    if (why === null || place === null) continue
    findings.problems.push({
      path: [...path, 'kind'],
      of: 'value',
      message: `\`${kind}\` cannot be played in the ${place.world} world on ${place.store}: ${why}`,
      remedy: 'run it where it can be, or remove the step',
    })
  }
}
