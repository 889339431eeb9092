// A file that grows line by line while a run goes: buffered, written behind the back of the event loop.
// It exists so that writing never delays a request, and a full disk costs lines, not the run.
import { open, type FileHandle } from 'node:fs/promises'
import { systemCode } from './systemCode.js'

/** A file of a run could not be written. */
export class RunFolderError extends Error {
  override readonly name = 'RunFolderError'
  readonly file: string
  /** The system's code, such as `ENOSPC`. */
  readonly code: string
  constructor({ file, cause }: { readonly file: string; readonly cause: unknown }) {
    const code = systemCode(cause)
    const reason = code === 'ENOSPC' ? 'the disk is full' : `error ${code}`
    super(`${file} could not be written: ${reason}`, { cause })
    this.file = file
    this.code = code
  }
}

/** A growing file. Nothing here throws. */
export interface AppendLog {
  /** Takes a line, without its line feed. */
  append(line: string): void
  /** Whether the file holds every line, or will once what is buffered has been written. After `close`: holds. */
  complete(): boolean
  /** Writes what is left, if the disk takes it, and closes the file. */
  close(): Promise<void>
}

/** How a growing file is set up. */
export interface AppendLogOptions {
  readonly file: string
  /** Called when a write fails, each time. */
  readonly onProblem: (problem: RunFolderError) => void
  /** Real milliseconds between two writes. */
  readonly flushMs?: number
  /** Bytes that are kept while the disk takes none. */
  readonly maxPendingBytes?: number
  /** Opens the file for writing; tests put a failing disk here. */
  readonly openFile?: (file: string) => Promise<AppendTarget>
}

/** What is needed of an open file. */
export interface AppendTarget {
  write(bytes: Uint8Array): Promise<{ bytesWritten: number }>
  close(): Promise<void>
}

const defaultFlushMs = 250
const defaultMaxPendingBytes = 16 * 1024 * 1024

const openReal = async (file: string): Promise<AppendTarget> => {
  const handle: FileHandle = await open(file, 'a', 0o644)
  return { write: (bytes) => handle.write(bytes), close: () => handle.close() }
}

/**
 * Opens a growing file at its first line. Lines are written together each `flushMs`. A write that fails is tried
 * again with the next one from the very byte at which it stopped, so that lines stay whole if space returns.
 */
export const createAppendLog = (options: AppendLogOptions): AppendLog => {
  const { file, onProblem, flushMs = defaultFlushMs, maxPendingBytes = defaultMaxPendingBytes } = options
  let target: AppendTarget | null = null
  let lines: string[] = []
  let lineBytes = 0
  /** Bytes that are being written; never dropped, as a part of them may be in the file. */
  let current: Uint8Array = new Uint8Array(0)
  let dropped = false
  let closed = false
  let timer: NodeJS.Timeout | null = null
  let writing: Promise<void> | null = null

  const write = async (): Promise<void> => {
    try {
      while (current.length > 0 || lines.length > 0) {
        target ??= await (options.openFile ?? openReal)(file)
        if (current.length === 0) {
          current = Buffer.from(`${lines.join('\n')}\n`)
          lines = []
          lineBytes = 0
        }
        const { bytesWritten } = await target.write(current)
        if (bytesWritten === 0) throw new Error('the disk took nothing')
        current = current.subarray(bytesWritten)
      }
    } catch (error) {
      onProblem(new RunFolderError({ file, cause: error }))
    }
  }
  const flush = async (): Promise<void> => {
    writing ??= write().finally(() => {
      writing = null
    })
    await writing
  }
  const schedule = (): void => {
    timer ??= setTimeout(() => {
      timer = null
      void flush().then(() => {
        if (lines.length > 0 || current.length > 0) schedule()
      })
    }, flushMs)
    // A file alone is no reason for a program to stay alive; `close` writes what is left.
    timer.unref()
  }
  return {
    append: (line) => {
      if (lineBytes >= maxPendingBytes) {
        dropped = true
        return
      }
      lines.push(line)
      lineBytes += line.length
      schedule()
    },
    complete: () => !dropped && !(closed && (lines.length > 0 || current.length > 0)),
    close: async () => {
      if (timer !== null) clearTimeout(timer)
      timer = null
      // Twice: a write under way may have begun before the last line came.
      await flush()
      if (lines.length > 0 || current.length > 0) await flush()
      await target?.close().catch((error: unknown) => onProblem(new RunFolderError({ file, cause: error })))
      target = null
      closed = true
    },
  }
}
