// The errors that cross layers, one class for each exit code that an error can cause.
// Bad input is reported all at once, so its error carries a list of problems, not a sentence.

/** One thing wrong with what the user gave. Lines and columns count from 1. */
export interface Problem {
  readonly file?: string
  readonly line?: number
  readonly column?: number
  /** Where in the document: `clients.users.every`. */
  readonly path?: string
  readonly message: string
  /** What would be right. */
  readonly remedy?: string
}

/** Bad input or usage: exit code 2, nothing was started or written. */
export class InputError extends Error {
  override readonly name = 'InputError'
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'))
    this.problems = problems
  }
}

/** The world (a server, a store, a port) did not start: exit code 3. */
export class WorldError extends Error {
  override readonly name = 'WorldError'
}

/** Somebody stopped the work before there was anything to report: exit code 4. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError'
}

/** A broken invariant: our own defect, exit code 70. */
export class DefectError extends Error {
  override readonly name = 'DefectError'
}

/** `file:line:column: path: message; remedy` with what is known of it. */
export const formatProblem = (problem: Problem): string => {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':')
  const head = [place, problem.path].filter((part) => part !== undefined && part !== '').join(': ')
  const body = problem.remedy === undefined ? problem.message : `${problem.message}; ${problem.remedy}`
  return head === '' ? body : `${head}: ${body}`
}

/** Ends the program as our own defect when a condition that must hold does not. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new DefectError(message)
}
