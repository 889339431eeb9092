// summary.json as reports/README.md describes it, and the example that is kept in reports/example.
// It exists so that no field is without its line, and the example is one of this version and of no particular machine.
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import type { RunRecord } from '../../src/measure/record.js'
import { summarise } from '../../src/measure/summary.js'
import { eventOf } from '../measure/handMade.js'
import { cernRecord } from '../support/cernRecord.js'

const pathOf = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url))
const readme = fs.readFileSync(pathOf('reports/README.md'), 'utf8')
const example = fs.readFileSync(pathOf('reports/example/summary.json'), 'utf8')

/** Names of fields; what is counted by class, cause, status or operation has names of its own. */
function* fieldsOf(value: unknown): Generator<string> {
  if (Array.isArray(value)) for (const each of value) yield* fieldsOf(each)
  else if (typeof value === 'object' && value !== null)
    for (const [name, inner] of Object.entries(value)) {
      yield name
      if (name === 'latency') for (const windows of Object.values(inner as object)) yield* fieldsOf(windows)
      else if (!name.startsWith('by')) yield* fieldsOf(inner)
    }
}

const described = (field: string): boolean => new RegExp(`[\`.]${field}(\\[\\])?[\`.]`).test(readme)

/** A run in which a fault was brought about, so that what is told of one is there. */
const faultyRecord = (): RunRecord => {
  const record = cernRecord()
  const slow = record.intervals.map((line) => ({
    ...line,
    latency: Object.fromEntries(
      Object.entries(line.latency).map(([op, own]) => [
        op,
        { ...own, meanMs: line.fromSec < 1200 ? own.p50Ms : 9 * own.p50Ms, sdMs: own.p50Ms / 10 },
      ]),
    ),
  }))
  const fault = eventOf('fault backend-hung', 1200, { fault: 1 })
  return { ...record, intervals: slow, events: [...record.events, fault] }
}

test('every field of a summary is described', () => {
  const faulty = summarise(faultyRecord())
  expect(faulty.faultEffects[0]?.degradation).not.toEqual([])
  const fields = new Set([
    ...fieldsOf(faulty),
    ...fieldsOf(summarise(cernRecord())),
    ...fieldsOf(JSON.parse(example)),
  ])
  expect([...fields].filter((field) => !described(field))).toEqual([])
})

/** Not in every summary: of a dual phase, and of a world whose costs are known. */
const sometimes = new Set(['uuidTokensSeen', 'costs'])

test('the example has the fields of this version', () => {
  const always = (summary: object): readonly string[] =>
    Object.keys(summary).filter((field) => !sometimes.has(field))
  expect(always(JSON.parse(example) as object)).toEqual(always(summarise(cernRecord())))
})

test('the example names no place of the machine that made it, and is small', () => {
  const files = fs.readdirSync(pathOf('reports/example'))
  expect(files.sort()).toEqual(['report.html', 'summary.json'])
  const texts = files.map((file) => fs.readFileSync(pathOf(`reports/example/${file}`), 'utf8'))
  expect(texts.reduce((all, text) => all + text.length, 0)).toBeLessThan(600_000)
  for (const text of texts) expect(text).not.toMatch(/(?<![\w/.:])\/(?:home|root|tmp|work|var|usr|Users)\//)
})
