// The way of a request over HTTP, against servers that a test plays: what is sent, and what is made of what comes back.
// It exists because every count of a rehearsal of real servers goes through it.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Micros } from '../../src/base/time.js'
import type { ApiReply, ApiRequest } from '../../src/clients/exchange.js'
import { causeHeader, KeystoneClient, nodeHeader } from '../../src/io/keystoneClient.js'
import type { Clock, Target } from '../../src/rehearsal/ports.js'
import { Ceiling } from '../../src/worlds/external/ceiling.js'
import { Inference } from '../../src/worlds/external/inference.js'
import { ExternalTarget } from '../../src/worlds/external/target.js'

interface Received {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

const startsAtEpochSec = Date.UTC(2017, 3, 4, 8) / 1000
const opened: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close()
})

/** A server that answers as a test says, and keeps what it was asked. */
const serve = async (
  answer: (response: ServerResponse, request: IncomingMessage) => void,
): Promise<{ readonly url: string; readonly received: Received[]; readonly server: Server }> => {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      received.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body })
      answer(response, request)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  opened.push({
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received, server }
}

const clockOf = (measured: () => number): Clock => ({
  now: () => 0 as Micros,
  at: () => {},
  measured: () => measured() as Micros,
  measuredAt: (when) => when,
})

const clientOf = (
  urls: readonly string[],
  {
    timeoutMs = 5000,
    entrance,
    measured = () => 7,
  }: { readonly timeoutMs?: number; readonly entrance?: string; readonly measured?: () => number } = {},
): KeystoneClient => {
  const client = new KeystoneClient({
    urls,
    clock: clockOf(measured),
    timeoutMs,
    startsAtEpochSec,
    connectionsPerNode: 4,
    ...(entrance === undefined ? {} : { entrance }),
  })
  opened.push(client)
  return client
}

const sendTo = (
  client: KeystoneClient,
  request: ApiRequest,
  node = 1,
): Promise<{ readonly reply: ApiReply; readonly sent: Micros }> =>
  new Promise((resolve) => {
    client.send(node, request, (reply, sent) => resolve({ reply, sent }))
  })

const validation: ApiRequest = { op: 'validate', authToken: 'own', subjectToken: 'theirs' }
const issue: ApiRequest = { op: 'issue', userId: 'alice', password: 'secret', projectId: 'demo' }

/** A port on which nobody listens: one that was ours a moment ago. */
const deadUrl = async (): Promise<string> => {
  const { url, server } = await serve(() => {})
  await new Promise((resolve) => {
    server.close(resolve)
  })
  return url
}

describe('a request', () => {
  test('to validate or to revoke carries both tokens in headers', async () => {
    const { url, received } = await serve((response) => response.writeHead(200).end('{}'))
    const client = clientOf([url])
    await sendTo(client, validation)
    await sendTo(client, { ...validation, op: 'revoke' })
    expect(received.map(({ method, url: path }) => [method, path])).toEqual([
      ['GET', '/v3/auth/tokens'],
      ['DELETE', '/v3/auth/tokens'],
    ])
    for (const { headers, body } of received) {
      expect(headers).toMatchObject({ 'x-auth-token': 'own', 'x-subject-token': 'theirs' })
      expect(body).toBe('')
    }
  })

  test('for a token says who, by which password, for what', async () => {
    const { url, received } = await serve((response) => response.writeHead(201).end('{}'))
    const client = clientOf([url])
    await sendTo(client, issue)
    await sendTo(client, { ...issue, projectId: null })
    await sendTo(client, { op: 'trust-issue', userId: 'heat', password: 'secret', trustId: 'T1' })
    const auth = received.map(
      ({ body }) => (JSON.parse(body) as { readonly auth: Record<string, unknown> }).auth,
    )
    expect(auth.map(({ scope }) => scope)).toEqual([
      { project: { id: 'demo' } },
      undefined,
      { 'OS-TRUST:trust': { id: 'T1' } },
    ])
    expect(auth[0]?.['identity']).toEqual({
      methods: ['password'],
      password: { user: { id: 'alice', password: 'secret' } },
    })
    expect(
      received.every(
        ({ method, headers }) => method === 'POST' && headers['content-type'] === 'application/json',
      ),
    ).toBe(true)
  })
})

describe('a reply', () => {
  test('to an issue gives the token, and its end in seconds of the run', async () => {
    const body = JSON.stringify({
      token: { issued_at: '2017-04-04T09:00:00.000000Z', expires_at: '2017-04-04T20:00:01.000000Z' },
    })
    const { url } = await serve((response) =>
      response.writeHead(201, { 'X-Subject-Token': 'fresh' }).end(body),
    )
    const { reply, sent } = await sendTo(clientOf([url]), issue)
    expect(reply).toEqual({
      status: 201,
      failure: null,
      subjectToken: 'fresh',
      expiresAtSec: 12 * 3600 + 1,
      cause: null,
      node: 1,
    })
    expect(sent).toBe(7)
  })

  test('that refuses tells its status, and the cause where the server says one', async () => {
    const { url } = await serve((response) => response.writeHead(404, { [causeHeader]: 'revoked' }).end('{}'))
    const other = await serve((response) => response.writeHead(401).end('{}'))
    const client = clientOf([url, other.url])
    expect((await sendTo(client, validation, 1)).reply).toMatchObject({
      status: 404,
      cause: 'revoked',
      node: 1,
    })
    expect((await sendTo(client, validation, 2)).reply).toMatchObject({ status: 401, cause: null, node: 2 })
  })

  test('to a validation issues nothing, although it names the token', async () => {
    const body = '{"token": {"expires_at": "2017-04-04T20:00:00.000000Z"}}'
    const { url } = await serve((response) =>
      response.writeHead(200, { 'X-Subject-Token': 'theirs' }).end(body),
    )
    const { reply } = await sendTo(clientOf([url]), validation)
    expect(reply).toMatchObject({ status: 200, subjectToken: null, expiresAtSec: null })
  })

  test('without an end that can be read gives a token without one', async () => {
    const { url } = await serve((response) =>
      response.writeHead(201, { 'X-Subject-Token': 'fresh' }).end('{}'),
    )
    expect((await sendTo(clientOf([url]), issue)).reply).toMatchObject({
      subjectToken: 'fresh',
      expiresAtSec: null,
    })
  })
})

describe('replies that come at once', () => {
  const given = (client: KeystoneClient): Target =>
    new ExternalTarget({
      client,
      clock: clockOf(() => 0),
      ceiling: new Ceiling(null),
      errors: null,
      inference: new Inference({ mode: 'fernet', nodes: 1 }),
      onTooMany: () => {},
    })

  test.each([
    ['of our own servers', (client: KeystoneClient): Target => client],
    ['of a given Keystone', given],
  ])('%s are all timed before the first is dealt with, and each is dealt with once', async (_, targetOf) => {
    const held: ServerResponse[] = []
    // In one go, so that all lie ready when the client looks.
    const { url } = await serve((response) => {
      if (held.push(response) === 3) for (const each of held) each.writeHead(200).end('{}')
    })
    let nowUs = 1000
    const target = targetOf(clientOf([url], { measured: () => nowUs }))
    const times = await new Promise<(number | undefined)[]>((resolve) => {
      const received: (number | undefined)[] = []
      for (let i = 0; i < 3; i++) {
        target.send(1, validation, (_reply, _sent, at) => {
          nowUs += 50_000
          if (received.push(at) === 3) resolve(received)
        })
      }
    })
    expect(times).toEqual([1000, 1000, 1000])
    expect(nowUs).toBe(151_000)
  })
})

describe('a request without a reply', () => {
  test('is told as refused where nobody listens; whether the node is left out is not for one request to say', async () => {
    const { url } = await serve((response) => response.writeHead(200).end())
    const client = clientOf([url, await deadUrl()])
    expect(client.healthy()).toEqual([1, 2])
    const { reply } = await sendTo(client, validation, 2)
    expect(reply).toEqual({
      status: 0,
      failure: 'refused',
      subjectToken: null,
      expiresAtSec: null,
      cause: null,
      node: 2,
    })
    expect(client.healthy()).toEqual([1, 2])
  })

  test('is told as reset where the connection breaks, before or within the answer', async () => {
    const before = await serve((response) => response.destroy())
    const within = await serve((response) => {
      response.writeHead(200, { 'Content-Length': '100' })
      response.write('{', () => response.destroy())
    })
    const client = clientOf([before.url, within.url])
    for (const node of [1, 2]) {
      expect((await sendTo(client, validation, node)).reply).toMatchObject({
        status: 0,
        failure: 'reset',
        node,
      })
    }
  })

  test('is told as timed out where the server is silent, which is no reason to leave it out', async () => {
    const { url } = await serve(() => {})
    const client = clientOf([url], { timeoutMs: 100 })
    expect((await sendTo(client, validation)).reply).toMatchObject({ status: 0, failure: 'timeout' })
    expect(client.healthy()).toEqual([1])
  })
})

describe('a node that is out of service', () => {
  test('for good stays so, whatever its health checks say', () => {
    const client = clientOf(['http://127.0.0.1:1', 'http://127.0.0.1:2'])
    client.markGone(2)
    expect(client.healthy()).toEqual([1])
    client.markGone(1)
    expect(client.healthy()).toEqual([])
  })

  test('is found by asking it: well, unwell or not there', async () => {
    const well = await serve((response) => response.writeHead(200).end('OK'))
    const unwell = await serve((response) => response.writeHead(503).end())
    const client = clientOf([well.url, unwell.url, await deadUrl()])
    const answers = [1, 2, 3].map(
      (node) =>
        new Promise<boolean>((resolve) => {
          client.probe(node, resolve)
        }),
    )
    expect(await Promise.all(answers)).toEqual([true, false, false])
    expect(well.received[0]?.url).toBe('/healthcheck')
  })
})

describe('behind a balancer', () => {
  test('the answer says which backend gave it; the balancer’s own answers come from nobody', async () => {
    const balancer = await serve((response, request) =>
      request.headers['x-subject-token'] === 'theirs'
        ? response.writeHead(404, { [causeHeader]: 'revoked', [nodeHeader]: '3' }).end()
        : response.writeHead(503).end(),
    )
    const client = clientOf(['http://127.0.0.1:1', 'http://127.0.0.1:2', 'http://127.0.0.1:3'], {
      entrance: balancer.url,
    })
    expect(client.nodes).toBe(3)
    expect(client.healthy()).toEqual([0])
    expect((await sendTo(client, validation, 0)).reply).toMatchObject({
      status: 404,
      cause: 'revoked',
      node: 3,
    })
    expect((await sendTo(client, { ...validation, subjectToken: 'other' }, 0)).reply).toMatchObject({
      status: 503,
      node: 0,
    })
  })
})
