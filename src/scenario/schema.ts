// The shape of a scenario file: every key with its type, default and meaning, and nothing about other keys.
// It exists once, for reading, for editors (JSON Schema) and for the reference table alike.
import { z } from 'zod'
import { identitySchema } from './identitySchema.js'
import { stepSchema } from './stepSchema.js'
import { externalSchema } from './externalSchema.js'
import { jsonSchemaOf, type JsonSchema } from './jsonSchema.js'
import type { ArrivalKind, BehaviourName } from './scenario.js'
import { count, duration, durationMeta, name, period, quantity, shareAboveZero } from './quantities.js'
import { readDuration, showValue, type Reading } from './units.js'

const arrivalKinds = ['poisson', 'constant'] as const satisfies readonly ArrivalKind[]
const behaviours = [
  'password-session',
  'saved-token-script',
  'one-shot',
  'heat-mitaka',
  'magnum',
  'heat-newton',
  'magnum-vm',
  'horizon',
  'forwarded-token',
  'long-operation',
  'glance-upload',
  'ldap-session',
  'federated-session',
  'two-factor-user',
  'monitoring-probe',
  'direct-validator',
] as const satisfies readonly BehaviourName[]

const instantPattern = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?Z)?$/
/** A date, seconds since 1970. */
const instant = () =>
  quantity(
    (value) => {
      const seconds = typeof value === 'string' && instantPattern.test(value) ? Date.parse(value) / 1000 : NaN
      if (Number.isFinite(seconds)) return { ok: true, value: seconds }
      const remedy = 'write it in UTC: 2017-04-04T06:00:00Z'
      return { ok: false, message: `${showValue(value)} is not a date`, remedy }
    },
    { type: 'string', pattern: instantPattern.source, examples: ['2017-04-04T06:00:00Z'] },
  )

const cloudSchema = z.strictObject({
  users: count(1_000_000).default(100).describe('Users in the cloud.'),
  projects: count(1_000_000).default(10).describe('Projects in the cloud.'),
  services: z
    .array(name('a service'))
    .max(64)
    .default(['nova', 'neutron', 'glance', 'cinder'])
    .describe('The services in the catalog, each with auth_token middleware.'),
  region: z.string().min(1).max(255).default('RegionOne').describe('The region in the catalog.'),
  host: z
    .string()
    .min(1)
    .max(255)
    .default('cloud.example.org')
    .describe('The public host name in the URLs of the catalog. It decides how long token bodies are.'),
})

const wholeSeconds = (value: unknown): Reading => {
  const reading = readDuration(value)
  if (!reading.ok || Number.isInteger(reading.value)) return reading
  const remedy = `write ${Math.round(reading.value)}s`
  return { ok: false, message: 'keystonemiddleware counts whole seconds', remedy }
}

const middlewareSchema = z.strictObject({
  token_cache_time: quantity(wholeSeconds, durationMeta)
    .describe(
      'keystonemiddleware’s `token_cache_time`, in whole seconds: how long a validation is remembered, counted from the second that has begun (59 to 60 s of 60); `0s` for no cache.',
    )
    .prefault('300s'),
  negative_cache: z
    .boolean()
    .default(true)
    .describe('Whether refused tokens are remembered too, as before keystonemiddleware 10.2.'),
  renews_own_token: z
    .boolean()
    .default(true)
    .describe(
      'Whether a service asks for a new token when Keystone refuses its own. `false`: as in deployments before Kilo (2015), which answered 503 until they were restarted.',
    ),
  cache: z
    .enum(['shared', 'process'])
    .default('shared')
    .describe('`shared`: the workers of a service share a memcached. `process`: each has its own cache.'),
  workers: count(1024)
    .default(4)
    .describe('Worker processes of each service, each with its own session at Keystone.'),
  threads: count(1024)
    .optional()
    .describe(
      'Requests that a worker handles at a time. Default: any number, a thread or greenlet for each.',
    ),
  http_request_max_retries: z
    .int()
    .min(0)
    .max(100)
    .default(3)
    .describe(
      'keystonemiddleware’s option: how often a validation is tried again, after 0.5, 1, 2 … s, when Keystone takes no connection or breaks it. Then the service answers 503.',
    ),
  service_tokens: z
    .boolean()
    .default(false)
    .describe(
      'Whether services send their own token along when they hand a user’s token on (Ocata): then an expired one is let through, with `allow_expired`.',
    ),
  delay_auth_decision: z
    .boolean()
    .default(false)
    .describe(
      'keystonemiddleware’s option: the service itself refuses. What its callers notice is 401 in place of 503 when Keystone cannot be asked.',
    ),
  rados_gateways: z
    .array(z.string())
    .default([])
    .describe(
      'Services that are Ceph’s RADOS Gateway, without auth_token: it keeps its own token when Keystone refuses that, and answers 401 to everybody whom it does not remember.',
    ),
  at_start: z
    .enum(['filled', 'empty'])
    .default('filled')
    .describe(
      '`filled`: the run starts in a cloud that has been running: services hold tokens and remember validations. `empty`: they were started with it.',
    ),
})

export const classSchema = z.strictObject({
  behaviour: z.enum(behaviours).describe('How members use and renew tokens.'),
  members: count(1_000_000).describe('How many there are.'),
  every: period('20m').describe('Mean time between two calls of one member.'),
  arrivals: z
    .enum(arrivalKinds)
    .default('poisson')
    .describe('`poisson`: at random, independently. `constant`: at a random phase, then evenly.'),
  through: z
    .array(z.string())
    .default([])
    .describe('The services that are called. Empty: members validate their own token at Keystone.'),
  by_hour: z
    .array(z.number().min(0))
    .refine((hours) => hours.length === 24 && hours.some((each) => each > 0), {
      message: 'must be 24 numbers, one for each hour, and not all 0',
    })
    .optional()
    .describe(
      'How busy each hour of the day is, from midnight UTC on, in any unit: 24 numbers. `every` is the mean over the day. Default: all hours alike.',
    ),
  joins_within: duration()
    .optional()
    .describe(
      'Members begin one by one, at instants spread at random over this time from the start. Default: they have been there for long.',
    ),
  lasts: duration()
    .describe(
      'For `long-operation` and `glance-upload`: how long each lasts, from the look at its token to the other.',
    )
    .prefault('30m'),
  login_after: duration()
    .describe(
      'For `horizon` and `two-factor-user`: how long it takes until a person who was thrown out logs in again.',
    )
    .prefault('5m'),
  subjects: z
    .array(z.string())
    .default([])
    .describe('For `direct-validator`: the classes whose current tokens it validates, each token as likely.'),
})

export const stretchSchema = z.strictObject({
  until: period('90m').describe('The end of the stretch, from the start of the run.'),
  speed: z
    .number()
    .gt(0)
    .default(1)
    .describe('Scenario seconds in a real second. The local world obeys it, the simulated one jumps.'),
  traffic: shareAboveZero()
    .describe('The share of each class’s members that is active, at least one member.')
    .prefault('100%'),
})

/** The whole file. Input: what YAML gives. Output: quantities as numbers (seconds, shares), defaults filled in. */
export const scenarioSchema = z.strictObject({
  name: name('a scenario').describe('Names the run’s folder and its reports.'),
  description: z.string().max(2000).default('').describe('What is rehearsed and why, for the reports.'),
  seed: z
    .int()
    .min(0)
    .default(1)
    .describe('Everything random follows from it: equal seeds give equal plans.'),
  starts: instant().describe('The date at which the run starts, in UTC.').prefault('2017-04-04T06:00:00Z'),
  duration: period('2h')
    .optional()
    .describe('Length of the run. Default: the end of the last stretch of `clock`.'),
  cloud: cloudSchema.prefault({}).describe('What stands in the catalog and in the user database.'),
  identity: identitySchema.prefault({}).describe('Keystone itself.'),
  middleware: middlewareSchema.prefault({}).describe('The services’ auth_token middleware.'),
  tokens: z
    .strictObject({
      live: z
        .int()
        .min(0)
        .max(10_000_000)
        .default(0)
        .describe(
          'Live tokens when the run starts, those that clients hold among them: rows of the table under UUID.',
        ),
      revocation_events: z
        .int()
        .min(0)
        .max(100_000)
        .default(0)
        .describe(
          'Revocation events when the run starts. They hit nobody; Mitaka and Newton read all of them at each validation.',
        ),
      issued_within: duration()
        .optional()
        .describe(
          'They were issued at instants spread over this time before the start. Default: over the validity, as a steady rate of issuing leaves them.',
        ),
    })
    .prefault({})
    .describe('Tokens that exist when the run starts.'),
  clients: z.record(name('a class of clients'), classSchema).describe('The classes of clients, by name.'),
  timeline: z
    .array(stepSchema)
    .max(10_000)
    .prefault([])
    .describe('What is done when: each step `at` and one action.'),
  clock: z
    .array(stretchSchema)
    .max(1000)
    .prefault([])
    .describe(
      'Stretches of the run with their own speed and traffic. Default: real time and full traffic throughout.',
    ),
  limits: z
    .strictObject({
      lateness_p99: period('20ms')
        .describe('The load generator’s own lateness above which a run is inconclusive.')
        .prefault('20ms'),
      request_timeout: period('30s')
        .describe('After which a request counts as timed out, in real time.')
        .prefault('30s'),
    })
    .prefault({})
    .describe('Bounds on the load generator.'),
  external: externalSchema
    .optional()
    .describe(
      'A given Keystone as the target, and the operator’s commands. For `--world external`; the others leave it aside. Default: made users, and no command.',
    ),
  gates: z
    .array(z.string())
    .max(1000)
    .default([])
    .describe('What must hold for the run to pass, one condition each.'),
})

/** A scenario file after `scenarioSchema`: numbers in seconds, the file's own words for keys. */
export type ScenarioDocument = z.output<typeof scenarioSchema>

/** One entry of `timeline`, as the file has it. */
export type StepDocument = z.output<typeof stepSchema>

/** The JSON Schema of a scenario file. */
export const scenarioJsonSchema = (): JsonSchema => jsonSchemaOf(scenarioSchema)
