// The library's face: what another program may import from `keystone-cutover`.
// Everything else is free to change between versions.
export { InputError, WorldError, type Problem } from './base/errors.js'
export { parseScenario, type ParsedScenario } from './scenario/parse.js'
export { scenarioJsonSchema } from './scenario/schema.js'
export type { Scenario } from './scenario/scenario.js'
export { checkGate } from './measure/gates.js'
export type { RunRecord } from './measure/record.js'
export { summarise, type Summary } from './measure/summary.js'
export { readRunFolder } from './io/readRunFolder.js'
export { parseStoreChoice } from './io/store/open.js'
export { rehearse, type Rehearsed, type RehearseOptions } from './worlds/rehearse.js'
