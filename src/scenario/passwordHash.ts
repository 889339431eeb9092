// How passwords are hashed: Keystone's schemes, their rounds in Keystone's sense, and what each release does by default.
// It exists in one place because a scenario, a server and the table of releases must mean the same by a number of rounds.
import type { PasswordHash, PasswordScheme, Release } from './scenario.js'

export const passwordSchemes = [
  'bcrypt',
  'scrypt',
  'pbkdf2_sha512',
  'sha512_crypt',
  'plain',
] as const satisfies readonly PasswordScheme[]

/** What rounds may be, and are if nothing is said. The bounds above keep one hash within a second or so, and a gigabyte. */
interface Rounds {
  readonly min: number
  readonly max: number
  readonly usual: number
}

/**
 * bcrypt, scrypt: the binary logarithm of the work. The others: iterations. Defaults: passlib's for what Keystone leaves
 * to it (12, 16, 25,000), `crypt_strength` for sha512_crypt.
 */
export const passwordRounds: Readonly<Record<PasswordScheme, Rounds>> = {
  bcrypt: { min: 4, max: 18, usual: 12 },
  scrypt: { min: 1, max: 20, usual: 16 },
  pbkdf2_sha512: { min: 1, max: 1_048_576, usual: 25_000 },
  sha512_crypt: { min: 1000, max: 1_048_576, usual: 10_000 },
  plain: { min: 1, max: 1_048_576, usual: 1 },
}

const sha512Crypt: PasswordHash = { scheme: 'sha512_crypt', rounds: passwordRounds.sha512_crypt.usual }
const bcrypt: PasswordHash = { scheme: 'bcrypt', rounds: passwordRounds.bcrypt.usual }

/**
 * What a release does by default: sha512_crypt with `crypt_strength` 10,000 (`keystone/common/utils.py`, `config.py`),
 * since Queens bcrypt with 12 rounds (`keystone/conf/identity.py`).
 */
export const defaultPasswordHash: Readonly<Record<Release, PasswordHash>> = {
  mitaka: sha512Crypt,
  newton: sha512Crypt,
  ocata: sha512Crypt,
  queens: bcrypt,
  zed: bcrypt,
}

/** The hash of a scenario, from what it says of it. */
export const passwordHashOf = (
  release: Release,
  said: { readonly scheme?: PasswordScheme | undefined; readonly rounds?: number | undefined },
): PasswordHash => {
  const usual = defaultPasswordHash[release]
  const scheme = said.scheme ?? usual.scheme
  const rounds = said.rounds ?? (scheme === usual.scheme ? usual.rounds : passwordRounds[scheme].usual)
  return { scheme, rounds }
}
