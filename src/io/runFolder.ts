// The folder that a run leaves: header first, series and latencies as the run goes, summary and report at its end.
// It exists so that a killed run can still be reported on, and a full disk never stops a rehearsal.
import { createHash, type Hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { InputError } from '../base/errors.js'
import type { EventLine, RunEnd, RunHeader, SeriesLine } from '../measure/record.js'
import { createAppendLog, RunFolderError } from './appendLog.js'
import { systemCode } from './systemCode.js'

export { RunFolderError } from './appendLog.js'

/** Names of the files in a run's folder. */
export const runFiles = {
  header: 'run.json',
  series: 'series.ndjson',
  latency: 'latency.hlog',
  summary: 'summary.json',
  report: 'report.html',
  junit: 'junit.xml',
  /** Present only where something could not be written. */
  incomplete: 'INCOMPLETE.txt',
} as const

/** Where a run's folder is to be. */
export interface RunFolderOptions {
  /** The folder of all runs, made if need be; unused with `out`. */
  readonly root: string
  readonly scenarioName: string
  /** Names the folder, in UTC. */
  readonly now: Date
  /** The folder itself, as the user asked: new or empty. */
  readonly out?: string
  /** Called once, the first time that something cannot be written; the run goes on. */
  readonly onProblem?: (problem: RunFolderError) => void
}

/** What a run leaves at its end. `null` where there is none. */
export interface RunResults {
  readonly end: RunEnd
  /** Written as JSON. */
  readonly summary: unknown
  readonly reportHtml: string | null
  readonly junitXml: string | null
}

/** The folder of a run that is going on. Only `start` and `createRunFolder` throw; the rest reports to `onProblem`. */
export interface RunFolder {
  /** Absolute. */
  readonly path: string
  /** Writes the header. Once, before anything else. */
  start(header: RunHeader): Promise<void>
  /** Takes a line; it is on disk within a real second. */
  appendSeries(line: SeriesLine): void
  /** Takes text for latency.hlog, without its line feed; it is on disk within a real second. */
  appendLatency(line: string): void
  /** sha256, in hexadecimal, of all lines of the series so far. */
  seriesHash(): string
  /** The first thing that could not be written, or null. */
  problem(): RunFolderError | null
  /**
   * Ends the folder of a run that has results, each file complete or absent; false if something of it is missing. May be
   * called again then, when there is space.
   */
  finish(results: RunResults): Promise<boolean>
  /** Ends the folder of a run that has none: what was appended is on disk, and nothing else. */
  abandon(): Promise<void>
}

/** What run.json holds: the header, and once the run has ended, its end and the timeline as it was. */
export type RunFile = RunHeader & {
  readonly end?: RunEnd
  readonly timeline?: readonly EventLine[]
  /** What could not be written, when something could not. */
  readonly incomplete?: string
}

const reasons: Readonly<Record<string, string>> = {
  EEXIST: 'a file stands there',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the file system is read-only',
  ENOENT: 'nothing can be made there',
  ENOTDIR: 'a part of the path is not a folder',
  ENAMETOOLONG: 'the path is too long',
  ENOSPC: 'the disk is full',
}

const refuse = (folder: string, error: unknown): never => {
  const code = systemCode(error)
  const reason = reasons[code]
  if (reason === undefined) throw error
  throw new InputError([
    { file: folder, message: `the run's folder cannot be made: ${reason}`, remedy: 'choose another' },
  ])
}

/**
 * Makes a folder and those above it, as `mkdir` with `recursive` does, which tries for ever where the system says of a
 * folder in one that exists that there is no such place (as `/proc` does).
 */
const makeFolder = async (folder: string): Promise<void> => {
  try {
    await mkdir(folder)
  } catch (error) {
    const above = path.dirname(folder)
    if (systemCode(error) !== 'ENOENT' || above === folder || existsSync(above)) throw error
    await makeFolder(above)
    await mkdir(folder)
  }
}

/**
 * Whether a folder that the user named is free: not there yet, or empty. Nothing is made.
 * @throws InputError if it is not
 */
export const checkFreeFolder = async (out: string): Promise<void> => {
  const folder = path.resolve(out)
  const problem = (message: string): InputError =>
    new InputError([{ file: folder, path: '--out', message, remedy: 'name a new or an empty folder' }])
  let entries: readonly string[]
  try {
    entries = await readdir(folder)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return
    if (systemCode(error) === 'ENOTDIR' && existsSync(folder)) throw problem('is a file, not a folder')
    return refuse(folder, error)
  }
  if (entries.length > 0) throw problem('the folder is not empty')
}

/** Makes the folder that the user named: it may exist if it is empty. */
const claimGiven = async (folder: string): Promise<string> => {
  await makeFolder(folder).catch((error: unknown) => {
    if (systemCode(error) !== 'EEXIST') refuse(folder, error)
  })
  await checkFreeFolder(folder)
  return folder
}

/** `2017-04-04T06:00:00.000Z` → `20170404T060000Z`: sorts by time and suits every file system. */
const stamp = (now: Date): string => now.toISOString().replace(/\.\d+/, '').replace(/[-:]/g, '')

/** Makes a folder named by scenario and time; a number is added while that name is taken. */
const claimNew = async ({ root, scenarioName, now }: RunFolderOptions): Promise<string> => {
  const safeName = scenarioName.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[.-]+/, '') || 'run'
  const base = path.join(path.resolve(root), `${safeName}-${stamp(now)}`)
  await makeFolder(path.dirname(base)).catch((error: unknown) => {
    if (systemCode(error) !== 'EEXIST') refuse(root, error)
  })
  for (let attempt = 1; ; attempt++) {
    const folder = attempt === 1 ? base : `${base}-${attempt}`
    try {
      await mkdir(folder)
      return folder
    } catch (error) {
      if (systemCode(error) !== 'EEXIST' || attempt >= 1000) return refuse(folder, error)
    }
  }
}

/**
 * Makes a folder: `<root>/<scenarioName>-<UTC time>`, or the one given as `out`. Returns its path.
 * @throws InputError if `out` is not empty or not a folder, or nothing can be made there
 */
export const claimFolder = (options: Omit<RunFolderOptions, 'onProblem'>): Promise<string> =>
  options.out === undefined ? claimNew(options) : claimGiven(path.resolve(options.out))

/** Writes a file under another name and renames it, so that readers find the whole file or none. */
const writeWhole = async (file: string, content: string): Promise<void> => {
  const fresh = `${file}.part`
  try {
    const handle = await open(fresh, 'w', 0o644)
    try {
      await handle.writeFile(content)
      await handle.datasync()
    } finally {
      await handle.close()
    }
    await rename(fresh, file)
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => undefined)
    throw error
  }
}

const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/**
 * Makes the folder of a run: `<root>/<scenario>-<UTC time>`, or the one given as `out`.
 *
 * @throws InputError if `out` is not empty or not a folder, or nothing can be made there
 */
export const createRunFolder = async (options: RunFolderOptions): Promise<RunFolder> => {
  const folder = await claimFolder(options)
  const fileOf = (name: string): string => path.join(folder, name)
  let first: RunFolderError | null = null
  let marker: Promise<void> = Promise.resolve()
  let wholeFilesWritten = true
  const report = (problem: RunFolderError): void => {
    if (first !== null) return
    first = problem
    // A few bytes may still fit where a series does not; if not even these, run.json will say so at the end.
    const text = `This run's folder is not complete.\n${problem.message}\n`
    marker = writeFile(fileOf(runFiles.incomplete), text).catch(() => undefined)
    options.onProblem?.(problem)
  }
  const attempt = async (name: string, content: string): Promise<void> => {
    try {
      await writeWhole(fileOf(name), content)
    } catch (error) {
      wholeFilesWritten = false
      report(new RunFolderError({ file: fileOf(name), cause: error }))
    }
  }
  const series = createAppendLog({ file: fileOf(runFiles.series), onProblem: report })
  const latency = createAppendLog({ file: fileOf(runFiles.latency), onProblem: report })
  const hash: Hash = createHash('sha256')
  const timeline: EventLine[] = []
  let header: RunHeader | null = null
  const close = async (): Promise<void> => {
    await Promise.all([series.close(), latency.close()])
    await marker
  }
  /** What is missing of the folder; null if nothing is, as space may have returned after a problem. */
  const missing = (): string | null =>
    series.complete() && latency.complete() && wholeFilesWritten
      ? null
      : (first?.message ?? 'lines were lost')

  return {
    path: folder,
    start: async (given) => {
      header = given
      await writeWhole(fileOf(runFiles.header), toJson(given)).catch((error: unknown) =>
        refuse(folder, error),
      )
    },
    appendSeries: (line) => {
      if (line.kind === 'event') timeline.push(line)
      const text = JSON.stringify(line)
      hash.update(text).update('\n')
      series.append(text)
    },
    appendLatency: (line) => latency.append(line),
    seriesHash: () => hash.copy().digest('hex'),
    problem: () => first,
    finish: async ({ end, summary, reportHtml, junitXml }) => {
      await close()
      wholeFilesWritten = true
      await attempt(runFiles.summary, toJson(summary))
      if (reportHtml !== null) await attempt(runFiles.report, reportHtml)
      if (junitXml !== null) await attempt(runFiles.junit, junitXml)
      // Last, so that a run.json with an end says that all the rest was written, or what was not.
      const incomplete = missing()
      const file = { ...header, ...(incomplete === null ? {} : { incomplete }), end, timeline }
      await attempt(runFiles.header, toJson(file))
      await marker
      if (missing() !== null) return false
      await rm(fileOf(runFiles.incomplete), { force: true }).catch(() => undefined)
      return true
    },
    abandon: close,
  }
}
