// The live page in a real browser, beside a run of the built program: what it shows while the run goes, what survives a reload
// and a lost connection, what the operator's buttons do, and who is refused.
import fs from 'node:fs'
import { createServer, get, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import type { EventLine, IntervalLine, SeriesLine } from '../../src/measure/record.js'
import { openPage, picture, startBrowser, type OpenedPage } from '../support/browser.js'
import { Program, until } from '../support/program.js'

jest.setTimeout(120_000)

const scenario = `name: live
description: '<script>alert(1)</script>'
duration: 12h
identity: { backends: 2, expiration: 1h, flush: 30m, password_hash: { scheme: plain } }
middleware: { token_cache_time: 1m }
tokens: { live: 300 }
clients:
  users: { behaviour: password-session, members: 40, every: 30s, through: [nova] }
  heat: { behaviour: heat-mitaka, members: 10, every: 30s, through: [nova] }
timeline:
  - { at: { after: operator, latest: 10h }, cutover: { to: fernet } }
  - { at: { after: operator, latest: 11h }, restart: heat }
clock: [{ until: 12h, speed: 60 }]
gates: [rows(at=end) >= 0]
`

let folder: string
let program: Program
let address: string
let token: string
let browser: Browser
let live: OpenedPage
let foreign: Server
let relay: Relay
/** What the charts held when the run was stopped. */
let last: ChartData

/** Keeps the charts of a page where a test finds them; runs in the page, before its scripts. */
const keepCharts = (): void => {
  type Chart = new (...given: unknown[]) => { readonly data: (number | null)[][] }
  let Known: Chart | undefined
  const made: unknown[] = []
  Object.assign(window, { madeCharts: made })
  Object.defineProperty(window, 'uPlot', {
    get: () => Known,
    set: (Given: Chart) => {
      Known = class extends Given {
        constructor(...given: unknown[]) {
          super(...given)
          made.push(this)
        }
      }
    },
  })
}

interface ChartData {
  readonly refused: (number | null)[][]
  readonly rows: (number | null)[][]
}

/** The data of the charts as they are drawn; the last made stand on the page. */
const chartsOf = (page: Page): Promise<ChartData> =>
  page.evaluate(() => {
    const { madeCharts } = window as unknown as { madeCharts: { data: (number | null)[][] }[] }
    const [refusals, rows] = madeCharts.slice(-3)
    return { refused: refusals?.data ?? [], rows: rows?.data ?? [] }
  })

const intervalsOf = async (page: Page): Promise<number> => (await chartsOf(page)).refused[0]?.length ?? 0

/** Waits until the charts hold more intervals than these; each is ten seconds of the scenario. */
const grown = (page: Page, beyond: number): Promise<unknown> =>
  page.waitForFunction(
    (least) => {
      const { madeCharts } = window as unknown as { madeCharts: { data: (number | null)[][] }[] }
      return (madeCharts.at(-3)?.data[0]?.length ?? 0) > least
    },
    beyond,
    { polling: 50, timeout: 60_000 },
  )

const says = (page: Page, text: string): Promise<void> =>
  page.locator('#connection', { hasText: text }).waitFor({ timeout: 60_000 })

/** All that the page's browser asks goes through here: it can be cut, and it knows which hosts were asked. */
interface Relay {
  readonly server: Server
  readonly hosts: Set<string>
  down: boolean
}

const openRelay = (): Relay => {
  const hosts = new Set<string>()
  const server = createServer((question, answer) => {
    if (opened.down) {
      question.socket.destroy()
      return
    }
    const { method, headers, url = '' } = question
    hosts.add(new URL(url).host)
    const forward = request(url, { method, headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.on('error', () => answer.destroy()).pipe(answer)
    })
    forward.on('error', () => answer.destroy())
    answer.on('close', () => forward.destroy())
    question.pipe(forward)
  })
  server.on('connect', ({ url = '' }: { url?: string }, socket) => {
    hosts.add(url)
    socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  const opened: Relay = { server, hosts, down: false }
  return opened
}

const ask = (where: string, options: RequestInit = {}): Promise<Response> =>
  fetch(new URL(where, address), { ...options, redirect: 'manual' })

const bearer = { headers: { Authorization: '' } }

const recorded = (): SeriesLine[] =>
  fs
    .readFileSync(path.join(folder, 'out', 'series.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as SeriesLine)

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cutover-live-'))
  fs.writeFileSync(path.join(folder, 'live.yaml'), scenario)
  program = new Program(['rehearse', 'live.yaml', '--out', 'out', '--live'], { cwd: folder })
  foreign = createServer((_request, response) => response.setHeader('Content-Type', 'text/html').end('<p>'))
  foreign.listen(0, '127.0.0.1')
  relay = openRelay()
  browser = await startBrowser()
  await until('the address is printed', () => /token=\S+\n/.test(program.said.stderr))
  address = /http:\S+/.exec(program.said.stderr)?.[0] ?? ''
  token = new URL(address).searchParams.get('token') ?? ''
  bearer.headers.Authorization = `Bearer ${token}`
  const { origin } = new URL(address)
  live = await openPage(browser, address, {
    allowed: (wanted) => wanted.startsWith(`${origin}/`),
    prepare: keepCharts,
    agrees: true,
    proxy: { server: `http://127.0.0.1:${(relay.server.address() as AddressInfo).port}` },
  })
})

afterAll(async () => {
  await browser?.close()
  foreign?.close()
  relay?.server.closeAllConnections()
  relay?.server.close()
  program?.clear()
  fs.rmSync(folder, { recursive: true, force: true })
})

describe('while a run goes on', () => {
  test('its charts are drawn, and grow', async () => {
    const { page } = live
    await page.locator('#live-latency canvas').waitFor({ timeout: 60_000 })
    const before = await intervalsOf(page)
    await grown(page, before)
    expect(await page.locator('h1').innerText()).toMatch(/^LIVE\s*live: \d:\d\d:\d\d of 12:00:00 at 60 times/)
    expect(await page.locator('header .muted').first().innerText()).toBe('<script>alert(1)</script>')
  })

  test('the page is reached by ear and keyboard, and fits into a narrow screen', async () => {
    const { page } = live
    await picture(page, 'live-running')
    await page.evaluate(axe.source)
    const found = await page.evaluate(async () => {
      const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run()
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
    })
    expect(found).toEqual([])
    await page.setViewportSize({ width: 420, height: 900 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(420)
    await picture(page, 'live-narrow', false)
    await page.setViewportSize({ width: 1400, height: 1000 })
  })

  test('what a reader has opened, pressed or focused stays as it is', async () => {
    const { page } = live
    const scenarioText = page.locator('section[aria-labelledby=again] details')
    await scenarioText.locator('summary').focus()
    await page.keyboard.press('Enter')
    await page.click('#split-cause')
    await page.click('#split-class')
    await scenarioText.locator('summary').focus()
    await grown(page, await intervalsOf(page))
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('SUMMARY')
    expect(await scenarioText.getAttribute('open')).not.toBeNull()
    expect(await page.getAttribute('#split-class', 'aria-pressed')).toBe('true')
  })

  test('a reload in the middle loses nothing', async () => {
    const { page } = live
    const before = await chartsOf(page)
    await page.reload()
    await page.locator('#live-latency canvas').waitFor()
    const after = await chartsOf(page)
    expect(after.refused[0]?.length).toBeGreaterThanOrEqual(before.refused[0]?.length ?? 0)
    expect(after.rows[0]?.slice(0, before.rows[0]?.length)).toEqual(before.rows[0])
    await grown(page, after.refused[0]?.length ?? 0)
  })

  test('a lost connection is told, and made good', async () => {
    const { page } = live
    await says(page, 'Connected.')
    relay.down = true
    relay.server.closeAllConnections()
    await says(page, 'Not connected, trying again.')
    const before = await intervalsOf(page)
    relay.down = false
    await says(page, 'Connected.')
    await grown(page, before)
  })

  test('a step that waits for the operator has a button, which is gone when it was pressed', async () => {
    const { page } = live
    await page.getByRole('button', { name: 'switch to fernet' }).click()
    await page
      .locator('section[aria-labelledby=timeline] tr', { hasText: 'switch to fernet' })
      .first()
      .waitFor()
    expect(await page.getByRole('button', { name: 'switch to fernet' }).count()).toBe(0)
    expect(await page.getByRole('button', { name: 'restart heat' }).count()).toBe(1)
  })
})

describe('Prometheus', () => {
  test('is told what the backends counted themselves, beside what the generator saw of them', async () => {
    const figures = async (): Promise<(metric: string) => number> => {
      const text = await (await ask('/metrics', bearer)).text()
      return (metric) =>
        [...text.matchAll(new RegExp(`^${metric}\\{[^\\n]*\\} (\\S+)$`, 'gm'))].reduce(
          (sum, [, value]) => sum + Number(value),
          0,
        )
    }
    const first = await figures()
    expect(first('cutover_server_up')).toBe(2)
    expect(first('cutover_server_cpu_seconds_total')).toBeGreaterThan(0)
    const seen = first('cutover_backend_requests_total')
    expect(seen).toBeGreaterThan(0)
    // The servers are asked again while the run goes on, and know of all that the generator was answered until then.
    const servedFirst = first('cutover_server_requests_total')
    let served = servedFirst
    for (let looks = 0; served <= Math.max(seen, servedFirst) && looks < 5000; looks++)
      served = (await figures())('cutover_server_requests_total')
    expect(served).toBeGreaterThan(Math.max(seen, servedFirst))
  })
})

describe('whoever is not the operator', () => {
  test('is refused without the token, and with a wrong one', async () => {
    const wrong = token.replace(/^./, (first) => (first === 'a' ? 'b' : 'a'))
    for (const where of ['/', '/events', '/metrics', `/?token=${wrong}`, `/metrics?token=${token.slice(1)}`])
      expect((await ask(where)).status).toBe(403)
    expect((await ask('/stop', { method: 'POST' })).status).toBe(403)
    // In the query a token is only good for reading.
    expect((await ask(`/stop?token=${token}`, { method: 'POST' })).status).toBe(403)
    expect((await ask('/stop', bearer)).status).toBe(405)
  })

  test('is refused from any other origin, even with the token', async () => {
    for (const origin of ['http://example.org', 'null', `http://127.0.0.1:1`])
      for (const [where, method] of [
        ['/', 'GET'],
        ['/events', 'GET'],
        ['/metrics', 'GET'],
        ['/stop', 'POST'],
        ['/trigger/2', 'POST'],
      ] as const)
        expect((await ask(where, { method, headers: { ...bearer.headers, origin } })).status).toBe(403)
  })

  test('cannot ask, read or frame it from another site’s page', async () => {
    const { port } = foreign.address() as AddressInfo
    const other = await openPage(browser, `http://localhost:${port}/`, { allowed: () => true })
    const statuses: number[] = []
    other.page.on('response', (response) => {
      if (response.url().startsWith(new URL(address).origin)) statuses.push(response.status())
    })
    const outcomes = await other.page.evaluate(async (own) => {
      const at = (where: string): string => new URL(where, own).href
      const tried = (where: string, init: RequestInit): Promise<string> =>
        fetch(at(where), init).then(
          ({ type, status }) => `${type} ${status}`,
          () => 'refused',
        )
      const authorised = { Authorization: `Bearer ${new URL(own).searchParams.get('token')}` }
      const seen = [
        await tried('/stop', { method: 'POST', headers: authorised }),
        await tried('/stop', { method: 'POST', mode: 'no-cors' }),
        await tried(own, {}),
        await tried(own, { mode: 'no-cors' }),
      ]
      const frame = document.createElement('iframe')
      frame.src = own
      await new Promise((resolve) => {
        frame.addEventListener('load', resolve)
        document.body.append(frame)
      })
      return seen
    }, address)
    expect(outcomes.filter((outcome) => outcome !== 'refused' && outcome !== 'opaque 0')).toEqual([])
    expect(statuses.length).toBeGreaterThan(0)
    expect(statuses.filter((status) => status !== 403)).toEqual([])
    await other.page.context().close()
  })

  test('cannot reach it under another name', async () => {
    const { hostname, port } = new URL(address)
    const headers = { Host: `rebound.example:${port}` }
    const answer = await new Promise((resolve, reject) => {
      get({ hostname, port, path: `/?token=${token}`, headers }, (reply) => {
        reply.resume()
        resolve(reply.statusCode)
      }).once('error', reject)
    })
    expect(answer).toBe(403)
  })
})

describe('the end', () => {
  test('comes with the button that stops the run, and the page turns into the report', async () => {
    const { page } = live
    await page.click('#split-requests')
    last = await chartsOf(page)
    await page.click('#stop')
    await page.locator('h1 .verdict.inconclusive').waitFor({ timeout: 60_000 })
    const { code, stderr } = await program.ended
    expect(code).toBe(4)
    expect(stderr).toContain('Stopping, as asked on the live page')
    expect(page.url()).toBe(address)
    expect(await page.locator('.reasons').innerText()).toContain('stopped on the live page')
    expect(await page.locator('#stop').count()).toBe(0)
    await page.locator('#live-refusals canvas').waitFor()
    await picture(page, 'live-report')
  })

  test('finds on the page what stands in the record, interval for interval', () => {
    const lines = recorded()
    const intervals = lines.filter((line): line is IntervalLine => line.kind === 'interval')
    const looks = lines.filter((line) => line.kind === 'table')
    const [axis = [], sums = []] = last.refused
    expect(axis.length).toBeGreaterThan(20)
    const counted = intervals.map(({ counts }) =>
      counts.reduce((sum, { leg, n }) => (leg === 'client' ? sum + n : sum), 0),
    )
    // The last point of the axis is the end of the last interval; what is drawn is per second.
    const drawn = sums.slice(0, -1).map((perSec) => Math.round((perSec ?? 0) * 10))
    expect(drawn).toEqual(counted.slice(0, axis.length - 1))
    expect(last.rows[1]).toEqual(looks.slice(0, last.rows[1]?.length).map(({ rows }) => rows))
  })

  test('leaves in the timeline what the operator asked for, and nowhere the token', () => {
    const run = JSON.parse(fs.readFileSync(path.join(folder, 'out', 'run.json'), 'utf8')) as {
      readonly timeline: readonly EventLine[]
    }
    expect(run.timeline.find(({ label }) => label === 'switch to fernet')).toMatchObject({
      note: 'asked for by the operator; 2 backends',
      ok: true,
    })
    for (const file of fs.readdirSync(path.join(folder, 'out')))
      expect(fs.readFileSync(path.join(folder, 'out', file), 'utf8')).not.toContain(token)
  })

  test('was reached with no request to any other host, and nothing that a script complained of', () => {
    expect(live.requests).toEqual([])
    expect([...relay.hosts]).toEqual([new URL(address).host])
    const expected = /dialog: Stop the run|Failed to load resource: net::ERR_/
    expect(live.complaints.filter((complaint) => !expected.test(complaint))).toEqual([])
  })
})
