// The shape of a scenario file: every key with its type, default and meaning, and nothing about other keys.
// It exists once, for reading, for editors (JSON Schema) and for the reference table alike.
import { z } from 'zod'
import type { ProviderMode } from '../token/mode.js'
import { externalSchema } from './externalSchema.js'
import { jsonSchemaOf, type JsonSchema } from './jsonSchema.js'
import { shippedCostNames } from './costs/shipped.js'
import { passwordSchemes } from './passwordHash.js'
import { faultForms, faultKinds } from './faults.js'
import type { ArrivalKind, BehaviourName, CacheBackend, Release, StepCondition } from './scenario.js'
import {
  aboveZero,
  count,
  duration,
  durationMeta,
  name,
  period,
  quantity,
  shareAboveZero,
} from './quantities.js'
import { readDuration, showValue, type Reading } from './units.js'

const releases = ['mitaka', 'newton', 'ocata', 'queens', 'zed'] as const satisfies readonly Release[]
const modes = ['uuid', 'dual-uuid', 'dual-fernet', 'fernet'] as const satisfies readonly ProviderMode[]
const arrivalKinds = ['poisson', 'constant'] as const satisfies readonly ArrivalKind[]
const caches = ['none', 'process', 'memcached'] as const satisfies readonly CacheBackend[]
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

const neverMeta = { type: 'string', const: 'never' }
const neverIsNull = (value: unknown): unknown => (value === 'never' ? null : value)

const nodeSet = () =>
  z.union([z.literal('all'), z.array(z.int().min(1)).min(1)], {
    error: 'expected `all` or a list of backend numbers, counted from 1, such as [1, 2]',
  })

const flushPeriod = z.strictObject({
  every: period('1h').describe('Time between two runs of token_flush.'),
  offset: duration()
    .optional()
    .describe('When the first run is, from the start of the rehearsal. Default: one period after the start.'),
})

/** A bare period is short for a mapping that has only that. */
const flushShort = (value: unknown): unknown =>
  typeof value === 'string' || typeof value === 'number' ? { every: value } : value

const keysSchema = z.strictObject({
  rotation: z
    .preprocess(neverIsNull, period('6h').nullable())
    .meta({ anyOf: [durationMeta, neverMeta] })
    .describe(
      'Time between two key rotations by the clock, or `never`. The first is one period after the start.',
    )
    .prefault('never'),
  max_active_keys: z
    .int()
    .min(2)
    .max(52)
    .default(3)
    .describe(
      'Keystone’s `[fernet_tokens] max_active_keys`: staged, primary and secondary keys together. Needed: validity / rotation + 2.',
    ),
  distribute_after: duration()
    .describe('How long after each rotation by the clock the backends receive the new keys.')
    .prefault('0s'),
})

const statedCostsSchema = z.strictObject({
  validate: duration().describe('A validation of a good token.'),
  not_found: duration().describe('A validation that ends in 404.'),
  unauthorized: duration().describe('A validation that ends in 401.'),
  issue: duration().describe('An issue, with the check of the password.'),
  variation: z
    .number()
    .min(0)
    .max(3)
    .default(0)
    .describe(
      'How much such a time varies from request to request: its standard deviation over its mean, log-normal. 0: not at all.',
    ),
})

const balancers = ['client', 'haproxy'] as const
const algorithms = ['roundrobin', 'leastconn'] as const

const balancerSchema = z.strictObject({
  kind: z
    .enum(balancers)
    .default('client')
    .describe(
      '`client`: the clients, each at random. `haproxy`: a private HAProxy in the local world, its model in the simulated one.',
    ),
  algorithm: z.enum(algorithms).default('roundrobin').describe('HAProxy’s `balance`.'),
  checks: z
    .boolean()
    .default(true)
    .describe(
      'Whether backends are checked by `/healthcheck`. Without, requests go to those that are gone as well.',
    ),
  interval: period('2s')
    .describe('Time from one check of a backend to the next, HAProxy’s `inter`.')
    .prefault('2s'),
  rise: count(100).default(2).describe('Good answers in a row that bring a backend back.'),
  fall: count(100).default(3).describe('Bad answers in a row that take it out.'),
})

const identitySchema = z.strictObject({
  release: z
    .enum(releases)
    .default('mitaka')
    .describe('The Keystone release whose flush, payloads and answers are followed.'),
  provider: z
    .enum(modes)
    .default('uuid')
    .describe('The token provider in force when the run starts, on every backend.'),
  backends: count(64).default(1).describe('Keystone backends behind the balancer, numbered from 1.'),
  processes: count(1024)
    .optional()
    .describe(
      'Worker processes of each backend, each of which handles one request at a time. Default: as many as the profile of `costs` was measured with, else 1. Without a profile: simulated world only.',
    ),
  balancer: z
    .preprocess((value) => (typeof value === 'string' ? { kind: value } : value), balancerSchema)
    .meta({ anyOf: [{ type: 'string', enum: [...balancers] }, jsonSchemaOf(balancerSchema)] })
    .describe('Who spreads requests over the backends: `client`, `haproxy`, or a mapping with details.')
    .prefault('client'),
  expiration: period('24h')
    .describe('Keystone’s `[token] expiration`: how long a token is valid.')
    .prefault('1h'),
  flush: z
    .preprocess((value) => neverIsNull(flushShort(neverIsNull(value))), flushPeriod.nullable())
    .meta({
      anyOf: [durationMeta, neverMeta, jsonSchemaOf(flushPeriod)],
    })
    .describe('When token_flush runs: a period (`1h`), `{ every, offset }` or `never`.')
    .prefault('never'),
  keys: keysSchema.prefault({}).describe('The Fernet key repository and its rotation by the clock.'),
  cache: z
    .enum(caches)
    .default('none')
    .describe(
      'Keystone’s own caching of tokens: `none` beyond a request, in each backend’s `process`, or in one `memcached` for all.',
    ),
  cache_time: period('600s')
    .describe('Keystone’s `[token] cache_time`: how long a cached validation is used.')
    .prefault('600s'),
  cache_on_issue: z
    .boolean()
    .optional()
    .describe(
      'Keystone’s `[token] cache_on_issue`: issued tokens are cached, too. Default: as the release, no in Newton, yes since Ocata.',
    ),
  password_hash: z
    .strictObject({
      scheme: z
        .enum(passwordSchemes)
        .optional()
        .describe(
          'How passwords are hashed. Default: as the release, `sha512_crypt` up to Ocata, `bcrypt` since Queens. `plain`: not at all.',
        ),
      rounds: z
        .int()
        .min(1)
        .max(1_048_576)
        .optional()
        .describe(
          'Keystone’s `password_hash_rounds` (before Queens `crypt_strength`). bcrypt: 4 to 18, default 12. scrypt: the exponent of N, 1 to 20, default 16. pbkdf2_sha512: default 25000. sha512_crypt: from 1000, default 10000.',
        ),
    })
    .prefault({})
    .describe('What checking a password costs a backend.'),
  costs: z
    .union([z.string(), statedCostsSchema], {
      error:
        'expected `native`, the name or the file of a cost profile, or a mapping of `validate`, `not_found`, `unauthorized` and `issue`',
    })
    .meta({
      anyOf: [
        { type: 'string', enum: ['native', ...shippedCostNames] },
        { type: 'string', pattern: '[./]', examples: ['./keystone-costs.json'] },
        jsonSchemaOf(statedCostsSchema),
      ],
    })
    .default('native')
    .describe(
      'What a request costs a worker. `native`: as this program’s own servers. `newton`, `queens`, `zed`: as that Keystone when it was measured, in both worlds. A file: a profile that `cutover profile` wrote. Or, simulated world only, a mapping with what was measured, waiting not included: `{ validate, not_found, unauthorized, issue }`, each a duration. Default: `native`.',
    ),
})

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

/** A duration that may be negative: how far a clock is ahead. */
const skew = () =>
  quantity(
    (value) => {
      const behind = typeof value === 'string' && value.startsWith('-')
      const reading = aboveZero(readDuration, '5m')(behind ? value.slice(1) : value)
      return reading.ok && behind ? { ok: true, value: -reading.value } : reading
    },
    { type: 'string', pattern: '^-?([0-9]+(\\.[0-9]+)?(w|d|h|m|s|ms))+$', examples: ['5m', '-90s'] },
  )

const kindsInWords = faultKinds.map((kind) => `\`${kind}\`: ${faultForms[kind].meaning}.`).join(' ')

const faultSchema = z.strictObject({
  kind: z.enum(faultKinds).describe(`What goes wrong. ${kindsInWords}`),
  nodes: nodeSet()
    .optional()
    .describe('The backends that it is about: `all` or a list. Default: by the kind.'),
  for: period('5m')
    .optional()
    .describe('How long it lasts; then it is undone. Default: to the end of the run.'),
  skew: skew().optional().describe('Of `clock-skew`: how far the clock is ahead, `5m`, or behind, `-90s`.'),
  after_step: z.int().min(1).max(60).optional().describe('Of `rotation-crash`: the last step that was done.'),
  times: z.int().min(1).max(60).optional().describe('Of `keys-rotated-early`: how many rotations.'),
  latency: period('200ms')
    .optional()
    .describe('Of `database-slow`: what each answer takes longer, in real time.'),
})

const conditions = [
  'no-uuid-token',
  'last-uuid-expired',
  'operator',
  'previous-step',
] as const satisfies readonly StepCondition['after'][]

export const waitSchema = z.strictObject({
  after: z
    .enum(conditions)
    .describe(
      '`no-uuid-token`: every backend issues Fernet, and none has accepted a UUID token `for` so long. `last-uuid-expired`: every backend issues Fernet, and no row of the table is still valid. `operator`: somebody asks for it on the live page (`rehearse --live`). `previous-step`: the step above it in the file has ended.',
    ),
  for: duration()
    .optional()
    .describe(
      'How long that must have been so. Required for `no-uuid-token`, else `0s`; `operator` has none.',
    ),
  latest: duration()
    .optional()
    .describe(
      'Then the step is done in any case. Required for what is measured and for `operator`; `previous-step` has none.',
    ),
})

const isMapping = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** An instant, or what a step waits for. Each is read by its own schema, so that problems speak of what was meant. */
const stepTime = () =>
  z
    .unknown()
    .meta({ anyOf: [durationMeta, jsonSchemaOf(waitSchema)] })
    .transform((value, context): number | z.output<typeof waitSchema> => {
      const read = isMapping(value) ? waitSchema.safeParse(value) : duration().safeParse(value)
      if (read.success) return read.data
      for (const issue of read.error.issues) context.addIssue({ ...issue })
      return z.NEVER
    })

const names = () => z.array(z.string()).min(1)

export const stepSchema = z.strictObject({
  at: stepTime().describe('When, from the start of the run; or what the step waits for.'),
  cutover: z
    .strictObject({
      to: z.enum(modes).describe('The token provider to switch to.'),
      nodes: z
        .union([z.enum(['all', 'rolling']), z.array(z.int().min(1)).min(1)], {
          error: 'expected `all`, `rolling` or a list of backend numbers, counted from 1, such as [1, 2]',
        })
        .default('all')
        .describe('`all`: every backend at once. `rolling`: one after the other. Or a list of backends.'),
      gap: duration()
        .optional()
        .describe('Time from one backend to the next. Default: 30s with `rolling`, none for a list.'),
      outage: z
        .strictObject({
          resets: duration().describe('How long connections are taken and then broken.').prefault('1s'),
          refused: duration().describe('How long nobody listens then.').prefault('2s'),
          hangs: duration()
            .describe('How long requests wait then, until the new processes are loaded and answer.')
            .prefault('3s'),
        })
        .optional()
        .describe(
          'Each backend is stopped and started with the other provider, and is away meanwhile. Default: it changes without a gap.',
        ),
    })
    .optional()
    .describe('Switches the token provider.'),
  expiration: period('1h')
    .optional()
    .describe(
      'Changes Keystone’s `[token] expiration` on every backend: for tokens that are issued from then on.',
    ),
  restart: z
    .union(
      [
        z.string(),
        names(),
        z.strictObject({
          targets: z
            .union([z.literal('all'), names()], {
              error: 'expected `all` or a list of names, such as [heat, magnum]',
            })
            .describe('`all` services, or a list of services and classes of clients, in their order.'),
          gap: duration().describe('Time from one restart to the next.').prefault('0s'),
        }),
      ],
      { error: 'expected a name, `all`, a list of names, or { targets, gap }' },
    )
    .optional()
    .describe(
      'Restarts services and classes of clients, by name: cached tokens and credentials are gone. `all`: every service.',
    ),
  'keys.rotate': z
    .literal(true)
    .optional()
    .describe('Rotates the Fernet keys once, beside any rotation by the clock.'),
  'keys.distribute': nodeSet()
    .optional()
    .describe('Copies the key repository to the backends: `all` or a list.'),
  flush: z
    .literal([true, 'all'])
    .optional()
    .describe('`true`: runs token_flush once, beside any flush by the clock. `all`: empties the table.'),
  fault: faultSchema.optional().describe('Brings about a fault, and undoes it after `for`.'),
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
