// UUID tokens, and telling the formats apart by their looks.
// A UUID token says nothing itself: it is the key of a row in the table `token`.

import { TokenError } from './tokenError.js'

/** What a token's text looks like. */
export type TokenFormat = 'uuid' | 'fernet'

const uuidText = /^[0-9a-f]{32}$/
/** 0x80 and a timestamp below 2³² seconds (the year 2106) always begin so; both base64 alphabets pass in Keystone. */
const fernetText = /^gAAAAA[A-Za-z0-9_+/-]{92,}={0,2}$/

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
export const isUuidToken = (text: string): boolean => uuidText.test(text)

/**
 * The format of a token by its looks alone: no key, no table.
 * `unknown` for anything that neither provider can have made, such as a PKI token or a cut-off Fernet token.
 */
export const tokenFormat = (id: string): TokenFormat | 'unknown' => {
  if (isUuidToken(id)) return 'uuid'
  return fernetText.test(id) ? 'fernet' : 'unknown'
}
