// Reads what a verb was told, its options and the files that they name, and collects all that is wrong with it.
// It exists so that every verb refuses once, with every problem, before anything is started or written.
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Command } from 'commander'
import { assert, formatProblem, InputError, type Problem } from '../base/errors.js'
import { readDuration, type Reading } from '../scenario/units.js'

/** What was read, when nothing was wrong: nothing of it is undefined. */
export type Whole<T> = { readonly [Key in keyof T]: Exclude<T[Key], undefined> }

/** The long flags that were typed: what is only a default was not. */
const typedFlags = (command: Command): ReadonlySet<string> => {
  const own = command.options.filter((option) => {
    const key = option.attributeName()
    if (command.getOptionValueSource(key) !== 'cli') return false
    return option.negate === (command.getOptionValue(key) === false)
  })
  return new Set(own.map(({ long, short }) => long ?? short ?? ''))
}

/** Whether a file can be written there, as far as that can be told before: long work may come first. */
const fileProblem = (file: string): Omit<Problem, 'path'> | null => {
  const folder = path.dirname(path.resolve(file))
  if (!existsSync(folder)) {
    return { message: `there is no folder ${folder}`, remedy: 'make it, or name a file in one that exists' }
  }
  if (!statSync(folder).isDirectory()) {
    return { message: `${folder} is no folder`, remedy: 'name a file in a folder' }
  }
  if (existsSync(file) && statSync(file).isDirectory()) {
    return { message: `${file} is a folder`, remedy: 'name a file in it' }
  }
  try {
    accessSync(existsSync(file) ? file : folder, constants.W_OK)
    return null
  } catch {
    return { message: `${file} cannot be written: no permission`, remedy: 'name a file in a folder of yours' }
  }
}

export class OptionReader {
  private readonly problems: Problem[] = []
  private readonly typed: ReadonlySet<string>
  /** Options and operands that are empty: this is said of them, and nothing else. */
  private readonly empty: ReadonlySet<string>
  /** Each file that will be written, with the option that names it. */
  private readonly written = new Map<string, string>()

  /** @param command the verb as it was typed */
  constructor(command: Command) {
    this.typed = typedFlags(command)
    const empty = command.options.filter(
      (option) =>
        command.getOptionValueSource(option.attributeName()) === 'cli' &&
        [command.getOptionValue(option.attributeName()) as unknown].flat().includes(''),
    )
    const flags = empty.map(({ long, short }) => long ?? short ?? '')
    for (const flag of flags)
      this.problems.push({ path: flag, message: 'is empty', remedy: 'give it a value, or leave it away' })
    if (command.args.includes('')) {
      const names = command.registeredArguments.map((argument) => argument.name()).join(' ')
      this.problems.push({ path: names.toUpperCase(), message: 'is empty', remedy: 'name what is meant' })
    }
    this.empty = new Set(flags)
  }

  /** Whether somebody typed this option; `--no-…` is an option of its own. */
  isTyped(flag: string): boolean {
    return this.typed.has(flag)
  }

  add(problem: Problem): undefined {
    const { path: option = '', file } = problem
    if (this.empty.has(option) || file === '') return undefined
    const isKnown = this.problems.some((known) => formatProblem(known) === formatProblem(problem))
    if (!isKnown) this.problems.push(problem)
    return undefined
  }

  /** What a reading gives, or undefined if it threw InputError, whose problems join the others. */
  attempt<T>(read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      return this.take(error)
    }
  }

  /** The same of a reading that has to be waited for. */
  async attemptAsync<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read()
    } catch (error) {
      return this.take(error)
    }
  }

  private take(error: unknown): undefined {
    if (!(error instanceof InputError)) throw error
    for (const problem of error.problems) this.add(problem)
    return undefined
  }

  /** Refuses those of the options that were typed, as they would do nothing: who types one expects something of it. */
  idle(flags: readonly string[], message: string, remedy: string): void {
    for (const flag of flags) if (this.typed.has(flag)) this.add({ path: flag, message, remedy })
  }

  /** A quantity with its unit; undefined if it was not given or is none. */
  quantity(option: string, text: string | undefined, read: (text: string) => Reading): number | undefined {
    if (text === undefined) return undefined
    const reading = read(text)
    if (reading.ok) return reading.value
    return this.add({ path: option, message: reading.message, remedy: reading.remedy })
  }

  /** A duration in seconds, above zero unless it may be zero; undefined if it was not given or is none. */
  duration(option: string, text: string | undefined, least: 'zero' | 'above zero'): number | undefined {
    const seconds = this.quantity(option, text, readDuration)
    if (seconds === 0 && least === 'above zero') {
      return this.add({ path: option, message: 'is zero', remedy: 'write a duration above zero: 6h' })
    }
    return seconds
  }

  /** A whole number from `least` to `most`; undefined if it was not given or is none. */
  whole(option: string, text: string | undefined, least: number, most = 1_000_000): number | undefined {
    if (text === undefined) return undefined
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= most) return value
    const range = `from ${least} to ${most.toLocaleString('en')}`
    return this.add({
      path: option,
      message: `${JSON.stringify(text)} is no whole number ${range}`,
      remedy: `write a number: ${Math.min(most, Math.max(least, 6))}`,
    })
  }

  /** The `--seed` of plans and users. */
  seed(text: string | undefined): number | undefined {
    if (text === undefined) return undefined
    const seed = Number(text)
    if (/^\d+$/.test(text) && Number.isSafeInteger(seed)) return seed
    const message = `${JSON.stringify(text)} is no seed`
    return this.add({ path: '--seed', message, remedy: 'give a whole number, 0 or more' })
  }

  /** A file that will be written: nothing may be in its way, and no other option may name it, too. */
  outputFile(option: string, file: string | undefined): void {
    if (file === undefined || file === '') return
    const problem = fileProblem(file)
    if (problem !== null) this.add({ path: option, ...problem })
    const place = path.resolve(file)
    const other = this.written.get(place)
    if (other !== undefined) {
      const message = `${file} is written by ${other}, too`
      this.add({ path: option, message, remedy: 'name another file' })
    }
    this.written.set(place, option)
  }

  /** A folder that will be made if need be, for files in it. */
  outputFolder(option: string, folder: string | undefined): void {
    if (folder === undefined || folder === '') return
    if (existsSync(folder)) {
      if (!statSync(folder).isDirectory())
        this.add({ path: option, message: `${folder} is a file`, remedy: 'name a folder' })
      return
    }
    let above = path.dirname(path.resolve(folder))
    while (!existsSync(above)) above = path.dirname(above)
    if (statSync(above).isDirectory()) return
    this.add({ path: option, message: `${above} is no folder`, remedy: 'name a folder in one that exists' })
  }

  /**
   * Gives back what was read. What could not be read is undefined in it, and was added as a problem.
   * @throws InputError with all problems, if anything was wrong
   */
  done<T extends object>(read: T): Whole<T> {
    if (this.problems.length > 0) throw new InputError(this.problems)
    for (const [name, value] of Object.entries(read)) {
      assert(value !== undefined, `${name} was neither read nor refused`)
    }
    return read as Whole<T>
  }
}
