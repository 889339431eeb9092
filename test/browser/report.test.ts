// The HTML report in a real browser: what its script draws, what a reader can do with it, and how it reads without one.
// The text of the page is tested elsewhere; here is what only a browser can tell.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import axe from 'axe-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { readReportAssets } from '../../src/io/reportAssets.js'
import type { RunRecord } from '../../src/measure/record.js'
import { renderHtml } from '../../src/render/html.js'
import { openFile, picture, startBrowser, type OpenedPage } from '../support/browser.js'
import { cernRecord } from '../support/cernRecord.js'
import { viewOf } from '../support/viewOf.js'

jest.setTimeout(60_000)

const charts = ['refusals', 'rows', 'latency'] as const
const evil = '<script>alert(1)</script>'

let folder: string
let browser: Browser
let live: OpenedPage

async function write(name: string, record: RunRecord): Promise<string> {
  const file = path.join(folder, name)
  fs.writeFileSync(file, renderHtml(viewOf(record), await readReportAssets()))
  return file
}

const open = async (options: BrowserContextOptions = {}): Promise<OpenedPage> =>
  openFile(browser, path.join(folder, 'report.html'), options)

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cutover-browser-'))
  await write('report.html', cernRecord({ intervalSec: 20 }))
  browser = await startBrowser()
  live = await open()
})

afterAll(async () => {
  await browser?.close()
  fs.rmSync(folder, { recursive: true, force: true })
})

/** How many pixels of a chart's canvas are of the colour of a variable of the style sheet. */
const pixelsOf = async (page: Page, chart: string, variable: string): Promise<number> =>
  page.evaluate(
    ([id, name]) => {
      const canvas = document.querySelector<HTMLCanvasElement>(`#live-${id} canvas`)
      const context = canvas?.getContext('2d')
      if (!canvas || !context) return 0
      const probe = document.createElement('canvas').getContext('2d')
      if (!probe) return 0
      probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
      probe.fillRect(0, 0, 1, 1)
      const [r, g, b] = probe.getImageData(0, 0, 1, 1).data
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
      let found = 0
      for (let i = 0; i < data.length; i += 4)
        if (data[i] === r && data[i + 1] === g && data[i + 2] === b && data[i + 3] === 255) found++
      return found
    },
    [chart, variable],
  )

/** A chart is drawn a frame after it was asked to change. */
const framesDrawn = async (page: Page): Promise<void> =>
  page.evaluate(
    async () =>
      new Promise<void>((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
  )

/** Moves the pointer to a place of a chart, as shares of its width and height. */
async function pointAt(page: Page, chart: string, x: number, y: number): Promise<void> {
  const plot = page.locator(`#live-${chart} .u-over`)
  await plot.scrollIntoViewIfNeeded()
  const box = await plot.boundingBox()
  if (box === null) throw new Error(`the chart of ${chart} has no place`)
  await page.mouse.move(box.x + box.width * x, box.y + box.height * y)
}

const timeShown = async (page: Page, chart: string): Promise<string> =>
  page.locator(`#live-${chart} .u-legend .u-value`).first().innerText()

const seconds = (clock: string): number => clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)

const legendNames = async (page: Page, chart: string): Promise<string[]> =>
  page.locator(`#live-${chart} .u-legend .u-label`).allInnerTexts()

describe('the charts', () => {
  test('are drawn in the colours of their series', async () => {
    for (const chart of charts) expect(await pixelsOf(live.page, chart, 'series-1')).toBeGreaterThan(200)
  })

  test('show the values at the pointer, at one instant in all of them', async () => {
    await pointAt(live.page, 'refusals', 0.5, 0.5)
    const at = await timeShown(live.page, 'refusals')
    expect(at).toMatch(/^\d+:\d\d:\d\d$/)
    const values = await live.page.locator('#live-refusals .u-legend .u-value').allInnerTexts()
    expect(values.slice(1).every((text) => text.endsWith('/s'))).toBe(true)
    // The table is looked at each minute, requests are counted each ten seconds.
    expect(Math.abs(seconds(await timeShown(live.page, 'rows')) - seconds(at))).toBeLessThanOrEqual(60)
    expect(await timeShown(live.page, 'latency')).toBe(at)
  })

  test('share a zoom, and give it back', async () => {
    const { page } = live
    const edges = async (): Promise<number[]> => {
      const found: number[] = []
      for (const x of [0.002, 0.998]) {
        await pointAt(page, 'latency', x, 0.5)
        for (const chart of charts) found.push(seconds(await timeShown(page, chart)))
      }
      return found
    }
    await page.click('#zoom-run')
    const before = await edges()
    expect(before.slice(3).every((sec) => sec > 93_000)).toBe(true)
    await pointAt(page, 'refusals', 0.25, 0.5)
    await page.mouse.down()
    await pointAt(page, 'refusals', 0.5, 0.5)
    await page.mouse.up()
    const zoomed = await edges()
    for (const sec of zoomed.slice(0, 3)) expect(Math.abs(sec - 93_600 * 0.25)).toBeLessThan(400)
    for (const sec of zoomed.slice(3)) expect(Math.abs(sec - 93_600 * 0.5)).toBeLessThan(400)
    expect(await page.getAttribute('#zoom-run', 'aria-pressed')).toBe('false')
    await page.locator('#live-rows .u-over').dblclick()
    expect(await page.getAttribute('#zoom-run', 'aria-pressed')).toBe('true')
    expect(await edges()).toEqual(before)
    await page.click('#zoom-switch')
  })

  test('shows in its legend which line is p99 and which is p50', async () => {
    const dashes = await live.page
      .locator('#live-latency .u-marker line')
      .evaluateAll((lines) => lines.map((line) => (line as SVGElement).style.strokeDasharray))
    expect(dashes.slice(0, 2)).toEqual(['none', '4, 3'])
  })

  test('split refusals by class or by cause', async () => {
    expect(await legendNames(live.page, 'refusals')).toEqual(
      expect.arrayContaining(['users', 'scripts', 'heat', 'magnum']),
    )
    await live.page.click('#split-cause')
    expect(await legendNames(live.page, 'refusals')).toEqual(
      expect.arrayContaining(['uuid-on-fernet-node', 'fernet-on-uuid-node']),
    )
    expect(await legendNames(live.page, 'refusals')).not.toContain('heat')
    expect(await live.page.getAttribute('#split-cause', 'aria-pressed')).toBe('true')
    await live.page.click('#split-class')
  })
})

describe('the page', () => {
  test('asks nothing of any host, and its scripts have nothing to complain of', () => {
    expect(live.requests).toEqual([])
    expect(live.complaints).toEqual([])
  })

  test('is dark where the reader wants it, and light again, in its charts as well', async () => {
    const { page } = live
    for (const [colorScheme, ground] of [
      ['dark', 'rgb(20, 23, 27)'],
      ['light', 'rgb(255, 255, 255)'],
    ] as const) {
      await page.emulateMedia({ colorScheme })
      await framesDrawn(page)
      expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(ground)
      expect(await pixelsOf(page, 'rows', 'series-1')).toBeGreaterThan(200)
    }
  })

  test('prints the drawings of the charts, not the live ones, and no buttons', async () => {
    const { page } = await open()
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('svg.still').first().isVisible()).toBe(true)
    expect(await page.locator('.plot').first().isVisible()).toBe(false)
    expect(await page.locator('.controls').isVisible()).toBe(false)
    await page.setViewportSize({ width: 794, height: 1123 })
    await picture(page, 'print')
    expect((await page.pdf({ format: 'A4' })).byteLength).toBeGreaterThan(10_000)
    await page.context().close()
  })

  test('is complete without a script', async () => {
    const { page } = await open({ javaScriptEnabled: false })
    for (const chart of charts) {
      const box = await page
        .locator(`#figure-${chart} >> xpath=ancestor::figure >> svg`)
        .first()
        .boundingBox()
      expect(box?.width).toBeGreaterThan(600)
      expect(box?.height).toBeGreaterThan(150)
    }
    expect(await page.locator('.controls').isVisible()).toBe(false)
    await picture(page, 'without-script')
    await page.context().close()
  })

  test('shows a scenario that is named like a script as text', async () => {
    const file = await write('evil.html', cernRecord({ name: evil, coveredSec: 4000 }))
    const { page, complaints, requests } = await openFile(browser, file)
    expect(await page.locator('h1').innerText()).toContain(evil)
    expect(await page.title()).toContain(evil)
    expect(complaints).toEqual([])
    expect(requests).toEqual([])
    await page.context().close()
  })

  test('is reached by keyboard alone', async () => {
    const { page } = live
    await page.locator('h1').click()
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('Tab')
      if (await page.evaluate(() => document.activeElement?.id === 'split-cause')) break
    }
    await page.keyboard.press('Enter')
    expect(await page.getAttribute('#split-cause', 'aria-pressed')).toBe('true')
    await page.locator('#live-rows').focus()
    await page.keyboard.press('0')
    expect(await page.getAttribute('#zoom-run', 'aria-pressed')).toBe('true')
    await page.keyboard.press('+')
    expect(await page.getAttribute('#zoom-run', 'aria-pressed')).toBe('false')
    const name = page.locator('#live-refusals .u-legend th[role=button]').first()
    await name.focus()
    await page.keyboard.press('Enter')
    expect(await name.getAttribute('aria-pressed')).toBe('false')
  })
})

describe('the page on every screen', () => {
  for (const [width, colorScheme] of [
    [1400, 'light'],
    [1400, 'dark'],
    [420, 'light'],
  ] as const)
    test(`fits into ${width} pixels, ${colorScheme}, and axe finds nothing serious`, async () => {
      const { page } = await open({ colorScheme, viewport: { width, height: 900 } })
      await framesDrawn(page)
      await picture(page, `${colorScheme}-${width}`)
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
      await page.evaluate(axe.source)
      const found = await page.evaluate(async () => {
        const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run()
        return violations
          .filter(({ impact }) => impact === 'serious' || impact === 'critical')
          .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
      })
      expect(found).toEqual([])
      await page.context().close()
    })
})
