// What must hold of a scenario that is run against a given Keystone: a hook for each step, time that is real, users that can be made.
// What cannot be done there is refused with its reason before anything starts, instead of being left out.
import { faultKinds } from './faults.js'
import { listAt, readPart, type Facts, type Findings } from './facts.js'
import type { Path } from './document.js'
import { endHook } from './external.js'
import { remedyFor, valueAt } from './issues.js'
import type { BehaviourName, Place } from './scenario.js'
import { scenarioSchema, stretchSchema } from './schema.js'
import { stepSchema } from './stepSchema.js'
import { stepActions } from './timeline.js'

const keysOf = (value: unknown): readonly string[] =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : []

const plainHooks = [...stepActions.filter((action) => action !== 'fault'), endHook]

const checkHookNames = (facts: Facts, { problems }: Findings): void => {
  const targets = [...facts.classes, ...(facts.services ?? [])]
  const faults = faultKinds.flatMap((kind) => [`fault.${kind}`, `repair.${kind}`])
  const known = [...plainHooks, ...targets.map((target) => `restart.${target}`), ...faults]
  for (const hook of keysOf(valueAt(facts.data, ['external', 'hooks']))) {
    if (known.includes(hook)) continue
    const path: Path = ['external', 'hooks', hook]
    const message = `no step is called \`${hook}\``
    const near =
      hook.startsWith('fault.') || hook.startsWith('repair.') ? faults : [...plainHooks, 'restart.NAME']
    problems.push({ path, of: 'key', message, remedy: remedyFor(hook, near) })
  }
}

const checkPeople = ({ data }: Facts, { problems }: Findings): void => {
  const section = valueAt(data, ['external'])
  const has = (key: string): boolean => valueAt(section, [key]) !== undefined
  if (has('users') && has('create')) {
    const message = 'users are either given or made'
    problems.push({ path: ['external', 'create'], of: 'key', message, remedy: 'remove `create` or `users`' })
  }
  if (has('service') && !has('users')) {
    const message = 'the services’ user is made together with the others'
    problems.push({ path: ['external', 'service'], of: 'key', message, remedy: 'remove it, or add `users`' })
  }
  const people: (readonly [Path, unknown])[] = listIn(section, 'users').map((each, i) => [
    ['external', 'users', i],
    each,
  ])
  if (has('service')) people.push([['external', 'service'], valueAt(section, ['service'])])
  for (const [path, person] of people) {
    const named = ['id', 'name'].filter((key) => valueAt(person, [key]) !== undefined)
    if (named.length === 1) continue
    const message = named.length === 0 ? 'which user is meant?' : 'an id and a name for one user'
    problems.push({ path, of: 'key', message, remedy: 'write `name` or `id`' })
  }
}

const listIn = (data: unknown, key: string): readonly unknown[] => {
  const list = valueAt(data, [key])
  return Array.isArray(list) ? (list as unknown[]) : []
}

/** Hooks without which a step cannot be done, each with any that would do. */
const hooksWanted = (step: unknown, facts: Facts): readonly (readonly string[])[] => {
  const action = stepActions.find((each) => valueAt(step, [each]) !== undefined)
  // The services whose caches and sessions a restart empties are played here; a hook may do more.
  if (action === undefined || action === 'restart') return []
  if (action !== 'fault') return [[action]]
  const kind = valueAt(step, ['fault', 'kind'])
  if (typeof kind !== 'string') return []
  const forSec = readPart(stepSchema.shape.fault.unwrap().shape.for, valueAt(step, ['fault', 'for'])) ?? null
  const ends = forSec !== null && facts.durationSec !== null
  return [[`fault.${kind}`], ...(ends ? [[`repair.${kind}`]] : [])]
}

const checkHooks = (facts: Facts, { problems, warnings }: Findings): void => {
  const hooks = keysOf(valueAt(facts.data, ['external', 'hooks']))
  for (const [i, step] of listAt(facts.data, 'timeline').entries()) {
    for (const wanted of hooksWanted(step, facts)) {
      if (wanted.some((hook) => hooks.includes(hook))) continue
      const message = `nothing says how this is done at a given Keystone: there is no hook \`${wanted[0]}\``
      problems.push({
        path: ['timeline', i],
        of: 'value',
        message,
        remedy: `add \`external: { hooks: { ${wanted[0]}: … } }\``,
      })
    }
  }
  for (const [key, hook] of [
    ['flush', 'flush'],
    ['keys', 'keys.rotate'],
  ] as const) {
    const path: Path = key === 'keys' ? ['identity', 'keys', 'rotation'] : ['identity', 'flush']
    const written = valueAt(facts.data, path)
    if (written === undefined || written === 'never' || hooks.includes(hook)) continue
    const message = `without a hook \`${hook}\` this is left to the target’s own clock`
    warnings.push({ path, of: 'value', message, remedy: 'add the hook, or leave it away' })
  }
}

const checkTime = ({ data }: Facts, { problems }: Findings): void => {
  for (const [i, stretch] of listAt(data, 'clock').entries()) {
    const speed = readPart(stretchSchema.shape.speed, valueAt(stretch, ['speed']))
    if (speed === null || speed === 1) continue
    const message = 'a given Keystone lives in real time'
    problems.push({ path: ['clock', i, 'speed'], of: 'value', message, remedy: 'remove `speed`' })
  }
}

/** Behaviours whose users cannot be made by Keystone's API alone, and why. */
const notToBeMade: Readonly<Partial<Record<BehaviourName, string>>> = {
  'ldap-session': 'users of a directory are made in the directory',
  'federated-session': 'only the identity provider can vouch for its users',
  'two-factor-user': 'it needs rules of several methods, and `totp` among the methods of the target',
}

/** Behaviours that act by a trust, which needs a trustee of its own. */
const byTrust: readonly BehaviourName[] = [
  'heat-mitaka',
  'heat-newton',
  'magnum',
  'magnum-vm',
  'glance-upload',
]

const behaviourShape = scenarioSchema.shape.clients

const checkBehaviours = (facts: Facts, { problems }: Findings): void => {
  const given = valueAt(facts.data, ['external', 'users']) !== undefined
  const service = valueAt(facts.data, ['external', 'service']) !== undefined
  for (const name of facts.classes) {
    const path: Path = ['clients', name, 'behaviour']
    const written = readPart(behaviourShape, { [name]: valueAt(facts.data, ['clients', name]) })?.[name]
    if (written === undefined) continue
    const { behaviour, through } = written
    const why = notToBeMade[behaviour]
    if (why !== undefined) {
      const remedy = 'leave the class away, or run it in another world'
      problems.push({
        path,
        of: 'value',
        message: `\`${behaviour}\` cannot be played against a given Keystone: ${why}`,
        remedy,
      })
    } else if (given && byTrust.includes(behaviour)) {
      const message = `\`${behaviour}\` acts by a trust, and trusts are made between made users only`
      problems.push({ path, of: 'value', message, remedy: 'write `create` instead of `users`' })
    } else if (given && !service && (through.length > 0 || behaviour === 'direct-validator')) {
      const message = 'services need a user as whom they validate tokens'
      problems.push({ path: ['clients', name], of: 'key', message, remedy: 'add `external: { service: … }`' })
    }
  }
}

/** Checks the section, and with `place` in the external world, whether the scenario can be run against a given Keystone. */
export const checkExternal = (facts: Facts, place: Place | null, findings: Findings): void => {
  checkHookNames(facts, findings)
  checkPeople(facts, findings)
  if (place?.world !== 'external') return
  checkHooks(facts, findings)
  checkTime(facts, findings)
  checkBehaviours(facts, findings)
}
