// What a scenario is read from: one file, or the file of a cloud joined with the file of a strategy.
// It exists so that a problem names the file that it stands in, however a scenario was put together.
import { stringify } from 'yaml'
import type { Problem } from '../base/errors.js'
import { formatPath, readYaml, type Path, type YamlDocument } from './document.js'
import { valueAt, type Finding } from './issues.js'
import type { ScenarioSource } from './parse.js'

/** A file that was read. */
export interface SourceFile {
  readonly file: string
  readonly document: YamlDocument
}

/** Reads the text of a file; never throws. */
export const readFile = (file: string, text: string): SourceFile => ({ file, document: readYaml(text) })

const syntaxOf = ({ file, document }: SourceFile): readonly Problem[] =>
  document.problems.map((problem) => ({ file, ...problem }))

/** A finding with its file, line and column. */
export const locate = (finding: Finding, { file, document }: SourceFile): Problem => {
  const { line, column } = document.placeOf(finding.path, finding.of, finding.columnInText)
  const { message, remedy } = finding
  const at = { file, line, column, path: formatPath(finding.path), message }
  return remedy === undefined ? at : { ...at, remedy }
}

/** A scenario that stands in one file. */
export const sourceOf = (source: SourceFile): ScenarioSource => ({
  data: source.document.data,
  problems: syntaxOf(source),
  readable: source.document.readable,
  locate: (finding) => locate(finding, source),
})

/** What a strategy may say; everything else is the cloud's. */
export const strategyKeys: readonly string[] = [
  'name',
  'description',
  'duration',
  'identity',
  'middleware',
  'timeline',
  'clock',
  'gates',
]

/** A mapping of a YAML file. */
export type Mapping = Readonly<Record<string, unknown>>

const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What stands in both is the strategy's, mapping by mapping; lists are taken whole. */
const merge = (cloud: unknown, strategy: unknown): unknown => {
  if (!isMapping(cloud) || !isMapping(strategy)) return strategy
  const merged: Record<string, unknown> = { ...cloud }
  for (const [key, value] of Object.entries(strategy)) merged[key] = merge(cloud[key], value)
  return merged
}

/** Keys that stand in the wrong one of the two files. */
const misplaced = (
  cloud: SourceFile,
  strategy: SourceFile,
  keysOfCloud: readonly string[],
): readonly Problem[] => {
  const problems: Problem[] = []
  const report = (source: SourceFile, key: string, message: string, remedy: string): void => {
    problems.push(locate({ path: [key], of: 'key', message, remedy }, source))
  }
  for (const key of Object.keys(cloud.document.data as Mapping)) {
    if (key === 'timeline') report(cloud, key, 'a cloud does nothing by itself', 'write it into a strategy')
  }
  for (const key of Object.keys(strategy.document.data as Mapping)) {
    if (keysOfCloud.includes(key) && !strategyKeys.includes(key))
      report(
        strategy,
        key,
        'this is the cloud’s, and the same for every strategy',
        'write it into the file of the cloud',
      )
  }
  return problems
}

const gatesOf = (source: SourceFile): readonly unknown[] => {
  const gates = valueAt(source.document.data, ['gates'])
  return Array.isArray(gates) ? (gates as unknown[]) : []
}

/**
 * The scenario of a strategy in a cloud: the cloud's file, with what the strategy says put over it. Gates of both hold.
 * `scenarioKeys` are the keys that a scenario knows.
 */
export const joinSources = (
  cloud: SourceFile,
  strategy: SourceFile,
  scenarioKeys: readonly string[],
): ScenarioSource => {
  const syntax = [...syntaxOf(cloud), ...syntaxOf(strategy)]
  const both = [cloud, strategy]
  const bad = both.find(({ document }) => !document.readable || !isMapping(document.data))
  if (bad !== undefined) {
    const shapes = both.filter(({ document }) => document.readable && !isMapping(document.data))
    const remedy = 'write keys and values, such as `name: hard`'
    const noMapping = shapes.map((source) =>
      locate({ path: [], of: 'value', message: 'expected a mapping', remedy }, source),
    )
    return {
      data: null,
      problems: [...syntax, ...noMapping],
      readable: false,
      locate: (finding) => locate(finding, bad),
    }
  }
  const {
    timeline: _timeline,
    name: _name,
    description: _description,
    ...ofCloud
  } = cloud.document.data as Mapping
  const gates = [...gatesOf(cloud), ...gatesOf(strategy)]
  const merged = merge(ofCloud, strategy.document.data) as Mapping
  const firstOwnGate = gatesOf(cloud).length
  const locateInBoth = (finding: Finding): Problem => {
    const [key, index, ...rest] = finding.path
    if (key !== 'gates' || typeof index !== 'number')
      return locate(finding, holderOf(finding.path, cloud, strategy))
    if (index < firstOwnGate) return locate(finding, cloud)
    return locate({ ...finding, path: ['gates', index - firstOwnGate, ...rest] }, strategy)
  }
  return {
    data: gates.length === 0 ? merged : { ...merged, gates },
    problems: [...syntax, ...misplaced(cloud, strategy, scenarioKeys)],
    readable: true,
    locate: locateInBoth,
  }
}

/** The file in which a path, or the nearest thing around it, stands; what stands in neither is the cloud's to say. */
const holderOf = (path: Path, cloud: SourceFile, strategy: SourceFile): SourceFile => {
  for (let length = path.length; length > 0; length--) {
    const part = path.slice(0, length)
    if (valueAt(strategy.document.data, part) !== undefined) return strategy
    if (valueAt(cloud.document.data, part) !== undefined) return cloud
  }
  return path[0] === 'name' || path[0] === 'timeline' ? strategy : cloud
}

/** Data as the text of a scenario file, under a comment. */
export const textOf = (data: unknown, heading: string): string =>
  `# ${heading}\n${stringify(data, { lineWidth: 110 })}`
