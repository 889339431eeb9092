// The schemas that editors complete and check scenario files by, as they are published beside the scenarios.
// A strategy is the part of a scenario that a cloud leaves open, so its schema follows from that of a scenario.
import type { JsonSchema } from './jsonSchema.js'
import { scenarioJsonSchema } from './schema.js'
import { strategyKeys } from './sources.js'

/** The dialect, which every editor knows. */
const $schema = 'http://json-schema.org/draft-07/schema#'

const strategyJsonSchema = (): JsonSchema => {
  const { properties = {}, ...rest } = scenarioJsonSchema()
  const own = Object.entries(properties).filter(([key]) => strategyKeys.includes(key))
  return { ...rest, properties: Object.fromEntries(own), required: ['name'] }
}

/** The published schemas by the name of their file in `scenarios/`. */
export const editorSchemas = (): Readonly<Record<string, JsonSchema>> => ({
  'scenario.schema.json': {
    $schema,
    title: 'A scenario of cutover, or the cloud of a comparison',
    ...scenarioJsonSchema(),
  } as JsonSchema,
  'strategy.schema.json': {
    $schema,
    title: 'A strategy of cutover compare',
    ...strategyJsonSchema(),
  } as JsonSchema,
})
