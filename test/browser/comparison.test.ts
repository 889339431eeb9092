// The page of a comparison in a real browser: what its script draws, what a reader can do with it, and how it reads without one.
// Its records are made by hand in CERN's shape, so that what must be seen is known.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import axe from 'axe-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { readReportAssets } from '../../src/io/reportAssets.js'
import { compareRuns } from '../../src/measure/comparison.js'
import type { RunRecord } from '../../src/measure/record.js'
import { curvesOf } from '../../src/rehearsal/runCurves.js'
import { renderComparisonHtml } from '../../src/render/comparisonHtml.js'
import type { ComparisonView } from '../../src/render/comparisonView.js'
import { openFile, picture, startBrowser, type OpenedPage } from '../support/browser.js'
import { cernRecord } from '../support/cernRecord.js'
import { viewOf } from '../support/viewOf.js'

jest.setTimeout(60_000)

const evil = '<script>alert(1)</script>'

/** The same cloud with nothing done to it: no step, no refusal. */
const unchangedRecord = (): RunRecord => {
  const record = cernRecord({ intervalSec: 60, name: 'unchanged' })
  return {
    ...record,
    events: record.events.filter(({ origin }) => origin === 'clock'),
    intervals: record.intervals.map((line) => ({
      ...line,
      counts: line.counts.filter(({ outcome }) => outcome !== 'rejected'),
    })),
  }
}

/** All of the traffic all of the time, so that nothing differs from the others but the hour. */
const clock = [{ untilSec: 93_600, speed: 1, traffic: 1 }]

/** The same run with the switch and all that follows an hour later. */
const laterRecord = (): RunRecord => {
  const record = cernRecord({ intervalSec: 60, name: evil, coveredSec: 90_000, withEnd: true, clock })
  return {
    ...record,
    intervals: record.intervals.map((line) => ({ ...line, fromSec: line.fromSec + 3600 })),
    events: record.events.map((line) => ({
      ...line,
      startedSec: line.startedSec + 3600,
      endedSec: line.endedSec + 3600,
    })),
    end: record.end === null ? null : { ...record.end, scenarioSec: 93_600 },
  }
}

const viewOfRuns = (records: readonly RunRecord[]): ComparisonView => {
  const views = records.map((record) => viewOf(record))
  const runs = views.map(({ summary }) => ({ name: summary.scenario, summary }))
  return {
    title: 'Strategies over cern',
    comparison: compareRuns(runs, 'unchanged'),
    runs: views.map((view) => ({ name: view.header.scenario, curves: curvesOf(view), report: null })),
    command: 'cutover compare --strategies a.yaml b.yaml --cloud cern.yaml',
    search: {
      share: 0.1,
      front: ['hard-1'],
      tried: [
        { name: 'hard-1', settings: { steps: '+0:30' }, cost: { refusals: 3, durationSec: 60, writes: 2 } },
        { name: 'hard-2', settings: { steps: '+1:30' }, cost: { refusals: 5, durationSec: 90, writes: 2 } },
      ],
    },
    confirmed: [
      {
        name: 'hard-1',
        verdict: 'pass',
        reasons: [],
        spans: [{ fromSec: 0, toSec: 600 }],
        refusals: [{ class: 'heat', simulated: 100, local: 110 }],
      },
    ],
  }
}

let folder: string
let browser: Browser
let live: OpenedPage

const open = async (options: BrowserContextOptions = {}): Promise<OpenedPage> =>
  openFile(browser, path.join(folder, 'comparison.html'), options)

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cutover-comparison-'))
  const records = [unchangedRecord(), cernRecord({ intervalSec: 60, name: 'hard' }), laterRecord()]
  const page = renderComparisonHtml(viewOfRuns(records), await readReportAssets())
  fs.writeFileSync(path.join(folder, 'comparison.html'), page)
  browser = await startBrowser()
  live = await open()
})

afterAll(async () => {
  await browser?.close()
  fs.rmSync(folder, { recursive: true, force: true })
})

const framesDrawn = async (page: Page): Promise<void> =>
  page.evaluate(
    async () =>
      new Promise<void>((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
  )

/** What the legend of a chart says where the pointer is, a value for each run. */
async function valuesAt(page: Page, chart: string, x: number): Promise<string[]> {
  const plot = page.locator(`#live-${chart} .u-over`)
  await plot.scrollIntoViewIfNeeded()
  const box = await plot.boundingBox()
  if (box === null) throw new Error(`the chart of ${chart} has no place`)
  await page.mouse.move(box.x + box.width * x, box.y + box.height / 2)
  return page.locator(`#live-${chart} .u-legend .u-value`).allInnerTexts()
}

describe('the charts of a comparison', () => {
  test('lay the runs over one another: what followed the switch of each stands at one time', async () => {
    const [at, unchanged, hard, later] = await valuesAt(live.page, 'refusals', 0.4)
    expect(at).toMatch(/^\+0:\d\d:\d\d$/)
    expect(unchanged).toBe('0/s')
    expect(hard).not.toBe('0/s')
    expect(later).toBe(hard)
  })

  test('show one class in place of all, and validations or issues', async () => {
    const { page } = live
    const all = await valuesAt(page, 'refusals', 0.4)
    await page.getByRole('button', { name: 'magnum', exact: true }).click()
    const magnum = await valuesAt(page, 'refusals', 0.4)
    expect(Number.parseFloat(magnum[2] ?? '')).toBeLessThan(Number.parseFloat(all[2] ?? ''))
    const validate = await valuesAt(page, 'latency', 0.4)
    await page.getByRole('button', { name: 'issue', exact: true }).click()
    expect(await valuesAt(page, 'latency', 0.4)).not.toEqual(validate)
    await page.getByRole('button', { name: 'all classes' }).click()
    expect(await valuesAt(page, 'refusals', 0.4)).toEqual(all)
  })

  test('hide a run in all of them, by its key or by a legend, also when they are drawn anew', async () => {
    const { page } = live
    const hiddenIn = async (): Promise<number> => page.locator('.u-series.u-off').count()
    const key = page.locator('#run-1')
    await key.click()
    expect(await hiddenIn()).toBe(3)
    expect(await key.getAttribute('aria-pressed')).toBe('false')
    await page.getByRole('button', { name: 'heat', exact: true }).click()
    expect(await hiddenIn()).toBe(3)
    await page.getByRole('button', { name: 'all classes' }).click()
    await page.locator('#live-rows .u-legend th').nth(2).focus()
    await page.keyboard.press('Enter')
    expect(await hiddenIn()).toBe(0)
    expect(await key.getAttribute('aria-pressed')).toBe('true')
    expect(await page.locator('#live-latency .u-legend th').nth(2).getAttribute('aria-pressed')).toBe('true')
  })

  test('share a zoom by keyboard, and give it back by a button', async () => {
    const { page } = live
    await page.locator('#live-rows').focus()
    await page.keyboard.press('0')
    expect(await page.getAttribute('#zoom-run', 'aria-pressed')).toBe('true')
    const [from] = await valuesAt(page, 'refusals', 0.002)
    expect(from).toMatch(/^-1:\d\d:\d\d$/)
    expect((await valuesAt(page, 'latency', 0.002))[0]).toBe(from)
    await page.click('#zoom-switch')
    expect(await page.getAttribute('#zoom-switch', 'aria-pressed')).toBe('true')
  })

  test('differ by dashes as well as by colours', async () => {
    const dashes = await live.page
      .locator('.runs line')
      .evaluateAll((lines) => lines.map((line) => getComputedStyle(line).strokeDasharray))
    expect(dashes).toHaveLength(3)
    // The run in which nothing is done is grey; the others are told apart without a colour.
    expect(new Set(dashes.slice(1)).size).toBe(2)
  })
})

describe('the page of a comparison', () => {
  test('asks nothing of any host, has nothing to complain of, and shows a script’s name as text', async () => {
    expect(live.requests).toEqual([])
    expect(live.complaints).toEqual([])
    expect((await live.page.locator('#run-2').innerText()).trim()).toBe(evil)
    expect(await live.page.getByRole('columnheader', { name: evil }).count()).toBeGreaterThan(0)
  })

  test('is complete without a script, and prints its drawings', async () => {
    const { page } = await open({ javaScriptEnabled: false })
    expect(await page.locator('svg.still:visible').count()).toBe(3)
    expect(await page.locator('.controls').isVisible()).toBe(false)
    expect(await page.locator('.runs').isVisible()).toBe(true)
    await picture(page, 'comparison-without-script')
    await page.context().close()
    await live.page.emulateMedia({ media: 'print' })
    expect(await live.page.locator('svg.still:visible').count()).toBe(3)
    expect(await live.page.locator('.plot:visible').count()).toBe(0)
    await live.page.emulateMedia({ media: 'screen' })
  })

  for (const [width, colorScheme] of [
    [1400, 'light'],
    [420, 'dark'],
  ] as const)
    test(`fits into ${width} pixels, ${colorScheme}, and axe finds nothing serious`, async () => {
      const { page } = await open({ colorScheme, viewport: { width, height: 900 } })
      await framesDrawn(page)
      await picture(page, `comparison-${colorScheme}-${width}`)
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
