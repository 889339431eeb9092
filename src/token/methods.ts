// Authentication methods as bits: a payload keeps them as a number whose bits are places in `[auth] methods`.
// Apart from the payloads, because receipts carry the same number and whoever reads a token must know the list.
import { TokenError } from './tokenError.js'

/**
 * Keystone's default of `[auth] methods`, by the first release that has it. The *position* in the list is the bit
 * in the payload, so another order gives other labels to tokens that are already out.
 *
 * Sources, `_DEFAULT_AUTH_METHODS`: kilo-eol to mitaka-eol `keystone/common/config.py`, since Newton
 * `keystone/conf/constants.py`; Ocata 11.0.0 added `mapped`, Queens 13.0.0 `application_credential`, and that is
 * still the list in 2026.
 */
export const defaultMethodOrder = {
  kilo: ['external', 'password', 'token', 'oauth1'],
  ocata: ['external', 'password', 'token', 'oauth1', 'mapped'],
  queens: ['external', 'password', 'token', 'oauth1', 'mapped', 'application_credential'],
} as const satisfies Record<string, readonly string[]>

/** As many as the bits of the number that this project writes. */
const methodsMax = 32

/**
 * The bits of authentication methods: bit i stands for the i-th configured method.
 * @throws TokenError `unknown-method` (Keystone leaves it out in silence), `bad-claims` for over 32 methods
 */
export const methodsToMask = (methods: readonly string[], order: readonly string[]): number => {
  if (order.length > methodsMax)
    throw new TokenError('bad-claims', `more than ${methodsMax} authentication methods`)
  let mask = 0
  for (const method of methods) {
    const bit = order.indexOf(method)
    if (bit < 0)
      throw new TokenError('unknown-method', `no such authentication method is configured: ${method}`)
    mask |= 1 << bit
  }
  return mask >>> 0
}

/**
 * The methods of a mask, highest bit first, by Keystone's own arithmetic (`convert_integer_to_method_list`):
 * from the highest bit down, a method is in when what is left, divided by its bit, is 1. A mask with bits beyond
 * the list therefore gives none at all. (On Python 3 Mitaka to Queens divide without rounding and lose every mask
 * of two methods or more; on Python 2, where those releases ran, and from Rocky on, they do not.)
 */
export const maskToMethods = (mask: number, order: readonly string[]): string[] => {
  const methods: string[] = []
  let left = mask
  let bit = Math.min(order.length, methodsMax) - 1
  for (let weight = 2 ** bit; bit >= 0; bit--, weight /= 2) {
    if (left < weight || left >= 2 * weight) continue
    methods.push(order[bit] as string)
    left -= weight
  }
  return methods
}
