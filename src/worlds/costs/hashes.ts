// What one check of a password takes a backend of ours.
// It stands apart because a cost profile that has no time for a scheme falls back on it.
import type { PasswordScheme } from '../../scenario/scenario.js'

/**
 * Microseconds by scheme and rounds: bcrypt as it was measured in a real Keystone (200.6 ms for 12 rounds), the others by their
 * time beside bcrypt's on one machine. sha512_crypt takes a third of this in a real one.
 */
export const hashUs: Readonly<Record<PasswordScheme, (rounds: number) => number>> = {
  bcrypt: (rounds) => 49 * 2 ** rounds,
  scrypt: (rounds) => 2.9 * 2 ** rounds,
  pbkdf2_sha512: (rounds) => 0.5 * rounds,
  sha512_crypt: (rounds) => 0.8 * rounds,
  plain: () => 0,
}
