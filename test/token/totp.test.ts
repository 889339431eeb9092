// One-time passwords against the values that the RFCs print.
// An authenticator app and this service share nothing but these numbers.
import { describe, expect, test } from '@jest/globals'
import { decodeBase32, hotp, isTotpPasscode, totp } from '../../src/token/totp.js'

const secret = Buffer.from('12345678901234567890')
const secretBase32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

test.each(
  ['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489'].map(
    (passcode, counter) => [counter, passcode] as const,
  ),
)('the passcode of counter %d is that of RFC 4226, appendix D', (counter, passcode) => {
  expect(hotp(secret, counter)).toBe(passcode)
})

test.each([
  [59, '94287082'],
  [1_111_111_109, '07081804'],
  [1_111_111_111, '14050471'],
  [1_234_567_890, '89005924'],
  [2_000_000_000, '69279037'],
  [20_000_000_000, '65353130'],
])('the passcode of second %d is that of RFC 6238, appendix B', (sec, passcode) => {
  expect(totp(secret, sec, 8)).toBe(passcode)
  expect(totp(secret, sec)).toBe(passcode.slice(2))
})

describe('base32', () => {
  test.each([
    ['', ''],
    ['MY', 'f'],
    ['MZXQ', 'fo'],
    ['MZXW6', 'foo'],
    ['MZXW6YQ', 'foob'],
    ['MZXW6YTB', 'fooba'],
    ['MZXW6YTBOI', 'foobar'],
    ['MZXW6YTBOI======', 'foobar'],
    [secretBase32, '12345678901234567890'],
  ])('%j is that of RFC 4648, section 10, with and without padding', (text, bytes) => {
    expect(Buffer.from(decodeBase32(text) ?? [1]).toString('latin1')).toBe(bytes)
  })

  test.each(['M', 'MZX', 'MZXW6Y', 'mzxw6ytb', 'MZXW61', 'MZ XQ'])('%j is none', (text) => {
    expect(decodeBase32(text)).toBeNull()
  })
})

describe('a passcode', () => {
  const holds = (passcode: string, nowSec: number, previousWindows = 1): boolean =>
    isTotpPasscode({ secretBase32, passcode, nowSec, previousWindows })

  test('holds for its thirty seconds and one period more', () => {
    expect([59, 60, 89, 90].map((sec) => holds('287082', sec))).toEqual([true, true, true, false])
    expect([59, 60].map((sec) => holds('287082', sec, 0))).toEqual([true, false])
    expect(holds('287082', 29)).toBe(false)
  })

  test('of other length or of no secret is none', () => {
    expect(holds('', 59)).toBe(false)
    expect(holds('2870820', 59)).toBe(false)
    expect(holds('28708é', 59)).toBe(false)
    expect(isTotpPasscode({ secretBase32: '', passcode: '000000', nowSec: 59, previousWindows: 1 })).toBe(
      false,
    )
    expect(isTotpPasscode({ secretBase32: '!', passcode: '000000', nowSec: 59, previousWindows: 1 })).toBe(
      false,
    )
  })

  test('of the first period has none before it', () => {
    expect(holds('755224', 0)).toBe(true)
  })
})
