// What commands write to: results on stdout, everything else on stderr, colour only where somebody sees it.
// Handed in by `main.ts`, so that no command looks at the process it runs in.
import { fit, fold } from '../render/text.js'
import type { Terminal } from '../io/terminalQuestions.js'

export interface Stream {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

export interface Surroundings {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdout: Stream
  readonly stderr: Stream
  /** All of standard input, for a token that shall not be on the command line. */
  readonly readStdin: () => Promise<string>
  /** Somebody who can be asked; absent where input or output is no terminal. */
  readonly terminal?: Terminal
  /** Registers what Ctrl-C does. */
  readonly onInterrupt: (interrupt: () => void) => void
  /** Registers what is done when the program ends, however that comes about: no more than a write. */
  readonly onExit: (run: () => void) => void
  /** Whether the program runs as root; not, if nothing is said. */
  readonly superuser?: boolean
}

/** Columns of the terminal; 100 where there is none. */
export const columnsOf = (surroundings: Surroundings): number => {
  const stated = Number(surroundings.env['COLUMNS'])
  return surroundings.stdout.columns ?? (Number.isInteger(stated) && stated > 20 ? stated : 100)
}

/** Whether to colour: a terminal, and nobody said `NO_COLOR` (no-color.org). */
export const colourOf = (surroundings: Surroundings): boolean =>
  surroundings.stdout.isTTY === true &&
  (surroundings.env['NO_COLOR'] ?? '') === '' &&
  surroundings.env['TERM'] !== 'dumb'

/** Sentences for a person: folded where a terminal would break words, a line each where a program may read them. */
export const sentences = (text: string, { isTTY, columns }: Stream): string =>
  isTTY === true && columns !== undefined
    ? text
        .split('\n')
        .map((line) => fold(line, columns, '  '))
        .join('\n')
    : text

/**
 * Whether what was shown on stderr may be written over: a terminal on which somebody looks. Nobody does in a pipeline
 * (`CI`), and who asks for no colour or has a dumb terminal wants no control sequences.
 */
export const redraws = ({ stderr, env }: Pick<Surroundings, 'stderr' | 'env'>): boolean =>
  stderr.isTTY === true &&
  (env['NO_COLOR'] ?? '') === '' &&
  ['', '0', 'false'].includes(env['CI'] ?? '') &&
  env['TERM'] !== 'dumb'

/**
 * One line that is written over again on a terminal, and a line every few seconds where there is none.
 * @param nowMs a clock in milliseconds
 */
export const createProgressLine = (surroundings: Surroundings, nowMs: () => number) => {
  const stream = surroundings.stderr
  const live = redraws(surroundings)
  const everyMs = live ? 200 : 5000
  let lastMs = -Infinity
  let shown = false
  return {
    show(text: string): void {
      const now = nowMs()
      if (now - lastMs < everyMs) return
      lastMs = now
      stream.write(live ? `\r\u001b[K${fit(text, (stream.columns ?? 80) - 1)}` : `${fit(text, 80)}\n`)
      shown = true
    },
    /** Shows at the next call, however soon. */
    hurry(): void {
      lastMs = -Infinity
    },
    end(): void {
      if (live && shown) stream.write('\r\u001b[K')
      shown = false
    },
  }
}
