// The section of a scenario that is about a given Keystone: who may be asked, how hard, as whom, and what the operator runs.
// It stands apart because the other worlds know nothing of it, and it says nothing of theirs.
import { z } from 'zod'
import { jsonSchemaOf } from './jsonSchema.js'
import { count, name, period, rate, shareAboveZero, shareMeta } from './quantities.js'

/** The value of a variable of the environment, so that no secret stands in a scenario. */
const secretName = (of: string) =>
  z
    .string()
    .regex(/^\$[A-Za-z_][A-Za-z0-9_]*$/, `is not the name of a variable that holds ${of}: write $NAME`)

const commandSchema = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
  error: 'expected a command as a text (for sh) or as a list of words',
})

const hookSchema = z.strictObject({
  run: commandSchema.describe(
    'A text is given to `sh -c`. A list is a program and its words, run as they are, without a shell.',
  ),
  timeout: period('60s')
    .describe(
      'Then the command and all that it started are ended (SIGTERM, 5 s later SIGKILL), and the step has failed.',
    )
    .prefault('60s'),
})

/** A bare command is short for a mapping that has only that. */
const hookShort = (value: unknown): unknown =>
  typeof value === 'string' || Array.isArray(value) ? { run: value } : value

const abortSchema = z.strictObject({
  share: shareAboveZero().describe('The share of requests that may go wrong.'),
  over: period('30s').describe('Over how long it is counted.').prefault('30s'),
  least: count(1_000_000).default(20).describe('Fewer requests than that decide nothing.'),
  refusals: z
    .boolean()
    .default(false)
    .describe(
      'Whether refused tokens count as well. They are what a cutover is about, so by default they do not.',
    ),
})

const abortShort = (value: unknown): unknown =>
  typeof value === 'string' || typeof value === 'number' ? { share: value } : value

const createSchema = z.strictObject({
  prefix: z
    .string()
    .regex(
      /^[A-Za-z][A-Za-z0-9_.-]{2,31}$/,
      'is no prefix: 3 to 32 letters, digits, `_`, `.` and `-`, a letter first',
    )
    .default('cutover-')
    .describe('What the names of all users and projects begin with that the run makes and removes.'),
  domain: z.string().min(1).default('default').describe('The id of the domain in which they are made.'),
  role: z.string().min(1).default('member').describe('The role of users on their projects, by its name.'),
  service_role: z
    .string()
    .min(1)
    .default('service')
    .describe('The role by which services may validate tokens, by its name.'),
})

const personSchema = z.strictObject({
  name: z
    .string()
    .min(1)
    .optional()
    .describe('The user by its name, in `domain`. Default: it is named by `id`.'),
  id: z.string().min(1).optional().describe('The user by its id. Default: it is named by `name`.'),
  domain: z.string().min(1).default('default').describe('The id of the domain of user and project.'),
  password: secretName('the password').describe(
    'The variable of the environment that holds the password: `$NAME`.',
  ),
  project: z.string().min(1).describe('The project in which the user has a role, by its name.'),
})

export const externalSchema = z.strictObject({
  target: z
    .string()
    .regex(
      /^https?:\/\/[^\s/?#@]+(?:\/[^\s?#]*)?$/,
      'is no address of a Keystone, such as https://keystone.example.org:5000/v3',
    )
    .optional()
    .describe(
      'The Keystone that may be put under load: must be named, here or by `--target`, unless it is on this machine. It is held against the `auth_url` of the credentials. Default: that `auth_url`.',
    ),
  ceiling: rate()
    .optional()
    .describe(
      'Requests that are sent to it at most in any second (a fraction rounded up), whatever the plan wants; the rest waits. Required unless it is on this machine. Default: no bound.',
    ),
  abort_at: z
    .preprocess(abortShort, abortSchema.optional())
    .meta({ anyOf: [shareMeta, jsonSchemaOf(abortSchema)] })
    .describe(
      'The run ends itself when more than this share of requests failed or got no answer: `20%`, or with details. Default: it goes on.',
    ),
  create: createSchema
    .optional()
    .describe(
      'Users and projects are made for the run and removed after it; as many as `cloud` says, if they are needed. Default: unless `users` are given.',
    ),
  users: z
    .array(personSchema)
    .min(1)
    .max(10_000)
    .optional()
    .describe(
      'Users that exist, instead of made ones; members are dealt to them in turn. Default: users are made.',
    ),
  service: personSchema
    .optional()
    .describe(
      'With `users`: the user as whom services validate tokens. Default: none, so that no class may go through services.',
    ),
  table: z
    .strictObject({
      dsn: z
        .string()
        .regex(
          /^(?:\$[A-Za-z_][A-Za-z0-9_]*|mysql:\/\/[^:@/]+@[^@]+)$/,
          'is neither $NAME nor a URL without a password: write $NAME, and put the URL into that variable',
        )
        .describe(
          'Keystone’s database, read only: a variable that holds mysql://user:password@host:port/database.',
        ),
      every: period('10s').describe('Time from one count of its rows to the next.').prefault('10s'),
    })
    .optional()
    .describe('How large the token table is, by SQL. Default: nothing is said of it.'),
  hooks: z
    .record(
      name('a hook'),
      z.preprocess(hookShort, hookSchema).meta({
        anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }, jsonSchemaOf(hookSchema)],
      }),
    )
    .prefault({})
    .describe(
      'The command that does a step of the timeline: `cutover`, `keys.rotate`, `keys.distribute`, `flush`, `expiration`, `restart` or `restart.NAME`, `fault.KIND`, `repair.KIND`; and `end`, which is run when the run has ended, however it did. It finds in its environment CUTOVER_STEP, CUTOVER_NODE, CUTOVER_TO, CUTOVER_TARGET and others.',
    ),
})
