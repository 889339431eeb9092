// Quantities and names as parts of a schema: text with a unit in, plain numbers out, and what an editor shows of them.
// It exists so that every section of a scenario reads them alike.
import { z } from 'zod'
import { readDuration, readRate, readShare, type Reading } from './units.js'

/** A quantity with its unit, read into a number. The issue's params carry the remedy. */
export const quantity = (readText: (value: unknown) => Reading, meta: Readonly<Record<string, unknown>>) =>
  z
    .unknown()
    .meta(meta)
    .transform((value, context): number => {
      const reading = readText(value)
      if (reading.ok) return reading.value
      context.addIssue({ code: 'custom', message: reading.message, params: { remedy: reading.remedy } })
      return z.NEVER
    })

export const aboveZero =
  (readText: (value: unknown) => Reading, example: string) =>
  (value: unknown): Reading => {
    const reading = readText(value)
    if (!reading.ok || reading.value > 0) return reading
    return { ok: false, message: 'must be above zero', remedy: `for example ${example}` }
  }

export const durationMeta = {
  type: 'string',
  pattern: '^([0-9]+(\\.[0-9]+)?(w|d|h|m|s|ms))+$',
  examples: ['24h', '1h30m', '30s', '250ms'],
}
/** Zero or more; the value is in seconds. */
export const duration = () => quantity(readDuration, durationMeta)
/** Above zero; the value is in seconds. */
export const period = (example: string) => quantity(aboveZero(readDuration, example), durationMeta)
export const shareMeta = {
  anyOf: [
    { type: 'number', exclusiveMinimum: 0, maximum: 1 },
    { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?%$' },
  ],
}
export const shareAboveZero = () => quantity(aboveZero(readShare, '2%'), shareMeta)

/** What names may look like: they become parts of file names, of paths in messages and of words in gates. */
const namePattern = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/
export const name = (of: string) =>
  z
    .string()
    .regex(
      namePattern,
      `is no name for ${of}: letters, digits, \`_\`, \`.\` and \`-\`, a letter first, at most 64`,
    )

export const count = (most: number) => z.int().min(1).max(most)

const rateMeta = { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)? ?/ ?[smhd]$', examples: ['50/s', '90/m'] }
/** Above zero; the value is in events a second. */
export const rate = () => quantity(readRate, rateMeta)
