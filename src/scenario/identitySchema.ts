// The key `identity` of a scenario file: which Keystone it is, how it is set up, and what its requests cost.
// It stands apart because it is the part that an operator copies out of a configuration.
import { z } from 'zod'
import { shippedCostNames } from './costs/shipped.js'
import { jsonSchemaOf } from './jsonSchema.js'
import { passwordSchemes } from './passwordHash.js'
import { providerModes } from './providerModes.js'
import { count, duration, durationMeta, period } from './quantities.js'
import type { CacheBackend, Release } from './scenario.js'

const releases = ['mitaka', 'newton', 'ocata', 'queens', 'zed'] as const satisfies readonly Release[]
const caches = ['none', 'process', 'memcached'] as const satisfies readonly CacheBackend[]

const neverMeta = { type: 'string', const: 'never' }
const neverIsNull = (value: unknown): unknown => (value === 'never' ? null : value)

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

const uncachedCostsSchema = z.strictObject({
  uuid: duration().describe('Of a UUID token.'),
  fernet: duration().describe('Of a Fernet token.'),
  uuid_trust: duration().describe('Of a UUID token by a trust.'),
  fernet_trust: duration().describe('Of a Fernet token by a trust.'),
})

const statedCostsSchema = z.strictObject({
  validate: duration().describe('A validation of a good token.'),
  uncached: uncachedCostsSchema
    .optional()
    .describe(
      'A validation of a good token that Keystone’s own cache does not have, where there is one. Costs of trusts are apart, as a trust and its users are to be read as well. Default: as `validate`.',
    ),
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

export const identitySchema = z.strictObject({
  release: z
    .enum(releases)
    .default('mitaka')
    .describe('The Keystone release whose flush, payloads and answers are followed.'),
  provider: z
    .enum(providerModes)
    .default('uuid')
    .describe('The token provider in force when the run starts, on every backend.'),
  backends: count(64).default(1).describe('Keystone backends behind the balancer, numbered from 1.'),
  processes: count(1024)
    .optional()
    .describe(
      'Worker processes of each backend, each of which handles one request at a time. Default: as many as the profile of `costs` was measured with, else 1. With costs `native`: simulated world only.',
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
      'What a request costs a worker. `native`: as this program’s own servers. `newton`, `queens`, `zed`: as that Keystone when it was measured, in both worlds. A file: a profile that `cutover profile` wrote. Or a mapping with what was measured, waiting not included: `{ validate, not_found, unauthorized, issue }`, each a duration, and `uncached` where there is a cache: `{ uuid, fernet, uuid_trust, fernet_trust }`. Default: `native`.',
    ),
})
