// SHA-512 crypt, `$6$`: Keystone's password hash up to Pike, after U. Drepper, "Unix crypt using SHA-256 and SHA-512" (2008).
// It exists because node:crypto has the hash but not the scheme; glibc's own is about three times as fast.
import { hash } from 'node:crypto'

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const digestBytes = 64
/** Rounds that the scheme means when it does not say a number. */
const implicitRounds = 5000
export const sha512CryptRounds = { min: 1000, max: 999_999_999 } as const
const saltMax = 16

const sha512 = (data: Uint8Array): Buffer => hash('sha512', data, 'buffer')

/** A digest, repeated and cut to a length. */
const stretched = (digest: Buffer, length: number): Buffer => {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length; at += digestBytes) digest.copy(bytes, at)
  return bytes
}

const repeated = (bytes: Uint8Array, times: number): Buffer =>
  Buffer.concat(Array.from({ length: times }, () => bytes))

/** The digest that the rounds begin with. */
const firstDigest = (password: Buffer, salt: Buffer): Buffer => {
  const inner = sha512(Buffer.concat([password, salt, password]))
  const parts = [password, salt, stretched(inner, password.length)]
  for (let bits = password.length; bits > 0; bits >>= 1) parts.push(bits & 1 ? inner : password)
  return sha512(Buffer.concat(parts))
}

/** What one round hashes, with a gap for the digest of the round before. */
interface Layout {
  readonly bytes: Buffer
  readonly digestAt: number
}

/** There are eight such texts: they follow from whether the round's number is odd, and divisible by three and by seven. */
const layouts = (p: Buffer, s: Buffer): readonly Layout[] =>
  Array.from({ length: 8 }, (_, index) => {
    const odd = (index & 1) !== 0
    const gap = Buffer.alloc(digestBytes)
    const middle = [...((index & 2) !== 0 ? [] : [s]), ...((index & 4) !== 0 ? [] : [p])]
    const bytes = Buffer.concat(odd ? [p, ...middle, gap] : [gap, ...middle, p])
    return { bytes, digestAt: odd ? bytes.length - digestBytes : 0 }
  })

const encode = (digest: Buffer): string => {
  let text = ''
  const put = (bits: number, count: number): void => {
    for (let i = 0; i < count; i++, bits >>= 6) text += alphabet.charAt(bits & 63)
  }
  const at = (i: number): number => digest[i] as number
  // Three bytes, 21 apart, make four characters; which of them is first changes from group to group.
  for (let i = 0; i < 21; i++) {
    const [a, b, c] = [i, i + 21, i + 42]
    const [x, y, z] = i % 3 === 0 ? [a, b, c] : i % 3 === 1 ? [b, c, a] : [c, a, b]
    put((at(x) << 16) | (at(y) << 8) | at(z), 4)
  }
  put(at(63), 2)
  return text
}

/** The hash of a password, as `crypt(3)` writes it. @param saltText up to 16 characters of `./0-9A-Za-z`; more are cut */
export const sha512Crypt = (passwordText: string, saltText: string, rounds: number): string => {
  const password = Buffer.from(passwordText)
  const salt = Buffer.from(saltText.slice(0, saltMax))
  let digest = firstDigest(password, salt)
  const p = stretched(sha512(repeated(password, password.length)), password.length)
  const s = stretched(sha512(repeated(salt, 16 + (digest[0] as number))), salt.length)
  const all = layouts(p, s)
  for (let i = 0; i < rounds; i++) {
    const { bytes, digestAt } = all[(i & 1) | (i % 3 === 0 ? 2 : 0) | (i % 7 === 0 ? 4 : 0)] as Layout
    digest.copy(bytes, digestAt)
    digest = sha512(bytes)
  }
  const said = rounds === implicitRounds ? '' : `rounds=${rounds}$`
  return `$6$${said}${salt.toString()}$${encode(digest)}`
}

/** The parts of such a hash; null for another. */
export const readSha512Crypt = (text: string): { readonly salt: string; readonly rounds: number } | null => {
  const found = /^\$6\$(?:rounds=(\d{4,9})\$)?([./0-9A-Za-z]{0,16})\$[./0-9A-Za-z]{86}$/.exec(text)
  if (found === null) return null
  const [, rounds, salt = ''] = found
  return { salt, rounds: rounds === undefined ? implicitRounds : Number(rounds) }
}

/** A salt of 16 characters from as many random bytes. */
export const sha512CryptSalt = (random: Uint8Array): string =>
  Array.from(random.subarray(0, saltMax), (byte) => alphabet.charAt(byte & 63)).join('')
