// What is refused before there is a request: each with a body in Keystone's shape, in its turn, and none left hanging.
// Every case here was answered without a body, or not at all, until bytes at random found it.
import { describe, expect, test } from '@jest/globals'
import { onStage } from '../conformance/stage.js'
import { answersIn, converse } from '../fuzz/sockets.js'

/** What a connection is answered that sends a text and says that this is all. */
const answersTo = (text: string): Promise<readonly (readonly [number, string])[]> =>
  onStage({ release: 'queens', mode: 'fernet' }, async (stage) => {
    const whole = { pieces: [], leaves: false }
    const answers = answersIn((await converse(stage.port, Buffer.from(text, 'latin1'), whole)) ?? '') ?? []
    expect(stage.defects).toEqual([])
    return answers.map(({ status, headers, text: body }) => {
      if (status < 400) return [status, '']
      const { error } = JSON.parse(body) as {
        readonly error: { code: number; title: string; message: string }
      }
      expect(headers).toMatchObject({ 'content-type': 'application/json', vary: 'X-Auth-Token' })
      expect(error).toMatchObject({ code: status, message: expect.any(String) as unknown })
      return [status, error.title]
    })
  })

const get = 'GET /v3 HTTP/1.1\r\nHost: x\r\n'

describe('refused in Keystone’s shape', () => {
  test.each([
    ['what is no HTTP', 'GET\r\n\r\n', 400, 'Bad Request'],
    ['a method that HTTP does not know', 'FOO /v3 HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'Bad Request'],
    ['a request without a host', 'GET /v3 HTTP/1.1\r\n\r\n', 400, 'Bad Request'],
    ['a request that breaks off', 'GET /v3 HTTP/1.1\r\nHo', 400, 'Bad Request'],
    ['a body that breaks off', `${get}Content-Length: 5\r\n\r\nab`, 400, 'Bad Request'],
    ['two lengths', `${get}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 400, 'Bad Request'],
    ['a length beyond all numbers', `${get}Content-Length: ${'9'.repeat(30)}\r\n\r\n`, 400, 'Bad Request'],
    ['chunks that are none', `${get}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400, 'Bad Request'],
    ['a NUL in a header', `${get}X-Auth-Token: a\0b\r\n\r\n`, 400, 'Bad Request'],
    ['CONNECT', 'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n', 405, 'Method Not Allowed'],
    ['an expectation', `${get}Expect: miracles\r\n\r\n`, 417, 'Expectation Failed'],
    [
      'headers that are too large',
      `${get}A: ${'a'.repeat(40_000)}\r\n\r\n`,
      431,
      'Request Header Fields Too Large',
    ],
    [
      'a path that is too long',
      `GET /${'a'.repeat(40_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
      431,
      'Request Header Fields Too Large',
    ],
  ])('%s', async (_, text, status, title) => {
    expect(await answersTo(text)).toEqual([[status, title]])
  })
})

test('a length that is too large is refused before any of it is sent', async () => {
  const answers = await answersTo(`${get}Content-Length: 114689\r\n\r\n`)
  expect(answers[0]).toEqual([413, 'Request Entity Too Large'])
})

test('what comes after good requests is refused after their answers', async () => {
  expect(await answersTo(`${get}\r\n${get}\r\nGET\r\n\r\n`)).toEqual([
    [200, ''],
    [200, ''],
    [400, 'Bad Request'],
  ])
})

test('a body that is nested deeper than any of the API is no JSON, however deep', async () => {
  for (const depth of [65, 50_000]) {
    const body = `{"auth": ${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
    const head = `POST /v3/auth/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`
    expect(await answersTo(head + body)).toEqual([[400, 'Bad Request']])
  }
})
