// Series written as CSV and JSON, read back by readers that are not ours, and added up against the record.
// It exists so that a spreadsheet shows what the report shows.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { exportCsv, exportJson } from '../../src/io/exportSeries.js'
import { readRunFolder } from '../../src/io/readRunFolder.js'
import { csvLine, seriesTables } from '../../src/render/seriesTables.js'
import { sumBy, sumCounts } from '../../src/measure/series.js'
import { fixture, Scratch, simulate, type PastRun } from '../support/storedRun.js'

// A rehearsal before the first test, on a machine that may be busy.
jest.setTimeout(60_000)

/** A reader by the grammar of RFC 4180, section 2: records end in CRLF, quoted fields may hold anything. */
const readCsv = (text: string): string[][] => {
  const records: string[][] = []
  let record: string[] = []
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y
  while (field.lastIndex < text.length) {
    const found = field.exec(text)
    if (found === null) throw new Error('this is no CSV')
    record.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '')
    if (found[3] === '\r\n') {
      records.push(record)
      record = []
    }
  }
  return records
}

const scratch = new Scratch()
const folder = mkdtempSync(path.join(os.tmpdir(), 'cutover-csv-'))
let run: PastRun
let names: readonly string[]
beforeAll(async () => {
  run = await simulate(scratch, fixture('steady.yaml'))
  const stored = await readRunFolder(run.folder)
  names = await exportCsv(stored, folder)
  await exportJson(stored, path.join(folder, 'series.json'))
})
afterAll(() => {
  scratch.remove()
  rmSync(folder, { recursive: true, force: true })
})

const rowsOf = (name: string): readonly Readonly<Record<string, string>>[] => {
  const [heads = [], ...rows] = readCsv(readFileSync(path.join(folder, name), 'utf8'))
  return rows.map((row) => {
    expect(row).toHaveLength(heads.length)
    return Object.fromEntries(heads.map((head, i) => [head, row[i] ?? '']))
  })
}

describe('CSV', () => {
  test('has a file for each series, each with its columns', () => {
    expect(readdirSync(folder).sort()).toEqual([...names, 'series.json'].sort())
    for (const { name, columns } of seriesTables)
      expect(readFileSync(path.join(folder, `${name}.csv`), 'utf8').split('\r\n')[0]).toBe(columns.join(','))
  })

  test('adds up to what the summary says, by class and cause', () => {
    const counts = rowsOf('counts.csv').filter(({ leg }) => leg === 'client')
    const sum = (rows: readonly Readonly<Record<string, string>>[]): number =>
      rows.reduce((all, row) => all + Number(row['requests']), 0)
    expect(sum(counts)).toBe(run.summary.requests.total)
    const refused = counts.filter(({ outcome }) => outcome === 'rejected')
    const byClassAndCause: Record<string, number> = {}
    for (const row of refused) {
      const name = `${row['class']}/${row['cause']}`
      byClassAndCause[name] = (byClassAndCause[name] ?? 0) + Number(row['requests'])
    }
    expect(byClassAndCause).toEqual(run.summary.rejections.byClassAndCause)
    const answered = sumBy(run.record, { leg: 'keystone' }, ({ op }) => op)
    const responses = rowsOf('latency.csv').filter(({ op }) => op === 'validate')
    expect(responses.reduce((all, row) => all + Number(row['responses']), 0)).toBe(answered['validate'])
  })

  test('has every look at the table and every event', () => {
    expect(rowsOf('table.csv').map((row) => [Number(row['at_sec']), Number(row['rows'])])).toEqual(
      run.record.table.map(({ atSec, rows }) => [atSec, rows]),
    )
    const labels = rowsOf('events.csv').map(({ label }) => label)
    expect(new Set(labels)).toEqual(new Set(run.record.events.map(({ label }) => label)))
    expect(labels).toHaveLength(run.record.events.length)
  })

  test('quotes what RFC 4180 wants quoted, and nothing else', () => {
    expect(csvLine(['a', 1, null, true, 'b,c', 'say "x"', 'two\nlines'])).toBe(
      'a,1,,true,"b,c","say ""x""","two\nlines"\r\n',
    )
    expect(readCsv(csvLine(['b,c', 'say "x"', 'two\r\nlines', '']))).toEqual([
      ['b,c', 'say "x"', 'two\r\nlines', ''],
    ])
  })

  test('says the unit of every quantity in its column', () => {
    const bare = [
      'class',
      'leg',
      'op',
      'outcome',
      'status',
      'cause',
      'node',
      'format',
      'age',
      'key',
      'inferred',
    ]
    const words = [...bare, 'verdict', 'event', 'label', 'origin', 'ok', 'note', 'target', 'to', 'fault']
    const units = /(?:_sec|_ms|_tokens|_rows|_members|^requests|^responses|^rows|^bytes)$/
    const unknown = seriesTables.flatMap(({ columns }) =>
      columns.filter((column) => !words.includes(column) && !units.test(column)),
    )
    expect(unknown).toEqual([])
  })
})

test('JSON has the same rows under the same names', () => {
  const document = JSON.parse(readFileSync(path.join(folder, 'series.json'), 'utf8')) as {
    readonly format: string
    readonly run: { readonly seed: number }
    readonly series: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>
  }
  expect(document.format).toBe('cutover/series@1')
  expect(document.run.seed).toBe(run.record.header.seed)
  expect(Object.keys(document.series)).toEqual(seriesTables.map(({ name }) => name))
  const total = document.series['counts']?.reduce(
    (sum, { leg, requests }) => sum + (leg === 'client' ? Number(requests) : 0),
    0,
  )
  expect(total).toBe(sumCounts(run.record))
  for (const { name } of seriesTables)
    expect(document.series[name]?.length).toBe(rowsOf(`${name}.csv`).length)
})
