// A strategy in a cloud: two files that make a scenario together, so that every strategy is tried on the same cloud.
// Arrivals follow from cloud and seed alone, member by member, so no strategy changes when anybody calls.
import type { Problem } from '../base/errors.js'
import { formatPath } from './document.js'
import type { Finding } from './issues.js'
import { readScenario, type ParsedScenario, type ReadOptions } from './parse.js'
import { scenarioSchema } from './schema.js'
import { joinSources, readFile, textOf, type Mapping } from './sources.js'

/** A file's name, for messages, and its text. */
export interface NamedText {
  readonly file: string
  readonly text: string
}

/** A scenario made of two files, and the text of one that says the same. */
export interface ParsedStrategy extends ParsedScenario {
  readonly scenarioText: string
  /** Both files joined, as plain data in the words of a scenario file. */
  readonly data: Mapping
}

/**
 * Reads a strategy in a cloud.
 * @throws InputError as `readScenario`; each problem names the file that it stands in
 */
export const parseStrategy = (
  cloud: NamedText,
  strategy: NamedText,
  options: ReadOptions,
): ParsedStrategy => {
  const source = joinSources(
    readFile(cloud.file, cloud.text),
    readFile(strategy.file, strategy.text),
    Object.keys(scenarioSchema.shape),
  )
  const heading = `The strategy of ${strategy.file} in the cloud of ${cloud.file}, as one scenario.`
  const parsed = readScenario(source, options)
  return { ...parsed, scenarioText: textOf(source.data, heading), data: source.data as Mapping }
}

/**
 * Reads a scenario that was made of another one's data; nobody wrote it, so its problems have no lines.
 * @throws InputError as `readScenario`
 */
export const parseData = (data: Mapping, heading: string, options: ReadOptions): ParsedStrategy => {
  const locate = ({ path, message }: Finding): Problem => ({ path: formatPath(path), message })
  const parsed = readScenario({ data, problems: [], readable: true, locate }, options)
  return { ...parsed, scenarioText: textOf(data, heading), data }
}

/** The name of the run in which nobody does anything. */
export const unchangedName = 'unchanged'

/** The cloud left as it is, under nobody's gates: what would have happened anyway. */
export const parseUnchanged = (cloud: NamedText, options: ReadOptions): ParsedStrategy => {
  const text = `name: ${unchangedName}\ndescription: Nothing is done, for comparison\ntimeline: []\n`
  const parsed = parseStrategy(cloud, { file: `(${unchangedName})`, text }, options)
  return { ...parsed, scenario: { ...parsed.scenario, gates: [] } }
}
