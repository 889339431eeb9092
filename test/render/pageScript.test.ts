// The report's script, run as it stands in the page, in a browser made of a few stubs.
// A function that was left out of the text, or a stack that does not add up, would only be noticed by a reader.
import vm from 'node:vm'
import { describe, expect, test } from '@jest/globals'
import { pageData } from '../../src/render/page/pageData.js'
import { pageScript } from '../../src/render/page/pageScript.js'
import { keyZoom } from '../../src/render/page/keyboard.js'
import { cernRecord } from '../support/cernRecord.js'
import { viewOf } from '../support/viewOf.js'

const view = viewOf(cernRecord())

interface Hooks {
  readonly [name: string]: ((...args: unknown[]) => void)[]
}

/** As much of uPlot as the script touches. */
class ChartStub {
  static readonly paths = { stepped: () => null }
  static readonly made: ChartStub[] = []
  readonly over = { addEventListener: (_type: string, run: () => void) => (this.doubleClick = run) }
  readonly bbox = { left: 0, top: 0, width: 900, height: 200 }
  readonly ctx = new Proxy({}, { get: () => () => ({ width: 10 }), set: () => true })
  readonly scales: Record<string, { min?: number; max?: number }> = { x: {} }
  readonly hooks: Record<string, ((...args: unknown[]) => void)[]> = {}
  readonly width = 900
  readonly height = 300
  doubleClick: () => void = () => undefined
  data: (number | null)[][]
  readonly options: { readonly series: { readonly label: string }[]; readonly hooks: Hooks }
  constructor(options: ChartStub['options'], data: (number | null)[][]) {
    this.options = options
    this.data = data
    ChartStub.made.push(this)
  }
  setScale(key: string, to: { min: number; max: number }): void {
    this.scales[key] = to
    for (const hook of this.hooks['setScale'] ?? []) hook(this, key)
  }
  setData(data: (number | null)[][]): void {
    this.data = data
  }
  valToPos(value: number): number {
    return value / 100
  }
  destroy(): void {}
  redraw(): void {}
}

/** Runs the script; returns the charts that are on the page, and a way to press a button. */
function open(): {
  charts: () => ChartStub[]
  press: (id: string) => void
  pressed: (id: string) => boolean
} {
  ChartStub.made.length = 0
  const elements = new Map<
    string,
    { clientWidth: number; attributes: Map<string, string>; clicks: (() => void)[] }
  >()
  const element = (id: string) => {
    const known = elements.get(id) ?? { clientWidth: 900, attributes: new Map<string, string>(), clicks: [] }
    elements.set(id, known)
    return {
      ...known,
      setAttribute: (name: string, value: string) => known.attributes.set(name, value),
      addEventListener: (_type: string, run: () => void) => known.clicks.push(run),
      querySelectorAll: () => [],
    }
  }
  const browser = {
    uPlot: ChartStub,
    devicePixelRatio: 1,
    document: {
      documentElement: { classList: { add: () => undefined } },
      getElementById: element,
      createElement: () => ({ getContext: () => null }),
    },
    getComputedStyle: () => ({ getPropertyValue: () => ' #000' }),
    matchMedia: () => ({ addEventListener: () => undefined }),
    ResizeObserver: class {
      observe(): void {}
    },
    requestAnimationFrame: (run: () => void) => run(),
  }
  vm.runInNewContext(pageScript(pageData(view)), browser)
  return {
    charts: () => ChartStub.made.slice(-3),
    press: (id) => elements.get(id)?.clicks.forEach((run) => run()),
    pressed: (id) => elements.get(id)?.attributes.get('aria-pressed') === 'true',
  }
}

describe("the report's script", () => {
  test('draws three charts, opened on the window of the switch', () => {
    const page = open()
    expect(page.charts()).toHaveLength(3)
    const { fromSec, toSec } = view.focus
    for (const chart of page.charts()) expect(chart.scales['x']).toEqual({ min: fromSec, max: toSec })
    expect(page.pressed('zoom-switch')).toBe(true)
    expect(page.pressed('zoom-run')).toBe(false)
  })

  test('holds every function that drawing needs', () => {
    for (const chart of open().charts()) {
      const { drawClear = [], draw = [] } = chart.options.hooks
      expect(drawClear.length + draw.length).toBeGreaterThan(0)
      for (const hook of [...drawClear, ...draw]) expect(() => hook(chart)).not.toThrow()
    }
  })

  test('stacks refusals so that the top edge is their sum', () => {
    const [refusals] = open().charts()
    const names = refusals?.options.series.slice(1).map(({ label }) => label)
    expect(names).toEqual(view.refusals.byClass.map(({ name }) => name))
    const at = view.refusals.byClass[0]?.perInterval.findIndex((n) => n > 3) ?? -1
    const sum = view.refusals.byClass.reduce((total, each) => total + (each.perInterval[at] ?? 0), 0)
    expect(refusals?.data[1]?.[at]).toBeCloseTo(sum / view.intervalSec)
  })

  test('stacks anew without a class that a reader hides', () => {
    const [refusals] = open().charts()
    const at = view.refusals.byClass[0]?.perInterval.findIndex((n) => n > 3) ?? -1
    const rest = view.refusals.byClass
      .slice(1)
      .reduce((total, each) => total + (each.perInterval[at] ?? 0), 0)
    for (const hook of refusals?.options.hooks['setSeries'] ?? []) hook(refusals, 1, { show: false })
    expect(refusals?.data[1]?.[at]).toBeCloseTo(rest / view.intervalSec)
  })

  test('shows causes in place of classes, and refusals within all requests', () => {
    const page = open()
    page.press('split-cause')
    const labels = () =>
      page
        .charts()[0]
        ?.options.series.slice(1)
        .map(({ label }) => label)
    expect(labels()).toEqual(view.refusals.byCause.map(({ name }) => name))
    page.press('split-requests')
    expect(labels()).toEqual(['not refused', 'refused'])
    const sum = page
      .charts()[0]
      ?.data[1]?.slice(0, -1)
      .reduce<number>((total, n) => total + (n ?? 0) * view.intervalSec, 0)
    expect(sum).toBeCloseTo(view.requests.total)
  })

  test('zooms all charts together, by a button, by dragging and by a double click', () => {
    const page = open()
    const windows = () => page.charts().map((chart) => chart.scales['x'])
    page.press('zoom-run')
    expect(windows()).toEqual([1, 2, 3].map(() => ({ min: 0, max: view.coveredSec })))
    page.charts()[1]?.setScale('x', { min: 3000, max: 4000 })
    expect(windows()).toEqual([1, 2, 3].map(() => ({ min: 3000, max: 4000 })))
    expect([page.pressed('zoom-run'), page.pressed('zoom-switch')]).toEqual([false, false])
    page.charts()[2]?.doubleClick()
    expect(windows()).toEqual([1, 2, 3].map(() => ({ min: 0, max: view.coveredSec })))
  })

  test('has a gap where a response time is unknown, and the rows as they were counted', () => {
    const [, rows, latency] = open().charts()
    expect(rows?.data).toEqual([view.rows.atSec, view.rows.rows])
    const silent = view.latency[1]?.p99Ms.indexOf(null) ?? -1
    expect(silent).toBeGreaterThan(0)
    expect(latency?.data[3]?.[silent]).toBeNull()
    expect(latency?.data[1]?.[0]).toBeCloseTo(view.latency[0]?.p99Ms[0] ?? NaN, 2)
  })
})

describe('the keys of a chart', () => {
  const whole = { min: 0, max: 1000 }

  test('move and change the window within the run', () => {
    expect(keyZoom('ArrowRight', { min: 0, max: 100 }, whole)).toEqual({ min: 25, max: 125 })
    expect(keyZoom('ArrowLeft', { min: 10, max: 110 }, whole)).toEqual({ min: 0, max: 100 })
    expect(keyZoom('+', { min: 0, max: 100 }, whole)).toEqual({ min: 25, max: 75 })
    expect(keyZoom('-', { min: 100, max: 200 }, whole)).toEqual({ min: 50, max: 250 })
    expect(keyZoom('-', { min: 0, max: 900 }, whole)).toEqual(whole)
    expect(keyZoom('0', { min: 3, max: 4 }, whole)).toEqual(whole)
  })

  test('leave all other keys to the browser', () => {
    expect(keyZoom('Tab', whole, whole)).toBeNull()
  })
})
