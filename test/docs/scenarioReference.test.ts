// The reference of scenario files, generated from their schema and compared with the table in scenarios/README.md.
// It exists so that a key can be neither added nor changed without its line in the documents: UPDATE_GOLDEN=1 writes it.
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import type { JsonSchema } from '../../src/scenario/jsonSchema.js'
import { scenarioJsonSchema } from '../../src/scenario/schema.js'

const readme = fileURLToPath(new URL('../../scenarios/README.md', import.meta.url))
const begin =
  '<!-- prettier-ignore-start -->\n<!-- reference: begin, generated from src/scenario/schema.ts -->'
const end = '<!-- reference: end -->\n<!-- prettier-ignore-end -->'

/** What is read of a schema here, beside what the program itself looks at. */
interface Node extends JsonSchema {
  readonly const?: unknown
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly properties?: Readonly<Record<string, Node>>
  readonly additionalProperties?: Node | boolean
  readonly items?: Node
  readonly anyOf?: readonly Node[]
}

const code = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``

/** Whole numbers without a bound of their own are given the largest that a number can hold. */
const bounded = (most: number | undefined): most is number =>
  most !== undefined && most < Number.MAX_SAFE_INTEGER

const rangeOf = ({ minimum, maximum, exclusiveMinimum }: Node): string => {
  if (exclusiveMinimum !== undefined) return ` above ${exclusiveMinimum}`
  if (bounded(maximum)) return ` from ${minimum ?? 0} to ${maximum.toLocaleString('en')}`
  return minimum === undefined ? '' : ` from ${minimum}`
}

/** What may stand there, in words. */
const typeOf = (node: Node): string => {
  if (node.enum !== undefined) return node.enum.map(code).join(' · ')
  if (node.const !== undefined) return code(node.const)
  const choices = node.anyOf ?? []
  if (choices.length > 0) {
    const isShare = choices.some(({ pattern }) => pattern?.endsWith('%$') === true)
    return isShare ? 'a share: `2%` or `0.02`' : choices.map(typeOf).join(' · ')
  }
  if (node.pattern?.includes('(w|d|h|m|s|ms)') === true) return 'duration'
  if (node.pattern?.startsWith('^\\d{4}-') === true) return 'date'
  if (node.pattern?.endsWith('[smhd]$') === true) return 'a rate: `50/s`'
  if (node.pattern?.startsWith('^https?:') === true) return 'address'
  if (node.pattern?.startsWith('^\\$[') === true) return 'variable: `$NAME`'
  if (node.pattern?.includes('mysql:') === true) return 'variable: `$NAME`, or address'
  if (node.type === 'integer') return `whole number${rangeOf(node)}`
  if (node.type === 'number') return `number${rangeOf(node)}`
  if (node.type === 'array') return node.items?.properties === undefined ? listOf(node.items ?? {}) : 'list'
  if (node.type === 'object') return 'mapping'
  if (node.type === 'boolean') return '`true` · `false`'
  return node.pattern === undefined ? 'text' : 'name'
}

const listOf = (items: Node): string => `list of ${typeOf(items).replace(/^(name|text|whole number)/, '$1s')}`

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0

interface Line {
  readonly path: string
  readonly node: Node
  readonly required: boolean
}

const defaultOf = ({ node, required }: Line): string => {
  if (required) return '**required**'
  if (node.default === undefined || node.default === '' || isEmpty(node.default)) return ''
  return Array.isArray(node.default) ? `\`[${node.default.join(', ')}]\`` : code(node.default)
}

/** Every key below a mapping, in the order of the schema. */
function* linesOf(node: Node, path: string): Generator<Line> {
  for (const [key, value] of Object.entries(node.properties ?? {})) {
    // A key with a dot in it is one word in the file, too.
    const word = key.includes('.') ? `"${key}"` : key
    const own = path === '' ? word : `${path}.${word}`
    yield { path: own, node: value, required: node.required?.includes(key) === true }
    yield* linesOf(value, own)
    for (const choice of value.anyOf ?? []) yield* linesOf(choice, own)
    if (value.items !== undefined) yield* linesOf(value.items, `${own}[]`)
    if (typeof value.additionalProperties === 'object') {
      for (const each of [value.additionalProperties, ...(value.additionalProperties.anyOf ?? [])])
        yield* linesOf(each, `${own}.NAME`)
    }
  }
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

const table = (): string =>
  [
    '| Key | What stands there | Default | What it means |',
    '| --- | --- | --- | --- |',
    ...[...linesOf(scenarioJsonSchema() as Node, '')].map(
      (line) =>
        `| \`${line.path}\` | ${cell(typeOf(line.node))} | ${cell(defaultOf(line))} | ${cell(line.node.description ?? '')} |`,
    ),
  ].join('\n')

test('the reference of scenario files is that of the schema (UPDATE_GOLDEN=1 writes it)', () => {
  const text = fs.readFileSync(readme, 'utf8')
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  expect({ from: from >= 0, to: to > from }).toEqual({ from: true, to: true })
  const wanted = `${text.slice(0, from)}${begin}\n\n${table()}\n\n${text.slice(to)}`
  if (process.env['UPDATE_GOLDEN'] === '1' && wanted !== text) fs.writeFileSync(readme, wanted)
  expect(fs.readFileSync(readme, 'utf8')).toBe(wanted)
})

test('every key has a meaning', () => {
  const silent = [...linesOf(scenarioJsonSchema() as Node, '')].filter(
    ({ node }) => (node.description ?? '') === '',
  )
  expect(silent.map(({ path }) => path)).toEqual([])
})
