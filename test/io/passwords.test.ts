// Password hashes, held against those that passlib, OpenSSL and the specifications make, and what is accepted and refused.
// It exists because a hash that accepts everything looks like one that works to everybody who knows the password.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { WorldError } from '../../src/base/errors.js'
import { createPasswords } from '../../src/io/passwords.js'
import { sha512Crypt } from '../../src/io/sha512Crypt.js'
import type { PasswordHash } from '../../src/scenario/scenario.js'

interface Form extends PasswordHash {
  /** What passlib writes, from its documentation of each scheme. */
  readonly form: RegExp
}

const schemes: readonly Form[] = [
  { scheme: 'plain', rounds: 1, form: /^\$plain\$[\w-]+$/ },
  { scheme: 'scrypt', rounds: 4, form: /^\$scrypt\$ln=4,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/ },
  {
    scheme: 'pbkdf2_sha512',
    rounds: 10,
    form: /^\$pbkdf2-sha512\$10\$[A-Za-z0-9./]{22}\$[A-Za-z0-9./]{86}$/,
  },
  {
    scheme: 'sha512_crypt',
    rounds: 1000,
    form: /^\$6\$rounds=1000\$[A-Za-z0-9./]{16}\$[A-Za-z0-9./]{86}$/,
  },
  { scheme: 'bcrypt', rounds: 4, form: /^\$2b\$04\$[A-Za-z0-9./]{53}$/ },
]

const inForce = createPasswords({ scheme: 'plain', rounds: 1 })

describe.each(schemes)('the scheme $scheme', ({ form, ...settings }) => {
  const passwords = createPasswords(settings)

  test('accepts the password that was hashed and no other', async () => {
    const hash = await passwords.hash('geheim – 秘密')
    expect(await passwords.verify('geheim – 秘密', hash)).toBe(true)
    for (const other of ['', 'geheim', 'geheim – 秘密 ', 'Geheim – 秘密']) {
      expect(await passwords.verify(other, hash)).toBe(false)
    }
  })

  test('writes the form that Keystone reads, with a salt of its own for each', async () => {
    const [one, other] = [await passwords.hash('secret'), await passwords.hash('secret')]
    expect(one).toMatch(form)
    if (settings.scheme !== 'plain') expect(one).not.toBe(other)
  })

  test('answers at once, as a worker of one thread does', () => {
    expect(passwords.hash('secret')).not.toBeInstanceOf(Promise)
  })

  test('cuts a password after 4,096 characters, as Keystone does by default', async () => {
    const hash = await passwords.hash('🗝'.repeat(4096))
    expect(await passwords.verify(`${'🗝'.repeat(4096)}more`, hash)).toBe(true)
    if (settings.scheme !== 'bcrypt') expect(await passwords.verify('🗝'.repeat(4095), hash)).toBe(false)
  })
})

describe('hashes of others', () => {
  const { hashes } = JSON.parse(
    readFileSync(new URL('../vectors/password-hashes.json', import.meta.url), 'utf8'),
  ) as { hashes: readonly { readonly password: string; readonly hash: string }[] }

  test.each(hashes)('by passlib are verified by what they say of themselves: $hash', async (each) => {
    expect(await inForce.verify(each.password, each.hash)).toBe(true)
    expect(await inForce.verify(`y${each.password.slice(1)}`, each.hash)).toBe(false)
    const last = each.hash.at(-2) === 'A' ? 'B' : 'A'
    expect(await inForce.verify(each.password, `${each.hash.slice(0, -2)}${last}${each.hash.at(-1)}`)).toBe(
      false,
    )
  })

  test('agree with the published vectors of SHA-512 crypt', () => {
    // The specification's own, Drepper 2008; the salt of the second is cut to 16 characters.
    expect(sha512Crypt('Hello world!', 'saltstring', 5000)).toBe(
      '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
    )
    expect(sha512Crypt('Hello world!', 'saltstringsaltstring', 10_000)).toBe(
      '$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.',
    )
    expect(sha512Crypt('This is just a test', 'toolongsaltstring', 5000)).toBe(
      '$6$toolongsaltstrin$lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0',
    )
    expect(sha512Crypt('the minimum number is still observed', 'roundstoolow', 1000)).toBe(
      '$6$rounds=1000$roundstoolow$kUMsbe306n21p9R.FRkW3IGn.S9NPN0x50YhH1xhLsPuWGsUSklZt58jaTfF4ZEQpyUNGc0dqbpBYYBaHHrsX.',
    )
  })

  test('agree with OpenSSL for SHA-512 crypt, whatever the lengths', () => {
    for (const length of [1, 7, 15, 16, 17, 63, 64, 65, 129]) {
      const password = 'aé'.repeat(length).slice(0, length)
      const { stdout } = spawnSync('openssl', ['passwd', '-6', '-salt', 'WuRWc0VzS1nEcVYy', '-stdin'], {
        input: password,
        encoding: 'utf8',
      })
      expect(sha512Crypt(password, 'WuRWc0VzS1nEcVYy', 5000)).toBe(stdout.trim())
    }
  })

  test('agree with RFC 7914 for scrypt', async () => {
    // §12, third vector (N 16384, r 8, p 1); its first 32 bytes, as a shorter key is the beginning of a longer one.
    const hex = '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2'
    const stored = (salt: string): string => {
      const [saltText, text] = [Buffer.from(salt), Buffer.from(hex, 'hex')].map((bytes) =>
        bytes.toString('base64').replaceAll('=', ''),
      )
      return `$scrypt$ln=14,r=8,p=1$${saltText}$${text}`
    }
    expect(await inForce.verify('pleaseletmein', stored('SodiumChloride'))).toBe(true)
    expect(await inForce.verify('pleaseletmein', stored('SodiumChlorate'))).toBe(false)
  })

  test('look at the first 72 bytes only where they are bcrypt’s', async () => {
    const passwords = createPasswords({ scheme: 'bcrypt', rounds: 4 })
    const hash = await passwords.hash(`${'x'.repeat(72)}a`)
    expect(await passwords.verify(`${'x'.repeat(72)}b`, hash)).toBe(true)
    expect(await passwords.verify(`${'x'.repeat(71)}b`, hash)).toBe(false)
  })

  test('of a scheme that is not known are of no password', async () => {
    expect(await inForce.verify('secret', '$1$saltsalt$lgJCeuIEfdM5mJyXZZmBI.')).toBe(false)
  })

  test('that are none are a problem of the store, not a wrong password', () => {
    expect(() => inForce.verify('secret', 'secret')).toThrow(WorldError)
    expect(() => inForce.verify('secret', '')).toThrow(WorldError)
  })
})
