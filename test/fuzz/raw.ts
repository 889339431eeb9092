// Bytes for a socket: damaged requests written as HTTP, and then damaged as bytes; and what has broken servers before.
// Plain data as fast-check draws it, so that a run can be repeated from its seed.
import fc from 'fast-check'
import { damaged } from './damage.js'
import type { Damaged } from './damage.js'
import { written } from './written.js'
import type { Tokens, Written } from './written.js'

/** How the length of a body is told, or mistold. */
type Framing = 'length' | 'chunked' | 'one less' | 'one more' | 'none' | 'both' | 'broken chunks'

type ByteEdit =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'cut'; readonly at: number; readonly length: number }

export interface RawMessage {
  readonly damaged: Damaged
  readonly framing: Framing
  readonly head: string
  readonly edits: readonly ByteEdit[]
}

/** What one connection sends, in pieces, and whether it waits for its answers. */
export interface RawExchange {
  readonly messages: readonly (RawMessage | string)[]
  /** Parts of the whole, in thousandths, at which a piece ends. */
  readonly pieces: readonly number[]
  readonly leaves: boolean
}

const get = 'GET /v3 HTTP/1.1\r\nHost: x\r\n'

/** Whole messages that are not made of a request. */
const oddities = [
  '',
  '\r\n\r\n',
  '\0\0\0\0',
  'GET\r\n\r\n',
  'GET / HTTP/0.9\r\n\r\n',
  'GET / HTTP/9.9\r\nHost: x\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
  'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
  'FOO /v3 HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET http://x/v3 HTTP/1.1\r\nHost: y\r\n\r\n',
  'GET /v3 HTTP/1.1\r\n\r\n',
  `${get}Content-Length: 99999999999999999999\r\n\r\n`,
  `${get}Content-Length: 9999999999\r\n\r\n`,
  `${get}Content-Length: -1\r\n\r\n`,
  `${get}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
  `${get}Content-Length: 0x10\r\n\r\n`,
  `${get}Transfer-Encoding: gzip\r\n\r\n`,
  `${get}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n`,
  `${get}Transfer-Encoding: chunked\r\n\r\n5;ext="x\r\nabcde\r\n0\r\nTrailer: x\r\n\r\n`,
  `${get}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
  `${get}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc`,
  `${get}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`,
  `${get}Expect: miracles\r\n\r\n`,
  `${get}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
  `${get}Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n`,
  `${get}X: a\r\n folded\r\n\r\n`,
  `${get}X : a\r\n\r\n`,
  `${get}: a\r\n\r\n`,
  `${get}X-Auth-Token: a\u0000b\r\n\r\n`,
  `${get}X-Auth-Token: a\rb\r\n\r\n`,
  `${get}${Array.from({ length: 1500 }, (_, i) => `H${i}: v`).join('\r\n')}\r\n\r\n`,
  `${get}${Array.from({ length: 5000 }, (_, i) => `H${i}: v`).join('\r\n')}\r\n\r\n`,
  `${get}X-Auth-Token: ${'a'.repeat(40_000)}\r\n\r\n`,
  `GET /${'a'.repeat(40_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  `GET /v3/users?${'name__icontains=a&'.repeat(1500)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  `GET /v3/%00%ff%zz/../..//;a=b?%=%&=&%00 HTTP/1.1\r\nHost: x\r\n\r\n`,
  `POST /v3/auth/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n${' '.repeat(200_000)}`,
  `POST /v3/auth/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n${'['.repeat(100_000)}`,
  `POST /v3/auth/tokens HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${`2000\r\n${'['.repeat(8192)}\r\n`.repeat(16)}0\r\n\r\n`,
  `${get}\r\n${get}\r\n${get}\r\n`,
] as const

const byteEdit: fc.Arbitrary<ByteEdit> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(999), bit: fc.nat(7) }),
  fc.record({
    kind: fc.constant('insert' as const),
    at: fc.nat(999),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 8 }),
      fc.constantFrom(
        Uint8Array.of(0),
        Uint8Array.of(0xff, 0xfe),
        Uint8Array.of(13, 10),
        Uint8Array.of(0xc3),
      ),
    ),
  }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(999), length: fc.nat(40) }),
)

const framings = [
  'length',
  'length',
  'length',
  'chunked',
  'one less',
  'one more',
  'none',
  'both',
  'broken chunks',
] as const
const heads = [
  '',
  '',
  '',
  '',
  'Connection: close\r\n',
  'Expect: 100-continue\r\n',
  'Content-Type: text/plain\r\n',
  'X-Auth-Token: second\r\n',
  'Cookie: a=b\r\n',
  'Accept: */*\r\n',
  'Content-Encoding: gzip\r\n',
  'Host: again\r\n',
] as const

const message: fc.Arbitrary<RawMessage | string> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      damaged,
      framing: fc.constantFrom<Framing>(...framings),
      head: fc.constantFrom<string>(...heads),
      edits: fc.oneof(
        { weight: 2, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(byteEdit, { minLength: 1, maxLength: 4 }) },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom<string>(...oddities) },
)

export const rawExchange: fc.Arbitrary<RawExchange> = fc.record({
  messages: fc.array(message, { minLength: 1, maxLength: 6 }),
  pieces: fc.array(fc.nat(999), { maxLength: 2 }),
  leaves: fc.oneof(
    { weight: 19, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
})

const chunked = (body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])

const framed = (framing: Framing, body: Buffer): { readonly head: string; readonly body: Buffer } => {
  const length = (bytes: number): string => `Content-Length: ${bytes}\r\n`
  const transfer = 'Transfer-Encoding: chunked\r\n'
  switch (framing) {
    case 'length':
      return { head: body.length === 0 ? '' : length(body.length), body }
    case 'one less':
      return { head: length(Math.max(0, body.length - 1)), body }
    case 'one more':
      return { head: length(body.length + 1), body }
    case 'none':
      return { head: '', body }
    case 'chunked':
      return { head: transfer, body: body.length === 0 ? Buffer.from('0\r\n\r\n') : chunked(body) }
    case 'both':
      return { head: length(body.length) + transfer, body: chunked(body) }
    case 'broken chunks':
      return { head: transfer, body: Buffer.concat([Buffer.from('5\r\n'), body, Buffer.from('\r\nx\r\n')]) }
  }
}

const editBytes = (bytes: Buffer, edit: ByteEdit): Buffer => {
  const at = Math.floor((edit.at / 1000) * bytes.length)
  switch (edit.kind) {
    case 'flip': {
      const flipped = Buffer.from(bytes)
      if (bytes.length > 0) flipped[at] = (bytes[at] ?? 0) ^ (1 << edit.bit)
      return flipped
    }
    case 'insert':
      return Buffer.concat([bytes.subarray(0, at), edit.bytes, bytes.subarray(at)])
    case 'cut':
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + edit.length)])
  }
}

const bytesOfMessage = ({ framing, head, edits }: RawMessage, request: Written): Buffer => {
  const { method, path, query, headers, body } = request
  const { head: length, body: content } = framed(framing, Buffer.from(body, 'utf8'))
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const target = query === '' ? path : `${path}?${query}`
  const start = `${method} ${target} HTTP/1.1\r\nHost: x\r\n${fields.join('')}${head}${length}\r\n`
  // UTF-8 in the head is bytes that no parser of ASCII likes.
  return edits.reduce(editBytes, Buffer.concat([Buffer.from(start, 'utf8'), content]))
}

/** The bytes of an exchange, and the requests that were meant, for what may be answered with a 500. */
export const bytesOf = (
  exchange: RawExchange,
  tokens: Tokens,
): { readonly bytes: Buffer; readonly requests: readonly Written[] } => {
  const requests: Written[] = []
  const parts = exchange.messages.map((raw) => {
    if (typeof raw === 'string') return Buffer.from(raw, 'latin1')
    const request = written(raw.damaged, tokens)
    requests.push(request)
    return bytesOfMessage(raw, request)
  })
  return { bytes: Buffer.concat(parts), requests }
}
