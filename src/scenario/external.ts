// What a scenario says of a given Keystone, as the rest of the program knows it: checked, in seconds, with its defaults.
// Secrets are named here, never held: whoever needs one takes it from the environment.
import type { z } from 'zod'
import type { externalSchema } from './externalSchema.js'
import type { StepAction } from './scenario.js'

/** A command of the operator: a text for `sh -c`, or a program and its words. */
export interface HookCommand {
  readonly run: string | readonly string[]
  readonly timeoutSec: number
}

/** A user that exists. `password`: the variable that holds it. */
export interface GivenUser {
  readonly user: { readonly id: string } | { readonly name: string; readonly domainId: string }
  readonly passwordVariable: string
  readonly project: { readonly name: string; readonly domainId: string }
}

/** When a run ends itself: more than `share` of at least `leastRequests` within `overSec` went wrong. */
export interface AbortRule {
  readonly share: number
  readonly overSec: number
  readonly leastRequests: number
  /** Whether refused tokens count as wrong. */
  readonly refusals: boolean
}

export type People =
  | {
      readonly kind: 'made'
      readonly prefix: string
      readonly domainId: string
      readonly role: string
      readonly serviceRole: string
    }
  | { readonly kind: 'given'; readonly users: readonly GivenUser[]; readonly service: GivenUser | null }

export interface ExternalSettings {
  /** The Keystone that may be asked; null: none is named. */
  readonly target: string | null
  /** Requests in any second, at most; null: no limit. */
  readonly ceilingPerSec: number | null
  readonly abort: AbortRule | null
  readonly people: People
  /** `dsn`: a URL without a password, or `$NAME` of the variable that holds one. */
  readonly table: { readonly dsn: string; readonly everySec: number } | null
  readonly hooks: Readonly<Record<string, HookCommand>>
}

/** The hook that is run when the run has ended. */
export const endHook = 'end'

/** The hooks by which a step may be done, the most particular first. */
export const hooksOf = (action: StepAction): readonly string[] => {
  switch (action.kind) {
    case 'restart':
      return [`restart.${action.target}`, 'restart']
    case 'fault':
    case 'repair':
      return [`${action.kind}.${action.fault.kind}`]
    default:
      return [action.kind]
  }
}

/** The hook that does a step; null: there is none. */
export const hookFor = (action: StepAction, hooks: ExternalSettings['hooks']): HookCommand | null =>
  hooksOf(action)
    .map((name) => hooks[name])
    .find((hook) => hook !== undefined) ?? null

type Section = z.output<typeof externalSchema>
type Person = NonNullable<Section['service']>

const toGiven = ({ name, id, domain, password, project }: Person): GivenUser => ({
  user: id === undefined ? { name: name ?? '', domainId: domain } : { id },
  passwordVariable: password.slice(1),
  project: { name: project, domainId: domain },
})

const made: People = {
  kind: 'made',
  prefix: 'cutover-',
  domainId: 'default',
  role: 'member',
  serviceRole: 'service',
}

const toPeople = ({ create, users, service }: Section): People => {
  if (users !== undefined) {
    return {
      kind: 'given',
      users: users.map(toGiven),
      service: service === undefined ? null : toGiven(service),
    }
  }
  if (create === undefined) return made
  const { prefix, domain, role, service_role: serviceRole } = create
  return { kind: 'made', prefix, domainId: domain, role, serviceRole }
}

/** The section as settings; a scenario without it says nothing of a given Keystone, and has its defaults. */
export const toExternal = (section: Section | undefined): ExternalSettings => {
  if (section === undefined) {
    return { target: null, ceilingPerSec: null, abort: null, people: made, table: null, hooks: {} }
  }
  const { target, ceiling, abort_at: abort, table, hooks } = section
  return {
    target: target ?? null,
    ceilingPerSec: ceiling ?? null,
    abort:
      abort === undefined
        ? null
        : { share: abort.share, overSec: abort.over, leastRequests: abort.least, refusals: abort.refusals },
    people: toPeople(section),
    table: table === undefined ? null : { dsn: table.dsn, everySec: table.every },
    hooks: Object.fromEntries(
      Object.entries(hooks).map(([hook, { run, timeout }]) => [hook, { run, timeoutSec: timeout }]),
    ),
  }
}
