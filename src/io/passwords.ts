// Password hashing as drivers do it: node:crypto's own schemes, off the main thread.
// `plain` is for rehearsals in which hashing must cost nothing; its hashes say so themselves.
import { pbkdf2, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { WorldError } from '../base/errors.js'
import type { Passwords } from '../identity/passwords.js'
import type { IdentitySettings } from '../scenario/scenario.js'

const scryptOf = promisify<string, Buffer, number, { N: number; maxmem: number }, Buffer>(scrypt)
const pbkdf2Of = promisify(pbkdf2)

const sameBytes = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b)

type Scheme = IdentitySettings['passwordHash']['scheme']

const derive = (scheme: Scheme, rounds: number, password: string, salt: Buffer): Buffer | Promise<Buffer> => {
  switch (scheme) {
    case 'plain':
      return Buffer.from(password)
    case 'scrypt':
      return scryptOf(password, salt, 32, { N: rounds, maxmem: 256 * 8 * rounds + (1 << 20) })
    case 'pbkdf2_sha512':
      return pbkdf2Of(password, salt, rounds, 64, 'sha512')
  }
}

/**
 * Hashes in the form `$scheme$rounds$salt$hash` (base64url). `rounds` is N for scrypt (a power of two), the number
 * of iterations for pbkdf2_sha512, and nothing for plain. Verification reads scheme and rounds from the hash.
 */
export const createPasswords = ({ scheme, rounds }: IdentitySettings['passwordHash']): Passwords => ({
  hash: async (password) => {
    const salt = randomBytes(16)
    const hash = await derive(scheme, rounds, password, salt)
    return `$${scheme}$${rounds}$${salt.toString('base64url')}$${hash.toString('base64url')}`
  },
  verify: (password, hash) => {
    const [, stored, storedRounds, salt, text] = hash.split('$')
    if (stored === undefined || salt === undefined || text === undefined)
      throw new WorldError('not a password hash')
    const derived = derive(stored as Scheme, Number(storedRounds), password, Buffer.from(salt, 'base64url'))
    const expected = Buffer.from(text, 'base64url')
    return Buffer.isBuffer(derived)
      ? sameBytes(derived, expected)
      : derived.then((bytes) => sameBytes(bytes, expected))
  },
})
