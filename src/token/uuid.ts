// UUID tokens, and telling the formats apart by their looks.
// A UUID token says nothing itself: it is the key of a row in the table `token`.

import { TokenError } from './tokenError.js'

/** What a token's text looks like. */
export type TokenFormat = 'uuid' | 'fernet'

/** Which characters are lower-case hexadecimal digits (1), and which belong to one of the base64 alphabets (2). */
const characterKinds = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  return (/[0-9a-f]/.test(character) ? 1 : 0) | (/[A-Za-z0-9_+/-]/.test(character) ? 2 : 0)
})

/** Whether all characters in [from, to) are of a kind. A loop, because it runs for every token of every request. */
const allOf = (kind: 1 | 2, text: string, from: number, to: number): boolean => {
  for (let i = from; i < to; i++) if (((characterKinds[text.charCodeAt(i)] ?? 0) & kind) === 0) return false
  return true
}

/** 0x80 and a timestamp below 2³² seconds (the year 2106) always begin so; both base64 alphabets pass in Keystone. */
const fernetStart = 'gAAAAA'
/** Version, timestamp, iv, one block and the HMAC are 73 bytes. */
const fernetCharactersMin = 98

/**
 * A UUID token from 16 random bytes: `uuid.uuid4().hex` of Python, 32 lower-case hexadecimal digits.
 * Version and variant bits are set as RFC 4122 §4.4 wants them.
 * @throws TokenError `bad-random-bytes` for another length
 */
export const uuidToken = (random16: Uint8Array): string => {
  if (random16.length !== 16) {
    throw new TokenError('bad-random-bytes', `a UUID is made of 16 bytes, not ${random16.length}`)
  }
  const bytes = Buffer.from(random16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex')
}

/** Whether a text is 32 lower-case hexadecimal digits. */
export const isUuidToken = (text: string): boolean => text.length === 32 && allOf(1, text, 0, 32)

/**
 * The format of a token by its looks alone: no key, no table.
 * `unknown` for anything that neither provider can have made, such as a PKI token or a cut-off Fernet token.
 */
export const tokenFormat = (id: string): TokenFormat | 'unknown' => {
  if (isUuidToken(id)) return 'uuid'
  let end = id.length
  while (end > 0 && id.length - end < 2 && id.charCodeAt(end - 1) === 0x3d) end--
  const fernet =
    end >= fernetCharactersMin && id.startsWith(fernetStart) && allOf(2, id, fernetStart.length, end)
  return fernet ? 'fernet' : 'unknown'
}
