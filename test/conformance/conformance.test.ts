// Every recorded answer of a real Keystone against ours, over HTTP and SQLite, as `npm run conformance` does it.
// A tenth of a minute for the whole, so the whole is run here.
import { describe, expect, test } from '@jest/globals'
import { readVector } from '../identity/support/keystone.js'
import { compareAnswers, Likeness } from './compare.js'
import { answersFiles, fernetTokensFile, uuidTokensFile } from './recordings.js'
import type { RecordedAnswer } from './recordings.js'
import { replayAll } from './replay.js'
import type { Replayed } from './replay.js'
import type { HttpAnswer } from './stage.js'

const files = [...answersFiles().map(({ file }) => file), uuidTokensFile, fernetTokensFile]
const replayed: Replayed[] = []

/** How many answers a file holds, counted by their form alone. */
const recordedIn = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 0
  const own = 'status' in value && 'headers' in value ? 1 : 0
  return Object.values(value).reduce((sum: number, member) => sum + recordedIn(member), own)
}

test('all that was recorded is answered as recorded', async () => {
  for await (const line of replayAll()) replayed.push(line)
  const different = replayed.filter(({ differences }) => differences.length > 0)
  expect(different).toEqual([])
  expect(replayed.filter(({ excuse }) => excuse !== undefined)).toHaveLength(15)
}, 120_000)

test.each(files)('no answer in %s is left out', (file) => {
  const lines = replayed.filter((line) => line.file === file)
  // Statuses of variants, rows, what was made before, and names of keys are recorded without headers.
  const bare = lines.filter(({ asked }) =>
    /: auth$|row|^trust$|^application credential$|^rotate$/.test(asked),
  )
  expect(lines.length - bare.length).toBe(recordedIn(readVector(file)))
})

describe('the comparison', () => {
  const id = (digit: string): string => digit.repeat(32)
  const recorded: RecordedAnswer = {
    status: 404,
    headers: { Vary: 'X-Auth-Token' },
    content_length: '60',
    body: { error: { message: `Could not find user: ${id('a')}.`, other: id('b'), code: 404 } },
  }
  const answer = (changes: Partial<HttpAnswer> & { readonly body?: unknown } = {}): HttpAnswer => ({
    request: 'GET /',
    status: 404,
    headers: {
      vary: 'X-Auth-Token',
      'content-length': '60',
      'x-openstack-request-id': 'req-01234567-0123-0123-0123-0123456789ab',
      date: 'now',
    },
    header: () => undefined,
    json: {},
    text: JSON.stringify(changes.body ?? { error: { ...like, code: 404 } }),
    ...changes,
  })
  const like = { message: `Could not find user: ${id('1')}.`, other: id('2') }
  const places = (ours: HttpAnswer): readonly string[] =>
    compareAnswers(recorded, ours, new Likeness()).map(({ where }) => where)

  test('takes other ids for the recorded ones, if each stands for one', () => {
    expect(places(answer())).toEqual([])
    expect(places(answer({ body: { error: { ...like, other: id('1'), code: 404 } } }))).toEqual([
      'body.error.other',
    ])
  })

  test('names the status, the header and the place in the body', () => {
    expect(places(answer({ status: 401 }))).toEqual(['status'])
    expect(places(answer({ headers: { ...answer().headers, vary: 'Accept' } }))).toEqual(['header vary'])
    expect(places(answer({ headers: { ...answer().headers, 'content-length': '61' } }))).toEqual([
      'header Content-Length',
    ])
    expect(places(answer({ headers: { ...answer().headers, 'x-more': '1' } }))).toEqual(['header x-more'])
    expect(places(answer({ headers: { ...answer().headers, 'x-openstack-request-id': 'req-1' } }))).toEqual([
      'header x-openstack-request-id',
    ])
    expect(places(answer({ body: { error: { ...like, code: 405 } } }))).toEqual(['body.error.code'])
    expect(places(answer({ body: { error: { ...like, message: 'Could not find', code: 404 } } }))).toEqual([
      'body.error.message',
    ])
    expect(places(answer({ body: { error: { ...like, code: 404, more: 1 } } }))).toEqual(['body.error.more'])
  })
})
