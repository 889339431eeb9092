// What can be read off a document even where parts of it are wrong.
// It exists so that checks between parts need not wait for every part to be right.
import type { z } from 'zod'
import { valueAt, type Finding } from './issues.js'
import { scenarioSchema, stretchSchema } from './schema.js'

/** Where findings go. */
export interface Findings {
  readonly problems: Finding[]
  readonly warnings: Finding[]
}

/** What several checks need to know of the document. */
export interface Facts {
  readonly data: unknown
  /** Null: not to be had. */
  readonly durationSec: number | null
  readonly classes: readonly string[]
  readonly services: readonly string[] | null
  readonly backends: number | null
}

/** A part of the document as its own schema reads it, or null if it is wrong (which is reported elsewhere). */
export const readPart = <Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.output<Schema> | null => {
  const result = schema.safeParse(value)
  return result.success ? result.data : null
}

const backendsSchema = scenarioSchema.shape.identity.unwrap().shape.backends
const servicesSchema = scenarioSchema.shape.cloud.unwrap().shape.services

/** A list of the document by its key; empty where there is none. */
export const listAt = (data: unknown, key: string): readonly unknown[] => {
  const list = valueAt(data, [key])
  return Array.isArray(list) ? list : []
}

/** Reads off the document what the checks need. */
export const gatherFacts = (data: unknown): Facts => {
  const written = valueAt(data, ['duration'])
  const lastUntil = valueAt(listAt(data, 'clock').at(-1), ['until'])
  const duration = written === undefined ? lastUntil : written
  const clients = valueAt(data, ['clients'])
  return {
    data,
    durationSec: duration === undefined ? null : readPart(stretchSchema.shape.until, duration),
    classes: typeof clients === 'object' && clients !== null ? Object.keys(clients) : [],
    services: readPart(servicesSchema, valueAt(data, ['cloud', 'services'])),
    backends: readPart(backendsSchema, valueAt(data, ['identity', 'backends'])),
  }
}
