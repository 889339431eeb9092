// Options that the verbs about keys and tokens share.
// It exists so that `--rotation` means the same, and is refused in the same words, in each of them.
import type { KeyPolicy } from '../token/keyCount.js'
import type { OptionReader } from './optionReader.js'

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
