// YAML text as plain data, with the line and column of everything in it.
// It exists so that what comes after can speak of paths only, and bad YAML is refused before anybody walks it.
import { isAlias, isCollection, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml'
import type { Alias, Document, ErrorCode } from 'yaml'
import type { Problem } from '../base/errors.js'

/** The way to a place in a document: keys of mappings, indexes of lists. */
export type Path = readonly (string | number)[]

/** A place in a text, both counted from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** What reading a document gave. */
export interface YamlDocument {
  /** Null where the text cannot be read any further. */
  readonly data: unknown
  readonly problems: readonly Problem[]
  /** Whether `data` may be looked at: problems of syntax leave nothing to say about the rest. */
  readonly readable: boolean
  /**
   * The place of a key or of its value; of the nearest thing around it where the path leads nowhere. `columnInText`
   * (from 1) moves on within the text of a value.
   */
  readonly placeOf: (path: Path, of: 'key' | 'value', columnInText?: number) => Place
}

/** Longest text of a scenario, in characters: far above any that a person wrote. */
export const maxScenarioCharacters = 1_048_576

/** How many values aliases may stand for. A file of a few lines can otherwise unfold to fill the memory. */
const maxAliasCount = 100

/** `clients.users.every`, `timeline[2].at`. */
export const formatPath = (path: Path): string =>
  path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('')

const messages: Readonly<Partial<Record<ErrorCode, readonly [message: string, remedy: string]>>> = {
  DUPLICATE_KEY: ['this key stands here twice', 'keep one of the two'],
  TAB_AS_INDENT: ['a tab as indentation', 'indent with spaces'],
  MULTIPLE_DOCS: ['a second document begins here', 'one scenario a file: remove what follows `---`'],
  RESOURCE_EXHAUSTION: ['nested too deeply', 'a scenario is a few levels deep'],
  MISSING_CHAR: ['a character is missing here', 'close quotes, brackets and braces, and put `:` after keys'],
  BAD_INDENT: ['the indentation does not fit', 'indent keys of one mapping alike, and close what is open'],
  TAG_RESOLVE_FAILED: ['an unknown YAML tag', 'write the plain value'],
  BLOCK_AS_IMPLICIT_KEY: ['a mapping inside one line', 'put it on a line of its own, or between braces'],
}

/** Problems that leave the structure of the document intact, so that the rest can still be checked. */
const harmless: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['DUPLICATE_KEY', 'TAG_RESOLVE_FAILED'])

const syntaxProblems = (document: Document.Parsed, place: (offset: number) => Place): readonly Problem[] => {
  const found = [...document.errors, ...document.warnings]
  // Too deep a nesting is reported once for each level.
  const exhausted = found.find((error) => error.code === 'RESOURCE_EXHAUSTION')
  return (exhausted === undefined ? found : [exhausted]).map((error) => {
    const [message, remedy] = messages[error.code] ?? [error.message, undefined]
    const problem = { ...place(error.pos[0]), message }
    return remedy === undefined ? problem : { ...problem, remedy }
  })
}

const aliasProblems = (document: Document.Parsed, place: (offset: number) => Place): readonly Problem[] => {
  const problems: Problem[] = []
  const report = (alias: Alias, message: string): void => {
    problems.push({ ...place(alias.range?.[0] ?? 0), message, remedy: 'write the value itself' })
  }
  visit(document, {
    Alias: (_key, alias, ancestors) => {
      const inside = ancestors.some((node) => isCollection(node) && node.anchor === alias.source)
      if (inside) report(alias, `alias \`*${alias.source}\` stands inside what it stands for`)
      else if (alias.resolve(document) === undefined)
        report(alias, `alias \`*${alias.source}\` has no anchor before it`)
    },
  })
  return problems
}

/** Offset in the text of a node, or null for what has none. */
const offsetOf = (node: unknown): number | null => {
  if (typeof node !== 'object' || node === null || !('range' in node)) return null
  const { range } = node
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : null
}

/** Offset of a key or its value; the last step that exists where the path leads nowhere. */
const findOffset = (document: Document.Parsed, path: Path, of: 'key' | 'value'): number => {
  let node: unknown = document.contents
  let keyOffset = offsetOf(node) ?? 0
  let found = 0
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))
      if (pair === undefined) break
      keyOffset = offsetOf(pair.key) ?? keyOffset
      node = pair.value
    } else if (isSeq(node) && typeof part === 'number' && part < node.items.length) {
      node = node.items[part]
      keyOffset = offsetOf(node) ?? keyOffset
    } else break
    found++
  }
  const wantsValue = of === 'value' && found === path.length
  return wantsValue ? (offsetOf(node) ?? keyOffset) : keyOffset
}

/** Reads the text of a YAML file. Never throws; problems carry line and column, but not the file. */
export const readYaml = (text: string): YamlDocument => {
  if (text.length > maxScenarioCharacters) {
    const problem = {
      message: `the file is longer than ${maxScenarioCharacters} characters`,
      remedy: 'shorten it',
    }
    return { data: null, problems: [problem], readable: false, placeOf: () => ({ line: 1, column: 1 }) }
  }
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false })
  const place = (offset: number): Place => {
    const { line, col } = lineCounter.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const placeOf: YamlDocument['placeOf'] = (path, of, columnInText = 1) => {
    const offset = findOffset(document, path, of)
    if (columnInText === 1) return place(offset)
    // A text in quotes begins behind them; in a folded block (`>`, `|`) columns mean nothing.
    const opening = text[offset] ?? ''
    if (opening === '>' || opening === '|') return place(offset)
    return place(offset + columnInText - 1 + (opening === '"' || opening === "'" ? 1 : 0))
  }
  const problems = [...syntaxProblems(document, place)]
  const unreadable = (): YamlDocument => ({ data: null, problems, readable: false, placeOf })
  if (document.errors.some((error) => !harmless.has(error.code))) return unreadable()
  const aliases = aliasProblems(document, place)
  problems.push(...aliases)
  if (aliases.length > 0) return unreadable()
  try {
    return { data: document.toJS({ maxAliasCount }) as unknown, problems, readable: true, placeOf }
  } catch {
    problems.push({
      ...placeOf([], 'value'),
      message: 'its aliases stand for too many values',
      remedy: 'write the values themselves',
    })
    return unreadable()
  }
}
