// Options that the verbs about keys and tokens share, read with their units, and all that is wrong told at once.
// It exists so that `--rotation` means the same, and is refused in the same words, in each of them.
import { InputError, type Problem } from '../base/errors.js'
import type { KeyPolicy } from '../token/keyCount.js'
import { readDuration } from '../scenario/units.js'

/** Reads options and collects what is wrong with them. */
export class OptionReader {
  private readonly problems: Problem[] = []

  add(problem: Problem): undefined {
    this.problems.push(problem)
    return undefined
  }

  /** What a reading gives, or undefined if it threw InputError, whose problems join the others. */
  attempt<T>(read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      this.problems.push(...error.problems)
      return undefined
    }
  }

  /** A duration in seconds, above zero unless it may be zero; undefined if it was not given or is none. */
  duration(path: string, text: string | undefined, least: 'zero' | 'above zero'): number | undefined {
    if (text === undefined) return undefined
    const reading = readDuration(text)
    if (!reading.ok) return this.add({ path, message: reading.message, remedy: reading.remedy })
    if (reading.value === 0 && least === 'above zero') {
      return this.add({ path, message: 'is zero', remedy: 'write a duration above zero: 6h' })
    }
    return reading.value
  }

  /** A whole number of at least `least`. */
  whole(path: string, text: string | undefined, least: number): number | undefined {
    if (text === undefined) return undefined
    const value = Number(text)
    return /^\d+$/.test(text) && value >= least && value <= 1_000_000
      ? value
      : this.add({
          path,
          message: `${JSON.stringify(text)} is no whole number of at least ${least}`,
          remedy: 'write a number: 6',
        })
  }

  /** Throws InputError if anything was wrong. */
  done(): void {
    if (this.problems.length > 0) throw new InputError(this.problems)
  }
}

export interface PolicyOptions {
  readonly validity?: string
  readonly rotation?: string
  readonly maxActiveKeys?: string
  readonly allowExpiredWindow?: string
}

/** The options that say how keys are used. */
export const readPolicy = (options: PolicyOptions, reader: OptionReader): KeyPolicy => {
  const validitySec = reader.duration('--validity', options.validity, 'above zero')
  const rotationSec = reader.duration('--rotation', options.rotation, 'above zero')
  const allowExpiredWindowSec = reader.duration('--allow-expired-window', options.allowExpiredWindow, 'zero')
  const maxActiveKeys = reader.whole('--max-active-keys', options.maxActiveKeys, 1)
  return {
    ...(validitySec === undefined ? {} : { validitySec }),
    ...(rotationSec === undefined ? {} : { rotationSec }),
    ...(allowExpiredWindowSec === undefined ? {} : { allowExpiredWindowSec }),
    ...(maxActiveKeys === undefined ? {} : { maxActiveKeys }),
  }
}

/** `[fernet_tokens] max_active_keys` of Keystone when nothing is configured, in all releases. */
export const defaultMaxActiveKeys = 3

/**
 * A `max_active_keys` for doing something with it, where 1 is refused: see `checkMaxActiveKeys`.
 */
export const readMaxActiveKeys = (text: string | undefined, reader: OptionReader): number => {
  const value = reader.whole('--max-active-keys', text, 1)
  if (value !== 1) return value ?? defaultMaxActiveKeys
  reader.add({
    path: '--max-active-keys',
    message: 'with 1 each rotation removes the primary key and kills every token that is out',
    remedy: 'validity / rotation + 2 are needed, and never fewer than 3',
  })
  return defaultMaxActiveKeys
}
