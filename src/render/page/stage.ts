// The charts of a page as one: a common window of time, by button, mouse and keyboard, light and dark, as wide as the page.
// Functions in this folder are put into the page as source text, so they name nothing but one another.
/// <reference lib="dom" />
import type UPlot from 'uplot'
import { keyZoom } from './keyboard.js'

export interface Range {
  readonly min: number
  readonly max: number
}

/** All that there is to see, and the window that the page opens with. */
export interface Windows {
  readonly whole: Range
  readonly focus: Range
}

export interface Stage {
  readonly places: readonly HTMLElement[]
  /** The windows of time that the page begins with. */
  readonly windows: Windows
  /** Makes the charts, one for each place; called again whenever they must look different. */
  readonly draw: () => UPlot[]
}

/** What else may be asked of charts that are on the page. */
export interface Staged {
  /** Makes the charts anew, as they must look different. */
  readonly redraw: () => void
  /** The run went on: who looks at all of it, or at the switch, goes on doing so. */
  readonly reach: (later: Windows) => void
}

/** Acts when a button of the page is pressed. */
export function onPress(id: string, act: () => void): void {
  document.getElementById(id)?.addEventListener('click', act)
}

/** Says of a button whether what it stands for is shown. */
export function setPressed(id: string, pressed: boolean): void {
  document.getElementById(id)?.setAttribute('aria-pressed', String(pressed))
}

/** Draws the charts and connects them with one another and with the buttons of zoom. */
export function stageCharts({ places, windows, draw }: Stage): Staged {
  let { whole, focus } = windows
  let range = focus
  let busy = false
  let charts: UPlot[] = []

  function zoom(to: Range): void {
    if (busy) return
    busy = true
    range = to
    for (const chart of charts) chart.setScale('x', to)
    busy = false
    setPressed('zoom-run', shows(whole))
    setPressed('zoom-switch', shows(focus))
  }

  function shows(window: Range): boolean {
    return range.min === window.min && range.max === window.max
  }

  function reach(later: Windows): void {
    const to = shows(whole) ? later.whole : shows(focus) ? later.focus : range
    whole = later.whole
    focus = later.focus
    zoom(to)
  }

  function shareZoom(chart: UPlot): void {
    const hooks = (chart.hooks.setScale ??= [])
    hooks.push((self, key) => {
      const { min, max } = self.scales['x'] ?? {}
      if (key !== 'x' || busy || min === undefined || max === undefined) return
      zoom({ min, max })
    })
    // A double click shows everything that a chart has; here it means the whole run, in all of them.
    chart.over.addEventListener('dblclick', () => zoom(whole))
  }

  /** Arrows move the window of all charts by a quarter, + and - halve and double it, 0 shows the whole run. */
  function byKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey) return
    const to = keyZoom(event.key, range, whole)
    if (to === null) return
    event.preventDefault()
    zoom(to)
  }

  function redraw(): void {
    for (const chart of charts) chart.destroy()
    charts = draw()
    zoom(range)
    requestAnimationFrame(() => charts.forEach(shareZoom))
    for (const place of places) place.onkeydown = byKey
  }

  onPress('zoom-run', () => zoom(whole))
  onPress('zoom-switch', () => zoom(focus))
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw)
  const watched = new ResizeObserver(() => {
    for (const [i, chart] of charts.entries()) {
      const width = places[i]?.clientWidth ?? 0
      if (width > 0 && width !== chart.width) chart.setSize({ width, height: chart.height })
    }
  })
  if (places[0] !== undefined) watched.observe(places[0])
  document.documentElement.classList.add('live')
  redraw()
  return { redraw, reach }
}
