// A small run of `npm run fuzz`, always with the same seed, and that its judge can find something.
// The regressions of what it found stand with what they are about.
import { describe, expect, test } from '@jest/globals'
import { fuzzRequests, fuzzTokens } from './inProcess.js'
import { fuzzLarge } from './large.js'
import { isMeant, problemsOf } from './oracle.js'
import { answersIn, fuzzSlowClients, fuzzSockets } from './sockets.js'

const seed = 20_170_406

test('1,500 damaged requests are taken or refused in Keystone’s shape, and nothing refused is written', () => {
  expect(fuzzRequests({ seed, requests: 1500 }).found).toBeNull()
}, 120_000)

test('600 damaged tokens are refused, wherever they stand', () => {
  expect(fuzzTokens({ seed, requests: 600 }).found).toBeNull()
}, 120_000)

test('300 answers to any bytes on sockets are of Keystone’s shape', async () => {
  expect((await fuzzSockets({ seed, requests: 300 })).found).toBeNull()
}, 120_000)

test('the largest requests that are let in are judged in little time', () => {
  const { tally, problems } = fuzzLarge()
  expect(problems).toEqual([])
  expect(tally.requests).toBeGreaterThan(15)
}, 120_000)

test('clients that never come to an end are cut off', async () => {
  const { tally, problems } = await fuzzSlowClients()
  expect(problems).toEqual([])
  expect(tally.byStatus).toEqual({ 408: 4, 413: 1 })
}, 120_000)

describe('the judge', () => {
  const error = (code: number, title: string): string =>
    JSON.stringify({ error: { code, title, message: 'm' } })
  const headers = { 'content-type': 'application/json' }

  test('knows an error of Keystone’s from any other', () => {
    expect(problemsOf({ status: 404, headers, text: error(404, 'Not Found') }, 'GET')).toEqual([])
    expect(problemsOf({ status: 404, headers, text: error(400, 'Not Found') }, 'GET')).toEqual([
      'its code is 400',
    ])
    expect(problemsOf({ status: 404, headers, text: '' }, 'GET')).toEqual([
      'its body is no error of Keystone’s',
    ])
    expect(problemsOf({ status: 404, headers: {}, text: error(404, 'Not Found') }, 'GET')).toEqual([
      'is of type undefined',
    ])
    expect(problemsOf({ status: 500, headers, text: error(500, 'Internal Server Error') }, 'GET')).toEqual([
      'status 500',
    ])
    expect(
      problemsOf({ status: 200, headers: { ...headers, location: 'a\u{1f4a5}' }, text: '{}' }, 'PUT'),
    ).toEqual(['header location holds a control character'])
  })

  test('lets only those 500s pass that Keystone answers, too', () => {
    const answer = {
      status: 500,
      headers,
      text: '{"error": {"message": "An unexpected error prevented the server from fulfilling your request."}}',
    }
    expect(isMeant(answer, { path: '/v3/auth/tokens/OS-PKI/revoked', body: '' })).toBe(true)
    expect(isMeant(answer, { path: '/v3/users', body: '"mapped"' })).toBe(false)
  })

  test('reads the answers of a connection one after the other', () => {
    const text =
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n'
    expect(answersIn(text)?.map(({ status, text: body }) => [status, body])).toEqual([
      [200, '{}'],
      [404, ''],
    ])
    expect(answersIn('garbage')).toBeNull()
    expect(answersIn('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}')).toBeNull()
  })
})
