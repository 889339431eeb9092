// Password hashes, held against published vectors of both schemes, and what they accept and refuse.
// It exists because a hash that accepts everything looks like one that works to everybody who knows the password.
import { describe, expect, test } from '@jest/globals'
import { WorldError } from '../../src/base/errors.js'
import { createPasswords } from '../../src/io/passwords.js'
import type { PasswordScheme } from '../../src/scenario/scenario.js'

const schemes: readonly { readonly scheme: PasswordScheme; readonly rounds: number }[] = [
  { scheme: 'plain', rounds: 1 },
  { scheme: 'scrypt', rounds: 16 },
  { scheme: 'pbkdf2_sha512', rounds: 10 },
]

/** A hash in this program's form, from what a specification publishes. */
const stored = (scheme: PasswordScheme, rounds: number, salt: string, hex: string): string =>
  `$${scheme}$${rounds}$${Buffer.from(salt).toString('base64url')}$${Buffer.from(hex, 'hex').toString('base64url')}`

describe.each(schemes)('the scheme $scheme', (settings) => {
  const passwords = createPasswords(settings)

  test('accepts the password that was hashed and no other', async () => {
    const hash = await passwords.hash('geheim – 秘密')
    expect(await passwords.verify('geheim – 秘密', hash)).toBe(true)
    for (const other of ['', 'geheim', 'geheim – 秘密 ', 'Geheim – 秘密']) {
      expect(await passwords.verify(other, hash)).toBe(false)
    }
  })

  test('says of itself what it is, and salts each hash anew', async () => {
    const [one, other] = [await passwords.hash('secret'), await passwords.hash('secret')]
    expect(one).toMatch(new RegExp(`^\\$${settings.scheme}\\$${settings.rounds}\\$[\\w-]{22}\\$[\\w-]+$`))
    expect(one).not.toBe(other)
  })
})

describe('hashes of others', () => {
  test('are verified by the scheme and the rounds that they name, not by those in force', async () => {
    const inForce = createPasswords({ scheme: 'plain', rounds: 1 })
    const hash = await createPasswords({ scheme: 'scrypt', rounds: 32 }).hash('secret')
    expect(await inForce.verify('secret', hash)).toBe(true)
    expect(await inForce.verify('Secret', hash)).toBe(false)
  })

  test('agree with RFC 7914 for scrypt', async () => {
    // §12, third vector (N 16384, r 8, p 1); its first 32 bytes, as a shorter key is the beginning of a longer one.
    const hex = '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2'
    const { verify } = createPasswords({ scheme: 'scrypt', rounds: 16_384 })
    expect(await verify('pleaseletmein', stored('scrypt', 16_384, 'SodiumChloride', hex))).toBe(true)
    expect(await verify('pleaseletmein', stored('scrypt', 16_384, 'SodiumChlorate', hex))).toBe(false)
  })

  test('agree with the vectors of RFC 6070 carried over to SHA-512 for PBKDF2', async () => {
    const hex =
      '867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252' +
      'c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce'
    const { verify } = createPasswords({ scheme: 'pbkdf2_sha512', rounds: 1 })
    expect(await verify('password', stored('pbkdf2_sha512', 1, 'salt', hex))).toBe(true)
    expect(await verify('password', stored('pbkdf2_sha512', 2, 'salt', hex))).toBe(false)
  })

  test('that are none are a problem of the store, not a wrong password', () => {
    const { verify } = createPasswords({ scheme: 'plain', rounds: 1 })
    expect(() => verify('secret', 'secret')).toThrow(WorldError)
    expect(() => verify('secret', '')).toThrow(WorldError)
  })
})

describe('the scheme plain', () => {
  test('answers at once, so that a rehearsal does not wait for it', async () => {
    const passwords = createPasswords({ scheme: 'plain', rounds: 1 })
    expect(passwords.verify('secret', await passwords.hash('secret'))).toBe(true)
  })
})
