// What a body must look like, as data, and the first thing that is wrong with one, in the words of jsonschema.
// It exists because Keystone checks bodies by JSON schemas and passes on the checker's message.
import { ApiError, refusals } from '../errors.js'
import { isObject } from '../json.js'
import { pythonText } from './pythonText.js'

type TypeName = 'string' | 'boolean' | 'array' | 'object' | 'null'

/** The part of JSON schema (draft 4) that the identity API uses. Checked in the order in which members stand here. */
export interface Schema {
  readonly type?: TypeName | readonly TypeName[]
  readonly enum?: readonly string[]
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: RegExp
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: true
  readonly required?: readonly string[]
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly additionalProperties?: false
}

/** Where something is wrong, and what. */
interface Problem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

const typeOf = (value: unknown): TypeName | 'number' => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'boolean':
      return 'boolean'
    case 'object':
      return 'object'
    default:
      return 'number'
  }
}

const typeProblem = (schema: Schema, value: unknown): string | null => {
  if (schema.type === undefined) return null
  const names = typeof schema.type === 'string' ? [schema.type] : schema.type
  if (names.some((name) => name === typeOf(value))) return null
  return `${pythonText(value)} is not of type ${names.map((name) => `'${name}'`).join(', ')}`
}

const textProblem = (schema: Schema, text: string): string | null => {
  if (schema.enum !== undefined && !schema.enum.includes(text)) {
    return `${pythonText(text)} is not one of ${pythonText(schema.enum)}`
  }
  // Python counts characters, JavaScript counts UTF-16 units.
  const length = Array.from(text).length
  if (schema.minLength !== undefined && length < schema.minLength) return `${pythonText(text)} is too short`
  if (schema.maxLength !== undefined && length > schema.maxLength) return `${pythonText(text)} is too long`
  if (schema.pattern !== undefined && !schema.pattern.test(text)) {
    return `${pythonText(text)} does not match ${pythonText(schema.pattern.source)}`
  }
  return null
}

/** Items are compared by their JSON: they have passed their own schema, which says that they are small and plain. */
const listProblem = (schema: Schema, list: readonly unknown[]): string | null => {
  if (schema.minItems !== undefined && list.length < schema.minItems)
    return `${pythonText(list)} is too short`
  if (schema.maxItems !== undefined && list.length > schema.maxItems) return `${pythonText(list)} is too long`
  if (schema.uniqueItems === true && new Set(list.map((item) => JSON.stringify(item))).size < list.length) {
    return `${pythonText(list)} has non-unique elements`
  }
  return null
}

const objectProblem = (schema: Schema, object: Readonly<Record<string, unknown>>): string | null => {
  const names = Object.keys(object)
  const missing = schema.required?.find((name) => !Object.hasOwn(object, name))
  if (missing !== undefined) return `'${missing}' is a required property`
  if (schema.minProperties !== undefined && names.length < schema.minProperties) {
    return `${pythonText(object)} does not have enough properties`
  }
  if (schema.maxProperties !== undefined && names.length > schema.maxProperties) {
    return `${pythonText(object)} has too many properties`
  }
  if (schema.additionalProperties !== false) return null
  const others = names.filter((name) => !Object.hasOwn(schema.properties ?? {}, name))
  if (others.length === 0) return null
  const verb = others.length === 1 ? 'was' : 'were'
  return `Additional properties are not allowed (${others.map((name) => pythonText(name)).join(', ')} ${verb} unexpected)`
}

const at = (path: Problem['path'], message: string | null): Problem | null =>
  message === null ? null : { path, message }

/** The first problem of a value, or null. Never deeper than the schema is. */
const problemOf = (schema: Schema, value: unknown, path: Problem['path']): Problem | null => {
  const wrongType = typeProblem(schema, value)
  if (wrongType !== null) return { path, message: wrongType }
  if (typeof value === 'string') return at(path, textProblem(schema, value))
  if (Array.isArray(value)) {
    if (schema.items !== undefined) {
      for (const [index, item] of value.entries()) {
        const problem = problemOf(schema.items, item, [...path, index])
        if (problem !== null) return problem
      }
    }
    return at(path, listProblem(schema, value))
  }
  if (!isObject(value)) return null
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    if (!Object.hasOwn(value, name)) continue
    const problem = problemOf(member, value[name], [...path, name])
    if (problem !== null) return problem
  }
  return at(path, objectProblem(schema, value))
}

/** @throws ApiError 400 in Keystone's words for the first thing that is wrong */
export const requireValid = (schema: Schema, value: unknown): void => {
  const problem = problemOf(schema, value, [])
  if (problem === null) return
  const where = problem.path.length === 0 ? '' : `Invalid input for field '${problem.path.join('/')}': `
  throw new ApiError(refusals.invalid(where + problem.message))
}

/** The shapes that many resources share (`keystone/common/validation/parameter_types.py`). */
export const shapes = {
  text: { type: 'string' },
  textOrNull: { type: ['string', 'null'] },
  boolean: { type: 'boolean' },
  /** Of users and groups, whose names a directory may have made. */
  anyName: { type: 'string', minLength: 1, pattern: /[\S]+/ },
  /** Of domains and projects. */
  shortName: { type: 'string', minLength: 1, maxLength: 64, pattern: /[\S]+/ },
  name: { type: 'string', minLength: 1, maxLength: 255, pattern: /[\S]+/ },
  id: { type: 'string', minLength: 1, maxLength: 64, pattern: /^[a-zA-Z0-9-]+$/ },
  idOrNull: { type: ['string', 'null'], minLength: 1, maxLength: 64, pattern: /^[a-zA-Z0-9-]+$/ },
  url: { type: 'string', minLength: 0, maxLength: 225, pattern: /^[a-zA-Z0-9+.-]+:.+/ },
  tag: { type: 'string', minLength: 1, maxLength: 255, pattern: /^[^,/]*$/ },
} as const satisfies Readonly<Record<string, Schema>>

/** The tags of a project or a domain. */
export const tagsShape: Schema = { type: 'array', items: shapes.tag, maxItems: 80, uniqueItems: true }
