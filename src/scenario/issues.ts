// What the schema found wrong, said in the user's words: which key, what stands there, what would be right.
// It exists because the schema library speaks of types and options, and a scenario's author does not.
import type { z } from 'zod'
import { nearest } from '../base/nearest.js'
import type { Path } from './document.js'
import type { JsonSchema } from './jsonSchema.js'
import { showValue } from './units.js'

/** Something wrong, or worth a warning, at a place in the document. */
export interface Finding {
  readonly path: Path
  /** Whether the key or its value is at fault. */
  readonly of: 'key' | 'value'
  readonly message: string
  readonly remedy?: string
  /** Where in a text value, from 1, when the fault is not at its beginning. */
  readonly columnInText?: number
}

/** The value at a path, or undefined where there is none. */
export const valueAt = (data: unknown, path: Path): unknown => {
  let value = data
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Readonly<Record<string | number, unknown>>)[part]
  }
  return value
}

/** The known word that was most likely meant, or all of them if none is near. */
export const remedyFor = (word: string, known: readonly string[]): string => {
  if (known.length === 0) return 'none is defined'
  const meant = nearest(word, known)
  if (meant !== null) return `did you mean \`${meant}\`?`
  return `known are ${[...new Set(known)].map((each) => `\`${each}\``).join(', ')}`
}

/** The part of a JSON Schema that describes a path. */
const schemaAt = (schema: JsonSchema, path: Path): JsonSchema | null => {
  let here: JsonSchema | null = schema
  for (const part of path) {
    if (here === null) return null
    here = step(here, part)
  }
  return here
}

const step = (schema: JsonSchema, part: string | number): JsonSchema | null => {
  const property = schema.properties?.[part]
  if (property !== undefined) return property
  if (typeof part === 'number' && schema.items !== undefined) return schema.items
  if (typeof schema.additionalProperties === 'object') return schema.additionalProperties
  for (const branch of schema.anyOf ?? []) {
    const found = step(branch, part)
    if (found !== null) return found
  }
  return null
}

/** Keys that a mapping at a path may have. */
const keysAt = (schema: JsonSchema, path: Path): readonly string[] => {
  const here = schemaAt(schema, path)
  return [here, ...(here?.anyOf ?? [])].flatMap((each) => Object.keys(each?.properties ?? {}))
}

const expectations: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: '`true` or `false`',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
}

const typeRemedy = (expected: string, value: unknown): string | undefined => {
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
    return `put it in quotes: "${value}"`
  }
  if (expected === 'boolean' && typeof value === 'string') {
    if (/^(?:yes|on|y)$/i.test(value)) return 'write `true`'
    if (/^(?:no|off|n)$/i.test(value)) return 'write `false`'
  }
  if (expected === 'array' && typeof value === 'string') return `write [${value}]`
  if ((expected === 'int' || expected === 'number') && typeof value === 'string') {
    const plain = value.replace(/[_,' ]/g, '')
    if (plain !== '' && Number.isFinite(Number(plain))) return `write ${plain}`
  }
  return undefined
}

const finding = (path: Path, message: string, remedy?: string, of: 'key' | 'value' = 'value'): Finding =>
  remedy === undefined ? { path, of, message } : { path, of, message, remedy }

/** The first sentence of a description, for a remedy. */
const firstSentence = (text: string): string => text.split(/(?<=\.)\s/)[0]?.replace(/\.$/, '') ?? text

const missing = (path: Path, schema: JsonSchema): Finding => {
  const description = schemaAt(schema, path)?.description
  return finding(
    path,
    'is missing',
    description === undefined ? 'add it' : `add it: ${firstSentence(description)}`,
  )
}

const bound = (
  issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  path: Path,
  value: unknown,
): Finding => {
  const small = issue.code === 'too_small'
  const limit = small ? issue.minimum : issue.maximum
  const isLength = issue.origin === 'array' || issue.origin === 'string'
  if (isLength) {
    const unit = issue.origin === 'array' ? 'entries' : 'characters'
    return finding(path, small ? 'is empty' : `is longer than ${limit} ${unit}`)
  }
  const relation = small ? (issue.inclusive === false ? 'above' : 'at least') : 'at most'
  return finding(path, `is ${showValue(value)}, but must be ${relation} ${limit}`)
}

/**
 * The findings that one issue of the schema stands for. `data` is the whole document as plain data, `schema` its
 * JSON Schema.
 */
export const explainIssue = (
  issue: z.core.$ZodIssue,
  data: unknown,
  schema: JsonSchema,
): readonly Finding[] => {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))
  const value = valueAt(data, path)
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path)
    return issue.keys.map((key) => finding([...path, key], 'unknown key', remedyFor(key, known), 'key'))
  }
  if (value === undefined && path.length > 0) {
    const parent = valueAt(data, path.slice(0, -1))
    if (typeof parent === 'object' && parent !== null) return [missing(path, schema)]
    // A short form (`flush: 1h`) stands for a mapping: speak of what the file has.
    return explainIssue({ ...issue, path: path.slice(0, -1) }, data, schema)
  }
  switch (issue.code) {
    case 'invalid_type': {
      const expected = expectations[issue.expected] ?? issue.expected
      return [
        finding(path, `expected ${expected}, got ${showValue(value)}`, typeRemedy(issue.expected, value)),
      ]
    }
    case 'invalid_value': {
      const known = issue.values.map(String)
      if (typeof value !== 'string')
        return [finding(path, `expected ${known.join(' or ')}, got ${showValue(value)}`)]
      return [finding(path, `unknown value ${showValue(value)}`, remedyFor(value, known))]
    }
    case 'too_small':
    case 'too_big':
      return [bound(issue, path, value)]
    case 'invalid_key':
      return [finding(path, issue.issues[0]?.message ?? 'is no name', undefined, 'key')]
    case 'custom': {
      const remedy: unknown = issue.params?.['remedy']
      return [finding(path, issue.message, typeof remedy === 'string' ? remedy : undefined)]
    }
    case 'invalid_format':
    case 'invalid_union':
    case 'invalid_element':
    case 'not_multiple_of':
      return [
        finding(
          path,
          issue.code === 'invalid_union' ? `${issue.message}; got ${showValue(value)}` : issue.message,
        ),
      ]
  }
}
