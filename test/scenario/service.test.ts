// Options and files of a service: the words are a scenario's, and so are the refusals.
// The messages are compared as text, since they are what a person sees.
import { describe, expect, test } from '@jest/globals'
import { formatProblem, InputError } from '../../src/base/errors.js'
import { parseCloud, readServiceWords, type ServiceWords } from '../../src/scenario/service.js'

const least: ServiceWords = { release: 'queens', provider: 'fernet' }
const problemsOf = (words: Partial<ServiceWords>): readonly string[] =>
  readServiceWords({ ...least, ...words }).problems.map(formatProblem)

describe('the options of a service', () => {
  test('have the defaults of a scenario, and of the release', () => {
    const { settings, problems } = readServiceWords(least)
    expect(problems).toEqual([])
    expect(settings).toMatchObject({
      identity: { release: 'queens', provider: 'fernet', backends: 1, expirationSec: 3600 },
      allowExpiredWindowSec: null,
    })
  })

  test('are read into seconds and numbers', () => {
    const { settings } = readServiceWords({
      ...least,
      backends: '3',
      expiration: '1h30m',
      allowExpiredWindow: '0s',
      passwordHash: 'scrypt:10',
    })
    expect(settings).toMatchObject({
      identity: { backends: 3, expirationSec: 5400, passwordHash: { scheme: 'scrypt', rounds: 10 } },
      allowExpiredWindowSec: 0,
    })
  })

  test('are refused all at once, each by its own name', () => {
    expect(
      problemsOf({
        release: 'quens',
        provider: 'fernt',
        backends: '0',
        expiration: '5',
        allowExpiredWindow: '-1h',
        passwordHash: 'scrypt:1024',
      }),
    ).toEqual([
      '--release: unknown value "quens"; did you mean `queens`?',
      '--provider: unknown value "fernt"; did you mean `fernet`?',
      '--backends: is 0, but must be at least 1',
      '--expiration: 5 has no unit; write 5s if seconds are meant',
      '--password-hash: scrypt takes from 1 to 20 rounds, not 1024; write 10: Keystone’s rounds are the exponent',
      '--allow-expired-window: "-1h" is negative; a duration is zero or more',
    ])
    expect(problemsOf({ backends: 'two' })).toEqual(['--backends: expected a number, got "two"'])
    expect(problemsOf({ passwordHash: 'plein' })).toEqual([
      '--password-hash: unknown value "plein"; did you mean `plain`?',
    ])
  })
})

describe('the file of a cloud', () => {
  const cloudOf = (text: string) => parseCloud({ file: 'cloud.yaml', text })

  test('holds the keys of a scenario’s `cloud`, alone or in the scenario', () => {
    const cloud = {
      users: 3,
      projects: 2,
      services: ['nova'],
      region: 'RegionOne',
      host: 'cloud.example.org',
    }
    expect(cloudOf('users: 3\nprojects: 2\nservices: [nova]\n')).toEqual(cloud)
    expect(
      cloudOf('name: whole\ncloud: { users: 3, projects: 2, services: [nova] }\ngates: [nonsense]\n'),
    ).toEqual(cloud)
    expect(cloudOf('')).toMatchObject({ users: 100, projects: 10 })
  })

  test.each([
    ['alone', 'users: many\nproject: 2\n', 'cloud.yaml:1:8: users: ', 'cloud.yaml:2:1: project: '],
    [
      'in a scenario',
      'cloud:\n  users: many\n  project: 2\n',
      'cloud.yaml:2:10: cloud.users: ',
      'cloud.yaml:3:3: cloud.project: ',
    ],
  ])('is refused with the place of each problem, %s', (_, text, first, second) => {
    let message = ''
    try {
      cloudOf(text)
    } catch (error) {
      if (error instanceof InputError) ({ message } = error)
    }
    expect(message.split('\n')).toEqual([
      expect.stringMatching(`^${first}expected a number`),
      expect.stringMatching(`^${second}unknown key; did you mean .projects.\\?`),
    ])
  })
})
