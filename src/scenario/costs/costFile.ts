// Reads a cost profile from the text of a file, or tells every problem in it.
// It exists so that a profile that `cutover profile` wrote, or a person changed, is refused as a scenario is.
import { z } from 'zod'
import { InputError, type Problem } from '../../base/errors.js'
import { explainIssue } from '../issues.js'
import { jsonSchemaOf } from '../jsonSchema.js'
import { passwordSchemes } from '../passwordHash.js'
import { locate, readFile } from '../sources.js'
import type { CostProfile } from './profile.js'

const positive = () => z.number().positive()
const counted = () => z.number().min(0).nullable()
const share = () => z.number().min(0).max(1)

const key = {
  provider: z.enum(['uuid', 'fernet']).describe('The kind of tokens.'),
  cache: z.enum(['none', 'hit', 'miss']).describe('What Keystone’s cache of tokens had.'),
  op: z.enum(['issue', 'validate']).describe('The operation.'),
}

const hash = {
  scheme: z.enum(passwordSchemes).describe('How passwords are hashed.'),
  rounds: z.int().min(1).describe('`password_hash_rounds`.'),
}

const rowSchema = z.strictObject({
  ...key,
  alone: z
    .strictObject({
      p50Ms: positive().describe('Median milliseconds in a worker.'),
      spread: z.number().min(0).max(3).describe('Standard deviation of the logarithm.'),
    })
    .describe('The time of a request where no other is there.'),
  busy: z
    .array(
      z.strictObject({
        inSystem: z.int().min(2).describe('Requests in the Keystone.'),
        meanMs: positive().describe('Mean milliseconds in a worker.'),
      }),
    )
    .describe('The time with every worker busy, at rising loads.'),
  statements: counted().describe('Queries a request.'),
  selects: counted().describe('Of them those that read.'),
  inserts: counted().describe('Of them those that add rows.'),
  refused: z
    .strictObject({
      notFound: share().describe('A validation that ends in 404, as a share of a good one.'),
      unauthorized: share().describe('One that ends in 401.'),
    })
    .optional(),
  from: z.string().describe('Where the numbers are from.'),
})

const pointSchema = z.strictObject({
  ...key,
  passwordHash: z.strictObject(hash).nullable(),
  concurrency: z.int().min(1),
  perSec: positive(),
  p50Ms: positive(),
  p95Ms: positive(),
  p99Ms: positive(),
  seconds: positive(),
  otherLoad: share(),
})

/** The file, by its own keys. */
export const costFileSchema = z.strictObject({
  format: z.literal('cutover/costs@1').describe('What this file is: `cutover/costs@1`.'),
  name: z.string().min(1).max(64).describe('The name that reports show.'),
  about: z.string().describe('What was measured.'),
  workers: z.int().min(1).max(1024).describe('Single-threaded processes that the times are for.'),
  passwordHashes: z
    .array(z.strictObject({ ...hash, ms: z.number().min(0) }))
    .describe('Milliseconds of checking one password.'),
  rows: z.array(rowSchema).min(1).describe('What each operation costs.'),
  points: z.array(pointSchema).describe('What was measured.'),
})

/** Loads that do not rise. */
const orderProblems = ({ rows }: CostProfile): readonly { path: (string | number)[]; message: string }[] =>
  rows.flatMap(({ busy }, i) =>
    busy.every(({ inSystem }, j) => inSystem > (busy[j - 1]?.inSystem ?? 1))
      ? []
      : [{ path: ['rows', i, 'busy'], message: 'the loads do not rise' }],
  )

/** Rows without which no request has a cost. */
const missingProblems = ({ rows }: CostProfile): readonly { path: (string | number)[]; message: string }[] =>
  (['issue', 'validate'] as const)
    .filter((op) => !rows.some((row) => row.op === op))
    .map((op) => ({ path: ['rows'], message: `there is no row for ${op}` }))

/** Reads a profile. @throws InputError with all problems, each with line and column */
export const parseCostFile = ({
  file,
  text,
}: {
  readonly file: string
  readonly text: string
}): CostProfile => {
  const source = readFile(file, text)
  const { document } = source
  const syntax: readonly Problem[] = document.problems.map((problem) => ({ file, ...problem }))
  if (!document.readable) throw new InputError(syntax)
  const shape = costFileSchema.safeParse(document.data)
  const schema = jsonSchemaOf(costFileSchema)
  const found = (shape.error?.issues ?? []).flatMap((issue) => explainIssue(issue, document.data, schema))
  if (shape.success) {
    const profile = shape.data as CostProfile
    const remedy = '`cutover profile` writes a complete one'
    for (const problem of [...orderProblems(profile), ...missingProblems(profile)])
      found.push({ ...problem, of: 'value', remedy })
  }
  const problems = [...syntax, ...found.map((finding) => locate(finding, source))]
  if (problems.length > 0 || !shape.success) throw new InputError(problems)
  return shape.data as CostProfile
}
