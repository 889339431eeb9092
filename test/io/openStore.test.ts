// The words of `--store`: what each means, and what is said about those that mean nothing.
// It exists because a wrong word must be answered with the right one, and never with a password.
import { describe, expect, test } from '@jest/globals'
import { InputError } from '../../src/base/errors.js'
import { publicName, parseMysqlUrl } from '../../src/io/store/mysqlConnection.js'
import { parseStoreChoice } from '../../src/io/store/open.js'

const messageOf = (word: string): string => {
  try {
    parseStoreChoice(word)
  } catch (error) {
    expect(error).toBeInstanceOf(InputError)
    return (error as InputError).message
  }
  throw new Error(`${word} was taken`)
}

describe('the value of --store', () => {
  test.each([
    ['sqlite', { kind: 'sqlite', file: null }],
    ['sqlite:tokens.db', { kind: 'sqlite', file: 'tokens.db' }],
    ['sqlite:/var/tmp/a b.db', { kind: 'sqlite', file: '/var/tmp/a b.db' }],
    ['sqlite:///var/tmp/t.db', { kind: 'sqlite', file: '/var/tmp/t.db' }],
    ['mariadb', { kind: 'mariadb' }],
    ['memory', { kind: 'memory' }],
    [
      'mysql://u:p@db.example:3307/rehearsal',
      { kind: 'mysql', url: 'mysql://u:p@db.example:3307/rehearsal' },
    ],
  ])('may be %s', (word, choice) => {
    expect(parseStoreChoice(word)).toEqual(choice)
  })

  test.each([
    ['sqllite', 'write sqlite'],
    ['SQLite', 'write sqlite'],
    ['maria', 'write mariadb'],
    ['memroy', 'write memory'],
    ['mysql', 'write mysql://user:password@host:port/database, or mariadb'],
    ['postgres', 'write one of sqlite, sqlite:FILE, mariadb'],
    ['', 'write one of'],
    ['sqlite:', 'write sqlite:FILE'],
    ['sqllite:tokens.db', 'write sqlite:FILE'],
    ['postgresql://u:p@h/d', 'write mysql://user:password@host:port/database'],
    ['mysql:', 'write mysql://user:password@host:port/database'],
  ])('may not be "%s", and the answer names the right word', (word, remedy) => {
    expect(messageOf(word)).toContain(remedy)
  })

  test.each([
    'mysql://user:s3cret@/database',
    'mysql://user:s3cret@host:port/database',
    'mysql://user:s3cret@host/',
    'mysql://user:s3cret@host/a/b',
    'mysql://:s3cret@host/database',
    'mysql://user:s3cret%zz@host/database',
    'mysql://user:s3cret@host/database?password=s3cret',
    'mysql:/user:s3cret@host/database',
    'mysq://user:s3cret@host/database',
    'user:s3cret@host/database',
  ])('is refused as %s without a word of the password', (word) => {
    expect(messageOf(word)).not.toContain('s3cret')
  })
})

describe('the URL of a database', () => {
  test('is taken apart, with its escapes undone', () => {
    expect(parseMysqlUrl('mysql://ro%40t:p%2Fw%3A@db.example/rehearsal')).toEqual({
      host: 'db.example',
      port: 3306,
      user: 'ro@t',
      password: 'p/w:',
      database: 'rehearsal',
    })
  })

  test('is shown without its password', () => {
    expect(publicName(parseMysqlUrl('mysql://u:s3cret@[::1]:3307/d'))).toBe('mysql://u@[::1]:3307/d')
  })
})
