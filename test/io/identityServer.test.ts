// The identity API over real HTTP: what comes back for good requests, for broken ones, and for too large ones.
// The logic behind it has tests of its own; here it is bounds, bytes and headers, and that no password gets out.
import { randomBytes } from 'node:crypto'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { WorldError } from '../../src/base/errors.js'
import { createDerived, identityConfig } from '../../src/identity/context.js'
import { adminProjectIdOf, adminUserIdOf, bootstrapDocuments } from '../../src/identity/cloud.js'
import { answerFrom, type Answer } from '../../src/identity/drive.js'
import { createMemoryStore } from '../../src/identity/memoryStore.js'
import { releaseProfiles } from '../../src/identity/release.js'
import {
  startIdentityServer,
  type IdentityServer,
  type IdentityServerOptions,
} from '../../src/io/identityServer.js'
import { createPasswords } from '../../src/io/passwords.js'
import { fernetKeyFromBytes } from '../../src/token/fernet.js'
import { setupRing } from '../../src/token/keyring.js'
import { createSealer } from '../../src/token/sealer.js'

/** A password that is found again wherever it gets out. */
const secret = 'correct-horse-battery-staple'
const adminId = adminUserIdOf(0)
const adminProjectId = adminProjectIdOf(0)
const startSec = Date.UTC(2017, 3, 4) / 1000

interface Answered {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: {
    readonly error?: { readonly code: number; readonly title: string; readonly message: string }
    readonly token?: {
      readonly user: { readonly id: string; readonly name: string }
      readonly methods: readonly string[]
    }
    readonly version?: { readonly id: string }
    readonly versions?: { readonly values: readonly { readonly id: string; readonly status: string }[] }
  }
}

/** A server over a store in memory as `keystone-manage bootstrap` leaves it, and all that it ever said. */
class Subject {
  readonly defects: unknown[] = []
  /** Everything that came back, headers and bodies. */
  readonly said: string[] = []
  server: IdentityServer | null = null

  async start(changes: Partial<IdentityServerOptions> & { readonly answer?: Answer } = {}): Promise<void> {
    const passwords = createPasswords({ scheme: 'scrypt', rounds: 4 })
    const store = createMemoryStore()
    const documents = bootstrapDocuments({
      adminPasswordHash: await passwords.hash(secret),
      publicUrl: 'http://keystone.example.org:5000',
    })
    store.loadNow(
      [...documents].map(([kind, document]) =>
        // Text beyond ASCII in a body, as a cloud's users have it.
        document.id === adminProjectId ? [kind, { ...document, name: 'Zürich – 東京 🚀' }] : [kind, document],
      ),
      [],
    )
    const key = () => fernetKeyFromBytes(randomBytes(32))
    const profile = releaseProfiles.queens
    const derived = createDerived(store, profile)
    const sealer = createSealer({
      ring: setupRing({ primary: key(), staged: key() }).ring,
      payloadOptions: profile.payload,
    })
    const config = identityConfig({
      profile,
      expirationSec: 3600,
      publicUrl: 'http://keystone.example.org:5000',
    })
    this.server = await startIdentityServer({
      host: '127.0.0.1',
      port: 0,
      refresh: () => {},
      context: () => ({
        nowSec: startSec,
        requestId: 'req-1',
        random: (count) => randomBytes(count),
        mode: 'dual-uuid',
        sealer,
        wasOurs: () => false,
        facts: store,
        derived,
        config,
      }),
      answer: answerFrom({ store, passwords }),
      explain: false,
      onDefect: (error) => this.defects.push(error),
      ...changes,
    })
  }

  async stop(): Promise<void> {
    await this.server?.close()
  }

  get port(): number {
    return this.server?.port ?? 0
  }

  send(
    method: string,
    path: string,
    options: {
      readonly headers?: Record<string, string>
      readonly body?: string | Buffer | readonly Buffer[]
    } = {},
  ): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const sent = httpRequest(
        { host: '127.0.0.1', port: this.port, method, path, headers: options.headers ?? {}, agent: false },
        (reply) => {
          const chunks: Buffer[] = []
          reply.on('data', (chunk: Buffer) => chunks.push(chunk))
          reply.on('error', reject)
          reply.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8')
            this.said.push(JSON.stringify(reply.headers), text)
            const isJson = reply.headers['content-type'] === 'application/json' && text !== ''
            resolve({
              status: reply.statusCode ?? 0,
              headers: reply.headers,
              text,
              json: isJson ? (JSON.parse(text) as Answered['json']) : {},
            })
          })
        },
      )
      sent.on('error', reject)
      if (options.body === undefined) sent.end()
      else if (typeof options.body === 'string' || Buffer.isBuffer(options.body)) {
        sent.setHeader('Content-Type', 'application/json')
        sent.end(options.body)
      } else {
        // Without a length beforehand: chunked.
        for (const chunk of options.body) sent.write(chunk)
        sent.end()
      }
    })
  }

  login(password = secret): Promise<Answered> {
    return this.send('POST', '/v3/auth/tokens', { body: JSON.stringify(loginBody(password)) })
  }

  /** A token for the administrator. */
  async token(): Promise<string> {
    const { headers } = await this.login()
    return String(headers['x-subject-token'])
  }

  validate(subject: string, auth: string, method = 'GET'): Promise<Answered> {
    return this.send(method, '/v3/auth/tokens', {
      headers: { 'X-Auth-Token': auth, 'X-Subject-Token': subject },
    })
  }
}

const loginBody = (password: unknown): object => ({
  auth: {
    identity: { methods: ['password'], password: { user: { id: adminId, password } } },
    scope: { project: { id: adminProjectId } },
  },
})

const malformed =
  'The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.'
const sizeMax = 114_688

/** What was written to stderr while these tests ran. */
const stderr: string[] = []
let listening: ReturnType<typeof jest.spyOn>
beforeAll(() => {
  const write = process.stderr.write.bind(process.stderr)
  listening = jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr.push(String(text))
    return write(text)
  })
})
afterAll(() => listening.mockRestore())

let subject: Subject
beforeEach(async () => {
  subject = new Subject()
  await subject.start()
})
afterEach(() => subject.stop())

describe('a token', () => {
  test('is issued for a password, in a header and with a body', async () => {
    const reply = await subject.login()
    expect(reply.status).toBe(201)
    expect(reply.headers['x-subject-token']).toMatch(/^[0-9a-f]{32}$/)
    expect(reply.headers).toMatchObject({ vary: 'X-Auth-Token', 'x-openstack-request-id': 'req-1' })
    expect(reply.json.token).toMatchObject({ methods: ['password'], user: { id: adminId, name: 'admin' } })
  })

  test('is not issued for a wrong password, nor for a user that is not there', async () => {
    const wrong = await subject.login(`${secret}!`)
    const body = JSON.stringify(loginBody(secret)).replace(adminId, adminProjectId)
    const nobody = await subject.send('POST', '/v3/auth/tokens', { body })
    expect([wrong.status, nobody.status]).toEqual([401, 401])
    expect(wrong.json).toEqual(nobody.json)
    expect(wrong.headers['x-subject-token']).toBeUndefined()
  })

  test('is validated, by GET with its body and by HEAD with none of it, but with its length', async () => {
    const token = await subject.token()
    const get = await subject.validate(token, token)
    const head = await subject.validate(token, token, 'HEAD')
    expect([get.status, head.status]).toEqual([200, 200])
    expect(get.json.token?.user.id).toBe(adminId)
    expect(head.text).toBe('')
    expect(head.headers['content-length']).toBe(get.headers['content-length'])
    expect(head.headers['x-subject-token']).toBe(token)
  })

  test('is refused once it was revoked', async () => {
    const [token, other] = [await subject.token(), await subject.token()]
    expect((await subject.validate(other, token, 'DELETE')).status).toBe(204)
    expect((await subject.validate(other, token)).status).toBe(404)
  })

  test('that nobody knows is a 404, and one of the caller’s own a 401 that says where to log in', async () => {
    const token = await subject.token()
    const unknown = '0123456789abcdef0123456789abcdef'
    const notFound = await subject.validate(unknown, token)
    expect(notFound.json.error).toEqual({
      code: 404,
      title: 'Not Found',
      message: `Could not find token: ${unknown}.`,
    })
    const unauthorized = await subject.validate(token, unknown)
    expect(unauthorized.status).toBe(401)
    expect(unauthorized.headers['www-authenticate']).toBe('Keystone uri="http://keystone.example.org:5000"')
  })
})

describe('a body', () => {
  test('is as long as its header says, whatever letters names are of', async () => {
    const token = await subject.token()
    const reply = await subject.validate(token, token)
    expect(Number(reply.headers['content-length'])).toBe(Buffer.byteLength(reply.text))
    expect(reply.json.token).toMatchObject({ project: { name: 'Zürich – 東京 🚀' } })
  })

  test('names a token that the caller made up, whatever bytes it was of', async () => {
    const token = await subject.token()
    const madeUp = 'caf\u00e9-"\\-\u00ff'
    const reply = await subject.validate(madeUp, token)
    expect(reply.status).toBe(404)
    expect(Number(reply.headers['content-length'])).toBe(Buffer.byteLength(reply.text))
    expect(reply.json.error?.message).toContain(madeUp)
  })

  test('that is no JSON is a 400 in Keystone’s words, also where a part of it was right', async () => {
    for (const body of ['{', 'auth', '{"auth": {}} {}', `{"auth": {"password": "${secret}"`]) {
      const reply = await subject.send('POST', '/v3/auth/tokens', { body })
      expect(reply.status).toBe(400)
      expect(reply.json.error).toEqual({
        code: 400,
        title: 'Bad Request',
        message: `Expecting to find valid JSON in request body. ${malformed}`,
      })
    }
  })

  test('that says nothing of authentication is a 400', async () => {
    for (const body of ['{}', '[]', 'null', '"auth"', '17', '']) {
      const reply = await subject.send('POST', '/v3/auth/tokens', { body })
      expect({ body, status: reply.status, title: reply.json.error?.title }).toEqual({
        body,
        status: 400,
        title: 'Bad Request',
      })
    }
  })

  test('up to the limit of Keystone’s middleware is read, and one byte more is a 413', async () => {
    const json = JSON.stringify(loginBody(secret))
    const fitting = json + ' '.repeat(sizeMax - json.length)
    expect((await subject.send('POST', '/v3/auth/tokens', { body: fitting })).status).toBe(201)
    const reply = await subject.send('POST', '/v3/auth/tokens', { body: `${fitting} ` })
    expect(reply.status).toBe(413)
    expect(reply.json.error).toEqual({
      code: 413,
      title: 'Request Entity Too Large',
      message: 'Request is too large.',
    })
  })

  test('that is far too large gets its answer too, however it is sent', async () => {
    const large = Buffer.alloc(4 * 1024 * 1024, 0x20)
    const whole = await subject.send('POST', '/v3/auth/tokens', { body: large })
    expect(whole.status).toBe(413)
    const chunks = Array.from({ length: 64 }, (_, i) => large.subarray(i * 65_536, (i + 1) * 65_536))
    const chunked = await subject.send('POST', '/v3/auth/tokens', { body: chunks })
    expect(chunked.status).toBe(413)
    expect((await subject.login()).status).toBe(201)
  })
})

describe('headers', () => {
  test('that are too large are a 431, and the server goes on', async () => {
    const reply = await subject.send('GET', '/v3', { headers: { 'X-Auth-Token': 'a'.repeat(40_000) } })
    expect(reply.status).toBe(431)
    expect((await subject.login()).status).toBe(201)
  })

  test('of 30,000 bytes, such as a PKI token, are read', async () => {
    const reply = await subject.validate('a'.repeat(30_000), await subject.token())
    expect(reply.status).toBe(404)
  })

  test('say why a token was refused only where that was asked for', async () => {
    const token = await subject.token()
    const unknown = '0123456789abcdef0123456789abcdef'
    expect((await subject.validate(unknown, token)).headers['x-cutover-cause']).toBeUndefined()
    const explaining = new Subject()
    await explaining.start({ explain: true })
    const reply = await explaining.validate(unknown, await explaining.token())
    expect(reply.headers['x-cutover-cause']).toBe('unknown-token')
    await explaining.stop()
  })
})

describe('paths', () => {
  test('tell the versions of the API to whoever asks', async () => {
    const root = await subject.send('GET', '/')
    expect(root.status).toBe(300)
    expect(root.json.versions?.values.map(({ status }) => status)).toEqual(['stable'])
    const v3 = await subject.send('GET', '/v3')
    expect(v3.status).toBe(200)
    expect(v3.json.version?.id).toMatch(/^v3\.\d+$/)
    const health = await subject.send('GET', '/healthcheck')
    expect([health.status, health.text]).toEqual([200, 'OK'])
  })

  test('that are none are a 404, and methods that are none a 405 with those that are', async () => {
    expect((await subject.send('GET', '/v2.0/tokens')).json.error?.code).toBe(404)
    const reply = await subject.send('PATCH', '/v3/auth/tokens')
    expect(reply.status).toBe(405)
    expect(reply.headers.allow).toBe('POST, GET, HEAD, DELETE')
  })

  test('may have a query', async () => {
    const token = await subject.token()
    const reply = await subject.send('GET', '/v3/auth/tokens?nocatalog', {
      headers: { 'X-Auth-Token': token, 'X-Subject-Token': token },
    })
    expect(reply.status).toBe(200)
    expect(reply.json.token).not.toHaveProperty('catalog')
  })
})

describe('many requests', () => {
  test('at once each get their own answer', async () => {
    const auth = await subject.token()
    const unknown = Array.from({ length: 40 }, (_, i) => i.toString(16).padStart(32, '0'))
    const replies = await Promise.all(unknown.map((id) => subject.validate(id, auth)))
    expect(replies.map(({ json }) => json.error?.message)).toEqual(
      unknown.map((id) => `Could not find token: ${id}.`),
    )
  })

  test('on one connection are answered in their order', async () => {
    const text = await new Promise<string>((resolve, reject) => {
      let received = ''
      const socket = connect(subject.port, '127.0.0.1', () => {
        const head = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: k\r\n${more}\r\n`
        socket.write(head('/v3') + head('/no/such/path') + head('/healthcheck', 'Connection: close\r\n'))
      })
      socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk))
      socket.on('error', reject)
      socket.on('end', () => resolve(received))
    })
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(['200', '404', '200'])
  })
})

describe('a defect of ours', () => {
  test('is a 500 in Keystone’s shape, is told to who runs the server, and ends nothing', async () => {
    const broken = new Subject()
    let fails = true
    const problem = new Error('no such column')
    await broken.start({
      refresh: () => {
        if (fails) throw problem
      },
    })
    const reply = await broken.login()
    expect(reply.json.error).toEqual({
      code: 500,
      title: 'Internal Server Error',
      message: 'An unexpected error prevented the server from fulfilling your request.',
    })
    expect(broken.defects).toEqual([problem])
    fails = false
    expect((await broken.login()).status).toBe(201)
    await broken.stop()
  })

  test('of an answer that comes late, or of the store’s news, is one too', async () => {
    for (const changes of [
      { answer: () => Promise.reject(new Error('the database is gone')) },
      { refresh: () => Promise.reject(new Error('the database is gone')) },
    ]) {
      const broken = new Subject()
      await broken.start(changes)
      expect((await broken.login()).status).toBe(500)
      expect(broken.defects).toHaveLength(1)
      await broken.stop()
    }
  })
})

describe('a password', () => {
  test('is in no reply and on no stream, whether it was right, wrong, misplaced or cut off', async () => {
    const token = await subject.token()
    const json = JSON.stringify(loginBody(secret))
    await subject.login()
    await subject.login(`${secret}-not`)
    for (const password of [[secret], { [secret]: secret }]) {
      const body = JSON.stringify(loginBody(password))
      expect((await subject.send('POST', '/v3/auth/tokens', { body })).status).toBe(400)
    }
    for (let length = json.indexOf(secret) + 3; length < json.length; length += 25) {
      await subject.send('POST', '/v3/auth/tokens', { body: json.slice(0, length) })
    }
    await subject.send('POST', '/v3/auth/tokens', { body: json.replace(',', ',,') })
    await subject.send('POST', '/v3/OS-TRUST/trusts', { headers: { 'X-Auth-Token': token }, body: json })
    await subject.send('POST', '/v3/auth/tokens', { body: json + ' '.repeat(sizeMax) })
    const everything = [...subject.said, ...subject.defects.map(String), ...stderr].join('\n')
    expect(subject.said.length).toBeGreaterThan(20)
    expect(everything).not.toContain('horse')
  })

  test('is not in what is told of a defect, either', async () => {
    const broken = new Subject()
    await broken.start({
      answer: (question) => {
        throw new Error(`cannot answer ${question.ask}`)
      },
    })
    await broken.login()
    expect(broken.defects.map(String)).toEqual(['Error: cannot answer password.verify'])
    expect([...broken.said, ...stderr].join('\n')).not.toContain('horse')
    await broken.stop()
  })
})

describe('a server', () => {
  test('that cannot have its port says so as a world that did not start', async () => {
    const second = new Subject()
    await expect(second.start({ port: subject.port })).rejects.toThrow(WorldError)
    await expect(second.start({ port: subject.port })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${subject.port} (EADDRINUSE)`,
    )
  })

  test('that is closed ends connections that were kept open', async () => {
    const socket = connect(subject.port, '127.0.0.1')
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
    })
    await new Promise<void>((resolve) => {
      socket.once('connect', () => resolve())
    })
    await subject.stop()
    await closed
    await expect(subject.send('GET', '/v3')).rejects.toThrow('ECONNREFUSED')
  })
})
