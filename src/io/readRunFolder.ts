// Reads a run's folder back, whether the run ended or was killed.
// It exists so that every view of a finished run starts from the same record.
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { InputError } from '../base/errors.js'
import type { RunEnd, RunHeader, SeriesLine } from '../measure/record.js'
import { runFiles, type RunFile } from './runFolder.js'
import { systemCode } from './systemCode.js'

/** A run as its folder tells it. */
export interface StoredRun {
  readonly path: string
  readonly header: RunHeader
  /** Lines of the series, read anew at each call. A torn last line is left out; any other is an InputError. */
  lines(): AsyncIterable<SeriesLine>
  /** Null for a run that was killed. */
  readonly end: RunEnd | null
  /** summary.json as data, or null where there is none. */
  readonly summary: unknown
  /** What could not be written, when something could not. */
  readonly incomplete: string | null
  /** Lines of latency.hlog, read anew at each call; none where there is no such file. */
  latencyLines(): AsyncIterable<string>
}

const readText = async (file: string): Promise<string | null> => {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw error
  }
}

const parseJson = (file: string, text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new InputError([
      { file, message: 'is not JSON', remedy: 'the folder of a run holds what the run wrote' },
    ])
  }
}

/** A line of a file, and whether a line feed ended it. */
interface RawLine {
  readonly text: string
  readonly whole: boolean
}

async function* readLines(file: string): AsyncGenerator<RawLine> {
  const stream = createReadStream(file, { encoding: 'utf8', highWaterMark: 1 << 18 })
  let rest = ''
  try {
    for await (const chunk of stream as AsyncIterable<string>) {
      const parts = (rest + chunk).split('\n')
      rest = parts.pop() ?? ''
      for (const text of parts) yield { text, whole: true }
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return
    throw error
  }
  if (rest !== '') yield { text: rest, whole: false }
}

const lineKinds: readonly unknown[] = ['interval', 'table', 'event'] satisfies readonly SeriesLine['kind'][]

const parseLine = (text: string): SeriesLine | null => {
  try {
    const value = JSON.parse(text) as unknown
    const isLine =
      typeof value === 'object' && value !== null && 'kind' in value && lineKinds.includes(value.kind)
    return isLine ? (value as SeriesLine) : null
  } catch {
    return null
  }
}

async function* readSeries(file: string): AsyncGenerator<SeriesLine> {
  let number = 0
  for await (const { text, whole } of readLines(file)) {
    number++
    // A line without its end is one that the run was killed in, even if it happens to read as JSON.
    if (!whole) return
    const line = parseLine(text)
    if (line === null) {
      throw new InputError([
        { file, line: number, message: 'is no line of a series', remedy: 'restore the file' },
      ])
    }
    yield line
  }
}

async function* readLatency(file: string): AsyncGenerator<string> {
  for await (const { text, whole } of readLines(file)) if (whole) yield text
}

/** What the marker says beside its heading; a disk that was full to the last byte leaves it empty. */
const markerText = (marker: string): string =>
  marker.trim().split('\n').slice(1).join('\n') || 'something could not be written'

const refuse = (folder: string, message: string): InputError =>
  new InputError([{ file: folder, message, remedy: 'name a folder that `cutover rehearse` wrote' }])

/**
 * Opens the folder of a run. Series and latencies are read when they are asked for.
 *
 * @throws InputError if it is not the folder of a run
 */
export const readRunFolder = async (folder: string): Promise<StoredRun> => {
  const fileOf = (name: string): string => path.join(folder, name)
  const found = await stat(folder).catch(() => null)
  if (found === null) throw refuse(folder, 'there is no such folder')
  if (!found.isDirectory()) throw refuse(folder, 'is not a folder')
  const headerFile = fileOf(runFiles.header)
  const headerText = await readText(headerFile)
  if (headerText === null)
    throw refuse(
      folder,
      `holds no ${runFiles.header}: it is not the folder of a run, or the run was killed before its first request`,
    )
  const stored = parseJson(headerFile, headerText)
  if (
    typeof stored !== 'object' ||
    stored === null ||
    !('format' in stored) ||
    stored.format !== 'cutover/run@1'
  ) {
    throw refuse(headerFile, 'is not of the format `cutover/run@1`')
  }
  const { end, incomplete, timeline: _asApplied, ...header } = stored as RunFile
  const summaryFile = fileOf(runFiles.summary)
  const summaryText = await readText(summaryFile)
  const marker = await readText(fileOf(runFiles.incomplete))
  return {
    path: folder,
    header,
    lines: () => readSeries(fileOf(runFiles.series)),
    end: end ?? null,
    summary: summaryText === null ? null : parseJson(summaryFile, summaryText),
    incomplete: incomplete ?? (marker === null ? null : markerText(marker)),
    latencyLines: () => readLatency(fileOf(runFiles.latency)),
  }
}
