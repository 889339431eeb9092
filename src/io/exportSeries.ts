// Every series of a run written as CSV, a file for each, or as one JSON document, while it is read.
// It exists so that spreadsheets and other programs get at all figures of a run of any length in little memory.
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { csvLine, seriesObject, seriesTables, type SeriesTable } from '../render/seriesTables.js'
import type { StoredRun } from './readRunFolder.js'

async function* csvOf(run: StoredRun, { columns, rowsOf }: SeriesTable): AsyncGenerator<string> {
  yield csvLine(columns)
  for await (const line of run.lines()) {
    const rows = rowsOf(line)
    if (rows.length > 0) yield rows.map(csvLine).join('')
  }
}

/** Writes `counts.csv`, `latency.csv` and the others into a folder, which is made if need be. Returns their names. */
export const exportCsv = async (run: StoredRun, folder: string): Promise<readonly string[]> => {
  await mkdir(folder, { recursive: true })
  const names = seriesTables.map(({ name }) => `${name}.csv`)
  for (const [i, table] of seriesTables.entries())
    await pipeline(Readable.from(csvOf(run, table)), createWriteStream(path.join(folder, names[i] ?? '')))
  return names
}

/** One line for each row, so that it can also be read by a program that reads lines. */
async function* jsonOf(run: StoredRun): AsyncGenerator<string> {
  const { scenario, seed, world, store, startedAt, durationSec, intervalSec } = run.header
  const about = { scenario, seed, world, store, startedAt, durationSec, intervalSec }
  yield `{ "format": "cutover/series@1",\n"run": ${JSON.stringify(about)},\n"series": {`
  for (const [i, { name, columns, rowsOf }] of seriesTables.entries()) {
    yield `${i === 0 ? '' : ','}\n${JSON.stringify(name)}: [`
    let first = true
    for await (const line of run.lines()) {
      for (const row of rowsOf(line)) {
        yield `${first ? '' : ','}\n${JSON.stringify(seriesObject(columns, row))}`
        first = false
      }
    }
    yield ']'
  }
  yield '\n} }\n'
}

/** Writes all series into one JSON document. The record is read once for each series, so that none is held in memory. */
export const exportJson = (run: StoredRun, file: string): Promise<void> =>
  pipeline(Readable.from(jsonOf(run)), createWriteStream(file))
