// The key `timeline` of a scenario file: steps, when they are done, what they wait for, and faults.
// It stands apart because steps are checked one by one, and have a table of their own in the reference.
import { z } from 'zod'
import { faultForms, faultKinds } from './faults.js'
import { jsonSchemaOf } from './jsonSchema.js'
import { providerModes } from './providerModes.js'
import { aboveZero, duration, durationMeta, period, quantity } from './quantities.js'
import type { StepCondition } from './scenario.js'
import { readDuration } from './units.js'

const nodeSet = () =>
  z.union([z.literal('all'), z.array(z.int().min(1)).min(1)], {
    error: 'expected `all` or a list of backend numbers, counted from 1, such as [1, 2]',
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
      to: z.enum(providerModes).describe('The token provider to switch to.'),
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
