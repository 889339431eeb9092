// JSON Schema of what a file may say: for editors, for the reference table, and for remedies in messages.
// It exists once, so that an editor never accepts what the parser refuses for its shape, nor the other way round.
import { z } from 'zod'

/** A node of a JSON Schema, as far as this program looks into one. */
export interface JsonSchema {
  readonly description?: string
  readonly type?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
}

/** Words that say what a value is, beside which `anyOf` would be a second opinion. */
const shapeWords = ['type', 'properties', 'required', 'additionalProperties', 'propertyNames'] as const

/**
 * The JSON Schema (draft 7, which every editor knows) of what may be written. A key that may be written short or long has
 * its forms in `anyOf` alone: zod adds the shape of the long form beside it, which would refuse the short one.
 */
export const jsonSchemaOf = (schema: z.ZodType): JsonSchema => {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      if (jsonSchema.anyOf !== undefined) for (const word of shapeWords) delete jsonSchema[word]
    },
  })
  return json as unknown as JsonSchema
}
