// Password hashing as drivers do it, in the forms that Keystone keeps (passlib's), so that each can read the other's.
// It is done where it is asked for, and all else waits: a Keystone worker is one thread, and a hash keeps it busy.
import { pbkdf2Sync, randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import { hashSync as bcrypt, verifySync as bcryptVerifies } from '@node-rs/bcrypt'
import { WorldError } from '../base/errors.js'
import type { Passwords } from '../identity/passwords.js'
import type { PasswordHash } from '../scenario/scenario.js'
import { readSha512Crypt, sha512Crypt, sha512CryptSalt } from './sha512Crypt.js'

/** `[identity] max_password_length`: what is longer is cut to so many characters, as `strict_password_check` is off. */
const passwordCharactersMax = 4096

const cut = (password: string): string =>
  password.length <= passwordCharactersMax
    ? password
    : Array.from(password).slice(0, passwordCharactersMax).join('')

const saltBytes = 16

const sameBytes = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b)

/** Base64 without `=`, as in `$scrypt$`; in `$pbkdf2-sha512$` with `.` for `+`. */
const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')
const adapted = (bytes: Buffer): string => base64(bytes).replaceAll('+', '.')
const fromAdapted = (text: string): Buffer => Buffer.from(text.replaceAll('.', '+'), 'base64')

interface ScryptParameters {
  readonly ln: number
  readonly r: number
  readonly p: number
}

const scrypt = (password: string, salt: Buffer, { ln, r, p }: ScryptParameters): Buffer => {
  const N = 2 ** ln
  // What the algorithm itself needs; OpenSSL refuses more than it was allowed.
  return scryptSync(password, salt, 32, { N, r, p, maxmem: 128 * r * (N + p) + (1 << 20) })
}

const pbkdf2 = (password: string, salt: Buffer, rounds: number): Buffer =>
  pbkdf2Sync(password, salt, rounds, 64, 'sha512')

const makeHash = ({ scheme, rounds }: PasswordHash, password: string): string => {
  switch (scheme) {
    case 'bcrypt':
      // bcrypt itself looks at the first 72 bytes only.
      return bcrypt(password, { cost: rounds })
    case 'scrypt': {
      const salt = randomBytes(saltBytes)
      const parameters = { ln: rounds, r: 8, p: 1 }
      return `$scrypt$ln=${rounds},r=8,p=1$${base64(salt)}$${base64(scrypt(password, salt, parameters))}`
    }
    case 'pbkdf2_sha512': {
      const salt = randomBytes(saltBytes)
      return `$pbkdf2-sha512$${rounds}$${adapted(salt)}$${adapted(pbkdf2(password, salt, rounds))}`
    }
    case 'sha512_crypt':
      return sha512Crypt(password, sha512CryptSalt(randomBytes(saltBytes)), rounds)
    case 'plain':
      return `$plain$${Buffer.from(password).toString('base64url')}`
  }
}

const scryptForm = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,4}),p=(\d{1,4})\$([A-Za-z0-9+/]*)\$([A-Za-z0-9+/]{43})$/
const pbkdf2Form = /^\$pbkdf2-sha512\$(\d{1,9})\$([A-Za-z0-9./]*)\$([A-Za-z0-9./]{86})$/
const bcryptForm = /^\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}$/

/** Whether a hash is of this password; null if it is of no scheme that is known here. */
const verifies = (password: string, hash: string): boolean | null => {
  if (hash.startsWith('$plain$')) {
    return sameBytes(Buffer.from(hash.slice('$plain$'.length), 'base64url'), Buffer.from(password))
  }
  if (bcryptForm.test(hash)) return bcryptVerifies(password, hash)
  const sha512 = readSha512Crypt(hash)
  if (sha512 !== null) {
    const again = sha512Crypt(password, sha512.salt, sha512.rounds)
    return sameBytes(digestOf(again), digestOf(hash))
  }
  const byPbkdf2 = pbkdf2Form.exec(hash)
  if (byPbkdf2 !== null) {
    const [, rounds, salt = '', digest = ''] = byPbkdf2
    return sameBytes(pbkdf2(password, fromAdapted(salt), Number(rounds)), fromAdapted(digest))
  }
  const byScrypt = scryptForm.exec(hash)
  if (byScrypt === null) return null
  const [, ln, r, p, salt = '', digest = ''] = byScrypt
  const parameters = { ln: Number(ln), r: Number(r), p: Number(p) }
  return sameBytes(scrypt(password, Buffer.from(salt, 'base64'), parameters), Buffer.from(digest, 'base64'))
}

const digestOf = (hash: string): Buffer => Buffer.from(hash.slice(hash.lastIndexOf('$') + 1))

/**
 * Hashes by the scheme and rounds given, in Keystone's sense of them (`[identity] password_hash_rounds`: for bcrypt and
 * scrypt the binary logarithm of the work). Verification goes by what the hash says of itself, as Keystone's does.
 * A text that is no hash at all is a problem of the store: WorldError.
 */
export const createPasswords = (settings: PasswordHash): Passwords => ({
  hash: (password) => makeHash(settings, cut(password)),
  verify: (password, hash) => {
    if (!/^\$[^$]+\$./.test(hash)) throw new WorldError('not a password hash')
    return verifies(cut(password), hash) ?? false
  },
})
