// One-time passwords from a shared secret and the time: HOTP (RFC 4226) and TOTP (RFC 6238), as Keystone checks them.
// They stand here because this is the one pure folder that may use node:crypto, of which HMAC is deterministic.
import { createHmac, timingSafeEqual } from 'node:crypto'

/** Seconds during which one passcode holds (`PASSCODE_TIME_PERIOD` in `keystone/auth/plugins/totp.py`). */
export const totpPeriodSec = 30
/** Digits of a passcode (`PASSCODE_LENGTH`). */
export const totpDigits = 6

/**
 * The passcode of a counter: 31 bits of the HMAC-SHA1 of the counter, taken where the HMAC's last four bits say, in
 * decimal. RFC 4226 §5.3.
 */
export const hotp = (secret: Uint8Array, counter: number, digits: number = totpDigits): string => {
  const message = Buffer.alloc(8)
  message.writeBigUInt64BE(BigInt(counter))
  const mac = createHmac('sha1', secret).update(message).digest()
  const offset = (mac[mac.length - 1] ?? 0) & 0x0f
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff
  return String(number % 10 ** digits).padStart(digits, '0')
}

/** The passcode of an instant: that of the number of periods since 1970. RFC 6238 §4. */
export const totp = (secret: Uint8Array, nowSec: number, digits: number = totpDigits): string =>
  hotp(secret, Math.floor(nowSec / totpPeriodSec), digits)

const base32Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/**
 * The bytes of a text in base32 (RFC 4648 §6), padding optional as in Keystone; null if it is none. Upper case only:
 * Python's `b32decode` takes no other.
 */
export const decodeBase32 = (text: string): Uint8Array | null => {
  const digits = text.replace(/=+$/, '')
  // 1, 3 or 6 digits beyond a group of eight make no whole byte.
  if ([1, 3, 6].includes(digits.length % 8)) return null
  const bytes: number[] = []
  let bits = 0
  let held = 0
  for (const digit of digits) {
    const value = base32Alphabet.indexOf(digit)
    if (value < 0) return null
    held = ((held << 5) | value) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push((held >> bits) & 0xff)
    }
  }
  return Uint8Array.from(bytes)
}

/**
 * Whether a passcode is that of now, or of one of so many periods before it.
 * A secret that is no base32 or empty has no passcodes.
 */
export const isTotpPasscode = (input: {
  readonly secretBase32: string
  readonly passcode: string
  readonly nowSec: number
  /** `[totp] included_previous_windows`. */
  readonly previousWindows: number
}): boolean => {
  const secret = decodeBase32(input.secretBase32)
  if (secret === null || secret.length === 0) return false
  const given = Buffer.from(input.passcode)
  let matched = false
  for (let i = 0; i <= input.previousWindows; i++) {
    const sec = input.nowSec - i * totpPeriodSec
    if (sec < 0) break
    const expected = Buffer.from(totp(secret, sec))
    if (given.length === expected.length && timingSafeEqual(given, expected)) matched = true
  }
  return matched
}
